"""The replay in SQL: events in Parquet, through the policy's decision SQL, by DuckDB.

SQL answers which conditions hold; input schemas are judged by the same validator as for one call, on
batches; verdicts come from `policy.verdict`. The result equals that of `stream` group by group.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from govern.conditions.sql import text_literal
from govern.errors import EvidenceError
from govern.events.canonical import Malformed, parse
from govern.policy.engine import Engine, Truths
from govern.policy.model import Policy
from govern.policy.sql import GIVEN, code_columns, decision_sql, truths_of
from govern.policy.verdict import UNKNOWN
from govern.replay.columns import given_value, told_columns
from govern.replay.details_bulk import One, details, formats, hour_sql
from govern.replay.groups import NS_PER_DAY, SAMPLES, Key, Kind, Policies, Recorded, Replayed, Seen
from govern.replay.inputs_valid import Inputs
from govern.replay.sidecar import Sidecar, codes_sql
from govern.replay.told import SessionFacts
from govern.replay.verdicts import Written

BATCH = 65_536
_PREPARED = pa.schema([("event_id", pa.string()), ("invalid", pa.bool_()), ("args", pa.string())])

# Without this, DuckDB 2.0 merges the two projections of the decision SQL and parses the arguments once for
# every argument that is read.
TUNING = "SET disabled_optimizers = 'partial_aggregate_pushdown'"

_CALLS = """
CREATE OR REPLACE TEMP VIEW gv_calls AS
SELECT event_id, trace_id, agent, coalesce(tool, '') AS tool, args, args_error, ts_ns, writer_id, wseq, policy_digest,
       source_format
FROM gv_events WHERE type = 'tool_call' AND coalesce(actor_kind, 'agent') = 'agent'
"""

# Of calls that carry no digest: that of the first check of their span.
_CHECKED = """
CREATE OR REPLACE TEMP TABLE gv_checked AS
SELECT trace_id, span_id, arg_min(policy_digest,
       {'none': ts_ns IS NULL, 'at': coalesce(ts_ns, 0), 'w': wseq, 'by': writer_id}) AS checked_by
FROM gv_events WHERE type = 'policy_check' AND policy_digest IS NOT NULL AND span_id IS NOT NULL GROUP BY ALL
"""

# Exact for every int64: SQL's integer division rounds towards zero, a day before 1970 is rounded down. UTC.
DAY = f"(ts_ns // {NS_PER_DAY} - CASE WHEN ts_ns % {NS_PER_DAY} < 0 THEN 1 ELSE 0 END)"


def replay(
    con: duckdb.DuckDBPyConnection,
    policies: Policies,
    *,
    agent: str | None = None,
    session_facts: SessionFacts | None = None,
    written: Written | None = None,
    sidecar: Sidecar | None = None,
) -> Replayed:
    """Judges every tool call of an agent in the view `events`.

    Args:
        con: a connection with the view `events` (columns of the event model).
        policies: to judge by.
        agent: the agent's name where the events carry none.
        session_facts: what the host asserted, by session or trace; None where nobody captured it.
        written: takes the verdict on every call.
        sidecar: of the same events, where there is one: it gives the same, sooner.
    """
    prepare(con, agent)
    if isinstance(policies, Recorded):
        con.execute(_CHECKED)
        with_checks = _CALLS.replace(" policy_digest,", " coalesce(policy_digest, checked_by) AS policy_digest,")
        con.execute(
            with_checks.replace("FROM gv_events", "FROM gv_events LEFT JOIN gv_checked USING (trace_id, span_id)")
        )
    if sidecar is not None and not isinstance(policies, Recorded):  # a sidecar has no digests
        sidecar.attach(con)
    found = _Groups(con, policies, written)
    for own, digest in _whose(con, policies):
        mine = "agent IS NULL" if own is None else f"agent = {text_literal(own)}"
        only, engine = "TRUE", None
        if isinstance(policies, Recorded):
            only = "policy_digest IS NULL" if digest is None else f"policy_digest = {text_literal(digest)}"
            judge = policies.for_call(own, digest)
        else:
            judge = policies.agent_for(own)
        if judge is None:
            found.collect(own, digest, None, f"SELECT *, 'no_policy' AS kind FROM gv_calls WHERE {mine} AND {only}")
            continue
        engine = policies.engines[judge]
        found.collect(
            own, digest, None,
            "SELECT *, CASE WHEN args_error IS NULL THEN 'uncaptured' ELSE 'malformed' END AS kind "
            f"FROM gv_calls WHERE {mine} AND {only} AND (args IS NULL OR args_error IS NOT NULL)",
        )  # fmt: skip
        side = None
        if sidecar is not None and digest is None:  # which has the agents as recorded
            nameless = own is None or own == agent
            side = Beside(sidecar, " OR ".join([*([mine] if own is not None else []), *["agent IS NULL"] * nameless]))
        made = decided(con, engine, own, mine, session_facts, side, only=only)
        unknown = found.collect(own, digest, engine, f"SELECT *, 'judged' AS kind FROM ({made.query})")
        decided_again(con, engine, made, unknown)
        con.unregister("gv_prepared")
    return found.end()


def _whose(con: duckdb.DuckDBPyConnection, policies: Policies) -> list[tuple[str | None, str | None]]:
    """Agents, and where they decide the digests that their calls carry."""
    digest = "policy_digest" if isinstance(policies, Recorded) else "NULL::VARCHAR"
    return con.execute(f"SELECT DISTINCT agent, {digest} FROM gv_calls").fetchall()


def prepare(con: duckdb.DuckDBPyConnection, agent: str | None = None) -> None:
    """Makes the views `gv_events` and `gv_calls` over the view `events`.

    Args:
        agent: the agent's name where the events carry none.
    """
    con.execute(TUNING)
    named = "*" if agent is None else f"* REPLACE (coalesce(agent, {text_literal(agent)}) AS agent)"
    con.execute(f"CREATE OR REPLACE TEMP VIEW gv_events AS SELECT {named} FROM events")
    con.execute(_CALLS)


def calls_as_recorded(con: duckdb.DuckDBPyConnection) -> str:
    """A view over `events` that a sidecar is made of: the calls of agents, whose names are as they were recorded."""
    con.execute(_CALLS.replace("gv_calls", "gv_recorded").replace("gv_events", "events"))
    return "gv_recorded"


@dataclass(frozen=True, slots=True)
class Beside:
    """A sidecar, attached.

    Args:
        mine: a condition on its `agent`: whose calls are judged.
    """

    sidecar: Sidecar
    mine: str


@dataclass(frozen=True, slots=True)
class Decided:
    """The calls of an agent on their way through the decision SQL.

    Args:
        query: gives each its codes: event_id, trace_id, ts_ns, tool, `code0`, …, `valid`.
        source: gives each what it is judged by: its arguments as they are judged, and the columns of `given`.
        given: columns by key of `conditions.Inputs`.
    """

    query: str
    source: str
    given: Mapping[str, str]


def decided(
    con: duckdb.DuckDBPyConnection,
    engine: Engine,
    agent: str | None,
    mine: str,
    session_facts: SessionFacts | None = None,
    side: Beside | None = None,
    *,
    only: str = "TRUE",
) -> Decided:
    """Decides every call of an agent that has arguments.

    Args:
        con: a connection after `prepare`.
        agent: whose calls.
        mine: the same as a condition on them.
        session_facts: as of `replay`.
        side: the same calls in typed columns, where there are such.
        only: a condition on those of them that are decided; what they are told hangs on all.
    """
    with_arguments(con, f"{mine} AND {only}")
    prepared = judged_inputs(con, schemas(engine.policy))
    con.register("gv_prepared", prepared)
    # A join only where it says something: most logs have no invalid call, and no default to apply.
    source = "SELECT *, TRUE AS valid FROM gv_mine"
    if prepared.num_rows:
        source = (
            "SELECT m.* REPLACE (coalesce(p.args, m.args) AS args), coalesce(NOT p.invalid, TRUE) AS valid "
            "FROM gv_mine m LEFT JOIN gv_prepared p ON m.event_id = p.event_id"
        )
    given = {**GIVEN, **told_beside(con, engine, agent, mine, session_facts)}
    if len(given) > len(GIVEN):
        source = f"SELECT s.*, t.* EXCLUDE (event_id) FROM ({source}) s JOIN gv_beside t ON s.event_id = t.event_id"
    keep = ("event_id", "trace_id", "ts_ns")
    if side is None or pc.any(pc.is_valid(prepared["args"])).as_py():
        # Arguments that a default changed stand in no sidecar.
        query = decision_sql(engine.policy, f"({source})", (*keep, "valid"), given=given, zone=engine.zone)
    else:
        known = "gv_beside" if len(given) > len(GIVEN) else None
        codes = codes_sql(
            side.sidecar, engine.policy, keep=(*keep, "agent"), given=given, zone=engine.zone, beside=known
        )
        query = f"SELECT *, TRUE AS valid FROM ({codes}) WHERE {side.mine}"
        if prepared.num_rows:
            query = (
                f"SELECT c.*, p.event_id IS NULL AS valid FROM ({codes}) c "
                f"LEFT JOIN gv_prepared p ON c.event_id = p.event_id WHERE {side.mine}"
            )
    return Decided(query, source, given)


def decided_again(
    con: duckdb.DuckDBPyConnection, engine: Engine, made: Decided, found: Mapping[str, tuple[str, bool, Truths]]
) -> None:
    """Decides one call of every group with something unknown once more, by itself: what is unknown is where two engines
    could differ. Where they do, no report is better than a wrong one.

    Args:
        found: tool, validity and truth values of each, by its event's id.
    """
    if not found:
        return
    known = [key for key in sorted(made.given) if key == "at" or key in engine.history.keys]
    columns = "".join(f", {made.given[key]}" for key in known)
    ids = pa.table({"event_id": pa.array(found, pa.string())})
    con.register("gv_unknown", ids)
    rows = con.execute(
        f"SELECT event_id, args{columns} FROM ({made.source}) WHERE event_id IN (SELECT event_id FROM gv_unknown)"
    ).fetchall()
    con.unregister("gv_unknown")
    for event_id, args, *values in rows:
        tool, valid, truths = found[event_id]
        try:
            value = parse(args)
        except Malformed as error:  # no import wrote that: what SQL read of it is one reading of several
            message = f"the arguments of event {event_id} have no one reading: {error}"
            raise EvidenceError(message, hint="import the log again, or replay with --engine calls") from None
        given = {key: given_value(key, cell) for key, cell in zip(known, values, strict=True) if cell is not None}
        alone = engine.recorded_truths(tool, value, given) if isinstance(value, dict) else None
        if alone != truths or (valid and not engine.prepared(tool, value)[1]):
            raise AssertionError(f"the engines differ on event {event_id} of {tool}: {truths} in SQL, {alone} alone")


def with_arguments(con: duckdb.DuckDBPyConnection, mine: str) -> None:
    """Makes the view `gv_mine` of the calls that have arguments.

    Args:
        con: a connection after `prepare`.
        mine: a condition on them.
    """
    con.execute(
        "CREATE OR REPLACE TEMP VIEW gv_mine AS SELECT event_id, trace_id, ts_ns, tool, args "
        f"FROM gv_calls WHERE {mine} AND args IS NOT NULL AND args_error IS NULL"
    )


def told_beside(
    con: duckdb.DuckDBPyConnection,
    engine: Engine,
    agent: str | None,
    mine: str,
    session_facts: SessionFacts | None = None,
    *,
    table: str = "gv_beside",
    prefix: str = "",
) -> dict[str, str]:
    """What the log tells of the calls in `gv_mine` beside their arguments and time, as one table with all of them.

    Args:
        agent, mine, session_facts: as of `decided`.
        table: to make; none is made where the policy asks nothing.
        prefix: of the columns' names.

    Returns:
        Its columns by key of `conditions.Inputs`.
    """
    given: dict[str, str] = {}
    named = joins = ""
    for index, told in enumerate(told_columns(con, engine, agent, mine, session_facts)):
        given |= {key: prefix + column for key, column in told.columns.items()}
        named += "".join(f", t{index}.{column} AS {prefix}{column}" for column in told.columns.values())
        joins += f" LEFT JOIN {told.table} t{index} ON m.event_id = t{index}.event_id"
    if given:
        con.execute(f"CREATE OR REPLACE TEMP TABLE {table} AS SELECT m.event_id{named} FROM gv_mine m{joins}")
    return given


def schemas(policy: Policy) -> dict[str, str]:
    """The input schemas of a policy's tools, by name."""
    return {name: tool.schema for name, tool in policy.tools.items() if tool.schema is not None}


def judged_inputs(con: duckdb.DuckDBPyConnection, schemas: Mapping[str, str]) -> pa.Table:
    """What input schemas say of the calls in `gv_mine`: those that are invalid, and those to which a default was
    applied, with their arguments as they are judged (None where these did not change).

    Args:
        schemas: by tool.
    """
    judges = {name: Inputs(text) for name, text in schemas.items()}
    found: list[pa.Table] = []
    if judges:
        listed = ", ".join(text_literal(name) for name in judges)
        query = f"SELECT event_id, tool, args FROM gv_mine WHERE tool IN ({listed})"
        for batch in con.sql(query).to_arrow_reader(BATCH):
            for name in pc.unique(batch["tool"]).to_pylist():
                ids, _, texts = batch.filter(pc.equal(batch["tool"], name)).columns
                judged = judges[name].judge(texts)
                changed = pc.not_equal(judged.texts, texts) if judges[name].fills else None
                args = pa.nulls(len(ids), pa.string()) if changed is None else pc.if_else(changed, judged.texts, None)
                rows = pa.table([ids, judged.invalid, args], _PREPARED.names).cast(_PREPARED)
                kept = judged.invalid if changed is None else pc.or_(judged.invalid, changed)
                if pc.any(kept).as_py():
                    found.append(rows.filter(kept))
    return pa.concat_tables(found) if found else _PREPARED.empty_table()


class _Groups:
    """The groups of a replay, query by query."""

    def __init__(self, con: duckdb.DuckDBPyConnection, policies: Policies, written: Written | None) -> None:
        self._con, self._policies, self._written = con, policies, written
        self._found = Replayed()
        self._ones: dict[Key, One] = {}
        self._hour = hour_sql(policies.zone)
        named = con.execute("SELECT DISTINCT source_format FROM gv_calls LIMIT 2").fetchall()
        self._format: str | None = named[0][0] if named else None
        self._one_format = len(named) < 2

    def collect(
        self, agent: str | None, digest: str | None, engine: Engine | None, rows: str
    ) -> dict[str, tuple[str, bool, Truths]]:
        """Adds the groups of a query that gives event_id, trace_id, ts_ns, tool, kind and, where judged, valid and
        codes.

        Args:
            digest: that its calls carry, where calls are judged by it.

        Returns:
            One event of each group in which something is unknown: its tool, validity and truth values.
        """
        count = code_columns(engine.policy) if engine is not None else 0
        codes = "".join(f", code{index}" for index in range(count))
        valid = ", valid" if engine is not None else ", TRUE AS valid"
        by = f"tool, kind, valid{codes}, day"
        day = "(hour + 2400000000) // 24 - 100000000"  # never below 0, where SQL would round up
        # Traces first, so that samples and counts come from one pass over few rows.
        query = (
            f"WITH per_trace AS (SELECT tool, kind{valid}{codes}, {self._hour} AS hour, trace_id, count(*) AS calls, "
            f"min(ts_ns) AS first_ns, max(ts_ns) AS last_ns, min(event_id) AS one FROM ({rows}) GROUP BY ALL) "
            f"SELECT {by}, sum(calls)::BIGINT, min(first_ns), max(last_ns), flatten(list(samples)), min(one), "
            f"list({{'hour': hour, 'calls': calls}}) FROM (SELECT {by.removesuffix(', day')}, hour, {day} AS day, "
            "sum(calls)::BIGINT AS calls, min(first_ns) AS first_ns, max(last_ns) AS last_ns, "
            f"min_by({{'t': trace_id, 'n': first_ns}}, "
            f"{{'none': first_ns IS NULL, 'n': coalesce(first_ns, 0), 't': trace_id}}, {SAMPLES}) AS samples, "
            "min({'t': trace_id, 'e': one, 'from': first_ns, 'to': last_ns}) AS one "
            f"FROM per_trace GROUP BY ALL) GROUP BY {by}"
        )
        unknown: dict[str, tuple[str, bool, Truths]] = {}
        outcomes: dict[tuple[Any, ...], Key] = {}
        for row in self._con.execute(query).fetchall():
            tool, kind, is_valid, *rest = row
            packed, (day, calls, first_ns, last_ns, samples, one, hours) = tuple(rest[:count]), rest[count:]
            same = outcomes.get((tool, kind, is_valid, *packed))
            if same is None:  # a tool that is not mapped has no schema and no conditions
                truths = _truths(engine, tool, packed)
                same = Key(agent, tool, Kind(kind), is_valid, truths, None, digest)
                outcomes[tool, kind, is_valid, *packed] = same
                if UNKNOWN in truths:
                    unknown[one["e"]] = (tool, is_valid, truths)
            key = same.at(None if day is None else 24 * day)
            by_hour = {each["hour"]: each["calls"] for each in hours if each["hour"] is not None}
            self._found.groups[key] = Seen(calls, first_ns, last_ns, _first(samples), by_hour)
            self._ones[key] = One(one["e"], one["from"], one["from"] == one["to"])
            if self._one_format and key.open:
                self._found.formats[same, self._format] += calls
        whole = rows if engine is not None else f"SELECT *, TRUE AS valid FROM ({rows})"
        if self._written is not None:
            self._written.add_query(self._con, agent, whole, outcomes)
        if not self._one_format:
            formats(self._con, self._found, whole, outcomes, count)
        return unknown

    def end(self) -> Replayed:
        """All of it, with runs, errors and the calls that are looked at."""
        found, con = self._found, self._con
        found.runs = {
            (row[0], row[1]): row[2]
            for row in con.execute("SELECT agent, tool, count(DISTINCT trace_id) FROM gv_calls GROUP BY ALL").fetchall()
        }
        found.errors = _errors(con)
        details(con, found, self._policies, self._ones)
        return found


def _first(samples: list[dict[str, Any]]) -> dict[str, int | None]:
    """The earliest time of each trace: one may be in several hours."""
    found: dict[str, int | None] = {}
    for each in samples:
        before = found.get(each["t"])
        if each["t"] not in found or (before is not None and each["n"] is not None and each["n"] < before):
            found[each["t"]] = each["n"]
    return found


def _truths(engine: Engine | None, tool: str, codes: tuple[Any, ...]) -> tuple[int, ...]:
    mapped = engine.policy.tools.get(tool) if engine is not None else None
    return truths_of(codes, mapped) if mapped is not None else ()


def _errors(con: duckdb.DuckDBPyConnection) -> dict[tuple[str | None, str], int]:
    """Results that were errors, by the agent and tool of the result, or of the call of the same span."""
    bad = "SELECT trace_id, span_id, agent, tool FROM gv_events WHERE type = 'tool_result' AND status = 'error'"
    rows = con.execute(f"SELECT agent, tool, count(*) FROM ({bad}) WHERE tool IS NOT NULL GROUP BY ALL").fetchall()
    found = {(row[0], row[1]): row[2] for row in rows}
    nameless = con.execute(
        f"""
        WITH bad AS ({bad} AND tool IS NULL AND span_id IS NOT NULL),
        spans AS (SELECT DISTINCT ON (trace_id, span_id) trace_id, span_id, agent, coalesce(tool, '') AS tool
                  FROM gv_events SEMI JOIN bad USING (trace_id, span_id)
                  WHERE type = 'tool_call' AND coalesce(actor_kind, 'agent') = 'agent' ORDER BY wseq)
        SELECT s.agent, s.tool, count(*) FROM bad b JOIN spans s USING (trace_id, span_id) GROUP BY ALL
        """
    ).fetchall()
    for agent, tool, count in nameless:
        found[agent, tool] = found.get((agent, tool), 0) + count
    return found


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
