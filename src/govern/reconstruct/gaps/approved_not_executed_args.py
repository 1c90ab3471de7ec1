"""`approved-not-executed-args`: a call was approved, and ran with other arguments than were approved."""

from __future__ import annotations

from collections.abc import Iterator

from govern.events.canonical import Json, load
from govern.events.model import Event
from govern.reconstruct.approvals import Stands
from govern.reconstruct.chain import Action, Execution, args_digest
from govern.reconstruct.gaps.contract import Found, GapKind, Pattern, Scene

_SHOWN = 3  # names of arguments in a cause


def find(scene: Scene) -> Iterator[Found]:
    for one in scene.runs:
        how = one.standing
        if how is not None and how.stands is Stands.OTHER_ARGS:
            yield Found(one.action, how.events, how.why + _where(one.action, one.run), one.run.first)


def _where(action: Action, run: Execution) -> str:
    """Which arguments differ, where both are in the record; who changed them last."""
    ran = next((e for e in action.events if e.args is not None and args_digest(e) == run.args_digest), None)
    proposed = next((call for call in action.calls if call.args is not None), None)
    if proposed is None or args_digest(proposed) == run.args_digest:
        return ": the call was changed between approval and execution, or the approver was shown another one"
    differ = _names(proposed, ran) if ran is not None else ()
    said = f" (`{'`, `'.join(differ)}`)" if differ else ""
    return f": what ran is not what was proposed{said}"


def _names(one: Event, other: Event) -> tuple[str, ...]:
    first, second = _object(one), _object(other)
    names = sorted(name for name in {*first, *second} if first.get(name) != second.get(name))
    return tuple(names[:_SHOWN])


def _object(event: Event) -> dict[str, Json]:
    value = load(event.args) if event.args else None
    return value if isinstance(value, dict) else {}


KIND = GapKind(
    id="approved-not-executed-args",
    title="executed on other arguments than were approved",
    pattern=Pattern.GATE,
    needs=frozenset({"approval", "args"}),
    find=find,
)
