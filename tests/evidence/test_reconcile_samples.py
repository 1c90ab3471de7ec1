"""The samples' logs beside themselves: as a store, and as the second source that it is compared with."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.evidence.test_reconcile import WINDOW, kinds

from govern.audit import store as plain_store
from govern.events.model import Event, EventType
from govern.evidence.sources import Compared, compare, of_logs, of_store
from govern.ingest.counts import Summary
from govern.ingest.reader import read

LOGS = sorted((Path(__file__).parents[2] / "samples").glob("*/log.jsonl"))


def beside(events: list[Event], folder: Path, log: Path) -> Compared:
    plain_store.write(events, folder)
    second, summary = of_logs([str(log)])
    return compare(of_store(folder), second, summary, window_ns=WINDOW)


@pytest.mark.parametrize("log", LOGS, ids=lambda path: path.parent.name)
def test_a_log_beside_itself(log: Path, tmp_path: Path) -> None:
    """Nothing differs; each execution has its partner; and whatever action the store lacks is found, with its tool."""
    events = list(Summary().events(read([str(log)])))
    whole = beside(events, tmp_path / "whole", log)
    assert ({}, 0, 0) == (kinds(whole.result), whole.unjudged, whole.result.ambiguous)
    assert len(whole.theirs.ran) == len(whole.result.pairs) > 100
    results = [event for event in events if event.type is EventType.TOOL_RESULT]
    for number, lost in enumerate(results[:: len(results) // 2]):
        kept = [e for e in events if (e.trace_id, e.span_id) != (lost.trace_id, lost.span_id)]
        there = {event.event_id for event in kept}
        runs = [run.event_id for run in whole.theirs.ran if run.event_id not in there]
        done = beside(kept, tmp_path / f"without-{number}", log)
        assert {"never-written": len(runs)} == kinds(done.result)
        assert runs == [run.event_id for run in done.result.never_written]
