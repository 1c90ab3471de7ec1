"""`timing-missing`: the record does not say when something of an action happened."""

from __future__ import annotations

from collections.abc import Iterator

from govern.events.model import Event
from govern.reconstruct.chain import Action
from govern.reconstruct.gaps.contract import Found, GapKind, Pattern, Scene

_SHOWN = 3  # types of events in a cause


def find(scene: Scene) -> Iterator[Found]:
    every = _untimed(scene, scene.chain.events)
    if len(every) == len(scene.chain.events):
        yield Found(None, every, "no event of the trace has a time: only the sequence of each writer is known")
        return
    of_action: set[str] = set()
    for action in scene.chain.actions:
        of_action.update(event.event_id for event in action.events)
        without = _untimed(scene, action.events)
        if without:
            yield Found(action, without, f"{_said(without)}: the order of steps and how long they took is not known")
        elif run := _unstarted(scene, action):
            yield Found(action, (run,), "nothing says when it was started, or how long it took: only when it ended")
    rest = _untimed(scene, tuple(e for e in scene.chain.events if e.event_id not in of_action))
    if rest:
        yield Found(None, rest, _said(rest))


def _untimed(scene: Scene, events: tuple[Event, ...]) -> tuple[Event, ...]:
    return tuple(event for event in events if event.ts_ns is None and scene.carry(event, "timing"))


def _unstarted(scene: Scene, action: Action) -> Event | None:
    """The result of a checked call that has neither a start nor a duration."""
    if not action.checks:
        return None  # an agent's own log has no starts
    for run in action.executions:
        alone = run.start is None and run.explained and run.result is not None
        if alone and run.result is not None and run.result.duration_ns is None and scene.carry(run.result, "timing"):
            return run.result
    return None


def _said(events: tuple[Event, ...]) -> str:
    kinds = list(dict.fromkeys(f"`{event.type}`" for event in events))
    more = ", …" if len(kinds) > _SHOWN else ""
    times = "events have" if len(events) > 1 else "event has"
    return f"{len(events)} {times} no time ({', '.join(kinds[:_SHOWN])}{more})"


KIND = GapKind(
    id="timing-missing",
    title="steps with no time",
    pattern=Pattern.TRAIL,
    needs=frozenset({"timing"}),
    find=find,
)
