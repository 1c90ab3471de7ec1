"""`unchecked-execution`: a tool ran, and no policy check on the same arguments is shown to come before it."""

from __future__ import annotations

from collections.abc import Iterator

from govern.reconstruct.approvals import VERDICTS, Stands
from govern.reconstruct.chain import Action, Chain, Execution, args_digest
from govern.reconstruct.gaps.contract import Found, GapKind, Pattern, Scene
from govern.reconstruct.order import shown_before, why_not_before


def find(scene: Scene) -> Iterator[Found]:
    for one in scene.runs:
        action, run = one.action, one.run
        # An approval for other arguments names the change: what ran was neither checked nor approved as it ran.
        changed = one.standing is not None and one.standing.stands is Stands.OTHER_ARGS
        if one.check is None and not changed and not _unexplained(action, run):
            events = (*action.checks, *(e for e in (run.start, run.result) if e is not None))
            yield Found(action, events, _why(scene.chain, action, run), run.first)


def _unexplained(action: Action, run: Execution) -> bool:
    """A lone result with no call and no start: `result-without-call` names it, and says that nothing shows a
    check. Whether it ran in this trace at all, or was misfiled, cannot be known."""
    return run.start is None and not action.calls


def _why(chain: Chain, action: Action, run: Execution) -> str:
    if not action.checks:
        return _why_none(chain, action, run)
    check = action.checks[-1]
    if not shown_before(check, run.first):
        return f"its check is not shown to come before it: {why_not_before(check, run.first)}"
    if check.verdict not in VERDICTS:
        said = f"says `{check.verdict}`" if check.verdict else "records no verdict"
        return f"its check {said}, which lets nothing run"
    if check.tool is not None and run.tool is not None and check.tool != run.tool:
        return f"the check is of `{check.tool}`, what ran is `{run.tool}`"
    if run.args_digest is None:
        return "the record does not say on which arguments it ran"
    if args_digest(check) is None:
        return "the check does not say which arguments it judged"
    if any(args_digest(check) == earlier.args_digest for earlier in action.executions if earlier is not run):
        return "tried again on other arguments than were checked"
    return "other arguments ran than were checked"


def _why_none(chain: Chain, action: Action, run: Execution) -> str:
    if not chain.checked:
        return (
            "no call of this trace was checked: the agent ran past the boundary, or this is its own log "
            "without the audit record beside it"
        )
    elsewhere = {e.writer_id for other in chain.actions for e in other.checks}
    if run.first.writer_id not in elsewhere:
        return (
            f"other calls of this trace were checked, this one ran past the boundary: only "
            f"{run.first.writer_id} saw it, which wrote no check"
        )
    sibling = any(other.checks and other.tool == action.tool for other in chain.actions)
    if sibling:
        return f"other calls of `{action.tool}` were checked: the check of this one was skipped, or not logged"
    return "other calls of this trace were checked: this tool was never mapped, or the check was not logged"


KIND = GapKind(
    id="unchecked-execution",
    title="executed with no check before it",
    pattern=Pattern.SCOPE,
    needs=frozenset({"check"}),
    find=find,
    absence=True,
)
