"""The order of events: one total order to show them in, and what the record proves about before and after.

The two differ on purpose. Something must be shown first, so showing uses the total order (time, then the
writer's own sequence). A judgement ("approved before it ran") uses only what the record proves: within one writer its
own sequence, between writers their times; equal or missing times between writers prove nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from govern.events.model import Event

NUMBERED: Final = frozenset({None, "canonical"})
"""Formats whose events carry their writer's own numbers; of all others `wseq` is a place in a file."""


def is_numbered(event: Event) -> bool:
    """Whether `wseq` is a number that the event's writer gave it.

    A canonical row that names no writer or no number is filed under a writer `import:…`: its number is its place in
    the file.
    """
    return event.source_format in NUMBERED and not event.writer_id.startswith("import:")


def ordered(events: Iterable[Event]) -> list[Event]:
    """Events in the order they are shown: time, then the writer's own sequence, then writer.

    An event without a time stands after its writer's latest earlier time; it is given no time of its own.
    """
    by_writer = sorted(events, key=lambda event: (event.writer_id, event.wseq, event.event_id))
    latest: dict[str, int] = {}
    keyed: list[tuple[int, int, str, str, Event]] = []
    for event in by_writer:
        floor = latest.get(event.writer_id, -(2**63))
        at = floor if event.ts_ns is None else event.ts_ns
        latest[event.writer_id] = max(floor, at)
        keyed.append((at, event.wseq, event.writer_id, event.event_id, event))
    keyed.sort(key=lambda item: item[:4])
    return [item[4] for item in keyed]


def in_sequence(line: list[Event]) -> list[Event]:
    """Events that are ordered by time, with each writer's own in the order of its numbers.

    What belongs together is found in this order: a clock that was set back puts a result before its start.
    """
    latest: dict[str, int] = {}
    for event in line:
        if is_numbered(event):
            if event.wseq < latest.get(event.writer_id, event.wseq):
                break
            latest[event.writer_id] = event.wseq
    else:
        return line
    floor: dict[str, int] = {}
    keys: dict[str, int] = {}
    for event in sorted(line, key=lambda one: (one.writer_id, one.wseq, one.event_id)):
        at = -(2**63) if event.ts_ns is None else event.ts_ns
        if is_numbered(event) or event.ts_ns is None:
            at = max(at, floor.get(event.writer_id, -(2**63)))
        floor[event.writer_id] = max(at, floor.get(event.writer_id, at))
        keys[event.event_id] = at
    return sorted(line, key=lambda one: (keys[one.event_id], one.wseq, one.writer_id, one.event_id))


def shown_before(first: Event, second: Event) -> bool:
    """Whether the record proves that `first` happened before `second`.

    A writer's own sequence wins over its clock: a clock can be set back, an appended line cannot.
    """
    if first.writer_id == second.writer_id:
        return first.wseq < second.wseq
    if first.ts_ns is None or second.ts_ns is None:
        return False
    return first.ts_ns < second.ts_ns


def why_not_before(first: Event, second: Event) -> str:
    """In words, why the record does not prove that `first` came before `second`."""
    if first.writer_id == second.writer_id or (
        first.ts_ns is not None and second.ts_ns is not None and first.ts_ns > second.ts_ns
    ):
        return "it was recorded afterwards"
    if first.ts_ns is None or second.ts_ns is None:
        return "two writers and no times: their order is not recorded"
    return "two writers and the same time: their order is not recorded"
