"""`approval-expired`: a call ran on an approval that came, or was used, after its time."""

from __future__ import annotations

from collections.abc import Iterator

from govern.reconstruct.approvals import Stands
from govern.reconstruct.gaps.contract import Found, GapKind, Pattern, Scene
from govern.reconstruct.restart import restart_between


def find(scene: Scene) -> Iterator[Found]:
    for one in scene.runs:
        how = one.standing
        if how is None or how.stands is not Stands.LAPSED:
            continue
        cause = f"executed on an approval that had lapsed: {how.why}"
        asked = one.action.requests[-1] if one.action.requests else None
        if asked is not None and (restarted := restart_between(scene.chain, asked, one.run.first)):
            cause += f". {restarted[0].upper()}{restarted[1:]}: the deadline may have been kept in memory"
        yield Found(one.action, how.events, cause, one.run.first)


KIND = GapKind(
    id="approval-expired",
    title="executed on an approval that had expired",
    pattern=Pattern.GATE,
    needs=frozenset({"check", "approval", "timing"}),
    find=find,
)
