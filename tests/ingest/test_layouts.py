"""Lines, an array or a document: what a source is split into is told by its content, and nothing is lost between."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from govern.ingest.depth import LIMIT, shallow
from govern.ingest.rows import Layout, Lost, RawRow, layout, split
from govern.ingest.source import Source
from govern.ingest.values import Values


def source(data: bytes, trouble: str = "") -> Source:
    return Source("log", io.BytesIO(data), len(data), "0" * 64, trouble)


def taken(data: bytes, trouble: str = "") -> list[Any]:
    """Values of rows, and reasons of what was lost."""
    return [
        json.loads(row.raw) if isinstance(row, RawRow) else row.reason.split(";")[0]
        for row in split(source(data, trouble))
    ]


LINES = Layout.LINES
ARRAY = Layout.ARRAY
DOCUMENT = Layout.DOCUMENT


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", LINES),
        (b'{"a": 1}', LINES),
        (b'{"a": 1}\n{"a": 2}\n', LINES),
        (b'\n\n  {"a": 1}\n{"a": 2}', LINES),
        (b'{\n "a": 1\n}\n', DOCUMENT),
        (b'\xef\xbb\xbf{\r\n "a": 1\r\n}\r\n', DOCUMENT),
        (b'{"a": [\n{"b": 1},\n{"b": 2}\n]}', DOCUMENT),
        (b'{\n "a": 1\n}\n{\n "a": 2\n}\n', DOCUMENT),
        (b"[1, 2]", ARRAY),
        (b"[\n1,\n2\n]", ARRAY),
        (b"[1]\n[2]\n", LINES),
        (b"[]\n\n", ARRAY),
        (b"[1]\n" + b" \n" * 100_000, ARRAY),
        (b'{"a": x}\n' + b"\n" * 100_000 + b'{"a": 2}\n', LINES),
        # The first line is broken, and others are not: in it, at its end, between two tokens, before a value.
        (b'{"a": x}\n{"a": 2}\n', LINES),
        (b'{"a": "x\n{"a": 2}\n', LINES),
        (b'{"a": 1,\n{"a": 2}\n', LINES),
        (b'{"a":\n{"a": 2}\n{"a": 3}\n', LINES),
        (b'{"a": \xff}\n{"a": 2}\n', LINES),
        (b'{broken\n{broken\n\n{"a": 3}\n', LINES),
        (b'[2026-11-20] starting\n{"a": 2}\n', LINES),
        (b'{"a": [\n{"a": 2}\n{"a": 3}\n', LINES),
        # A document that is cut or broken, also where a line in it could stand alone.
        (b'{"a":\n{"a": 2}\n', DOCUMENT),
        (b'{"a": [\n{"b": 1},\n{"b": 2}\n', DOCUMENT),
        (b'{"a": [x\n{"b": 1},\n{"b": 2}\n]}\n', DOCUMENT),
        (b'{"a": [x\n{"b": 1}\n]}\n', DOCUMENT),
        (b'{"a": [x\n{}\n[]\n', DOCUMENT),
        (b'{\n "a": x\n}\n', DOCUMENT),
        (b'{\n "a": 1,\n', DOCUMENT),
        (b'{"a": 1', LINES),
        (b"[1, x]\n", ARRAY),
        (b"plain text\nand more\n", LINES),
    ],
)
def test_layout(data: bytes, expected: Layout) -> None:
    """The first line alone being a value means lines; else a document or array, unless lines follow it."""
    assert expected is layout(source(data))


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("indent", [None, 0, 1, 4])
@pytest.mark.parametrize("value", [{"a": [{"b": "x\n{}"}, []]}, {}, {"a": {"b": None}}])
def test_one_document_is_one_row(value: Any, indent: int | None, end: str) -> None:
    """However an object is laid out, it is one row, at line 1, without an index."""
    data = (json.dumps(value, indent=indent) + "\n").replace("\n", end).encode()
    (row,) = split(source(data))
    assert isinstance(row, RawRow)
    assert (value, "1") == (json.loads(row.raw), row.place)


def test_documents_behind_one_another() -> None:
    """Several documents are several rows, each at the line where it begins; what is broken ends it."""
    data = b'{\n "a": 1\n}\n\n{\n "a": 2\n}\n{\n "a": 3 4\n}\n'
    rows = list(split(source(data)))
    assert ["1", "5"] == [row.place for row in rows if isinstance(row, RawRow)]
    assert Lost(8, "document 3: expecting ',' delimiter; the rest of it was not read", None) == rows[2]


@pytest.mark.parametrize("size", [1, 7, 100])
@pytest.mark.parametrize("indent", [None, 1])
def test_blocks_make_no_difference(size: int, indent: int | None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where one block of the file ends and the next begins is never seen: not in numbers, escapes or characters."""
    monkeypatch.setattr("govern.ingest.values._BLOCK", size)
    values: list[Any] = [
        1,
        -1.25e-10,
        12345678901234567890,
        True,
        None,
        'ä€😀\\"\n\ud83d\ude00',
        {"a": [1, {"ü": "x"}]},
        [],
        "",
        0,
    ]
    for ascii_only in (True, False):
        data = json.dumps(values, indent=indent, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")
        if not ascii_only:
            data = data.replace("\ud83d\ude00".encode("utf-8", "surrogatepass"), "😀".encode())
        assert json.loads(data) == taken(data)


def test_lines_are_counted_over_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """An element's line is where it begins, also in a later block."""
    monkeypatch.setattr("govern.ingest.values._BLOCK", 16)
    data = b"[\n" + b",\n".join(b'{"a": [\n%d]}' % number for number in range(50)) + b"\n]"
    assert [2 + 2 * number for number in range(50)] == [row.line for row in split(source(data))]


def test_an_array_needs_no_more_than_its_elements(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is held of an array is a few blocks, however many elements it has."""
    monkeypatch.setattr("govern.ingest.values._BLOCK", 1000)
    held = 0

    class Watched(Values):
        def take(self) -> tuple[int, bytes]:
            nonlocal held
            held = max(held, len(self._text))
            return super().take()

    monkeypatch.setattr("govern.ingest.rows.Values", Watched)
    data = json.dumps([{"n": number, "x": "x" * 90} for number in range(2000)]).encode()
    assert 2000 == len(list(split(source(data))))
    assert held < 4000 < len(data)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"[1, 2", [1, 2, "after element 1: expected `,` or `]`"]),
        (b'[1, {"a": ', [1, "element 1: expecting value"]),
        (b'[1, "tw', [1, "element 1: unterminated string"]),
        (b"[1, 2]]", [1, 2, "other text follows the end of the JSON array"]),
        (b"[1 2]", [1, "after element 0: expected `,` or `]`"]),
        (b"[1, \xff]", [1, "element 1: not UTF-8 at byte 4"]),
        (b"[\n1]\n\xff", [1, "other text follows the end of the JSON array"]),
        (b'{\n"a": 1\n}\n\xff', [{"a": 1}, "document 2: not UTF-8 at byte 11"]),
        (b'{\n "a": [', ["the document: expecting value"]),
    ],
)
def test_what_is_broken_says_so(data: bytes, expected: list[Any]) -> None:
    """What stands before a break is read; the break is one loss of unknown size."""
    assert expected == taken(data)


def test_a_long_number_breaks_nothing() -> None:
    """A number of more digits than are converted is an element like others."""
    rows = [row.raw for row in split(source(b"[" + b"9" * 5000 + b", 1]")) if isinstance(row, RawRow)]
    assert [b"9" * 5000, b"1"] == rows


@pytest.mark.parametrize("data", [b'[1, 2, {"a": 3', b"[1, 2,", b"[1, 2"])
def test_what_was_cut_is_said_once(data: bytes) -> None:
    """A source that says itself that it was cut loses its last element without a second word."""
    assert [1, 2] == taken(data, "cut short")


def test_a_break_before_a_cut_is_said() -> None:
    """That a source was cut does not excuse what is broken long before."""
    assert [1, "element 1: expecting value"] == taken(b"[1, oops, " + b"2, " * 20, "cut short")


@pytest.mark.parametrize(("levels", "kept"), [(LIMIT - 1, LIMIT - 1), (LIMIT, LIMIT - 1), (LIMIT + 1, LIMIT - 1)])
def test_what_lies_deeper_than_the_limit_is_cut(levels: int, kept: int) -> None:
    """So many levels are kept, and nothing beside them is lost."""
    text = shallow('["]", ' + "[" * (levels - 1) + "]" * (levels - 1) + ', "[", {}]')
    assert (kept, levels > kept) == (text.replace('"["', "").count("["), "NaN" in text)
    assert text.endswith(', "[", {}]')
    assert 4 == len(json.loads(text))


def test_deep_elements_stay_whole() -> None:
    """Elements nested a million levels deep are rows like others, and what is broken down there ends the array."""
    deep = b"[" * 1_000_000 + b"]" * 1_000_000
    rows = list(split(source(b"[1, " + deep + b", 2]")))
    assert [1, len(deep), 1] == [len(row.raw) for row in rows if isinstance(row, RawRow)]
    assert 3 == len(rows)
    *_, last = split(source(b"[1, " + b"[" * 1_000_000))
    assert isinstance(last, Lost)
    for broken in (b"[" * 2000 + b"x" + b"]" * 2000 + b"y", b"[" + b"[" * 2000 + b"]" * 2000 + b" oops]"):
        *rows, last = split(source(b"[1, " + broken + b", 2]"))
        assert isinstance(last, Lost)
        assert b"2" not in [row.raw for row in rows if isinstance(row, RawRow)]


def test_an_endless_text_is_searched_once() -> None:
    """Quotation marks without an end in deep nesting take time by the length, not by its square."""
    data = b"[" + b"[" * 5000 + b'"' + b'\\"' * 2_000_000
    (lost,) = split(source(data))
    assert isinstance(lost, Lost)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@given(st.lists(json_values, max_size=5), st.sampled_from([None, 0, 2]), st.booleans())
def test_an_array_gives_its_elements(values: list[Any], indent: int | None, ascii_only: bool) -> None:
    """Every array, written in any way, gives exactly its elements."""
    data = json.dumps(values, indent=indent, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")
    try:
        data.decode()
    except UnicodeDecodeError:
        return
    assert values == taken(data)


@given(st.dictionaries(st.text(max_size=3), json_values, min_size=1, max_size=4), st.sampled_from([0, 2]), st.data())
def test_a_cut_document_is_never_read_as_rows(value: dict[str, Any], indent: int, data: Any) -> None:
    """A document cut anywhere gives no row from its inside."""
    whole = json.dumps(value, indent=indent)
    cut = data.draw(st.integers(0, len(whole) - 1))
    rows = list(split(source(whole[:cut].encode())))
    assert not any(isinstance(row, RawRow) and row.raw not in (b"{", whole[:cut].strip().encode()) for row in rows)
