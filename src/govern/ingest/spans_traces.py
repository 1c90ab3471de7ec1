"""Which events the spans of a trace give: calls once each, prompts and responses once each, in the order of time.

Spans come in any order, children before parents, and one trace may be spread over many rows. So spans wait until their
source ends, or until too much waits; which events arise does not depend on how they were spread.

Leaves out: how a format writes spans (`spans_otlp`, `adapters`), what one span means (`spans_calls`, `spans_answers`).
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from govern.events.canonical import Json
from govern.events.model import ActorKind, Event, EventType, Fidelity
from govern.ingest import spans_calls
from govern.ingest.adapter import Row, Unusable
from govern.ingest.answers import meaning
from govern.ingest.making import Maker
from govern.ingest.spans import NOTHING, Log, Part, Parts, Said, Span, text
from govern.ingest.spans_answers import Answer, Exchange, agent, exchange, model
from govern.ingest.spans_calls import NO_RESULT, Call, call, tool
from govern.ingest.traced import UNANSWERED, Traces, digest

WAITING: Final = 64 * 1024 * 1024
"""Bytes of source text whose spans wait; above it the traces that were silent longest are closed."""
OTHERS: Final = "spans that are no call and no answer"
TWICE: Final = "spans that stand twice"
SAME_CALL: Final = "spans inside a call's span that say the same call"
EARLY: Final = "traces closed before the end of the source, because too many were open"
NO_CONTENT: Final = "model calls without content"
NO_SPAN: Final = "calls without a span of their own"
AMBIGUOUS: Final = "contents that have no single meaning"
LOOSE: Final = "log records outside of a trace"
BACKWARDS: Final = "spans that end before they begin"
SESSIONS: Final = (
    "gen_ai.conversation.id",
    "gcp.vertex.agent.session_id",
    "session.id",
    "traceloop.association.properties.session_id",
    "ai.telemetry.metadata.sessionId",
    "langfuse.session.id",
)
_SERVICE: Final[dict[str, Any]] = {"actor_kind": ActorKind.SERVICE}


@dataclass(slots=True)
class _Trace:
    spans: dict[str, Span] = field(default_factory=dict)
    again: list[Span] = field(default_factory=list)
    logs: dict[str, list[Said]] = field(default_factory=dict)
    weight: int = 0


@dataclass(slots=True)
class _Entry:
    """An event that waits for its place in the trace."""

    at: int | None
    maker: Maker
    kind: EventType
    columns: dict[str, Any]


class Spans:
    """One source of spans: a `Reading`.

    Args:
        source_format: the adapter's id.
        parts: gives the spans and log records of a row; raises as `Reading.events` does.
        waiting: as `WAITING`.
    """

    def __init__(self, source_format: str, parts: Parts, waiting: int = WAITING) -> None:
        self._format = source_format
        self._parts = parts
        self._limit = waiting
        self._open: OrderedDict[str, _Trace] = OrderedDict()
        self._weight = 0
        self._next = 0

    def events(self, row: Row) -> Sequence[Event]:
        found = self._parts(row)
        share = len(row.raw) // max(len(found), 1) + 1
        for part in found:
            if part.trace is None:
                row.notes[LOOSE] += 1
                continue
            held = self._open.setdefault(part.trace, _Trace())
            self._open.move_to_end(part.trace)
            held.weight += share
            self._weight += share
            _keep(held, part)
        made: list[Event] = []
        while self._weight > self._limit and len(self._open) > 1:
            row.notes[EARLY] += 1
            made += self._close(next(iter(self._open)), row.wseq + len(made))
        self._next = row.wseq + len(made)
        return made

    def end(self) -> Sequence[Event]:
        made: list[Event] = []
        for name in list(self._open):
            made += self._close(name, self._next + len(made))
        return made

    def _close(self, name: str, wseq: int) -> list[Event]:
        held = self._open.pop(name)
        self._weight -= held.weight
        return _Closing(self._format, name, held).events(wseq)


def _keep(held: _Trace, part: Part) -> None:
    if isinstance(part, Log):
        held.logs.setdefault(part.span or "", []).append(part.said)
        return
    known = held.spans.setdefault(part.id, part)
    if known is part:
        return
    if known == part or part in held.again:
        part.row.notes[TWICE] += 1
    else:
        held.again.append(part)  # some systems give the two sides of a request one id


class _Closing:
    """A trace whose spans are all there."""

    def __init__(self, source_format: str, name: str, held: _Trace) -> None:
        self._format, self._name, self._held = source_format, name, held
        # In the order of time, so that nothing depends on the order in which they came.
        self._spans = sorted([*held.spans.values(), *held.again], key=_place)
        self._first: dict[str, Span] = {}
        for span in self._spans:
            self._first.setdefault(span.id, span)
        for said in held.logs.values():
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
        self._told: list[tuple[Answer, Span]] = []

    def events(self, wseq: int) -> list[Event]:
        calls = self._calls()
        exchanges = self._exchanges()
        # Some instrumentations number the calls of an answer themselves: ids that never meet say nothing.
        proposed = {each.id for _, talk in exchanges for message in talk.answered for each in message.calls}
        meet = any(made.id in proposed for _, made in calls if made.id)
        for span, made in calls:
            self._proposed.ran(self._name, made.tool, made.id if meet else "", _given(made))
            self._call(span, made)
        for span, talk in exchanges:
            self._exchange(span, talk, proposals=True)
        for span in self._spans:
            if id(span) in self._agents:
                self._agent(span)
        used = len(self._tools) + len(self._models) + len(self._agents)
        if self._spans and len(self._spans) > used:
            self._spans[0].row.notes[OTHERS] += len(self._spans) - used
        if all(entry.at is not None for entry in self._entries):
            self._entries.sort(key=lambda entry: entry.at or 0)
        events = []
        for place, entry in enumerate(self._entries):
            entry.maker.add(entry.kind, wseq=wseq + place, **entry.columns)
            events.append(entry.maker.events[-1])
        self._proposed.settle()
        return events + self._unanswered(wseq + len(events))

    def _above(self, span: Span) -> Iterator[Span]:
        """The spans around a span, the nearest first, as far as they are in the source."""
        seen = {span.id}
        parent = span.parent
        while parent is not None and parent not in seen and parent in self._first:
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
        inner: list[tuple[Span, Call, Span]] = []
        for span in self._spans:
            if id(span) not in self._tools:
                continue
            said = call(span, self._tools[id(span)], self._below.get(span.id, ()), self._held.logs.get(span.id, ()))
            around = self._role(span)
            made[id(span)] = (span, said)
            if around is not None and id(around) in self._tools:
                inner.append((span, said, around))
        depth = {id(span): sum(1 for _ in self._above(span)) for span, _, _ in inner}
        for span, said, around in sorted(inner, key=lambda item: -depth[id(item[0])]):
            said = made[id(span)][1]  # with what its own inner spans say
            outer = made[id(around)][1]
            if _same(outer, said):
                made[id(around)] = (around, _joined(outer, said))
                del made[id(span)]
                span.row.notes[SAME_CALL] += 1
        return list(made.values())

    def _exchanges(self) -> list[tuple[Span, Exchange]]:
        """The calls of models: what the first of the spans of a call says that says anything; and the span that ended
        first, because those around it may last until the tools are done."""
        outer: dict[int, tuple[Span, list[Span]]] = {}
        for span in self._spans:
            if id(span) not in self._models:
                continue
            top = span
            while (around := self._role(top)) is not None and id(around) in self._models:
                top = around
            outer.setdefault(id(top), (top, []))[1].append(span)
        made = []
        for top, spans in outer.values():
            joined = Exchange()
            for span in sorted(spans, key=lambda span: (_rank(span), span is not top)):
                found = exchange(span, self._held.logs.get(span.id, ()))
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
            found = each.text("gen_ai.agent.name", "agent.name")
            if found is None and each.attributes.get("openinference.span.kind") == "AGENT":
                found = each.name or None
            if found is None and each.attributes.get("traceloop.span.kind") == "agent":
                found = each.text("traceloop.entity.name")
            if found is not None:
                return found
        return text(span.resource, "gen_ai.agent.name") or span.row.agent

    def _ident(self, span: Span, kind: object) -> str:
        again = self._first[span.id] is not span
        name = digest(self._format, span.trace, span.id, repr((span.name, span.start)) if again else "")
        return f"{name}-{kind}"

    def _put(self, maker: Maker, span: Span, kind: EventType, at: int | None, ident: object, **columns: Any) -> None:
        columns = {"event_id": self._ident(span, ident), "span_id": span.id, "ts_ns": at, **columns}
        self._entries.append(_Entry(at, maker, kind, columns))

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
            self._approval(span, about)
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
        if span.start is None or span.end is None:
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
            if wait.name != f"{spans_calls.CLAUDE}.blocked_on_user" or not decision or not source.startswith("user_"):
                continue
            maker, columns = self._maker(span), {"approval_id": f"{span.trace}/{wait.id}", **about}
            columns["span_id"] = span.id
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
        self._told += [(answer, span) for each in (*made.asked, *made.answered) for answer in each.answers]
        calls = [each for message in made.answered for each in message.calls]
        if calls:
            common = {"session_id": self._session(span), "agent": self._agent_name(span), "parent_span_id": span.id}
            self._proposed.propose(span.row, span.trace, span.id, calls, ts_ns=late, **common)

    def _agent(self, span: Span) -> None:
        """What an agent was asked and answered, where no model inside it says so."""
        made = exchange(span, self._held.logs.get(span.id, ()))
        if not made.said:
            return
        inside = {each.id for each in self._spans if id(each) in self._models and span in self._above(each)}
        if any(entry.kind is EventType.RESPONSE and entry.columns["span_id"] in inside for entry in self._entries):
            return
        self._exchange(span, made, proposals=False)

    def _unanswered(self, wseq: int) -> list[Event]:
        """Calls that were proposed and have no span; with their results, where the model was told of them."""
        events: list[Event] = []
        by_id: dict[str, deque[tuple[Answer, Span]]] = {}
        by_tool: dict[str, deque[tuple[Answer, Span]]] = {}
        for told in self._told:
            place = by_id.setdefault(told[0].id, deque()) if told[0].id else by_tool.setdefault(told[0].tool, deque())
            place.append(told)
        for each in self._proposed.close(self._name, wseq):
            events.append(replace(each, wseq=wseq + len(events)))
            waiting = by_id.get(each.call_id or "") or (None if each.call_id else by_tool.get(each.tool or ""))
            if not waiting:
                continue
            answer, span = waiting[0] if each.call_id else waiting.popleft()
            span.row.notes[UNANSWERED] -= 1
            span.row.notes[NO_SPAN] += 1
            events.append(self._result(each, answer, span, wseq + len(events)))
        for row in {id(span.row): span.row for span in self._spans}.values():
            if row.notes.get(UNANSWERED) == 0:
                del row.notes[UNANSWERED]
        return events

    def _result(self, asked: Event, answer: Answer, span: Span, wseq: int) -> Event:
        maker = self._maker(span)
        content, fidelity = _content(maker, answer.output)
        if isinstance(answer.output, str) and answer.output in NOTHING:
            content, fidelity = None, Fidelity.ABSENT
        error = spans_calls.answered_badly(answer.output)
        maker.add(
            EventType.TOOL_RESULT,
            event_id=f"{asked.event_id}-result",
            wseq=wseq,
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


def _place(span: Span) -> tuple[bool, int, int, str, str]:
    return span.start is None, span.start or 0, -(span.end or 0), span.id, span.name


def _rank(span: Span) -> int:
    """Spans that follow OpenTelemetry's conventions say what was sent; others, what a framework made of it."""
    return 0 if "gen_ai.input.messages" in span.attributes or "gen_ai.output.messages" in span.attributes else 1


def _only(found: Iterator[str | None]) -> str | None:
    values = {value for value in found if value is not None}
    return values.pop() if len(values) == 1 else None


def _given(made: Call) -> Json:
    return made.arguments.args if made.arguments.args is not None else made.arguments.content


def _same(outer: Call, inner: Call) -> bool:
    """Whether an inner span says the call of the outer one again: nothing that both say differs."""
    names = outer.tool == inner.tool or outer.tool.endswith(tuple(mark + inner.tool for mark in "_./:"))
    ids = not outer.id or not inner.id or outer.id == inner.id
    one, other = _given(outer), _given(inner)
    return names and ids and (one is None or other is None or meaning(one) == meaning(other))


def _joined(outer: Call, inner: Call) -> Call:
    """One call of two spans: what the outer one does not say, the inner one may."""
    missing = outer.arguments.args is None and outer.arguments.args_error is None
    return replace(
        outer,
        id=outer.id or inner.id,
        arguments=inner.arguments if missing else outer.arguments,
        note=inner.note if missing else outer.note,
        output=outer.output if outer.answered else inner.output,
        answered=outer.answered or inner.answered,
        error=inner.error if outer.error is None else outer.error,
    )
