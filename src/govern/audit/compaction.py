"""Takes many small sealed files of a day together to a few large ones; every old root is computed again from them.

Each row keeps which record's file it stood in first and in which row (`file`, `row`), so the leaves of every old file
are there in their old order: old roots, and proofs under them, stay valid. No row, byte of `canon` or leaf changes. The
old files are deleted after the record stands in the log.

Leaves out plain parts (`sealing`).
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import duckdb
import pyarrow as pa

from govern.audit import lease, leftovers, sealed, sealing_batch, snapshot, store_log
from govern.audit.leftovers import originals
from govern.audit.read import connect, culprit, literal
from govern.audit.records import Compaction, File
from govern.audit.sealing import LEASE_S, TRIES, Watch, failed, holder, require
from govern.audit.store_log import Entry, Lost, StoreLog
from govern.errors import EnvironmentFailed, EvidenceError, UsageError
from govern.signing.keys import PrivateKey

ROWS: Final = 1_000_000
FILES: Final = 2
"""Fewer small files of a day are left as they are."""


@dataclass(slots=True)
class Compacted:
    """What was done.

    Args:
        made: the new files.
        replaced: how many files they replace.
        days: folders that were compacted.
        problems: files that could not be read: those of their folder are left as they are.
        waiting: old files that are still read by somebody; the next seal deletes them.
    """

    made: list[sealed.File] = field(default_factory=list)
    replaced: int = 0
    days: int = 0
    problems: list[EvidenceError] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)

    @property
    def rows(self) -> int:
        return sum(each.rows for each in self.made)


@dataclass(frozen=True, slots=True)
class _Plan:
    """Files that become one."""

    folder: str
    entries: tuple[Entry, ...]


def compact(
    folder: str | Path,
    key: PrivateKey,
    *,
    rows: int = ROWS,
    now_ns: int | None = None,
    watch: Watch | None = None,
    memory_limit: str | None = None,
) -> Compacted:
    """Compacts a store.

    Args:
        folder: the store.
        key: of its log.
        rows: a new file has at most so many; files that have half of it already are left as they are.
        now_ns: the time of the records; None for the clock's.
        watch: told how many rows are done, and of how many.
        memory_limit: of the database, such as `1GB`; None for a quarter of the machine's.

    Raises:
        UsageError: the key is not the log's, or `rows` is no positive number.
        EvidenceError: the store has no log, or it is damaged.
        EnvironmentFailed: it cannot be written; or somebody else seals it.
    """
    if not 2 <= rows <= sealed.ROWS:
        raise UsageError(f"a file has 2 to {sealed.ROWS:,} rows, not {rows:,}")
    root = Path(folder)
    log = store_log.read(root)
    require(log, key)
    done = Compacted()
    try:
        with lease.held(root, holder(), LEASE_S) as held:
            keeps = snapshot.take(root)  # an old file that is not there is named before anything is done
            plans = list(_plans(log, rows))
            total = sum(_rows(entry) for plan in plans for entry in plan.entries)
            for plan in plans:
                log = _one(root, log, key, plan, now_ns, memory_limit, done)
                held.renew()
                if watch is not None:
                    watch(done.rows, total)
            if keeps.hold is not None:
                keeps.hold.release()
            _, done.waiting = leftovers.remove(root, leftovers.look(root, log).gone)
    except OSError as error:
        raise failed(error, root) from None
    done.days = len({made.path.rsplit("/", 1)[0] for made in done.made})
    return done


def _plans(log: StoreLog, rows: int) -> Iterator[_Plan]:
    folders: dict[str, list[Entry]] = {}
    for entry in log.files():
        if _rows(entry) * 2 <= rows:
            folders.setdefault(snapshot.path_of(entry).rsplit("/", 1)[0], []).append(entry)
    for folder, entries in sorted(folders.items()):
        group: list[Entry] = []
        for entry in entries:
            if group and sum(map(_rows, group)) + _rows(entry) > rows:
                yield from _plan(folder, group)
                group = []
            group.append(entry)
        yield from _plan(folder, group)


def _plan(folder: str, group: list[Entry]) -> Iterator[_Plan]:
    if len(group) >= FILES:
        yield _Plan(folder, tuple(group))


def _rows(entry: Entry) -> int:
    return entry.record.rows if isinstance(entry.record, (File, Compaction)) else 0


def _one(
    root: Path,
    log: StoreLog,
    key: PrivateKey,
    plan: _Plan,
    now_ns: int | None,
    memory_limit: str | None,
    done: Compacted,
) -> StoreLog:
    indexes = {entry.index for entry in plan.entries}
    for left in reversed(range(TRIES)):
        # Who loses a race writes the file again: the winner may have removed this one, which no record named.
        try:
            return _tried(root, log, key, plan, now_ns, memory_limit, done)
        except Lost:
            log = store_log.read(root)
            if not left or not indexes <= {entry.index for entry in log.files()}:
                raise
    raise AssertionError("the last try returns or raises")


def _tried(
    root: Path,
    log: StoreLog,
    key: PrivateKey,
    plan: _Plan,
    now_ns: int | None,
    memory_limit: str | None,
    done: Compacted,
) -> StoreLog:
    batch = sealing_batch.Batch(root)
    try:
        try:
            for made in sealed.write(_merged(root, plan, memory_limit), root, plan.folder, sealed.COMPACTED):
                batch.made.append(made)
        except EvidenceError as error:
            done.problems.append(error)
            return log
        (made,) = batch.made
        if made.rows != sum(map(_rows, plan.entries)):
            where = str(root / plan.folder)
            done.problems.append(EvidenceError("files have other numbers of rows than their records say", where=where))
            return log
        at_ns = time.time_ns() if now_ns is None else now_ns
        batch.records.append(sealing_batch.of_compaction(made, _originals(log, plan), at_ns))
        log = batch.append(log, key)
        batch = sealing_batch.Batch(root)
    finally:
        batch.discard()
    done.made.append(made)
    done.replaced += len(plan.entries)
    return log


def _originals(log: StoreLog, plan: _Plan) -> list[int]:
    """The indexes of the `file` records whose rows are taken."""
    found: list[int] = []
    for entry in plan.entries:
        found += entry.record.files if isinstance(entry.record, Compaction) else [entry.index]
    if len(originals(log, found)) != len(found):
        raise EvidenceError("a compaction of a compaction names files that are none", where=str(log.folder))
    return sorted(found)


def _reading(paths: list[str]) -> str:
    return f"read_parquet([{', '.join(map(literal, paths))}], filename = true, hive_partitioning = false)"


def _merged(root: Path, plan: _Plan, memory_limit: str | None) -> Iterator[pa.RecordBatch]:
    """The rows of all files in the total order, each with the file and row that it stood in first."""
    columns = ", ".join(sealed.SCHEMA.names)
    first = {str(root / snapshot.path_of(each)): each.index for each in plan.entries if isinstance(each.record, File)}
    again = [str(root / snapshot.path_of(each)) for each in plan.entries if isinstance(each.record, Compaction)]
    con = connect(memory_limit=memory_limit)
    queries = []
    try:
        if first:
            paths = pa.array(first.keys(), pa.string())
            con.register("gv_files", pa.table({"filename": paths, "file": pa.array(first.values(), pa.int64())}))
            source = f"{_reading(list(first))} JOIN gv_files USING (filename)"
            queries.append(f"SELECT {columns}, file, file_row_number AS row FROM {source}")
        if again:
            queries.append(f"SELECT {columns}, file, row FROM {_reading(again)}")
        yield from con.sql(f"{' UNION ALL '.join(queries)} ORDER BY {sealed.ORDER}").to_arrow_reader(sealed.ROW_GROUP)
    except duckdb.OutOfMemoryException as error:
        raise EnvironmentFailed(f"not enough memory or disk: {str(error).splitlines()[0].lower()}") from None
    except (duckdb.Error, pa.ArrowException) as error:
        raise culprit([root / snapshot.path_of(entry) for entry in plan.entries], error) from None
    finally:
        con.close()
