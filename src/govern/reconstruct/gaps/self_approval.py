"""`self-approval`: who approved a call is who asked for it."""

from __future__ import annotations

from collections.abc import Iterator

from govern.events.model import ActorKind, Event, EventType
from govern.reconstruct.approvals import CONFIRM, Stands, approvals_of
from govern.reconstruct.chain import Approval, Chain
from govern.reconstruct.gaps.contract import Found, GapKind, Pattern, Scene

_ASKING = frozenset({EventType.SESSION_START, EventType.PROMPT, EventType.TOOL_CALL, EventType.DELEGATION})
_SILENT = frozenset({ActorKind.POLICY, ActorKind.SERVICE})


def find(scene: Scene) -> Iterator[Found]:
    asking: dict[str, Event] | None = None
    open_runs = {
        one.action.index for one in scene.runs if one.standing is not None and one.standing.stands is not Stands.HELD
    }
    for action in scene.chain.actions:
        if action.index in open_runs:
            continue  # its hole has a name already
        for approval, decision in approvals_of(action):
            if is_confirmation(approval, decision) or decision.actor is None:
                continue
            asking = requesters(scene.chain) if asking is None else asking
            if (asked := asking.get(decision.actor.casefold())) is not None:
                yield Found(action, (*approval.requests, decision), _why(decision, asked))


def requesters(chain: Chain) -> dict[str, Event]:
    """Everybody that the calls of a trace come from, by folded name: the agents, whoever prompted them, opened the
    session or delegated to them. Services that only record are among them where they prompt."""
    found: dict[str, Event] = {}
    for event in chain.events:
        if event.type is EventType.TOOL_CALL and event.agent:
            found.setdefault(event.agent.casefold(), event)
        if event.type in _ASKING and event.actor:
            found.setdefault(event.actor.casefold(), event)
        if event.type is EventType.DELEGATION and event.agent:
            found.setdefault(event.agent.casefold(), event)
    return found


def is_confirmation(approval: Approval, decision: Event) -> bool:
    """Whether the request asked the person served, and that is who answered for all that the request says."""
    return any(CONFIRM in request.reasons for request in approval.requests)


def _why(decision: Event, asked: Event) -> str:
    who = f"`{decision.actor}`"
    match asked.type:
        case EventType.PROMPT | EventType.SESSION_START:
            return f"{who} approved what {who} had asked the agent for"
        case EventType.DELEGATION:
            return f"{who} approved a call of an agent that it had delegated to"
        case _:
            return f"{who} approved a call of its own"


KIND = GapKind(
    id="self-approval",
    title="approved by who asked for it",
    pattern=Pattern.GATE,
    needs=frozenset({"approval"}),
    find=find,
)
