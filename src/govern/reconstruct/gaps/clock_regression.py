"""`clock-regression`: the clock of a writer went back while it wrote a trace."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from govern.events.model import Event, EventType
from govern.reconstruct.gaps.contract import Found, GapKind, Pattern, Scene
from govern.reconstruct.gaps.sequence_gap import numbered
from govern.reconstruct.order import shown_before
from govern.reconstruct.words import clock, span

JITTER_NS: Final = 100_000_000
"""Threads of one writer read the clock before they get their number: by less than this, nothing went back."""
_HOUR: Final = 3600 * 10**9


def find(scene: Scene) -> Iterator[Found]:
    for own in numbered(scene.chain).values():
        latest: Event | None = None
        for event in own:
            if event.ts_ns is None or not scene.carry(event, "timing"):
                continue
            if event.recorded_ns is not None and event.ts_ns - event.recorded_ns > JITTER_NS:
                ahead = span(event.ts_ns - event.recorded_ns)
                why = f"it says that it happened {ahead} after it was recorded: two clocks, or one that was set"
                yield Found(None, (event,), why, event)
                continue
            if latest is not None and (back := _back(latest, event)) > JITTER_NS:
                yield Found(None, (latest, event), _why(scene, latest, event, back), event)
                latest = event  # what follows is measured by the clock as it was set
            elif latest is None or _time(event, latest) >= _time(latest, event):
                latest = event


def _time(event: Event, beside: Event) -> int:
    """The writer's own clock where both have it, else when it happened."""
    if event.recorded_ns is not None and beside.recorded_ns is not None:
        return event.recorded_ns
    return event.ts_ns if event.ts_ns is not None else 0


def _back(latest: Event, event: Event) -> int:
    return _time(latest, event) - _time(event, latest)


def _why(scene: Scene, latest: Event, event: Event, back: int) -> str:
    cause = f"the clock of {event.writer_id} went back by {span(back)}, from {clock(_time(latest, event))} on"
    if abs(back - _HOUR) <= 60 * 10**9:
        return f"{cause}: about an hour, as where local time is written for UTC and summer time ends"
    mark = next(
        (
            e
            for e in scene.chain.events
            if e.type in (EventType.SESSION_START, EventType.POLICY_LOADED)
            and shown_before(latest, e)
            and not shown_before(event, e)
        ),
        None,
    )
    if mark is not None:
        return f"{cause}: its host restarted with a clock that was not set yet"
    return f"{cause}: it was set, or the event is back-dated"


KIND = GapKind(
    id="clock-regression",
    title="a clock that went back",
    pattern=Pattern.TRAIL,
    needs=frozenset({"sequence", "timing"}),
    find=find,
)
