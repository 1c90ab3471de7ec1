"""Legal holds: what retention must leave alone, and until when. They are records of the log, as what they protect.

Leaves out the deletion (`retention`), and the search of ids by their beginning (`reconstruct.store`).
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import duckdb

from govern.audit import read, store_log
from govern.audit.records import Hold, Unhold
from govern.audit.sealing import require
from govern.audit.store_log import StoreLog
from govern.errors import UsageError
from govern.signing.keys import PrivateKey

TRACES: Final = 10_000
"""A hold names at most so many traces; more are several holds."""


@dataclass(frozen=True, slots=True)
class Covered:
    """What a hold covers at one moment.

    Args:
        events: of its traces, within its times; those of unknown time among them.
        files: that have one of them.
        journal: how many of the events are in no file yet.
    """

    events: int
    files: int
    journal: int


def covered(folder: str | Path, hold: Hold) -> Covered:
    """What a hold covers now.

    Raises:
        EvidenceError: the store is damaged.
        EnvironmentFailed: it cannot be read.
    """
    found = read.files(folder)
    if not found.paths:
        return Covered(0, 0, 0)
    spool = str(found.paths[-1]) if found.journal else None
    query = (
        "SELECT count(*), count(DISTINCT filename) FILTER (filename IS DISTINCT FROM ?), "
        "count(*) FILTER (filename IS NOT DISTINCT FROM ?) "
        "FROM read_parquet(?, filename = true, union_by_name = true, hive_partitioning = false) "
        "WHERE (?::VARCHAR[] IS NULL OR list_contains(?::VARCHAR[], trace_id)) "
        "AND (ts_ns IS NULL OR (ts_ns >= coalesce(?, ts_ns) AND (?::BIGINT IS NULL OR ts_ns < ?)))"
    )
    times = [hold.from_ns, hold.to_ns, hold.to_ns]
    with closing(read.connect()) as con:
        try:
            given = [spool, spool, list(map(str, found.paths)), hold.traces, hold.traces, *times]
            ((events, files, journal),) = con.execute(query, given).fetchall()
        except duckdb.Error as error:
            raise read.culprit(found.paths, error) from None
    return Covered(events, files, journal)


def in_force(log: StoreLog) -> list[Hold]:
    """The holds that were put and not taken away, in their order."""
    found: dict[str, Hold] = {}
    for entry in log.entries:
        match entry.record:
            case Hold() as hold:
                found[hold.id] = hold
            case Unhold(id=ended):
                found.pop(ended, None)
            case _:
                pass
    return list(found.values())


def add(
    folder: str | Path,
    key: PrivateKey,
    *,
    id: str,
    reason: str,
    by: str,
    traces: Sequence[str] | None = None,
    from_ns: int | None = None,
    to_ns: int | None = None,
    now_ns: int | None = None,
) -> Hold:
    """Puts a hold.

    Args:
        key: of the store's log.
        id: what it is called; a name that was never used before in this store.
        traces: ids; None for all that happened within the times.
        from_ns, to_ns: of `ts_ns`, the end not among them; None for no bound.
        now_ns: the time of the record; None for the clock's.

    Raises:
        UsageError: the name is taken or empty, a text is empty, the times are no range, or the key is not the log's.
        EvidenceError: the store has no log, or a damaged one.
        EnvironmentFailed: it cannot be written, or somebody else just appended.
    """
    for name, given in (("id", id), ("reason", reason), ("by", by)):
        if not given.strip():
            raise UsageError(f"`{name}` of a hold is empty")
    if traces is not None and not 1 <= len(traces) <= TRACES:
        raise UsageError(f"a hold names 1 to {TRACES:,} traces, not {len(traces):,}")
    if from_ns is not None and to_ns is not None and from_ns >= to_ns:
        raise UsageError("the hold ends before it begins")
    log = store_log.read(folder)
    require(log, key)
    if any(isinstance(entry.record, Hold) and entry.record.id == id for entry in log.entries):
        raise UsageError(f"a hold `{id}` was put before", hint="each has a name of its own, also after it was removed")
    hold = Hold(
        id=id, reason=reason, by=by, traces=None if traces is None else list(dict.fromkeys(traces)), from_ns=from_ns,
        to_ns=to_ns, at_ns=time.time_ns() if now_ns is None else now_ns,
    )  # fmt: skip
    store_log.append(folder, log, [hold], key)
    return hold


def remove(folder: str | Path, key: PrivateKey, *, id: str, reason: str, by: str, now_ns: int | None = None) -> Unhold:
    """Takes a hold away.

    Raises:
        UsageError: no such hold is in force, a text is empty, or the key is not the log's.
        EvidenceError, EnvironmentFailed: as of `add`.
    """
    for name, given in (("reason", reason), ("by", by)):
        if not given.strip():
            raise UsageError(f"`{name}` of a removed hold is empty")
    log = store_log.read(folder)
    require(log, key)
    names = [hold.id for hold in in_force(log)]
    if id not in names:
        hint = f"in force: {', '.join(f'`{name}`' for name in names)}" if names else "no hold is in force"
        raise UsageError(f"no hold `{id}` is in force", hint=hint)
    unhold = Unhold(id=id, reason=reason, by=by, at_ns=time.time_ns() if now_ns is None else now_ns)
    store_log.append(folder, log, [unhold], key)
    return unhold
