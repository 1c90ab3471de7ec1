"""Logs that come in several files: what stands in two of them counts once, and what only looks alike counts twice."""

from __future__ import annotations

import json
from itertools import permutations
from pathlib import Path
from typing import Any

from govern.ingest import Summary, read
from govern.ingest.counts import FileReport

CASES = Path(__file__).parent


def totals(*paths: Path) -> FileReport:
    summary = Summary()
    for _ in summary.events(read([str(path) for path in paths])):
        pass
    assert [] == summary.refusals
    return summary.totals


def written(path: Path, rows: list[Any]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_a_subagent_in_a_file_of_its_own_counts_once(tmp_path: Path) -> None:
    """A Claude Code session and its subagent's file have each call once, in whichever order they are read."""
    case = CASES / "claude_code/a-subagent-is-read-once/in.jsonl"
    lines = [json.loads(line) for line in case.read_text().splitlines()]
    own = [line for line in lines if line.get("agentId") is not None]
    parent = written(tmp_path / "parent.jsonl", [line for line in lines if line not in own])
    subagent = written(tmp_path / "agent-a7.jsonl", own)
    for order in permutations([parent, subagent]):
        counts = totals(*order)
        assert (2, 2, 2, 0) == (counts.runs, counts.calls, counts.results, counts.unanswered)
    assert (2, 2) == (totals(parent).runs, totals(parent).calls)
    assert (1, 1) == (totals(subagent).runs, totals(subagent).calls)


def test_announcements_and_ends_of_calls_in_two_files(tmp_path: Path) -> None:
    """Two hooks that log to files of their own log one call, in whichever order the files are read."""
    call = {"session_id": "s", "tool_name": "Bash", "tool_input": {"command": "ls"}, "tool_use_id": "t1"}
    before = written(tmp_path / "pre.jsonl", [{"hook_event_name": "PreToolUse", **call}])
    after = written(tmp_path / "post.jsonl", [{"hook_event_name": "PostToolUse", **call, "tool_response": "a"}])
    for order in permutations([before, after]):
        counts = totals(*order)
        assert (1, 1, 1, 0) == (counts.runs, counts.calls, counts.results, counts.unanswered)


def test_messages_without_a_time_of_two_files_are_two(tmp_path: Path) -> None:
    """MCP messages that say the same in two files are two calls, unless a time says that they are one."""
    call = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "read", "arguments": {}}}
    other = {"jsonrpc": "2.0", "id": 2, "method": "ping"}
    first, second = written(tmp_path / "a.jsonl", [call]), written(tmp_path / "b.jsonl", [call, other])
    assert 2 == totals(first, second).calls
    copy = written(tmp_path / "copy.jsonl", [call])
    assert 1 == totals(first, copy).calls
    timed = {"timestamp": "2026-03-02T09:00:00Z", "message": call}
    first, second = written(tmp_path / "c.jsonl", [timed]), written(tmp_path / "d.jsonl", [timed, other])
    assert 1 == totals(first, second).calls


def test_a_record_that_was_delivered_twice_is_one(tmp_path: Path) -> None:
    """A CloudTrail record in a file of many and in a row of its own is one call."""
    document = CASES / "cloudtrail/a-log-file/in.json"
    records = json.loads(document.read_text())["Records"]
    rows = written(tmp_path / "rows.jsonl", records[::-1])
    assert totals(document).calls == totals(document, rows).calls == totals(rows, document).calls == totals(rows).calls
