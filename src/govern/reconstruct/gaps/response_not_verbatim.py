"""`response-not-verbatim`: what the model answered is not in the record word for word."""

from __future__ import annotations

from collections.abc import Iterator

from govern.events.model import EventType
from govern.reconstruct.gaps.contract import Found, GapKind, Pattern, Scene
from govern.reconstruct.gaps.prompt_not_verbatim import not_verbatim


def find(scene: Scene) -> Iterator[Found]:
    spans = {event.span_id for event in scene.chain.events}
    for event in scene.chain.events:
        if event.type is EventType.RESPONSE and scene.carry(event, "verbatim") and (why := not_verbatim(event)):
            yield Found(None, (event,), why)
    # Actions that no response is recorded for: told once, at the first of them.
    for action in scene.chain.actions:
        if action.response is not None or not action.calls or not scene.carry(action.calls[0], "verbatim"):
            continue
        parent = action.calls[0].parent_span_id
        if parent is not None and parent not in spans:
            continue  # `orphan-span` names it
        yield Found(action, action.calls[:1], "no response is recorded that proposed it")
        break


KIND = GapKind(
    id="response-not-verbatim",
    title="a response that is not there word for word",
    pattern=Pattern.TRAIL,
    needs=frozenset({"response", "verbatim"}),
    find=find,
    absence=True,
)
