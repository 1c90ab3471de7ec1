"""`canon` and `leaf` in SQL are those in Python, byte for byte."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa
from hypothesis import example, given, settings
from hypothesis import strategies as st

from govern.audit import canon, canon_sql, read, schema
from govern.events.canonical import INT64_MAX, INT64_MIN
from govern.events.model import COLUMNS, INTEGERS, TEXT_LISTS, ActorKind, Event, EventType, Fidelity, Mode

ENUMS: dict[str, Any] = {"type": EventType, "actor_kind": ActorKind, "mode": Mode, "fidelity": Fidelity}
CONTROLS = "".join(map(chr, range(33)))
ODD = st.sampled_from([*CONTROLS, '"', "\\", "\\u001f", "\x7f", "\u2028", "\u2029", "\ufeff", "\uffff", "\U0010ffff"])
TEXTS = st.lists(st.text(max_size=4) | ODD, max_size=5).map("".join)
CON = read.connect(threads=1)


def column(name: str) -> st.SearchStrategy[Any]:
    if name in INTEGERS:
        made: st.SearchStrategy[Any] = st.sampled_from([INT64_MIN, -1, 0, INT64_MAX]) | st.integers(
            INT64_MIN, INT64_MAX
        )
    elif name in ENUMS:
        made = st.sampled_from(ENUMS[name])
    elif name in TEXT_LISTS:
        return st.lists(TEXTS, max_size=3).map(tuple)
    else:
        made = TEXTS
    return made if name in schema.REQUIRED else st.none() | made


ANY = st.builds(Event, **{name: column(name) for name in COLUMNS})
PLAIN = Event(event_id="", trace_id="", type=EventType.PROMPT, writer_id="", wseq=0)


def in_sql(events: Sequence[Event]) -> list[tuple[str, bytes]]:
    table = schema.table(events).append_column("gv_row", pa.array(range(len(events)), pa.int64()))
    CON.register("given", table)
    text = canon_sql.canon("e.")
    found = CON.execute(
        f"SELECT canon, {canon_sql.leaf('canon')} FROM (SELECT {text} AS canon, gv_row FROM given e) ORDER BY gv_row"
    ).fetchall()
    CON.unregister("given")
    return [(text, bytes(leaf)) for text, leaf in found]


@settings(max_examples=40, deadline=None)
@given(st.lists(ANY, min_size=1, max_size=12))
@example([PLAIN, Event(event_id=CONTROLS, trace_id="\\" + CONTROLS, type=EventType.ERROR, writer_id='"', wseq=INT64_MIN,
                       reasons=("", CONTROLS, '\\"'), content="\\u001f\x1f\\\x1f\x00\u2028\U0001f600")])  # fmt: skip
def test_sql_gives_the_canonical_bytes(events: list[Event]) -> None:
    """Of any event: control characters, NUL, quotes, U+2028, beyond the BMP, the ends of int64, lists."""
    expected = [canon.text(event) for event in events]
    assert [(text, canon.leaf(text.encode())) for text in expected] == in_sql(events)


def test_empty_lists_and_nulls_are_left_out() -> None:
    """A list that is NULL or empty, and a column that is NULL, stand in no canonical text."""
    table = schema.table([PLAIN, PLAIN])
    nothing = pa.array([None, []], pa.list_(pa.string()))
    for name in TEXT_LISTS:
        table = table.set_column(table.schema.get_field_index(name), name, nothing)
    CON.register("given", table)
    found = CON.execute(f"SELECT {canon_sql.canon()} FROM given").fetchall()
    CON.unregister("given")
    assert [(canon.text(PLAIN),)] * 2 == found
