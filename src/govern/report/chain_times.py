"""Times of one chain in words: absolute first, then what has passed since the trace began, as exact as the source is.

A source that has whole seconds only is shown in whole seconds, and said to be so; where no time was recorded none is
shown. All times are UTC nanoseconds. Leaves out words for times anywhere else (`reconstruct.words`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from govern.events.model import Event
from govern.reconstruct.words import clock, iso, moment, span

_SECOND = 1_000_000_000
_DAY = 86_400 * _SECOND


@dataclass(frozen=True, slots=True)
class Times:
    """How the times of a chain are told.

    Args:
        start: of the trace; None where no time is recorded.
        whole_seconds: the source has no more than seconds.
        untimed: events without a time.
        days: the trace goes over midnight, UTC.
    """

    start: int | None
    whole_seconds: bool
    untimed: int
    days: bool

    def first(self, ts_ns: int) -> str:
        """Time of day, with its milliseconds where the source has them: `14:02:07.120Z`; with its date where the trace
        goes over midnight: `2026-11-18 14:02:07.120Z`."""
        said = clock(ts_ns) if self.whole_seconds else iso(ts_ns)[11:23] + "Z"
        return f"{iso(ts_ns)[:10]} {said}" if self.days else said

    @property
    def width(self) -> int:
        """Characters of `first`, and of all that `since` gives."""
        return 25 if self.days else 14

    def since(self, ts_ns: int) -> str:
        """What has passed since the trace began: `+0.81s`."""
        if self.start is None:
            raise AssertionError("a trace with a time has a start")
        return "+" + offset(ts_ns - self.start, whole=self.whole_seconds)

    def absolute(self, ts_ns: int) -> str:
        """Date and time in full: `2026-11-18T14:02:07.120000000Z`, without digits that the source has not."""
        return iso(ts_ns)[:19] + "Z" if self.whole_seconds else iso(ts_ns)

    def took(self, ended: int | None) -> str:
        """How long the trace took; empty where that is not known.

        Args:
            ended: the latest time of it.
        """
        if self.start is None or ended is None:
            return ""
        return self.length(ended - self.start)

    def length(self, ns: int) -> str:
        """A length of time, as exact as the source: `0.34 s`, `12 min 5 s`."""
        return f"{ns // _SECOND} s" if self.whole_seconds and 0 <= ns < 60 * _SECOND else span(ns)

    @property
    def note(self) -> str:
        """What a reader must know of the times; empty where there is nothing."""
        if self.start is None:
            return "no times recorded"
        said = ["times are whole seconds (±1 s)"] if self.whole_seconds else []
        if self.untimed:
            said.append(f"{self.untimed:,} event{'' if self.untimed == 1 else 's'} without a time")
        return ", ".join(said)


def times(events: Iterable[Event]) -> Times:
    """How the times of these events are told."""
    line = [event.ts_ns for event in events]
    known = [at for at in line if at is not None]
    start = min(known, default=None)
    # Two clocks of milliseconds meet a whole second together once in a million times.
    whole = len(known) > 1 and all(at % _SECOND == 0 for at in known)
    days = start is not None and start // _DAY != max(known) // _DAY
    return Times(start, whole, len(line) - len(known), days)


def offset(ns: int, *, whole: bool = False) -> str:
    """A length of time in one narrow word: `0.81s`, `2m03s`, `1h02m`, `2d04h`.

    Args:
        ns: nanoseconds.
        whole: no more than seconds are known.
    """
    sign, ns = ("-" if ns < 0 else ""), abs(ns)
    if ns < 60 * _SECOND:
        return f"{sign}{ns // _SECOND}s" if whole else f"{sign}{ns / 1e9:.2f}s"
    seconds = ns // _SECOND
    if seconds < 3600:
        return f"{sign}{seconds // 60}m{seconds % 60:02}s"
    if seconds < 86_400:
        return f"{sign}{seconds // 3600}h{seconds % 3600 // 60:02}m"
    return f"{sign}{seconds // 86_400}d{seconds % 86_400 // 3600:02}h"


def began(when: Times) -> str:
    """When the trace began: `18 Nov 2026 14:02:07Z`."""
    return moment(when.start) if when.start is not None else "no times recorded"
