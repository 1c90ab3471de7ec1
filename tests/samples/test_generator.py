"""The samples are what their generator makes, and what is said about them is true."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from datetime import datetime
from itertools import pairwise
from pathlib import Path

import pytest

from govern.events.canonical import digest, load, text_of
from govern.events.model import COLUMNS, EventType

from .reading import ROOT, SAMPLES, STORIES, Row, by_call, flaws, incidents, rows

LOGS = [(story, name) for story in STORIES for name in ("log.jsonl", "audit.jsonl")]


def _generate(folder: Path, hash_seed: str) -> dict[str, bytes]:
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
    command = [sys.executable, str(SAMPLES / "generate.py"), "--out", str(folder)]
    subprocess.run(command, check=True, capture_output=True, env=environment, cwd=ROOT)
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_committed_files_are_what_the_generator_writes_every_time(tmp_path: Path) -> None:
    """Two runs with different hash seeds give the committed bytes (else: `python samples/generate.py`)."""
    first = _generate(tmp_path / "first", "1")
    second = _generate(tmp_path / "second", "2")
    assert len(STORIES) * 3 + 1 == len(first)  # code-review has its log as spans too
    assert first == second
    stale = [name for name, content in first.items() if (SAMPLES / name).read_bytes() != content]
    assert stale == []


@pytest.mark.parametrize("story", STORIES)
def test_incidents_are_exactly_the_flaws_of_the_audit_record(story: str) -> None:
    """An independent reader finds every noted flaw in the record, and no other."""
    noted = {
        gap: {(one["trace_id"], one["call_id"]) for one in found} for gap, found in incidents(story)["gaps"].items()
    }
    assert noted == flaws(story)


@pytest.mark.parametrize("story", STORIES)
def test_incidents_count_the_traces(story: str) -> None:
    document = incidents(story)
    flawed = {one["trace_id"] for found in document["gaps"].values() for one in found}
    assert document["traces"] == len({row["trace_id"] for row in rows(story, "audit.jsonl")})
    assert document["flawed_traces"] == len(flawed)
    assert 0 < document["flawed_traces"] < document["traces"]


def test_first_gaps_and_flawless_traces_are_all_there() -> None:
    """Each of the first five gaps stands in at least two stories; most traces of `support` are flawless."""
    seen = Counter(gap for story in STORIES for gap in incidents(story)["gaps"])
    first = ("result-without-call", "call-without-outcome", "unchecked-execution", "gate-did-not-hold",
             "approval-disconnected")  # fmt: skip
    assert [gap for gap in first if seen[gap] < 2] == []
    support = incidents("support")
    assert set(first) == set(support["gaps"])
    assert support["flawed_traces"] * 4 < support["traces"]


@pytest.mark.parametrize(("story", "name"), LOGS)
def test_rows_are_canonical_events_in_order(story: str, name: str) -> None:
    """Known columns only, canonical text, contiguous numbers per writer, no id twice, time never goes back."""
    known = {*COLUMNS, "ts", "args_text"} - {"ts_ns", "args_error"}
    text = (SAMPLES / story / name).read_text("utf-8")
    numbers: Counter[str] = Counter()
    ids, latest = set(), ""
    for line in text.splitlines():
        row = load(line)
        assert line == text_of(row)
        assert set() == set(row) - known
        EventType(row["type"])
        assert numbers[row["writer_id"]] == row["wseq"]
        numbers[row["writer_id"]] += 1
        assert latest <= row["ts"]
        latest = row["ts"]
        ids.add(row["event_id"])
    assert sum(numbers.values()) == len(ids)
    assert 60_000 <= len(text.encode()) <= 400_000


@pytest.mark.parametrize("story", STORIES)
def test_digests_are_of_the_arguments(story: str) -> None:
    """A check, a start and a request carry the digest of the arguments that their call proposed."""
    compared = 0
    for steps in by_call(rows(story, "audit.jsonl")).values():
        proposed = next((digest(text_of(s["args"])) for s in steps if s["type"] == "tool_call" and "args" in s), None)
        for step in steps:
            if step["type"] in ("policy_check", "tool_start", "approval_request"):
                assert proposed == step.get("args_digest")
                compared += 1
    assert compared > 100


@pytest.mark.parametrize("story", STORIES)
def test_the_agents_log_and_the_audit_record_tell_of_the_same_calls(story: str) -> None:
    """Same runs, same proposals with the same arguments; the agent's own log has nothing of the boundary."""

    def proposals(name: str) -> set[tuple[str, ...]]:
        return {
            (row["trace_id"], row["call_id"], row["tool"], row.get("args_text") or text_of(row["args"]))
            for row in rows(story, name)
            if row["type"] == "tool_call"
        }

    assert proposals("audit.jsonl") == proposals("log.jsonl")
    own = {"session_start", "session_end", "prompt", "response", "tool_call", "tool_result"}
    assert own == {row["type"] for row in rows(story, "log.jsonl")}


@pytest.mark.parametrize("story", STORIES)
def test_runs_begin_in_office_hours_of_one_week(story: str) -> None:
    starts = [datetime.fromisoformat(r["ts"]) for r in rows(story, "audit.jsonl") if r["type"] == "session_start"]
    assert {16, 17, 18, 19, 20} == {start.day for start in starts}
    assert {(2026, 11)} == {(start.year, start.month) for start in starts}
    assert all(8 <= start.hour < 18 for start in starts)
    assert len(starts) >= 24


def _mess(found: list[Row]) -> dict[str, bool]:
    calls = by_call(found)
    spans = [(s[0]["trace_id"], s[0]["ts"], s[-1]["ts"]) for s in calls.values()]
    runs = {row["trace_id"]: row["ts"] for row in found if row["type"] == "session_end"}
    starts = sorted((row["ts"], runs[row["trace_id"]]) for row in found if row["type"] == "session_start")
    return {
        "parallel": any(a[0] == b[0] and a[1] < b[1] < a[2] for a, b in pairwise(spans)),
        "overlap": any(a[1] > b[0] for a, b in pairwise(starts)),
        "error": any(row.get("status") == "error" for row in found if row["type"] == "tool_result"),
        "retry": any(row["type"] == "retry" for row in found),
        "malformed": sum("args_text" in row for row in found) == 1,
        "null": any(None in row["args"].values() for row in found if "args" in row),
        "declined": {"approve", "deny", "expired"} == {row["decision"] for row in found if "decision" in row},
        "escalated": any(row["type"] == "escalation" for row in found),
    }


@pytest.mark.parametrize("story", STORIES)
def test_the_mess_of_real_records_is_in_every_story(story: str) -> None:
    absent = [kind for kind, there in _mess(rows(story, "audit.jsonl")).items() if not there]
    assert absent == []


@pytest.mark.parametrize("story", ["code-review", "data-pipeline", "scheduling", "support"])
def test_a_restart_breaks_one_wait_and_the_new_writer_says_so(story: str) -> None:
    """In every trace whose gate failed, another writer goes on, and loads the policy before the call runs."""
    for one in incidents(story)["gaps"]["gate-did-not-hold"]:
        trace = [row for row in rows(story, "audit.jsonl") if row["trace_id"] == one["trace_id"]]
        call = [row for row in trace if row.get("call_id") == one["call_id"]]
        asked = next(row for row in call if row["type"] == "approval_request")
        began = next(row for row in call if row["type"] == "tool_start")
        assert f"{asked['writer_id']}-r2" == began["writer_id"]
        loaded = [
            row["ts"] for row in trace if row["type"] == "policy_loaded" and asked["ts"] < row["ts"] < began["ts"]
        ]
        assert len(loaded) == 1
