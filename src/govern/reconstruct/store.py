"""Chains read from an audit store: one by its id, or all of them one after another.

There is one judgement (`judge`), also in bulk: DuckDB sorts the events by trace (spilling to disk where they
are many), and one trace at a time is held in memory. In bulk, texts are not read, only whether they are there.

Leaves out: whether the store itself is whole (`audit`); which traces need no judging of their own (`bulk`), and which
are looked for (`search`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import Any, Final

import duckdb

from govern.audit import snapshot
from govern.audit.database import ORDER, connect, of_sealed
from govern.errors import EnvironmentFailed, EvidenceError, UsageError
from govern.events.model import COLUMNS, TEXT_LISTS, ActorKind, Event, EventType, Fidelity, Mode, event
from govern.findings import closest
from govern.reconstruct import bulk_facts
from govern.reconstruct.gaps.facts import StoreFacts
from govern.reconstruct.judge import EVERYTHING, Reconstruction, reconstruct

MIN_PREFIX: Final = 6
"""Characters: a shorter beginning of a trace id is not accepted."""
CANDIDATES: Final = 8
ELSEWHERE: Final = 8
"""Other traces in which an approval id is looked for: writers number their approvals, so it may be in all of them."""
_BATCH: Final = 10_000
_LAST: Final = chr(0x10FFFF)
_ENUMS: Final[dict[str, type[EventType | ActorKind | Fidelity | Mode]]] = {
    "type": EventType,
    "actor_kind": ActorKind,
    "fidelity": Fidelity,
    "mode": Mode,
}

Elsewhere = Mapping[str, Sequence[Event]]


def carries(format_id: str | None) -> frozenset[str]:
    """As `ingest.formats.carries`, and all that is ever asked for where an event was recorded live: a live store needs
    no adapter to be loaded."""
    if format_id is None:
        return EVERYTHING
    from govern.ingest import formats

    return formats.carries(format_id)


def find_trace(folder: str | Path, wanted: str) -> str:
    """The full id of the trace that is called `wanted`, or is the only one to begin so.

    Args:
        folder: the store.
        wanted: a trace id, or at least `MIN_PREFIX` characters of its beginning.

    Raises:
        EvidenceError: no such trace (with a suggestion), or no events.
        UsageError: too short, or the beginning of several traces.
    """
    with opened(folder) as con:
        if con.execute("SELECT 1 FROM events WHERE trace_id = ? LIMIT 1", [wanted]).fetchone():
            return wanted
        return _begins(con, folder, wanted)


def load(folder: str | Path, trace_id: str) -> Reconstruction:
    """The chain of one trace, with its texts and its gaps.

    Args:
        folder: the store.
        trace_id: the full id, or a beginning that `find_trace` would accept.

    Raises:
        EvidenceError: no such trace, or a damaged store.
        UsageError: the beginning is too short, or that of several traces.
    """
    found = snapshot.take(folder)
    with _opened(folder, found) as con:
        events = _of_trace(con, found, trace_id) or _of_trace(con, found, _begins(con, folder, trace_id))
        facts = bulk_facts.of_trace(con, folder, events, found.sealed if _only_sealed(found) else ())
        made = reconstruct(events, carries=carries, store=facts)
        asked = sorted({e.approval_id for e in events if e.type is EventType.APPROVAL_REQUEST and e.approval_id})
        # An approval of another trace never covers a run: it only explains one that nothing covers.
        if asked and made.gaps:
            decisions = _decisions(con, "SELECT unnest(?::VARCHAR[])", [asked])
            elsewhere = _other(decisions, made.chain.trace_id, asked)
            made = reconstruct(events, elsewhere=elsewhere, carries=carries, store=facts)
        return made


def _of_trace(con: duckdb.DuckDBPyConnection, found: snapshot.Snapshot, trace_id: str) -> list[Event]:
    source = "events"
    if _only_sealed(found):
        # Which files have it is asked of one column: with all of them each file takes twice the time.
        query = of_sealed(list(map(str, found.files)), "DISTINCT filename")
        rows = con.execute(f"{query} WHERE trace_id = ? ORDER BY filename", [trace_id]).fetchall()
        if not rows:
            return []
        source = f"({of_sealed([row[0] for row in rows])})"
    return list(_events(con, "trace_id = ?", [trace_id], source=source))


def _only_sealed(found: snapshot.Snapshot) -> bool:
    return bool(found.sealed) and not found.plain and not found.journal


def _begins(con: duckdb.DuckDBPyConnection, folder: str | Path, wanted: str) -> str:
    """The id of the only trace that begins so."""
    if len(wanted) < MIN_PREFIX:
        raise UsageError(
            f"`{wanted}` is too short for the beginning of a trace id",
            hint=f"give at least {MIN_PREFIX} characters; `govern traces` lists the ids",
        )
    # A range first: files know the least and the greatest id in them.
    query = (
        "SELECT DISTINCT trace_id FROM events WHERE trace_id >= ? AND trace_id <= ? AND starts_with(trace_id, ?) "
        "ORDER BY ALL LIMIT ?"
    )
    found = [row[0] for row in con.execute(query, [wanted, wanted + _LAST, wanted, CANDIDATES + 1]).fetchall()]
    if not found:
        raise EvidenceError(f"no trace `{wanted}` in this store", where=str(folder), hint=_nearest(con, wanted))
    if len(found) > 1:
        shown = ", ".join(f"`{one}`" for one in found[:CANDIDATES]) + (", …" if len(found) > CANDIDATES else "")
        raise UsageError(f"`{wanted}` is the beginning of several trace ids", hint=f"one of {shown}")
    return str(found[0])


def _nearest(con: duckdb.DuckDBPyConnection, wanted: str) -> str:
    """A trace id that was probably meant: one that shares a beginning, or is spelt alike."""
    rows = con.execute(
        "SELECT trace_id FROM (SELECT DISTINCT trace_id FROM events) "
        "ORDER BY levenshtein(left(trace_id, ?), ?), trace_id LIMIT 200",
        [len(wanted), wanted],
    ).fetchall()
    near = closest(wanted, [row[0][: len(wanted)] for row in rows])
    full = next((row[0] for row in rows if row[0][: len(wanted)] == near), None)
    listing = "`govern traces` lists the ids"
    return f"did you mean `{full}`? {listing}" if full else listing


def scan(folder: str | Path) -> Iterator[Reconstruction]:
    """Every chain of a store, one at a time, in order of trace id; texts are told by a mark (see `judged`).

    Args:
        folder: the store.

    Raises:
        EvidenceError: no events there, or a damaged store.
        EnvironmentFailed: not enough memory or disk to sort them.
    """
    with opened(folder) as con:
        yield from judged(con, None, bulk_facts.of_store(con, folder), shared_decisions(con))


def judged(
    con: duckdb.DuckDBPyConnection, ids: Sequence[str] | None, facts: StoreFacts, elsewhere: Elsewhere
) -> Iterator[Reconstruction]:
    """Chains of a store, one at a time, in order of trace id. Instead of each text that says something there is `…`.

    Args:
        con: with the view `events`; nothing else may be asked of it until all chains were taken.
        ids: of the traces; None for all.
        facts: of the store.
        elsewhere: what `shared_decisions` gave.
    """
    where, values = "", []
    if ids is not None:
        # The range is for the files, which know the least and the greatest id in them.
        where = "trace_id BETWEEN ? AND ? AND trace_id IN (SELECT unnest(?::VARCHAR[]))"
        values = [min(ids), max(ids), list(ids)]
    for trace, found in groupby(_events(con, where, values, lean=True), key=attrgetter("trace_id")):
        events = list(found)
        asked = {e.approval_id for e in events if e.type is EventType.APPROVAL_REQUEST and e.approval_id in elsewhere}
        own = _other(elsewhere, trace, [one for one in asked if one])
        yield reconstruct(events, elsewhere=own, carries=carries, store=facts)


def shared_decisions(con: duckdb.DuckDBPyConnection) -> dict[str, list[Event]]:
    """Approving decisions under ids that are asked for in another trace as well, by id.

    Args:
        con: with the view `events`.
    """
    return _decisions(
        con,
        "SELECT approval_id FROM events WHERE type IN ('approval_request', 'approval_decision') "
        "AND approval_id IS NOT NULL GROUP BY approval_id HAVING min(trace_id) <> max(trace_id)",
        [],
    )


def _decisions(con: duckdb.DuckDBPyConnection, ids: str, values: list[Any]) -> dict[str, list[Event]]:
    """Approving decisions under these ids, of the first traces that have one."""
    found: dict[str, list[Event]] = {}
    query = (
        f"type = 'approval_decision' AND decision = 'approve' AND approval_id IN ({ids}) "
        f"QUALIFY dense_rank() OVER (PARTITION BY approval_id ORDER BY trace_id) <= {ELSEWHERE + 1}"
    )
    for one in _events(con, query, values, lean=True):
        found.setdefault(one.approval_id or "", []).append(one)
    return found


def _other(found: Elsewhere, trace: str, asked: Sequence[str]) -> dict[str, list[Event]]:
    """Decisions of other traces than one, under the ids that it asked for."""
    made = {}
    for key in asked:
        others = [one for one in found.get(key, ()) if one.trace_id != trace]
        traces = sorted({one.trace_id for one in others})[:ELSEWHERE]
        made[key] = [one for one in others if one.trace_id in traces]
    return {key: others for key, others in made.items() if others}


def short_id_length(folder: str | Path, ids: Sequence[str]) -> int:
    """How many characters tell some traces from all others of the store, and are enough for `find_trace`.

    Args:
        folder: the store.
        ids: of the traces.

    Raises:
        EvidenceError: no events there, or a damaged store.
    """
    with opened(folder) as con:
        return short_ids(con, ids)


def short_ids(con: duckdb.DuckDBPyConnection, ids: Sequence[str]) -> int:
    """As `short_id_length`, over the view `events`."""
    wanted = set(ids)
    for length in (8, 10, 12, 16, 24):
        begins = sorted({one[:length] for one in wanted})
        if len(begins) == len(wanted):
            row = con.execute(
                "SELECT count(DISTINCT trace_id) FROM events WHERE left(trace_id, ?) IN (SELECT unnest(?::VARCHAR[]))",
                [length, begins],
            ).fetchone()
            if row is not None and row[0] == len(wanted):
                return length
    return 10_000


@contextmanager
def opened(folder: str | Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection with the view `events` over a store, for as long as the block lasts.

    Args:
        folder: the store.

    Raises:
        EnvironmentFailed: not enough memory or disk.
        EvidenceError: no events there, or the store is damaged.
    """
    with _opened(folder, snapshot.take(folder)) as con:
        yield con


@cache
def _kept() -> duckdb.DuckDBPyConnection:
    """One database for the process: it remembers the footers of files that were read, which is most of the work where
    one trace is looked for in thousands of files. What is made in a cursor of it is that cursor's own."""
    return connect()


@contextmanager
def _opened(folder: str | Path, found: snapshot.Snapshot) -> Iterator[duckdb.DuckDBPyConnection]:
    """As `opened`. Where all of a store is sealed, Arrow is not loaded: that takes longer than finding a trace."""
    if _only_sealed(found):
        con = _kept().cursor()
    else:
        from govern.audit.read import open_events

        con = open_events(folder)
    try:
        if _only_sealed(found):
            con.execute("SET parquet_metadata_cache = true")
            con.execute(f"CREATE TEMP VIEW events AS {of_sealed(list(map(str, found.files)))}")
        yield con
    except duckdb.OutOfMemoryException as error:
        raise EnvironmentFailed(f"not enough memory or disk: {_first_line(error)}") from None
    except duckdb.Error as error:
        from govern.audit.read import culprit, files

        raise culprit(files(folder).paths, error) from None
    finally:
        con.close()


def _events(
    con: duckdb.DuckDBPyConnection, where: str, values: Sequence[Any], *, lean: bool = False, source: str = "events"
) -> Iterator[Event]:
    """Events in the total order."""
    columns = ", ".join(COLUMNS)
    if lean:
        columns = columns.replace(
            ", content,", ", CASE WHEN content IS NULL OR content = '' THEN content ELSE '…' END AS content,"
        )
    condition = f" WHERE {where}" if where else ""
    rows = con.execute(f"SELECT {columns} FROM {source}{condition} ORDER BY {ORDER}", list(values))
    words = {name: {str(one): one for one in kind} for name, kind in _ENUMS.items()}
    lists = [place for place, name in enumerate(COLUMNS) if name in TEXT_LISTS]
    enums = [(place, words[name]) for place, name in enumerate(COLUMNS) if name in words]
    while batch := rows.fetchmany(_BATCH):
        for row in batch:
            cells = list(row)
            for place in lists:
                cells[place] = tuple(cells[place] or ())
            for place, known in enums:
                if (word := cells[place]) is not None:
                    if word not in known:
                        raise EvidenceError(f"column `{COLUMNS[place]}`: {word[:60]!r} is none of its words")
                    cells[place] = known[word]
            yield event(**dict(zip(COLUMNS, cells, strict=True)))


def _first_line(error: Exception) -> str:
    return str(error).strip().split("\n")[0][:200].lower() or type(error).__name__
