"""A chain as OpenTelemetry spans (OTLP/JSON, one export request), with the semantic conventions for generative AI.

`invoke_agent` around all, a `chat` span a response with the prompts before it and the calls that it proposed, an
`execute_tool` span an action that ran, with arguments, result and error. What the conventions have no words for
(checks, approvals, retries, gaps) are events of these spans, named `govern.…`. `govern import` gives the same calls
back. Ids that are not 16 (8) bytes of hexadecimal digits are digested to such, and kept as attributes.

Sources: OpenTelemetry protocol, JSON Protobuf encoding; semantic conventions for generative AI 1.41. Leaves out events
without a time: a span has a start and an end.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from hashlib import sha256
from typing import Any, Final

from govern import __version__
from govern.events.canonical import Malformed, parse
from govern.events.model import ActorKind, Event, EventType
from govern.reconstruct.chain import Action
from govern.reconstruct.judge import Gap, Reconstruction
from govern.report.chain_export import Export
from govern.report.chain_json import step

_INTERNAL: Final = 1
_ERROR: Final = 2
Row = dict[str, Any]


def export(made: Reconstruction) -> Export:
    """One line: the export request of the trace; none where nothing has a time."""
    writing = _Writing(made)
    spans = writing.spans()
    of = len(made.chain.events)
    why = "a span needs a start and an end, and they have no time"
    if not spans:
        return Export((), of, of, why)
    resource = {"attributes": _attributes({"service.name": made.chain.agents[0] if made.chain.agents else "agent"})}
    scope = {"scope": {"name": "govern", "version": __version__}, "spans": spans}
    request = {"resourceSpans": [{"resource": resource, "scopeSpans": [scope]}]}
    line = json.dumps(request, ensure_ascii=True, allow_nan=False)
    return Export((line,), sum(event.ts_ns is None for event in made.chain.events), of, why)


class _Writing:
    """The spans of one trace."""

    def __init__(self, made: Reconstruction) -> None:
        self._made = made
        self._chain = made.chain
        self._trace = _hex(made.chain.trace_id, 32)
        self._root = _fold("root", made.chain.trace_id)[:16]
        self._taken = {self._root}
        self._told: set[str] = set()
        self._spanned: set[int | None] = set()  # actions that have a span

    def spans(self) -> list[Row]:
        start, end = self._chain.started_ns, self._chain.ended_ns
        if start is None or end is None:
            return []
        spans = [*self._chats(), *(span for action in self._chain.actions for span in self._run(action))]
        session = next((event.session_id for event in self._chain.events if event.session_id), None)
        about: Row = {"gen_ai.operation.name": "invoke_agent", "govern.trace_id": self._chain.trace_id}
        if session is not None:
            about["gen_ai.conversation.id"] = session
        name = "invoke_agent"
        if self._chain.agents:
            about["gen_ai.agent.name"] = self._chain.agents[0]
            name += f" {self._chain.agents[0]}"
        if len(self._chain.agent_versions) == 1:
            about["gen_ai.agent.version"] = self._chain.agent_versions[0]
        rest = [event for event in self._chain.events if event.event_id not in self._told]
        gaps = [_gap(gap) for gap in self._made.gaps if gap.action not in self._spanned and gap.at_ns is not None]
        whole = self._span(name, self._root, "", start, end, about)
        whole["events"] = [*_events(rest, {}), *gaps]
        # As exporters do: a span is written when it ends, children before their parents.
        return [*sorted(spans, key=lambda span: int(span["endTimeUnixNano"])), whole]

    def _chats(self) -> Iterator[Row]:
        proposed: dict[str, list[Action]] = {}
        alone: list[Action] = []
        for action in self._chain.actions:
            if not action.calls:
                continue
            if action.response is None or action.response.event.ts_ns is None:
                alone.append(action)
            else:
                proposed.setdefault(action.response.event.event_id, []).append(action)
        said: list[Event] = []
        for event in self._chain.events:
            if event.ts_ns is None:
                continue
            if event.type is EventType.PROMPT:
                said.append(event)
            elif event.type is EventType.RESPONSE:
                yield self._chat(said, event, proposed.get(event.event_id, []))
                said = []
        if said:
            yield self._chat(said, None, [])
        for action in alone:  # proposed by a response that is not recorded
            if action.calls[0].ts_ns is not None:
                yield self._chat([], action.calls[0], [action])

    def _chat(self, prompts: list[Event], answer: Event | None, actions: list[Action]) -> Row:
        last = answer or prompts[-1]
        first = prompts[0] if prompts else last
        about: Row = {"gen_ai.operation.name": "chat"}
        if last.agent:
            about["gen_ai.agent.name"] = last.agent
        if prompts:
            about["gen_ai.input.messages"] = json.dumps([_message(_role(each), each.content) for each in prompts])
        if answer is not None:
            text = answer.content if answer.type is EventType.RESPONSE else None
            message = _message("assistant", text)
            message["parts"] += [_proposal(call) for action in actions for call in action.calls]
            about["gen_ai.output.messages"] = json.dumps([message])
        self._told |= {event.event_id for event in (*prompts, last) if event.type is not EventType.TOOL_CALL}
        own = _fold("chat", last.event_id)[:16]
        return self._span("chat", self._own(own), self._root, first.ts_ns or 0, last.ts_ns or 0, about)

    def _run(self, action: Action) -> Iterator[Row]:
        """The span of an action; one that did not run has none: its call stands in the answer that proposed it."""
        timed = [event for event in action.events if event.ts_ns is not None]
        ran = [run.first.ts_ns for run in action.executions if run.first.ts_ns is not None]
        if not timed or not action.executions or not action.calls:
            return  # a result without a call stays an event: a span of a tool is read as a call, which nobody recorded
        self._told |= {event.event_id for event in action.events}
        self._spanned.add(action.index)
        start = ran[0] if ran else timed[0].ts_ns or 0
        end = action.ended_ns if action.ended_ns is not None else timed[-1].ts_ns or 0
        about = self._called(action)
        span = self._span(
            f"execute_tool {action.tool or ''}".rstrip(), self._own(_hex(action.span_id or timed[0].event_id, 16)),
            self._root, min(start, end), max(start, end), about,
        )  # fmt: skip
        if action.error is not None:
            span["status"] = {"code": _ERROR, "message": action.error}
        gaps = [_gap(gap) for gap in self._made.gaps if gap.action == action.index and gap.at_ns is not None]
        span["events"] = [*_events(action.events), *gaps]
        yield span

    def _called(self, action: Action) -> Row:
        about: Row = {"gen_ai.operation.name": "execute_tool", "govern.action": str(action.index)}
        about["gen_ai.tool.name"] = action.tool or ""
        if action.call_id is not None:
            about["gen_ai.tool.call.id"] = action.call_id
        given = action.input
        if given is not None and (text := given.args if given.args is not None else given.content) is not None:
            about["gen_ai.tool.call.arguments"] = text
        if action.output is not None and action.output.text is not None:
            about["gen_ai.tool.call.result"] = action.output.text
        if action.error is not None:
            about["error.type"] = "tool_error"
        if (agent := next((event.agent for event in action.events if event.agent), None)) is not None:
            about["gen_ai.agent.name"] = agent
        check = action.check
        if check is not None:
            about["govern.verdict"] = check.verdict or ""
            about["govern.policy_digest"] = check.policy_digest or ""
        return about

    def _own(self, wanted: str) -> str:
        """A span's id that no other span of the trace has."""
        while wanted in self._taken:
            wanted = _fold("again", wanted)[:16]
        self._taken.add(wanted)
        return wanted

    def _span(self, name: str, own: str, parent: str, start: int, end: int, about: Row) -> Row:
        return {
            "traceId": self._trace,
            "spanId": own,
            "parentSpanId": parent,
            "name": name,
            "kind": _INTERNAL,
            "startTimeUnixNano": str(start),
            "endTimeUnixNano": str(end),
            "attributes": _attributes(about),
            "status": {},
        }


def _role(prompt: Event) -> str:
    return "system" if prompt.actor_kind in (ActorKind.SERVICE, ActorKind.POLICY) else "user"


def _message(role: str, text: str | None) -> Row:
    return {"role": role, "parts": [] if text is None else [{"type": "text", "content": text}]}


def _proposal(call: Event) -> Row:
    arguments: Any = call.content
    if call.args is not None:
        try:
            arguments = parse(call.args)
        except Malformed:
            arguments = call.args
    return {"type": "tool_call", "id": call.call_id or "", "name": call.tool or "", "arguments": arguments}


_SAID: Final = {EventType.TOOL_RESULT: ("content",), EventType.TOOL_CALL: ("args", "content")}


def _events(events: Iterable[Event], said: dict[EventType, tuple[str, ...]] = _SAID) -> list[Row]:
    """Each event as it is recorded, at its time.

    Args:
        said: columns that the span says already, by type.
    """
    rows = []
    for event in events:
        if event.ts_ns is None:
            continue
        columns = {name: value for name, value in step(event).items() if value not in (None, [])}
        for name in ("at", "lane", "type", *said.get(event.type, ())):
            columns.pop(name, None)
        flat = {f"govern.{name}": ", ".join(v) if isinstance(v, list) else str(v) for name, v in columns.items()}
        rows.append({"name": f"govern.{event.type}", "timeUnixNano": str(event.ts_ns), "attributes": _attributes(flat)})
    return rows


def _gap(gap: Gap) -> Row:
    about = {"govern.gap": gap.id, "govern.pattern": str(gap.pattern), "govern.cause": gap.cause}
    return {"name": "govern.gap", "timeUnixNano": str(gap.at_ns), "attributes": _attributes(about)}


def _attributes(values: Row) -> list[Row]:
    return [{"key": key, "value": {"stringValue": value}} for key, value in values.items()]


def _hex(given: str, digits: int) -> str:
    if re.fullmatch(rf"[0-9a-f]{{{digits}}}", given) and given.strip("0"):
        return given
    return _fold("id", given)[:digits]


def _fold(kind: str, text: str) -> str:
    return sha256(f"{kind}\0{text}".encode("utf-8", "surrogatepass")).hexdigest()
