"""Where a value came from, by appearance: `origin(x)` and `named_by_user(x)`.

What is said in a session before a call is of three kinds:

- **typed**: a prompt of the person. What somebody else wrote and the person pasted is typed too;
- **trusted**: the operator's prompt (a system prompt), and what tools gave that the charter trusts;
- **untrusted**: what any other tool gave, errors included, what was read from memory, and what other agents wrote: a
  prompt that an agent made, a delegation. Without `untrusted` in the charter no tool is trusted.

The agent's own words are none of them. Of a value, every item is judged: the strings and numbers in it, at any depth.

1. It is `untrusted` if it stands, in any way of writing that `folding` knows, in what is untrusted. That wins, also
   over what the person typed: an address that came back from outside is no longer only the person's. Short ones
   (under `folding.LONG`) must be whole words there.
2. Else it is `user` if it is token-exact (`tokens`) in what the person typed, else `trusted` if it is so in what is
   trusted. An item of fewer than `tokens.LEAST` letters and digits is neither: it stands in many texts by chance. Nor
   is a truth value. A number stands there as its canonical text (`50`; `50.00` and `1,000` are not found).
3. Else it is `none`: the model's own, or put together from pieces, or written in other words.

A value is as bad as its worst item. An item of no letter and no digit (null, the empty text, an empty list or object,
`!!`) can come from anywhere: it makes the whole unknown, unless another item is untrusted. Keys are the schema's, and
no items, except those that are no plain name (a letter, then letters, digits, `_`, `-`): they are content.

`named_by_user(x)` asks only whether every item is token-exact, by rule 2, in what the person typed, whatever else gave
it: true, false, or unknown of an item of no letter and no digit where no other is false.

Over a cap nothing is told: MAX_TEXT characters said in a session, MAX_ITEM characters of an item, MAX_ITEMS items, and
MAX_WORK, items times characters.

It is no proof. `untrusted` says that a stranger's text has the value. That it has not says little: a model can be told
to spell it, so only `user` says something that a stranger cannot bring about.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum, auto
from itertools import islice
from typing import Final

from govern.conditions.python import ABSENT, WRONG
from govern.events.canonical import Json, text_of
from govern.policy.origin import folding, tokens
from govern.policy.origin.texts import Exact, Folded

MAX_TEXT: Final = 16 * 1024 * 1024
MAX_ITEM: Final = 16 * 1024
MAX_ITEMS: Final = 1_000
MAX_WORK: Final = 256 * 1024 * 1024

ORIGIN: Final = "origin"
NAMED: Final = "named_by_user"
_PLAIN_KEY: Final = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,63}")


class By(Enum):
    """Who says something."""

    TYPED = auto()
    TRUSTED = auto()
    UNTRUSTED = auto()


class Missing(Enum):
    """An answer that the log does not have."""

    UNCAPTURED = auto()


UNCAPTURED: Final = Missing.UNCAPTURED
Answer = str | bool | Missing | None
"""A word of ORIGINS or a truth value; None is unknown, UNCAPTURED is not in the log."""


# -- what was said ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Said:
    """What was said so far in a session. A value: adding to it gives another, and the old one stays as it was.

    Several of them share what they have in common, so adding costs what is added, and a text is folded once. `Said()`
    is the session in which nothing was said yet. `size` is in characters.
    """

    _typed: Exact = field(default_factory=Exact)
    _trusted: Exact = field(default_factory=Exact)
    _untrusted: Folded = field(default_factory=Folded)
    _counts: tuple[int, int, int] = (0, 0, 0)
    size: int = 0
    missing: frozenset[By] = frozenset()

    @property
    def prompts(self) -> bool:
        """Whether anything that the person typed is there, or so much was said that nothing is told."""
        return self._counts[0] > 0 or self.size > MAX_TEXT

    def typed(self, text: str) -> Said:
        """With what the person typed."""
        return self.plus(By.TYPED, (text,), len(text))

    def trusted(self, text: str) -> Said:
        """With what a trusted tool, or the operator, said."""
        return self.plus(By.TRUSTED, (text,), len(text))

    def untrusted(self, text: str) -> Said:
        """With what anybody else said."""
        return self.plus(By.UNTRUSTED, (text,), len(text))

    def plus(self, by: By, texts: Sequence[str], size: int) -> Said:
        """With what somebody said. Over MAX_TEXT nothing is told, so only the size is kept.

        Args:
            size: how many characters it counts.
        """
        one, two, three = self._counts
        typed, trusted, untrusted, size = self._typed, self._trusted, self._untrusted, self.size + size
        for text in texts if size <= MAX_TEXT else ():
            match by:
                case By.TYPED:
                    typed, one = typed.plus(text, one), one + 1
                case By.TRUSTED:
                    trusted, two = trusted.plus(text, two), two + 1
                case By.UNTRUSTED:
                    untrusted, three = untrusted.plus(text, three), three + 1
        return Said(typed, trusted, untrusted, (one, two, three), size, self.missing)

    def lacking(self, *by: By, size: int = 0) -> Said:
        """With something that was said and is not there: not in the log, masked, or of unknown order.

        Args:
            size: how many characters it counts.
        """
        return replace(self, missing=self.missing | frozenset(by), size=self.size + size)

    # -- asking --

    def origin(self, value: Json) -> str | None:
        """`user`, `trusted`, `none` or `untrusted`; None where it is unknown. See the module.

        Args:
            value: normalised JSON.
        """
        found = self._origin(value)
        return None if isinstance(found, Missing) else found

    def named_by_user(self, value: Json) -> bool | None:
        """Whether the person typed every item of a value; None where it is unknown.

        Args:
            value: normalised JSON.
        """
        found = self._named(value)
        return None if isinstance(found, Missing) else found

    def answer(self, fn: str, value: Json) -> Answer:
        """What `origin` or `named_by_user` is of a value, and UNCAPTURED where it depends on what is not in the log.

        Args:
            fn: ORIGIN or NAMED.
            value: normalised JSON; ABSENT or WRONG where the call has none.
        """
        if not self.prompts:
            return UNCAPTURED
        if value is ABSENT or value is WRONG:
            return None
        return self._origin(value) if fn == ORIGIN else self._named(value)

    def _origin(self, value: Json) -> str | Missing | None:
        found = self._items(value)
        if found is None:
            return None
        if any(item.is_like(self._untrusted, self._counts[2]) for item in found if item is not None):
            return "untrusted"
        if By.UNTRUSTED in self.missing:
            return UNCAPTURED
        each = [None if item is None else self._whose(item) for item in found]
        for worst in (None, UNCAPTURED, "none", "trusted"):
            if worst in each:
                return worst
        return "user"

    def _whose(self, item: Item) -> str | Missing | None:
        """Of an item that is not untrusted."""
        for by, log, count, word in (
            (By.TYPED, self._typed, self._counts[0], "user"),
            (By.TRUSTED, self._trusted, self._counts[1], "trusted"),
        ):
            found = item.stands_in(log, count)
            if found is not False:
                return word if found else None
            if by in self.missing and item.tellable:
                return UNCAPTURED
        return "none"

    def _named(self, value: Json) -> bool | Missing | None:
        found = self._items(value)
        if found is None:
            return None
        each = [None if item is None else item.stands_in(self._typed, self._counts[0]) for item in found]
        for item, named in zip(found, each, strict=True):
            if named is False and item is not None and not (item.tellable and By.TYPED in self.missing):
                return False
        return UNCAPTURED if False in each else None if None in each else True

    def _items(self, value: Json) -> list[Item | None] | None:
        """The items, None for each that nothing can be told of; None where the whole is over a cap."""
        if self.size > MAX_TEXT:
            return None
        found = list(dict.fromkeys(islice(_leaves(value), MAX_ITEMS + 1)))
        if len(found) > MAX_ITEMS or len(found) * self.size > MAX_WORK:
            return None
        if any(len(item.text) > MAX_ITEM for item in found):
            return None
        return [None if item.empty else item for item in found]


# -- the items of a value --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Item:
    """A string or a number in a value; a truth value has no text, nor has what is empty.

    Args:
        text: a string, or the canonical text of a number.
    """

    text: str
    kind: str

    @property
    def empty(self) -> bool:
        """Whether it has no letter and no digit."""
        return self.kind == "text" and not folding.skeleton(self.text)

    @property
    def tellable(self) -> bool:
        return self.kind != "truth" and tokens.tellable(self.text)

    def stands_in(self, log: Exact, count: int) -> bool | None:
        """Whether texts have it as a thing of its own; None where that was given up."""
        return log.has(self.text, count) if self.tellable else False

    def is_like(self, log: Folded, count: int) -> bool:
        """Whether texts have it in any way of writing."""
        match self.kind:
            case "truth":
                return False
            case "number":
                return any(log.has(form, count) for form in folding.number_forms(self.text))
            case _:
                return log.has(self.text, count)


_TRUTH: Final = Item("", "truth")
_EMPTY: Final = Item("", "text")


def _leaves(value: Json) -> Iterator[Item]:
    """The items of a value, in no order."""
    todo = [value]
    while todo:
        match todo.pop():
            case bool():
                yield _TRUTH
            case None | [] | ():
                yield _EMPTY
            case str() as text:
                yield Item(text, "text")
            case int() | float() as number:
                yield Item(text_of(number), "number")
            case list() | tuple() as items:
                todo.extend(items)
            case dict() as fields:
                if not fields:
                    yield _EMPTY
                todo.extend(key for key in fields if not _PLAIN_KEY.fullmatch(key))
                todo.extend(fields.values())
            case other:
                raise TypeError(f"{type(other).__name__} is no JSON value")
