"""What every event changes in the history, as rows for windows: the first half of `windows`.

A row stands for an event that opens a call, makes it count, released or done (or no more), or asks what came before it.
Most spans have one call and then its result, and need no more than the call's own row; all others are worked out event
by event, as `policy.history` does it. Leaves out keys, amounts and sums (`windows_limits`, `windows_reading`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import duckdb

from govern.conditions.sql import text_literal
from govern.policy.history import APPROVE, LIFECYCLE

EVENTS: Final = "gv_w_events"
_TABLE: Final = "gv_w_moves"
_VIEW: Final = "gv_w_moves_seen"
ORDER: Final = "at_ns NULLS FIRST, writer_id, wseq, event_id"
"""The total order (`replay.order`)."""
_UNTIMED: Final = "gv_w_untimed"
_SPANS: Final = "gv_w_spans"
_OPENING: Final = "type IN ('tool_call', 'tool_start', 'tool_result')"
_RUNS: Final = "type IN ('tool_start', 'tool_result')"


@dataclass(frozen=True, slots=True)
class Needs:
    """Which events the asked windows are made of.

    Args:
        agent: whose calls ask; None for those of nobody.
        asking: the tools whose calls ask.
        tools: those whose calls are counted.
        trusted: those whose calls do not taint; None where nothing asks for taint.
        done: those of which what succeeded is counted.
        states: whether it matters that a call was held or stopped.
    """

    agent: str | None
    asking: frozenset[str]
    tools: frozenset[str]
    trusted: frozenset[str] | None
    done: frozenset[str]
    states: bool

    @property
    def counted(self) -> str:
        """A condition on `tool`: whether what happens to its calls is counted."""
        if self.trusted is None:
            return among("tool", self.tools)
        return f"({among('tool', self.tools)} OR NOT {among('tool', self.trusted)})"


@dataclass(frozen=True, slots=True)
class Moves:
    """The rows, and what the log has at all, so that nothing is worked out that is not there.

    Args:
        name: of the table or view.
        row: its column that tells rows apart.
        untimed: whether some trace has no times.
        first_ns: the earliest time, where there is one.
    """

    name: str
    row: str
    untimed: bool
    first_ns: int | None


def among(column: str, words: Iterable[str]) -> str:
    """A condition: whether a column is one of some words."""
    listed = ", ".join(text_literal(word) for word in sorted(words))
    return f"{column} IN ({listed})" if listed else "FALSE"


def same(column: str, value: str | None) -> str:
    """A condition: whether a column is a word, or NULL for None."""
    return f"{column} IS NULL" if value is None else f"{column} = {text_literal(value)}"


def make_moves(con: duckdb.DuckDBPyConnection, needs: Needs, *, once: bool) -> Moves:
    """Makes the view EVENTS, and the rows.

    Args:
        con: a connection with the view `gv_events`.
        needs: of the windows that will read them.
        once: whether only one window will: then they are not kept.
    """
    kinds = among("type", (kind.value for kind in LIFECYCLE))
    untimed = con.execute(f"SELECT 1 FROM gv_events WHERE ts_ns IS NULL AND {kinds} LIMIT 1").fetchone() is not None
    first = con.execute("SELECT min(ts_ns) FROM gv_events").fetchone()
    if untimed:
        con.execute(
            f"CREATE OR REPLACE TEMP TABLE {_UNTIMED} AS SELECT trace_id, min(writer_id) = max(writer_id) AS ordered "
            f"FROM gv_events WHERE {kinds} GROUP BY trace_id HAVING bool_or(ts_ns IS NULL)"
        )
    con.execute(f"CREATE OR REPLACE TEMP VIEW {EVENTS} AS {_events(kinds, untimed=untimed)}")
    rows = _simple(needs)
    others = _has_other_spans(con, needs)
    if others:
        rows = [f"{each} ANTI JOIN {_SPANS} USING (trace_id, span_id)" for each in rows] + [_followed(needs)]
    kept = others or not once
    kind, name, row = ("TABLE", _TABLE, "rowid") if kept else ("VIEW", _VIEW, "event_id")
    con.execute(f"CREATE OR REPLACE TEMP {kind} {name} AS {' UNION ALL '.join(rows)}")
    return Moves(name, row, untimed, first[0] if first is not None else None)


def _events(kinds: str, *, untimed: bool) -> str:
    """The events of the life of calls, with what each says of its call."""
    timed = "ts_ns AS at_ns, TRUE AS ordered"
    if untimed:
        timed = "CASE WHEN u.trace_id IS NULL THEN ts_ns END AS at_ns, coalesce(u.ordered, TRUE) AS ordered"
    joined = f" LEFT JOIN {_UNTIMED} u ON e.trace_id = u.trace_id" if untimed else ""
    enforced = "coalesce(mode, '') <> 'shadow'"
    refused = f"type = 'approval_decision' AND decision <> '{APPROVE}'"
    stops = f"(type = 'policy_check' AND {enforced} AND verdict = 'deny') OR ({refused})"
    holds = (
        f"(type = 'policy_check' AND {enforced} AND verdict IN ('deny', 'approval')) "
        f"OR (type = 'approval_request' AND {enforced}) OR ({refused})"
    )
    frees = f"{_RUNS} OR (type = 'approval_decision' AND decision = '{APPROVE}')"
    oks = "type = 'tool_result' AND NOT coalesce(status = 'error', error IS NOT NULL)"
    return (
        "SELECT event_id, e.trace_id, span_id, coalesce('s:' || nullif(session_id, ''), 't:' || e.trace_id) AS session,"
        "agent, coalesce(tool, '') AS tool, type, args, args_error IS NOT NULL AS bad, writer_id, wseq, "
        "type = 'tool_call' AND coalesce(actor_kind, 'agent') <> 'agent' AS stranger, "
        f"coalesce({holds}, FALSE) AS holds, coalesce({stops}, FALSE) AS stops, coalesce({frees}, FALSE) AS frees, "
        f"{_RUNS} AS runs, {oks} AS oks, status IS NOT NULL AS sure, {timed} FROM gv_events e{joined} WHERE {kinds}"
    )


def _asks(needs: Needs) -> str:
    return (
        f"(type = 'tool_call' AND NOT stranger AND {same('agent', needs.agent)} AND args IS NOT NULL AND NOT bad "
        f"AND {among('tool', needs.asking)})"
    )


def _has_other_spans(con: duckdb.DuckDBPyConnection, needs: Needs) -> bool:
    """Whether there are spans that are not one call and what follows it; they are in the table _SPANS."""
    wanted = needs.counted
    if needs.done:
        done = f"SELECT trace_id, span_id FROM {EVENTS} WHERE {_OPENING} AND {among('tool', needs.done)}"
        wanted = f"({wanted} OR (trace_id, span_id) IN ({done} AND span_id IS NOT NULL))"
    call, other = "FILTER (WHERE type = 'tool_call')", "FILTER (WHERE type <> 'tool_call')"
    first = (
        f"(count(*) = 1 OR coalesce(min(at_ns) {call} < min(at_ns) {other}, FALSE) "
        f"OR (min(at_ns) {call} IS NOT DISTINCT FROM min(at_ns) {other} "
        f"AND min(writer_id) = max(writer_id) AND min(wseq) {call} < min(wseq) {other}))"
    )
    query = (
        f"SELECT trace_id, span_id FROM {EVENTS} WHERE span_id IS NOT NULL AND {_OPENING} AND {wanted} "
        f"GROUP BY trace_id, span_id HAVING NOT (count(*) {call} = 1 AND {first})"
    )
    if needs.states:
        query += f" UNION SELECT trace_id, span_id FROM {EVENTS} WHERE span_id IS NOT NULL AND holds"
    con.execute(f"CREATE OR REPLACE TEMP TABLE {_SPANS} AS {query}")
    return con.execute(f"SELECT 1 FROM {_SPANS} LIMIT 1").fetchone() is not None


# The columns of the rows: of the call that an event changes, when it was `opened`, and by how much it changes it: `c`
# proposed, `r` released, `x` counts as executed, `d` succeeded. Of a call that asks and was proposed before (`own`),
# what is known of that (`o_…`). Of one that `opens`, when it was `stopped` (counted no more) and `resumed`.
_PLAIN: Final = (
    "at_ns AS opened, FALSE AS own, FALSE AS o_released, FALSE AS o_counts, FALSE AS o_done, "
    "TRUE AS o_sure, TRUE AS o_agent, TRUE AS o_session, NULL::BIGINT AS o_done_at, "
    "NULL::BIGINT AS stopped, NULL::BIGINT AS resumed"
)


def _simple(needs: Needs) -> list[str]:
    """Calls that are alone in their span, or without one, and what made them succeed: without an ANTI JOIN."""
    args = "CASE WHEN NOT bad THEN args END AS args"
    counted = f"({needs.counted})::TINYINT"
    calls = (
        f"SELECT event_id, trace_id, session, agent, tool, {args}, bad, at_ns, ordered, writer_id, wseq, "
        f"{_asks(needs)} AS asks, TRUE AS opens, {counted} AS c, {counted} AS r, {counted} AS x, 0::TINYINT AS d, "
        f"TRUE AS sure, {_PLAIN} FROM (SELECT * FROM {EVENTS} WHERE type = 'tool_call' AND NOT stranger "
        f"AND ({needs.counted} OR {among('tool', needs.asking)}))"
    )
    made = [calls]
    if needs.trusted is not None:
        # A start or result of nobody knows which call: that one was released.
        made.append(
            "SELECT event_id, trace_id, session, agent, tool, NULL AS args, FALSE AS bad, at_ns, ordered, writer_id, "
            "wseq, FALSE AS asks, FALSE AS opens, 0::TINYINT AS c, 1::TINYINT AS r, 0::TINYINT AS x, 0::TINYINT AS d, "
            f"TRUE AS sure, {_PLAIN} FROM (SELECT * FROM {EVENTS} "
            f"WHERE span_id IS NULL AND runs AND NOT {among('tool', needs.trusted)})"
        )
    if needs.done:
        change = "FALSE AS asks, FALSE AS opens, 0::TINYINT AS c, 0::TINYINT AS r, 0::TINYINT AS x, 1::TINYINT AS d"
        made.append(
            f"SELECT event_id, trace_id, session, agent, tool, {args}, bad, at_ns, ordered, writer_id, wseq, "
            f"{change}, sure, {_PLAIN} FROM (SELECT trace_id, span_id, r.event_id, session, agent, tool, args, bad, "
            "r.at_ns, r.ordered, r.writer_id, r.wseq, r.sure FROM "
            f"(SELECT trace_id, span_id, session, agent, tool, args, bad FROM {EVENTS} "
            f"WHERE type = 'tool_call' AND NOT stranger AND {among('tool', needs.done)}) c JOIN "
            f"(SELECT trace_id, span_id, event_id, at_ns, ordered, writer_id, wseq, sure FROM {EVENTS} WHERE oks) r "
            f"USING (trace_id, span_id) "
            f"QUALIFY row_number() OVER (PARTITION BY trace_id, span_id ORDER BY {ORDER}) = 1)"
        )
        made.append(
            f"SELECT event_id, trace_id, session, agent, tool, NULL AS args, FALSE AS bad, at_ns, ordered, writer_id, "
            f"wseq, {change}, sure, {_PLAIN} FROM (SELECT * FROM {EVENTS} "
            f"WHERE span_id IS NULL AND oks AND {among('tool', needs.done)})"
        )
    return made


def _followed(needs: Needs) -> str:
    """The events of the spans in _SPANS, one after the other."""
    span, before = "PARTITION BY trace_id, span_id", "ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING"
    record = f"{span}, k ORDER BY {ORDER}"
    call = "trace_id, span_id, may_open, tool, args, bad, stranger"
    counted = needs.counted.replace("tool", "r_tool")

    def ever(flag: str) -> str:
        return f"coalesce(bool_or({flag}) OVER earlier, FALSE) AS {flag}_before"

    return f"""
        SELECT * FROM (
        WITH possible AS (
          SELECT *, type = 'tool_call' OR ({_RUNS} AND 0 = count(*) FILTER (WHERE {_OPENING})
                    OVER ({span} ORDER BY {ORDER} {before})) AS may_open
          FROM {EVENTS} SEMI JOIN {_SPANS} USING (trace_id, span_id)),
        opened AS (
          SELECT *, may_open AND row_number() OVER (PARTITION BY {call} ORDER BY {ORDER}) = 1 AS opens FROM possible),
        numbered AS (
          SELECT *, count(*) FILTER (WHERE opens) OVER ({span} ORDER BY {ORDER} ROWS UNBOUNDED PRECEDING) AS k
          FROM opened),
        named AS (
          SELECT *, min(k) OVER (PARTITION BY {call}) AS own_k, first_value(tool) OVER record AS r_tool,
            first_value(CASE WHEN NOT bad THEN args END) OVER record AS r_args, first_value(bad) OVER record AS r_bad,
            first_value(agent) OVER record AS r_agent, first_value(session) OVER record AS r_session,
            first_value(stranger) OVER record OR k = 0 AS r_none,
            {ever("holds")}, {ever("stops")}, {ever("frees")}, {ever("runs")}, {ever("oks")}
          FROM numbered WINDOW record AS ({record}), earlier AS ({record} {before})),
        states AS (
          SELECT *, NOT holds_before OR frees_before AS released_before,
            NOT (holds_before OR holds) OR frees_before OR frees AS released,
            NOT stops_before OR runs_before AS counts_before,
            NOT (stops_before OR stops) OR runs_before OR runs AS counts
          FROM named),
        changes AS (
          SELECT *, CASE WHEN r_none OR NOT {counted} THEN 0 WHEN opens THEN 1 END AS fixed,
            CASE WHEN type = 'tool_call' THEN 0 ELSE released::TINYINT - released_before::TINYINT END AS released_by,
            CASE WHEN type = 'tool_call' THEN 0 ELSE counts::TINYINT - counts_before::TINYINT END AS counts_by,
            (oks AND NOT oks_before AND NOT r_none AND {counted})::TINYINT AS d
          FROM states),
        moved AS (
          SELECT *, coalesce(fixed, 0)::TINYINT AS c, coalesce(fixed, released_by)::TINYINT AS r,
            coalesce(fixed, counts_by)::TINYINT AS x FROM changes),
        records AS (
          SELECT trace_id, span_id, k AS own_k, min(at_ns) FILTER (WHERE opens) AS l_at,
            NOT bool_or(holds) OR bool_or(frees) AS l_released, NOT bool_or(stops) OR bool_or(runs) AS l_counts,
            bool_or(oks) AS l_done, bool_or(sure) FILTER (WHERE d = 1) AS o_sure, any_value(r_agent) AS l_agent,
            any_value(r_session) AS l_session, min(at_ns) FILTER (WHERE d = 1) AS done_at,
            min(at_ns) FILTER (WHERE x = -1) AS stopped,
            min(at_ns) FILTER (WHERE x = 1 AND NOT opens) AS resumed
          FROM moved WHERE k > 0 GROUP BY trace_id, span_id, k),
        asked AS (
          SELECT m.*, {_asks(needs)} AS asks, type = 'tool_call' AS is_call, l_at, l_released, l_counts, l_done,
            coalesce(l.o_sure, TRUE) AS o_sure,
            l_agent IS NOT DISTINCT FROM agent AS o_agent,
            l_session IS NOT DISTINCT FROM session AS o_session,
            done_at, stopped, resumed, m.own_k = m.k AS latest
          FROM moved m LEFT JOIN records l
            ON m.trace_id = l.trace_id AND m.span_id = l.span_id
            AND CASE WHEN m.may_open THEN m.own_k ELSE m.k END = l.own_k)
        SELECT event_id, trace_id, CASE WHEN is_call THEN session ELSE r_session END AS session,
          CASE WHEN is_call THEN agent ELSE r_agent END AS agent, CASE WHEN is_call THEN tool ELSE r_tool END AS tool,
          CASE WHEN NOT is_call THEN r_args WHEN NOT bad THEN args END AS args,
          CASE WHEN is_call THEN bad ELSE r_bad END AS bad, at_ns, ordered, writer_id, wseq, asks, opens, c, r, x, d,
          sure, l_at AS opened, is_call AND NOT opens AS own,
          is_call AND NOT opens AND o_session
            AND CASE WHEN latest THEN released_before ELSE l_released END AS o_released,
          is_call AND NOT opens AND CASE WHEN latest THEN counts_before ELSE l_counts END AS o_counts,
          is_call AND NOT opens AND CASE WHEN latest THEN oks_before ELSE l_done END AS o_done,
          o_sure, o_agent, o_session, CASE WHEN is_call AND NOT opens THEN done_at END AS o_done_at, stopped, resumed
        FROM asked WHERE asks OR c <> 0 OR r <> 0 OR x <> 0 OR d <> 0)
    """
