"""`retry-unexplained`: a call was tried again though nothing had failed, or with other arguments."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from govern.events.model import Event, EventType
from govern.reconstruct.approvals import Stands, failed
from govern.reconstruct.chain import Action, Execution, args_digest
from govern.reconstruct.gaps.contract import Found, GapKind, Pattern, Scene
from govern.reconstruct.order import shown_before


def find(scene: Scene) -> Iterator[Found]:
    named = {
        one.run.first.event_id
        for one in scene.runs
        if one.check is None or (one.standing is not None and one.standing.stands is not Stands.HELD)
    }
    for action in scene.chain.actions:
        told: set[str] = set()
        for before, run in pairwise(action.executions):
            if not run.explained or _proposed(action, before, run):
                continue  # `result-without-call` names it, or it is a call of its own
            marks = _marks(action, before, run)
            if run.first.event_id in named:
                told.update(mark.event_id for mark in marks)  # with the worse gap that names the run
            elif why := _unexplained(before, run):
                told.update(mark.event_id for mark in marks)
                yield Found(action, (before.first, *marks, run.first), why, run.first)
        for retry in action.of(EventType.RETRY):
            if retry.event_id not in told and (why := _no_cause(action, retry)):
                yield Found(action, (retry,), why)
        yield from _skipped(action, named | told)


def _proposed(action: Action, before: Execution, run: Execution) -> bool:
    """Whether the agent proposed the call again in between: then it is another call, not another try."""
    return any(shown_before(before.first, call) and not shown_before(run.first, call) for call in action.calls)


def _marks(action: Action, before: Execution, run: Execution) -> tuple[Event, ...]:
    return tuple(e for e in action.of(EventType.RETRY) if shown_before(before.first, e) and shown_before(e, run.first))


def _unexplained(before: Execution, run: Execution) -> str:
    if before.args_digest != run.args_digest:
        return "tried again with other arguments: that is another call, and was not proposed as one"
    if not before.ended:
        return "tried again while nobody knows how the try before ended: it may have taken effect twice"
    if not failed(before):
        return "run again after it had succeeded: it may have taken effect twice"
    return ""


def _no_cause(action: Action, retry: Event) -> str:
    """Why a `retry` has no cause; empty where an error of the action comes before it."""
    digest = args_digest(retry)
    ran = {run.args_digest for run in action.executions if shown_before(run.first, retry)}
    if digest is not None and ran and digest not in ran:
        return "a retry with other arguments than were tried"
    for event in action.events:
        wrong = event.type is EventType.ERROR or event.error is not None or event.status == "error"
        if wrong and event is not retry and event.type is not EventType.RETRY and not shown_before(retry, event):
            return ""
    return "a retry with no error before it: the error was not logged, or nothing had failed"


def _skipped(action: Action, named: set[str]) -> Iterator[Found]:
    """A try whose number follows on none: the one before it is not in the record."""
    starts = action.of(EventType.TOOL_START)
    numbers = {start.attempt for start in starts}
    for start in starts:
        if start.attempt is None or start.attempt <= 1 or start.event_id in named:
            continue
        if start.attempt - 1 not in numbers and None not in numbers:
            why = f"try {start.attempt} is in the record, try {start.attempt - 1} is not"
            yield Found(action, (start,), why)


KIND = GapKind(
    id="retry-unexplained",
    title="tried again without a cause",
    pattern=Pattern.TRAIL,
    needs=frozenset({"tool", "errors", "spans"}),
    find=find,
    absence=True,
)
