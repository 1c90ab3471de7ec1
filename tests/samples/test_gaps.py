"""The gaps that govern finds in the samples are the flaws that the generator made: all of them, and no other."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from govern.ingest.importing import import_logs
from govern.reconstruct import store

from .reading import SAMPLES, STORIES, incidents


@pytest.mark.parametrize("story", STORIES)
def test_gaps_are_exactly_the_incidents(story: str, tmp_path: Path) -> None:
    """By gap, trace and call, counted; so a flawless trace has none, and no flaw is found twice."""
    import_logs([str(SAMPLES / story / "audit.jsonl")], str(tmp_path), format=None, agent=None)
    found: Counter[tuple[str, str, str | None]] = Counter()
    traces = 0
    for one in store.scan(tmp_path):
        traces += 1
        assert not one.not_applicable, "an audit record can show every gap"
        for gap in one.gaps:
            call = one.chain.actions[gap.action - 1].call_id if gap.action is not None else None
            found[gap.id, one.chain.trace_id, call] += 1
    document = incidents(story)
    noted = Counter(
        (gap, one["trace_id"], one["call_id"]) for gap, listed in document["gaps"].items() for one in listed
    )
    assert noted == found
    assert document["traces"] == traces


@pytest.mark.parametrize("story", ["code-review", "data-pipeline", "scheduling", "support"])
def test_a_gate_that_failed_over_a_restart_says_so(story: str, tmp_path: Path) -> None:
    """The cause names the restart, and what became of the wait."""
    import_logs([str(SAMPLES / story / "audit.jsonl")], str(tmp_path), format=None, agent=None)
    for one in incidents(story)["gaps"]["gate-did-not-hold"]:
        gaps = [gap for gap in store.load(tmp_path, one["trace_id"]).gaps if gap.id == "gate-did-not-hold"]
        assert len(gaps) == 1
        assert "restart" in gaps[0].cause
