"""Chains read from an audit store: one by its id, or all of them one after another.

There is one judgement (`judge`), also in bulk: DuckDB sorts the events by trace (spilling to disk where they
are many), and one trace at a time is held in memory. In bulk, texts are not read, only whether they are there.

Leaves out: whether the store itself is whole (`audit`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import Final

import duckdb

from govern.audit.read import open_events, read_events
from govern.errors import EnvironmentFailed, EvidenceError, UsageError
from govern.events.model import Event, EventType
from govern.findings import closest, did_you_mean
from govern.ingest.formats import carries
from govern.reconstruct.judge import Reconstruction, reconstruct

MIN_PREFIX: Final = 6
"""Characters: a shorter beginning of a trace id is not accepted."""
CANDIDATES: Final = 8


def find_trace(folder: str | Path, wanted: str) -> str:
    """The full id of the trace that is called `wanted`, or is the only one to begin so.

    Args:
        folder: the store.
        wanted: a trace id, or at least `MIN_PREFIX` characters of its beginning.

    Raises:
        EvidenceError: no such trace (with a suggestion), or no events.
        UsageError: too short, or the beginning of several traces.
    """
    con = open_events(folder)
    try:
        if con.execute("SELECT 1 FROM events WHERE trace_id = ? LIMIT 1", [wanted]).fetchone():
            return wanted
        if len(wanted) < MIN_PREFIX:
            raise UsageError(
                f"`{wanted}` is too short for the beginning of a trace id",
                hint=f"give at least {MIN_PREFIX} characters; `govern traces` lists the ids",
            )
        query = "SELECT DISTINCT trace_id FROM events WHERE starts_with(trace_id, ?) ORDER BY ALL LIMIT ?"
        found = [row[0] for row in con.execute(query, [wanted, CANDIDATES + 1]).fetchall()]
        if not found:
            raise EvidenceError(f"no trace `{wanted}` in this store", where=str(folder), hint=_nearest(con, wanted))
    except duckdb.Error as error:
        raise EvidenceError(f"unreadable: {_first_line(error)}", where=str(folder)) from None
    finally:
        con.close()
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


def load(folder: str | Path, trace_id: str) -> Reconstruction:
    """The chain of one trace, with its texts and its gaps.

    Args:
        folder: the store.
        trace_id: the full id.

    Raises:
        EvidenceError: no such trace, or a damaged store.
    """
    events = list(read_events(folder, "trace_id = ?", [trace_id]))
    if not events:
        raise EvidenceError(f"no trace `{trace_id}` in this store", where=str(folder))
    asked = sorted({e.approval_id for e in events if e.type is EventType.APPROVAL_REQUEST and e.approval_id})
    elsewhere: dict[str, list[Event]] = {}
    if asked:
        marks = ", ".join("?" * len(asked))
        where = f"type = 'approval_decision' AND trace_id <> ? AND approval_id IN ({marks})"
        for event in read_events(folder, where, [trace_id, *asked]):
            elsewhere.setdefault(event.approval_id or "", []).append(event)
    return reconstruct(events, elsewhere=elsewhere, carries=carries)


@dataclass(frozen=True, slots=True)
class Filter:
    """Which traces are wanted: those with an action of this tool, a check of this verdict, this agent."""

    tool: str | None = None
    verdict: str | None = None
    agent: str | None = None


def scan(folder: str | Path, only: Filter | None = None) -> Iterator[Reconstruction]:
    """Every chain of a store, one at a time, in order of trace id; texts are empty (see `lean`).

    Args:
        folder: the store.
        only: leaves out the other traces.

    Raises:
        EvidenceError: no events there, or a damaged store.
        EnvironmentFailed: not enough memory or disk to sort them.
    """
    shared = _shared(folder)
    where, values = _condition(only or Filter())
    for _, events in groupby(_lean_events(folder, where, values), key=attrgetter("trace_id")):
        found = list(events)
        asked = {e.approval_id for e in found if e.type is EventType.APPROVAL_REQUEST}
        elsewhere = {
            key: [event for event in shared[key] if event.trace_id != found[0].trace_id]
            for key in asked
            if key is not None and key in shared
        }
        yield reconstruct(found, elsewhere=elsewhere, carries=carries)


def _condition(only: Filter) -> tuple[str, list[str]]:
    parts, values = [], []
    for condition, value in (
        ("tool = ?", only.tool),
        ("type = 'policy_check' AND verdict = ?", only.verdict),
        ("agent = ?", only.agent),
    ):
        if value is not None:
            parts.append(f"trace_id IN (SELECT trace_id FROM events WHERE {condition})")
            values.append(value)
    return " AND ".join(parts), values


def check_filter(folder: str | Path, only: Filter) -> None:
    """Refuses a filter by a word that the store does not have: a typo would look like an empty list.

    Raises:
        EvidenceError: the tool or the agent does not occur, with a suggestion; or no events.
    """
    con = open_events(folder)
    try:
        for name, value in (("tool", only.tool), ("agent", only.agent)):
            if value is None:
                continue
            rows = con.execute(f"SELECT DISTINCT {name} FROM events WHERE {name} IS NOT NULL").fetchall()
            known = [row[0] for row in rows]
            if value not in known:
                raise EvidenceError(
                    f"no {name} `{value}` in this store", where=str(folder), hint=did_you_mean(value, known)
                )
    except duckdb.Error as error:
        raise EvidenceError(f"unreadable: {_first_line(error)}", where=str(folder)) from None
    finally:
        con.close()


def short_id_length(folder: str | Path) -> int:
    """How many characters of a trace id tell all traces of the store apart, and `find_trace` accepts.

    Raises:
        EvidenceError: no events there, or a damaged store.
    """
    con = open_events(folder)
    try:
        for length in (8, 10, 12, 16, 24):
            query = "SELECT count(*) = count(DISTINCT left(trace_id, ?)) FROM (SELECT DISTINCT trace_id FROM events)"
            row = con.execute(query, [length]).fetchone()
            if row is not None and row[0]:
                return length
    except duckdb.Error as error:
        raise EvidenceError(f"unreadable: {_first_line(error)}", where=str(folder)) from None
    finally:
        con.close()
    return 10_000


def lean(event: Event) -> Event:
    """The event without its words: whether there were any is kept, as an empty text."""
    return event if not event.content else replace(event, content="")


def _lean_events(folder: str | Path, where: str, values: list[str]) -> Iterator[Event]:
    return map(lean, read_events(folder, where, values))


def _shared(folder: str | Path) -> dict[str, list[Event]]:
    """Decisions whose approval id is asked for in another trace: few, unless ids are reused."""
    con = open_events(folder)
    try:
        ids = con.execute(
            "SELECT DISTINCT d.approval_id FROM events d JOIN events r USING (approval_id) "
            "WHERE d.type = 'approval_decision' AND r.type = 'approval_request' AND d.trace_id <> r.trace_id"
        ).fetchall()
    except duckdb.OutOfMemoryException as error:
        raise EnvironmentFailed(f"not enough memory or disk: {_first_line(error)}") from None
    except duckdb.Error as error:
        raise EvidenceError(f"unreadable: {_first_line(error)}", where=str(folder)) from None
    finally:
        con.close()
    found: dict[str, list[Event]] = {}
    if ids:
        marks = ", ".join("?" * len(ids))
        where = f"type = 'approval_decision' AND approval_id IN ({marks})"
        for event in read_events(folder, where, [row[0] for row in ids]):
            found.setdefault(event.approval_id or "", []).append(lean(event))
    return found


def _first_line(error: Exception) -> str:
    return str(error).strip().split("\n")[0][:200].lower() or type(error).__name__
