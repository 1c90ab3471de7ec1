"""`approval-reused`: one approval let a call run more than once, or let two calls run."""

from __future__ import annotations

from collections.abc import Iterator

from govern.reconstruct.approvals import Stands
from govern.reconstruct.gaps.contract import Found, GapKind, Pattern, Scene


def find(scene: Scene) -> Iterator[Found]:
    for one in scene.runs:
        how = one.standing
        if how is not None and how.stands is Stands.REUSED:
            cause = f"{how.why}: approvals are not used up when they are used"
            yield Found(one.action, how.events, cause, one.run.first)


KIND = GapKind(
    id="approval-reused",
    title="one approval used more than once",
    pattern=Pattern.GATE,
    needs=frozenset({"check", "approval"}),
    find=find,
)
