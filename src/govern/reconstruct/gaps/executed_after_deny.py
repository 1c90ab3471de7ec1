"""`executed-after-deny`: the check that a run stands on said deny, and it ran."""

from __future__ import annotations

from collections.abc import Iterator

from govern.events.model import Event, Mode
from govern.reconstruct.approvals import deciding_check
from govern.reconstruct.chain import Action, Execution
from govern.reconstruct.gaps.contract import Found, GapKind, Pattern, Scene


def _denied(scene: Scene) -> Iterator[tuple[Action, Execution, Event]]:
    for action in scene.chain.actions:
        for run in action.executions:
            check = deciding_check(action, run)
            if check is not None and check.verdict == "deny":
                yield action, run, check


def _excused(check: Event) -> bool:
    """Shadow mode relaxes limits; a denial for any other reason holds in it too."""
    return check.mode is Mode.SHADOW and set(check.reasons) == {"limit"}


def find(scene: Scene) -> Iterator[Found]:
    for action, run, check in _denied(scene):
        if not _excused(check):
            why = ", ".join((*check.reasons, *check.rules)) or "no reason recorded"
            yield Found(
                action,
                (check, *(e for e in (run.start, run.result) if e is not None)),
                f"denied ({why}) and executed on the same arguments: what runs the tool does not obey the check",
                run.first,
            )


def relaxed(scene: Scene) -> int:
    return sum(_excused(check) for _, _, check in _denied(scene))


KIND = GapKind(
    id="executed-after-deny",
    title="denied, and executed",
    pattern=Pattern.SCOPE,
    needs=frozenset({"check"}),
    find=find,
    relaxed=relaxed,
)
