"""Logs of requests, each of which repeats what was said before: every call once, in the run that it belongs to."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from govern.events.model import Event, EventType
from govern.ingest import FileReport, Refusal, Summary, continued, read

USER = {"role": "user", "content": "Close the gate"}


def call(call_id: str, tool: str = "close_gate") -> dict[str, Any]:
    function = {"name": tool, "arguments": '{"gate":1}'}
    return {
        "role": "assistant",
        "content": None,
        "tool_calls": [{"id": call_id, "type": "function", "function": function}],
    }


def output(call_id: str, said: str) -> dict[str, Any]:
    return {"role": "tool", "tool_call_id": call_id, "content": said}


def exchange(asked: list[dict[str, Any]], answer: dict[str, Any] | None, number: int) -> dict[str, Any]:
    request = {"model": "m", "messages": asked}
    if answer is None:
        return {"request": request, "response": {"error": {"message": f"busy {number}"}}}
    choices = [{"index": 0, "message": answer}]
    return {"request": request, "response": {"id": f"x{number}", "object": "chat.completion", "choices": choices}}


def log(tmp_path: Path, rows: list[dict[str, Any]]) -> tuple[list[Event], FileReport]:
    path = tmp_path / "log.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    summary = Summary()
    events = list(summary.events(read([str(path)])))
    assert [] == summary.refusals
    return events, summary.files[0]


def done(events: list[Event]) -> Counter[tuple[str | None, str | None]]:
    """The results, with the tools that they belong to."""
    results = [event for event in events if event.type is EventType.TOOL_RESULT]
    calls = {(event.trace_id, event.span_id): event.tool for event in events if event.type is EventType.TOOL_CALL}
    return Counter((calls.get((event.trace_id, event.span_id)), event.content) for event in results)


def test_a_second_try_is_not_a_second_run(tmp_path: Path) -> None:
    """A request that failed, or was answered twice, adds its answers only: what it repeats is in the run already."""
    told = [USER, call("a"), output("a", "shut")]
    rows = [
        exchange([USER], call("a"), 1),
        exchange(told, None, 2),
        exchange(told, None, 3),
        exchange(told, call("b", "lock"), 4),
        exchange(told, call("c", "lock"), 5),
        exchange([*told, call("c", "lock"), output("c", "locked")], {"role": "assistant", "content": "Done"}, 6),
    ]
    events, report = log(tmp_path, rows)
    assert (1, 3, 2) == (report.runs, report.calls, report.results)
    assert Counter({("close_gate", "shut"): 1, ("lock", "locked"): 1}) == done(events)
    assert 2 == sum(event.type is EventType.ERROR for event in events)
    assert {} == report.notes


def test_runs_that_begin_alike_stay_apart(tmp_path: Path) -> None:
    """Two runs that begin word for word alike, and take turns, are two runs, each with its own calls."""
    start = [USER, {"role": "assistant", "content": "Which one?"}]
    rows = [
        exchange([USER], start[1], 1),
        exchange([USER], start[1], 2),
        exchange([*start, {"role": "user", "content": "the north one"}], call("", "north"), 3),
        exchange([*start, {"role": "user", "content": "the north one"}], call("", "south"), 4),
    ]
    events, report = log(tmp_path, rows)
    assert (2, 2) == (report.runs, report.calls)
    assert {1} == set(Counter(event.trace_id for event in events if event.type is EventType.TOOL_CALL).values())


def test_same_request_without_ids_is_another_run(tmp_path: Path) -> None:
    """The same question asked again later is a run of its own: an agent's calls are not dropped for looking alike."""
    events, report = log(tmp_path, [exchange([USER], call(""), 1), exchange([USER], call(""), 2)])
    assert (2, 2) == (report.runs, report.calls)
    assert 2 == len({event.span_id for event in events if event.type is EventType.TOOL_CALL})


def test_what_is_forgotten_is_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """So many ends are remembered; a row that goes on from an older one is read whole, and counted."""
    monkeypatch.setattr(continued, "REMEMBERED", 1)
    rows = [exchange([USER], call("a"), 1), exchange([{"role": "user", "content": "Other"}], call("b"), 2)]
    rows.append(exchange([USER, call("a"), output("a", "shut")], {"role": "assistant", "content": "Done"}, 3))
    _, report = log(tmp_path, rows)
    assert (3, 3) == (report.runs, report.calls)
    assert {"requests that repeat what no row before them says": 1} == report.notes


def test_one_message_a_row_has_an_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A conversation of one message a row is held in memory, and so has a limit; what is over it is refused."""
    monkeypatch.setattr(continued, "LONGEST", 3)
    path = tmp_path / "log.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in [USER, call("a"), output("a", "shut"), USER, USER]))
    items = list(read([str(path)]))
    assert [4, 5] == [item.line for item in items if isinstance(item, Refusal)]
    assert 4 == sum(isinstance(item, Event) for item in items)


def test_a_message_a_row_beside_whole_conversations(tmp_path: Path) -> None:
    """Messages on their own are one conversation up to a row that holds a whole one; the writer's numbers go on."""
    events, report = log(tmp_path, [USER, call("a"), {"messages": [USER, call("b")]}, output("c", "late"), USER])
    assert (3, 2, 1) == (report.runs, report.calls, report.results)
    assert list(range(len(events))) == [event.wseq for event in events]
