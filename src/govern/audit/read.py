"""Reads a store: a DuckDB connection with the view `events`, or events one by one in the total order.

Every event is there once: from sealed files that the log has, from imported parts, and from the journal. A file that
the log names and that is not there is an error, and no event less.

Foreign or damaged Parquet is named and refused (`EvidenceError`). Nothing is downloaded: no extension is
installed or loaded by itself.

Leaves out: writing (`store`, `sealing`), which files count (`snapshot`), what events mean (`reconstruct`, `replay`).
"""

from __future__ import annotations

import os
import tempfile
import weakref
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from govern.audit import schema, snapshot
from govern.audit import sealed as sealed_files
from govern.audit.database import ORDER
from govern.audit.database import connect as connect
from govern.audit.database import spill as spill
from govern.errors import EnvironmentFailed, EvidenceError
from govern.events.model import COLUMNS, Event

BATCH: Final = 8_192


@dataclass(frozen=True, slots=True)
class Files:
    """The Parquet files that have every event of a store once.

    Args:
        paths: sorted; that of the journal last.
        journal: how many events are in the journal only: they stand in a temporary file.
        keeps: what keeps the files where they are, as long as this is referred to.
    """

    paths: tuple[Path, ...]
    journal: int = 0
    keeps: object = field(default=None, compare=False, repr=False)


class _Spool:
    """A temporary file of events of the journal, gone when nobody refers to it any more."""

    def __init__(self) -> None:
        handle, name = tempfile.mkstemp(prefix="journal-", suffix=".parquet", dir=spill())
        os.close(handle)
        self.path = Path(name)
        weakref.finalize(self, self.path.unlink, missing_ok=True)


def files(folder: str | Path) -> Files:
    """The files to read for all of a store: sealed ones that its log has, imported ones, and the journal.

    Args:
        folder: the store (the folder that holds `events/`).

    Raises:
        EvidenceError: the log or the journal is damaged, or a file that the log names is not there.
        EnvironmentFailed: it cannot be read, or there is no room.
    """
    return files_of(snapshot.take(folder))


def files_of(found: snapshot.Snapshot) -> Files:
    """As `files`, of a snapshot that was taken."""
    if not found.journal:
        return Files(found.files, keeps=found.hold)
    from govern.audit import journal, journal_rows

    segments = []
    for each in found.journal:
        segment = journal.read_segment(each.path)
        if segment.problem is not None:
            hint = "`govern audit verify` says what else is wrong"
            raise EvidenceError(f"the journal is damaged: {segment.problem}", where=str(each.path), hint=hint)
        if segment.next > each.after + 1:
            segments.append((segment, each.after))
    if not segments:
        return Files(found.files, keeps=found.hold)
    spool = _Spool()
    with closing(connect()) as con:
        events = journal_rows.load(con, segments)
        query = f"SELECT {', '.join(COLUMNS)} FROM {journal_rows.TABLE} ORDER BY {ORDER}"
        try:
            pq.write_table(con.sql(query).to_arrow_table().cast(schema.SCHEMA), spool.path)
        except OSError as error:
            raise EnvironmentFailed(f"no room for the journal: {_first_line(error)}", where=str(spool.path)) from None
    return Files((*found.files, spool.path), events, (found.hold, spool))


def open_events(folder: str | Path, *, memory_limit: str | None = None) -> duckdb.DuckDBPyConnection:
    """A connection with the view `events` over a store; its columns are those of the event model.

    Events that are not sealed yet are among them. Nothing that the connection reads is deleted as long as it lives.

    Args:
        folder: the store (the folder that holds `events/`).
        memory_limit: as DuckDB writes it.

    Raises:
        EvidenceError: no events there, or a file that is no part of a store; the file is named.
    """
    return _opened(folder, files(folder), memory_limit)


def _opened(folder: str | Path, found: Files, memory_limit: str | None = None) -> duckdb.DuckDBPyConnection:
    if not found.paths:
        raise EvidenceError("no events here", where=str(folder), hint="write some with `govern import LOGS -o DIR`")
    con = open_parts(found.paths, memory_limit=memory_limit)
    weakref.finalize(con, _forget, found)
    return con


def _forget(_: Files) -> None:
    """Lets go of what a connection kept."""


def open_parts(files: Sequence[Path], *, memory_limit: str | None = None) -> duckdb.DuckDBPyConnection:
    """As `open_events`, over named Parquet files.

    Raises:
        EvidenceError: a file that is no part of a store.
    """
    con = connect(memory_limit=memory_limit)
    try:
        # Cheap test of all footers at once; only on a failure is every file opened to name the culprit. Sealed files
        # are all written alike, and there may be thousands: the first one stands for them.
        sealed = [file for file in files if file.name.startswith(sealed_files.PREFIX)]
        tested = [*(file for file in files if not file.name.startswith(sealed_files.PREFIX)), *sealed[:1]]
        known = ", ".join(literal(name) for name in COLUMNS)
        odd = con.execute(
            f"SELECT file_name FROM parquet_schema([{_listed(tested)}]) WHERE name IN ({known}) "
            f"GROUP BY file_name HAVING count(DISTINCT name) < {len(COLUMNS)} LIMIT 1"
        ).fetchall()
        con.execute(f"CREATE VIEW events AS {reading(files)}")
        types = {row[0]: row[1] for row in con.execute("DESCRIBE events").fetchall()}
    except duckdb.Error as error:
        con.close()
        raise culprit(files, error) from None
    wrong = [name for name, kind in _TYPES.items() if types.get(name) != kind]
    if odd or wrong:
        con.close()
        raise culprit(files, ValueError(f"wrong columns: {', '.join(wrong) or 'some are missing'}"))
    return con


def reading(files: Sequence[Path]) -> str:
    """A query that gives the columns of the event model over files of a store."""
    sealed = [file for file in files if file.name.startswith(sealed_files.PREFIX)]
    other = [file for file in files if not file.name.startswith(sealed_files.PREFIX)]
    columns = ", ".join(COLUMNS)
    # By name is for parts that differ in their columns, and opens each file before the first row; sealed ones do not.
    found = [
        f"SELECT {columns} FROM read_parquet([{_listed(some)}], union_by_name = {by_name}, hive_partitioning = false)"
        for some, by_name in ((sealed, "false"), (other, "true"))
        if some
    ]
    return " UNION ALL ".join(found)


def _listed(files: Sequence[Path]) -> str:
    return ", ".join(literal(str(file)) for file in files)


_TYPES: Final = {
    field.name: "VARCHAR[]" if pa.types.is_list(field.type) else "BIGINT" if field.type == pa.int64() else "VARCHAR"
    for field in schema.SCHEMA
}


def check_part(file: Path) -> None:
    """Reads the footer of one Parquet file.

    Raises:
        EvidenceError: not Parquet, truncated, or other columns than those of events.
    """
    try:
        found = pq.read_schema(file)
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        raise EvidenceError(f"not a whole Parquet file: {_first_line(error)}", where=str(file)) from None
    missing = [name for name in COLUMNS if name not in found.names]
    if missing:
        raise EvidenceError(f"no events: column `{missing[0]}` is missing", where=str(file))
    for column in schema.SCHEMA:
        got = found.field(column.name).type
        if pa.types.is_dictionary(got):
            got = got.value_type
        kin = (
            pa.types.is_list,
            pa.types.is_int64,
            lambda t: pa.types.is_string(t) or pa.types.is_large_string(t),
        )
        if not any(is_kind(got) and is_kind(column.type) for is_kind in kin):
            raise EvidenceError(f"no events: column `{column.name}` is {got}, not {column.type}", where=str(file))


def culprit(files: Sequence[Path], error: Exception) -> EvidenceError:
    """The error with the file that caused it, found by reading each."""
    for file in files:
        try:
            check_part(file)
            for batch in pq.ParquetFile(file, page_checksum_verification=True).iter_batches(BATCH):
                for _ in schema.events(batch):
                    pass
        except EvidenceError as found:
            return EvidenceError(found.message, where=found.where or str(file), hint=found.hint)
        except (pa.ArrowException, OSError) as found:
            return EvidenceError(f"damaged: {_first_line(found)}", where=str(file))
    where = str(files[0]) if len(files) == 1 else str(files[0].parent.parent)
    return EvidenceError(f"unreadable: {_first_line(error)}", where=where)


def read_events(folder: str | Path, where: str = "", parameters: Sequence[Any] = ()) -> Iterator[Event]:
    """The events of a store in the total order: trace, time, the writer's sequence.

    Args:
        folder: the store.
        where: a DuckDB condition over the columns with `?` for values, never text of a user; empty for all.
        parameters: the values.

    Raises:
        EvidenceError: no events there, or a damaged or foreign file; it is named.
    """
    found = files(folder)
    yield from _stream(_opened(folder, found), found.paths, where, parameters)


def read_parts(files: Sequence[Path]) -> Iterator[Event]:
    """As `read_events`, over named Parquet files.

    Raises:
        EvidenceError: a damaged or foreign file; it is named.
    """
    yield from _stream(open_parts(files), files, "", ())


def with_ids(files: Sequence[Path], ids: list[str]) -> Iterator[Event]:
    """The stored events that have one of these ids, in no order.

    Raises:
        EvidenceError: a damaged or foreign file; it is named.
    """
    con = open_parts(files)
    con.register("wanted", pa.table({"event_id": pa.array(ids, pa.string())}))
    # Two steps: most imports find nothing, and then only the ids are read.
    found = con.execute("SELECT event_id FROM events SEMI JOIN wanted USING (event_id) LIMIT 1").fetchall()
    if not found:
        con.close()
        return
    yield from _stream(con, files, "event_id IN (SELECT event_id FROM wanted)", (), order=False)


def _stream(
    con: duckdb.DuckDBPyConnection,
    files: Sequence[Path],
    where: str,
    parameters: Sequence[Any],
    *,
    order: bool = True,
) -> Iterator[Event]:
    condition = f" WHERE {where}" if where else ""
    query = f"SELECT * FROM events{condition}" + (f" ORDER BY {ORDER}" if order else "")
    try:
        for batch in con.sql(query, params=list(parameters)).to_arrow_reader(BATCH):
            yield from schema.events(batch)
    except duckdb.OutOfMemoryException as error:
        raise EnvironmentFailed(f"not enough memory or disk: {_first_line(error)}") from None
    except (duckdb.Error, pa.ArrowException, OSError, EvidenceError) as error:
        raise culprit(files, error) from None
    finally:
        con.close()


def literal(text: str) -> str:
    """A text as SQL writes it."""
    return "'" + text.replace("'", "''") + "'"


def _first_line(error: Exception) -> str:
    return str(error).strip().split("\n")[0][:200].lower() or type(error).__name__
