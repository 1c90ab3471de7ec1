"""What stands in the folders of a store, against what should: jobs for what must be judged, findings for the rest.

A file that no record names is either what a crash left, which the next sealing removes, or something that somebody put
there: the first has every one of its events elsewhere in the store too. Leaves out judging files (`files`, `journal`).
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path, PurePosixPath
from typing import Final

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from govern.audit import database, import_mark, journal, records, sealing_parts, snapshot
from govern.audit.verifying.book import Book
from govern.audit.verifying.contract import Finding, Kind
from govern.audit.verifying.files import Job, Recorded
from govern.audit.verifying.journal import SegmentJob
from govern.audit.verifying.retention import Kept
from govern.audit.verifying.values import Table
from govern.errors import EvidenceError, GovernError

_TABLE: Final = re.compile(r"[0-9]{12}\.jsonl")
_BESIDE: Final = "policies"


@dataclass(slots=True)
class Inventory:
    """What is to be judged, and what should not be there.

    Args:
        files: sealed files that must be there.
        segments: each writer's, in order.
        tables: side tables that several of these share, with whether their writer may be at work.
        plain: rows of imported parts that are not sealed.
        parts: how many such parts there are.
        good: paths of those that are whole and hold events.
        findings: what should not be there.
        notes: what a crash left.
    """

    files: list[Job] = field(default_factory=list)
    segments: dict[str, list[SegmentJob]] = field(default_factory=dict)
    tables: list[Table] = field(default_factory=list)
    plain: int = 0
    parts: int = 0
    good: list[str] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def take(folder: Path, book: Book, kept: Kept, closed: Mapping[str, bool]) -> Inventory:
    """Looks through the folders.

    Args:
        closed: of each writer, whether it said itself that it ended.

    Raises:
        OSError: a folder cannot be read.
    """
    made = Inventory()
    tables = _Tables(folder, book, closed, made)
    for index, members in kept.live.items():
        if (job := _job(folder, book, index, members, tables)) is not None:
            made.files.append(job)
        else:
            path = book.file(index).path
            what = f"record {index:,} names a file outside of `events`"
            made.findings.append(Finding(Kind.EDITED, path[:200], what, index))
    for mark in import_mark.unfinished(folder):
        made.findings.append(Finding(Kind.UNFINISHED, mark.path.name, mark.told))
    _segments(folder, book, tables, made)
    tables.finish(made)
    _events(folder, {job.path for job in made.files}, kept, made)
    return made


def _job(folder: Path, book: Book, index: int, members: Sequence[int], tables: _Tables) -> Job | None:
    record = book.file(index)
    if not _inside(folder, record.path):
        return None
    recorded = tuple(
        Recorded(
            index=member, rows=file.rows, root=file.root, from_ns=file.from_ns, to_ns=file.to_ns, writer=file.writer,
            first=file.first, last=file.last, before=file.before, after=file.after,
            values=tables.of(file.writer, file.first, file.last),
        )
        for member in members
        if isinstance(file := book.entries[member], records.File)
    )  # fmt: skip
    digest = record.digest.removeprefix("sha256:")
    return Job(str(folder), record.path, record.bytes, digest, recorded, isinstance(record, records.Compaction))


def _inside(folder: Path, path: str) -> bool:
    parts = PurePosixPath(path).parts
    if "\x00" in path or not parts or parts[0] != "events" or ".." in parts or path.startswith("/"):
        return False
    return Path(folder, path).resolve().is_relative_to(folder.resolve())


def _segments(folder: Path, book: Book, tables: _Tables, made: Inventory) -> None:
    root = folder / journal.FOLDER
    marks: dict[str, set[int]] = {}
    for _, file in book.of(records.File):
        if file.writer is not None and file.first is not None and file.last is not None:
            marks.setdefault(file.writer, set()).update((file.first, file.last + 1))
    for place in sorted(root.iterdir()) if root.is_dir() else ():
        if place.is_symlink() or not place.is_dir():
            made.findings.append(Finding(Kind.EXTRA, f"{journal.FOLDER}/{place.name}", "no folder of a writer"))
            continue
        mine = made.segments.setdefault(place.name, [])
        names = sorted(path.name for path in place.iterdir())
        for name in names:
            path = f"{journal.FOLDER}/{place.name}/{name}"
            if name.endswith(".tmp"):
                made.notes.append(f"{path} was left behind by a writer that died; it counts for nothing")
            elif _TABLE.fullmatch(name) is None:
                made.findings.append(Finding(Kind.EXTRA, path, "no segment of a journal"))
            else:
                first = int(name[:12])
                values = tables.of(place.name, first, None)
                mine.append(SegmentJob(str(folder), path, first, values, tuple(marks.get(place.name, ()))))


class _Tables:
    """The side tables of every writer, and which events go with each: those from its number to that of the next."""

    def __init__(self, folder: Path, book: Book, closed: Mapping[str, bool], made: Inventory) -> None:
        self._firsts: dict[str, list[int]] = {}
        self._used: dict[str, int] = {}
        self._asked: list[tuple[Table, ...]] = []
        self._closed = closed
        root = folder / "values"
        for place in sorted(root.iterdir()) if root.is_dir() else ():
            if place.is_symlink() or not place.is_dir():
                made.findings.append(Finding(Kind.EXTRA, f"values/{place.name}", "no folder of a writer"))
                continue
            names = sorted(path.name for path in place.iterdir())
            for name in names:
                if _TABLE.fullmatch(name):
                    self._firsts.setdefault(place.name, []).append(int(name[:12]))
                elif not name.endswith(".tmp"):
                    made.findings.append(Finding(Kind.EXTRA, f"values/{place.name}/{name}", "no side table"))
        spans: dict[str, list[tuple[int, int]]] = {}
        for _, file in book.of(records.File):
            if file.writer is not None and file.first is not None and file.last is not None:
                spans.setdefault(file.writer, []).append((file.first, file.last))
        for writer, firsts in self._firsts.items():
            for number, first in enumerate(firsts):
                after = firsts[number + 1] if number + 1 < len(firsts) else None
                users = [1 for low, high in spans.get(writer, ()) if high >= first and (after is None or low < after)]
                self._used[_table(writer, first)] = len(users)
        self._journals = {
            (path.parent.name, int(path.stem)) for paths in journal.segments(folder).values() for path in paths
        }

    def of(self, writer: str | None, first: int | None, last: int | None) -> tuple[Table, ...]:
        """The side tables that go with a writer's events.

        Args:
            last: their last number; None for all up to the next table.
        """
        if writer is None or first is None or (firsts := self._firsts.get(writer)) is None:
            return ()
        start = max(bisect_right(firsts, first) - 1, 0)
        found = firsts[start : start + 1] if last is None else [each for each in firsts[start:] if each <= last]
        return tuple(self._made(writer, each) for each in found)

    def _made(self, writer: str, first: int) -> Table:
        path = _table(writer, first)
        users = self._used[path] + ((writer, first) in self._journals)
        is_last = first == self._firsts[writer][-1]
        return Table(path, users > 1, is_last and not self._closed.get(writer, False))

    def finish(self, made: Inventory) -> None:
        """Says which tables are shared, and which go with nothing."""
        for writer, firsts in self._firsts.items():
            for first in firsts:
                table = self._made(writer, first)
                if table.shared:
                    made.tables.append(table)
                elif not self._used[table.path] and (writer, first) not in self._journals and not table.open:
                    made.findings.append(Finding(Kind.EXTRA, table.path, "values that go with no events"))


def _table(writer: str, first: int) -> str:
    return f"values/{writer}/{first:012}.jsonl"


def _events(folder: Path, live: set[str], kept: Kept, made: Inventory) -> None:
    root = folder / "events"
    attempted: set[str] = set()
    waiting: set[str] = set()
    for listed in sorted(folder.glob(snapshot.INTENTS)):
        try:
            intent = snapshot.intent(listed)
        except EvidenceError as error:
            made.findings.append(Finding(Kind.DAMAGED, f"events/{listed.name}", error.message))
            continue
        attempted.update(each for files in intent.values() for each in files)
        waiting.update(part for part, files in intent.items() if files and (live | set(kept.dead)).issuperset(files))
    for place in sorted(root.iterdir()) if root.is_dir() else ():
        if place.name == _BESIDE or place.name.endswith(".tmp") or fnmatch(f"events/{place.name}", snapshot.INTENTS):
            continue
        if place.is_symlink() or not place.is_dir() or not place.name.startswith("dt="):
            made.findings.append(Finding(Kind.EXTRA, f"events/{place.name}", "no day of events"))
            continue
        for file in sorted(place.iterdir()):
            path = f"events/{place.name}/{file.name}"
            if path in live:
                continue
            if file.name.endswith(".tmp"):
                made.notes.append(f"{path} was left behind by a writer that died; it counts for nothing")
            elif (why := kept.dead.get(path)) is not None:
                made.notes.append(f"{path} is still there, and counts for nothing: {why}")
            elif path in waiting:
                made.notes.append(f"{path} is sealed already; the next `govern audit seal` removes it")
            elif file.name.startswith("part-") and file.suffix == ".parquet":
                _part(file, path, made)
            else:
                _unnamed(folder, file, path, attempted, made)


def _part(file: Path, path: str, made: Inventory) -> None:
    made.parts += 1
    try:
        rows = sealing_parts.check(file)
        with database.connect(threads=1) as con:
            sealing_parts.check_rows(con, file)
    except EvidenceError as error:
        made.findings.append(Finding(Kind.DAMAGED, path, error.message))
        return
    except (duckdb.Error, pa.ArrowException, OSError, ValueError) as error:
        words = str(error).strip().split("\n")[0][:200]
        made.findings.append(Finding(Kind.DAMAGED, path, f"not a whole Parquet file: {words}"))
        return
    made.plain += rows
    made.good.append(path)
    made.findings.append(
        Finding(Kind.UNSEALED, path, f"{rows:,} imported event{'' if rows == 1 else 's'} that no record protects yet")
    )


def _unnamed(folder: Path, file: Path, path: str, attempted: set[str], made: Inventory) -> None:
    if path in attempted:
        made.notes.append(f"{path} was left behind by a sealing that stopped; it counts for nothing")
        return
    if file.name.startswith("seal-") and _in_journal(folder, file):
        made.notes.append(f"{path} was left behind by a sealing that stopped: the journal has all of it")
        return
    made.findings.append(Finding(Kind.EXTRA, path, "no record of the log names it"))


def _in_journal(folder: Path, file: Path) -> bool:
    """Whether every event of a file stands in the journal of its writer."""
    try:
        table = pq.read_table(file, columns=["writer_id", "canon"], use_threads=False)
        found = set(zip(table.column("writer_id").to_pylist(), table.column("canon").to_pylist(), strict=True))
    except (pa.ArrowException, OSError, ValueError, MemoryError):
        return False
    segments = journal.segments(folder)
    for writer in {writer for writer, _ in found}:
        for path in segments.get(writer, ()):
            try:
                rows = journal.read_segment(path).rows
            except GovernError:
                continue
            found -= {(writer, text.decode()) for text, _ in rows}
    return not found
