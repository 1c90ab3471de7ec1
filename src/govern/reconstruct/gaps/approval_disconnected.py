"""`approval-disconnected`: a decision exists, but it belongs to another call, trace or arguments."""

from __future__ import annotations

from collections.abc import Iterator

from govern.events.model import Event, EventType
from govern.reconstruct.approvals import Stands, unbound
from govern.reconstruct.chain import Action, args_digest
from govern.reconstruct.gaps.contract import Found, GapKind, Pattern, Scene


def find(scene: Scene) -> Iterator[Found]:
    named: set[str] = set()
    for one in scene.runs:
        how = one.standing
        if how is None or how.stands is Stands.HELD:
            continue
        named.update(event.event_id for event in how.events)
        if how.stands is Stands.DISCONNECTED:
            cause = f"executed on an approval that is not its own: {how.why}"
            yield Found(one.action, how.events, cause, one.run.first)
    # Decisions that released nothing are still filed wrongly: what they answer has no answer.
    for action in scene.chain.actions:
        for decision in action.decisions:
            why = foreign(action, decision)
            if why and decision.event_id not in named:
                yield Found(action, (decision,), f"{decision.decision or 'a decision'}: {why}")
    for event in scene.chain.loose:
        if event.type is EventType.APPROVAL_DECISION and event.event_id not in named:
            yield Found(None, (event,), "the decision answers no request of this trace: its call is not in the record")


def foreign(action: Action, decision: Event) -> str:
    """Why a decision belongs to none of the arguments that its action proposed, checked or ran; empty where it does."""
    digests = {args_digest(event) for event in (*action.calls, *action.checks)}
    digests |= {run.args_digest for run in action.executions}
    reasons = [unbound(action, decision, digest) for digest in sorted(filter(None, digests))] or [
        unbound(action, decision, None)
    ]
    return "" if "" in reasons else reasons[0]


KIND = GapKind(
    id="approval-disconnected",
    title="an approval that belongs to something else",
    pattern=Pattern.GATE,
    needs=frozenset({"approval"}),
    find=find,
    absence=True,
)
