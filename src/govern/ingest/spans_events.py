"""Which events the spans of one trace give: calls once each, prompts and responses once each, in the order of time.

Leaves out: what one span means (`spans_calls`, `spans_answers`), how the spans came together (`spans_traces`).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

from govern.events.canonical import Json
from govern.events.model import ActorKind, Event, EventType, Fidelity
from govern.ingest import spans_calls
from govern.ingest.adapter import Unusable
from govern.ingest.making import Maker
from govern.ingest.spans import NOTHING, Span, Trace, text
from govern.ingest.spans_answers import Answer, Exchange, agent, exchange, model
from govern.ingest.spans_calls import NO_RESULT, Call, call, tool
from govern.ingest.spans_once import given, once
from govern.ingest.traced import UNANSWERED, Traces, digest

OTHERS: Final = "spans that are no call and no answer"
NO_CONTENT: Final = "model calls without content"
NO_SPAN: Final = "calls without a span of their own"
AMBIGUOUS: Final = "contents that have no single meaning"
BACKWARDS: Final = "spans that end before they begin"
SESSIONS: Final = (
    "gen_ai.conversation.id",
    "gcp.vertex.agent.session_id",
    "session.id",
    "traceloop.association.properties.session_id",
    "ai.telemetry.metadata.sessionId",
    "langfuse.session.id",
)
AGENT_NAMES: Final = ("gen_ai.agent.name", "agent.name")
ASKED: Final = frozenset({"user_temporary", "user_reject", "user_abort"})
"""Sources of a decision of Claude Code that mean that a person was asked, and answered this once."""
NESTED: Final = 200
"""So many spans around a span are looked at."""
_SERVICE: Final[dict[str, Any]] = {"actor_kind": ActorKind.SERVICE}


@dataclass(slots=True)
class _Entry:
    """An event that waits for its place in the trace; `at` is where that is, which need not be its time."""

    at: int | None
    maker: Maker
    kind: EventType
    columns: dict[str, Any]


class Closing:
    """A trace whose spans are all there."""

    def __init__(self, source_format: str, name: str, held: Trace) -> None:
        self._format, self._name, self._held = source_format, name, held
        # In the order of time, so that nothing depends on the order in which they came.
        self._spans = sorted([*held.spans.values(), *held.again.values()], key=_place)
        self._first: dict[str, Span] = {}
        for span in self._spans:
            self._first.setdefault(span.id, span)
        self._logs = {own: [log.said for log in logs] for own, logs in held.logs.items()}
        for said in self._logs.values():
            if all(each.at is not None for each in said):
                said.sort(key=lambda each: each.at or 0)
        self._below: dict[str, list[Span]] = {}
        for span in self._spans:
            if span.parent is not None:
                self._below.setdefault(span.parent, []).append(span)
        self._tools = {id(span): found for span in self._spans if (found := tool(span)) is not None}
        self._models = {id(span) for span in self._spans if id(span) not in self._tools and model(span)}
        self._agents = {
            id(span)
            for span in self._spans
            if id(span) not in self._tools and id(span) not in self._models and agent(span)
        }
        self._entries: list[_Entry] = []
        self._said: set[tuple[EventType, str | None]] = set()
        self._sessions = {key: _only(span.text(key) for span in self._spans) for key in SESSIONS}
        self._proposed = Traces(source_format)
        self._proposed.begin()
        self._told: list[Answer] = []
        self._speaking: set[int] = set()

    def events(self, wseq: int) -> list[Event]:
        calls = self._calls()
        exchanges = self._exchanges()
        # Some instrumentations number the calls of an answer themselves: ids that never meet say nothing.
        proposed = {each.id for _, talk in exchanges for message in talk.answered for each in message.calls}
        meet = any(made.id in proposed for _, made in calls if made.id)
        for span, made in calls:
            self._proposed.ran(self._name, made.tool, made.id if meet else "", given(made))
            self._call(span, made)
        for span, talk in exchanges:
            self._exchange(span, talk, proposals=True)
        answered = [span for span, talk in exchanges if talk.answered]
        self._speaking = {id(around) for span in answered for around in self._above(span)}
        for span in self._spans:
            if id(span) in self._agents:
                self._agent(span)
        used = len(self._tools) + len(self._models) + len(self._agents)
        if self._spans and len(self._spans) > used:
            self._spans[0].row.notes[OTHERS] += len(self._spans) - used
        self._proposed.settle()
        # What has no time stands after what it answers, else at the end.
        placed: list[tuple[float, _Entry | Event]] = [(_at(entry.at), entry) for entry in self._entries]
        placed += self._unanswered()
        placed.sort(key=lambda item: item[0])
        return [_made(item, wseq + place) for place, (_, item) in enumerate(placed)]

    def _above(self, span: Span) -> Iterator[Span]:
        """The spans around a span, the nearest first, as far as they are in the source."""
        seen = {span.id}
        parent = span.parent
        while parent is not None and parent not in seen and parent in self._first and len(seen) < NESTED:
            seen.add(parent)
            yield (found := self._first[parent])
            parent = found.parent

    def _role(self, span: Span) -> Span | None:
        """The nearest span around that is a call, an answer or an agent."""
        roles = (self._tools, self._models, self._agents)
        return next((each for each in self._above(span) if any(id(each) in role for role in roles)), None)

    def _calls(self) -> list[tuple[Span, Call]]:
        """The calls, each with its outermost span: those of a client and a server inside it say the same call."""
        made: dict[int, tuple[Span, Call]] = {}
        inner: list[tuple[int, Span, Span]] = []
        for span in self._spans:
            if id(span) not in self._tools:
                continue
            said = call(span, self._tools[id(span)], self._below.get(span.id, ()), self._logs.get(span.id, ()))
            made[id(span)] = (span, said)
            around = self._role(span)
            if around is not None and id(around) in self._tools:
                inner.append((sum(1 for _ in self._above(span)), span, around))
        inner.sort(key=lambda item: -item[0])  # the innermost first
        return once(made, [(span, around) for _, span, around in inner])

    def _exchanges(self) -> list[tuple[Span, Exchange]]:
        """The calls of models: what the first of the spans of a call says that says anything; and the span that ended
        first, because those around it may last until the tools are done."""
        outer: dict[int, tuple[Span, list[Span]]] = {}
        for span in self._spans:
            if id(span) not in self._models:
                continue
            top, seen = span, {id(span)}
            while (around := self._role(top)) is not None and id(around) in self._models and id(around) not in seen:
                top = around
                seen.add(id(around))
            if around is not None and id(around) in seen:  # spans that are inside of each other
                top = span
            outer.setdefault(id(top), (top, []))[1].append(span)
        made = []
        for top, spans in outer.values():
            joined = Exchange()
            for span in sorted(spans, key=lambda span: (_rank(span), span is not top)):
                found = exchange(span, self._logs.get(span.id, ()))
                joined = Exchange(joined.asked or found.asked, joined.answered or found.answered)
            if not joined.said:
                top.row.notes[NO_CONTENT] += 1
            ended = [span for span in spans if span.end is not None]
            made.append((min(ended, key=lambda span: span.end or 0, default=top), joined))
        return made

    def _maker(self, span: Span) -> Maker:
        row = span.row
        return Maker(
            row,
            self._format,
            trace_id=span.trace,
            session_id=self._session(span),
            agent=self._agent_name(span),
            parent_span_id=span.parent,
        )

    def _session(self, span: Span) -> str | None:
        around = [span, *self._above(span)]
        for key in SESSIONS:
            found = next((value for each in around if (value := each.text(key))), self._sessions[key])
            found = text(span.resource, key) if found is None else found
            if found is not None:
                return found
        return None

    def _agent_name(self, span: Span) -> str | None:
        for each in (span, *self._above(span)):
            found = each.text(*AGENT_NAMES)
            if found is None and each.attributes.get("traceloop.span.kind") == "agent":
                found = each.text("traceloop.entity.name")
            if found is None and each.attributes.get("openinference.span.kind") == "AGENT":
                found = each.name or None
            if found is not None:
                return found
        return text(span.resource, "gen_ai.agent.name") or span.row.agent

    def _ident(self, span: Span) -> tuple[str, str]:
        """What the ids of a span's events begin with, and the span's own, which another before it may have."""
        if self._first[span.id] is span:
            return digest(self._format, span.trace, span.id), span.id
        name = digest(self._format, span.trace, span.id, span.whole())
        return name, f"{span.id}-{name[:8]}"

    def _put(self, maker: Maker, span: Span, kind: EventType, at: int | None, ident: str, **columns: Any) -> None:
        name, own = self._ident(span)
        columns = {"event_id": f"{name}-{ident}", "span_id": own, "ts_ns": at, **columns}
        late = kind is EventType.TOOL_RESULT and at is not None and span.start is not None and at < span.start
        place = span.start if late else span.end if at is None else at  # a call before its result
        self._entries.append(_Entry(place, maker, kind, columns))

    def _call(self, span: Span, made: Call) -> None:
        maker, about = self._maker(span), {"tool": made.tool, "call_id": made.id or None}
        if made.note:
            span.row.notes[made.note] += 1
        args = made.arguments
        given = {
            "args": args.args,
            "args_error": args.args_error,
            "args_digest": args.digest,
            "content": maker.text(args.content),
            "fidelity": args.fidelity,
        }
        self._put(maker, span, EventType.TOOL_CALL, span.start, "call", actor_kind=ActorKind.AGENT, **given, **about)
        if span.name == spans_calls.CLAUDE:
            self._approval(span, {**about, "args_digest": args.digest})
        if not made.done:
            return
        content, fidelity = _content(maker, made.output) if made.answered else (None, Fidelity.ABSENT)
        if not made.answered and made.error is None:
            span.row.notes[NO_RESULT] += 1
        result = {"content": content, "fidelity": fidelity, "error": made.error, **about, **_SERVICE}
        status = "ok" if made.error is None else "error"
        took = self._took(span)
        self._put(maker, span, EventType.TOOL_RESULT, span.end, "result", status=status, duration_ns=took, **result)

    def _took(self, span: Span) -> int | None:
        if span.start is None or span.end is None or span.text("govern.log") == "messages":
            return None
        if span.end < span.start:
            span.row.notes[BACKWARDS] += 1
            return None
        return span.end - span.start

    def _approval(self, span: Span, about: dict[str, Any]) -> None:
        """A decision that Claude Code asked a person for. It writes the span of the wait always, also where nobody was
        asked: only a source that is a user is a person's decision."""
        for wait in self._below.get(span.id, ()):
            decision = {"accept": "approve", "reject": "deny"}.get(wait.text("decision") or "")
            source = wait.text("source") or ""
            if wait.name != f"{spans_calls.CLAUDE}.blocked_on_user" or not decision or source not in ASKED:
                continue
            maker, columns = self._maker(span), {"approval_id": f"{span.trace}/{wait.id}", **about}
            columns["span_id"] = self._ident(span)[1]
            self._put(maker, wait, EventType.APPROVAL_REQUEST, wait.start, "request", **columns, **_SERVICE)
            columns |= {"decision": decision, "reason": source, "actor_kind": ActorKind.HUMAN}
            self._put(maker, wait, EventType.APPROVAL_DECISION, wait.end, "decision", **columns)

    def _exchange(self, span: Span, made: Exchange, *, proposals: bool) -> None:
        maker = self._maker(span)
        for number, message in enumerate((*made.system(), *made.new())):
            if message.content is None:
                continue
            content, fidelity = _content(maker, message.content)
            key: tuple[EventType, str | None] = (EventType.PROMPT, f"{message.role} {content}")
            if (message.role == "system" or not proposals) and key in self._said:
                continue
            self._said.add(key)
            kind = ActorKind.SERVICE if message.role == "system" else ActorKind.HUMAN
            columns = {"content": content, "fidelity": fidelity, "actor_kind": kind, "actor": message.role}
            self._put(maker, span, EventType.PROMPT, span.start, f"prompt{number:03d}", **columns)
        late = span.start if span.end is None else span.end
        problem = span.exception() if span.exception() is not None else span.problem if span.failed else None
        if problem is not None and proposals:
            about = {"error": problem or span.text("error.type"), **_SERVICE}
            self._put(maker, span, EventType.ERROR, late, "error", **about)
        for number, message in enumerate(made.answered):
            content, fidelity = _content(maker, message.content)
            if span.attributes.get("kagent.capture.output_truncated") is True:
                fidelity = Fidelity.TRUNCATED
            key = (EventType.RESPONSE, content)
            if not proposals and (key in self._said or content is None):
                continue
            self._said.add(key)
            about = {"content": content, "fidelity": fidelity, "actor_kind": ActorKind.AGENT}
            took = self._took(span)
            self._put(maker, span, EventType.RESPONSE, late, f"response{number:03d}", duration_ns=took, **about)
        if not proposals:
            return
        self._told += [answer for each in (*made.asked, *made.answered) for answer in each.answers]
        calls = [each for message in made.answered for each in message.calls]
        if calls:
            common = {"session_id": self._session(span), "agent": self._agent_name(span), "parent_span_id": span.id}
            self._proposed.propose(span.row, span.trace, span.id, calls, ts_ns=late, **common)

    def _agent(self, span: Span) -> None:
        """What an agent was asked and answered, where no model inside it says so."""
        made = exchange(span, self._logs.get(span.id, ()))
        if not made.said:
            return
        if id(span) in self._speaking:
            return
        self._exchange(span, made, proposals=False)

    def _unanswered(self) -> list[tuple[float, Event]]:
        """Calls that were proposed and have no span; with their results, where the model was told of them."""
        events: list[tuple[float, Event]] = []
        by_id: dict[str, Answer] = {}
        by_tool: dict[str, deque[Answer]] = {}
        for answer in self._told:
            if answer.id:
                by_id[answer.id] = answer
            else:
                by_tool.setdefault(answer.tool, deque()).append(answer)
        for each in self._proposed.close(self._name, 0):
            at = _at(each.ts_ns)
            events.append((at, each))
            waiting = by_tool.get(each.tool or "")
            found = by_id.get(each.call_id) if each.call_id else waiting.popleft() if waiting else None
            if found is not None:
                self._spans[0].row.notes[NO_SPAN] += 1
                events.append((at, self._result(each, found)))
        answered = sum(event.type is EventType.TOOL_RESULT for _, event in events)
        if answered:
            notes = self._spans[0].row.notes  # one counter for the whole source
            notes[UNANSWERED] -= answered
            if not notes[UNANSWERED]:
                del notes[UNANSWERED]
        return events

    def _result(self, asked: Event, answer: Answer) -> Event:
        maker = Maker(self._spans[0].row, self._format, source_ref=asked.source_ref)
        content, fidelity = _content(maker, answer.output)
        if isinstance(answer.output, str) and answer.output in NOTHING:
            content, fidelity = None, Fidelity.ABSENT
        error = spans_calls.answered_badly(answer.output)
        maker.add(
            EventType.TOOL_RESULT,
            event_id=f"{asked.event_id}-result",
            trace_id=asked.trace_id,
            session_id=asked.session_id,
            agent=asked.agent,
            span_id=asked.span_id,
            parent_span_id=asked.parent_span_id,
            tool=asked.tool,
            call_id=asked.call_id,
            content=content,
            fidelity=fidelity,
            status="ok" if error is None else "error",
            error=error,
            **_SERVICE,
        )
        return maker.events[-1]


def _content(maker: Maker, value: Json) -> tuple[str | None, Fidelity]:
    """As `Maker.content`; but the row was read long ago, so what has no single meaning is left out, and counted."""
    try:
        return maker.content(value)
    except Unusable:
        maker.row.notes[AMBIGUOUS] += 1
        return None, Fidelity.ABSENT


def _at(time: int | None) -> float:
    return float("inf") if time is None else time


def _made(item: _Entry | Event, wseq: int) -> Event:
    if isinstance(item, Event):
        return replace(item, wseq=wseq)
    item.maker.add(item.kind, wseq=wseq, **item.columns)
    return item.maker.events[-1]


def _place(span: Span) -> tuple[bool, int, int, str, str]:
    return span.start is None, span.start or 0, -(span.end or 0), span.id, span.name


def _rank(span: Span) -> int:
    """Spans that follow OpenTelemetry's conventions say what was sent; others, what a framework made of it."""
    return 0 if "gen_ai.input.messages" in span.attributes or "gen_ai.output.messages" in span.attributes else 1


def _only(found: Iterator[str | None]) -> str | None:
    values = {value for value in found if value is not None}
    return values.pop() if len(values) == 1 else None
