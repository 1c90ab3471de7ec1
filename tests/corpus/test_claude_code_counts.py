"""Every Claude Code file of the corpus, against counts made by an independent reader.

Two things differ by intent. `facts.json` counts one trajectory a file, also where no line says what an agent did. And
it counts the lines of a file itself: what a subagent did stands again in the progress lines of its parent, where it is
read too, because a transcript often comes without the files of its subagents; read with them it is counted once.
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
FACTS = CORPUS / "facts.json"
ARCHIVES = ("claude_code/spotter_transcripts.tar.zst", "claude_code/claude-code-log_samples.tar.zst")
PARENTS = ("258c7280-ae70-4798-800f-63464d01a85d", "ae4a77f8-aedd-4bc1-888f-c94edc91af04")

pytestmark = [
    pytest.mark.corpus,
    pytest.mark.skipif(not FACTS.is_file(), reason=f"no corpus at {CORPUS} (set GOVERN_CORPUS)"),
]


def facts(archive: str) -> Any:
    return json.loads(FACTS.read_text())["sources"][archive]


def names() -> list[tuple[str, str]]:
    return [(archive, name) for archive in ARCHIVES for name in facts(archive)["files"]] if FACTS.is_file() else []


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A folder for each archive."""
    made = {}
    for archive in ARCHIVES:
        made[archive] = tmp_path_factory.mktemp("claude_code")
        packed = zstandard.ZstdDecompressor().stream_reader((CORPUS / archive).read_bytes()).read()
        with tarfile.open(fileobj=io.BytesIO(packed)) as members:
            members.extractall(made[archive], filter="data")
    return made


def imported(paths: list[Path]) -> tuple[list[Event], Summary]:
    summary = Summary()
    return list(summary.events(read([str(path) for path in paths]))), summary


def of(events: list[Event], kind: EventType) -> list[Event]:
    return [event for event in events if event.type is kind]


def test_there_is_something_to_compare() -> None:
    """The corpus has 8 transcripts and 58 single lines."""
    assert [8, 58] == [sum(archive == name for archive, _ in names()) for name in ARCHIVES]


@pytest.mark.parametrize(("archive", "name"), names(), ids=lambda part: part.rsplit("/", 1)[-1])
def test_counts(archive: str, name: str, unpacked: dict[str, Path]) -> None:
    """Runs, calls, results, errors, unanswered calls and calls per tool are those of `facts.json`; so are the calls
    of subagents that are repeated in progress lines; every line is an event, or an aside of its type."""
    fact = facts(archive)["files"][name]
    path = unpacked[archive] / name
    lines = [json.loads(line) for line in path.read_text().splitlines() if line.strip()]
    events, summary = imported([path])
    (report,) = summary.files
    repeated = {number for number, line in enumerate(lines, 1) if line["type"] == "progress"}
    own = [event for event in events if int(str(event.source_ref).split(":")[1]) not in repeated]

    calls, results = of(own, EventType.TOOL_CALL), of(own, EventType.TOOL_RESULT)
    errors = [event for event in results if event.status == "error"]
    answered = Counter(event.span_id for event in results)
    unanswered = [event for event in calls if not answered[event.span_id]]
    keys = ("tool_calls", "tool_results", "error_results", "calls_without_result")
    assert [fact[key] for key in keys] == [len(calls), len(results), len(errors), len(unanswered)]
    assert fact["per_tool"] == Counter(event.tool for event in calls)
    assert fact["calls_with_unparsable_arguments"] == sum(event.args_error is not None for event in calls)
    unknown = len({event.span_id for event in results} - {event.span_id for event in calls})
    assert fact["results_without_call_in_file"] == unknown
    if not unknown:
        assert fact["errors_per_tool"] == Counter(event.tool for event in errors)

    spoken = {"user", "assistant"} & set(fact["line_types"])
    assert (fact["trajectories"] if spoken else 0) == len({event.trace_id for event in own})
    nested = fact["tool_use_nested_in_progress_lines"]
    agents = {line["data"]["agentId"] for line in lines if line["type"] == "progress" and "agentId" in line["data"]}
    assert (fact["tool_calls"] + nested, len(agents)) == (report.calls, report.runs - bool(spoken))

    assert (0, "claude_code", 0) == (summary.refused, report.format, report.duplicates)
    unnamed = sum(line.get("isSidechain") is True and "agentId" not in line for line in lines)  # early versions
    assert ({"lines of a subagent that do not say of which": unnamed} if unnamed else {}) == report.notes
    gave = len({event.source_ref for event in events})
    assert (fact["lines"], fact["lines"]) == (report.rows, gave + sum(report.asides.values()))
    times = [event.ts_ns for event in events]
    assert None not in times
    assert [event.wseq for event in events] == list(range(len(events)))


@pytest.mark.parametrize("first", ["parents", "subagents"])
def test_a_subagent_counts_once(first: str, unpacked: dict[str, Path]) -> None:
    """A session with the files of its subagents has the totals of `facts.json`, in whichever order they are read."""
    archive = ARCHIVES[0]
    total = facts(archive)["total"]
    paths = sorted(unpacked[archive].rglob("*.jsonl"), key=lambda path: "subagents" in path.parts)
    events, summary = imported(paths if first == "parents" else paths[::-1])
    counts = summary.totals
    assert total["files"] == counts.runs == len(paths)
    got = (counts.calls, counts.results, counts.errors, counts.unanswered, counts.refused)
    assert (total["tool_calls"], total["tool_results"], total["error_results"], 0, 0) == got
    assert total["per_tool"] == Counter(event.tool for event in of(events, EventType.TOOL_CALL))
    assert len(events) == len({event.event_id for event in events})


def test_order_of_files_changes_no_event(unpacked: dict[str, Path]) -> None:
    """The same events arise, with the same ids and the same content, from whichever copy they are read first."""
    paths = sorted(unpacked[ARCHIVES[0]].rglob("*.jsonl"))
    meaning = [
        {(e.event_id, e.trace_id, e.span_id, e.type, e.args, e.content, e.ts_ns, e.tool) for e in imported(order)[0]}
        for order in (paths, paths[::-1])
    ]
    assert meaning[0] == meaning[1]
    assert len(meaning[0]) > 1_000


def test_packed_is_as_unpacked(unpacked: dict[str, Path]) -> None:
    """The archive itself gives the events of its members; its two texts are refused."""
    archive = ARCHIVES[0]
    packed, summary = imported([CORPUS / archive])
    loose, _ = imported(sorted(unpacked[archive].rglob("*.jsonl")))
    assert {event.event_id for event in loose} == {event.event_id for event in packed}
    assert ["LICENSE", "README.upstream.md"] == sorted(refusal.file.split("!")[1] for refusal in summary.refusals)


@pytest.mark.parametrize("parent", PARENTS)
def test_a_subagent_belongs_to_its_session(parent: str, unpacked: dict[str, Path]) -> None:
    """Parent and subagents share a session, each with a run of its own; the call that started a subagent names it."""
    folder = unpacked[ARCHIVES[0]]
    events, _ = imported([folder / f"{parent}.jsonl", *sorted((folder / parent / "subagents").glob("*.jsonl"))])
    assert {parent} == {event.session_id for event in events}
    assert 3 == len({event.trace_id for event in events})
    (delegation,) = of(events, EventType.DELEGATION)
    assert parent == delegation.trace_id
    called = [event for event in events if event.trace_id == delegation.content]
    assert of(called, EventType.TOOL_CALL)
    assert {delegation.actor} == {event.actor for event in of(called, EventType.RESPONSE)}
    (call,) = [e for e in of(events, EventType.TOOL_CALL) if e.span_id == delegation.span_id]
    assert "Task" == call.tool


def test_pairs(unpacked: dict[str, Path]) -> None:
    """Every result answers exactly one call of its own run, of its own tool, that stands before it."""
    calls: dict[tuple[str, str | None], str | None] = {}
    for event in imported(sorted(unpacked[ARCHIVES[0]].rglob("*.jsonl")))[0]:
        key = (event.trace_id, event.span_id)
        if event.type is EventType.TOOL_CALL:
            assert key not in calls
            calls[key] = event.tool
        elif event.type is EventType.TOOL_RESULT:
            assert calls.pop(key) == event.tool
    assert {} == calls
