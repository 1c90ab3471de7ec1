"""The quick way and the one judgement say the same of every store: counts, samples, causes, completeness, `n/a`."""

from __future__ import annotations

import os
import random
from collections import defaultdict
from dataclasses import replace
from pathlib import Path

import pytest

from govern.audit import store as parts
from govern.audit.read import open_events
from govern.events.model import Event, EventType, Fidelity
from govern.reconstruct import bulk, bulk_facts, bulk_shapes
from govern.reconstruct.gaps.facts import facts_of
from govern.reconstruct.gaps.registry import KINDS
from govern.reconstruct.judge import Reconstruction
from govern.reconstruct.store import load, scan
from govern.reconstruct.summary import gather

from . import wild
from .reading import cases

SEEDS = range(int(os.environ.get("GOVERN_FUZZ_BULK", "12")))


def written(events: list[Event], folder: Path) -> Path:
    parts.write(events, folder, durable=False)
    return folder


@pytest.mark.parametrize("seed", SEEDS)
def test_both_ways_say_the_same(seed: int, tmp_path: Path) -> None:
    """All of it: which gaps, how often, where, since when and why, and how complete every field is."""
    folder = written(wild.store(seed), tmp_path)
    assert gather(scan(folder)) == bulk.gaps(folder, small=0, processes=1)


@pytest.mark.parametrize("seed", SEEDS)
def test_traces_of_a_kind_are_judged_alike(seed: int, tmp_path: Path) -> None:
    """Not only the two of a kind that are judged: where one trace is whole, so is each that counts as its like."""
    folder = written(wild.store(1000 + seed, 60), tmp_path)
    made = {one.chain.trace_id: one for one in scan(folder)}
    kinds: dict[object, list[Reconstruction]] = defaultdict(list)
    with open_events(folder) as con:
        facts = bulk_facts.of_store(con, folder)
        bulk._describe(con, facts)
        for trace, *kind, shapes in con.execute(
            "SELECT trace_id, format, frame, words::VARCHAR, shapes FROM bulk_traces WHERE NOT odd"
        ).fetchall():
            kinds[*kind, tuple(shapes)].append(made[trace])
    for alike in kinds.values():
        if any(not one.gaps for one in alike):
            assert {(): len(alike)} == {one.gaps: sum(each.gaps == one.gaps for each in alike) for one in alike}
            assert 1 == len({(one.not_applicable, tuple(one.completeness.items())) for one in alike})


def test_some_traces_need_no_judging_of_their_own(tmp_path: Path) -> None:
    """The quick way is one: of whole traces none is odd, and each kind is judged twice at most."""
    events = wild.store(4, 60)
    folder = written(events, tmp_path)
    with open_events(folder) as con:
        bulk._describe(con, bulk_facts.of_store(con, folder))
        odd, every = con.execute("SELECT count(*) FILTER (odd), count(*) FROM bulk_traces").fetchone() or (0, 0)
    assert 0 < every - odd


def test_each_gap_was_thought_about() -> None:
    """A gap that the shapes do not cover makes `govern gaps` slow, never wrong; here it is told."""
    assert {kind.id for kind in KINDS} == bulk_shapes.COVERED


def test_an_unknown_gap_turns_the_quick_way_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every trace is judged where a gap is new."""
    folder = written(wild.store(3), tmp_path)
    expected = bulk.gaps(folder, small=0, processes=1)
    monkeypatch.setattr(bulk_shapes, "COVERED", frozenset())
    monkeypatch.setattr(bulk, "_describe", None)
    assert expected == bulk.gaps(folder, small=0, processes=1)


def test_several_processes_say_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where most traces are judged, several processes judge them in parts."""
    monkeypatch.setattr(bulk, "CHUNK", 7)
    folder = written(wild.store(5), tmp_path)
    assert gather(scan(folder)) == bulk.gaps(folder, small=0, processes=2)


def test_all_cases_in_one_store(tmp_path: Path) -> None:
    """The cases of every gap, as traces of one store, each many times over."""
    events = []
    for number, case in enumerate(cases()):
        for again in range(3):
            name = f"{number:03d}-{again}"
            for event in case.events:
                events.append(_renamed(event, name))
    folder = written(events, tmp_path)
    found = bulk.gaps(folder, small=0, processes=1)
    assert gather(scan(folder)) == found
    assert len(found.groups) > 10


def _renamed(event: Event, name: str) -> Event:
    return replace(
        event, trace_id=f"{name}-{event.trace_id}", event_id=f"{name}-{event.event_id}",
        writer_id=f"{event.writer_id}-{name}", approval_id=event.approval_id and f"{event.approval_id}-{name}",
    )  # fmt: skip


@pytest.mark.parametrize("seed", SEEDS)
def test_facts_of_writers(seed: int, tmp_path: Path) -> None:
    """SQL and Python say the same of what is lost and doubled; for one trace, all of it that concerns the trace."""
    events = list({event.event_id: event for event in wild.store(2000 + seed)}.values())
    folder = written(events, tmp_path)
    expected = facts_of(events)
    with open_events(folder) as con:
        assert expected == bulk_facts.of_store(con, folder)
    for made in scan(folder):
        alone = load(folder, made.chain.trace_id)
        assert [(gap.id, gap.cause, gap.events) for gap in made.gaps] == [
            (gap.id, gap.cause, gap.events) for gap in alone.gaps
        ]


PLAN = {
    "actions": 1, "kinds": ["gated"], "session": True, "loaded": True, "prompts": 1, "named": True, "answers": True,
    "starts": True, "parallel": False, "writer": "gw-1", "gate": None, "format": None, "mode": None,
    "tier": "irreversible", "fidelity": Fidelity.VERBATIM, "term": 10**12, "recorded": True,
}  # fmt: skip
AMONG_ITS_LIKE: list[tuple[str, EventType, dict[str, object]]] = [
    ("self-approval", EventType.APPROVAL_DECISION, {"actor": "Customer"}),
    ("approval-expired", EventType.APPROVAL_DECISION, {"duration_ns": 1}),
    ("approval-expired", EventType.APPROVAL_REQUEST, {"duration_ns": 1}),
    ("gate-did-not-hold", EventType.APPROVAL_REQUEST, {"reasons": ("quorum:2",)}),
    ("gate-did-not-hold", EventType.POLICY_CHECK, {"gates": ("finance",)}),
    ("policy-not-in-force", EventType.POLICY_CHECK, {"policy_digest": "sha256:q"}),
    ("orphan-span", EventType.RESPONSE, {"parent_span_id": "nowhere"}),
    ("clock-regression", EventType.TOOL_RESULT, {"recorded_ns": 1}),
    ("unchecked-execution", EventType.POLICY_CHECK, {"tool": "mail"}),
    ("retry-unexplained", EventType.TOOL_START, {"attempt": 3}),
]


@pytest.mark.parametrize(("gap", "kind", "change"), AMONG_ITS_LIKE, ids=lambda one: str(one)[:30])
def test_one_trace_among_its_like(gap: str, kind: EventType, change: dict[str, object], tmp_path: Path) -> None:
    """A trace that differs from whole ones by one value, and is not the first or last of them, is found."""
    rng = random.Random(1)
    events: list[Event] = []
    for number in range(7):
        for row in wild._trace(rng, PLAN, f"t{number:02d}", number * 10**11):
            row["ts_ns"] = wild.BASE + row.pop("at")
            row["event_id"] = f"t{number:02d}-{len(events)}"
            if row["type"] is EventType.APPROVAL_REQUEST:
                row["event_id"] = f"t{number:02d}-request"
            if row["type"] is EventType.APPROVAL_DECISION:
                row["duration_ns"] = 10**12
            # A failure that belongs to no action is none.
            events.append(Event(**row, wseq=len(events)))
        if kind is EventType.TOOL_START:  # a failure that belongs to no action makes none
            lone = replace(events[-1], type=EventType.ERROR, span_id=f"lone-{number}", status=None)
            events.append(replace(lone, event_id=f"lone-{number}", wseq=len(events)))
    assert 0 == bulk.gaps(written(events, tmp_path / "whole"), small=0, processes=1).flawed
    altered = [replace(e, **change) if e.trace_id == "t03" and e.type is kind else e for e in events]  # type: ignore[arg-type]
    folder = written(altered, tmp_path / "altered")
    found = bulk.gaps(folder, small=0, processes=1)
    assert gather(scan(folder)) == found
    assert ["t03"] == [sample.trace_id for group in found.groups if group.id == gap for sample in group.samples]
