"""Sets of sessions that share a trace: they are judged together. Leaves out where they are read from (`parts`)."""

from __future__ import annotations

from array import array
from collections.abc import Iterable


class Sets:
    """Numbers from 0 on, joined to sets; eight bytes each, for there may be millions.

    Args:
        count: of them.
    """

    def __init__(self, count: int) -> None:
        self._above = array("q", range(count))

    def join(self, pairs: Iterable[tuple[int, int]]) -> None:
        """Makes one set of the two that each pair belongs to."""
        above = self._above
        for one, other in pairs:
            first, second = self.of(one), self.of(other)
            if first != second:
                above[max(first, second)] = min(first, second)

    def of(self, one: int) -> int:
        """The smallest number of its set."""
        above = self._above
        while above[one] != one:
            above[one] = above[above[one]]
            one = above[one]
        return one

    def all(self) -> list[int]:
        """The smallest number of the set of each."""
        return [self.of(one) for one in range(len(self._above))]
