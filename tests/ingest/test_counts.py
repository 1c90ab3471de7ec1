"""Counting calls, results and what is unanswered, also over several files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from govern.events.model import ActorKind, Event, EventType
from govern.ingest import formats, read
from govern.ingest.adapter import Unusable
from govern.ingest.adapters.canonical import Canonical
from govern.ingest.counts import FileReport, Summary, Tally
from govern.ingest.identity import Identities, Met
from govern.ingest.source import Refusal


def event(kind: EventType, number: int = 0, **columns: Any) -> Event:
    given: dict[str, Any] = {"event_id": f"e{number}", "trace_id": "t", "writer_id": "w", "wseq": number}
    return Event(type=kind, **(given | columns))


CALL, RESULT = EventType.TOOL_CALL, EventType.TOOL_RESULT


def test_results_answer_by_span_then_id_then_tool() -> None:
    """A call id that comes again is another call; a result that no call explains answers nothing."""
    tally = Tally()
    tally.add([event(CALL, call_id="c"), event(RESULT, call_id="c"), event(CALL, call_id="c")])
    tally.add([event(RESULT, span_id="elsewhere"), event(CALL, tool="x"), event(RESULT, tool="x")])
    tally.add([event(CALL, tool="x", trace_id="u"), event(RESULT, tool="x", status="error")])
    assert (4, 4, 1, 2, 2) == (tally.calls, tally.results, tally.errors, tally.unanswered, len(tally.traces))


def test_only_the_agents_calls_count() -> None:
    """A simulated user's call is none of the agent's."""
    tally = Tally()
    tally.add([event(CALL, actor_kind=ActorKind.HUMAN), event(CALL, actor_kind=ActorKind.AGENT)])
    assert (1, 1) == (tally.calls, tally.unanswered)


def test_totals_counted_elsewhere() -> None:
    """Where SQL counted a store, its totals stand, with the refusals of this import."""
    counts = {"runs": 2, "events": 9, "calls": 3, "results": 2, "errors": 1, "unanswered": 1}
    stated = FileReport(
        path="store", format="canonical", rows=9, refused=0, duplicates=0, asides={}, notes={}, **counts
    )
    summary = Summary(stated=stated)
    summary.refuse(Refusal("other", 0, "no such file or folder", None))
    got = summary.totals
    assert (counts, 1) == ({name: getattr(got, name) for name in counts}, got.refused)


events = st.lists(
    st.builds(
        lambda kind, trace, span: event(kind, trace_id=trace, span_id=span),
        st.sampled_from([CALL, RESULT]),
        st.sampled_from(["t", "u"]),
        st.sampled_from(["s1", "s2", None]),
    ),
    max_size=12,
)


@given(events, events)
def test_files_add_up_as_one(first: list[Event], second: list[Event]) -> None:
    """Two files merged leave no more open than one file would, and the same counts of everything else."""
    one, other, both = Tally(), Tally(), Tally()
    one.add(first)
    other.add(second)
    both.add([*first, *second])
    one.merge(other)
    plain = [(t.events, t.calls, t.results, t.errors, t.traces) for t in (both, one)]
    assert plain[0] == plain[1]
    assert one.unanswered <= both.unanswered
    assert one.unanswered >= both.calls - both.results


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 1))), st.integers(0, 4))
def test_identities_are_the_same_in_memory_and_spilled(met: list[tuple[int, int]], in_memory: int) -> None:
    """Where ids are remembered makes no difference."""
    small, large = Identities(in_memory), Identities()
    seen: dict[int, int] = {}
    for number, content in met:
        expected = Met.NEW if number not in seen else Met.SAME if seen[number] == content else Met.OTHER
        seen.setdefault(number, content)
        made = event(CALL, number, content=str(content))
        assert (expected, expected) == (small.meet(made), large.meet(made))
    small.close()


def test_what_waited_and_cannot_be_used_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Events that an adapter cannot make at the end of a file are a refusal of unknown size, and what it made stays."""

    class Waiting(Canonical):
        def end(self) -> Sequence[Event]:
            raise Unusable("no single meaning")

    monkeypatch.setitem(formats.ADAPTERS, "canonical", Waiting())
    log = tmp_path / "log.jsonl"
    log.write_text('{"event_id": "e", "trace_id": "t", "type": "prompt"}\n')
    summary = Summary()
    assert ["e"] == [event.event_id for event in summary.events(read([str(log)]))]
    assert (1, 1) == (summary.refused, summary.whole)
    assert "no single meaning" in summary.refusals[0].reason
