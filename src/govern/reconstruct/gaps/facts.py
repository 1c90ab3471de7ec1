"""What one chain cannot know of itself: which numbers of its writers are in no event of the store, and who still runs.

Plain values in, frozen value out. Leaves out where they come from: `reconstruct.store` reads them from the store, in
bulk for all traces or for the writers of one.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

from govern.events.model import Event
from govern.reconstruct.order import NUMBERED as NUMBERED
from govern.reconstruct.order import is_numbered as is_numbered

OPEN_NS: Final = 24 * 3600 * 10**9
"""How long after its last event a run whose writer is alive counts as still going on."""


@dataclass(frozen=True, slots=True)
class Lost:
    """Numbers of one writer that no event of the store has, from `first` to `last`, both included."""

    writer: str
    first: int
    last: int

    @property
    def count(self) -> int:
        return self.last - self.first + 1


@dataclass(frozen=True, slots=True)
class StoreFacts:
    """Facts of a store, or of some of its writers.

    Args:
        lost: by writer, sorted; without those whose loss the store's log explains (retention).
        doubled: by writer, sorted: numbers that more than one event bears.
        alive: writers that run now, with the time of the latest event of each (None where it has none).
        previous: by writer, the one of the same name before it.
        crashed: writers that did not end themselves.
    """

    lost: Mapping[str, tuple[Lost, ...]] = field(default_factory=dict)
    doubled: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    alive: Mapping[str, int | None] = field(default_factory=dict)
    previous: Mapping[str, str] = field(default_factory=dict)
    crashed: frozenset[str] = frozenset()

    def lost_of(self, writer: str, low: int, high: int) -> tuple[Lost, ...]:
        """What is lost between two numbers of a writer, and right before the lower and right after the higher.

        Args:
            low, high: the lowest and highest number that the writer has in a trace.
        """
        every = self.lost.get(writer, ())
        start = bisect_left(every, low - 1, key=lambda one: one.last)
        found = []
        for one in every[start:]:
            if one.first > high + 1:
                break
            found.append(one)
        return tuple(found)

    def doubled_of(self, writer: str, low: int, high: int) -> tuple[int, ...]:
        """The numbers of a writer that more than one event bears, within two numbers, both included."""
        every = self.doubled.get(writer, ())
        return every[bisect_left(every, low) : bisect_left(every, high + 1)]


def store_facts(
    lost: Iterable[tuple[str, int, int]] = (),
    doubled: Iterable[tuple[str, int]] = (),
    alive: Mapping[str, int | None] | None = None,
    previous: Mapping[str, str] | None = None,
    crashed: Iterable[str] = (),
) -> StoreFacts:
    """Facts from plain rows, in any order.

    Args:
        lost: writer, first and last number, both included. Of a writer that wrote here itself (events with no
            `source_format`) numbers count from 0; of one whose events were imported, from its lowest number on.
            Numbers up to what a writer's own end statement says count as well.
        doubled: writer and number.
    """
    holes: dict[str, list[Lost]] = {}
    for writer, first, last in lost:
        holes.setdefault(writer, []).append(Lost(writer, first, last))
    twice: dict[str, set[int]] = {}
    for writer, number in doubled:
        twice.setdefault(writer, set()).add(number)
    return StoreFacts(
        lost={writer: tuple(sorted(found, key=lambda one: one.first)) for writer, found in holes.items()},
        doubled={writer: tuple(sorted(found)) for writer, found in twice.items()},
        alive=dict(alive or {}),
        previous=dict(previous or {}),
        crashed=frozenset(crashed),
    )


def facts_of(events: Iterable[Event]) -> StoreFacts:
    """Facts of a store that holds exactly these events: what the bulk query gives, in Python.

    Lost are the numbers between the lowest (0 for a writer with an event of no `source_format`) and the highest of a
    writer that no event bears; doubled those that two events bear which were written here, or read from one file
    (`source_ref` up to its last `:`). Several files may number alike what several writers of one name wrote.
    """
    numbers: dict[str, set[int]] = {}
    borne: dict[tuple[str, int, str | None], int] = {}
    live: set[str] = set()
    by_place = {(event.event_id, event.writer_id, event.wseq, event.source_ref): event for event in events}
    for event in by_place.values():
        if not is_numbered(event):
            continue
        numbers.setdefault(event.writer_id, set()).add(event.wseq)
        file = None if event.source_ref is None else event.source_ref.rpartition(":")[0]
        place = (event.writer_id, event.wseq, file)
        borne[place] = borne.get(place, 0) + 1
        if event.source_format is None:
            live.add(event.writer_id)
    lost: list[tuple[str, int, int]] = []
    for writer, found in numbers.items():
        line = sorted(found)
        if writer in live and line[0] > 0:
            lost.append((writer, 0, line[0] - 1))
        lost += [(writer, one + 1, other - 1) for one, other in pairwise(line) if other > one + 1]
    return store_facts(lost, {(writer, number) for (writer, number, _), count in borne.items() if count > 1})
