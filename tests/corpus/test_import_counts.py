"""Every AgentDojo and tau-bench file of the corpus, against counts made by an independent reader."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from govern.events.model import EventType
from govern.ingest import Summary, read

ROOT = Path(__file__).parents[2]
CORPUS = Path(os.environ.get("GOVERN_CORPUS") or ROOT.parent / "shared" / "corpus")
FACTS = CORPUS / "facts.json"

pytestmark = [
    pytest.mark.corpus,
    pytest.mark.skipif(not FACTS.is_file(), reason=f"no corpus at {CORPUS} (set GOVERN_CORPUS)"),
]


def sources(counted: bool) -> list[str]:
    if not FACTS.is_file():
        return []
    facts: dict[str, Any] = json.loads(FACTS.read_text())["sources"]
    formats = ("agentdojo/", "taubench/")
    return [name for name, fact in facts.items() if name.startswith(formats) and ("trajectories" in fact) == counted]


def test_there_is_something_to_compare() -> None:
    """The corpus has three AgentDojo and two tau-bench files with counts, and two that must be refused."""
    assert (5, 2) == (len(sources(True)), len(sources(False)))


@pytest.mark.parametrize("name", sources(True))
def test_counts(name: str) -> None:
    """Runs, calls, results, errors, unanswered calls and calls per tool are those of `facts.json`."""
    fact = json.loads(FACTS.read_text())["sources"][name]
    summary = Summary()
    events = list(summary.events(read([str(CORPUS / name)])))
    (report,) = summary.files
    keys = ("trajectories", "tool_calls", "tool_results", "error_results", "calls_without_result")
    got = (report.runs, report.calls, report.results, report.errors, report.unanswered)
    assert tuple(fact[key] for key in keys) == got
    assert (0, name.split("/")[0]) == (summary.refused, report.format)
    assert report.rows == report.runs + report.headers + report.duplicates
    calls = [event for event in events if event.type is EventType.TOOL_CALL]
    per_tool = {tool: sum(call.tool == tool for call in calls) for tool in {call.tool for call in calls}}
    assert fact["per_tool"] == per_tool
    assert fact["calls_with_unparsable_arguments"] == sum(call.args_error is not None for call in calls)
    errors = [event.tool for event in events if event.type is EventType.TOOL_RESULT and event.status == "error"]
    assert fact["errors_per_tool"] == {tool: errors.count(tool) for tool in set(errors)}
    nulls = [call for call in calls if call.args and None in json.loads(call.args).values()]
    assert fact["calls_with_a_null_argument_value"] == len(nulls)
    assert [event.wseq for event in events] == list(range(len(events)))
    assert len(events) == len({event.event_id for event in events})


@pytest.mark.parametrize("name", sources(True))
def test_pairs(name: str) -> None:
    """Every result answers exactly one call of its own run, of its own tool, that stands before it."""
    calls: dict[tuple[str, str | None], str | None] = {}
    for event in Summary().events(read([str(CORPUS / name)])):
        key = (event.trace_id, event.span_id)
        if event.type is EventType.TOOL_CALL:
            assert key not in calls
            calls[key] = event.tool
        elif event.type is EventType.TOOL_RESULT:
            assert calls.pop(key) == event.tool


@pytest.mark.parametrize("name", sources(False))
def test_flat_text_is_refused(name: str) -> None:
    """Dialogues without tool names and arguments are no log: refused with the reason."""
    summary = Summary()
    assert [] == list(summary.events(read([str(CORPUS / name)])))
    assert (1, 1) == (summary.refused, summary.whole)
    assert "no known log format: a row has the keys `messages_display`" in summary.refusals[0].reason
