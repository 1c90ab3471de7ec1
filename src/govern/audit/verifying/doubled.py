"""Two events of one store with one id that say different things: readers could be shown either.

Ids are drawn by chance, and importing and sealing refuse another event under an id that is there: whoever wrote the
second one went past both. What says the same wherever and whenever it was recorded is one event.

Only files that are whole and as they were recorded are looked at: of the others worse was said. First the ids' hashes
of all files are counted in SQL, which spills what does not fit into memory; the bytes are read of candidates only.
Leaves out numbers of a writer that are there twice (`files`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Final

import duckdb
import pyarrow as pa

from govern.audit import canon, canon_sql, database, journal, sealing_parts
from govern.audit.verifying import files
from govern.audit.verifying.contract import Finding, Kind
from govern.audit.verifying.inventory import Inventory
from govern.audit.verifying.journal import Judged as Segment
from govern.errors import EnvironmentFailed, EvidenceError
from govern.events.model import COLUMNS, same

SHOWN: Final = 20
_SEALED, _PART, _JOURNAL = range(3)
_ROWS: Final = 10_000


@dataclass(frozen=True, slots=True)
class _Place:
    path: str
    row: int
    text: bytes


def find(root: Path, there: Inventory, judged: Sequence[files.Judged], segments: Sequence[Segment]) -> list[Finding]:
    """The later one of each two events, in the order sealed, imported, journal.

    Args:
        root: the store.
        there: what was judged.
        judged: its files, in the same order.
        segments: its segments.

    Raises:
        EnvironmentFailed: not enough memory or disk.
    """
    sealed = [each.path for each in judged if each.hashed and not (each.files or each.leaves or each.columns)]
    con = database.connect()
    try:
        rows = _candidates(con, root, sealed, there.good, segments)
        return list(_differing(root, rows, [*sealed, *there.good], segments))
    except duckdb.OutOfMemoryException as error:
        raise EnvironmentFailed(f"not enough memory or disk: {str(error).splitlines()[0].lower()}") from None
    except duckdb.Error as error:
        words = str(error).strip().split("\n")[0][:200]
        return [Finding(Kind.DAMAGED, "events", f"ids that are there twice cannot be looked for: {words}")]
    finally:
        con.close()


def _candidates(
    con: duckdb.DuckDBPyConnection, root: Path, sealed: list[str], parts: list[str], segments: Sequence[Segment]
) -> Iterator[tuple[str, int, int, str | None]]:
    """Id, number of the file, row and canonical text (None of a journal) of events whose id is there more than once."""
    sources = [
        (kind, sealing_parts.source([root / path for path in paths]))
        for kind, paths in ((_SEALED, sealed), (_PART, parts))
        if paths
    ]
    ids = pa.table(
        {
            "event_id": pa.array([event_id for each in segments for _, event_id in each.ids], pa.string()),
            "place": pa.array([place for place, each in enumerate(segments) for _ in each.ids], pa.int64()),
            "row": pa.array([line for each in segments for line, _ in each.ids], pa.int64()),
        }
    )
    con.register("journal_ids", ids)
    every = [f"SELECT hash(event_id) AS h FROM {source}" for source in (*(s for _, s in sources), "journal_ids")]
    con.execute(
        f"CREATE TEMP TABLE doubled AS SELECT h FROM ({' UNION ALL '.join(every)}) GROUP BY h HAVING count(*) > 1"
    )
    if not con.sql("SELECT 1 FROM doubled LIMIT 1").fetchall():
        return
    places = pa.table({"filename": [str(root / path) for path in (*sealed, *parts)]})
    places = places.append_column("place", pa.array(range(len(places)), pa.int64()))
    con.register("places", places)
    wanted = "hash(event_id) IN (SELECT h FROM doubled)"
    queries = [
        f"SELECT event_id, place, file_row_number AS row, text FROM (SELECT event_id, filename, file_row_number, "
        f"{'canon' if kind == _SEALED else canon_sql.canon()} AS text FROM (SELECT "
        f"{'event_id, canon' if kind == _SEALED else ', '.join(COLUMNS)}, filename, file_row_number FROM {source} "
        f"WHERE {wanted})) JOIN places USING (filename)"
        for kind, source in sources
    ]
    queries.append(
        f"SELECT event_id, {len(places)} + place AS place, row, NULL AS text FROM journal_ids WHERE {wanted}"
    )
    found = con.execute(f"SELECT * FROM ({' UNION ALL '.join(queries)}) ORDER BY event_id, place, row")
    while rows := found.fetchmany(_ROWS):
        yield from rows


def _differing(
    root: Path, rows: Iterator[tuple[str, int, int, str | None]], paths: list[str], segments: Sequence[Segment]
) -> Iterator[Finding]:
    count = 0
    read = _Journals(root, segments)
    for event_id, group in groupby(rows, key=lambda row: row[0]):
        first: _Place | None = None
        for _, place, row, text in group:
            segment = place - len(paths)
            path = paths[place] if segment < 0 else segments[segment].job.path
            now = _Place(path, row, read.text(segment, row) if text is None else text.encode())
            if first is None:
                first = now
            elif _differ(first.text, now.text):
                count += 1
                if count <= SHOWN:
                    what = f"says something else than the event of this id in {first.path} row {first.row:,}"
                    yield Finding(Kind.DOUBLED, now.path, what, now.row, event_id)
    if count > SHOWN:
        yield Finding(Kind.DOUBLED, "", f"{count - SHOWN:,} more events have the id of another that differs")


class _Journals:
    """Lines of segments, one segment at a time."""

    def __init__(self, root: Path, segments: Sequence[Segment]) -> None:
        self._root, self._segments = root, segments
        self._at = -1
        self._rows: Sequence[tuple[bytes, bytes]] = ()

    def text(self, segment: int, line: int) -> bytes:
        if segment != self._at:
            self._rows = journal.read_segment(Path(self._root, self._segments[segment].job.path)).rows
            self._at = segment
        return self._rows[line - 2][0]  # the header is line 1


def _differ(one: bytes, other: bytes) -> bool:
    if one == other:
        return False
    try:
        return not same(canon.event(one), canon.event(other))
    except EvidenceError:
        return True
