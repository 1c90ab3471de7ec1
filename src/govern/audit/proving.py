"""Finds events where they were sealed, with all leaves of those files: what a proof of them is made of.

Nothing that is stored is believed: `proofs` makes each leaf of its text again, and each root of its leaves. Leaves out
events of the journal, which no log record covers yet; how many of what was asked for are there is said.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from govern.audit import merkle, read, snapshot
from govern.audit.merkle import Tree
from govern.audit.proofs import Row
from govern.audit.records import Compaction, File
from govern.audit.store_log import Entry, StoreLog
from govern.errors import EvidenceError


@dataclass(frozen=True, slots=True)
class Located:
    """Events and the files that they were sealed to.

    Args:
        rows: the sealed ones.
        trees: of these files, by the index of their records.
        unsealed: ids of those that are in the store and not sealed yet.
    """

    rows: tuple[Row, ...]
    trees: dict[int, Tree]
    unsealed: tuple[str, ...]


def locate(
    folder: str | Path, log: StoreLog, *, trace_ids: Sequence[str] = (), event_ids: Sequence[str] = ()
) -> Located:
    """Finds the events of these traces, and those with these ids.

    Raises:
        EvidenceError: none is there, or a file is missing or damaged.
    """
    root = Path(folder)
    hold = snapshot.held(root)  # nothing is deleted between the log and its files
    try:
        asked = ("trace_id", list(trace_ids)), ("event_id", list(event_ids))
        found: dict[tuple[int, int], Row] = {}
        sources: dict[int, Entry] = {}
        there: set[str] = set()
        live = log.files()
        for kind in (File, Compaction):
            for entry, file, row, canon, event_id in _hits(
                root, [e for e in live if isinstance(e.record, kind)], asked
            ):
                found[file, row] = Row(file, row, canon)
                sources[file] = entry
                there.add(event_id)
        trees = {file: merkle.tree(_leaves(root, entry, file)) for file, entry in sorted(sources.items())}
        unsealed = sorted(_all(root, asked) - there)
    finally:
        if hold is not None:
            hold.release()
    if not found and not unsealed:
        names = ", ".join(f"`{each[:80]}`" for each in (*trace_ids, *event_ids)[:3])
        raise EvidenceError(f"no event of {names} in this store", where=str(root))
    return Located(tuple(found[place] for place in sorted(found)), trees, tuple(unsealed))


_Asked = tuple[tuple[str, list[str]], ...]


def _conditions(asked: _Asked) -> list[tuple[str, list[str]]]:
    """One condition a column, each for a query of its own: joined by OR, no file's bloom filter would help."""
    return [(f"{column} IN ({', '.join('?' * len(values))})", values) for column, values in asked if values]


def _hits(root: Path, entries: list[Entry], asked: _Asked) -> Iterable[tuple[Entry, int, int, str, str]]:
    """The entry whose file has an event now, the file record and row that it was sealed to, its text and its id."""
    if not entries:
        return
    paths = {str(root / _path(entry)): entry for entry in entries}
    compacted = isinstance(entries[0].record, Compaction)
    place = "file, row" if compacted else "NULL, file_row_number"
    query = (
        f"SELECT filename, {place}, canon, event_id FROM read_parquet(?, filename = true, file_row_number = true, "
        f"hive_partitioning = false) WHERE "
    )
    rows: list[tuple[Any, ...]] = []
    with closing(read.connect()) as con:
        try:
            for condition, values in _conditions(asked):
                rows += con.execute(query + condition, [list(paths), *values]).fetchall()
        except duckdb.Error as error:
            raise read.culprit([Path(path) for path in paths], error) from None
    for name, file, row, canon, event_id in rows:
        entry = paths[name]
        yield entry, entry.index if file is None else file, row, canon, event_id


def _leaves(root: Path, entry: Entry, file: int) -> list[bytes]:
    """The leaves of the file with this record, in the order of its rows, from where they are now."""
    path = root / _path(entry)
    compacted = isinstance(entry.record, Compaction)
    try:
        if not compacted:
            made: list[bytes] = pq.read_table(path, columns=["leaf"], partitioning=None).column("leaf").to_pylist()
            return made
        columns = ["leaf", "row"]
        table = pq.read_table(path, columns=columns, filters=[("file", "=", file)], partitioning=None)
    except (pa.ArrowException, OSError, KeyError) as error:
        raise EvidenceError(f"cannot be read: {str(error).splitlines()[0][:200].lower()}", where=str(path)) from None
    table = table.sort_by("row")
    if table.column("row").to_pylist() != list(range(len(table))):
        raise EvidenceError(f"not all rows of record {file:,} are in it", where=str(path))
    leaves: list[bytes] = table.column("leaf").to_pylist()
    return leaves


def _all(root: Path, asked: _Asked) -> set[str]:
    """The ids of all events asked for, sealed or not."""
    query, found = "SELECT event_id FROM events WHERE ", set[str]()
    with closing(read.open_events(root)) as con:
        for condition, values in _conditions(asked):
            found.update(row[0] for row in con.execute(query + condition, values).fetchall())
    return found


def _path(entry: Entry) -> str:
    record = entry.record
    return record.path if isinstance(record, (File, Compaction)) else ""
