"""Traces and spans of the OpenAI Agents SDK, as its exporters write them. See `openai_agents.md`.

Source of the format: github.com/openai/openai-agents-python (`src/agents/tracing`: `traces.py`, `spans.py`,
`span_data.py`, `processors.py`).
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from govern.events import canonical
from govern.events.canonical import Json, Malformed
from govern.events.model import ActorKind, Event, EventType, Fidelity
from govern.ingest.adapter import Aside, FormatInfo, Row, Unusable
from govern.ingest.answers import proposed
from govern.ingest.arguments import UNCAPTURED, storable
from govern.ingest.chat import Path, messages, plain
from govern.ingest.making import Maker
from govern.ingest.noted import instant
from govern.ingest.parts import part
from govern.ingest.times import iso
from govern.ingest.traced import Record, Traces, digest

INFO: Final = FormatInfo(
    id="openai_agents",
    title="OpenAI Agents SDK traces",
    carries=frozenset({"prompt", "response", "tool", "args", "output", "timing", "errors"}),
    lacks="answers of the Responses API, policy checks, approvals",
)
TRACE: Final = "trace"
SPAN: Final = "trace.span"
KEPT: Final = 100_000
"""So many traces are remembered, the latest, for the session that their spans do not repeat."""
ONLY_ID: Final = "answers of which only the id is logged"
ANOTHER: Final = "spans that are no call and no answer"


class OpenAIAgents:
    info = INFO

    def claims(self, value: Json) -> bool:
        if not isinstance(value, dict):
            return False
        if isinstance(value.get("data"), list) and value["data"]:
            return any(isinstance(each, dict) and each.get("object") in (TRACE, SPAN) for each in value["data"])
        if value.get("object") == SPAN:
            return isinstance(value.get("span_data"), dict)
        return value.get("object") == TRACE and "workflow_name" in value

    def reading(self) -> _Reading:
        return _Reading()


class _Reading:
    """One source. A span is written when it ends, so those inside it stand before it."""

    def __init__(self) -> None:
        self._traces = Traces(INFO.id)
        self._sessions: OrderedDict[str, str | None] = OrderedDict()

    def events(self, row: Row) -> Sequence[Event]:
        self._traces.begin()
        value = plain(row.value)
        batch = value.get("object") is None
        found = [(value, ())] if not batch else _batch(row, value)
        names = _agents([each for each, _ in found])
        events: list[Event] = []
        others, kind = 0, "empty batch"
        for each, path in found:
            with part(row, *path):
                made = self._one(replace(row, wseq=row.wseq + len(events)), each, path, names)
                if not made:
                    others, kind = others + 1, _kind(each)
                events += made
        if not events:
            raise Aside(kind)
        if others:
            row.notes[ANOTHER] += others
        self._traces.settle()
        events += self._traces.overflow(row.wseq + len(events))
        self._traces.written(row, len(events))
        return events

    def end(self) -> Sequence[Event]:
        return self._traces.end()

    def _one(self, row: Row, value: dict[str, Json], path: Path, names: dict[str, str]) -> list[Event]:
        if value.get("object") == TRACE:
            return self._trace(row, value)
        name, span = _name(value, "trace_id"), _name(value, "id")
        data = plain(value.get("span_data"), *path, "span_data")
        agent = names.get(span) or row.agent
        common: dict[str, Any] = {
            "trace_id": name,
            "session_id": self._sessions.get(name),
            "agent": agent,
            "span_id": span,
            "parent_span_id": _text(value, "parent_id"),
        }
        start, end = _time(row, value, "started_at"), _time(row, value, "ended_at")
        built = Record(row, INFO.id, digest(INFO.id, name, span), start, end, **common)
        problem = _problem(built, value)
        kind = data.get("type")
        if kind == "function":
            given, tool = data.get("input"), _tool(data)
            arguments = UNCAPTURED if given is None else built.arguments(given, *path, "span_data", "input")
            if given is None:
                row.notes["calls without arguments"] += 1
            output = data.get("output")
            built.tool(tool, "", arguments, output, problem, done=output is not None or end is not None)
            self._traces.ran(name, _name(data, "name"), "", arguments.args)  # an answer has no servers
        elif kind == "generation":
            output = data.get("output")
            built.answer(data.get("input"), output, problem)
            columns = {"ts_ns": end, "parent_span_id": span, "agent": agent, "session_id": common["session_id"]}
            self._traces.propose(row, name, span, proposed(output), **columns)
        elif kind == "response":
            row.notes[ONLY_ID] += 1
            said: dict[str, Any] = {"actor_kind": ActorKind.AGENT, "fidelity": Fidelity.ABSENT, "ts_ns": end}
            built.add(EventType.RESPONSE, error=problem, **said)
        elif kind == "handoff":
            to: dict[str, Any] = {"content": _text(data, "to_agent"), "fidelity": Fidelity.VERBATIM, "ts_ns": start}
            built.add(EventType.DELEGATION, actor_kind=ActorKind.AGENT, actor=_text(data, "from_agent"), **to)
        return built.events

    def _trace(self, row: Row, value: dict[str, Json]) -> list[Event]:
        name, session = _name(value, "id"), _text(value, "group_id")
        self._sessions[name] = None if session is None else storable(session)  # for rows that look plain themselves
        self._sessions.move_to_end(name)
        if len(self._sessions) > KEPT:
            self._sessions.popitem(last=False)
        about = {key: value.get(key) for key in ("workflow_name", "group_id", "metadata")}
        kept: dict[str, Any] = {"fidelity": Fidelity.RESERIALISED}
        built = Maker(row, INFO.id, trace_id=name, session_id=session, agent=row.agent)
        try:
            kept["content"] = canonical.text_of(about)
        except Malformed as problem:
            kept = {"error": built.text(f"what is said of the trace has no single meaning: {problem}")}
        built.add(EventType.SESSION_START, event_id=f"{digest(INFO.id, name)}-trace", **kept)
        return built.events


def _batch(row: Row, value: dict[str, Json]) -> list[tuple[dict[str, Json], Path]]:
    """What the SDK's exporter sends at once: `{"data": [...]}`."""
    found: list[tuple[dict[str, Json], Path]] = []
    for index, each in enumerate(messages(value.get("data"), "data")):
        with part(row, "data", index):
            found.append((plain(each, "data", index), ("data", index)))
    return found


def _agents(spans: Sequence[dict[str, Json]]) -> dict[str, str]:
    """The agent of each span, as far as the spans above it stand in the same row."""
    by_id = {each["id"]: each for each in spans if isinstance(each.get("id"), str) and each.get("object") == SPAN}
    found: dict[str, str] = {}
    for name, span in by_id.items():
        at: dict[str, Json] | None = span
        for _ in range(len(by_id)):
            data = at.get("span_data") if at is not None else None
            if isinstance(data, dict) and data.get("type") == "agent" and isinstance(data.get("name"), str):
                found[name] = data["name"]
                break
            parent = _text(at, "parent_id") if at is not None else None
            at = None if parent is None else by_id.get(parent)
            if at is None:
                break
    return found


def _tool(data: dict[str, Json]) -> str:
    """The name of a function. One of an MCP server has the server's name before it, as two may have tools alike."""
    name, mcp = _name(data, "name"), data.get("mcp_data")
    server = _text(mcp, "server") if isinstance(mcp, dict) else None
    return name if server is None else f"{server}/{name}"


def _kind(value: dict[str, Json]) -> str:
    data = value.get("span_data")
    kind = data.get("type") if isinstance(data, dict) else None
    return kind if isinstance(kind, str) and kind.isidentifier() and len(kind) < 40 else "span"


def _problem(built: Record, value: dict[str, Json]) -> str | None:
    error = value.get("error")
    if error is None:
        return None
    said = error.get("message") if isinstance(error, dict) and set(error) <= {"message", "data"} else error
    if isinstance(error, dict) and error.get("data") is not None:
        said = error
    return built.content(said)[0] or ""


def _time(row: Row, value: dict[str, Json], key: str) -> int | None:
    given = value.get(key)
    return None if given is None else instant(row, lambda: iso(given))


def _text(value: dict[str, Json], key: str) -> str | None:
    given = value.get(key)
    return given if isinstance(given, str) and given else None


def _name(value: dict[str, Json], key: str) -> str:
    given = _text(value, key)
    if given is None:
        raise Unusable(f"no `{key}`")
    return given


ADAPTER: Final = OpenAIAgents()
