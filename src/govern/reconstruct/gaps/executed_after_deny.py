"""`executed-after-deny`: the check that a run stands on said deny, and it ran."""

from __future__ import annotations

from collections.abc import Iterator

from govern.events.model import Event, Mode
from govern.reconstruct.gaps.contract import Found, GapKind, Pattern, Scene


def _excused(check: Event) -> bool:
    """Shadow mode relaxes limits; a denial for any other reason holds in it too."""
    return check.mode is Mode.SHADOW and set(check.reasons) == {"limit"}


def find(scene: Scene) -> Iterator[Found]:
    for one in scene.runs:
        check = one.check
        if check is None or check.verdict != "deny" or _excused(check):
            continue
        why = ", ".join((*check.reasons, *check.rules)) or "no reason recorded"
        yield Found(
            one.action,
            (check, *(e for e in (one.run.start, one.run.result) if e is not None)),
            f"denied ({why}) and executed on the same arguments: what runs the tool does not obey the check",
            one.run.first,
        )


def relaxed(scene: Scene) -> int:
    return sum(one.check is not None and one.check.verdict == "deny" and _excused(one.check) for one in scene.runs)


KIND = GapKind(
    id="executed-after-deny",
    title="denied, and executed",
    pattern=Pattern.SCOPE,
    needs=frozenset({"check"}),
    find=find,
    relaxed=relaxed,
)
