"""`tainted('session')`, `calls('x')` and `succeeded('x')` in bulk: running counts over the rows of `windows_moves`.

A session is tainted for a call where an untrusted tool's call, other than this one, was released before it, or may have
been: its place beside the call is not known (`replay.order`).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import duckdb

from govern.conditions.sql import text_literal
from govern.replay.windows_moves import EVENTS, ORDER, Moves, Needs, among

_BEFORE: Final = "ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING"
_RIVALS: Final = "gv_w_rivals"


def counted(
    con: duckdb.DuckDBPyConnection, moves: Moves, kind: str, tool: str, asking: Iterable[str], table: str
) -> None:
    """Makes a table with `n`, the row of a call that asks, and `v`: how often a tool was called or succeeded.

    Args:
        con: a connection with the rows.
        moves: the rows.
        kind: `calls` or `succeeded`.
        tool: whose calls are counted, whoever made them.
        asking: the tools whose calls ask.
        table: its name.
    """
    change, own = "c" if kind == "calls" else "d", f"tool = {text_literal(tool)}"
    before = f"OVER (PARTITION BY trace_id ORDER BY {ORDER} {_BEFORE})"
    unsure = f"coalesce(sum(g) FILTER (WHERE NOT sure) {before}, 0) > 0" if kind == "succeeded" else "FALSE"
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE {table} AS SELECT n, v FROM ("
        f"SELECT n, asks, CASE WHEN ordered AND NOT ({unsure}) THEN coalesce(sum(g) {before}, 0)::BIGINT END AS v "
        f"FROM (SELECT {moves.row} AS n, trace_id, at_ns, writer_id, wseq, event_id, ordered, sure, "
        f"asks AND {among('tool', asking)} AS asks, CASE WHEN {own} THEN {change} ELSE 0 END AS g FROM {moves.name}) "
        "WHERE asks OR g <> 0) WHERE asks"
    )


def tainted(con: duckdb.DuckDBPyConnection, moves: Moves, needs: Needs, asking: Iterable[str], table: str) -> None:
    """Makes a table with `n`, the row of a call that asks, and `v`: 0 not tainted, 2 tainted.

    Args:
        con: a connection with the rows and the view EVENTS.
        moves: the rows.
        needs: what they were made for, with the trusted tools.
        asking: the tools whose calls ask.
        table: its name.
    """
    untrusted = f"NOT {among('tool', needs.trusted or ())}"
    before = f"coalesce(sum(g) OVER (PARTITION BY session ORDER BY {ORDER} {_BEFORE}), 0)"
    rows = (
        f"SELECT {moves.row} AS n, event_id, session, at_ns, writer_id, wseq, "
        f"asks AND {among('tool', asking)} AS asks, "
        f"CASE WHEN {untrusted} THEN r ELSE 0 END AS g, (o_released AND {untrusted})::TINYINT AS mine FROM {moves.name}"
    )
    found = f"SELECT n, event_id, asks, {before} > mine AS over FROM ({rows}) WHERE asks OR g <> 0"
    rival, joined = "FALSE", ""
    writers = con.execute(f"SELECT min(writer_id) <> max(writer_id) FROM {EVENTS}").fetchone()
    if moves.untimed or (writers is not None and writers[0]):
        con.execute(f"CREATE OR REPLACE TEMP TABLE {_RIVALS} AS {_rivals(untrusted)}")
        rival, joined = "r.event_id IS NOT NULL", f" LEFT JOIN {_RIVALS} r ON f.event_id = r.event_id"
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE {table} AS "
        f"SELECT n, (CASE WHEN over OR {rival} THEN 2 ELSE 0 END)::TINYINT AS v FROM ({found}) f{joined} WHERE asks"
    )


def _rivals(untrusted: str) -> str:
    """The calls that stand in no known order with an untrusted tool's event of their session.

    Those are the events of the other kind, timed or not; and of the same kind and time those of another writer and
    another span: all of them, less those of the call's writer, less those of its span, and again those of both.
    """
    place = "session, at_ns"
    groups = {
        "everyone": place,
        "written": f"{place}, writer_id",
        "spanned": f"{place}, trace_id, span_id",
        "of_both": f"{place}, writer_id, trace_id, span_id",
    }
    untrusted = f"{untrusted} AND NOT stranger"
    total = "sum(untrusted::TINYINT)"
    sums = ", ".join(f"{total} OVER (PARTITION BY {by}) AS {name}" for name, by in groups.items())
    return f"""
        WITH released AS (
          SELECT * FROM (
            SELECT event_id, trace_id, span_id, session, at_ns, writer_id, type, {untrusted} AS untrusted
            FROM {EVENTS} WHERE type IN ('tool_call', 'tool_start', 'tool_result'))
          SEMI JOIN (
            SELECT session FROM {EVENTS} WHERE type IN ('tool_call', 'tool_start', 'tool_result') GROUP BY session
            HAVING min(writer_id) <> max(writer_id) OR min((at_ns IS NULL)::TINYINT) <> max((at_ns IS NULL)::TINYINT)
          ) USING (session)),
        counts AS (
          SELECT event_id, type, span_id, {sums},
            {total} OVER (PARTITION BY session) - {total} OVER (PARTITION BY session, at_ns IS NULL) AS others
          FROM released)
        SELECT event_id FROM counts WHERE type = 'tool_call' AND (others > 0
          OR everyone - written - CASE WHEN span_id IS NULL THEN 0 ELSE spanned - of_both END > 0)
    """
