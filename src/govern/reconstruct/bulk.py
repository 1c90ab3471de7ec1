"""Every gap of a store of millions: few traces are judged, and what is judged counts for all that are judged alike.

`bulk_shapes` says in SQL which traces must get the same judgement. Of each kind of these two are judged in Python;
where neither has a gap, the kind is counted, by how many traces and actions it has. All other traces are judged one by
one: those that are odd, and those of a kind in which a gap was found. So a gap is never lost by the quick way, and
every count, sample, cause and `n/a` is that of the one judgement (`judge`).

Small stores are judged trace by trace: that is as quick, and a standing check that both ways say the same.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from itertools import islice
from multiprocessing import get_context
from pathlib import Path
from typing import Final

import duckdb

from govern.events.model import Event
from govern.reconstruct import bulk_facts, bulk_shapes
from govern.reconstruct.completeness import FIELDS, Count, State
from govern.reconstruct.gaps.facts import StoreFacts
from govern.reconstruct.gaps.registry import BY_ID, KINDS
from govern.reconstruct.judge import Reconstruction
from govern.reconstruct.store import carries, judged, opened, shared_decisions
from govern.reconstruct.summary import StoreGaps, Tally

SMALL: Final = 20_000
"""Events up to which every trace is judged."""
CHUNK: Final = 5_000
"""Traces that one process judges at a time; with fewer than two such, there is one process only."""

Key = tuple[str | None, int | None, str, frozenset[int]]
Fields = tuple[State, ...]


def gaps(folder: str | Path, *, small: int = SMALL, processes: int | None = None) -> StoreGaps:
    """Every hole in every chain of a store.

    Args:
        folder: the store.
        small: events up to which every trace is judged.
        processes: how many judge at once; None for as many as the machine has.

    Raises:
        EvidenceError: no events there, or a damaged store.
        EnvironmentFailed: not enough memory or disk.
    """
    return _tally(folder, Tally(), small, processes).done()


def traces_with(folder: str | Path, gap: str, *, small: int = SMALL, processes: int | None = None) -> list[str]:
    """The ids of all traces that have a gap, in order; as `gaps` finds it.

    Args:
        gap: its id.
    """
    return sorted(_tally(folder, Tally(wanted=gap), small, processes).having)


def _tally(folder: str | Path, tally: Tally, small: int, processes: int | None) -> Tally:
    with opened(folder) as con:
        con.execute("SET preserve_insertion_order = false")
        facts = bulk_facts.of_store(con, folder)
        row = con.execute("SELECT count(*) FROM events").fetchone()
        if row is not None and row[0] > small and bulk_shapes.COVERED.issuperset(kind.id for kind in KINDS):
            _describe(con, facts)
            _count_kinds(con, facts, tally)
            suspects = [row[0] for row in con.execute("SELECT trace_id FROM bulk_suspects ORDER BY 1").fetchall()]
        else:
            suspects = [row[0] for row in con.execute("SELECT DISTINCT trace_id FROM events ORDER BY 1").fetchall()]
        _judge_each(con, folder, suspects, facts, tally, processes or os.cpu_count() or 1)
    return tally


def _describe(con: duckdb.DuckDBPyConnection, facts: StoreFacts) -> None:
    formats = [row[0] for row in con.execute("SELECT DISTINCT source_format FROM events").fetchall()]
    con.execute("CREATE OR REPLACE TEMP TABLE bulk_aside (trace_id VARCHAR)")
    bulk_facts.set_aside(con, facts)
    bulk_shapes.describe(con, carry_spans=[name for name in formats if "spans" in carries(name)], alive=facts.alive)


@dataclass(slots=True)
class _Kind:
    """Traces that are judged alike: each row is one of their multisets of shapes, by id, with how many traces."""

    rows: list[tuple[int, int, tuple[int, ...]]] = field(default_factory=list)


def _count_kinds(con: duckdb.DuckDBPyConnection, facts: StoreFacts, tally: Tally) -> None:
    """Counts the kinds of traces that have no gap; all others are in the table `bulk_suspects` afterwards."""
    con.execute(
        "CREATE OR REPLACE TEMP TABLE bulk_rows AS SELECT *, row_number() OVER () AS row FROM ("
        "SELECT format, frame, words, shapes, count(*) AS traces, min(trace_id) AS low, max(trace_id) AS high "
        "FROM bulk_traces WHERE NOT odd GROUP BY ALL)"
    )
    kinds: dict[Key, _Kind] = defaultdict(_Kind)
    examples: dict[int, tuple[str, str]] = {}
    rows = con.execute("SELECT row, format, frame, words::VARCHAR, shapes, traces, low, high FROM bulk_rows")
    for number, source, frame, words, shapes, traces, low, high in rows.fetchall():
        kinds[source, frame, words, frozenset(shapes)].rows.append((number, traces, tuple(shapes)))
        examples[number] = (low, high)
    first = {row: examples[row] for kind in kinds.values() for row in {kind.rows[0][0], kind.rows[-1][0]}}
    known = _examples(con, {one for pair in first.values() for one in pair}, facts)
    counted: set[int] = set()
    again: list[tuple[int, int, tuple[int, ...]]] = []
    for kind in kinds.values():
        shown = [known[one] for row in {kind.rows[0][0], kind.rows[-1][0]} for one in first[row]]
        match _verdict(shown):
            case None:
                pass
            case fields if any(_excused(one.made) for one in shown):
                again += kind.rows
            case fields:
                for number, traces, shapes in kind.rows:
                    _count(tally, shown[0], fields, traces, shapes)
                    counted.add(number)
    # How many are excused stands in the reason: it is the same only for the very same number of each shape.
    known = _examples(con, {one for number, _, _ in again for one in examples[number]}, facts)
    for number, traces, shapes in again:
        shown = [known[one] for one in examples[number]]
        fields = _verdict(shown)
        if fields is not None and len({one.made.not_applicable for one in shown}) == 1:
            _count(tally, shown[0], fields, traces, shapes)
            counted.add(number)
    con.execute("CREATE OR REPLACE TEMP TABLE bulk_counted AS SELECT unnest(?::BIGINT[]) AS row", [sorted(counted)])
    con.execute(
        "CREATE OR REPLACE TEMP TABLE bulk_suspects AS SELECT trace_id FROM bulk_traces WHERE odd UNION ALL "
        "SELECT trace_id FROM bulk_traces JOIN (FROM bulk_rows WHERE row NOT IN (FROM bulk_counted)) AS left_over "
        "ON bulk_traces.format IS NOT DISTINCT FROM left_over.format AND bulk_traces.frame IS NOT DISTINCT FROM "
        "left_over.frame AND bulk_traces.words = left_over.words AND bulk_traces.shapes = left_over.shapes "
        "WHERE NOT odd"
    )


@dataclass(frozen=True, slots=True)
class _Example:
    """One trace that was judged, and the shape of each of its actions by span."""

    made: Reconstruction
    shapes: Mapping[str, int]

    @property
    def fields(self) -> dict[int, Fields] | None:
        """How complete an action of each shape is; None where two of one shape differ."""
        carried = frozenset().union(*(carries(event.source_format) for event in self.made.chain.events))
        found: dict[int, Fields] = {}
        for action in self.made.chain.actions:
            states = tuple(state(action) if needed in carried else State.NA for _, needed, state in FIELDS)
            if found.setdefault(self.shapes[action.span_id or ""], states) != states:
                return None
        return found


def _examples(con: duckdb.DuckDBPyConnection, ids: Iterable[str], facts: StoreFacts) -> dict[str, _Example]:
    wanted = sorted(ids)
    if not wanted:
        return {}
    shapes: dict[str, dict[str, int]] = defaultdict(dict)
    for trace, span, shape in con.execute(
        "SELECT trace_id, span_id, id FROM bulk_actions JOIN bulk_shapes USING (shape) "
        "WHERE trace_id IN (SELECT unnest(?::VARCHAR[]))",
        [wanted],
    ).fetchall():
        shapes[trace][span] = shape
    # None of these asks for an approval that another trace names.
    return {made.chain.trace_id: _Example(made, shapes[made.chain.trace_id]) for made in judged(con, wanted, facts, {})}


def _verdict(shown: Sequence[_Example]) -> dict[int, Fields] | None:
    """How complete the actions of a kind are, by shape; None where it has a gap or its traces are not judged alike."""
    fields = [one.fields for one in shown]
    if any(one.made.gaps for one in shown) or None in fields:
        return None
    joined: dict[int, Fields] = {}
    for found in fields:
        for shape, states in (found or {}).items():
            if joined.setdefault(shape, states) != states:
                return None
    alike = {tuple(na for na in one.made.not_applicable if not _counts(na.id, one.made)) for one in shown}
    return joined if len(alike) == 1 else None


def _excused(made: Reconstruction) -> bool:
    return any(_counts(one.id, made) for one in made.not_applicable)


def _counts(gap: str, made: Reconstruction) -> bool:
    """Whether a gap was excused so many times, and not because its source cannot show it."""
    carried = frozenset().union(*(carries(name) for name in {event.source_format for event in made.chain.events}))
    return BY_ID[gap].needs <= carried


def _count(tally: Tally, shown: _Example, fields: Mapping[int, Fields], traces: int, shapes: Sequence[int]) -> None:
    counts = {}
    for place, (name, _, _) in enumerate(FIELDS):
        states = [fields[shape][place] for shape in shapes]
        counts[name] = Count(*(states.count(state) * traces for state in State))
    why = [(one.id, one.why) for one in shown.made.not_applicable]
    tally.add_alike(traces, len(shapes) * traces, why, counts)


def _judge_each(
    con: duckdb.DuckDBPyConnection,
    folder: str | Path,
    suspects: Sequence[str],
    facts: StoreFacts,
    tally: Tally,
    processes: int,
) -> None:
    if not suspects:
        return
    elsewhere = shared_decisions(con)
    if processes == 1 or len(suspects) < 2 * CHUNK:
        for made in judged(con, suspects, facts, elsewhere):
            tally.add(made)
        return
    given = (str(folder), facts, elsewhere, tally.wanted)
    with ProcessPoolExecutor(processes, get_context("spawn"), _given, given) as pool:
        for found in pool.map(_judge_chunk, _chunks(suspects)):
            tally.merge(found)


def _chunks(suspects: Sequence[str]) -> Iterator[list[str]]:
    rest = iter(suspects)
    while chunk := list(islice(rest, CHUNK)):
        yield chunk


@dataclass(frozen=True, slots=True)
class _Given:
    """What every chunk is judged with, once a process."""

    folder: str
    facts: StoreFacts
    elsewhere: Mapping[str, Sequence[Event]]
    wanted: str | None


_OF_PROCESS: list[_Given] = []


def _given(folder: str, facts: StoreFacts, elsewhere: Mapping[str, Sequence[Event]], wanted: str | None) -> None:
    _OF_PROCESS.append(_Given(folder, facts, elsewhere, wanted))


def _judge_chunk(chunk: list[str]) -> Tally:
    given = _OF_PROCESS[-1]
    tally = Tally(wanted=given.wanted)
    with opened(given.folder) as con:
        con.execute("SET threads = 1")
        for made in judged(con, chunk, given.facts, given.elsewhere):
            tally.add(made)
    return tally
