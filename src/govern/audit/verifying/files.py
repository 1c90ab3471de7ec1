"""One sealed file, judged by itself: every row hashed again, its roots, its part of the writer's chain, its columns.

A file is judged against the records that name it, and never against what it says of itself: the `leaf` column only
tells which row was changed. Works on one file at a time, so that many can be judged at once in several processes; what
it needs and gives is plain data. Bad Parquet is a finding, never an error.

Leaves out whether the records are genuine (`book`) and how files follow each other (`sequence`).
"""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from govern.audit import canon, merkle, schema, sealed
from govern.audit.verifying import columns
from govern.audit.verifying.contract import Finding, Kind
from govern.audit.verifying.values import Promises, Table, settle
from govern.errors import EvidenceError
from govern.events.model import COLUMNS, TEXT_LISTS

BATCH: Final = 16_384
SHOWN: Final = 20
"""Findings of one kind in one file; more are counted."""
_READ_WHOLE: Final = 512 * 2**20
_SPARE_ROWS: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Recorded:
    """What one file record says.

    Args:
        index: of the record in the log.
        rows: of the file.
        root: of its leaves in the file's order, hex.
        from_ns, to_ns: the least and the greatest `ts_ns`, None where no row has one.
        writer: of all its rows, None where they were imported; then so are the four that follow.
        first, last: the writer's sequence numbers.
        before, after: the writer's chain, hex.
        values: the side tables that go with it.
    """

    index: int
    rows: int
    root: str
    from_ns: int | None
    to_ns: int | None
    writer: str | None = None
    first: int | None = None
    last: int | None = None
    before: str | None = None
    after: str | None = None
    values: tuple[Table, ...] = ()


@dataclass(frozen=True, slots=True)
class Job:
    """A file and the records that it must agree with: one, or several where it was compacted.

    Args:
        root: the store's folder.
        path: of the file below it.
        size: in bytes, as recorded.
        digest: SHA-256 of its bytes, hex, as recorded.
        compacted: whether two more columns say which record and row each row was.
    """

    root: str
    path: str
    size: int
    digest: str
    recorded: tuple[Recorded, ...]
    compacted: bool = False

    @property
    def rows(self) -> int:
        return sum(each.rows for each in self.recorded)


@dataclass(slots=True)
class Judged:
    """What one file turned out to be.

    Args:
        hashed: rows whose leaf was computed again.
        leaves, columns, files, sequence: findings, by the step that they belong to.
        promises: the sensitive values that its events name, and whether they are there.
    """

    path: str
    hashed: int = 0
    leaves: list[Finding] = field(default_factory=list)
    columns: list[Finding] = field(default_factory=list)
    files: list[Finding] = field(default_factory=list)
    sequence: list[Finding] = field(default_factory=list)
    promises: Promises = field(default_factory=Promises)


class _DamagedError(Exception):
    pass


@dataclass(slots=True)
class _Rows:
    """What is kept of a file's rows while it is read: 32 bytes and a number each; three more where it was compacted."""

    leaves: list[bytes] = field(default_factory=list)
    wseqs: list[int] = field(default_factory=list)
    times: list[int | None] = field(default_factory=list)
    span: list[int] = field(default_factory=list)
    records: list[int] = field(default_factory=list)
    places: list[int] = field(default_factory=list)
    strange: int = 0


def judge(job: Job) -> Judged:
    """Judges one file.

    Raises:
        OSError: it cannot be read at all; that it is not there is a finding.
    """
    done = Judged(job.path)
    raw = _bytes(job, done)
    if raw is None:
        return done
    changed = _digest(raw) != job.digest
    rows = _Rows()
    try:
        for start, batch in _batches(raw, job, changed):
            _rows(start, batch, job, rows, done)
        _against_records(job, raw, rows, done)
    except (_DamagedError, pa.ArrowException, OSError, ValueError, OverflowError, MemoryError) as error:
        words = str(error).strip().split("\n")[0][:200] or type(error).__name__
        done.files.append(Finding(Kind.DAMAGED, job.path, f"cannot be read as a sealed file: {words}"))
        return done
    finally:
        raw.close()
    done.hashed = len(rows.leaves)
    settle(job.root, [table for each in job.recorded for table in each.values], done.promises)
    if changed and not (done.files or done.leaves or done.columns or done.sequence):
        what = "its SHA-256 is not the recorded one, though every row and root is: the file was written again"
        done.files.append(Finding(Kind.EDITED, job.path, what))
    return done


def _bytes(job: Job, done: Judged) -> Any:
    path = Path(job.root, job.path)
    if path.is_symlink() or not path.is_file():
        what = "is a link, and a record names a file" if path.is_symlink() else "a record names it, and it is not there"
        done.files.append(Finding(Kind.MISSING, job.path, f"{what} ({job.rows:,} events)"))
        return None
    if os.path.getsize(path) <= _READ_WHOLE:  # read once: what is hashed is what is judged
        return pa.BufferReader(path.read_bytes())
    return pa.OSFile(str(path))


def _digest(raw: Any) -> str:
    sha = hashlib.sha256()
    raw.seek(0)
    while block := raw.read(2**20):
        sha.update(block)
    raw.seek(0)
    return sha.hexdigest()


def _batches(raw: Any, job: Job, changed: bool) -> Iterator[tuple[int, pa.RecordBatch]]:
    try:
        # Where the bytes are those that were recorded, the checksums of pages say nothing new.
        file = pq.ParquetFile(raw, page_checksum_verification=changed, read_dictionary=list(schema.DICTIONARY))
    except KeyError as error:  # a column to be read as a dictionary
        raise _DamagedError(f"column {error} is not there") from None
    if file.metadata.num_rows > job.rows + _SPARE_ROWS:
        raise _DamagedError(f"says it has {file.metadata.num_rows:,} rows where {job.rows:,} are recorded")
    shape = sealed.COMPACTED if job.compacted else sealed.SCHEMA
    wanted = {each.name: each.type for each in shape}
    found = file.schema_arrow
    for name, kind in wanted.items():
        place = found.get_field_index(name)
        if place < 0:
            raise _DamagedError(f"column `{name}` is not there, or there twice")
        got = found.field(place).type
        if (got.value_type if pa.types.is_dictionary(got) else got) != kind and not _alike(got, kind):
            raise _DamagedError(f"column `{name}` is {got}, not {kind}")
    if extra := sorted(set(found.names) - set(wanted)):
        raise _DamagedError(f"a column that no sealed file has: `{extra[0][:80]}`")
    start = 0
    for batch in file.iter_batches(BATCH, use_threads=False):
        yield start, batch
        start += len(batch)


def _alike(got: pa.DataType, kind: pa.DataType) -> bool:
    """Whether two list types differ only in the name of the item."""
    return bool(pa.types.is_list(got) and pa.types.is_list(kind) and got.value_type == kind.value_type)


def _rows(start: int, batch: pa.RecordBatch, job: Job, rows: _Rows, done: Judged) -> None:
    written = batch.column("canon")
    sha = hashlib.sha256
    leaves = [sha(b"\x00" + (text or b"")).digest() for text in written.cast(pa.binary()).to_pylist()]
    if not batch.column("leaf").equals(pa.array(leaves, pa.binary(32))):
        for place, (ours, theirs) in enumerate(zip(leaves, batch.column("leaf").to_pylist(), strict=True)):
            if ours != theirs:
                words = "its leaf is not the hash of its bytes: the row was changed"
                _add(done.leaves, Finding(Kind.EDITED, job.path, words, start + place, _id(batch, place)))
    rows.leaves += leaves
    done.promises.note(batch)
    odd = columns.odd_rows(batch, written)
    for place in odd:
        _add(done.columns, Finding(Kind.COLUMN, job.path, _difference(batch, place), start + place, _id(batch, place)))
    rows.wseqs += batch.column("wseq").fill_null(-1).to_pylist()
    if job.compacted:
        rows.times += batch.column("ts_ns").to_pylist()
        rows.records += batch.column("file").fill_null(-1).to_pylist()
        rows.places += batch.column("row").fill_null(-1).to_pylist()
        return
    seen = pc.min_max(batch.column("ts_ns")).as_py()
    rows.span += [time for time in (seen["min"], seen["max"]) if time is not None]
    if (writer := job.recorded[0].writer) is not None:
        others = pc.not_equal(batch.column("writer_id"), writer)
        rows.strange += pc.sum(pc.fill_null(others, True)).as_py() or 0


def _add(findings: list[Finding], found: Finding) -> None:
    if len(findings) < SHOWN:
        findings.append(found)
    elif len(findings) == SHOWN:
        findings.append(Finding(found.kind, found.file, "and more rows after this one", found.row))


def _id(batch: pa.RecordBatch, row: int) -> str | None:
    try:
        found: str | None = batch.column("event_id")[row].as_py()
        return found
    except ValueError:  # no UTF-8
        return None


def _difference(batch: pa.RecordBatch, row: int) -> str:
    try:
        said = canon.event(batch.column("canon").cast(pa.binary())[row].as_py() or b"")
    except EvidenceError as error:
        return f"its `canon` is no event: {error.message}"
    for name in COLUMNS:
        meant = getattr(said, name)
        try:
            found = batch.column(name)[row].as_py()
        except ValueError:
            return f"column `{name}` holds no UTF-8"
        if (found or () if name in TEXT_LISTS else found) != (list(meant) or () if name in TEXT_LISTS else meant):
            return f"column `{name}` is {_short(found)}, and the bytes that are hashed say {_short(meant)}"
    return "a column does not say what the bytes that are hashed say"


def _short(value: Any) -> str:
    text = "nothing" if value is None or value == () else str(list(value) if isinstance(value, tuple) else value)
    return f"`{text if len(text) <= 60 else text[:59] + '…'}`"


def _against_records(job: Job, raw: Any, rows: _Rows, done: Judged) -> None:
    if not job.compacted:
        _against_record(job, job.recorded[0], range(len(rows.leaves)), raw, rows, done)
        return
    places: dict[int, list[int]] = {each.index: [] for each in job.recorded}
    strays = 0
    for row, index in enumerate(rows.records):
        if index in places:
            places[index].append(row)
        else:
            strays += 1
    if strays:
        done.files.append(Finding(Kind.EXTRA, job.path, f"{strays:,} rows of files that were not compacted into it"))
    for each in job.recorded:
        mine = sorted(places[each.index], key=rows.places.__getitem__)
        if len(mine) == each.rows and [rows.places[row] for row in mine] != list(range(each.rows)):
            words = f"the rows of record {each.index} are not numbered 0 to {each.rows - 1:,}"
            done.files.append(Finding(Kind.EDITED, job.path, words))
        _against_record(job, each, mine, raw, rows, done)


def _against_record(job: Job, recorded: Recorded, mine: Sequence[int], raw: Any, rows: _Rows, done: Judged) -> None:
    """Judges the rows of one record, given by their places in the file in the order of the record."""
    ids = f"record {recorded.index}: " if job.compacted else ""
    leaves = [rows.leaves[row] for row in mine]
    order = mine if recorded.writer is None else sorted(mine, key=rows.wseqs.__getitem__)
    whole = _counted(job, recorded, order, rows, done, ids)
    chained = whole and recorded.writer is not None
    follows = chained and _chain(recorded, order, rows) == recorded.after
    same_root = merkle.root(leaves).hex() == recorded.root
    if whole and not same_root and not done.leaves:
        if follows or (not chained and not job.compacted and not _in_order(raw)):
            words = f"{ids}every row is there, in another order than was recorded"
            done.files.append(Finding(Kind.REORDERED, job.path, words))
        else:
            words = f"{ids}its {len(leaves):,} rows have another root than was recorded: changed, and hashed again"
            done.files.append(Finding(Kind.EDITED, job.path, words))
    elif chained and same_root and not follows:
        words = f"{ids}its rows do not lead from the recorded head of the writer's chain to the recorded next one"
        done.sequence.append(Finding(Kind.EDITED, job.path, words))
    times = [time for row in mine if (time := rows.times[row]) is not None] if job.compacted else rows.span
    range_of = (min(times, default=None), max(times, default=None))
    if whole and same_root and range_of != (recorded.from_ns, recorded.to_ns):
        done.files.append(Finding(Kind.EDITED, job.path, f"{ids}the recorded range of times is not that of its rows"))


def _counted(job: Job, recorded: Recorded, mine: Sequence[int], rows: _Rows, done: Judged, ids: str) -> bool:
    """Whether exactly the recorded events are there, by their numbers; what is not is a finding.

    Args:
        mine: places of the rows, in the order of their numbers.
    """
    if recorded.writer is None or recorded.first is None or recorded.last is None:
        if len(mine) == recorded.rows:
            return True
        kind, word = (Kind.MISSING, "only") if len(mine) < recorded.rows else (Kind.EXTRA, "as many as")
        words = f"{ids}{recorded.rows:,} rows are recorded, {word} {len(mine):,} are there"
        done.files.append(Finding(kind, job.path, words))
        return False
    if rows.strange and not job.compacted:
        words = f"{rows.strange:,} of its rows are not by `{recorded.writer}`"
        done.sequence.append(Finding(Kind.EXTRA, job.path, words))
    numbers = [rows.wseqs[row] for row in mine]
    wanted = range(recorded.first, recorded.last + 1)
    if len(wanted) != recorded.rows:
        words = f"{ids}{recorded.rows:,} rows are recorded as number {recorded.first:,} to {recorded.last:,}"
        done.sequence.append(Finding(Kind.EDITED, job.path, words))
        return False
    if len(numbers) == len(wanted) and numbers == list(wanted):
        return True
    if recorded.rows > len(numbers) + _SPARE_ROWS:
        words = f"{ids}{recorded.rows:,} events are recorded, and {len(numbers):,} are there"
        done.sequence.append(Finding(Kind.MISSING, job.path, words))
        return False
    seen = Counter(numbers)
    absent = [number for number in wanted if number not in seen]
    if absent:
        words = f"{ids}{len(absent):,} of {recorded.rows:,} events are not there: number {spans(absent)}"
        done.sequence.append(Finding(Kind.MISSING, job.path, words))
    added = [number for number, times in seen.items() if number not in wanted or times > 1]
    if added:
        at = next(row for row in mine if rows.wseqs[row] == added[-1])
        words = f"{ids}events that were not recorded, or twice: number {spans(sorted(added))}"
        done.sequence.append(Finding(Kind.EXTRA, job.path, words, at))
    return not (absent or added)


def spans(numbers: Sequence[int], most: int = 5) -> str:
    """Sorted numbers as `3, 7 to 9`."""
    made: list[list[int]] = []
    for number in numbers:
        if made and number == made[-1][1] + 1:
            made[-1][1] = number
        else:
            made.append([number, number])
    said = [f"{one:,}" if one == other else f"{one:,} to {other:,}" for one, other in made[:most]]
    return ", ".join(said) + (", …" if len(made) > most else "")


def _chain(recorded: Recorded, mine: Sequence[int], rows: _Rows) -> str:
    chain = bytes.fromhex(recorded.before or "")
    sha = hashlib.sha256
    for row in mine:
        chain = sha(b"\x02" + chain + rows.leaves[row]).digest()
    return chain.hex()


def _in_order(raw: Any) -> bool:
    """Whether the rows stand in the total order in which every file is written."""
    raw.seek(0)
    before: tuple[Any, ...] | None = None
    for batch in pq.ParquetFile(raw).iter_batches(BATCH, columns=["trace_id", "ts_ns", "wseq", "writer_id"]):
        for trace, time, wseq, writer in zip(*(batch.column(place).to_pylist() for place in range(4)), strict=True):
            now = (trace or "", time is None, time or 0, wseq or 0, writer or "")
            if before is not None and now < before:
                return False
            before = now
    return True
