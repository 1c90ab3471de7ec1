"""Decision chains: the events of one trace, told action by action.

No order and no time is invented: what the source does not say stays None.

Leaves out: making them (`build`), judging (`gaps`, `approvals`), counting fields (`completeness`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from govern.events.canonical import digest
from govern.events.model import Event, EventType, Fidelity


def args_digest(event: Event) -> str | None:
    """The digest of the arguments an event is about: computed where they stand, else as recorded."""
    return digest(event.args) if event.args is not None else event.args_digest


@dataclass(frozen=True, slots=True)
class Text:
    """Words as they were recorded, with the event that carries them.

    `text` is None where the event has no words: said nothing (fidelity `verbatim`: a model that only calls a
    tool), or not kept.
    """

    event: Event
    text: str | None

    @property
    def size(self) -> int:
        """Bytes of the text in UTF-8."""
        return len((self.text or "").encode("utf-8", "surrogatepass"))

    @property
    def digest(self) -> str | None:
        return None if self.text is None else digest(self.text)

    @property
    def recorded(self) -> bool:
        """Whether what was said is known, be it nothing."""
        if self.event.fidelity in (Fidelity.ABSENT, Fidelity.DIGEST):
            return False
        return self.text is not None or self.event.fidelity is Fidelity.VERBATIM


@dataclass(frozen=True, slots=True)
class Execution:
    """One time a tool ran: its start, its result, or both, and the errors between them."""

    start: Event | None
    result: Event | None
    errors: tuple[Event, ...]
    tool: str | None
    args_digest: str | None
    explained: bool  # a call, a start or a retry accounts for the result

    @property
    def first(self) -> Event:
        """The earliest event that shows that the tool ran."""
        if (event := self.start or self.result) is None:
            raise AssertionError("an execution has a start or a result")
        return event

    @property
    def ended(self) -> bool:
        return self.result is not None or bool(self.errors)


@dataclass(frozen=True, slots=True)
class Approval:
    """One approval that was asked for, or decided, under one id: its requests and its decisions."""

    approval_id: str | None
    requests: tuple[Event, ...]
    decisions: tuple[Event, ...]

    @property
    def gates(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(gate for event in self.requests + self.decisions for gate in event.gates))


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One action of an agent: what was asked, proposed, judged, approved, done, and what came of it.

    `index` counts from 1. Times are UTC nanoseconds, None where none was recorded.
    """

    index: int
    span_id: str | None
    events: tuple[Event, ...]
    prompt: Text | None
    response: Text | None
    executions: tuple[Execution, ...]
    approvals: tuple[Approval, ...]

    def of(self, *types: EventType) -> tuple[Event, ...]:
        """The action's events of these types, in order."""
        return tuple(event for event in self.events if event.type in types)

    @property
    def calls(self) -> tuple[Event, ...]:
        return self.of(EventType.TOOL_CALL)

    @property
    def checks(self) -> tuple[Event, ...]:
        return self.of(EventType.POLICY_CHECK)

    @property
    def decisions(self) -> tuple[Event, ...]:
        return self.of(EventType.APPROVAL_DECISION)

    @property
    def requests(self) -> tuple[Event, ...]:
        return self.of(EventType.APPROVAL_REQUEST)

    @property
    def tool(self) -> str | None:
        return next((event.tool for event in (*self.calls, *self.events) if event.tool), None)

    @property
    def call_id(self) -> str | None:
        return next((event.call_id for event in (*self.calls, *self.events) if event.call_id), None)

    @property
    def input(self) -> Event | None:
        """The event that shows the input: the proposal, else any other that carries arguments."""
        candidates = (*self.calls, *self.events)
        return next((e for e in candidates if e.args is not None or e.args_error is not None), None)

    @property
    def check(self) -> Event | None:
        """The check that decided: the latest one."""
        return self.checks[-1] if self.checks else None

    @property
    def result(self) -> Event | None:
        """The last result that was recorded."""
        return next((run.result for run in reversed(self.executions) if run.result), None)

    @property
    def output(self) -> Text | None:
        event = self.result
        return Text(event, event.content) if event is not None else None

    @property
    def error(self) -> str | None:
        """The error the action ended with, None where it ended well or did not end."""
        if not self.executions:
            return next((e.error or e.content for e in reversed(self.of(EventType.ERROR))), None)
        last = self.executions[-1]
        if last.result is not None:
            if last.result.error is not None:
                return last.result.error
            return "error, with no text recorded" if last.result.status == "error" else None
        return next((e.error or e.content or "error" for e in reversed(last.errors)), None)

    @property
    def retries(self) -> int:
        """How many times it was tried again."""
        return max(len(self.of(EventType.RETRY)), len(self.executions) - 1, 0)

    @property
    def proposed_ns(self) -> int | None:
        return self.calls[0].ts_ns if self.calls else None

    @property
    def started_ns(self) -> int | None:
        run = self.executions[0] if self.executions else None
        return run.start.ts_ns if run is not None and run.start is not None else None

    @property
    def ended_ns(self) -> int | None:
        if not self.executions:
            return None
        last = self.executions[-1]
        event = last.result or (last.errors[-1] if last.errors else None)
        return event.ts_ns if event is not None else None

    @property
    def duration_ns(self) -> int | None:
        """From the first start to the last end; the recorded duration where there was one run and no times."""
        if self.started_ns is not None and self.ended_ns is not None:
            return self.ended_ns - self.started_ns
        if len(self.executions) == 1 and self.executions[0].result is not None:
            return self.executions[0].result.duration_ns
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """Everything one trace says, in order. `loose` are decisions and steps that belong to no action here."""

    trace_id: str
    events: tuple[Event, ...]
    actions: tuple[Action, ...]
    loose: tuple[Event, ...]

    @property
    def agents(self) -> tuple[str, ...]:
        return _distinct(event.agent for event in self.events)

    @property
    def agent_versions(self) -> tuple[str, ...]:
        return _distinct(event.agent_version for event in self.events)

    @property
    def policy_digests(self) -> tuple[str, ...]:
        return _distinct(event.policy_digest for event in self.events)

    @property
    def writers(self) -> tuple[str, ...]:
        return _distinct(event.writer_id for event in self.events)

    @property
    def source_formats(self) -> tuple[str, ...]:
        return _distinct(event.source_format for event in self.events)

    @property
    def started_ns(self) -> int | None:
        return min((event.ts_ns for event in self.events if event.ts_ns is not None), default=None)

    @property
    def ended_ns(self) -> int | None:
        return max((event.ts_ns for event in self.events if event.ts_ns is not None), default=None)

    @property
    def checked(self) -> bool:
        """Whether any policy check stands in the trace."""
        return any(event.type is EventType.POLICY_CHECK for event in self.events)


def _distinct(values: Iterable[str | None]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(value for value in values if value))
