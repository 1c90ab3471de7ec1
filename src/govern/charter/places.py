"""Every key of the language by path, as `approvals.*.if_no_answer[].after`: where it may stand, and in which files.

`*` is a name of the author's choice, `[]` an item of a list. Made from `vocabulary`, by walking it. Leaves out
words about a key (`notation`) and examples of it (`example`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from govern.charter import vocabulary
from govern.charter.kinds import Effect, Either, Key, Kind, Level, ListOf, MapOf, Nested

_PART = re.compile(r"[^.\[\]]+|\[[^\]]*\]")


@dataclass(frozen=True, slots=True)
class Place:
    """One place of a key.

    Args:
        file: the kind of file, by the key that names it (`agent`, `base`, `library`, `deployment`).
        parts: the steps from the top of the file; `*` and `[]` as above.
        level: the level that the key is of.
    """

    file: str
    parts: tuple[str, ...]
    level: Level
    key: Key

    @property
    def path(self) -> str:
        """As people write it."""
        made = ""
        for part in self.parts:
            made += part if part == "[]" or not made else f".{part}"
        return made


@dataclass(frozen=True, slots=True)
class Entry:
    """A key with one meaning and all the places where it stands."""

    key: Key
    places: tuple[Place, ...]


@cache
def places() -> tuple[Place, ...]:
    """Every place of every key, in the order of the language."""
    return tuple(
        place for file, level in vocabulary.KINDS_OF_FILE.items() for place in _below(file, (), level)
    )  # fmt: skip


def entries(asked: str) -> tuple[Entry, ...]:
    """The keys that a path or its end means, each meaning once.

    Args:
        asked: as `if_no_answer`, `approvals.if_no_answer`, `tools.refund.approval.unless`, `rules[0].when`; `*`
            and `[]` may be left out, a name of the author's may stand for `*`.
    """
    steps = tuple(part for part in _PART.findall(asked) if part != "*" and not part.startswith("["))
    if not steps or any(char.isspace() for char in asked):
        return ()
    # A name alone means every place where it stands, a path the one from the top if there is one.
    found = [place for place in places() if len(steps) > 1 and _is(steps, place.parts)]
    found = found or [place for place in places() if _ends(steps, place.parts)]
    grouped: dict[Key, list[Place]] = {}
    for place in found:
        grouped.setdefault(place.key, []).append(place)
    return tuple(Entry(key, tuple(several)) for key, several in grouped.items())


def levels_of(kind: Kind) -> tuple[Level, ...]:
    """The levels that a value of this kind may be made of."""
    return tuple(level for _, level in _levels(kind))


def _is(steps: tuple[str, ...], parts: tuple[str, ...]) -> bool:
    """Whether the steps name the place from the top; a name may stand for `*`, or `*` be left out."""
    if not parts:
        return not steps
    head, rest = parts[0], parts[1:]
    if head == "[]":
        return _is(steps, rest)
    if head == "*":
        return _is(steps, rest) or bool(steps and _is(steps[1:], rest))
    return bool(steps) and steps[0] == head and _is(steps[1:], rest)


def _ends(steps: tuple[str, ...], parts: tuple[str, ...]) -> bool:
    return any(parts[at] == steps[0] and _is(steps, parts[at:]) for at in range(len(parts)))


def _below(file: str, above: tuple[str, ...], level: Level) -> Iterator[Place]:
    for key in level.keys:
        parts = (*above, key.name)
        yield Place(file, parts, level, key)
        for between, inner in _levels(key.value):
            yield from _below(file, (*parts, *between), inner)


def _levels(kind: Kind) -> Iterator[tuple[tuple[str, ...], Level]]:
    match kind:
        case Nested(name):
            yield (), vocabulary.LEVELS[name]
        case Effect():
            yield (), vocabulary.EFFECT
        case ListOf(item):
            yield from ((("[]", *between), level) for between, level in _levels(item))
        case MapOf(_, value):
            yield from ((("*", *between), level) for between, level in _levels(value))
        case Either(several):
            for each in several:
                yield from _levels(each)
        case _:
            return
