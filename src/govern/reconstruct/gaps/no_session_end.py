"""`no-session-end`: a session was started, and the record does not say that it ended."""

from __future__ import annotations

from collections.abc import Iterator

from govern.events.model import Event, EventType
from govern.reconstruct.gaps.contract import Found, GapKind, Pattern, Scene
from govern.reconstruct.words import moment


def find(scene: Scene) -> Iterator[Found]:
    if scene.still_open:
        return
    for start in _unended(scene):
        last = scene.chain.events[-1]
        events = (start,) if start is last else (start, last)
        yield Found(None, events, _why(scene, start, last))


def _unended(scene: Scene) -> list[Event]:
    """Sessions that were started and not ended, each by its latest start: a writer that takes a run over may start
    its session again."""
    starts: dict[str | None, Event] = {}
    ended: set[str | None] = set()
    for event in scene.chain.events:
        if event.type is EventType.SESSION_START and scene.carry(event, "sessions"):
            starts[event.session_id] = event
        elif event.type is EventType.SESSION_END:
            ended.add(event.session_id)
    # An end that names no session ends whichever there is.
    return [] if None in ended else [start for session, start in starts.items() if session not in ended]


def _why(scene: Scene, start: Event, last: Event) -> str:
    at = f" at {moment(last.ts_ns)}" if last.ts_ns is not None else ""
    cause = f"the record ends{at} with `{last.type}` of {last.writer_id}, and no session end"
    if scene.store is not None and last.writer_id in scene.store.crashed:
        return f"{cause}: the writer crashed"
    if any(not action.executions and action.requests for action in scene.chain.actions[-1:]):
        return f"{cause}: the run was waiting for an approval when it was cut short"
    if scene.chain.actions and scene.chain.actions[-1].executions and not scene.chain.actions[-1].executions[-1].ended:
        return f"{cause}: a tool was running when it was cut short"
    return f"{cause}: the run was cut short, goes on, or its last lines are lost"


def relaxed(scene: Scene) -> int:
    return len(_unended(scene)) if scene.still_open else 0


KIND = GapKind(
    id="no-session-end",
    title="a session with no end",
    pattern=Pattern.TRAIL,
    needs=frozenset({"sessions"}),
    find=find,
    relaxed=relaxed,
    excuse="still open: the run goes on",
    absence=True,
)
