"""What a store says of its writers: lost and doubled numbers, clocks that went back, who is alive; in SQL.

The same facts for a whole store (`of_store`) and for the writers of one trace (`of_trace`); `gaps.facts.facts_of` says
in Python what both must give. `set_aside` finds the traces that any of it may concern.

Leaves out: what follows from it (`gaps`).
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Final

import duckdb

from govern.audit import writers
from govern.events.model import Event
from govern.reconstruct.gaps.facts import NUMBERED, StoreFacts, is_numbered, store_facts

if TYPE_CHECKING:
    from govern.audit.store_log import Entry

_FORMATS: Final = ", ".join(f"'{name}'" for name in sorted(name for name in NUMBERED if name is not None))
_IS_NUMBERED: Final = (
    f"((source_format IS NULL OR source_format IN ({_FORMATS})) AND NOT starts_with(writer_id, 'import:'))"
)
# The file that a row was read from: `source_ref` up to its last `:`.
_FILE_OF: Final = (
    "CASE WHEN contains(source_ref, ':') THEN regexp_replace(source_ref, ':[^:]*$', '') ELSE left(source_ref, 0) END"
)

# Where the next event of a writer has not the next number, or an earlier time. A time that follows on none counts as
# earlier: what came before it is not known.
_STEPS: Final = f"""
CREATE OR REPLACE TEMP TABLE bulk_steps AS
SELECT writer_id, numbered, wseq, before, back FROM (
    SELECT writer_id, numbered, wseq, lag(wseq) OVER own AS before,
        coalesce(ts_ns < lag(ts_ns) OVER own, ts_ns IS NOT NULL) AS ts_back,
        coalesce(recorded_ns < lag(recorded_ns) OVER own, recorded_ns IS NOT NULL) AS recorded_back,
        before IS NOT NULL AND (ts_back OR recorded_back) AS back
    FROM (SELECT writer_id, wseq, ts_ns, recorded_ns, {_IS_NUMBERED} AS numbered FROM events)
    WINDOW own AS (PARTITION BY writer_id, numbered ORDER BY wseq)
) WHERE before IS NULL OR wseq - before <> 1 OR back
"""
_LOST: Final = """
SELECT writer_id, before + 1, wseq - 1 FROM bulk_steps WHERE numbered AND wseq - before > 1
UNION ALL
SELECT writer_id, 0, wseq - 1 FROM bulk_steps WHERE numbered AND before IS NULL AND wseq > 0
    AND writer_id IN (SELECT DISTINCT writer_id FROM events WHERE source_format IS NULL)
ORDER BY ALL
"""
_DOUBLED: Final = f"""
SELECT DISTINCT writer_id, wseq FROM (
    SELECT writer_id, wseq FROM events
    WHERE {_IS_NUMBERED}
        AND (writer_id, wseq) IN (SELECT writer_id, wseq FROM bulk_steps WHERE numbered AND wseq = before)
    GROUP BY writer_id, wseq, {_FILE_OF} HAVING count(DISTINCT event_id) > 1
) ORDER BY ALL
"""
_SPREAD: Final = """
CREATE OR REPLACE TEMP TABLE bulk_spread AS
SELECT trace_id, writer_id, min(wseq) AS low, max(wseq) AS high FROM events GROUP BY trace_id, writer_id
"""


def of_store(con: duckdb.DuckDBPyConnection, folder: str | Path) -> StoreFacts:
    """The facts of all writers of a store; leaves the table `bulk_steps` behind for `set_aside`.

    Args:
        con: with the view `events`.
        folder: the store.

    Raises:
        EvidenceError: the store's log is damaged.
    """
    con.execute(_STEPS)
    lost = con.execute(_LOST).fetchall()
    doubled = con.execute(_DOUBLED).fetchall()
    known = writers.registered(folder)
    latest: Mapping[str, tuple[int, int | None]] = {}
    if known:
        rows = con.execute("SELECT writer_id, max(wseq), max(ts_ns) FROM events GROUP BY writer_id").fetchall()
        latest = {writer: (high, at) for writer, high, at in rows}
    return _facts(folder, lost, doubled, known, latest)


def set_aside(con: duckdb.DuckDBPyConnection, facts: StoreFacts) -> None:
    """Adds to the table `bulk_aside` every trace that lost or doubled numbers or a clock that went back may concern.

    Args:
        con: with what `of_store` left behind.
        facts: of the same store.
    """
    lost = [(one.writer, one.last + 1, one.first - 1) for found in facts.lost.values() for one in found]
    doubled = [(writer, number, number) for writer, found in facts.doubled.items() for number in found]
    back = "SELECT writer_id, before AS low, wseq AS until FROM bulk_steps WHERE back"
    listed = (("bulk_lost", lost), ("bulk_doubled", doubled))
    marks = [_listed(con, table, rows) for table, rows in listed if rows]
    if con.execute(f"SELECT 1 FROM ({back}) LIMIT 1").fetchone():
        marks.append(back)
    if marks:
        con.execute(_SPREAD)
    for rows in marks:
        con.execute(f"CREATE OR REPLACE TEMP TABLE bulk_marks AS {rows}")
        con.execute(
            "INSERT INTO bulk_aside SELECT DISTINCT trace_id FROM bulk_spread AS of_trace ASOF JOIN bulk_marks AS mark "
            "ON of_trace.writer_id = mark.writer_id AND of_trace.low <= mark.low WHERE mark.until <= of_trace.high"
        )


def _listed(con: duckdb.DuckDBPyConnection, table: str, rows: Sequence[tuple[str, int, int]]) -> str:
    names, lows, untils = (list(column) for column in zip(*rows, strict=True))
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE {table} AS "
        "SELECT unnest(?::VARCHAR[]) AS writer_id, unnest(?::BIGINT[]) AS low, unnest(?::BIGINT[]) AS until",
        [names, lows, untils],
    )
    return f"SELECT * FROM {table}"


def of_trace(
    con: duckdb.DuckDBPyConnection, folder: str | Path, events: Iterable[Event], sealed: Sequence[Entry] = ()
) -> StoreFacts:
    """The facts of a store as far as they concern one trace: around the numbers that its writers have in it.

    Args:
        con: with the view `events`.
        folder: the store.
        events: those of the trace.
        sealed: the log's records of all files of the store; none where some of it is not sealed. They may say that
            nothing is lost, and then no file is read for it.

    Raises:
        EvidenceError: the store's log is damaged.
    """
    spread: dict[str, tuple[int, int]] = {}
    for event in events:
        if is_numbered(event):
            low, high = spread.get(event.writer_id, (event.wseq, event.wseq))
            spread[event.writer_id] = (min(low, event.wseq), max(high, event.wseq))
    lost: list[tuple[str, int, int]] = []
    doubled: list[tuple[str, int]] = []
    latest: dict[str, tuple[int, int | None]] = {}
    for writer, (low, high) in spread.items():
        if _covered(sealed, writer, max(low - 1, 0), high + 1):
            continue
        around = con.execute(
            "SELECT count(DISTINCT wseq), count(*) FROM events "
            f"WHERE writer_id = ? AND wseq BETWEEN ? AND ? AND {_IS_NUMBERED}",
            [writer, low - 1, high + 1],
        ).fetchone() or (0, 0)
        whole = high + 2 - max(low - 1, 0)  # its own and one on either side; nothing comes before 0
        if around != (whole, whole):
            lost += _lost_around(con, writer, low, high)
            doubled += _doubled_within(con, writer, low, high)
    known = [writer for writer in spread if writers.name_of(writer) and writers.start_path(folder, writer).exists()]
    for writer in known:
        row = con.execute("SELECT max(wseq), max(ts_ns) FROM events WHERE writer_id = ?", [writer]).fetchone()
        if row is not None:
            latest[writer] = (row[0], row[1])
    return _facts(folder, lost, doubled, known, latest)


def _covered(sealed: Sequence[Entry], writer: str, low: int, high: int) -> bool:
    """Whether files that hold each of their numbers once have all of a writer's from one to another."""
    from govern.audit.records import File

    own = [entry.record for entry in sealed if isinstance(entry.record, File) and entry.record.writer == writer]
    if not own or any(not isinstance(entry.record, File) for entry in sealed):
        return False
    next_one = low
    for first, last, rows in sorted((one.first, one.last, one.rows) for one in own):
        if first is None or last is None or rows != last - first + 1:
            return False
        if first <= next_one <= last:
            next_one = last + 1
        elif first > next_one:
            break
    return next_one > high


def _lost_around(con: duckdb.DuckDBPyConnection, writer: str, low: int, high: int) -> list[tuple[str, int, int]]:
    """The numbers that are missing from right before `low` to right after `high`, each range whole."""
    own = f"FROM events WHERE writer_id = ? AND {_IS_NUMBERED}"
    below = con.execute(f"SELECT max(wseq) {own} AND wseq < ?", [writer, low]).fetchone()
    above = con.execute(f"SELECT min(wseq) {own} AND wseq > ?", [writer, high]).fetchone()
    live = con.execute(f"SELECT 1 {own} AND source_format IS NULL LIMIT 1", [writer]).fetchone()
    first = below[0] if below is not None and below[0] is not None else -1 if live else low - 1
    last = above[0] if above is not None and above[0] is not None else high + 1
    inner = con.execute(
        f"SELECT DISTINCT wseq {own} AND wseq BETWEEN ? AND ? ORDER BY wseq", [writer, low, high]
    ).fetchall()
    line = [first, *(number for (number,) in inner), last]
    return [(writer, one + 1, other - 1) for one, other in pairwise(line) if other > one + 1]


def _doubled_within(con: duckdb.DuckDBPyConnection, writer: str, low: int, high: int) -> list[tuple[str, int]]:
    rows = con.execute(
        f"SELECT DISTINCT wseq FROM (SELECT wseq FROM events WHERE writer_id = ? AND {_IS_NUMBERED} "
        f"AND wseq BETWEEN ? AND ? GROUP BY wseq, {_FILE_OF} HAVING count(DISTINCT event_id) > 1)",
        [writer, low, high],
    ).fetchall()
    return [(writer, number) for (number,) in rows]


def _facts(
    folder: str | Path,
    lost: Iterable[tuple[str, int, int]],
    doubled: Iterable[tuple[str, int]],
    known: Sequence[str],
    latest: Mapping[str, tuple[int, int | None]],
) -> StoreFacts:
    found = list(lost)
    alive: dict[str, int | None] = {}
    crashed = []
    for writer in known:
        high, at = latest.get(writer, (-1, None))
        if writers.alive(folder, writer):
            alive[writer] = at
            continue
        ended = _events_at_end(writers.end_path(folder, writer))
        if ended is None:
            crashed.append(writer)
        elif ended > high + 1:
            found.append((writer, high + 1, ended - 1))
    if found:
        found = list(_unexplained(found, _retired(folder)))
    return store_facts(found, doubled, alive, _previous(folder, known), crashed)


def _events_at_end(path: Path) -> int | None:
    """How many events a writer says it wrote; None where it does not say, or not legibly.

    Who signed it is not looked at: `govern audit verify` does. Here it can only add a loss, never explain one.
    """
    try:
        payload = base64.b64decode(json.loads(path.read_bytes())["payload"])
        events = json.loads(payload)["events"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
    return events if isinstance(events, int) and not isinstance(events, bool) else None


def _previous(folder: str | Path, known: Sequence[str]) -> dict[str, str]:
    if not known:
        return {}
    last: dict[str, str] = {}
    found = {}
    for writer in writers.registered(folder):  # sorted: of one name, by when it began
        name = writers.name_of(writer) or ""
        if name in last:
            found[writer] = last[name]
        last[name] = writer
    return {writer: found[writer] for writer in known if writer in found}


def _retired(folder: str | Path) -> dict[str, list[tuple[int, int]]]:
    """Ranges of numbers that were deleted under a rule of retention, by writer, as the store's log says."""
    from govern.audit import records, store_log

    if not store_log.exists(folder):
        return {}
    entries = store_log.read(folder).entries
    gone: set[int] = set()
    for entry in entries:
        if isinstance(entry.record, records.Retention):
            gone.update(entry.record.files)
    for entry in entries:
        if entry.index in gone and isinstance(entry.record, records.Compaction):
            gone.update(entry.record.files)
    found: dict[str, list[tuple[int, int]]] = {}
    for entry in entries:
        record = entry.record
        if entry.index not in gone or not isinstance(record, records.File) or record.writer is None:
            continue
        if record.first is not None and record.last is not None:
            found.setdefault(record.writer, []).append((record.first, record.last))
    return found


def _unexplained(
    lost: Iterable[tuple[str, int, int]], retired: Mapping[str, Sequence[tuple[int, int]]]
) -> Iterable[tuple[str, int, int]]:
    """What is lost, without what was deleted under a rule."""
    for writer, first, last in lost:
        start = first
        for low, high in sorted(retired.get(writer, ())):
            if high < start or low > last:
                continue
            if low > start:
                yield writer, start, low - 1
            start = high + 1
        if start <= last:
            yield writer, start, last
