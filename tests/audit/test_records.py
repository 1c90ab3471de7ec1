"""Records of the store log: written and read in one way."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from govern.audit import records
from govern.audit.records import Compaction, File, Hold, Key, Record, Store, Unhold
from govern.errors import EvidenceError
from govern.events.canonical import parse

_WORDS = st.text(st.characters(codec="utf-8"), max_size=20)
_INTS = st.integers(-(2**63), 2**63 - 1)


def _made(kind: type[Any]) -> st.SearchStrategy[Any]:
    """Records of one kind with any values of the right types."""
    by_type = {
        str: _WORDS,
        int: _INTS,
        bool: st.booleans(),
        type(None): st.none(),
    }

    def of(hint: Any) -> st.SearchStrategy[Any]:
        text = str(hint)
        if text.startswith("list[int]"):
            return st.lists(_INTS, max_size=3)
        if text.startswith("list[str]"):
            return st.lists(_WORDS, max_size=3)
        if text.startswith("dict"):
            return st.just({"bytes": 3, "digest": "sha256:00"})
        return by_type[hint]

    return st.builds(kind, **{name: st.one_of(*map(of, hints)) for name, hints in records._TYPES[kind].items()})


@given(st.one_of(*(_made(kind) for kind in records.KINDS.values())))
@settings(max_examples=200, deadline=None)
def test_a_record_is_read_as_it_was_written(record: Record) -> None:
    """Its text is canonical JSON with its kind and its time, and gives the record again."""
    text = records.text(record)
    assert record == records.of_text(text) == records.of_json(records.to_json(record))
    assert json.loads(text) == {
        "kind": type(record).__name__.lower(),
        **{name: getattr(record, name) for name in record.__slots__},
    }
    assert parse(text) == records.to_json(record)
    assert "\n" not in text


def test_all_kinds() -> None:
    """The kinds that a log may have."""
    assert {"store", "key", "writer", "end", "file", "compaction", "retention", "hold", "unhold"} == set(records.KINDS)


GOOD = records.to_json(Store(id="aa", origin="o", key="k", at_ns=1))


@pytest.mark.parametrize(
    "data",
    [
        None,
        [],
        "store",
        {},
        {**GOOD, "kind": "shop"},
        {**GOOD, "kind": None},
        {**GOOD, "kind": ["store"]},
        {**GOOD, "more": 1},
        {name: value for name, value in GOOD.items() if name != "origin"},
        {**GOOD, "origin": None},
        {**GOOD, "at_ns": "1"},
        {**GOOD, "at_ns": True},
        {**GOOD, "at_ns": 1.5},
        records.to_json(Unhold(id="i", reason="r", by="b", at_ns=1)) | {"by": 5},
        records.to_json(Hold(id="i", reason="r", by="b", traces=None, from_ns=None, to_ns=None, at_ns=1))
        | {"traces": [1]},
        records.to_json(Compaction(path="p", rows=1, bytes=1, digest="d", files=[1], at_ns=1)) | {"files": [True]},
        records.to_json(Compaction(path="p", rows=1, bytes=1, digest="d", files=[1], at_ns=1)) | {"files": None},
        records.to_json(Key(role="log", action="add", key="k", envelope=None, at_ns=1)) | {"envelope": {}},
    ],
)
def test_what_is_no_record(data: Any) -> None:
    """A member too many, too few or of another type makes it none; where is said."""
    with pytest.raises(EvidenceError, match="no record") as caught:
        records.of_json(data, "log/000000000000.json: record 0")
    assert "log/000000000000.json: record 0" == caught.value.where


def test_a_text_that_is_not_json() -> None:
    """Is no record, and no bug."""
    with pytest.raises(EvidenceError, match="no record"):
        records.of_text('{"kind":"store","kind":"key"}')


def test_the_bytes_of_a_file_record() -> None:
    """The canonical text, to the byte: what leaves are made of must never change."""
    record = File(
        path="events/dt=2026-11-17/seal-00.parquet", rows=2, bytes=900, digest="sha256:ab", root="cd", from_ns=1,
        to_ns=None, writer="desk-01", first=0, last=1, before="00", after="ff", previous=None, at_ns=5,
    )  # fmt: skip
    expected = (
        '{"after":"ff","at_ns":5,"before":"00","bytes":900,"digest":"sha256:ab","first":0,"from_ns":1,"kind":"file",'
        '"last":1,"path":"events/dt=2026-11-17/seal-00.parquet","previous":null,"root":"cd","rows":2,"to_ns":null,'
        '"writer":"desk-01"}'
    )
    assert expected == records.text(record)
