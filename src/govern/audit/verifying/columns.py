"""Whether the columns of a sealed file say what its `canon` says: canonical text written from columns, in Arrow.

The text of a whole batch is put together again from its columns and compared as bytes, five times as fast as SQL.
What differs here is judged once more by `canon.event` and `schema.events`, so that no speed decides. Tests hold this to
`canon.text` and to `canon_sql`.

Leaves out the hashes (`files`).
"""

from __future__ import annotations

from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from govern.audit import canon, schema
from govern.errors import EvidenceError
from govern.events.model import COLUMNS, INTEGERS, TEXT_LISTS

_SHORT: Final = {8: r"\b", 9: r"\t", 10: r"\n", 12: r"\f", 13: r"\r"}
_MEMBERS: Final = tuple(sorted((*COLUMNS, "v")))
_LAST: Final = _MEMBERS[-1]  # required in every event, so a comma may follow each of the others


def texts(batch: pa.RecordBatch) -> pa.Array:
    """The canonical text of every row, written from its columns.

    Args:
        batch: with the columns of `audit.schema`; texts may be dictionary-encoded.
    """
    members: list[Any] = [pa.scalar("{")]
    for name in _MEMBERS:
        if name == "v":
            members.append(pa.scalar(f'"v":{canon.VERSION},'))
        elif (made := _member(name, batch.column(batch.schema.get_field_index(name)))) is not None:
            members.append(made)
    made = pc.binary_join_element_wise(*members, "", null_handling="replace", null_replacement="")
    # Where no column holds anything, there are only scalars to join.
    return made if isinstance(made, pa.Array) else pa.array([made.as_py()] * len(batch), pa.string())


def odd_rows(batch: pa.RecordBatch, written: pa.Array) -> list[int]:
    """The rows whose columns do not give the text in `written`; where Arrow sees a difference, Python decides.

    Args:
        batch: with the columns of `audit.schema`.
        written: the `canon` of each row.
    """
    made = texts(batch)
    if made.equals(written):  # nearly always
        return []
    differs = pc.fill_null(pc.not_equal(made.cast(pa.binary()), written.cast(pa.binary())), True)
    if not pc.any(differs).as_py():
        return []
    rows = [row for row, odd in enumerate(differs.to_pylist()) if odd]
    return [row for row in rows if not _same(batch.slice(row, 1), written[row])]


def _same(row: pa.RecordBatch, written: pa.Scalar) -> bool:
    try:
        (event,) = schema.events(row)
        return written.is_valid and canon.event(written.as_py()) == event
    except (EvidenceError, ValueError, TypeError, AttributeError):  # what no event holds, such as a null in a list
        return False


def _member(name: str, column: pa.Array) -> pa.Array | pa.Scalar | None:
    if column.null_count == len(column):
        return None
    key, after = f'"{name}":', "}" if name == _LAST else ","
    if name in INTEGERS:
        return pc.binary_join_element_wise(key, column.cast(pa.string()), after, "")
    if name in TEXT_LISTS:
        return _listed(key, column, after)
    if pa.types.is_dictionary(column.type):
        if len(column.dictionary) == 1 and not column.null_count:
            return pa.scalar(f"{key}{_quoted(column.dictionary)[0].as_py()}{after}")
        return pc.take(pc.binary_join_element_wise(key, _quoted(column.dictionary), after, ""), column.indices)
    return pc.binary_join_element_wise(key, _quoted(column), after, "")


def _listed(key: str, column: pa.ListArray, after: str) -> pa.Array:
    lengths = pc.fill_null(pc.list_value_length(column), 0)
    ends = pc.cumulative_sum(lengths).cast(pa.int32())
    offsets = pa.concat_arrays([pa.array([0], pa.int32()), ends])
    # An item that is null joins to null, which no canonical text is: the row is odd.
    joined = pc.binary_join(pa.ListArray.from_arrays(offsets, _quoted(column.flatten())), ",")
    written = pc.binary_join_element_wise(f"{key}[", joined, f"]{after}", "")
    return pc.if_else(pc.greater(lengths, 0), written, pa.scalar(None, pa.string()))


def _quoted(column: pa.StringArray) -> pa.Array:
    """Each text as RFC 8785 writes it; only characters that occur at all are looked for in each."""
    for character, escape in _escapes(column):
        column = pc.replace_substring(column, character, escape)
    return pc.binary_join_element_wise('"', column, '"', "")


def _escapes(column: pa.StringArray) -> list[tuple[str, str]]:
    """What must be escaped somewhere in a column; the backslash first, for the others write some."""
    if not len(column):
        return []
    _, offsets, data = column.buffers()
    if data is None:
        return []
    bounds = memoryview(offsets).cast("i")
    start, stop = bounds[column.offset], bounds[column.offset + len(column)]
    if start == stop:
        return []
    raw = memoryview(data)[start:stop]
    found = [(mark, "\\" + mark) for mark in ("\\", '"') if mark.encode() in raw.tobytes()]
    least = pc.min(pa.Array.from_buffers(pa.uint8(), stop - start, [None, data.slice(start, stop - start)])).as_py()
    if least < 32:
        whole = raw.tobytes()
        found += [(chr(code), _SHORT.get(code, f"\\u{code:04x}")) for code in range(32) if code in whole]
    return found
