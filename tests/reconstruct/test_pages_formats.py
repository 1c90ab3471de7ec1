"""Chains for other programs: Timesketch, OCSF and OTLP, and what each must leave out."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from govern.events.model import Event
from govern.ingest import Summary, read
from govern.reconstruct.judge import reconstruct
from govern.report import chain_ocsf, chain_otlp, chain_timesketch

from .reading import cases, events_of
from .test_pages import SPAN, good, hostile

ROOT = Path(__file__).parents[2]
SAMPLES = sorted(ROOT.glob("samples/*/audit.jsonl"))
MODULES = [chain_timesketch, chain_ocsf, chain_otlp]


def sample(path: Path) -> dict[str, list[Event]]:
    """The traces of a sample."""
    traces: dict[str, list[Event]] = {}
    for event in Summary().events(read([str(path)])):
        traces.setdefault(event.trace_id, []).append(event)
    return traces


def calls(events: list[Event]) -> Counter[tuple[Any, ...]]:
    """Every call, with its arguments and how it ended."""
    results = {event.span_id: event for event in events if event.type == "tool_result"}
    found: Counter[tuple[Any, ...]] = Counter()
    for event in events:
        if event.type != "tool_call":
            continue
        result = results.get(event.span_id)
        failed = result is not None and (result.error is not None or result.status == "error")
        said = None if result is None else result.error if failed else result.content
        key = (event.tool, event.args, event.args_error is not None, event.call_id, event.ts_ns, result is not None)
        found[(*key, failed, said)] += 1
    return found


def prompts(events: list[Event]) -> list[str | None]:
    return [event.content for event in events if event.type == "prompt"]


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.parent.name)
def test_otlp_gives_the_same_calls_back(path: Path, tmp_path: Path) -> None:
    """What `govern import` reads from the spans of a chain are its calls: tool, input, id, result, error."""
    seen = 0
    for trace, events in sample(path).items():
        (line,) = chain_otlp.export(reconstruct(events)).lines
        file = tmp_path / f"{trace}.jsonl"
        file.write_text(line + "\n", "utf-8")
        back = list(Summary().events(read([str(file)])))
        timed = {key[:4] + key[5:]: count for key, count in calls(events).items()}
        assert timed == {key[:4] + key[5:]: count for key, count in calls(back).items()}, trace
        assert prompts(events) == prompts(back)
        assert {trace} == {event.trace_id for event in back}
        seen += sum(timed.values())
    assert seen > 50


def test_otlp_ids_are_of_the_right_length() -> None:
    """Ids that are no hexadecimal digits of the right number are digested; none comes twice."""
    (line,) = chain_otlp.export(reconstruct(good(3))).lines
    spans = json.loads(line)["resourceSpans"][0]["scopeSpans"][0]["spans"]
    assert {32} == {len(span["traceId"]) for span in spans}
    assert {16} == {len(span["spanId"]) for span in spans}
    assert len(spans) == len({span["spanId"] for span in spans})
    assert all(int(span["startTimeUnixNano"]) <= int(span["endTimeUnixNano"]) for span in spans)
    root = spans[-1]
    assert ("", "t") == (root["parentSpanId"], dict(_pairs(root["attributes"]))["govern.trace_id"])


def _pairs(attributes: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(each["key"], each["value"]["stringValue"]) for each in attributes]


def test_otlp_keeps_checks_and_gaps_as_events() -> None:
    """What the conventions have no words for is kept: the check, the request, the gap."""
    (line,) = chain_otlp.export(reconstruct(events_of(SPAN))).lines
    for name in ("govern.policy_check", "govern.approval_request", "govern.gap", "gate-did-not-hold"):
        assert f'"{name}"' in line


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__.rpartition("_")[2])
def test_what_has_no_time_is_left_out_and_counted(module: Any) -> None:
    """A format that needs times gets none that were invented."""
    bare = module.export(reconstruct([replace(event, ts_ns=None) for event in good(2)]))
    assert () == bare.lines
    assert bare.of == bare.left_out > 0
    assert "time" in bare.why
    whole = module.export(reconstruct(good(2)))
    assert 0 == whole.left_out
    events = good(2)
    made = reconstruct([*events[:-1], replace(events[-1], ts_ns=None)])
    some = module.export(made)
    timeless = sum(gap.at_ns is None for gap in made.gaps)
    expected = {chain_ocsf: 0, chain_otlp: 1, chain_timesketch: 1 + timeless}  # a call of OCSF has its proposal's time
    assert expected[module] == some.left_out
    assert not [line for line in some.lines if "1970-01-01" in line]


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__.rpartition("_")[2])
@pytest.mark.parametrize("case", [c for c in cases() if c.expect["gaps"]][::5], ids=lambda case: case.name)
def test_every_case_and_every_line(module: Any, case: Any) -> None:
    """Each line is one JSON object in ASCII, and every gap that has a time is in one."""
    made = reconstruct(case.events)
    given = module.export(made)
    for line in given.lines:
        assert line.isascii()
        assert "\n" not in line
        assert isinstance(json.loads(line), dict)
    for gap in made.gaps:
        if gap.at_ns is not None:
            assert any(gap.id in line for line in given.lines), gap.id


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__.rpartition("_")[2])
def test_hostile_text_is_data(module: Any) -> None:
    """Control characters and lone surrogates stay escapes of JSON, and the words people read show them."""
    events = [replace(event, content="\ud800 " + (event.content or "")) for event in hostile()]
    for line in module.export(reconstruct(events)).lines:
        said = json.loads(line).get("message", "")
        assert line.isascii()
        assert said.isprintable()


def test_timesketch_fields() -> None:
    """The three fields that Timesketch asks for, the microseconds, the columns, the gap in its place."""
    events = [replace(event, ts_ns=(event.ts_ns or 0) + 123_456_789) for event in events_of(SPAN)]
    rows = [json.loads(line) for line in chain_timesketch.export(reconstruct(events)).lines]
    check = next(row for row in rows if row.get("type") == "policy_check")
    assert "2023-11-14T22:13:25.123456+00:00" == check["datetime"]
    assert 1_700_000_005_123_456 == check["timestamp"]
    assert 1_700_000_005_123_456_789 == check["ts_ns"]
    assert ("check", "policy", 1, "approval", ["lead"]) == tuple(
        check[name] for name in ("timestamp_desc", "lane", "action", "verdict", "gates")
    )
    gap = next(row for row in rows if row.get("gap") == "gate-did-not-hold")
    assert "missing: an approving decision" in gap["message"]
    for row in rows:
        assert {"message", "datetime", "timestamp_desc"} <= set(row)


def test_a_shared_response_is_one_event() -> None:
    """Two calls of one answer: the answer stands in the timeline once."""
    rows = [{"is": "prompt", "content": "both"}, {"is": "response", "content": "Both at once."}]
    rows += [{"is": "tool_call", "span": "s1"}, {"is": "tool_call", "span": "s2"}]
    given = chain_timesketch.export(reconstruct(events_of(rows)))
    assert 1 == sum("Both at once." in line for line in given.lines)
    assert 0 == given.left_out


def test_ocsf_classes() -> None:
    """An action is API Activity with request, response and actor; the rest is Base Event; verdicts stay unmapped."""
    events = [replace(event, agent="desk", session_id="s1") for event in events_of(SPAN)]
    rows = [json.loads(line) for line in chain_ocsf.export(reconstruct(events)).lines]
    assert {(6003, 6), (0, 0)} == {(row["class_uid"], row["category_uid"]) for row in rows}
    for row in rows:
        assert row["type_uid"] == row["class_uid"] * 100 + row["activity_id"]
        assert ("1.3.0", "govern", "t") == (
            row["metadata"]["version"], row["metadata"]["product"]["name"], row["metadata"]["correlation_uid"],
        )  # fmt: skip
        assert isinstance(row["time"], int)
    (call,) = [row for row in rows if row["class_uid"] == 6003]
    assert ("pay", "c1", {"amount": 5}) == (
        call["api"]["operation"], call["api"]["request"]["uid"], call["api"]["request"]["data"],
    )  # fmt: skip
    assert ("desk", {"uid": "s1"}) == (call["actor"]["app_name"], call["actor"]["session"])
    assert (1, 4) == (call["status_id"], call["severity_id"])
    assert "gate-did-not-hold" in [gap["id"] for gap in call["unmapped"]["gaps"]]
    assert "approval" in [step.get("verdict") for step in call["unmapped"]["steps"]]


@pytest.mark.parametrize(
    ("rows", "status", "detail"),
    [
        ([{"is": "tool_call"}, {"is": "policy_check", "verdict": "deny", "reasons": ["never"]}], 2, "denied: never"),
        ([{"is": "tool_call"}, {"is": "policy_check", "verdict": "allow"}, {"is": "tool_start"}], 0, "no end"),
        ([{"is": "tool_call"}], 0, "not executed"),
        ([{"is": "tool_call"}, {"is": "tool_start"}, {"is": "tool_result", "status": "error", "error": "no"}], 2, "no"),
    ],
)  # fmt: skip
def test_ocsf_status(rows: list[dict[str, Any]], status: int, detail: str) -> None:
    """A denial and an error are failures; what did not end, as far as is recorded, is unknown, never a success."""
    (line,) = chain_ocsf.export(reconstruct(events_of(rows))).lines
    row = json.loads(line)
    assert status == row["status_id"]
    assert row["status_detail"].startswith(detail)
