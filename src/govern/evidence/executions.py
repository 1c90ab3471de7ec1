"""What ran, as one source tells it: the executions of tools, with what two sources can be compared by.

An execution is a start or a result of a tool. In sources whose calls are written by whoever answers them (MCP messages,
CloudTrail) a call is one too, also where no answer to it stands in the log. A proposal that nothing shows to have run
is none: it is counted, and not compared. Leaves out comparing (`reconcile`) and reading (`sources`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from govern.events.canonical import Malformed, digest, parse
from govern.events.model import Event, EventType
from govern.reconstruct.build import build
from govern.reconstruct.chain import Action, Execution

WITNESSED: Final = frozenset({"mcp_jsonrpc", "cloudtrail"})
"""Formats in which a call is recorded by who received it."""
_MARKED: Final = '"$se'
"""Stands in every text with a mark."""
KEPT: Final = (
    EventType.TOOL_CALL,
    EventType.TOOL_START,
    EventType.TOOL_RESULT,
    EventType.RETRY,
    EventType.ERROR,
)
"""Types of events that executions are told from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """One execution.

    Args:
        tool: as the source calls it.
        call_id, trace_id, event_id: as the source says; `event_id` of the first event that shows it.
        args: canonical JSON text, None where the source has none.
        args_digest: of the arguments, also where they themselves were not kept.
        at_ns: the earliest time of its events, UTC nanoseconds; None where the source has none.
        outcome: `ok`, `error`, or None where no end stands in the source.
        where: the line of the source, as it says it; else the event's id.
    """

    tool: str
    call_id: str | None
    trace_id: str
    event_id: str
    args: str | None
    args_digest: str | None
    at_ns: int | None
    outcome: str | None
    where: str

    @property
    def name(self) -> str:
        """The tool without its server: sources call one tool `server/name`, `mcp__server__name` and `name`."""
        own = self.tool.rpartition("/")[2]
        return own.rpartition("__")[2] if own.startswith("mcp__") else own


@dataclass(frozen=True, slots=True)
class Told:
    """What one trace of a source tells.

    Args:
        ran: in the order of the trace.
        proposals: calls that nothing shows to have run.
    """

    ran: tuple[Ran, ...]
    proposals: int


def told(events: Iterable[Event]) -> Told:
    """The executions of one trace.

    Args:
        events: those of one trace, of the types `KEPT`; at least one.
    """
    found: list[Ran] = []
    proposals = 0
    for action in build(events).actions:
        runs = [_of_run(action, run) for run in action.executions]
        if not runs:
            calls = [_of_call(action, call) for call in action.calls if call.source_format in WITNESSED]
            proposals += len(action.calls) - len(calls)
            runs = calls
        found += runs
    return Told(tuple(found), proposals)


def _of_run(action: Action, run: Execution) -> Ran:
    events = [event for event in (run.start, run.result, *run.errors) if event is not None]
    # A source that writes no starts says by its call when it was called, and with what.
    about = events if run.start is not None else [*action.calls[:1], *events]
    given = next((event for event in about if event.args is not None), action.input)
    args = given.args if given is not None and (given in about or len(action.executions) == 1) else None
    times = [event.ts_ns for event in about if event.ts_ns is not None]
    return Ran(
        tool=run.tool or action.tool or "",
        call_id=next((event.call_id for event in about if event.call_id), action.call_id),
        trace_id=run.first.trace_id,
        event_id=run.first.event_id,
        args=args,
        args_digest=run.args_digest or (digest(args) if args is not None else None),
        at_ns=min(times, default=None),
        outcome=_outcome(run),
        where=run.first.source_ref or run.first.event_id,
    )


def _outcome(run: Execution) -> str | None:
    if run.result is None:
        return "error" if run.errors else None
    return "error" if run.result.status == "error" or run.result.error is not None else "ok"


def _of_call(action: Action, call: Event) -> Ran:
    return Ran(
        tool=call.tool or "",
        call_id=call.call_id,
        trace_id=call.trace_id,
        event_id=call.event_id,
        args=call.args,
        args_digest=call.args_digest or (digest(call.args) if call.args is not None else None),
        at_ns=call.ts_ns,
        outcome="error" if action.of(EventType.ERROR) else None,
        where=call.source_ref or call.event_id,
    )


def by_trace(events: Iterable[Event]) -> Iterator[list[Event]]:
    """The events of each trace together, traces in the order of their first event."""
    traces: dict[str, list[Event]] = {}
    for event in events:
        traces.setdefault(event.trace_id, []).append(event)
    yield from traces.values()


def same_arguments(one: Ran, other: Ran) -> bool | None:
    """Whether two executions had the same arguments; None where a source does not say.

    A value that one side has as a mark only (`$sensitive`, `$secret`) is taken for the same: nobody can tell.
    """
    if one.args is not None and other.args is not None:
        if one.args == other.args:
            return True
        if not (_MARKED in one.args or _MARKED in other.args):
            return False  # both are canonical
        try:
            return _agree(parse(one.args), parse(other.args))
        except Malformed:
            return False
    if one.args_digest is not None and other.args_digest is not None:
        return one.args_digest == other.args_digest
    return None


def _agree(one: object, other: object) -> bool:
    if _is_mark(one) or _is_mark(other):
        return True
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_agree(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_agree, one, other))
    return type(one) is type(other) and one == other


def _is_mark(value: object) -> bool:
    return isinstance(value, dict) and len(value) == 1 and next(iter(value)) in ("$sensitive", "$secret")
