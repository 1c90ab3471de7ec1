"""How two values of a key compare as requirements: narrower, wider, both, or neither.

What is not proven counts as wider. `Direction` says it for one key of the language; `directions` is the table.
Leaves out what takes a solver.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import reduce
from typing import Any, assert_never

from govern.diff.model import Change


@dataclass(frozen=True, slots=True)
class Order:
    """How a new requirement compares with an old one.

    Args:
        narrower: something passes less easily, or may.
        wider: something passes more easily, or may.
        proven: False where one of them is said only since the contrary could not be shown.
        why: in words, one reason each.
    """

    narrower: bool = False
    wider: bool = False
    proven: bool = True
    why: tuple[str, ...] = ()

    def __or__(self, other: Order) -> Order:
        return Order(
            self.narrower or other.narrower,
            self.wider or other.wider,
            self.proven and other.proven,
            tuple(dict.fromkeys((*self.why, *other.why))),
        )

    @property
    def equal(self) -> bool:
        return not (self.narrower or self.wider)

    @property
    def change(self) -> Change:
        """The way as `model` calls it."""
        if self.wider:
            return Change.SHIFTED if self.narrower and self.proven else Change.WIDENED
        return Change.NARROWED if self.narrower else Change.UNCHANGED

    @property
    def reverse(self) -> Order:
        """The same two the other way round."""
        return replace(self, narrower=self.wider, wider=self.narrower)

    def because(self, *why: str) -> Order:
        """With other reasons; of what is equal there are none."""
        return self if self.equal else replace(self, why=why)


EQUAL = Order()
NARROWER = Order(narrower=True)
WIDER = Order(wider=True)
BOTH = Order(narrower=True, wider=True)
UNPROVEN = Order(wider=True, proven=False)


def joined(orders: Iterable[Order]) -> Order:
    """The order of things that all hold together."""
    return reduce(Order.__or__, orders, EQUAL)


class Way(StrEnum):
    """How the values of a key are ordered."""

    WORDS = "words for people, or a name by which nothing is asked"
    NAME = "another name is another thing: one removed, one added"
    INSIDE = "ordered by the keys inside, and by what is added and removed"
    VERDICTS = "ordered by the verdicts it leads to, call by call"
    HISTORY = "ordered by what it makes of one past, then by verdicts"
    CONDITION = "ordered by the calls for which the condition is true"
    SCHEMA = "ordered by the values that satisfy the schema"
    LARGER = "the larger, the narrower"
    SMALLER = "the smaller, the narrower"
    TRUE = "`true` is narrower"
    FALSE = "`false` is narrower"
    MORE = "more entries are narrower"
    FEWER = "fewer entries are narrower"
    PLACES = "more places are narrower; a place covers what is below it"
    GLOBS = "more tools are narrower; a glob covers what it matches"
    SCALE = "the later in the list of words, the narrower"
    ANOTHER = "another value is neither narrower nor wider, so it is both"
    LATER = "the same or a later one is equal, an earlier one wider"
    BESIDE = "stands in a file beside the charter that `govern diff` does not compare"


@dataclass(frozen=True, slots=True)
class Direction:
    """How the values of one key are ordered, and why.

    Args:
        scale: of SCALE, the words from loosest to strictest.
    """

    way: Way
    why: str
    scale: tuple[str, ...] = ()

    def order(self, old: Any, new: Any) -> Order:
        """How two values compare; None is a key that is not written and has no default.

        Raises:
            ValueError: values of this key are ordered elsewhere (VERDICTS, CONDITION, …).
        """
        return self._order(old, new).because(self.why)

    def _order(self, old: Any, new: Any) -> Order:
        match self.way:
            case Way.WORDS:
                return EQUAL
            case Way.LARGER:
                return _ranked(old, new, lambda value: -1 if value is None else value)
            case Way.SMALLER:
                return _ranked(old, new, lambda value: float("-inf") if value is None else -value)
            case Way.TRUE:
                return _ranked(old, new, bool)
            case Way.FALSE:
                return _ranked(old, new, lambda value: not value)
            case Way.SCALE:
                return _ranked(old, new, lambda value: -1 if value is None else self.scale.index(value))
            case Way.MORE:
                return _sets(set(old or ()), set(new or ()))
            case Way.FEWER:
                return _sets(set(old or ()), set(new or ())).reverse
            case Way.PLACES:
                return covering(tuple(old or ()), tuple(new or ()), place_covers)
            case Way.GLOBS:
                return covering(tuple(old or ()), tuple(new or ()), glob_covers)
            case Way.ANOTHER:
                return EQUAL if old == new else BOTH
            case Way.LATER:
                return WIDER if new < old else EQUAL
            case Way.NAME | Way.INSIDE | Way.VERDICTS | Way.HISTORY | Way.CONDITION | Way.SCHEMA | Way.BESIDE:
                raise ValueError(f"values of {self.way.name} are not ordered by themselves")
            case _:
                assert_never(self.way)


def _ranked(old: Any, new: Any, strictness: Callable[[Any], Any]) -> Order:
    before, after = strictness(old), strictness(new)
    return EQUAL if before == after else NARROWER if after > before else WIDER


def _sets(old: set[Any], new: set[Any]) -> Order:
    """Of sets whose entries each ask for something."""
    return Order(narrower=bool(new - old), wider=bool(old - new))


def covering(old: tuple[Any, ...], new: tuple[Any, ...], covers: Callable[[Any, Any], bool]) -> Order:
    """Of entries that each ask for something, where one may ask for all that another asks for.

    Args:
        covers: whether its first argument asks for at least what its second asks for.
    """
    return Order(
        narrower=any(not any(covers(have, one) for have in old) for one in new),
        wider=any(not any(covers(have, one) for have in new) for one in old),
    )


def place_covers(one: str, other: str) -> bool:
    """Whether a place (`args.card`) is another one or stands above it (`args.card.number`)."""
    return other == one or (other.startswith(one) and other[len(one)] in ".[")


_LONG = "\x01" * 200  # longer than any name: no row of `?` matches it


def glob_covers(one: str, other: str) -> bool:
    """Whether every tool that a glob or name means is meant by another. False where that is not plain."""
    from itertools import product

    from govern.policy.glob import matches

    if one == other:
        return True
    if other.count("*") > 6 or ("/" in one and "/" not in other):
        return False
    pieces = other.replace("?", "\x02").split("*")
    # A glob without `/` also means tools of any server.
    servers = ("", "\x01/") if "/" not in other else ("",)
    return all(
        matches(one, server + "".join(a + b for a, b in zip(pieces, (*runs, ""), strict=True)))
        for runs in product(("", _LONG), repeat=len(pieces) - 1)
        for server in servers
    )
