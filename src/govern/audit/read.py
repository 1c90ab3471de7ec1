"""Reads a store: a DuckDB connection with the view `events`, or events one by one in the total order.

Foreign or damaged Parquet is named and refused (`EvidenceError`). Nothing is downloaded: no extension is
installed or loaded by itself.

Leaves out: writing (`store`), what the events mean (`reconstruct`, `replay`).
"""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from govern.audit import schema, store
from govern.errors import EnvironmentFailed, EvidenceError
from govern.events.model import COLUMNS, Event

BATCH: Final = 8_192
_ORDER: Final = "trace_id, ts_ns NULLS LAST, wseq, writer_id"


@cache
def spill() -> str:
    """A private folder for what does not fit into memory, gone with the process."""
    folder = tempfile.mkdtemp(prefix="govern-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def _quarter() -> int:
    """A quarter of the machine's memory, in bytes; not less than 512 MiB."""
    return max(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 4, 512 * 2**20)


def connect(*, memory_limit: str | None = None, threads: int | None = None) -> duckdb.DuckDBPyConnection:
    """An in-memory DuckDB that loads nothing from outside and spills to a temporary folder.

    Args:
        memory_limit: as DuckDB writes it, such as `1GB`; None is a quarter of the machine's.
        threads: how many; None for as many as the machine has.
    """
    config: dict[str, Any] = {
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        "memory_limit": memory_limit or f"{_quarter()}B",
        "temp_directory": spill(),
        "preserve_insertion_order": True,
    }
    if threads is not None:
        config["threads"] = threads
    con = duckdb.connect(config=config)
    con.execute("SET parquet_metadata_cache = true")
    return con


def open_events(folder: str | Path, *, memory_limit: str | None = None) -> duckdb.DuckDBPyConnection:
    """A connection with the view `events` over a store; its columns are those of the event model.

    Args:
        folder: the store (the folder that holds `events/`).
        memory_limit: as DuckDB writes it.

    Raises:
        EvidenceError: no events there, or a file that is no part of a store; the file is named.
    """
    found = store.parts(Path(folder))
    if not found:
        raise EvidenceError("no events here", where=str(folder), hint="write some with `govern import LOGS -o DIR`")
    return open_parts(found, memory_limit=memory_limit)


def open_parts(files: Sequence[Path], *, memory_limit: str | None = None) -> duckdb.DuckDBPyConnection:
    """As `open_events`, over named Parquet files.

    Raises:
        EvidenceError: a file that is no part of a store.
    """
    names = ", ".join(_literal(str(file)) for file in files)
    con = connect(memory_limit=memory_limit)
    try:
        # Cheap test of all footers at once; only on a failure is every file opened to name the culprit.
        known = ", ".join(_literal(name) for name in COLUMNS)
        odd = con.execute(
            f"SELECT file_name FROM parquet_schema([{names}]) WHERE name IN ({known}) "
            f"GROUP BY file_name HAVING count(DISTINCT name) < {len(COLUMNS)} LIMIT 1"
        ).fetchall()
        con.execute(
            f"CREATE VIEW events AS SELECT {', '.join(COLUMNS)} "
            f"FROM read_parquet([{names}], union_by_name = true, hive_partitioning = false)"
        )
        types = {row[0]: row[1] for row in con.execute("DESCRIBE events").fetchall()}
    except duckdb.Error as error:
        con.close()
        raise culprit(files, error) from None
    wrong = [name for name, kind in _TYPES.items() if types.get(name) != kind]
    if odd or wrong:
        con.close()
        raise culprit(files, ValueError(f"wrong columns: {', '.join(wrong) or 'some are missing'}"))
    return con


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
    except (pa.ArrowException, OSError) as error:
        raise EvidenceError(f"not a whole Parquet file: {_first_line(error)}", where=str(file)) from None
    missing = [name for name in COLUMNS if name not in found.names]
    if missing:
        raise EvidenceError(f"no events: column `{missing[0]}` is missing", where=str(file))
    for field in schema.SCHEMA:
        got = found.field(field.name).type
        if pa.types.is_dictionary(got):
            got = got.value_type
        kin = (
            pa.types.is_list,
            pa.types.is_int64,
            lambda t: pa.types.is_string(t) or pa.types.is_large_string(t),
        )
        if not any(is_kind(got) and is_kind(field.type) for is_kind in kin):
            raise EvidenceError(f"no events: column `{field.name}` is {got}, not {field.type}", where=str(file))


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
    found = store.parts(Path(folder))
    con = open_events(folder)
    yield from _stream(con, found, where, parameters)


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
    query = f"SELECT * FROM events{condition}" + (f" ORDER BY {_ORDER}" if order else "")
    try:
        for batch in con.sql(query, params=list(parameters)).to_arrow_reader(BATCH):
            yield from schema.events(batch)
    except duckdb.OutOfMemoryException as error:
        raise EnvironmentFailed(f"not enough memory or disk: {_first_line(error)}") from None
    except (duckdb.Error, pa.ArrowException, OSError, EvidenceError) as error:
        raise culprit(files, error) from None
    finally:
        con.close()


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _first_line(error: Exception) -> str:
    return str(error).strip().split("\n")[0][:200].lower() or type(error).__name__
