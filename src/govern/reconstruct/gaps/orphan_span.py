"""`orphan-span`: events say that they belong under a span, and no event of that span is in the trace."""

from __future__ import annotations

from collections.abc import Iterator

from govern.events.model import Event, EventType
from govern.reconstruct.chain import Chain
from govern.reconstruct.gaps.contract import Found, GapKind, Pattern, Scene


def find(scene: Scene) -> Iterator[Found]:
    chain = scene.chain
    spans = {event.span_id for event in chain.events}
    orphans: dict[str, list[Event]] = {}
    for event in chain.events:
        parent = event.parent_span_id
        if parent is not None and parent not in spans and scene.carry(event, "spans"):
            orphans.setdefault(parent, []).append(event)
    if not orphans:
        return
    root = _root(chain)
    of_span = {event.span_id: action for action in chain.actions for event in action.events if action.span_id}
    for parent, children in orphans.items():
        # Who called the agent has a span too, elsewhere: the root may hang under it.
        below = [event for event in children if event.span_id is None or event.span_id != root]
        if below:
            yield Found(of_span.get(below[0].span_id), tuple(below), _why(parent, below))


def _root(chain: Chain) -> str | None:
    """The span that the trace began in."""
    started = next((e for e in chain.events if e.type is EventType.SESSION_START and e.span_id), None)
    return (started or chain.events[0]).span_id


def _why(parent: str, children: list[Event]) -> str:
    several = f"{len(children)} events hang" if len(children) > 1 else "the event hangs"
    cause = f"{several} under span `{parent}`, of which nothing is in the trace"
    if any(event.type is EventType.TOOL_CALL for event in children):
        return f"{cause}: the response that proposed the call was not logged, or is lost"
    return f"{cause}: it was not logged, is lost, or is in another trace"


KIND = GapKind(
    id="orphan-span",
    title="a span whose parent is not in the record",
    pattern=Pattern.TRAIL,
    needs=frozenset({"spans"}),
    find=find,
    absence=True,
)
