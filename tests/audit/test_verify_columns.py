"""Columns are judged by bytes: what Arrow writes is the canonical text, and any other column is named."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from govern.audit import canon, schema
from govern.audit.verifying import columns
from govern.events.canonical import INT64_MAX, INT64_MIN
from govern.events.model import COLUMNS, INTEGERS, TEXT_LISTS, ActorKind, Event, EventType, Fidelity, Mode

ENUMS: dict[str, Any] = {"type": EventType, "actor_kind": ActorKind, "mode": Mode, "fidelity": Fidelity}
CONTROLS = "".join(map(chr, range(33)))
ODD = st.sampled_from([*CONTROLS, '"', "\\", "\\u001f", "\x7f", "\u2028", "\ufeff", "\U0010ffff"])
TEXTS = st.lists(st.text(max_size=4) | ODD, max_size=5).map("".join)


def column(name: str) -> st.SearchStrategy[Any]:
    if name in TEXT_LISTS:
        return st.lists(TEXTS, max_size=3).map(tuple)
    if name in INTEGERS:
        made: st.SearchStrategy[Any] = st.sampled_from([INT64_MIN, -1, 0, INT64_MAX])
    else:
        made = st.sampled_from(ENUMS[name]) if name in ENUMS else TEXTS
    return made if name in schema.REQUIRED else st.none() | made


ANY = st.builds(Event, **{name: column(name) for name in COLUMNS})
PLAIN = Event(event_id="", trace_id="", type=EventType.PROMPT, writer_id="", wseq=0)
FULL = Event(
    event_id=CONTROLS, trace_id="\\" + CONTROLS, type=EventType.ERROR, writer_id='"', wseq=INT64_MIN,
    reasons=("", CONTROLS, '\\"'), content="\\u001f\x1f\\\x1f\x00\u2028\U0001f600", args='{"a":1}', ts_ns=5,
)  # fmt: skip


def batch_of(events: Sequence[Event], *, encoded: bool = False) -> pa.RecordBatch:
    made = schema.table(events)
    if encoded:
        for name in schema.DICTIONARY:
            made = made.set_column(
                made.schema.get_field_index(name), name, made.column(name).combine_chunks().dictionary_encode()
            )
    (batch,) = made.combine_chunks().to_batches()
    return batch


@settings(max_examples=20, deadline=None)
@given(st.lists(ANY, min_size=1, max_size=8), st.integers(0, 3), st.booleans())
@example([PLAIN, FULL], 0, True)
@example([PLAIN, FULL], 1, False)
def test_what_arrow_writes_is_the_canonical_text(events: list[Event], skipped: int, encoded: bool) -> None:
    """Of any event, also in a slice of a batch and with dictionaries."""
    batch = batch_of(events, encoded=encoded).slice(skipped)
    assert [canon.text(event) for event in events[skipped:]] == columns.texts(batch).to_pylist()


CHANGED = [("wseq", 7), ("content", "two"), ("reasons", ("b", "a")), ("type", EventType.ERROR), ("ts_ns", None)]


@pytest.mark.parametrize(("name", "value"), CHANGED)
def test_a_changed_column_is_an_odd_row(name: str, value: Any) -> None:
    """The row is named, and no other."""
    events = [
        Event(event_id=str(n), trace_id="t", type=EventType.PROMPT, writer_id="w", wseq=n, content="one", ts_ns=5,
              reasons=("a", "b"))
        for n in range(3)
    ]  # fmt: skip
    written = pa.array([canon.text(event) for event in events])
    assert [] == columns.odd_rows(batch_of(events), written)
    assert [1] == columns.odd_rows(batch_of([events[0], replace(events[1], **{name: value}), events[2]]), written)


@pytest.mark.parametrize("written", [None, "", "{}", '{"event_id":"\\u0061"}', canon.text(PLAIN) + " "])
def test_what_is_no_canonical_text_is_odd(written: str | None) -> None:
    """An empty, a foreign or a differently written text never passes."""
    assert [0] == columns.odd_rows(batch_of([PLAIN]), pa.array([written], pa.string()))


def test_a_null_in_a_list_is_odd() -> None:
    """No canonical text has one, also where `canon` was written to match."""
    batch = batch_of([PLAIN])
    batch = batch.set_column(batch.schema.get_field_index("rules"), "rules", pa.array([[None]], pa.list_(pa.string())))
    assert [0] == columns.odd_rows(
        batch, pa.array([canon.text(PLAIN).replace('"trace_id"', '"rules":[null],"trace_id"')])
    )
