"""`approver-unknown`: an approval does not say who gave it, in which role, or was given by no person."""

from __future__ import annotations

from collections.abc import Iterator

from govern.events.model import ActorKind, Event, EventType
from govern.reconstruct.approvals import RELAXED_TIERS, Stands, approvals_of
from govern.reconstruct.chain import Action, Approval, Chain
from govern.reconstruct.gaps.contract import Found, GapKind, Pattern, Scene
from govern.reconstruct.gaps.self_approval import is_confirmation, requesters

_MACHINES = frozenset({ActorKind.POLICY, ActorKind.SERVICE})


def find(scene: Scene) -> Iterator[Found]:
    open_runs = {
        one.action.index for one in scene.runs if one.standing is not None and one.standing.stands is not Stands.HELD
    }
    for action in scene.chain.actions:
        if action.index in open_runs:
            continue
        for approval, decision in approvals_of(action):
            if why := _unknown(scene.chain, action, approval, decision):
                yield Found(action, (*approval.requests, decision), why)


def _unknown(chain: Chain, action: Action, approval: Approval, decision: Event) -> str:
    if decision.actor_kind in _MACHINES:
        return _by_silence(action, decision)
    if decision.actor is None:
        return "the approval names nobody" + (f", only the role `{decision.role}`" if decision.role else "")
    if decision.actor.casefold() in (asking := requesters(chain)) and not is_confirmation(approval, decision):
        return ""  # `self-approval` says who it was
    if decision.actor_kind is ActorKind.AGENT:
        return f"`{decision.actor}`, an agent, gave the approval: no person did"
    if is_confirmation(approval, decision):
        served = any(
            event.type in (EventType.PROMPT, EventType.SESSION_START) and event.actor for event in asking.values()
        )
        known = asking.get(decision.actor.casefold())
        if served and (known is None or known.type not in (EventType.PROMPT, EventType.SESSION_START)):
            return f"the person served was to confirm, and `{decision.actor}` is not named as such"
        return ""
    if not decision.role:
        return f"the record does not say in which role `{decision.actor}` approved"
    return ""


def _by_silence(action: Action, decision: Event) -> str:
    """Silence may allow what is internal and reversible; anything else needs a person."""
    if action.check is None and action.executions:
        return ""  # `unchecked-execution` names that nobody knows what it was
    tier = action.check.tier if action.check is not None else None
    if tier in RELAXED_TIERS:
        return ""
    who = f"`{decision.actor}`, " if decision.actor else ""
    return f"{who}no person, approved a call that is {tier.replace('_', ' ') if tier else 'of no known tier'}"


KIND = GapKind(
    id="approver-unknown",
    title="nobody knows who approved",
    pattern=Pattern.GATE,
    needs=frozenset({"approval"}),
    find=find,
)
