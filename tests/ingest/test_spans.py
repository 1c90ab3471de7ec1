"""Spans of any format: what they give does not depend on their order, on how rows hold them, or on the format."""

from __future__ import annotations

import base64
import json
import random
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from govern.events.model import Event, EventType
from govern.ingest import Summary, read
from govern.ingest.adapter import Row
from govern.ingest.adapters import otlp
from govern.ingest.spans import nested
from govern.ingest.spans_otlp import ident
from govern.ingest.spans_traces import EARLY, Spans

HERE = Path(__file__).parent
START = 1_780_000_000_000_000_000
TRACE = "0af7651916cd43dd8448eb211c80319c"


def span(number: int, parent: int | None = None, /, **about: str) -> dict[str, Any]:
    """A span as OTLP has it, in the trace `trace`; a call of the tool `t` where no attributes say another thing."""
    trace = about.pop("trace", TRACE)
    about = about or {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "t"}
    return {
        "traceId": trace,
        "spanId": f"{number:016x}",
        **({} if parent is None else {"parentSpanId": f"{parent:016x}"}),
        "name": "s",
        "startTimeUnixNano": str(START + number),
        "endTimeUnixNano": str(START + number + 1),
        "attributes": [{"key": key, "value": {"stringValue": value}} for key, value in about.items()],
    }


def export(*spans: dict[str, Any]) -> dict[str, Any]:
    return {"resourceSpans": [{"scopeSpans": [{"spans": list(spans)}]}]}


def imported(path: Path, *rows: Any) -> tuple[list[Event], Summary]:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    summary = Summary()
    return list(summary.events(read([str(path)]))), summary


def meaning(events: list[Event]) -> list[Any]:
    """The events in their order, without where they stood."""
    return [
        (e.event_id, e.type, e.trace_id, e.span_id, e.session_id, e.agent, e.tool, e.args, e.content, e.error, e.ts_ns)
        for e in events
    ]


def singles(case: Path) -> list[dict[str, Any]]:
    """The good rows of a case, a span or a log record each."""
    made = []
    text = case.read_text()
    for row in [json.loads(text)] if case.suffix == ".json" else [json.loads(line) for line in text.splitlines()]:
        for key, scopes, items in (
            ("resourceSpans", "scopeSpans", "spans"),
            ("resourceLogs", "scopeLogs", "logRecords"),
        ):
            for resource in row.get(key, []):
                for scope in resource[scopes]:
                    made += [{key: [{**resource, scopes: [{**scope, items: [item]}]}]} for item in scope[items]]
    return made


CASES = sorted(path for path in (HERE / "otlp").glob("*/in.*") if path.parent.name not in ("hostile", "bad-parts"))


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.parent.name)
def test_order_of_rows_changes_nothing(case: Path, tmp_path: Path) -> None:
    """The same events arise, each run in the same order, from the rows of a case and from its spans in any order."""
    summary = Summary()
    whole = list(summary.events(read([str(case)])))
    rows = singles(case)
    for seed in range(5):
        random.Random(seed).shuffle(rows)
        got, _ = imported(tmp_path / "shuffled.jsonl", *rows)
        assert Counter(meaning(whole)) == Counter(meaning(got))
        for run in {event.trace_id for event in whole}:
            assert [e.ts_ns for e in whole if e.trace_id == run] == [e.ts_ns for e in got if e.trace_id == run]


def test_a_span_in_two_files_is_one_call(tmp_path: Path) -> None:
    """A trace that was exported twice, once in a file of its own, counts once."""
    rows = [export(span(1)), export(span(2), span(3))]
    for name, held in (("one.jsonl", rows), ("two.jsonl", rows[1:])):
        (tmp_path / name).write_text("".join(json.dumps(row) + "\n" for row in held))
    summary = Summary()
    events = list(summary.events(read([str(tmp_path)])))
    assert (3, 6) == (summary.totals.calls, len(events))
    assert 0 == summary.refused


@pytest.mark.parametrize("format_id", ["jaeger", "tempo"])
def test_formats_say_the_same(format_id: str, tmp_path: Path) -> None:
    """A trace gives the same calls and answers, whether it is read as OTLP or as a tracing system exports it."""
    spans = [
        span(1, **{"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "a", "session.id": "s"}),
        span(2, 1, **{"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "t", "tool_arguments": '{"n": 1}'}),
        span(3, 1, **{"gen_ai.operation.name": "chat", "gen_ai.output.messages": '[{"parts":[{"content":"hello"}]}]'}),
    ]
    for each in spans:  # whole microseconds
        each |= {"startTimeUnixNano": str(START), "endTimeUnixNano": str(START + 5000)}
    match format_id:
        case "tempo":
            for_tempo = [
                {
                    **each,
                    **{key: base64.b64encode(bytes.fromhex(each[key])).decode() for key in each if key[-2:] == "Id"},
                }
                for each in spans
            ]
            other: Any = {"batches": export(*for_tempo)["resourceSpans"]}
        case _:
            other = {"data": [{"traceID": TRACE, "spans": [as_jaeger(each) for each in spans], "processes": {}}]}
    plain = imported(tmp_path / "otlp.jsonl", export(*spans))[0]
    got = imported(tmp_path / "other.jsonl", other)[0]
    assert {format_id} == {event.source_format for event in got}
    assert 3 == len(got)
    assert [each[1:] for each in meaning(plain)] == [each[1:] for each in meaning(got)]


def as_jaeger(each: dict[str, Any]) -> dict[str, Any]:
    references = [{"refType": "CHILD_OF", "spanID": each["parentSpanId"]}] if "parentSpanId" in each else []
    return {
        "traceID": each["traceId"],
        "spanID": each["spanId"],
        "operationName": each["name"],
        "references": references,
        "startTime": int(each["startTimeUnixNano"]) // 1000,
        "duration": 5,
        "tags": [{"key": a["key"], "type": "string", "value": a["value"]["stringValue"]} for a in each["attributes"]],
    }


def test_what_waits_is_bounded() -> None:
    """Where too much waits, the trace that was silent longest is closed: its calls are not lost, and it is counted."""
    reading = Spans("otlp", otlp._parts, waiting=2_000)
    notes: Counter[str] = Counter()
    events: list[Event] = []
    for number in range(1, 101):
        raw = json.dumps(export(span(number, trace=f"{number:032x}"))).encode()
        row = Row(json.loads(raw), raw, f"{number:032x}", "f:1", "w", len(events), notes=notes)
        events += reading.events(row)
    before = len(events)
    events += reading.end()
    assert 100 == sum(event.type is EventType.TOOL_CALL for event in events)
    assert list(range(200)) == [event.wseq for event in events]
    assert 80 < notes[EARLY] < 100
    assert before == 2 * notes[EARLY]


def test_very_deep_and_very_wide_traces_are_read(tmp_path: Path) -> None:
    """A chain of thousands of calls in one another, and thousands of spans of one id, are read, each call once."""
    deep = [span(number, number - 1, **{"gen_ai.tool.name": f"t{number}"}) for number in range(1, 3001)]
    wide = [span(1, **{"trace": "1" * 32, "gen_ai.tool.name": f"t{number}"}) for number in range(3000)]
    events, summary = imported(tmp_path / "log.jsonl", export(*deep), export(*wide))
    assert (6000, 6000, 0) == (summary.totals.calls, summary.totals.results, summary.totals.unanswered)
    assert len(events) == len({event.event_id for event in events})
    assert 6000 == len({(event.trace_id, event.span_id) for event in events})


def test_a_circle_of_parents_ends(tmp_path: Path) -> None:
    """Spans that are each other's parents are read like others, also where they could be one call."""
    mcp = {"mcp.method.name": "tools/call", "gen_ai.tool.name": "t"}
    circle = [span(1, 2, **mcp), span(2, 3, **mcp), span(3, 1, **mcp)]
    apart, summary = imported(tmp_path / "apart.jsonl", export(span(1, 2), span(2, 3), span(3, 1)))
    assert (3, 6) == (summary.totals.calls, len(apart))
    one, summary = imported(tmp_path / "one.jsonl", export(*circle))
    assert (1, 2) == (summary.totals.calls, len(one))
    chat = {"gen_ai.operation.name": "chat", "gen_ai.output.messages": '[{"parts":[{"content":"hello"}]}]'}
    answers, _ = imported(tmp_path / "chat.jsonl", export(span(1, 2, **chat), span(2, 3, **chat), span(3, 2, **chat)))
    assert ["hello"] * len(answers) == [event.content for event in answers if event.type is EventType.RESPONSE]
    assert answers


def test_a_call_inside_a_call_of_the_same_tool(tmp_path: Path) -> None:
    """One library writes one span a call, so a span of the same tool inside it is another call; that of another
    library is the same call, but not where arguments or ids differ."""
    about = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "t", "gen_ai.tool.call.arguments": '{"n":1}'}
    other = {"openinference.span.kind": "TOOL", "tool.name": "t", "input.value": '{"n": 1}'}
    for inner, calls in ((about, 2), (other, 1), (other | {"input.value": '{"n": 2}'}, 2), (about | {"x": "y"}, 2)):
        _, summary = imported(tmp_path / "log.jsonl", export(span(1, **about), span(2, 1, **inner)))
        assert calls == summary.totals.calls
    ids = [{"gen_ai.tool.call.id": "a"}, {"gen_ai.tool.call.id": "a"}, {"gen_ai.tool.call.id": "b"}]
    for (first, second), calls in (((0, 1), 1), ((0, 2), 2)):
        spans = (span(1, **about, **ids[first]), span(2, 1, **about, **ids[second]))
        _, summary = imported(tmp_path / "log.jsonl", export(*spans))
        assert calls == summary.totals.calls


@pytest.mark.parametrize(
    ("about", "status", "error"),
    [
        ({}, {}, None),
        ({"gen_ai.tool.call.result": '{"error": null, "isError": false}'}, {"code": 1}, None),
        ({"gen_ai.tool.call.result": "Error: a text is no error"}, {}, None),
        ({}, {"code": 2}, ""),
        ({}, {"code": "STATUS_CODE_ERROR", "message": "gone"}, "gone"),
        ({"error.type": "KeyError"}, {}, "KeyError"),
        ({"gen_ai.tool.call.result": '{"error": "no card"}'}, {}, "no card"),
        ({"gen_ai.tool.call.result": '{"error": {"message": "no card", "code": 7}}'}, {}, "no card"),
        ({"gen_ai.tool.call.result": '{"isError": true}'}, {}, '{"isError": true}'),
    ],
)
def test_failures(about: dict[str, str], status: dict[str, Any], error: str | None, tmp_path: Path) -> None:
    """A call failed where its span's status, `error.type` or its answer says so; a text that begins so says nothing."""
    called = span(1, **{"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "t"}, **about)
    events, _ = imported(tmp_path / "log.jsonl", export(called | {"status": status}))
    (result,) = [event for event in events if event.type is EventType.TOOL_RESULT]
    assert ("ok" if error is None else "error", error) == (result.status, result.error)


def test_two_requests_are_two_calls(tmp_path: Path) -> None:
    """A tool of an MCP server that calls a tool of the same name is another call: the requests have other ids."""
    about = {"mcp.method.name": "tools/call", "gen_ai.tool.name": "t"}
    for ids, calls in ((("1", "1"), 1), (("1", "2"), 2)):
        spans = [span(n, n - 1, **about, **{"jsonrpc.request.id": own}) for n, own in enumerate(ids, 1)]
        _, summary = imported(tmp_path / "log.jsonl", export(*spans))
        assert calls == summary.totals.calls


def test_the_only_session_of_a_trace_is_that_of_its_calls(tmp_path: Path) -> None:
    """A call belongs to the session that its trace names anywhere, unless it names two."""
    other = {"gen_ai.operation.name": "chat", "gen_ai.conversation.id": "a"}
    one, _ = imported(tmp_path / "one.jsonl", export(span(1, **other), span(2)))
    assert {"a"} == {event.session_id for event in one}
    two = export(span(1, **other), span(2), span(3, **(other | {"gen_ai.conversation.id": "b"})))
    calls = [event for event in imported(tmp_path / "two.jsonl", two)[0] if event.type is EventType.TOOL_CALL]
    assert [None] == [event.session_id for event in calls]


def test_a_cut_input_is_no_input(tmp_path: Path) -> None:
    """Where Claude Code says that it cut a tool's input, the arguments are absent, also where they read as JSON."""
    about = {"tool_name": "Write", "tool_input": '[TOOL INPUT: Write]\n{"file_path": "/a"}'}
    whole, cut = span(1, **about) | {"name": "claude_code.tool"}, span(2, **about) | {"name": "claude_code.tool"}
    cut["attributes"].append({"key": "tool_input_truncated", "value": {"boolValue": True}})
    events, _ = imported(tmp_path / "log.jsonl", export(whole, cut))
    calls = [event for event in events if event.type is EventType.TOOL_CALL]
    assert [('{"file_path":"/a"}', None), (None, '{"file_path": "/a"}')] == [(e.args, e.content) for e in calls]


def decided(kind: str, at: int, **about: str) -> dict[str, Any]:
    """A log record of Claude Code, outside of a trace."""
    attributes = {"event.name": kind, "session.id": "s", "prompt.id": "p", "tool_name": "Bash", **about}
    record = {
        "timeUnixNano": str(START + at),
        "body": {"stringValue": f"claude_code.{kind}"},
        "attributes": [{"key": key, "value": {"stringValue": value}} for key, value in attributes.items()],
    }
    return {"resourceLogs": [{"scopeLogs": [{"logRecords": [record]}]}]}


def test_a_decision_with_no_result_is_a_call(tmp_path: Path) -> None:
    """A call that was decided on counts once with its result, and also where no result was logged. Without ids, what
    was accepted is counted by its result."""
    rows = [
        decided("tool_decision", 1, tool_use_id="a", decision="accept"),
        decided("tool_result", 2, tool_use_id="a", success="true"),
        decided("tool_decision", 3, tool_use_id="b", decision="accept"),
        decided("tool_decision", 4, tool_use_id="c", decision="reject"),
        decided("tool_decision", 5, decision="accept"),
        decided("tool_result", 6, success="false"),
        decided("tool_decision", 7, decision="reject"),
        export(span(8, tool_name="Bash") | {"name": "claude_code.tool"}),
    ]
    _, summary = imported(tmp_path / "log.jsonl", *rows)
    assert (6, 2, 1) == (summary.totals.calls, summary.totals.results, summary.totals.errors)


def test_arguments_may_be_an_object(tmp_path: Path) -> None:
    """An attribute that a flat span holds as an object is one value, not many attributes."""
    flat = {
        "name": "t",
        "context": {"trace_id": TRACE, "span_id": f"{1:016x}"},
        "attributes": {"openinference.span.kind": "TOOL", "input.value": {"a": {"b": 1}}},
    }
    events, _ = imported(tmp_path / "log.jsonl", flat)
    assert ['{"a":{"b":1}}'] == [event.args for event in events if event.type is EventType.TOOL_CALL]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("0AF7651916CD43DD", "0af7651916cd43dd"),
        ("0x0af7651916cd43dd", "0af7651916cd43dd"),
        ("CvdlGRbNQ90=", "0af7651916cd43dd"),
        ("0000000000000000", None),
        ("AAAAAAAAAAA=", None),
        ("", None),
        (7, None),
        ("no id!", "no id!"),
    ],
)
def test_ids(given: Any, expected: str | None) -> None:
    """Ids are hexadecimal in lower case, also where they were base64; zeros are none; others are kept."""
    assert expected == ident(given, 8)


def test_attributes_with_dots() -> None:
    """Attributes with dots are objects and lists; numbers are places of a list, in their order."""
    given = {"m.10.role": "c", "m.2.role": "b", "m.0.role": "a", "m.0.calls.0.id": "x", "n.0": "other", "m": "alone"}
    assert [{"role": "a", "calls": [{"id": "x"}]}, {"role": "b"}, {"role": "c"}] == nested(given, "m")
    assert nested(given, "absent") is None
