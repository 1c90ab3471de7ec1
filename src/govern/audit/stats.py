"""What a store has: writers, files, events by day and type, bytes, the journal, holds, what was deleted.

Counts only: whether it holds is `verify`'s. Leaves out how it is shown (`report.stats_text`, `report.stats_json`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import duckdb

from govern.audit import holds, journal, leftovers, read, sealing_journal, snapshot, store_log, writers
from govern.audit.anchors import receipts
from govern.audit.import_mark import Mark, unfinished
from govern.audit.records import Compaction, End, File, Hold, Retention
from govern.audit.store_log import StoreLog
from govern.errors import EvidenceError

_RECEIPT: Final = re.compile(r"([0-9]{12})-(.+)-[0-9a-f]{12}\.json")
_DAY_NS: Final = 86_400 * 10**9


@dataclass(frozen=True, slots=True)
class WriterLine:
    """One writer.

    Args:
        sealed: events that are sealed.
        journal: events that are not, as far as their lines follow.
        state: `alive`, `ended` (it signed its end), `crashed` (its end was recorded without), `gone` (it neither lives
            nor is its end recorded: the next seal does).
    """

    writer: str
    sealed: int
    journal: int
    state: str


@dataclass(frozen=True, slots=True)
class Retired:
    """What one tombstone deleted."""

    rule: str
    by: str
    at_ns: int
    files: int
    events: int


@dataclass(frozen=True, slots=True)
class Stats:
    """What a store has.

    Args:
        id, origin: of the store; None of one without a log.
        events: each once, sealed or not.
        sealed, plain, journal: of these, how many stand where.
        files, plain_files: Parquet files that count.
        bytes, plain_bytes, journal_bytes, log_bytes, values_bytes: on the disk.
        compacted: files among them that took the rows of others.
        days: events by UTC day (`unknown` without a time) and type, sorted.
        writers: sorted.
        records: of the log.
        checkpoint: the newest; None without a log.
        sealed_ns: when the newest file was recorded; None where none is.
        sealed_to_ns: the time of the newest sealed event; None where none is known.
        anchors: receipts of checkpoints that were held elsewhere, as kind and size of the log, oldest first; a note of
            the store's own, which proves nothing.
        holds: in force.
        retired: tombstones, in order.
        waiting: files that are not needed any more and wait for the next seal.
        strays: files that no record names.
        unfinished: imports that were not finished.
        problems: what could not be read.
    """

    folder: str
    id: str | None
    origin: str | None
    events: int
    sealed: int
    plain: int
    journal: int
    files: int
    plain_files: int
    compacted: int
    bytes: int
    plain_bytes: int
    journal_bytes: int
    log_bytes: int
    values_bytes: int
    days: tuple[tuple[str, tuple[tuple[str, int], ...]], ...]
    writers: tuple[WriterLine, ...]
    records: int
    checkpoint: str | None
    sealed_ns: int | None
    sealed_to_ns: int | None
    anchors: tuple[tuple[str, int], ...]
    holds: tuple[Hold, ...]
    retired: tuple[Retired, ...]
    waiting: int
    strays: int
    unfinished: tuple[Mark, ...]
    problems: tuple[str, ...] = ()


def stats(folder: str | Path) -> Stats:
    """Counts a store.

    Raises:
        EvidenceError: nothing is there, the log is damaged, or a file that it names is not there.
        EnvironmentFailed: it cannot be read.
    """
    root = Path(folder)
    log = store_log.read(root)
    found = snapshot.take(root)
    if not log.entries and not found.files and not found.journal:
        hint = "`govern audit init DIR --sign KEY` begins a store, and `govern import LOGS -o DIR` too"
        raise EvidenceError("no events here", where=str(root), hint=hint)
    problems: list[str] = []
    lines = _writers(root, log, found, problems)
    days = _days(found, problems)
    plain = sum(count for _, count in _counted(found.plain))
    left = leftovers.look(root, log)
    files = [entry.record for entry in found.sealed if isinstance(entry.record, (File, Compaction))]
    recorded = [entry.record for entry in log.entries if isinstance(entry.record, File)]
    ends = [record.to_ns for record in recorded if record.to_ns is not None]
    sealed, in_journal = sum(record.rows for record in files), sum(line.journal for line in lines)
    return Stats(
        folder=str(root),
        id=log.store.id if log.entries else None,
        origin=log.origin if log.entries else None,
        events=sealed + plain + in_journal,
        sealed=sealed,
        plain=plain,
        journal=in_journal,
        files=len(files),
        plain_files=len(found.plain),
        compacted=sum(isinstance(record, Compaction) for record in files),
        bytes=sum(record.bytes for record in files),
        plain_bytes=_bytes(found.plain),
        journal_bytes=_bytes(root.glob("journal/*/*.jsonl")),
        log_bytes=_bytes(root.glob("log/*.json")),
        values_bytes=_bytes(root.glob("values/*/*.jsonl")),
        days=days,
        writers=tuple(lines),
        records=log.size,
        checkpoint=log.checkpoint if log.entries else None,
        sealed_ns=max((record.at_ns for record in recorded), default=None),
        sealed_to_ns=max(ends, default=None),
        anchors=tuple(_anchors(root)),
        holds=tuple(holds.in_force(log)),
        retired=tuple(_retired(log)),
        waiting=len(left.gone),
        strays=len(left.strays),
        unfinished=tuple(unfinished(root)),
        problems=tuple(problems),
    )


def _writers(root: Path, log: StoreLog, found: snapshot.Snapshot, problems: list[str]) -> list[WriterLine]:
    said = sealing_journal.known(log)
    ends = {entry.record.writer: entry.record for entry in log.entries if isinstance(entry.record, End)}
    pending: dict[str, int] = {}
    for each in found.journal:
        try:
            segment = journal.read_segment(each.path)
        except EvidenceError as error:
            problems.append(f"{error.where}: {error.message}")
            continue
        if segment.problem is not None:
            problems.append(f"{each.path}: {segment.problem}")
        count = max(segment.next - max(segment.first, each.after + 1), 0)
        pending[each.writer] = pending.get(each.writer, 0) + count
    lines = []
    for writer in sorted({*writers.registered(root), *said, *pending}):
        end = ends.get(writer)
        if end is not None:
            state = "crashed" if end.crashed else "ended"
        elif writers.end_path(root, writer).is_file():
            state = "ended"
        else:
            state = "alive" if writers.alive(root, writer) else "gone"
        lines.append(WriterLine(writer, said[writer].next if writer in said else 0, pending.get(writer, 0), state))
    return lines


def _days(found: snapshot.Snapshot, problems: list[str]) -> tuple[tuple[str, tuple[tuple[str, int], ...]], ...]:
    try:
        files = read.files_of(found)
    except EvidenceError as error:
        problems.append(f"{error.where}: {error.message}")
        files = read.Files(found.files, keeps=found.hold)
    if not files.paths:
        return ()
    query = f"SELECT ts_ns // {_DAY_NS} - (ts_ns % {_DAY_NS} < 0)::INT AS day, type, count(*) FROM events GROUP BY ALL"
    try:
        with closing(read.open_parts(files.paths)) as con:
            rows = con.execute(query).fetchall()
    except duckdb.Error as error:
        raise read.culprit(files.paths, error) from None
    days: dict[str, dict[str, int]] = {}
    for number, kind, count in rows:
        day = "unknown" if number is None else datetime.fromtimestamp(number * 86_400, UTC).date().isoformat()
        days.setdefault(day, {})[kind] = count
    return tuple((day, tuple(sorted(kinds.items()))) for day, kinds in sorted(days.items()))


def _counted(paths: tuple[Path, ...]) -> list[tuple[Path, int]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return [(path, pq.read_metadata(path).num_rows) for path in paths]
    except (pa.ArrowException, OSError) as error:
        raise read.culprit(paths, error) from None


def _anchors(root: Path) -> list[tuple[str, int]]:
    """Of the receipts' names, `SIZE-KIND-DIGEST.json`."""
    names = [_RECEIPT.fullmatch(path.name) for path in sorted((root / receipts.FOLDER).glob("*.json"))]
    return [(match[2], int(match[1])) for match in names if match is not None]


def _retired(log: StoreLog) -> list[Retired]:
    found = []
    for entry in log.entries:
        if isinstance(record := entry.record, Retention):
            events = sum(each.rows for each in leftovers.originals(log, record.files))
            found.append(Retired(record.rule, record.by, record.at_ns, len(record.files), events))
    return found


def _bytes(paths: Iterable[Path]) -> int:
    total = 0
    for path in paths:
        try:
            total += path.stat().st_size
        except FileNotFoundError:  # sealed meanwhile
            continue
    return total
