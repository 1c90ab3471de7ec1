"""The same week as canonical lines and as OpenTelemetry spans is the same week to every report."""

from __future__ import annotations

from typing import Any

from govern.compile.sources import policies
from govern.ingest import Summary
from govern.ingest.reader import read
from govern.replay.groups import Policies
from govern.replay.run import run
from govern.replay.shadow import report
from govern.report.shadow_json import document

from .reading import SAMPLES

STORY = SAMPLES / "code-review"
ALIKE = ("verdicts", "unmapped", "by_tool", "approvals", "days", "undecidable")
OWN = {"sample_traces", "shapes"}  # chosen by event ids, which each log has of its own


def told(name: str) -> dict[str, Any]:
    judges = Policies(policies(str(STORY / "charter.yaml"), None))
    done = run([str(STORY / name)], judges)
    return document(report(done.replayed, judges), done.summary)


def test_spans_tell_the_same_week() -> None:
    """Verdicts, unmapped actions, tools, approvals and days are equal, and so are runs, calls, results and errors."""
    log, spans = told("log.jsonl"), told("otlp.jsonl")
    for key in ALIKE:
        assert without(log[key]) == without(spans[key]), key
    for key in ("runs", "calls", "results", "errors", "unanswered"):
        assert log["totals"][key] == spans["totals"][key] > 0, key
    assert {"otlp"} == {file["format"] for file in spans["files"]}


def without(value: Any) -> Any:
    match value:
        case list():
            return [without(item) for item in value]
        case dict():
            return {key: without(item) for key, item in value.items() if key not in OWN}
        case _:
            return value


def test_what_was_said_is_the_same() -> None:
    """Prompts, answers and outputs stand in both, word for word, and so do arguments and their digests."""
    found = []
    for name in ("log.jsonl", "otlp.jsonl"):
        events = list(Summary().events(read([str(STORY / name)])))
        texts = {
            (event.trace_id, str(event.type), event.content, event.args_digest, event.args_error)
            for event in events
            if str(event.type) in ("prompt", "response", "tool_call", "tool_result") and event.status != "error"
        }
        found.append(texts)
    assert found[0] == found[1]
