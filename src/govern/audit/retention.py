"""Deletes files whose events are all older than a rule allows, and leaves a signed tombstone of them in the log.

The tombstone is recorded before the first file is deleted: at no moment is something gone that no record explains. What
the records of the files say stays: paths, rows, roots, ranges of time, so it stays provable how much there was. A file
is kept where a hold covers one event of it, and where the time of its events is not known.

Leaves out the holds (`holds`).
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

import duckdb

from govern.audit import holds, leftovers, snapshot, store_log
from govern.audit.leftovers import originals
from govern.audit.read import connect, culprit, literal
from govern.audit.records import Compaction, File, Hold, Retention
from govern.audit.sealing import failed, require
from govern.audit.store_log import Entry, StoreLog
from govern.errors import UsageError
from govern.signing.keys import PrivateKey


@dataclass(frozen=True, slots=True)
class Kept:
    """A file that is old enough, and kept.

    Args:
        holds: the ids of those that cover it; empty where the time of its events is not known.
    """

    path: str
    rows: int
    holds: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Retained:
    """What was deleted, or would be.

    Args:
        deleted: paths below the store.
        rows, bytes: of them.
        from_ns, to_ns: of their events; None where nothing is deleted.
        kept: what is old enough and was not deleted.
        younger: files that the rule does not reach.
        waiting: what is still read by somebody; the next seal or retention deletes it.
        values: side tables that went with the files.
        index: of the tombstone in the log; None where nothing was recorded.
    """

    deleted: tuple[str, ...]
    rows: int
    bytes: int
    from_ns: int | None
    to_ns: int | None
    kept: tuple[Kept, ...]
    younger: int
    waiting: tuple[str, ...] = ()
    values: int = 0
    index: int | None = None


def retain(
    folder: str | Path,
    key: PrivateKey | None,
    *,
    before_ns: int,
    rule: str,
    by: str,
    dry_run: bool = False,
    now_ns: int | None = None,
) -> Retained:
    """Deletes the sealed files of which every event happened before a time.

    Args:
        folder: the store.
        key: of its log; None only for a dry run.
        before_ns: UTC nanoseconds since 1970.
        rule: why, in words; it stays in the log.
        by: who.
        dry_run: tells what would be deleted, and changes nothing.
        now_ns: the time of the record; None for the clock's.

    Raises:
        UsageError: a text is empty, the time is not past, or the key is not the log's.
        EvidenceError: the store has no log or a damaged one, or a file that is looked into is damaged.
        EnvironmentFailed: it cannot be written, or somebody else just appended.
    """
    at_ns = time.time_ns() if now_ns is None else now_ns
    for name, given in (("rule", rule), ("by", by)):
        if not given.strip():
            raise UsageError(f"`{name}` of a retention is empty")
    if before_ns > at_ns:
        raise UsageError("retention ends in the future: everything would be deleted")
    root = Path(folder)
    log = store_log.read(root)
    origin = log.origin  # a store without a log has nothing that a tombstone could be written to
    if not dry_run and key is None:
        raise UsageError("no key to sign the tombstone with", where=origin, hint="--sign KEY, the key of the log")
    if key is not None:
        require(log, key)
    hold = snapshot.take(root)  # so nobody else deletes what is looked into
    old, unknown, younger = _by_age(log, before_ns)
    covered = _covered(root, log, old, holds.in_force(log))
    doomed = [entry for entry in old if entry.index not in covered]
    kept = [
        Kept(snapshot.path_of(entry), _rows(entry), covered[entry.index]) for entry in old if entry.index in covered
    ]
    kept += [Kept(snapshot.path_of(entry), _rows(entry), ()) for entry in unknown]
    ranges = [record for entry in doomed for record in originals(log, [entry.index])]
    found = Retained(
        deleted=tuple(snapshot.path_of(entry) for entry in doomed),
        rows=sum(map(_rows, doomed)),
        bytes=sum(entry.record.bytes for entry in doomed if isinstance(entry.record, (File, Compaction))),
        from_ns=min((each.from_ns for each in ranges if each.from_ns is not None), default=None),
        to_ns=max((each.to_ns for each in ranges if each.to_ns is not None), default=None),
        kept=tuple(kept),
        younger=younger,
    )
    if hold.hold is not None:
        hold.hold.release()
    if dry_run or key is None or not doomed:
        return found
    return _delete(
        root, log, key, found, Retention(rule=rule, by=by, files=[each.index for each in doomed], at_ns=at_ns)
    )


def _delete(root: Path, log: StoreLog, key: PrivateKey, found: Retained, record: Retention) -> Retained:
    index = log.size
    log = store_log.append(root, log, [record], key)
    try:
        removed, waiting = leftovers.remove(root, leftovers.look(root, log).gone)
    except OSError as error:
        raise failed(error, root) from None
    values = sum(name.startswith("values/") for name in removed)
    return Retained(
        found.deleted, found.rows, found.bytes, found.from_ns, found.to_ns, found.kept, found.younger,
        tuple(waiting), values, index,
    )  # fmt: skip


def _rows(entry: Entry) -> int:
    return entry.record.rows if isinstance(entry.record, (File, Compaction)) else 0


def _by_age(log: StoreLog, before_ns: int) -> tuple[list[Entry], list[Entry], int]:
    """The files that are old enough, those of which nobody knows, and how many are younger."""
    old: list[Entry] = []
    unknown: list[Entry] = []
    younger = 0
    for entry in log.files():
        ends = [record.to_ns for record in originals(log, [entry.index])]
        known = [end for end in ends if end is not None]
        if len(known) < len(ends) or not ends:
            unknown.append(entry)
        elif max(known) < before_ns:
            old.append(entry)
        else:
            younger += 1
    return old, unknown, younger


def _covered(root: Path, log: StoreLog, old: list[Entry], some: list[Hold]) -> dict[int, tuple[str, ...]]:
    """The files that holds cover, with the ids of these holds."""
    found: dict[int, tuple[str, ...]] = {}
    for entry in old:
        ids = []
        for hold in some:
            files = [record for record in originals(log, [entry.index]) if _overlap(hold, record)]
            if files and (hold.traces is None or _has_traces(root / snapshot.path_of(entry), hold)):
                ids.append(hold.id)
        if ids:
            found[entry.index] = tuple(ids)
    return found


def _overlap(hold: Hold, file: File) -> bool:
    """Whether a hold's times and a file's have one in common; one of which nobody knows the times is covered."""
    if file.from_ns is None or file.to_ns is None:
        return True
    return (hold.from_ns is None or file.to_ns >= hold.from_ns) and (hold.to_ns is None or file.from_ns < hold.to_ns)


def _has_traces(path: Path, hold: Hold) -> bool:
    """Whether a file has an event of a held trace, within the hold's times."""
    times = "ts_ns IS NULL OR (ts_ns >= coalesce(?, ts_ns) AND (? IS NULL OR ts_ns < ?))"
    query = f"SELECT 1 FROM read_parquet({literal(str(path))}) WHERE list_contains(?, trace_id) AND ({times}) LIMIT 1"
    con = connect()
    try:
        return bool(con.execute(query, [hold.traces, hold.from_ns, hold.to_ns, hold.to_ns]).fetchall())
    except duckdb.Error as error:
        raise culprit([path], error) from None
    finally:
        con.close()
