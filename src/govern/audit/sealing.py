"""Seals what a store holds: journal segments and imported parts become Parquet files that the store's log records.

The order keeps every event exactly once for every reader, wherever this is killed (`snapshot` has the other half):

1. The file is written beside its place, flushed, renamed. It counts for nobody yet.
2. Of imported parts: a list of which part becomes which files.
3. The records are appended to the log, if nobody else appended meanwhile. From now on the file counts, and what it
   was made of does not.
4. What it was made of is deleted, when nobody reads the store.

What a kill or a lost race leaves behind counts for nothing, and the next seal removes it (`leftovers`). A writer that
is gone without having signed its end is ended here, with what its torn tail was. A live writer's open segment is never
touched.

Leaves out which segments can be sealed (`sealing_journal`), Parquet (`sealed`), and how it is shown (`report`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import duckdb
import pyarrow as pa

from govern.audit import canon as canonical
from govern.audit import (
    journal,
    journal_rows,
    lease,
    leftovers,
    sealed,
    sealing_batch,
    sealing_doubles,
    sealing_journal,
    sealing_parts,
    snapshot,
    store_log,
)  # fmt: skip
from govern.audit.journal import Segment
from govern.audit.records import End, Writer
from govern.audit.sealing_journal import Found, Problem
from govern.audit.sealing_outcome import Ended, Sealed
from govern.audit.store import day_of
from govern.audit.store_log import Lost, StoreLog
from govern.errors import EnvironmentFailed, EvidenceError, UsageError
from govern.signing.keys import PrivateKey

TRIES: Final = 5
GROUP_EVENTS: Final = 50_000
GROUP_BYTES: Final = 64 * 2**20
"""Segments are taken together up to about so much: planning a query costs more than a short segment."""
FILES: Final = 64
"""So many files are recorded at once: what was recorded stays when the rest is interrupted."""
LEASE_S: Final = 120.0

Watch = Callable[[int, int], None]
"""Told now and then how many events are sealed, and of how many."""


def seal(
    folder: str | Path,
    key: PrivateKey,
    *,
    now_ns: int | None = None,
    everything: bool = False,
    watch: Watch | None = None,
    memory_limit: str | None = None,
) -> Sealed:
    """Seals all that can be.

    Args:
        folder: the store.
        key: of its log.
        now_ns: the time of the records, UTC nanoseconds since 1970; None for the clock's.
        everything: what stays in the open segment of a live writer is a problem too.
        watch: told how far it is.
        memory_limit: of the database, such as `1GB`; None for a quarter of the machine's.

    Raises:
        UsageError: the key is not the log's.
        EvidenceError: the store has no log, or it is damaged.
        EnvironmentFailed: it cannot be written; or somebody else seals it (`lease.Held`).
    """
    root = Path(folder)
    log = store_log.read(root)
    require(log, key)
    done = Sealed()
    try:
        with lease.held(root, holder(), LEASE_S) as held:
            for left in reversed(range(TRIES)):
                work = _Work(root, store_log.read(root), key, now_ns, done, watch, memory_limit, held)
                try:
                    log = work.run()
                    break
                except Lost:
                    if not left:
                        raise
                finally:
                    work.close()
    except OSError as error:
        raise failed(error, root) from None
    if everything:
        done.problems += [
            Problem(writer, f"{events:,} events stay in the open segment: the writer lives")
            for writer, events in done.open.items()
        ]
    done.records, done.checkpoint = log.size, log.checkpoint
    return done


def require(log: StoreLog, key: PrivateKey) -> None:
    """Refuses a store without a log, and a key that cannot append to it: before any work is done.

    Raises:
        EvidenceError, UsageError: as of `seal`.
    """
    where = log.store
    if log.keys is not None and log.keys.log != key.public:
        hint = f"the log `{where.origin}` is signed by {log.keys.log.keyid}"
        raise UsageError("is not the key of this log", where=key.name or key.public.keyid, hint=hint)


def holder() -> str:
    """How leases name who seals."""
    return lease.this_process()


def failed(error: OSError, root: Path) -> EnvironmentFailed:
    """An error of the system in our words."""
    reason = (error.strerror or str(error)).lower()
    return EnvironmentFailed(f"the store cannot be written: {reason}", where=str(error.filename or root))


@dataclass(frozen=True, slots=True, eq=False)
class _Start:
    one: Found


@dataclass(frozen=True, slots=True, eq=False)
class _Segment:
    """A segment, of which so many events are sealed already."""

    one: Found
    segment: Segment
    skipped: int


@dataclass(frozen=True, slots=True, eq=False)
class _End:
    one: Found


class _Work:
    """One attempt: from what the log says to the last deletion."""

    def __init__(
        self,
        root: Path,
        log: StoreLog,
        key: PrivateKey,
        now_ns: int | None,
        done: Sealed,
        watch: Watch | None,
        memory_limit: str | None,
        held: lease.Lease,
    ) -> None:
        self._root, self._log, self._done, self._key = root, log, done, key
        self._now, self._watch, self._memory_limit, self._lease = now_ns, watch, memory_limit, held
        self._con: duckdb.DuckDBPyConnection | None = None
        self._batch = sealing_batch.Batch(root)
        self._previous = {writer: said.previous for writer, said in sealing_journal.known(log).items()}
        self._parts, self._doubled, self._started, self._ended = 0, 0, 0, list[Ended]()
        self._read: list[_Start | _Segment | _End] = []
        self._events, self._bytes = 0, 0
        self._stopped: dict[str, Problem] = {}
        self._bad_parts: list[Problem] = []
        self._total = 0
        self._renewed = time.monotonic()

    def run(self) -> StoreLog:
        done, before = self._done, self._log
        left = leftovers.look(self._root, before)
        found = sealing_journal.look(self._root, before)
        parts, bad = sealing_parts.look(self._root, before)
        self._total = done.events + sum(part.rows for part in parts) + sum(one.events for one in found)
        for one in found:
            self._writer(one)
        self._flush()
        taken = self._doubles(parts)
        for part in parts:
            if part.name not in taken.refused:
                self._part(part, taken.dropped.get(part.name, 0))
        self._append()
        done.problems = [problem for one in found for problem in one.problems]
        done.problems += [*self._stopped.values(), *(Problem.of(each) for each in bad), *self._bad_parts]
        done.open = {one.writer: one.left for one in found if one.left}
        settled = [path for one in found if not one.problems for path in one.sealed]
        removed, waiting = leftovers.remove(self._root, (*left.gone, *settled))
        done.waiting += waiting
        strays = list(left.strays) if self._log.size > before.size else leftovers.old(left.strays)
        kept = leftovers.nowhere_else(self._root, strays)
        done.problems += [Problem(str(path), why) for path, why in kept.items()]
        strays = [path for path in strays if path not in kept]
        for path in strays:
            path.unlink(missing_ok=True)
        self._tidy()
        done.removed += [*removed, *(path.relative_to(self._root).as_posix() for path in strays)]
        return self._log

    def _tidy(self) -> None:
        """Removes the empty journal folders of writers that ended: they write nothing more."""
        for entry in self._log.entries:
            if isinstance(entry.record, End):
                with suppress(OSError):  # it is not empty, or gone
                    (self._root / journal.FOLDER / entry.record.writer).rmdir()

    def close(self) -> None:
        """Removes what this attempt made and did not record."""
        self._batch.discard()
        if self._con is not None:
            self._con.close()

    def _append(self) -> None:
        """Records what is ready, and deletes what it was made of."""
        batch, done = self._batch, self._done
        self._log = batch.append(self._log, self._key)
        self._batch = sealing_batch.Batch(self._root)
        done.files += batch.made
        done.parts += self._parts
        done.doubled += self._doubled
        done.writers += self._started
        done.ended += self._ended
        self._parts, self._doubled, self._started, self._ended = 0, 0, 0, []
        _, waiting = batch.delete()
        done.waiting += waiting
        self._going_on()

    def _going_on(self) -> None:
        if self._watch is not None:
            self._watch(self._done.events + sum(each.rows for each in self._batch.made), self._total)
        if time.monotonic() - self._renewed > LEASE_S / 4:
            self._lease.renew()
            self._renewed = time.monotonic()

    def _writer(self, one: Found) -> None:
        """A writer with all its segments."""
        self._read.append(_Start(one))
        for segment, after in one:
            self._read.append(_Segment(one, segment, max(after + 1 - segment.first, 0)))
            self._events += len(segment.rows)
            self._bytes += segment.size
            if self._events >= GROUP_EVENTS or self._bytes >= GROUP_BYTES:
                self._flush()
        self._read.append(_End(one))

    def _flush(self) -> None:
        """Makes files and records of what was read of the journal."""
        items, self._read = self._read, []
        self._events, self._bytes = 0, 0
        self._process(items)
        if len(self._batch.made) >= FILES:
            self._append()

    def _process(self, items: list[_Start | _Segment | _End]) -> None:
        segments = [item for item in items if isinstance(item, _Segment) and item.one.writer not in self._stopped]
        tables: dict[_Segment, pa.Table] = {}
        if segments:
            try:
                tables = dict(zip(segments, self._rows(segments), strict=True))
            except EvidenceError as error:
                if len(items) > 1:  # one of them is bad: each for itself
                    for item in items:
                        self._process([item])
                else:  # what follows would not follow
                    self._stopped[segments[0].one.writer] = Problem.of(error)
                return
        for item in items:
            one = item.one
            match item:
                case _Start() if one.start is not None:
                    self._batch.records.append(Writer(writer=one.writer, envelope=one.start, at_ns=self._at()))
                    self._started += 1
                case _Segment() if item in tables:
                    self._segment(item, tables[item])
                case _End() if one.end is not None and one.writer not in self._stopped:
                    self._batch.records.append(End(**one.end, at_ns=self._at()))
                    torn = (one.end["torn"] or {}).get("bytes", 0)
                    self._ended.append(Ended(one.writer, one.end["events"], one.end["crashed"], torn))
                case _:
                    pass

    def _rows(self, segments: list[_Segment]) -> Iterable[pa.Table]:
        """The sorted rows of each segment."""
        con = self._connection()
        journal_rows.load(con, [(each.segment, each.segment.first + each.skipped - 1) for each in segments])
        rows = con.sql(f"SELECT * FROM {journal_rows.TABLE} ORDER BY segment, {sealed.ORDER}").to_arrow_table()
        start = 0
        for each in segments:
            size = len(each.segment.rows) - each.skipped
            yield rows.slice(start, size)
            start += size

    def _segment(self, item: _Segment, table: pa.Table) -> None:
        writer, segment, skipped = item.one.writer, item.segment, item.skipped
        rows = segment.rows[skipped:]
        if rows:
            day = day_of(canonical.event(rows[0][0]).recorded_ns)
            (made,) = self._written(table.to_batches(sealed.ROW_GROUP), f"events/dt={day}", len(rows))
            record = sealing_batch.of_file(
                made,
                self._at(),
                writer=writer,
                first=segment.first + skipped,
                last=segment.next - 1,
                before=(segment.rows[skipped - 1][1] if skipped else segment.head).hex(),
                after=segment.chain.hex(),
                previous=self._previous.get(writer),
            )
            self._previous[writer] = self._log.size + len(self._batch.records)
            self._batch.records.append(record)
        self._batch.gone.append(segment.path)
        self._going_on()

    def _doubles(self, parts: list[sealing_parts.Part]) -> sealing_doubles.Doubles:
        """Which events of the parts the store has elsewhere; a part that cannot be compared is refused."""
        found, left = sealing_doubles.Doubles(), list(parts)
        going = set(self._batch.gone)
        while left:
            try:
                live = [self._root / snapshot.path_of(entry) for entry in self._log.files()]
                live += [self._root / made.path for made in self._batch.made]
                waiting = [each for each in snapshot.take(self._root).journal if each.path not in going]
                read = [(journal.read_segment(each.path), each.after) for each in waiting]
                # A segment that does not follow counts for no reader, and is a problem of its own.
                whole = [(segment, after) for segment, after in read if segment.problem is None]
                more = sealing_doubles.look(self._connection(), left, live, whole)
            except EvidenceError as error:
                bad = [part for part in left if str(part.path) == error.where] or left
                found.refused.update({part.name: error for part in bad})
                left = [part for part in left if part not in bad]
                continue
            found.refused.update(more.refused)
            found.dropped.update(more.dropped)
            break
        self._bad_parts += map(Problem.of, dict.fromkeys(found.refused.values()))
        return found

    def _part(self, part: sealing_parts.Part, dropped: int) -> None:
        folder = part.path.parent.relative_to(self._root).as_posix()
        try:
            made = self._written(sealing_parts.rows(self._connection(), part), folder)
        except EvidenceError as error:
            self._bad_parts.append(Problem.of(error))
            return
        self._batch.records += [sealing_batch.of_file(each, self._at()) for each in made]
        if made:
            self._batch.parts[part.name] = [each.path for each in made]
        self._batch.gone.append(part.path)
        self._parts += 1
        self._doubled += dropped
        if len(self._batch.made) >= FILES:
            self._append()
        self._going_on()

    def _written(self, batches: Iterable[pa.RecordBatch], folder: str, most: int = sealed.ROWS) -> list[sealed.File]:
        found = []
        for made in sealed.write(batches, self._root, folder, most=most):
            self._batch.made.append(made)
            found.append(made)
        return found

    def _at(self) -> int:
        return time.time_ns() if self._now is None else self._now

    def _connection(self) -> duckdb.DuckDBPyConnection:
        if self._con is None:
            from govern.audit.read import connect

            self._con = connect(memory_limit=self._memory_limit)
        return self._con
