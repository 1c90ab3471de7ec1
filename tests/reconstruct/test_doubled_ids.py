"""An id that somebody used again hides nothing: every event is told, whatever order they are read in."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path

from govern.audit import store
from govern.events.model import Event, EventType
from govern.reconstruct.build import build, distinct
from govern.reconstruct.bulk import gaps
from govern.reconstruct.store import load, scan
from govern.reconstruct.summary import gather

PAID = Event(
    event_id="e1", trace_id="trace-1", type=EventType.TOOL_CALL, writer_id="w1", wseq=0, ts_ns=1, span_id="s1",
    tool="wire_money", args='{"amount":1000000}',
)  # fmt: skip
HIDES = Event(event_id="e1", trace_id="trace-1", type=EventType.POLICY_LOADED, writer_id="w2", wseq=0, ts_ns=2)
OTHER = replace(HIDES, type=EventType.SESSION_START, wseq=1)


def test_events_of_one_id_that_differ_are_all_there_in_any_order() -> None:
    """The payment stays an action, and the same chain comes out however the events were read."""
    chains = {build(order) for order in itertools.permutations([PAID, HIDES, OTHER])}
    (chain,) = chains
    assert 3 == len(chain.events)
    assert ["wire_money"] == [action.tool for action in chain.actions]
    assert {"e1", "e1#2", "e1#3"} == {event.event_id for event in chain.events}


def test_the_same_event_read_twice_is_one() -> None:
    """Also where another file or another import wrote it."""
    assert [PAID] == distinct([PAID, replace(PAID, writer_id="w9", wseq=7, source_ref="x:1"), PAID])


def test_a_new_name_is_no_other_events_name() -> None:
    """An event that is really called so keeps its name."""
    taken = replace(OTHER, event_id="e1#2")
    assert {"e1", "e1#2", "e1#3"} == {event.event_id for event in distinct([PAID, HIDES, taken])}


def test_a_store_with_a_used_id_shows_the_action(tmp_path: Path) -> None:
    """One trace by itself, and the scan of all of them."""
    store.write([PAID], tmp_path)
    (tmp_path / "events/dt=1970-01-01").mkdir(exist_ok=True)
    other = tmp_path / "other"
    store.write([HIDES], other)
    for part in other.glob("events/dt=*/*.parquet"):
        part.rename(tmp_path / "events/dt=1970-01-01" / part.name)
    made = load(tmp_path, "trace-1")
    assert ["wire_money"] == [action.tool for action in made.chain.actions]
    assert 2 == len(made.chain.events)
    assert 1 == gaps(tmp_path).actions
    assert gather(scan(tmp_path)) == gaps(tmp_path, small=0, processes=1)
