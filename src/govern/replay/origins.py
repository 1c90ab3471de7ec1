"""`origin` and `named_by_user` of every call of a store, as columns for the decision SQL: worked out once, in Python.

DuckDB hands over only what matters: of the sessions in which a call asks, what was said and the calls that ask. They
come in the order of the store, which has most sessions in one piece, each row with the number of rows of its session.
Where too much would have to be kept until a session is whole, all is read again, sorted by session: then one session
is in memory at a time, of its text no more than may be searched. What it means is in `sayings`, for both engines.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from itertools import groupby
from operator import itemgetter
from typing import Final, NamedTuple

import duckdb
import pyarrow as pa

from govern.conditions.sql import text_literal
from govern.events.model import ActorKind, EventType, Fidelity
from govern.policy.model import Policy
from govern.policy.origin import MAX_TEXT, ORIGIN
from govern.policy.origin.hearing import SAYING, Asked, Fill, asked, size, trusted_tools
from govern.replay.sayings import Answers, answered

BATCH: Final = 2_048  # rows: each may have a long text
_FLUSH: Final = 65_536
HELD: Final = 128 * 1024 * 1024
"""Characters of unfinished sessions in memory, over which reading begins again, sorted."""


class _Scattered(Exception):
    """Too much is kept of sessions that are not whole yet."""


class _Row(NamedTuple):
    """What is read of an event; each as in `events.model.Event`. There are many: a dataclass takes three times as
    long to make."""

    event_id: str
    trace_id: str
    type: EventType
    actor_kind: ActorKind | None
    actor: str | None
    tool: str | None
    args: str | None
    content: str | None
    error: str | None
    fidelity: Fidelity | None
    ts_ns: int | None
    writer_id: str
    wseq: int


_SESSION: Final = "CASE WHEN coalesce(session_id, '') <> '' THEN 's:' || session_id ELSE 't:' || trace_id END"
_KINDS: Final = {kind.value: kind for kind in EventType}
_ACTORS: Final[dict[str | None, ActorKind | None]] = {None: None, **{kind.value: kind for kind in ActorKind}}
_FIDELITIES: Final[dict[str | None, Fidelity | None]] = {None: None, **{kind.value: kind for kind in Fidelity}}


def origins(
    con: duckdb.DuckDBPyConnection,
    view: str,
    policy: Policy,
    keys: Sequence[str],
    *,
    mine: str = "TRUE",
    fill: Fill | None = None,
) -> pa.Table:
    """What was asked of where values came from, for every call of an agent whose tool asks and whose arguments the
    log has.

    Args:
        con: a connection that has the view.
        view: events, with the columns of the event model; whole sessions.
        policy: whose conditions ask, and whose tools are trusted.
        keys: of `conditions.Inputs`, those of `origin(…)` and `named_by_user(…)`; others are left out.
        mine: a SQL condition on the view: whose calls they are.
        fill: gives a tool's arguments with the defaults of its schema.

    Returns:
        `event_id`, and a column for each key: of `origin` a word of ORIGINS, the empty text for unknown; of
        `named_by_user` 0, 1 for unknown, 2. NULL is what the log does not have, and what the call's tool never asks.
    """
    wanted = _wanted(policy, keys)
    every = sorted({key for each in wanted.values() for key in each})
    schema = pa.schema([pa.field("event_id", pa.string()), *(pa.field(key, _type(key)) for key in every)])
    if not wanted:
        return schema.empty_table()
    trusted = trusted_tools(policy)
    query = _query(view, wanted, mine)
    try:
        return _table(schema, _in_pieces(con, query), wanted, trusted, fill)
    except _Scattered:
        return _table(schema, _sorted(con, query), wanted, trusted, fill)


def _table(
    schema: pa.Schema,
    sessions: Iterable[list[_Row]],
    wanted: Mapping[str, Asked],
    trusted: frozenset[str],
    fill: Fill | None,
) -> pa.Table:
    batches: list[pa.RecordBatch] = []
    ids: list[str] = []
    found: list[Answers] = []
    for session in sessions:
        for event_id, answers in answered(session, wanted, trusted, asks=lambda event: True, fill=fill):
            ids.append(event_id)
            found.append(answers)
        if len(ids) >= _FLUSH:
            batches.append(_batch(schema, ids, found))
            ids, found = [], []
    batches.append(_batch(schema, ids, found))
    return pa.Table.from_batches(batches, schema)


def _wanted(policy: Policy, keys: Sequence[str]) -> dict[str, Asked]:
    chosen = {tool: {key: each for key, each in found.items() if key in keys} for tool, found in asked(policy).items()}
    return {tool: each for tool, each in chosen.items() if each}


def _type(key: str) -> pa.DataType:
    return pa.string() if key.startswith(f"{ORIGIN}(") else pa.int8()


def _batch(schema: pa.Schema, ids: list[str], found: list[Answers]) -> pa.RecordBatch:
    columns = [pa.array(ids, pa.string())]
    for field in schema:
        if field.name != "event_id":
            columns.append(pa.array([_cell(field, each) for each in found], field.type))
    return pa.record_batch(columns, schema)


def _cell(field: pa.Field, found: Answers) -> str | int | None:
    if field.name not in found:
        return None
    answer = found[field.name]
    if isinstance(answer, str):
        return answer
    if answer is None:
        return "" if field.type == pa.string() else 1
    return 2 if answer else 0


# -- reading ---------------------------------------------------------------------------------------------


def _query(view: str, wanted: Mapping[str, Asked], mine: str) -> str:
    says = "type IN (" + ", ".join(text_literal(kind.value) for kind in SAYING) + ")"
    tools = ", ".join(text_literal(tool) for tool in sorted(wanted))
    asks = (
        "(type = 'tool_call' AND coalesce(actor_kind, 'agent') = 'agent' AND args IS NOT NULL AND args_error IS NULL "
        f"AND coalesce(tool, '') IN ({tools}) AND ({mine}))"
    )
    # `length` is in characters, as the cap is, and slower than the bytes, which are never fewer.
    long = {name: f"(strlen({name}) > {MAX_TEXT} AND length({name}) > {MAX_TEXT})" for name in ("content", "error")}
    text = ", ".join(f"CASE WHEN {says} AND NOT {test} THEN {name} END AS {name}" for name, test in long.items())
    over = " OR ".join(f"coalesce({test}, FALSE)" for test in long.values())
    return f"""
        WITH gv_marked AS (SELECT *, {_SESSION} AS gv_session FROM {view} WHERE {says} OR {asks}),
        gv_sizes AS (SELECT gv_session, count(*) AS gv_rows FROM gv_marked GROUP BY ALL HAVING bool_or({asks}))
        SELECT gv_session, gv_rows, {says} AND ({over}) AS gv_over, event_id, trace_id, type, actor_kind, actor, tool,
               CASE WHEN type = 'tool_call' THEN args END AS args, {text}, fidelity, ts_ns, writer_id, wseq
        FROM gv_marked JOIN gv_sizes USING (gv_session)
    """


def _rows(con: duckdb.DuckDBPyConnection, query: str) -> Iterator[tuple[str, int, _Row]]:
    """Each with its session, and how many rows that has."""
    for batch in con.sql(query).to_arrow_reader(BATCH):
        columns = [column.to_pylist() for column in batch.columns]
        sessions, sizes, over, ids, traces, kinds, whose, *said, fidelity, at_ns, writers, places = columns
        actors, tools, args, contents, errors = said
        if True in over:
            contents = [_too_much() if each else text for each, text in zip(over, contents, strict=True)]
        rows = map(
            _Row, ids, traces, map(_KINDS.__getitem__, kinds), map(_ACTORS.__getitem__, whose), actors, tools, args,
            contents, errors, map(_FIDELITIES.__getitem__, fidelity), at_ns, writers, places,
        )  # fmt: skip
        yield from zip(sessions, sizes, rows, strict=True)


def _in_pieces(con: duckdb.DuckDBPyConnection, query: str) -> Iterator[list[_Row]]:
    """Session by session, as they become whole.

    Raises:
        _Scattered: too much is kept of others.
    """
    kept: dict[str, list[_Row]] = {}
    held = 0
    for session, count, row in _rows(con, query):
        rows = kept.setdefault(session, [])
        rows.append(row)
        held += size(row)
        if len(rows) == count:
            held -= sum(map(size, kept.pop(session)))
            yield rows
        elif held > HELD:
            raise _Scattered


def _sorted(con: duckdb.DuckDBPyConnection, query: str) -> Iterator[list[_Row]]:
    """Session by session, by time, writer and sequence."""
    rows = _rows(con, query + " ORDER BY gv_session, ts_ns NULLS FIRST, writer_id, wseq, event_id")
    for _, together in groupby(rows, key=itemgetter(0)):
        said = 0
        session: list[_Row] = []
        for _, _, row in together:
            said += size(row)
            # Whatever comes after so much is told nothing: that there is more is all it needs to know.
            session.append(row if said <= MAX_TEXT or row.type is EventType.TOOL_CALL else _cut(row))
        yield session


def _cut(row: _Row) -> _Row:
    return row._replace(content=_too_much(), error=None)


@cache
def _too_much() -> str:
    """One text that is over the cap, instead of many."""
    return " " * (MAX_TEXT + 1)
