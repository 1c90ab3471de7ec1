"""`result-without-call`: a tool ran, or answered, and no call of the action explains it."""

from __future__ import annotations

from collections.abc import Iterator

from govern.events.model import Event, EventType
from govern.reconstruct.chain import Action, Execution
from govern.reconstruct.gaps.contract import Found, GapKind, Pattern, Scene
from govern.reconstruct.order import shown_before


def find(scene: Scene) -> Iterator[Found]:
    for one in scene.runs:
        action, run = one.action, one.run
        if cause := _unexplained(scene, action, run, one.check):
            yield Found(action, tuple(e for e in (run.start, run.result) if e is not None), cause)


def _unexplained(scene: Scene, action: Action, run: Execution, check: Event | None) -> str:
    calls = [call for call in action.calls if not shown_before(run.first, call)]
    if not calls:
        if action.calls:
            return "the call of this span was recorded after it ran"
        same = [e for e in scene.chain.events if e.type is EventType.TOOL_CALL and _same_id(e.call_id, action)]
        if same:
            return f"no call in its span; call id `{action.call_id}` is used by a call of another span"
        if run.start is not None:
            return "a start with no call in its span: the call was not logged, or belongs to another run"
        expected = scene.carry(run.first, "check") and not action.checks
        unchecked = ", and nothing shows that it was checked" if expected else ""
        return f"a result with no call in its span: the call was not logged, or belongs to another run{unchecked}"
    other = run.tool is not None and all(call.tool is not None and call.tool != run.tool for call in calls)
    # Where the action was checked and this was not, `unchecked-execution` names it.
    if other and (check is not None or not action.checks):
        return f"the call of this span is of `{calls[-1].tool}`, what ran is `{run.tool}`"
    if not run.explained:
        return "one more result than calls, starts and retries account for"
    return ""


def _same_id(call_id: str | None, action: Action) -> bool:
    return call_id is not None and call_id == action.call_id


KIND = GapKind(
    id="result-without-call",
    title="a result that no call explains",
    pattern=Pattern.TRAIL,
    needs=frozenset({"tool", "output"}),
    find=find,
    absence=True,
)
