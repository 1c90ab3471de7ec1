"""LangSmith runs, one a row or nested in one another. See `langsmith.md`.

Sources of the format: docs.langchain.com (run data format, threads), github.com/langchain-ai/langsmith-sdk.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from govern.events import canonical
from govern.events.canonical import Json, Malformed
from govern.events.model import Event, EventType, Fidelity
from govern.ingest.adapter import Aside, FormatInfo, Row, Unusable
from govern.ingest.answers import literal, opened, proposed
from govern.ingest.arguments import UNCAPTURED, Arguments, from_value
from govern.ingest.chat import Path, messages, plain, text
from govern.ingest.noted import instant
from govern.ingest.parts import part
from govern.ingest.times import iso
from govern.ingest.traced import Record, Traces, digest

INFO: Final = FormatInfo(
    id="langsmith",
    title="LangSmith runs",
    carries=frozenset({"prompt", "response", "tool", "args", "output", "timing", "errors"}),
    lacks="policy checks, approvals",
)
TYPES: Final = ("tool", "chain", "llm", "retriever", "embedding", "prompt", "parser")
TELLS: Final = frozenset({"trace_id", "dotted_order", "start_time", "child_runs", "session_id", "parent_run_id"})
"""A run has one of these beside its type."""
THREAD: Final = ("session_id", "thread_id", "conversation_id")
"""Keys of a run's metadata that name its thread. The field `session_id` is another thing: the project."""
ANOTHER: Final = "runs that are no call and no answer"


class LangSmith:
    info = INFO

    def claims(self, value: Json) -> bool:
        if not isinstance(value, dict):
            return False
        if isinstance(value.get("runs"), list):
            return any(map(self.claims, value["runs"]))
        return value.get("run_type") in TYPES and bool(TELLS & set(value))

    def reading(self) -> _Reading:
        return _Reading()


class _Reading:
    """One source; answers wait for the tool runs of their trace, which may stand in any later row."""

    def __init__(self) -> None:
        self._traces = Traces(INFO.id)

    def events(self, row: Row) -> Sequence[Event]:
        self._traces.begin()
        events: list[Event] = []
        others, kind = 0, "empty page"
        for run, trace, path in _runs(row):
            with part(row, *path):
                made = self._run(replace(row, wseq=row.wseq + len(events)), run, trace, path)
                if not made:
                    others, kind = others + 1, text(run.get("run_type"), *path, "run_type")
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

    def _run(self, row: Row, run: dict[str, Json], trace: str | None, path: Path) -> list[Event]:
        kind, span = run.get("run_type"), _name(run, "id")
        name = _text(run, "trace_id") or trace or span
        parent = _text(run, "parent_run_id")
        metadata = _inside(run, "extra", "metadata")
        session = next((found for key in THREAD if (found := _text(metadata, key))), None)
        common: dict[str, Any] = {
            "trace_id": name, "session_id": session, "agent": row.agent, "span_id": span, "parent_span_id": parent,
        }  # fmt: skip
        start, end = _time(row, run, "start_time"), _time(row, run, "end_time")
        built = Record(row, INFO.id, digest(INFO.id, name, span), start, end, **common)
        problem = _text(run, "error")
        inputs, outputs = opened(run.get("inputs")), opened(run.get("outputs"))
        if kind == "tool":
            output, call_id, failed = _output(built, outputs)
            problem = failed if problem is None else problem
            arguments = _arguments(built, inputs, (*path, "inputs") if inputs is run.get("inputs") else ())
            done = bool(outputs) or problem is not None or end is not None
            tool = _name(run, "name")
            built.tool(tool, call_id, arguments, output, problem, done=done)
            self._traces.ran(name, tool, call_id, arguments.args)
        elif kind == "llm":
            built.answer(inputs, outputs or None, problem)
            columns = {"ts_ns": end, "parent_span_id": span, "agent": row.agent, "session_id": session}
            self._traces.propose(row, name, span, proposed(outputs), **columns)
        elif parent is None and kind == "chain":
            _start(built, run, start)
        return built.events


def _runs(row: Row) -> list[tuple[dict[str, Json], str | None, Path]]:
    """The runs of a row: a page of the API, or a run with those inside it. With each its trace, where an outer one
    says it, and where it stands."""
    found: list[tuple[dict[str, Json], str | None, Path]] = []
    waiting: list[tuple[Json, str | None, Path]] = [(row.value, None, ())]
    while waiting:
        item, trace, path = waiting.pop()
        with part(row, *path):
            run, key = plain(item, *path), "child_runs"
            if isinstance(run.get("runs"), list) and "run_type" not in run:
                key = "runs"
            else:
                found.append((run, trace, path))
                trace = _text(run, "trace_id") or trace or _text(run, "id")
            inner = messages(run.get(key) or [], *path, key)
            waiting += [(each, trace, (*path, key, index)) for index, each in reversed(list(enumerate(inner)))]
    return found


def _start(built: Record, run: dict[str, Json], at: int | None) -> None:
    """The outermost run of a trace."""
    about = {"name": run.get("name"), "tags": run.get("tags"), "metadata": _inside(run, "extra", "metadata")}
    kept: dict[str, Any] = {"fidelity": Fidelity.RESERIALISED}
    try:
        kept["content"] = canonical.text_of(about)
    except Malformed as problem:
        kept = {"error": built.text(f"what is said of the run has no single meaning: {problem}")}
    built.add(EventType.SESSION_START, ts_ns=at, **kept)


def _arguments(built: Record, inputs: Json, path: Path) -> Arguments:
    """The inputs. LangChain's tracer keeps those of its tools as one text, Python's or JSON's, under `input`."""
    if inputs is None:
        built.row.notes["calls without arguments"] += 1
        return UNCAPTURED
    if isinstance(inputs, dict) and set(inputs) == {"input"}:
        given = inputs["input"]
        if isinstance(given, dict):
            return built.arguments(given, *path, "input") if path else built.arguments(given)
        if isinstance(given, str):
            read = literal(given)
            if read is not None:
                return from_value(read)
            if isinstance(opened(given), dict):
                return built.arguments(given)
    return built.arguments(inputs, *path)


def _output(built: Record, outputs: Json) -> tuple[Json, str, str | None]:
    """What the tool answered, the id of the call where it says it, and what failed where it says so."""
    output = outputs["output"] if isinstance(outputs, dict) and set(outputs) == {"output"} else outputs
    if isinstance(output, dict) and isinstance(output.get("kwargs"), dict):  # as LangChain serialises its messages
        output = output["kwargs"]
    if not isinstance(output, dict) or not isinstance(call_id := output.get("tool_call_id"), str):
        return output, "", None
    said = output.get("content")
    failed = output.get("status") == "error"
    return said, call_id, (built.content(said)[0] or "") if failed else None


def _inside(value: dict[str, Json], *keys: str) -> dict[str, Json]:
    at: Json = value
    for key in keys:
        at = opened(at.get(key)) if isinstance(at, dict) else None
    return at if isinstance(at, dict) else {}


def _time(row: Row, run: dict[str, Json], key: str) -> int | None:
    """A time; one without a zone is UTC, as the same instant in `dotted_order` says."""
    given = run.get(key)
    return None if given is None else instant(row, lambda: iso(given, naive_utc=True))


def _text(value: dict[str, Json], key: str) -> str | None:
    given = value.get(key)
    return given if isinstance(given, str) and given else None


def _name(value: dict[str, Json], key: str) -> str:
    given = _text(value, key)
    if given is None:
        raise Unusable(f"a run without `{key}`")
    return given


ADAPTER: Final = LangSmith()
