"""Traces are found by what is in them, newest first, and counted right."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from govern.audit import store as parts
from govern.errors import EvidenceError
from govern.events.model import Event, EventType
from govern.reconstruct import bulk
from govern.reconstruct.search import Filter, search

from . import wild
from .test_command import run, valid, written

EVENTS = [replace(one, content="100% of _it_") if place % 97 == 0 else one for place, one in enumerate(wild.store(0))]


def texts(event: Event) -> str:
    return "\0".join(text for text in (event.content, event.args, event.reason, event.error) if text).lower()


BY_EVENT = [
    (Filter(tool="pay"), lambda e: e.tool == "pay"),
    (Filter(verdict="approval"), lambda e: e.type is EventType.POLICY_CHECK and e.verdict == "approval"),
    (Filter(agent="desk"), lambda e: e.agent == "desk"),
    (Filter(approver="lead-1"), lambda e: e.type is EventType.APPROVAL_DECISION and e.actor == "lead-1"),
    (Filter(text='"AMOUNT":1'), lambda e: '"amount":1' in texts(e)),
    (Filter(text="%"), lambda e: "%" in texts(e)),
    (Filter(since_ns=wild.BASE + 10**11), lambda e: e.ts_ns is not None and e.ts_ns >= wild.BASE + 10**11),
    (Filter(until_ns=wild.BASE + 10**11), lambda e: e.ts_ns is not None and e.ts_ns < wild.BASE + 10**11),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("store")
    parts.write(EVENTS, made, durable=False)
    return made


@pytest.mark.parametrize(("only", "fits"), BY_EVENT, ids=lambda one: str(one)[:40] if isinstance(one, Filter) else "")
def test_found_by_what_is_in_them(only: Filter, fits: object, folder: Path) -> None:
    """Just those traces that have a fitting event; the newest first, those with no time last."""
    assert callable(fits)
    expected = {event.trace_id for event in EVENTS if fits(event)}
    found = search(folder, only, 1000)
    times = [line.started_ns for line in found.lines]
    assert (expected, len(expected)) == ({line.trace_id for line in found.lines}, found.matching)
    assert sorted(times, key=lambda at: (at is None, -(at or 0))) == times
    assert found.lines[:3] == search(folder, only, 3).lines
    assert found.matching == search(folder, only, 3).matching


def test_found_by_a_gap(folder: Path) -> None:
    """The traces with a gap are those of `govern gaps`; other conditions narrow them down."""
    counted = {group.id: group.traces for group in bulk.gaps(folder).groups}
    assert len(counted) > 3
    for gap, traces in counted.items():
        found = search(folder, Filter(gap=gap), 1000)
        assert traces == found.matching
        assert all(gap in line.gaps for line in found.lines)
    assert search(folder, Filter(gap="sequence-gap", tool="pay"), 1).matching <= counted.get("sequence-gap", 0)


def test_several_conditions_all_hold(folder: Path) -> None:
    """Each is found somewhere in the trace, not all in one event."""
    both = search(folder, Filter(tool="pay", approver="lead-1"), 1000)
    one, other = search(folder, Filter(tool="pay"), 1000), search(folder, Filter(approver="lead-1"), 1000)
    expected = {line.trace_id for line in one.lines} & {line.trace_id for line in other.lines}
    assert expected == {line.trace_id for line in both.lines}


@pytest.mark.parametrize("only", [Filter(tool="pya"), Filter(agent="deks"), Filter(approver="lead-2")])
def test_a_word_that_is_not_there_is_refused(only: Filter, folder: Path) -> None:
    """A typo is not an empty list."""
    with pytest.raises(EvidenceError, match="in this store"):
        search(folder, only, 10)


def test_the_command(tmp_path: Path) -> None:
    """Times as days or moments, words as they stand; what cannot be is a usage error."""
    rows = [{"is": "prompt", "content": "Where is ORDER 5?"}, {"is": "tool_call", "tool": "peek"}]
    folder = written(tmp_path, rows)
    for extra in (["--text", "order 5?"], ["--since", "2023-11-14"], ["--until", "2023-11-15T00:00:00Z"],
                  ["--gap", "call-without-outcome"]):  # fmt: skip
        assert 1 == valid("traces", run("traces", "--audit", folder, "--format", "json", *extra).stdout)["matching"]
    for extra in (["--text", "order 6"], ["--since", "2023-11-15"], ["--gap", "executed-after-deny"]):
        done = run("traces", "--audit", folder, *extra)
        assert (0, "No trace matches.\n") == (done.returncode, done.stdout)
    for extra in (["--since", "yesterday"], ["--text", " "], ["--gap", "nonsense"],
                  ["--since", "2023-11-15", "--until", "2023-11-15"]):  # fmt: skip
        assert 2 == run("traces", "--audit", folder, *extra).returncode
