"""Every OTLP file of the corpus, against counts made by an independent reader and against the truth published with it.

Two things differ by intent, both in what a call is. `facts.json` counts the spans `execute_tool (merged)`, which ADK
writes over the answers of parallel calls: each of these calls has a span of its own, so they are no calls here. And
the truth beside `claude_native_2turn` says that no tool was called, because its extractor does not know the spans of
Claude Code itself; the nine spans `claude_code.tool` in it are nine calls.
"""

from __future__ import annotations

import io
import json
import os
import tarfile
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import zstandard

from govern.events.model import Event, EventType
from govern.ingest import Summary, read

ROOT = Path(__file__).parents[2]
CORPUS = Path(os.environ.get("GOVERN_CORPUS") or ROOT.parent / "shared" / "corpus")
ARCHIVE = "otlp/agentevals_otlp.tar.zst"
FACTS = CORPUS / "facts.json"
MERGED = "(merged tools)"
CLAUDE = "kagent/v1.0.0-alpha9/claude_native_2turn.json"
LINES = ("adk_py/v1_event_stable/S2.json", "adk_py/v2_span_only/S5.json", "adk_py/v2_default/S3.json", CLAUDE)

pytestmark = [
    pytest.mark.corpus,
    pytest.mark.skipif(not FACTS.is_file(), reason=f"no corpus at {CORPUS} (set GOVERN_CORPUS)"),
]


def facts() -> dict[str, Any]:
    made: dict[str, Any] = json.loads(FACTS.read_text())["sources"][ARCHIVE]["files"] if FACTS.is_file() else {}
    return made


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of the archive."""
    made = tmp_path_factory.mktemp("otlp")
    packed = zstandard.ZstdDecompressor().stream_reader((CORPUS / ARCHIVE).read_bytes()).read()
    with tarfile.open(fileobj=io.BytesIO(packed)) as members:
        members.extractall(made, filter="data")
    return made


def imported(*paths: Path) -> tuple[list[Event], Summary]:
    summary = Summary()
    return list(summary.events(read([str(path) for path in paths]))), summary


def of(events: list[Event], kind: EventType) -> list[Event]:
    return [event for event in events if event.type is kind]


def turns(events: list[Event]) -> list[list[Event]]:
    """The events of each run, the runs by their first event; a turn of the truth is a trace."""
    runs: dict[str, list[Event]] = {}
    for event in events:
        runs.setdefault(event.trace_id, []).append(event)
    return sorted(runs.values(), key=lambda run: min(event.ts_ns or 0 for event in run))


def meaning(events: list[Event]) -> set[Any]:
    return {
        (e.event_id, e.type, e.trace_id, e.span_id, e.session_id, e.agent, e.tool, e.args, e.content, e.error, e.ts_ns)
        for e in events
    }


def test_there_is_something_to_compare() -> None:
    """The corpus has 42 files, in which there are 67 spans of tools and 52 published calls."""
    found = facts().values()
    assert 42 == len(found)
    assert (67, 52) == (
        sum(each["tool_spans"] for each in found),
        sum(each["published_truth"]["tool_calls"] for each in found),
    )


@pytest.mark.parametrize("name", facts())
def test_counts(name: str, folder: Path) -> None:
    """Runs, calls, calls per tool and errors are those of `facts.json` without the merged spans; every call has its
    result, after it in time; nothing is refused, nothing is lost."""
    fact = facts()[name]
    events, summary = imported(folder / name)
    (report,) = summary.files
    calls, results = of(events, EventType.TOOL_CALL), of(events, EventType.TOOL_RESULT)
    merged = fact["tool_spans_by_name"].get(MERGED, 0)
    expected = {tool: count for tool, count in fact["tool_spans_by_name"].items() if tool != MERGED}
    assert (fact["traces"], fact["tool_spans"] - merged) == (report.runs, len(calls))
    assert expected == Counter(event.tool for event in calls)
    # The span of Claude Code's tool says nothing of an error; the span of its execution, inside it, does.
    failed = fact["error_spans"] if name == CLAUDE else fact["tool_spans_with_error"]
    assert failed == sum(event.status == "error" for event in results) == report.errors
    assert ("otlp", 1, 0, 0, 0) == (report.format, report.rows, summary.refused, report.unanswered, report.duplicates)
    assert [event.span_id for event in calls] == list(dict.fromkeys(event.span_id for event in calls))
    ended = {event.span_id: event.ts_ns for event in results}
    assert all(event.ts_ns is not None and event.ts_ns <= (ended[event.span_id] or 0) for event in calls)
    times = [event.ts_ns for event in events]
    assert None not in times
    assert times == sorted(time for time in times if time is not None)
    assert [event.wseq for event in events] == list(range(len(events)))
    assert len(events) == len({event.event_id for event in events})


def unwrapped(value: Any) -> Any:
    """A result as the truth compares it: as JSON where it is JSON, without ADK's `{"result": X}`."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            return value
    return value["result"] if isinstance(value, dict) and set(value) == {"result"} else value


@pytest.mark.parametrize("name", facts())
def test_published_truth(name: str, folder: Path) -> None:
    """Turn by turn: tools in their order with arguments, results and errors, what the user said, what the agents
    answered, which agents worked, and in which session, are those of the file's truth."""
    truth = json.loads((folder / name.replace(".json", ".truth.json")).read_text())
    events, _ = imported(folder / name)
    runs = turns(events)
    assert len(truth["turns"]) == len(runs)
    for turn, run in zip(truth["turns"], runs, strict=True):
        calls, results = of(run, EventType.TOOL_CALL), of(run, EventType.TOOL_RESULT)
        if name == CLAUDE:
            assert [] == turn["tool_calls"]
            assert calls
        else:
            by_span = {event.span_id: event for event in results}
            got = [
                {
                    "name": call.tool,
                    "args": json.loads(call.args or "null"),
                    "result": unwrapped(by_span[call.span_id].content),
                    "is_error": by_span[call.span_id].status == "error",
                }
                for call in calls
            ]
            expected = [{**each, "result": unwrapped(each["result"])} for each in turn["tool_calls"]]
            assert [{key: each[key] for key in ("name", "args", "result", "is_error")} for each in expected] == got
        said = [event.content for event in of(run, EventType.PROMPT) if event.actor == "user"]
        assert turn["user_text"] == said[0]
        answers = [event.content for event in of(run, EventType.RESPONSE) if event.content is not None]
        final = turn["final_text"]
        assert final is None or final == answers[-1]
        assert set(turn["intermediate_texts"]) <= set(answers)
        assert set(turn["agents"]) == {event.agent for event in run}
    if "session_key" in truth:
        assert {truth["session_key"]["value"]} == {event.session_id for event in events}


def spread(document: dict[str, Any], reverse: bool) -> str:
    """The document as a collector's file exporter may write it: a line for each span, a line for each log record."""
    lines = []
    for key, scopes, items in (("resourceLogs", "scopeLogs", "logRecords"), ("resourceSpans", "scopeSpans", "spans")):
        for resource in document.get(key, []):
            for scope in resource[scopes]:
                for item in scope[items]:
                    one = {**resource, scopes: [{**scope, items: [item]}]}
                    lines.append(json.dumps({key: [one]}))
    if reverse:
        lines.reverse()
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("name", LINES)
def test_spread_over_lines(name: str, folder: Path, tmp_path: Path) -> None:
    """The same events arise from one document as from its spans and log records line by line, whichever come first."""
    document = json.loads((folder / name).read_text())
    whole, _ = imported(folder / name)
    forwards, backwards = tmp_path / "forwards.jsonl", tmp_path / "backwards.jsonl"
    forwards.write_text(spread(document, reverse=False))
    backwards.write_text(spread(document, reverse=True))
    assert meaning(whole) == meaning(imported(forwards)[0])
    assert meaning(whole) == meaning(imported(backwards)[0])


def test_one_import_of_all(folder: Path) -> None:
    """All files at once give the sum, and once more, spread over lines, nothing new."""
    paths = [folder / name for name in facts()]
    again = folder / "again.jsonl"
    again.write_text(spread(json.loads(paths[-1].read_text()), reverse=False))
    events, summary = imported(*paths, again)
    counts = summary.totals
    assert (67 - 6, 0) == (counts.calls, counts.refused)
    assert len(events) == len({event.event_id for event in events})
    assert 0 == summary.files[-1].events
    assert 9 == sum(
        event.trace_id in {e.trace_id for e in imported(again)[0]} for event in of(events, EventType.TOOL_CALL)
    )
