"""The events of journal segments as rows of DuckDB: columns, `canon` and `leaf`, taken from the lines in bulk.

A canonical text becomes columns by DuckDB's JSON reader, which guesses and converts; so the columns are written as
canonical text again (`canon_sql`) and must give the very same text, with types that the event model has. What does not
is judged by `canon.event`, which says why: nothing passes that it would refuse.

Leaves out the chain (`journal`) and where the rows go to (`sealing`, `read`).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Final

import duckdb
import pyarrow as pa

from govern.audit import canon, canon_sql
from govern.audit.journal import Segment
from govern.errors import EvidenceError
from govern.events.model import COLUMNS, INTEGERS, TEXT_LISTS

TABLE: Final = "gv_journal"
_SHAPE: Final = json.dumps(
    {name: ["VARCHAR"] if name in TEXT_LISTS else "BIGINT" if name in INTEGERS else "VARCHAR" for name in COLUMNS}
)


def load(con: duckdb.DuckDBPyConnection, segments: Sequence[tuple[Segment, int]]) -> int:
    """Makes the table `gv_journal`: the columns of the event model, `canon`, `leaf`, `segment` (its place in the list).

    Args:
        con: a connection; a table of this name is replaced.
        segments: each with the number up to which its events are left out, -1 for none.

    Returns:
        How many rows there are.

    Raises:
        EvidenceError: a line that is no event of its writer in its place, with file and line.
    """
    texts: list[bytes] = []
    leaves: list[bytes] = []
    places: list[int] = []
    numbers: list[int] = []
    for place, (segment, after) in enumerate(segments):
        skipped = max(after + 1 - segment.first, 0)
        kept = [text for text, _ in segment.rows[skipped:]]
        texts += kept
        leaves += map(canon.leaf, kept)
        places += [place] * len(kept)
        numbers += range(segment.first + skipped, segment.first + skipped + len(kept))
    try:
        written = pa.array(texts, pa.binary()).cast(pa.string())
    except pa.ArrowInvalid:
        written = None
    writers = [segments[place][0].header.writer for place in places]
    if written is None or not _made(con, written, leaves, places, numbers, writers):
        raise _culprit(segments, texts, places, numbers)
    return len(texts)


def _made(
    con: duckdb.DuckDBPyConnection,
    written: pa.Array,
    leaves: list[bytes],
    places: list[int],
    numbers: list[int],
    writers: list[str],
) -> bool:
    """Whether every line is an event of its writer, in its place; then the table is there."""
    lines = pa.table(
        {
            "canon": written,
            "leaf": pa.array(leaves, pa.binary()),
            "segment": pa.array(places, pa.int64()),
            "gv_number": pa.array(numbers, pa.int64()),
            "gv_writer": pa.array(writers, pa.string()),
        }
    )
    con.register("gv_lines", lines)
    odd = f"{canon_sql.canon()} IS DISTINCT FROM canon OR {canon_sql.impossible()}"
    odd += " OR wseq IS DISTINCT FROM gv_number OR writer_id IS DISTINCT FROM gv_writer"
    try:
        con.execute(
            f"CREATE OR REPLACE TEMP TABLE {TABLE} AS SELECT unnest(members), * EXCLUDE members FROM "
            f"(SELECT from_json(canon, '{_SHAPE}') AS members, * FROM gv_lines)"
        )
        found = con.execute(f"SELECT 1 FROM {TABLE} WHERE {odd} LIMIT 1").fetchall()
    except duckdb.OutOfMemoryException:
        raise
    except duckdb.Error:
        return False
    finally:
        con.unregister("gv_lines")
    return not found


def _culprit(
    segments: Sequence[tuple[Segment, int]], texts: list[bytes], places: list[int], numbers: list[int]
) -> EvidenceError:
    for text, place, number in zip(texts, places, numbers, strict=True):
        segment = segments[place][0]
        where = f"{segment.path}:{number - segment.first + 2}"
        try:
            found = canon.event(text)
        except (EvidenceError, UnicodeDecodeError) as error:
            said = error.message if isinstance(error, EvidenceError) else "no UTF-8"
            return EvidenceError(f"the line holds {said}", where=where)
        if (found.writer_id, found.wseq) != (segment.header.writer, number):
            what = f"event {found.wseq:,} of `{found.writer_id}`, where {number:,} of `{segment.header.writer}` belongs"
            return EvidenceError(what, where=where)
    return EvidenceError("lines that are no events", where=str(segments[0][0].path))
