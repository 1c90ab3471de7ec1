"""The replay in SQL: events in Parquet, through the policy's decision SQL, by DuckDB.

SQL answers which conditions hold; input schemas are judged by the same validator as for one call, on
batches; verdicts come from `policy.verdict`. The result equals that of `stream` group by group.
"""

from __future__ import annotations

import json
from typing import Any

import duckdb
import pyarrow as pa

from govern.conditions.sql import text_literal
from govern.policy.engine import Engine
from govern.policy.sql import GIVEN, code_columns, decision_sql, truths_of
from govern.replay.columns import told_columns
from govern.replay.groups import NS_PER_DAY, SAMPLES, Key, Kind, Policies, Replayed, Seen
from govern.replay.told import SessionFacts

BATCH = 65_536

# Without this, DuckDB 2.0 merges the two projections of the decision SQL and parses the arguments once for
# every argument that is read.
TUNING = "SET disabled_optimizers = 'partial_aggregate_pushdown'"

_CALLS = """
CREATE OR REPLACE TEMP VIEW gv_calls AS
SELECT event_id, trace_id, agent, coalesce(tool, '') AS tool, args, args_error, ts_ns
FROM gv_events WHERE type = 'tool_call' AND coalesce(actor_kind, 'agent') = 'agent'
"""

# Exact for every int64: SQL's integer division rounds towards zero, a day before 1970 is rounded down.
_DAY = f"(ts_ns // {NS_PER_DAY} - CASE WHEN ts_ns % {NS_PER_DAY} < 0 THEN 1 ELSE 0 END)"


def replay(
    con: duckdb.DuckDBPyConnection,
    policies: Policies,
    *,
    agent: str | None = None,
    session_facts: SessionFacts | None = None,
) -> Replayed:
    """Judges every tool call of an agent in the view `events`.

    Args:
        con: a connection with the view `events` (columns of the event model).
        policies: to judge by.
        agent: the agent's name where the events carry none.
        session_facts: what the host asserted, by session or trace; None where nobody captured it.
    """
    prepare(con, agent)
    found = Replayed()
    agents = [row[0] for row in con.execute("SELECT DISTINCT agent FROM gv_calls").fetchall()]
    for own in agents:
        judge = policies.agent_for(own)
        mine = "agent IS NULL" if own is None else f"agent = {text_literal(own)}"
        if judge is None:
            _collect(con, found, own, None, "SELECT *, 'no_policy' AS kind FROM gv_calls WHERE " + mine)
            continue
        _collect(
            con, found, own, None,
            "SELECT *, CASE WHEN args_error IS NULL THEN 'uncaptured' ELSE 'malformed' END AS kind "
            f"FROM gv_calls WHERE {mine} AND (args IS NULL OR args_error IS NOT NULL)",
        )  # fmt: skip
        _judged(con, found, own, policies.engines[judge], mine, session_facts)
    found.runs = {
        (row[0], row[1]): row[2]
        for row in con.execute("SELECT agent, tool, count(DISTINCT trace_id) FROM gv_calls GROUP BY ALL").fetchall()
    }
    found.errors = _errors(con)
    return found


def prepare(con: duckdb.DuckDBPyConnection, agent: str | None = None) -> None:
    """Makes the views `gv_events` and `gv_calls` over the view `events`.

    Args:
        agent: the agent's name where the events carry none.
    """
    con.execute(TUNING)
    named = "*" if agent is None else f"* REPLACE (coalesce(agent, {text_literal(agent)}) AS agent)"
    con.execute(f"CREATE OR REPLACE TEMP VIEW gv_events AS SELECT {named} FROM events")
    con.execute(_CALLS)


def _judged(
    con: duckdb.DuckDBPyConnection,
    found: Replayed,
    agent: str | None,
    engine: Engine,
    mine: str,
    session_facts: SessionFacts | None,
) -> None:
    rows = decided(con, engine, agent, mine, session_facts)
    _collect(con, found, agent, engine, f"SELECT *, 'judged' AS kind FROM ({rows})")
    con.unregister("gv_invalid")


def decided(
    con: duckdb.DuckDBPyConnection,
    engine: Engine,
    agent: str | None,
    mine: str,
    session_facts: SessionFacts | None = None,
) -> str:
    """A query that gives each judged call its codes: event_id, trace_id, ts_ns, tool, `code0`, …, `valid`.

    Args:
        con: a connection after `prepare`.
        agent: whose calls.
        mine: the same as a condition on them.
        session_facts: as of `replay`.
    """
    con.execute(
        "CREATE OR REPLACE TEMP VIEW gv_mine AS SELECT event_id, trace_id, ts_ns, tool, args "
        f"FROM gv_calls WHERE {mine} AND args IS NOT NULL AND args_error IS NULL"
    )
    con.register("gv_invalid", _invalid(con, engine))
    keep, source, given = ("event_id", "trace_id", "ts_ns"), "gv_mine", dict(GIVEN)
    told = told_columns(con, engine, agent, session_facts)
    if told is not None:
        source = (
            f"(SELECT m.*, t.* EXCLUDE (event_id) FROM gv_mine m LEFT JOIN {told.table} t ON m.event_id = t.event_id)"
        )
        given |= told.columns
    codes = decision_sql(engine.policy, source, keep, given=given, zone=engine.zone)
    return f"SELECT d.*, i.event_id IS NULL AS valid FROM ({codes}) d LEFT JOIN gv_invalid i ON d.event_id = i.event_id"


def _invalid(con: duckdb.DuckDBPyConnection, engine: Engine) -> pa.Table:
    """The ids of the calls whose arguments do not satisfy their tool's input schema."""
    names = [name for name, tool in engine.policy.tools.items() if tool.schema is not None]
    bad: list[str] = []
    if names:
        listed = ", ".join(text_literal(name) for name in names)
        query = f"SELECT event_id, tool, args FROM gv_mine WHERE tool IN ({listed})"
        for batch in con.sql(query).to_arrow_reader(BATCH):
            ids, tools, texts = (column.to_pylist() for column in batch.columns)
            bad.extend(
                event_id
                for event_id, tool, text in zip(ids, tools, texts, strict=True)
                if not engine.valid(tool, json.loads(text))
            )
    return pa.table({"event_id": pa.array(bad, pa.string())})


def _collect(
    con: duckdb.DuckDBPyConnection, found: Replayed, agent: str | None, engine: Engine | None, rows: str
) -> None:
    """Adds the groups of a query that gives trace_id, ts_ns, tool, kind and, where judged, valid and codes."""
    count = code_columns(engine.policy) if engine is not None else 0
    codes = "".join(f", code{index}" for index in range(count))
    valid = ", valid" if engine is not None else ", TRUE AS valid"
    by = f"tool, kind, valid{codes}, day"
    # Traces first, so that samples and counts come from one pass over few rows.
    query = (
        f"WITH per_trace AS (SELECT tool, kind{valid}{codes}, {_DAY} AS day, trace_id, count(*) AS calls, "
        f"min(ts_ns) AS first_ns, max(ts_ns) AS last_ns FROM ({rows}) GROUP BY ALL) "
        f"SELECT {by}, sum(calls)::BIGINT, min(first_ns), max(last_ns), "
        f"min_by({{'t': trace_id, 'n': first_ns}}, "
        f"{{'none': first_ns IS NULL, 'n': coalesce(first_ns, 0), 't': trace_id}}, {SAMPLES}) "
        f"FROM per_trace GROUP BY {by}"
    )
    for row in con.execute(query).fetchall():
        tool, kind, is_valid, *rest = row
        packed, (day, calls, first_ns, last_ns, samples) = tuple(rest[:count]), rest[count:]
        truths = _truths(engine, tool, packed)
        # A tool that is not mapped has no schema and no conditions.
        key = Key(agent, tool, Kind(kind), is_valid, truths, day)
        found.groups[key] = Seen(calls, first_ns, last_ns, {sample["t"]: sample["n"] for sample in samples})


def _truths(engine: Engine | None, tool: str, codes: tuple[Any, ...]) -> tuple[int, ...]:
    mapped = engine.policy.tools.get(tool) if engine is not None else None
    return truths_of(codes, mapped) if mapped is not None else ()


def _errors(con: duckdb.DuckDBPyConnection) -> dict[tuple[str | None, str], int]:
    """Results that were errors, by the agent and tool of the result, or of the call of the same span."""
    rows = con.execute(
        """
        WITH bad AS (SELECT trace_id, span_id, agent, tool FROM gv_events
                     WHERE type = 'tool_result' AND status = 'error'),
        named AS (SELECT agent, tool FROM bad WHERE tool IS NOT NULL),
        spans AS (SELECT DISTINCT ON (c.trace_id, c.span_id)
                         c.trace_id, c.span_id, c.agent, coalesce(c.tool, '') AS tool
                  FROM gv_events c WHERE c.type = 'tool_call' AND coalesce(c.actor_kind, 'agent') = 'agent'
                  AND c.span_id IS NOT NULL ORDER BY c.wseq),
        other AS (SELECT s.agent, s.tool FROM bad b JOIN spans s ON b.trace_id = s.trace_id AND b.span_id = s.span_id
                  WHERE b.tool IS NULL)
        SELECT agent, tool, count(*) FROM (SELECT * FROM named UNION ALL SELECT * FROM other) GROUP BY ALL
        """
    ).fetchall()
    return {(row[0], row[1]): row[2] for row in rows}


def counts(con: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """What `ingest` counts of a log, of the view `events`: events, runs, calls, results, errors, unanswered."""
    row = con.execute(
        """
        WITH marked AS (
          SELECT trace_id, coalesce(nullif(span_id, ''), nullif(call_id, ''), 'tool ' || tool) AS span,
                 type = 'tool_call' AND coalesce(actor_kind, 'agent') = 'agent' AS is_call,
                 type = 'tool_result' AS is_result, type = 'tool_result' AND status = 'error' AS is_error
          FROM events),
        pairs AS (
          SELECT greatest(count(*) FILTER (is_call) - count(*) FILTER (is_result), 0) AS open
          FROM marked WHERE is_call OR is_result GROUP BY trace_id, span)
        SELECT count(*), count(DISTINCT trace_id), count(*) FILTER (is_call), count(*) FILTER (is_result),
               count(*) FILTER (is_error), (SELECT coalesce(sum(open), 0)::BIGINT FROM pairs)
        FROM marked
        """
    ).fetchone()
    names = ("events", "runs", "calls", "results", "errors", "unanswered")
    return dict(zip(names, row or (0,) * len(names), strict=True))
