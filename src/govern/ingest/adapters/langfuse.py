"""Langfuse traces and observations, as its API, its pages and its exports write them. See `langfuse.md`.

Sources of the format: langfuse.com/docs (API reference, blob storage export field reference), the API definition in
github.com/langfuse/langfuse (`fern/apis`), and the traces of frameworks published there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import Any, Final

from govern.events import canonical
from govern.events.canonical import Json, Malformed
from govern.events.model import Event, EventType, Fidelity
from govern.ingest.adapter import Aside, FormatInfo, Row, Unusable
from govern.ingest.answers import literal, opened, proposed
from govern.ingest.arguments import UNCAPTURED, Arguments, from_value
from govern.ingest.chat import Path, messages, plain, text
from govern.ingest.making import Maker
from govern.ingest.noted import instant
from govern.ingest.parts import part
from govern.ingest.times import iso
from govern.ingest.traced import Record, Traces, digest

INFO: Final = FormatInfo(
    id="langfuse",
    title="Langfuse traces and observations",
    carries=frozenset({"prompt", "response", "tool", "args", "output", "timing", "errors"}),
    lacks="policy checks, approvals",
)
TYPES: Final = frozenset(
    {"SPAN", "GENERATION", "EVENT", "AGENT", "TOOL", "CHAIN", "RETRIEVER", "EVALUATOR", "EMBEDDING", "GUARDRAIL"}
)
NOT_JSON: Final = "arguments that are no JSON, and not read"
ANOTHER: Final = "observations that are no call and no answer"
_TOOL_NAMES: Final = ("gen_ai.tool.name", "tool.name", "tool_name")


class Langfuse:
    info = INFO

    def claims(self, value: Json) -> bool:
        if not isinstance(value, dict):
            return False
        if isinstance(value.get("data"), list) and isinstance(value.get("meta"), dict):
            return any(map(self.claims, value["data"]))
        if isinstance(value.get("observations"), list):
            return isinstance(value.get("trace"), dict) or _is_trace(value)
        return _is_observation(value) or _is_trace(value) or _is_score(value)

    def reading(self) -> _Reading:
        return _Reading()


def _is_observation(value: dict[str, Json]) -> bool:
    kind = value.get("type")
    return isinstance(kind, str) and kind in TYPES and bool(_get(value, "traceId")) and _has(value, "startTime")


def _is_trace(value: dict[str, Json]) -> bool:
    return {"id", "timestamp"} <= set(value) and ("htmlPath" in value or {"bookmarked", "public"} <= set(value))


def _is_score(value: dict[str, Json]) -> bool:
    return _has(value, "dataType") and _has(value, "traceId") and "source" in value


@cache
def _snake(key: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in key)


def _get(value: dict[str, Json], key: str) -> Json:
    """A field, as the API (`traceId`) or the export to a store (`trace_id`) names it."""
    return value.get(key, value.get(_snake(key)))


def _has(value: dict[str, Json], key: str) -> bool:
    return key in value or _snake(key) in value


class _Reading:
    """One source. Whole traces are read at once; observations that stand alone, in the order of their rows."""

    def __init__(self) -> None:
        self._traces = Traces(INFO.id)

    def events(self, row: Row) -> Sequence[Event]:
        self._traces.begin()
        events: list[Event] = []
        aside, others = "", 0
        for value, whole, path in _parts(row, plain(row.value), ()):
            with part(row, *path):
                made = self._part(replace(row, wseq=row.wseq + len(events)), value, whole, path)
                if not made:
                    aside = text(value["type"]).lower() if _is_observation(value) else "score"
                    others += 1
                events += made
        if not events:
            raise Aside(aside or "empty page")
        if others:
            row.notes[ANOTHER] += others
        self._traces.settle()
        events += self._traces.overflow(row.wseq + len(events))
        self._traces.written(row, len(events))
        return events

    def end(self) -> Sequence[Event]:
        return self._traces.end()

    def _part(self, row: Row, value: dict[str, Json], observations: list[Json] | None, path: Path) -> list[Event]:
        """The events of a trace with its observations, or of one thing alone; none where it holds no call."""
        if observations is None:
            if _is_observation(value):
                return self._observation(row, value, None, None, path)
            if _is_trace(value):
                return _trace(row, value)
            if not _is_score(value):
                raise Unusable("no trace and no score, nor an observation with `type`, `traceId` and `startTime`")
            return []
        name = _name(value, "id")
        events = _trace(row, value)
        found: list[tuple[dict[str, Json], Path]] = []
        for index, given in enumerate(observations):
            at: Path = (*path, "observations", index)
            with part(row, *at):
                found.append((plain(given, *at), at))
        above = {each["id"]: each for each, _ in found if isinstance(each.get("id"), str)}
        for each, at in found:
            with part(row, *at):
                if not _is_observation(each):
                    raise Unusable("an observation without `type`, `traceId` or `startTime`")
                here = replace(row, wseq=row.wseq + len(events))
                made = self._observation(here, each, _agent(each, above), value, at)
                if not made:
                    row.notes[ANOTHER] += 1
                events += made
        self._traces.settle()
        return events + self._traces.close(name, row.wseq + len(events))

    def _observation(
        self, row: Row, value: dict[str, Json], agent: str | None, trace: dict[str, Json] | None, path: Path
    ) -> list[Event]:
        name, span = _name(value, "traceId"), _name(value, "id")
        common: dict[str, Any] = {
            "trace_id": name,
            "session_id": _text(trace if trace is not None else value, "sessionId"),
            "agent": agent or row.agent,
            "span_id": span,
            "parent_span_id": _text(value, "parentObservationId"),
        }
        start, end = _time(row, value, "startTime"), _time(row, value, "endTime")
        built = Record(row, INFO.id, digest(INFO.id, name, span), start, end, **common)
        output, problem = value.get("output"), _problem(value)
        if value["type"] == "GENERATION":
            built.answer(value.get("input"), output, problem)
            columns = {
                "ts_ns": end,
                "parent_span_id": span,
                "agent": common["agent"],
                "session_id": common["session_id"],
            }
            self._traces.propose(row, name, span, proposed(output), **columns)
        elif (tool := _tool(value)) is not None:
            said = opened(output)
            message = said if isinstance(said, dict) and said.get("type") == "tool" else {}  # LangChain's
            given = message.get("tool_call_id") or _attribute(value, "gen_ai.tool.call.id")
            call_id = given if isinstance(given, str) else ""
            if problem is None and message.get("status") == "error":
                problem = built.content(message.get("content"))[0] or ""
            arguments = _arguments(built, value, (*path, "input"))
            done = output is not None or problem is not None or end is not None
            built.tool(tool, call_id, arguments, message.get("content", output), problem, done=done)
            self._traces.ran(name, tool, call_id, arguments.args)
        return built.events


_Part = tuple[dict[str, Json], list[Json] | None, Path]
"""A trace with its observations, or one thing alone; and where that stands."""


def _parts(row: Row, value: dict[str, Json], path: Path) -> list[_Part]:
    """What a row holds.

    Raises:
        Unusable: what stands at `path` cannot be read.
    """
    made: list[_Part] = []
    if isinstance(value.get("data"), list) and isinstance(value.get("meta"), dict):
        for index, item in enumerate(value["data"]):
            at: Path = (*path, "data", index)
            with part(row, *at):
                made += _parts(row, plain(item, *at), at)
        return made
    if isinstance(value.get("trace"), dict):
        found = messages(value.get("observations"), *path, "observations")
        return [(plain(value["trace"], *path, "trace"), found, path)]
    given = messages(value.get("observations") or [], *path, "observations")
    if any(isinstance(each, dict) for each in given):
        return [(value, given, path)]
    return [(value, None, path)]  # a list of traces names the ids of their observations only


def _trace(row: Row, value: dict[str, Json]) -> list[Event]:
    """The trace itself. What changes when it is looked at again (scores, costs, times of storing) is left out."""
    name = _name(value, "id")
    about = {
        key: _get(value, key) for key in ("name", "userId", "release", "version", "environment", "tags", "metadata")
    }
    built = Maker(row, INFO.id, trace_id=name, session_id=_text(value, "sessionId"))
    kept: dict[str, Any] = {"fidelity": Fidelity.RESERIALISED}
    try:
        kept["content"] = canonical.text_of(about)
    except Malformed as problem:
        kept = {
            "error": built.text(f"what is said of the trace has no single meaning: {problem}"),
            "fidelity": Fidelity.ABSENT,
        }
    at = _time(row, value, "timestamp")
    built.add(EventType.SESSION_START, event_id=f"{digest(INFO.id, name)}-trace", agent=row.agent, ts_ns=at, **kept)
    return built.events


def _tool(value: dict[str, Json]) -> str | None:
    """The tool whose call an observation records; None where it records something else."""
    named = next((name for key in _TOOL_NAMES if isinstance(name := _attribute(value, key), str) and name), None)
    if value["type"] == "TOOL":
        return named or _name(value, "name")
    if value["type"] != "SPAN":
        return None
    said = opened(value.get("output"))
    if isinstance(said, dict) and said.get("type") == "tool" and "tool_call_id" in said:  # LangChain's handler
        name = said.get("name")
        return name if isinstance(name, str) and name else _name(value, "name")
    if (
        _attribute(value, "openinference.span.kind") == "TOOL"
        or _attribute(value, "gen_ai.operation.name") == "execute_tool"
    ):
        return named or _name(value, "name")
    return named if _attribute(value, "gen_ai.operation.name") is None else None


def _arguments(built: Maker, value: dict[str, Json], path: Path) -> Arguments:
    """With what the tool was called: the input, or what LangChain's handler keeps beside its text of it."""
    given = value.get("input")
    about = opened(value.get("metadata"))
    if isinstance(about, dict) and isinstance(about.get("inputs"), dict) and isinstance(given, str):
        return from_value(about["inputs"])
    if given is None:
        path = ()
        found = _attribute(value, "gen_ai.tool.call.arguments", "tool_arguments")
        given = found if found is not None else given
    if given is None:
        built.row.notes["calls without arguments"] += 1
        return UNCAPTURED
    if isinstance(given, str) and not isinstance(opened(given), dict | list):
        read = literal(given)
        if read is not None:
            return from_value(read)
        built.row.notes[NOT_JSON] += 1
        return replace(UNCAPTURED, content=given)
    return built.arguments(given, *path)


def _agent(value: dict[str, Json], above: dict[str, dict[str, Json]]) -> str | None:
    """The name of the nearest observation above, or the observation itself, that is an agent."""
    for _ in range(len(above) + 1):
        if value.get("type") == "AGENT":
            return _text(value, "name")
        parent = _text(value, "parentObservationId")
        if parent is None or parent not in above:
            return None
        value = above[parent]
    return None


def _attribute(value: dict[str, Json], *keys: str) -> Json:
    """An attribute of the span that the observation was made from."""
    about = opened(value.get("metadata"))
    attributes = opened(about.get("attributes")) if isinstance(about, dict) else None
    found = attributes if isinstance(attributes, dict) else {}
    return next((found[key] for key in keys if key in found), None)


def _problem(value: dict[str, Json]) -> str | None:
    if value.get("level") != "ERROR":
        return None
    said = _get(value, "statusMessage")
    return said if isinstance(said, str) else ""


def _time(row: Row, value: dict[str, Json], key: str) -> int | None:
    """A time; the export to a store writes UTC without saying so, as its documentation does."""
    given = _get(value, key)
    return None if given is None else instant(row, lambda: iso(given, naive_utc=True))


def _text(value: dict[str, Json], key: str) -> str | None:
    """A text that is not empty."""
    given = _get(value, key)
    return given if isinstance(given, str) and given else None


def _name(value: dict[str, Json], key: str) -> str:
    given = _get(value, key)
    if not isinstance(given, str) or not given:
        raise Unusable(f"no `{key}`")
    return given


ADAPTER: Final = Langfuse()
