"""Two charters over the same events in SQL: one scan of the calls, through the decision SQL of both.

The old policy's codes are worked out first, the new one's over them, for the tools alone that it judges in another
way; what history and input schemas have in common is worked out once. The result equals that of `compare_calls` pair
by pair.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import duckdb
import pyarrow as pa

from govern.conditions.sql import text_literal
from govern.policy.engine import Engine, Truths
from govern.policy.model import Policy
from govern.policy.sql import GIVEN, code_columns, decision_sql, truths_of
from govern.policy.verdict import UNKNOWN
from govern.replay import bulk
from govern.replay.compare import Common, Compared, First, common
from govern.replay.groups import Key, Kind, Policies
from govern.replay.told import SessionFacts

_FIRST = "min({'none': ts_ns IS NULL, 'n': ts_ns, 't': trace_id, 'e': event_id})"
_KEEP = ("event_id", "trace_id", "ts_ns")


@dataclass(frozen=True, slots=True)
class _Side:
    """One of the two on its way through SQL.

    Args:
        judge: the agent whose policy judges; None where none does.
        valid, args: its columns.
        codes: its code columns.
        policy: that its codes are of.
    """

    judge: str | None
    valid: str
    args: str
    codes: tuple[str, ...] = ()
    policy: Policy | None = None

    def truths(self, tool: str, row: Mapping[str, Any]) -> Truths:
        mapped = self.policy.tools.get(tool) if self.policy is not None else None
        return truths_of(tuple(row[code] for code in self.codes), mapped) if mapped is not None else ()


def compare(
    con: duckdb.DuckDBPyConnection,
    old: Policies,
    new: Policies,
    *,
    agent: str | None = None,
    session_facts: SessionFacts | None = None,
) -> Compared:
    """Judges every tool call of an agent in the view `events` by both.

    Args:
        con: a connection with the view `events` (columns of the event model).
        old, new: to judge by.
        agent: the agent's name where the events carry none.
        session_facts: what the host asserted, by session or trace; None where nobody captured it.
    """
    bulk.prepare(con, agent)
    found = Compared()
    for (own,) in con.execute("SELECT DISTINCT agent FROM gv_calls").fetchall():
        mine = "agent IS NULL" if own is None else f"agent = {text_literal(own)}"
        was, now = old.agent_for(own), new.agent_for(own)
        _not_read(con, found, own, (was, now), mine)
        if was is not None or now is not None:
            engines = (old.engines[was] if was is not None else None, new.engines[now] if now is not None else None)
            _judged(con, found, own, engines, mine, session_facts)
    return found


def _not_read(
    con: duckdb.DuckDBPyConnection, found: Compared, agent: str | None, judges: tuple[str | None, ...], mine: str
) -> None:
    """The calls of which no argument is looked at."""
    everything = judges == (None, None)
    only = "" if everything else " AND (args IS NULL OR args_error IS NOT NULL)"
    rows = con.execute(
        f"SELECT tool, args_error IS NULL, {bulk.DAY} AS day, count(*), {_FIRST} FROM gv_calls "
        f"WHERE {mine}{only} GROUP BY ALL"
    ).fetchall()
    for tool, uncaptured, day, calls, first in rows:
        kind = Kind.UNCAPTURED if uncaptured else Kind.MALFORMED
        old, new = (Key(agent, tool, Kind.NO_POLICY if judge is None else kind, hour=_hour(day)) for judge in judges)
        found.add(old, new, _first(first), calls)


def _judged(
    con: duckdb.DuckDBPyConnection,
    found: Compared,
    agent: str | None,
    engines: tuple[Engine | None, Engine | None],
    mine: str,
    session_facts: SessionFacts | None,
) -> None:
    old, new = engines
    shared = common(old, new) if old is not None and new is not None else Common(frozenset(), told=False)
    bulk.with_arguments(con, mine)
    source, given_old, given_new = _source(con, old, new, shared, agent, mine, session_facts)
    query, sides = f"SELECT * FROM ({source})", [_Side(None, "o_valid", "args"), _Side(None, "n_valid", "n_args")]
    carried = ("n_args", "o_valid", "n_valid", *sorted({*given_new.values()} - {"ts_ns"}))
    if old is not None:
        sides[0] = _side(old.policy, old.policy, sides[0], "o_code")
        codes = decision_sql(old.policy, f"({query})", (*_KEEP, *carried), given=given_old, zone=old.zone)
        query = f"SELECT * RENAME ({_renamed(sides[0].codes)}) FROM ({codes})"
    if new is not None:
        # Its tools are all there, so that what is not mapped is known; of those in common nothing is asked again.
        asked = _without(new.policy, shared.tools)
        sides[1] = _side(new.policy, asked, sides[1], "n_code")
        keep = (*_KEEP, "o_valid", "n_valid", *sides[0].codes)
        inner = f"(SELECT * EXCLUDE (n_args), n_args AS args FROM (SELECT * EXCLUDE (args) FROM ({query})))"
        if old is not None:  # whose decision SQL hands no arguments through but the new one's
            inner = f"(SELECT * EXCLUDE (n_args), n_args AS args FROM ({query}))"
        codes = decision_sql(asked, inner, keep, given=given_new, zone=new.zone)
        query = f"SELECT * RENAME ({_renamed(sides[1].codes)}) FROM ({codes})"
    unknown = _collect(con, found, agent, sides, query, shared)
    for engine, side, given, again in zip(engines, sides, (given_old, given_new), unknown, strict=True):
        if engine is not None:
            own = f"SELECT event_id, args, {', '.join(given.values())} FROM ({source})"
            if side.args != "args":
                own = own.replace("event_id, args,", f"event_id, {side.args} AS args,", 1)
            bulk.decided_again(con, engine, bulk.Decided("", own, given), again)
    for name in ("gv_prepared", "gv_prepared_new"):
        con.unregister(name)


def _side(policy: Policy, asked: Policy, side: _Side, prefix: str) -> _Side:
    codes = tuple(f"{prefix}{index}" for index in range(code_columns(asked)))
    return replace(side, judge=policy.agent, codes=codes, policy=policy)


def _renamed(codes: tuple[str, ...]) -> str:
    return ", ".join(f"code{index} AS {name}" for index, name in enumerate(codes))


def _without(policy: Policy, tools: frozenset[str]) -> Policy:
    """The policy that asks nothing of some tools."""
    silent = {name: replace(policy.tools[name], unless=None, rules=()) for name in tools}
    return replace(policy, tools={**policy.tools, **silent})


def _source(
    con: duckdb.DuckDBPyConnection,
    old: Engine | None,
    new: Engine | None,
    shared: Common,
    agent: str | None,
    mine: str,
    session_facts: SessionFacts | None,
) -> tuple[str, dict[str, str], dict[str, str]]:
    """SQL of what calls are judged by: `args` and `o_valid` under the old policy, `n_args` and `n_valid` under the new
    one; with the columns of what is told beside arguments under either."""
    was = bulk.schemas(old.policy) if old is not None else {}
    now = bulk.schemas(new.policy) if new is not None else {}
    others = sorted(name for name in {*was, *now} if was.get(name) != now.get(name))
    joins = ""
    args, valid = _prepared(con, was, "gv_prepared", "p")
    joins += " LEFT JOIN gv_prepared p ON m.event_id = p.event_id" if args != "m.args" else ""
    new_args, new_valid = args, valid
    if others:
        differ = {name: now[name] for name in others if name in now}
        own_args, own_valid = _prepared(con, differ, "gv_prepared_new", "q")
        joins += " LEFT JOIN gv_prepared_new q ON m.event_id = q.event_id" if own_args != "m.args" else ""
        listed = ", ".join(map(text_literal, others))
        new_args = f"CASE WHEN m.tool IN ({listed}) THEN {own_args} ELSE {args} END"
        new_valid = f"CASE WHEN m.tool IN ({listed}) THEN {own_valid} ELSE {valid} END"
    given_old = bulk.told_beside(con, old, agent, mine, session_facts, table="gv_beside") if old is not None else {}
    given_new = given_old
    told = ""
    if given_old:
        told += ", b.* EXCLUDE (event_id)"
        joins += " JOIN gv_beside b ON m.event_id = b.event_id"
    if new is not None and not shared.told:
        given_new = bulk.told_beside(con, new, agent, mine, session_facts, table="gv_beside_new", prefix="n_")
        if given_new:
            told += ", c.* EXCLUDE (event_id)"
            joins += " JOIN gv_beside_new c ON m.event_id = c.event_id"
    source = (
        f"SELECT m.event_id, m.trace_id, m.ts_ns, m.tool, {args} AS args, {new_args} AS n_args, {valid} AS o_valid, "
        f"{new_valid} AS n_valid{told} FROM gv_mine m{joins}"
    )
    return source, {**GIVEN, **given_old}, {**GIVEN, **given_new}


def _prepared(con: duckdb.DuckDBPyConnection, schemas: Mapping[str, str], table: str, alias: str) -> tuple[str, str]:
    """SQL of a call's arguments as they are judged, and of whether they are valid. Joins only where they say
    something: most logs have no invalid call, and no default to apply."""
    judged: pa.Table = bulk.judged_inputs(con, schemas)
    if not judged.num_rows:
        return "m.args", "TRUE"
    con.register(table, judged)
    return f"coalesce({alias}.args, m.args)", f"coalesce(NOT {alias}.invalid, TRUE)"


def _collect(
    con: duckdb.DuckDBPyConnection,
    found: Compared,
    agent: str | None,
    sides: list[_Side],
    rows: str,
    shared: Common,
) -> tuple[dict[str, tuple[str, bool, Truths]], dict[str, tuple[str, bool, Truths]]]:
    """Adds the pairs of a query.

    Returns:
        For each side one event of every pair in which something is unknown under it: tool, validity, truth values.
    """
    old, new = sides
    names = ["tool", "o_valid", "n_valid", *old.codes, *new.codes]
    query = f"SELECT {', '.join(names)}, {bulk.DAY} AS day, count(*), {_FIRST} FROM ({rows}) GROUP BY ALL"
    unknown: tuple[dict[str, tuple[str, bool, Truths]], dict[str, tuple[str, bool, Truths]]] = ({}, {})
    for line in con.execute(query).fetchall():
        *cells, day, calls, first = line
        row = dict(zip(names, cells, strict=True))
        tool = row["tool"]
        was = _key(agent, old, row, day)
        now = was if tool in shared.tools else _key(agent, new, row, day)
        found.add(was, now, _first(first), calls)
        for key, again in ((was, unknown[0]), (now, unknown[1])):
            if UNKNOWN in key.truths and not (again is unknown[1] and now is was):
                again[first["e"]] = (tool, key.valid, key.truths)
    return unknown


def _key(agent: str | None, side: _Side, row: Mapping[str, Any], day: int | None) -> Key:
    tool = row["tool"]
    if side.judge is None:
        return Key(agent, tool, Kind.NO_POLICY, hour=_hour(day))
    return Key(agent, tool, Kind.JUDGED, row[side.valid], side.truths(tool, row), _hour(day))


def _hour(day: int | None) -> int | None:
    """The first of a day: hours need not be told apart here."""
    return None if day is None else 24 * day


def _first(row: Mapping[str, Any]) -> First:
    return First(row["n"], row["t"], row["e"])
