"""The calls that are looked at: a bounded choice of each tool's, the same however a log is read, and addable.

Of each tool the smallest of `details.order_of` are kept, those of its last seven days and those before apart, so that
what is new can be told. Which days are the last is known at the end only: until then days are kept apart, and put
together once they are surely over. Leaves out what is made of them (`shapes`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from govern.replay.details import LONGEST, LOOKED_AT, Around

WEEK: Final = 7


class Lacking(StrEnum):
    """Why a call has no arguments to look at."""

    NOTHING = ""
    MALFORMED = "malformed"
    UNCAPTURED = "uncaptured"
    LONG = "long"


def arguments(args: str | None, args_error: str | None) -> tuple[str | None, Lacking]:
    """The arguments of an event as they are looked at.

    Args:
        args, args_error: as of the event.
    """
    if args_error is not None:
        return None, Lacking.MALFORMED
    if args is None:
        return None, Lacking.UNCAPTURED
    return (None, Lacking.LONG) if len(args) > LONGEST else (args, Lacking.NOTHING)


@dataclass(frozen=True, slots=True, order=True)
class Look:
    """One call that is looked at.

    Args:
        order: as of `details.order_of`; of equal ones the smaller event id comes first.
        args: its arguments as the log has them; None where `lacking` says why.
        before, after: the agent's calls beside it in its trace; None at the start and the end.
    """

    order: int
    event_id: str
    args: str | None = field(compare=False)
    lacking: Lacking = field(compare=False)
    before: str | None = field(default=None, compare=False)
    after: str | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Held:
    """The call that stands for a group.

    Args:
        hour: as of `Key`.
        args, lacking: as of `Look`.
    """

    hour: int | None
    trace_id: str
    event_id: str
    ts_ns: int | None
    args: str | None
    lacking: Lacking

    @property
    def place(self) -> tuple[bool, int, str, str]:
        """What the first is told by."""
        return (self.hour is None, self.hour or 0, self.trace_id, self.event_id)


class Looked:
    """The calls of one tool that are looked at, by day; None has the days that are surely over, and no day at all."""

    __slots__ = ("_days", "_full", "_last")

    def __init__(self) -> None:
        self._days: dict[int | None, list[Look]] = {}
        self._full: dict[int | None, int] = {}  # no larger order is kept
        self._last: int | None = None

    def wants(self, day: int | None, order: int) -> bool:
        """Whether a call may be among those that are kept; day as of `Key`."""
        limit = self._full.get(self._slot(day))
        return limit is None or order <= limit

    def add(self, day: int | None, look: Look) -> None:
        """Takes a call."""
        if day is not None and (self._last is None or day > self._last):
            self._last = day
            self._together()
        slot = self._slot(day)
        of_slot = self._days.setdefault(slot, [])
        of_slot.append(look)
        if len(of_slot) >= 2 * LOOKED_AT:
            self._cut(slot)

    def merge(self, other: Looked) -> None:
        """Takes the calls of others."""
        for day, looks in other._days.items():
            for look in looks:
                self.add(day, look)

    def chosen(self) -> list[Look]:
        """Of all of them, in order."""
        return sorted(look for looks in self._days.values() for look in looks)[:LOOKED_AT]

    def recent(self, last: int) -> list[Look]:
        """Of the seven days up to one, in order."""
        return sorted(look for day, looks in self._days.items() if _is_recent(day, last) for look in looks)[:LOOKED_AT]

    def before(self, last: int) -> list[Look]:
        """Of all days before those of `recent`, and of none, in order."""
        found = (look for day, looks in self._days.items() if not _is_recent(day, last) for look in looks)
        return sorted(found)[:LOOKED_AT]

    def beside(self, neighbours: dict[str, tuple[str | None, str | None]]) -> None:
        """Tells what stood before and after each, by its event id."""
        for day, looks in self._days.items():
            self._days[day] = [
                Look(each.order, each.event_id, each.args, each.lacking, *neighbours.get(each.event_id, (None, None)))
                for each in sorted(looks)[:LOOKED_AT]
            ]

    @property
    def ids(self) -> set[str]:
        """The events of all that may be looked at."""
        return {look.event_id for looks in self._days.values() for look in sorted(looks)[:LOOKED_AT]}

    def _slot(self, day: int | None) -> int | None:
        over = day is None or (self._last is not None and not _is_recent(day, self._last))
        return None if over else day

    def _cut(self, slot: int | None) -> None:
        kept = sorted(self._days[slot])[:LOOKED_AT]
        self._days[slot] = kept
        if len(kept) == LOOKED_AT:
            self._full[slot] = kept[-1].order

    def _together(self) -> None:
        """Puts days together that are over whatever comes: a week before a day that was seen."""
        for day in [each for each in self._days if each is not None and self._slot(each) is None]:
            self._days.setdefault(None, []).extend(self._days.pop(day))
            self._full.pop(day, None)
            self._cut(None)


def _is_recent(day: int | None, last: int) -> bool:
    return day is not None and day > last - WEEK


def around(looks: Iterable[Look]) -> Around:
    """What stood before and after calls."""
    before, after = Counter[str | None](), Counter[str | None]()
    for look in looks:
        before[look.before] += 1
        after[look.after] += 1
    return Around(_most_first(before), _most_first(after))


def _most_first(found: Counter[str | None]) -> tuple[tuple[str | None, int], ...]:
    return tuple(sorted(found.items(), key=lambda each: (-each[1], each[0] is not None, each[0] or "")))
