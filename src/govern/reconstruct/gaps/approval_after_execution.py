"""`approval-after-execution`: the approval of a call was given when it had already run."""

from __future__ import annotations

from collections.abc import Iterator

from govern.reconstruct.approvals import Stands
from govern.reconstruct.gaps.contract import Found, GapKind, Pattern, Scene
from govern.reconstruct.restart import restart_between
from govern.reconstruct.words import span


def find(scene: Scene) -> Iterator[Found]:
    for one in scene.runs:
        how, run = one.standing, one.run
        if how is None or how.stands is not Stands.AFTER:
            continue
        last = how.late[-1]
        after = ""
        if last.ts_ns is not None and run.first.ts_ns is not None and last.ts_ns > run.first.ts_ns:
            after = f" {span(last.ts_ns - run.first.ts_ns)}"
        cause = f"approved{after} after it had run: nobody who approved it could still have stopped it"
        asked = one.action.requests[-1] if one.action.requests else None
        restarted = restart_between(scene.chain, asked, run.first) if asked is not None else ""
        if restarted:
            cause += f". {restarted[0].upper()}{restarted[1:]} while the request was pending: the wait did not survive"
        yield Found(one.action, how.events, cause, run.first)


KIND = GapKind(
    id="approval-after-execution",
    title="approved after it had run",
    pattern=Pattern.GATE,
    needs=frozenset({"check", "approval"}),
    find=find,
)
