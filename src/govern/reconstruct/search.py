"""Traces of a store by what is in them: a tool, a verdict, an agent, an approver, words, a time, a gap; newest first.

The database finds which traces match and in which order; only those that are shown are judged.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import duckdb

from govern.errors import EvidenceError
from govern.findings import did_you_mean
from govern.reconstruct import bulk, bulk_facts
from govern.reconstruct.store import judged, opened, shared_decisions, short_ids
from govern.reconstruct.summary import TraceLine, line_of, newest_first

_TEXTS: Final = ("content", "args", "reason", "error")


@dataclass(frozen=True, slots=True)
class Filter:
    """Which traces are wanted: those in which each of these is found, be it in different events.

    Args:
        tool, agent: of any event.
        verdict: of a check.
        approver: who decided an approval.
        text: words in prompts, responses, outputs, arguments, reasons or errors; as they stand, upper and lower case
            alike.
        since_ns, until_ns: with an event in this time, UTC; the first included, the second not.
        gap: with a gap of this id.
    """

    tool: str | None = None
    verdict: str | None = None
    agent: str | None = None
    approver: str | None = None
    text: str | None = None
    since_ns: int | None = None
    until_ns: int | None = None
    gap: str | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """Traces that match, newest first.

    Args:
        lines: those that are shown.
        matching: how many there are.
        id_length: characters that tell the ids that are shown from all others of the store.
    """

    lines: tuple[TraceLine, ...]
    matching: int
    id_length: int


def search(folder: str | Path, only: Filter, limit: int) -> Found:
    """The newest traces that match, and how many there are.

    Args:
        folder: the store.
        only: leaves out the other traces.
        limit: how many are wanted.

    Raises:
        EvidenceError: no events there, a damaged store, or a tool, agent or approver that does not occur in it.
        EnvironmentFailed: not enough memory or disk.
    """
    with_gap = bulk.traces_with(folder, only.gap) if only.gap is not None else None
    with opened(folder) as con:
        _check(con, folder, only)
        where, values = _condition(only, with_gap)
        rows = con.execute(
            "SELECT trace_id, count(*) OVER () FROM (SELECT trace_id, min(ts_ns) AS started_ns FROM events"
            f"{where} GROUP BY trace_id) ORDER BY started_ns DESC NULLS LAST, trace_id LIMIT ?",
            [*values, limit],
        ).fetchall()
        if not rows:
            return Found((), 0, 0)
        ids = [row[0] for row in rows]
        facts = bulk_facts.of_store(con, folder)
        lines = newest_first(map(line_of, judged(con, ids, facts, shared_decisions(con))))
        return Found(tuple(lines), rows[0][1], short_ids(con, ids))


def _condition(only: Filter, with_gap: Sequence[str] | None) -> tuple[str, list[Any]]:
    parts, values = [], []
    for condition, wanted in _events(only):
        parts.append(f"trace_id IN (SELECT trace_id FROM events WHERE {condition})")
        values += wanted
    if with_gap is not None:
        parts.append("trace_id IN (SELECT unnest(?::VARCHAR[]))")
        values.append(list(with_gap))
    return (f" WHERE {' AND '.join(parts)}" if parts else ""), values


def _events(only: Filter) -> Iterator[tuple[str, list[Any]]]:
    """What is asked of some event of a trace, as SQL and its values."""
    for condition, value in (
        ("tool = ?", only.tool),
        ("type = 'policy_check' AND verdict = ?", only.verdict),
        ("agent = ?", only.agent),
        ("type = 'approval_decision' AND actor = ?", only.approver),
    ):
        if value is not None:
            yield condition, [value]
    if only.text is not None:
        # `contains` takes the words as they are: nothing in them is a pattern.
        yield " OR ".join(f"contains(lower({column}), lower(?))" for column in _TEXTS), [only.text] * len(_TEXTS)
    if only.since_ns is not None or only.until_ns is not None:
        least = only.since_ns if only.since_ns is not None else -(2**63)
        most = only.until_ns if only.until_ns is not None else 2**63 - 1
        yield "ts_ns >= ? AND ts_ns < ?", [least, most]


def _check(con: duckdb.DuckDBPyConnection, folder: str | Path, only: Filter) -> None:
    """Refuses a word that the store does not have: a typo would look like an empty list."""
    for name, column, value, rest in (
        ("tool", "tool", only.tool, ""),
        ("agent", "agent", only.agent, ""),
        ("approver", "actor", only.approver, " AND type = 'approval_decision'"),
    ):
        if value is None:
            continue
        if con.execute(f"SELECT 1 FROM events WHERE {column} = ?{rest} LIMIT 1", [value]).fetchone():
            continue
        query = f"SELECT DISTINCT {column} FROM events WHERE {column} IS NOT NULL{rest} ORDER BY 1 LIMIT 10000"
        known = [row[0] for row in con.execute(query).fetchall()]
        raise EvidenceError(f"no {name} `{value}` in this store", where=str(folder), hint=did_you_mean(value, known))
