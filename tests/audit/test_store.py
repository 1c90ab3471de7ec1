"""The store: what was written is what is read, once, in order; what is damaged is named."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from govern.audit import read, schema, store
from govern.errors import EnvironmentFailed, EvidenceError
from govern.events.canonical import INT64_MAX, INT64_MIN
from govern.events.model import COLUMNS, INTEGERS, TEXT_LISTS, ActorKind, Event, EventType, Fidelity, Mode

DAY = 86_400 * 10**9
ENUMS: dict[str, Any] = {"type": EventType, "actor_kind": ActorKind, "mode": Mode, "fidelity": Fidelity}


def event(number: int, **columns: Any) -> Event:
    given: dict[str, Any] = {"event_id": f"e{number}", "trace_id": "t", "writer_id": "w", "wseq": number}
    return Event(**({"type": EventType.PROMPT} | given | columns))


def column(name: str) -> st.SearchStrategy[Any]:
    if name in INTEGERS:
        made: st.SearchStrategy[Any] = st.integers(INT64_MIN, INT64_MAX)
    elif name in ENUMS:
        made = st.sampled_from(ENUMS[name])
    elif name in TEXT_LISTS:
        return st.lists(st.text(max_size=4), max_size=3).map(tuple)
    else:
        made = st.text(max_size=8)
    return made if name in schema.REQUIRED else st.none() | made


any_event = st.builds(Event, **{name: column(name) for name in COLUMNS})


@given(st.lists(any_event, max_size=8))
def test_arrow_round_trip(events: list[Event]) -> None:
    """Any event comes back from Arrow equal: NUL, all of Unicode, the ends of int64, empty lists."""
    assert events == list(schema.events(schema.table(events)))


@settings(max_examples=40, deadline=None)
@given(st.lists(any_event, max_size=8, unique_by=lambda event: event.event_id))
def test_parquet_round_trip(tmp_path_factory: pytest.TempPathFactory, events: list[Event]) -> None:
    """Any events come back from a store equal, in the total order; writing them again changes nothing."""
    folder = tmp_path_factory.mktemp("store")
    assert len(events) == store.write(events, folder).events
    if not events:
        with pytest.raises(EvidenceError, match="no events here"):
            list(read.read_events(folder))
        return
    assert sorted(events, key=store.order) == list(read.read_events(folder))
    before = snapshot(folder)
    again = store.write(events, folder)
    assert (0, len(events), []) == (again.events, again.present, again.conflicts)
    assert before == snapshot(folder)


def snapshot(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_parts_by_day(tmp_path: Path) -> None:
    """A part lies under the UTC day of its events, or `unknown`; nothing else lies about."""
    store.write([event(1, ts_ns=DAY - 1), event(2, ts_ns=DAY), event(3), event(4, ts_ns=-1)], tmp_path)
    days = [path.parent.name for path in store.parts(tmp_path)]
    assert ["dt=1969-12-31", "dt=1970-01-01", "dt=1970-01-02", "dt=unknown"] == days
    assert len(days) == len(snapshot(tmp_path))
    for path in store.parts(tmp_path):
        assert f"part-{hashlib.sha256(path.read_bytes()).hexdigest()[:32]}.parquet" == path.name


def test_total_order(tmp_path: Path) -> None:
    """Within a trace: time, then the writer's sequence; no time comes last; across parts as within one."""
    first = [event(1, ts_ns=5), event(2), event(3, trace_id="a")]
    store.write(first, tmp_path)
    store.write([event(4, ts_ns=5), event(5, ts_ns=3 * DAY), event(0, ts_ns=4)], tmp_path)
    assert ["e3", "e0", "e1", "e4", "e5", "e2"] == [found.event_id for found in read.read_events(tmp_path)]


def test_chunks_bound_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Many events, or much text, go to several parts, and none is lost."""
    monkeypatch.setattr(store, "CHUNK_EVENTS", 10)
    monkeypatch.setattr(store, "CHUNK_TEXT", 1000)
    events = [event(number, content="x" * (300 if number > 20 else 1)) for number in range(35)]
    done = store.write(iter(events), tmp_path)
    assert (35, 6) == (done.events, len(done.parts))
    assert sorted(events, key=store.order) == list(read.read_events(tmp_path))


def test_a_log_that_grew_adds_what_is_new(tmp_path: Path) -> None:
    """The same events from a longer source are not written twice, though writer and place differ."""
    store.write([event(1), event(2)], tmp_path)
    grown = [event(n, writer_id="other", wseq=n + 7, source_ref="other:1") for n in (1, 2, 3)]
    done = store.write(grown, tmp_path)
    assert (1, 2, []) == (done.events, done.present, done.conflicts)
    assert 3 == len(list(read.read_events(tmp_path)))


def test_other_content_under_a_stored_id(tmp_path: Path) -> None:
    """What the store has stays; the other event is named, not written."""
    store.write([event(1, content="first")], tmp_path)
    done = store.write([event(1, content="second"), event(2)], tmp_path)
    assert (1, 0, ["e1"]) == (done.events, done.present, done.conflicts)
    assert ["first", None] == [found.content for found in read.read_events(tmp_path)]


@pytest.mark.parametrize("name", [name for name in COLUMNS if name != "event_id"])
def test_same_is_about_what_was_said(name: str) -> None:
    """Only provenance may differ between two readings of one event."""
    old = event(1)
    other: Any = (
        EventType.ERROR if name == "type" else 99 if name in INTEGERS else ("x",) if name in TEXT_LISTS else "x"
    )
    provenance = {"writer_id", "wseq", "source_ref", "recorded_ns"}
    assert (name in provenance) == store.same(old, replace(old, **{name: other}))


def test_lookup_columns_have_bloom_filters(tmp_path: Path) -> None:
    """DuckDB finds a bloom filter on the ids, and none on verbatim text."""
    store.write([event(n, call_id=f"c{n}", content=f"text {n}") for n in range(5000)], tmp_path)
    (part,) = store.parts(tmp_path)
    rows = duckdb.execute(
        "SELECT path_in_schema FROM parquet_metadata(?) WHERE bloom_filter_offset IS NOT NULL", [str(part)]
    ).fetchall()
    assert {"event_id", "trace_id", "call_id"} == {row[0] for row in rows}


def test_query_and_condition(tmp_path: Path) -> None:
    """`open_events` is SQL over the columns; a condition is parametrised."""
    store.write([event(1, trace_id="a"), event(2, trace_id="b'; --")], tmp_path)
    con = read.open_events(tmp_path)
    assert [(2,)] == con.execute("SELECT count(*) FROM events").fetchall()
    assert list(COLUMNS) == [row[0] for row in con.execute("DESCRIBE events").fetchall()]
    assert ["e2"] == [e.event_id for e in read.read_events(tmp_path, "trace_id = ?", ["b'; --"])]
    settings = {"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"}
    for name, value in settings.items():
        assert [(value,)] == con.execute("SELECT current_setting(?)::VARCHAR", [name]).fetchall()


def test_folder_with_odd_name(tmp_path: Path) -> None:
    """A quote or a glob character in a path is part of the path."""
    folder = tmp_path / "it's [a] *"
    store.write([event(1)], folder)
    (folder / "events" / "dt=unknown" / "note.txt").write_text("not Parquet")
    assert 1 == len(list(read.read_events(folder)))


def damaged(part: Path, how: str) -> None:
    data = part.read_bytes()
    match how:
        case "empty":
            part.write_bytes(b"")
        case "cut":
            part.write_bytes(data[: len(data) // 2])
        case "garbage":
            part.write_bytes(b"garbage" * 100)
        case "page":
            part.write_bytes(data[:30] + bytes(byte ^ 255 for byte in data[30:200]) + data[200:])
        case "columns":
            pq.write_table(pa.table({"event_id": ["e1"], "trace_id": ["t"]}), part)
        case "types":
            table = pq.read_table(part, partitioning=None)
            index = table.schema.get_field_index("wseq")
            pq.write_table(table.set_column(index, "wseq", table.column("wseq").cast(pa.string())), part)
        case "nulls":
            table = pq.read_table(part, partitioning=None)
            index = table.schema.get_field_index("trace_id")
            pq.write_table(table.set_column(index, "trace_id", pa.nulls(len(table), pa.string())), part)
        case "unknown type":
            table = pq.read_table(part, partitioning=None)
            index = table.schema.get_field_index("type")
            pq.write_table(table.set_column(index, "type", pa.array(["telepathy"] * len(table))), part)


HOW = ["empty", "cut", "garbage", "page", "columns", "types", "nulls", "unknown type"]


@pytest.mark.parametrize("how", HOW)
def test_damaged_part_is_named(tmp_path: Path, how: str) -> None:
    """A foreign or damaged part is an error of the evidence that names the file, never a traceback."""
    store.write([event(n, ts_ns=0, content=str(n)) for n in range(100)], tmp_path)
    store.write([event(101, ts_ns=DAY)], tmp_path)
    bad, _ = store.parts(tmp_path)
    damaged(bad, how)
    with pytest.raises(EvidenceError) as error:
        list(read.read_events(tmp_path))
    assert str(bad) == error.value.where


@pytest.mark.parametrize("how", ["empty", "cut", "garbage", "columns", "types"])
def test_nothing_is_added_to_a_foreign_folder(tmp_path: Path, how: str) -> None:
    """A store whose parts cannot be searched for duplicates is not written to."""
    store.write([event(1)], tmp_path)
    (bad,) = store.parts(tmp_path)
    damaged(bad, how)
    before = snapshot(tmp_path)
    with pytest.raises(EvidenceError) as error:
        store.write([event(2)], tmp_path)
    assert (str(bad), before) == (error.value.where, snapshot(tmp_path))


def test_nothing_there(tmp_path: Path) -> None:
    """A folder without events is an error of the evidence, with what to do."""
    for folder in (tmp_path, tmp_path / "none"):
        with pytest.raises(EvidenceError, match="govern import"):
            read.open_events(folder)


def test_unwritable(tmp_path: Path) -> None:
    """A folder that cannot be made is the environment's fault."""
    (tmp_path / "file").write_text("")
    with pytest.raises(EnvironmentFailed, match="cannot write the store"):
        store.write([event(1)], tmp_path / "file")


def test_a_failed_write_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A part that could not be finished is not there, nor its beginnings."""

    def fail(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(store.os, "fsync", fail)
    with pytest.raises(EnvironmentFailed, match="no space left"):
        store.write([event(1)], tmp_path)
    assert {} == snapshot(tmp_path)
