"""Finds events where they were sealed, with all leaves of those files: what a proof of them is made of.

Nothing that is stored is believed: `proofs` makes each leaf of its text again, and each root of its leaves. Leaves out
events of the journal, which no log record covers yet; how many of what was asked for are there is said.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from govern.audit import merkle, read, schema, snapshot
from govern.audit.merkle import Tree
from govern.audit.proofs import Row
from govern.audit.records import Compaction, File
from govern.audit.store_log import Entry, StoreLog
from govern.errors import EvidenceError
from govern.events.model import COLUMNS, Event


@dataclass(frozen=True, slots=True)
class Located:
    """Events and the files that they were sealed to.

    Args:
        rows: the sealed ones.
        trees: of these files, by the index of their records.
        unsealed: ids of those that are in the store and not sealed yet.
        columns: of each row, by file and row, the event that its columns tell; empty unless asked for.
    """

    rows: tuple[Row, ...]
    trees: dict[int, Tree]
    unsealed: tuple[str, ...]
    columns: dict[tuple[int, int], Event] = field(default_factory=dict)


def locate(
    folder: str | Path,
    log: StoreLog,
    *,
    trace_ids: Sequence[str] = (),
    event_ids: Sequence[str] = (),
    columns: bool = False,
) -> Located:
    """Finds the events of these traces, and those with these ids.

    Args:
        columns: whether to read what the columns of each row tell too.

    Raises:
        EvidenceError: none is there, or a file is missing or damaged.
    """
    root = Path(folder)
    hold = snapshot.held(root)  # nothing is deleted between the log and its files
    try:
        asked = ("trace_id", list(trace_ids)), ("event_id", list(event_ids))
        found: dict[tuple[int, int], Row] = {}
        sources: dict[int, Entry] = {}
        told: dict[tuple[int, int], Event] = {}
        ids: dict[tuple[int, int], str] = {}
        live = log.files()
        for kind in (File, Compaction):
            some = [entry for entry in live if isinstance(entry.record, kind)]
            for entry, file, row, canon, event_id, event in _hits(root, some, asked, columns):
                found[file, row] = Row(file, row, canon)
                sources[file] = entry
                ids[file, row] = event_id
                if event is not None:
                    told[file, row] = event
        trees = {file: merkle.tree(_leaves(root, entry, file)) for file, entry in sorted(sources.items())}
        unsealed = sorted(_all(root, asked) - Counter(ids.values()))  # two events may have one id
    finally:
        if hold is not None:
            hold.release()
    if not found and not unsealed:
        names = ", ".join(f"`{each[:80]}`" for each in (*trace_ids, *event_ids)[:3])
        raise EvidenceError(f"no event of {names} in this store", where=str(root))
    return Located(tuple(found[place] for place in sorted(found)), trees, tuple(unsealed), told)


_Asked = tuple[tuple[str, list[str]], ...]


def _conditions(asked: _Asked) -> list[tuple[str, list[str]]]:
    """One condition a column, each for a query of its own: joined by OR, no file's bloom filter would help."""
    return [(f"{column} IN ({', '.join('?' * len(values))})", values) for column, values in asked if values]


def _hits(
    root: Path, entries: list[Entry], asked: _Asked, columns: bool
) -> Iterable[tuple[Entry, int, int, str, str, Event | None]]:
    """The entry whose file has an event now, the file record and row that it was sealed to, its text, its id, and what
    its columns tell where that is asked for."""
    if not entries:
        return
    paths = {str(root / _path(entry)): entry for entry in entries}
    compacted = isinstance(entries[0].record, Compaction)
    place = "file, row" if compacted else "NULL, file_row_number"
    head = f"SELECT filename, {place}, canon, event_id "
    query = f"{head}FROM read_parquet(?, filename = true, file_row_number = true, hive_partitioning = false) WHERE "
    rows: list[tuple[Any, ...]] = []
    events: list[Event] = []
    with closing(read.connect()) as con:
        try:
            for condition, values in _conditions(asked):
                # The order is the same in both, so that what columns tell comes to its row.
                given, order = [list(paths), *values], " ORDER BY filename, file_row_number"
                rows += con.execute(query + condition + order, given).fetchall()
                if columns:
                    only = query.replace(head, f"SELECT {', '.join(COLUMNS)} ", 1) + condition + order
                    for batch in con.sql(only, params=given).to_arrow_table().to_batches():
                        events += schema.events(batch)
        except duckdb.Error as error:
            raise read.culprit([Path(path) for path in paths], error) from None
    for number, (name, file, row, canon, event_id) in enumerate(rows):
        entry, event = paths[name], events[number] if columns else None
        yield entry, entry.index if file is None else file, row, canon, event_id, event


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


def _all(root: Path, asked: _Asked) -> Counter[str]:
    """How many events of each id are asked for, sealed or not."""
    query, found = "SELECT event_id FROM events WHERE ", Counter[str]()
    with closing(read.open_events(root)) as con:
        for condition, values in _conditions(asked):
            found |= Counter(row[0] for row in con.execute(query + condition, values).fetchall())
    return found


def _path(entry: Entry) -> str:
    record = entry.record
    return record.path if isinstance(record, (File, Compaction)) else ""
