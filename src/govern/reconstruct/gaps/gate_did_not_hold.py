"""`gate-did-not-hold`: a call that needed an approval ran with no approving decision before it."""

from __future__ import annotations

from collections.abc import Iterator

from govern.reconstruct.approvals import APPROVE, Stands, asked_of, standing
from govern.reconstruct.gaps.contract import Found, GapKind, Pattern, Scene
from govern.reconstruct.order import shown_before
from govern.reconstruct.restart import restart_between


def find(scene: Scene) -> Iterator[Found]:
    for action in scene.chain.actions:
        for run in action.executions:
            how = standing(scene.chain, action, run, scene.elsewhere)
            if how is None or how.stands is not Stands.OPEN:
                continue
            waiting = action.requests[-1] if action.requests else asked_of(action, run)
            answered = any(d.decision != APPROVE and shown_before(d, run.first) for d in action.decisions)
            restarted = restart_between(scene.chain, waiting, run.first) if waiting and not answered else ""
            cause = how.why
            if restarted:
                cause += (
                    f". {restarted[0].upper()}{restarted[1:]} while the request was pending: the wait did not survive"
                )
            yield Found(action, how.events, cause, run.first)


def relaxed(scene: Scene) -> int:
    standings = (
        standing(scene.chain, action, run, scene.elsewhere)
        for action in scene.chain.actions
        for run in action.executions
    )
    return sum(how is not None and how.stands is Stands.RELAXED for how in standings)


KIND = GapKind(
    id="gate-did-not-hold",
    title="executed without the approval it needed",
    pattern=Pattern.GATE,
    needs=frozenset({"check", "approval"}),
    find=find,
    relaxed=relaxed,
)
