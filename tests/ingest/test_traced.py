"""Calls that stand in an answer and in the record of a tool: each once, and none is lost."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from govern.events.model import Event, EventType
from govern.ingest import FileReport, Summary, read, traced
from govern.ingest.answers import LITERAL, literal, proposed

OPENAI = {"id": "i", "function": {"name": "n", "arguments": {"x": 1}}}


def llm(number: int, *calls: tuple[str, str, Any], trace: str = "t") -> dict[str, Any]:
    made = [{"id": call_id, "name": tool, "args": arguments} for tool, call_id, arguments in calls]
    outputs = {"generations": [[{"message": {"kwargs": {"tool_calls": made}}}]]}
    return {**run(number, trace), "run_type": "llm", "name": "model", "outputs": outputs}


def tool(number: int, name: str, arguments: Any, call_id: str = "", trace: str = "t") -> dict[str, Any]:
    said: Any = {"type": "tool", "content": "ok", "tool_call_id": call_id} if call_id else "ok"
    return {**run(number, trace), "run_type": "tool", "name": name, "inputs": arguments, "outputs": {"output": said}}


def run(number: int, trace: str) -> dict[str, Any]:
    at = f"2026-01-01T00:00:{number:02d}Z"
    return {"id": f"{trace}{number}", "trace_id": trace, "start_time": at, "end_time": at}


def calls(tmp_path: Path, rows: list[dict[str, Any]]) -> tuple[list[tuple[str | None, str | None]], FileReport]:
    path = tmp_path / "log.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    summary = Summary()
    events = list(summary.events(read([str(path)])))
    assert [] == summary.refusals
    assert list(range(len(events))) == [event.wseq for event in events]
    return [(e.tool, e.args) for e in events if isinstance(e, Event) and e.type is EventType.TOOL_CALL], summary.files[
        0
    ]


@pytest.mark.parametrize(
    ("answered", "ran", "never"),
    [
        ([("a", "1", {"x": 1}), ("a", "2", {"x": 1})], [("a", {"x": 1}, "2")], ['{"x":1}']),
        ([("a", "1", {"x": 1}), ("a", "2", {"x": 2})], [("a", {"x": 2}, "")], ['{"x":1}']),
        ([("a", "1", {"x": 1}), ("a", "2", {"x": 2})], [("a", {"x": 3}, "")], ['{"x":2}']),
        ([("a", "", {"x": 1}), ("b", "", {})], [("a", {"x": 9}, "7")], ["{}"]),
        ([("a", "1", {"x": 1})], [("a", {"x": 1}, "2")], ['{"x":1}']),
        ([("a", "1", {"x": 1})], [("b", {"x": 1}, "1")], ['{"x":1}']),
        ([("a", "", {}), ("a", "", {})], [("a", {}, ""), ("a", {}, ""), ("a", {}, "")], []),
    ],
    ids=["by id", "by arguments", "by tool", "a record's own id", "other ids", "another tool", "in order"],
)
@pytest.mark.parametrize("order", [1, -1])
def test_what_ran_is_no_second_call(
    answered: list[Any], ran: list[Any], never: list[str], order: int, tmp_path: Path
) -> None:
    """A proposal is a call of its own where no record answers it, in whatever order the rows stand."""
    rows = [llm(0, *answered), *(tool(n + 1, *each) for n, each in enumerate(ran))][::order]
    found, report = calls(tmp_path, rows)
    assert sorted([*never, *(json.dumps(each[1], separators=(",", ":")) for each in ran)]) == sorted(
        a or "" for _, a in found
    )
    assert len(never) == report.notes.get(traced.UNANSWERED, 0) == report.unanswered


def test_one_answer_recorded_twice(tmp_path: Path) -> None:
    """Two records of one answer propose its calls once; the same id with other arguments is another call."""
    rows = [llm(1, ("a", "1", {"x": 1})), llm(2, ("a", "1", {"x": 1})), llm(3, ("a", "1", {"x": 2}))]
    assert [("a", '{"x":1}'), ("a", '{"x":2}')] == calls(tmp_path, rows)[0]


def test_a_trace_that_is_closed_early_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With more traces open than are held, the proposals of the oldest become calls, and later records still do."""
    monkeypatch.setattr(traced, "OPEN", 2)
    rows = [llm(1, ("a", "1", {}), trace=name) for name in "pqrs"] + [tool(2, "a", {}, trace="p")]
    found, report = calls(tmp_path, rows)
    assert (5, 4, 1) == (len(found), report.notes[traced.UNANSWERED], report.results)


@pytest.mark.parametrize(
    "answer",
    [
        {"role": "assistant", "tool_calls": [OPENAI]},
        {"choices": [{"message": {"tool_calls": [OPENAI]}}]},
        {"output": [{"type": "function_call", "call_id": "i", "name": "n", "arguments": '{"x": 1}'}]},
        [{"role": "assistant", "parts": [{"type": "tool_call", "id": "i", "name": "n", "arguments": {"x": 1}}]}],
        {"role": "assistant", "content": [{"type": "tool_use", "id": "i", "name": "n", "input": {"x": 1}}]},
        {"tool_calls": [{"name": "n", "args": {"x": 1}, "id": "i"}], "additional_kwargs": {"tool_calls": [OPENAI]}},
        {"lc": 1, "kwargs": {"additional_kwargs": {"tool_calls": [OPENAI]}}},
        {"invalid_tool_calls": [{"name": "n", "args": '{"x":1}', "id": "i"}]},
        '{"tool_calls":[{"id":"i","function":{"name":"n","arguments":"{\\"x\\":1}"}}]}',
    ],
    ids=["openai", "completion", "responses", "parts", "anthropic", "langchain", "kwargs", "invalid", "as text"],
)  # fmt: skip
def test_shapes_of_answers(answer: Any) -> None:
    """A call is found in every shape that answers are written in, once, with its id and arguments."""
    assert [("n", "i", ("n", '{"x":1}'))] == [(call.name, call.id, call.key) for call in proposed(answer)]


@pytest.mark.parametrize(
    "answer", [None, "", "[", "text", {}, {"content": "hi"}, {"tool_calls": None}, {"output": [[[[[[[[[[{}]]]]]]]]]]}]
)
def test_answers_without_calls(answer: Any) -> None:
    """An answer without calls proposes none, whatever it is."""
    assert [] == proposed(answer)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("{'q': 'ex', 'n': [1, None, True, -2.5]}", {"q": "ex", "n": [1, None, True, -2.5]}),
        ("{'q': \"it's\"}", {"q": "it's"}),
        ("{'a': 1, 'a': 2}", None),
        ("{'a': {'b': 1, 'b': 1}}", None),
        ("{1: 2}", None),
        ("{**{'a': 1}}", None),
        ("{'a': 1e999}", None),
        ("{'a': b'x'}", None),
        ("{'a': open('x')}", None),
        ("{'a': __import__('os')}", None),
        ("{'a', 'b'}", None),
        ("{'a': 1if 1 else 2}", None),
        ("{'a': " + "(" * 500 + ")" * 500 + "}", None),
        ("{'a': '" + "x" * LITERAL + "'}", None),
        ("['a']", None),
        ("turn it on", None),
    ],
)
def test_literals(text: str, value: Any, recwarn: pytest.WarningsRecorder) -> None:
    """Python's text of a plain object is read; what is more than that, or has no single meaning, is not, silently."""
    assert value == literal(text)
    assert [] == list(recwarn)
