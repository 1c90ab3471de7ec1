"""How much of a limit was used: sums over a window, with what is unknown and what was not captured beside them.

A sum is an interval: `low` is what is certain; every contribution whose key or amount is unknown, or was not
captured, may add to it. Amounts are counts, or millionths of the summed argument: exact integers.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Generic, NamedTuple, TypeVar

_T = TypeVar("_T")


class Grown(Generic[_T]):
    """A list that only grows, as a value: `plus` gives a longer one, and this one stays as it is.

    Values share their storage, so growing the longest of them costs no copy.
    """

    __slots__ = ("_items", "_length")

    def __init__(self, items: list[_T] | None = None) -> None:
        self._items: list[_T] = [] if items is None else items
        self._length = len(self._items)

    def plus(self, item: _T) -> Grown[_T]:
        items = self._items
        if len(items) != self._length:  # somebody else grew the shared storage
            items = items[: self._length]
        items.append(item)
        return Grown(items)

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, index: int) -> _T:
        if not 0 <= index < self._length:
            raise IndexError(index)
        return self._items[index]

    def __iter__(self) -> Iterator[_T]:
        return (self._items[index] for index in range(self._length))

    def latest_first(self) -> Iterator[_T]:
        return (self._items[index] for index in range(self._length - 1, -1, -1))


class Amount(NamedTuple):
    """What one contribution adds.

    Args:
        low: for certain.
        unknown: contributions of which the call does not say whether, or how much.
        uncaptured: contributions of which the log does not say it.
    """

    low: int = 0
    unknown: int = 0
    uncaptured: int = 0

    def plus(self, other: Amount) -> Amount:
        return Amount(self.low + other.low, self.unknown + other.unknown, self.uncaptured + other.uncaptured)

    def minus(self, other: Amount) -> Amount:
        return Amount(self.low - other.low, self.unknown - other.unknown, self.uncaptured - other.uncaptured)


NOTHING = Amount()


@dataclass(frozen=True, slots=True)
class Tally:
    """All that was counted under one key of one limit.

    Args:
        total: of everything.
        times: when each timed contribution was made (nanoseconds), never going back; empty where no window asks.
        sums: running totals beside `times`.
        changed: what was taken back, and given again, of earlier ones: (time, amount).
        untimed: contributions without a time; each is an uncaptured one.
    """

    total: Amount = NOTHING
    times: Grown[int] = field(default_factory=Grown)
    sums: Grown[Amount] = field(default_factory=Grown)
    changed: tuple[tuple[int, Amount], ...] = ()
    untimed: int = 0

    def counted(self, amount: Amount, at_ns: int | None, *, windowed: bool) -> Tally:
        """With one more contribution.

        Args:
            windowed: whether anybody will ask for less than all of it.
        """
        total = self.total.plus(amount)
        if not windowed:
            return Tally(total)
        if at_ns is None:
            return Tally(total, self.times, self.sums, self.changed, self.untimed + amount.uncaptured)
        before = self.sums[len(self.sums) - 1] if len(self.sums) else NOTHING
        if len(self.times) and at_ns < self.times[len(self.times) - 1]:
            # A clock went back inside one writer's sequence: kept apart, the running sums stay in order.
            return Tally(total, self.times, self.sums, (*self.changed, (at_ns, amount)), self.untimed)
        return Tally(total, self.times.plus(at_ns), self.sums.plus(before.plus(amount)), self.changed, self.untimed)

    def corrected(self, amount: Amount, at_ns: int | None, *, windowed: bool) -> Tally:
        """With something of an earlier contribution, made at `at_ns`, taken back (a negative amount) or given again."""
        total = self.total.plus(amount)
        if not windowed:
            return Tally(total)
        if at_ns is None:
            return Tally(total, self.times, self.sums, self.changed, self.untimed + amount.uncaptured)
        return Tally(total, self.times, self.sums, (*self.changed, (at_ns, amount)), self.untimed)

    def since(self, after_ns: int) -> Amount:
        """What was contributed later than a time; what has no time may have been, and counts as uncaptured."""
        found = NOTHING
        if len(self.sums):
            first = bisect_right(self.times, after_ns)
            found = self.sums[len(self.sums) - 1].minus(self.sums[first - 1] if first else NOTHING)
        for at_ns, amount in self.changed:
            if at_ns > after_ns:
                found = found.plus(amount)
        return found.plus(Amount(uncaptured=self.untimed))
