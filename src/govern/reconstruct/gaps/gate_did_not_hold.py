"""`gate-did-not-hold`: a call that needed approvals ran with fewer of them before it."""

from __future__ import annotations

from collections.abc import Iterator

from govern.reconstruct.approvals import APPROVE, Stands
from govern.reconstruct.gaps.contract import Found, GapKind, Pattern, Scene
from govern.reconstruct.order import shown_before
from govern.reconstruct.restart import restart_between


def find(scene: Scene) -> Iterator[Found]:
    for one in scene.runs:
        how, action, run = one.standing, one.action, one.run
        if how is None or how.stands is not Stands.OPEN:
            continue
        waiting = action.requests[-1] if action.requests else how.events[0]
        answered = any(d.decision != APPROVE and shown_before(d, run.first) for d in action.decisions)
        restarted = "" if answered else restart_between(scene.chain, waiting, run.first)
        cause = how.why
        if restarted:
            cause += f". {restarted[0].upper()}{restarted[1:]} while the request was pending: the wait did not survive"
        yield Found(action, how.events, cause, run.first)


def relaxed(scene: Scene) -> int:
    return sum(one.standing is not None and one.standing.stands is Stands.RELAXED for one in scene.runs)


KIND = GapKind(
    id="gate-did-not-hold",
    title="executed without the approval it needed",
    pattern=Pattern.GATE,
    needs=frozenset({"check", "approval"}),
    find=find,
    relaxed=relaxed,
    absence=True,
)
