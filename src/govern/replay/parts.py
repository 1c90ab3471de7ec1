"""A large store in parts that can be judged one after the other, or side by side: sets of whole sessions.

What a decision depends on never leaves a part: a session with all its traces, the sessions that share a trace, and all
that one limit counts where it counts beyond a session. So verdicts are the same as over the whole store, and what was
found in parts adds up (`Replayed.merge`): no trace is in two.

Parts follow the order of the store, which has most sessions in one piece: a part reads the files that it has events
in. Leaves out the judging (`bulk`, `run`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import duckdb
import pyarrow as pa

from govern.conditions.sql import text_literal
from govern.events.model import COLUMNS
from govern.policy.history.limits import Plan
from govern.replay.groups import Policies, Recorded
from govern.replay.linked import Sets
from govern.replay.windows import covers

EVENTS: Final = 5_000_000
"""So many events are judged at once: it takes seconds. Dividing a store costs a tenth of the replay, a smaller one pays
nothing."""
SLOW_EVENTS: Final = 1_000_000
"""The same where Python works out what a policy asks of the history, and keeps it."""
SESSION: Final = "CASE WHEN coalesce(session_id, '') <> '' THEN 's:' || session_id ELSE 't:' || trace_id END"
"""As `policy.history.session_of`."""
_BATCH: Final = 65_536


@dataclass(frozen=True, slots=True)
class Part:
    """Some of the sessions of a store, whole.

    Args:
        number: from 0 on.
        events: how many there are.
        files: that have them.
        all: whether these files have nothing else.
    """

    number: int
    events: int
    files: tuple[Path, ...]
    all: bool


def events_of_part(policies: Policies) -> int:
    """About how many events are judged at once."""
    slow = any(engine.history.keys - covers(engine.history) for engine in policies.engines.values())
    return SLOW_EVENTS if slow else EVENTS


def wide(policies: Policies) -> dict[str | None, frozenset[str]]:
    """Tools whose calls a limit counts beyond a session, by the name of the agent as a log has it.

    A log that names no agent is judged by the only policy: then None has its tools.
    """
    found: dict[str | None, frozenset[str]] = {}
    for name, engine in policies.engines.items():
        tools = frozenset(tool for plan in engine.history.limits.plans if _is_wide(plan) for tool in plan.limit.tools)
        recorded = isinstance(policies, Recorded)
        agents: list[str | None] = [engine.policy.agent if recorded else name]
        if recorded or policies.agent_for(None) == name:
            agents.append(None)
        for agent in agents if tools else ():
            found[agent] = found.get(agent, frozenset()) | tools
    return found


def _is_wide(plan: Plan) -> bool:
    return plan.limit.span != "trace" and not {"trace", "session"} & {*plan.places}


def plan(
    con: duckdb.DuckDBPyConnection,
    files: Sequence[Path],
    policies: Policies,
    *,
    agent: str | None = None,
    events: int,
) -> tuple[Part, ...]:
    """Divides a store; makes the table `gv_parts`, which says of every trace in which part it is.

    Args:
        con: a connection that spills; the table is there for its cursors too.
        files: of the store.
        policies: to judge by: what their limits count together stays together, in parts of its own.
        agent: the agent's name where the events carry none.
        events: a part has about so many; more only where they belong together.
    """
    _traces(con, files, wide(policies), agent)
    _joined(con)
    _numbered(con, events)
    rows = con.execute(
        "WITH seen AS (SELECT part, file, sum(s.events) AS events FROM gv_seen s JOIN gv_parts USING (trace_id) "
        "GROUP BY ALL), whole AS (SELECT *, count(*) OVER (PARTITION BY file) AS parts FROM seen) "
        "SELECT part, sum(events)::BIGINT, list(file ORDER BY file), bool_and(parts = 1) FROM whole "
        "GROUP BY part ORDER BY part"
    ).fetchall()
    for table in ("gv_seen", "gv_traces"):
        con.execute(f"DROP TABLE {table}")
    return tuple(Part(number, count, tuple(files[file] for file in own), alone) for number, count, own, alone in rows)


def _traces(
    con: duckdb.DuckDBPyConnection,
    files: Sequence[Path],
    limited: dict[str | None, frozenset[str]],
    agent: str | None,
) -> None:
    """What is known of every trace: where it is, of which sessions, and whose limits count its calls."""
    name = "agent" if agent is None else f"coalesce(agent, {text_literal(agent)})"
    counted = " OR ".join(
        f"({name} {'IS NULL' if own is None else '= ' + text_literal(own)} AND coalesce(tool, '') IN "
        f"({', '.join(map(text_literal, sorted(tools)))}))"
        for own, tools in limited.items()
    )
    whose = f"list(DISTINCT coalesce({name}, '')) FILTER (WHERE {counted})" if counted else "NULL::VARCHAR[]"
    con.execute(
        f"CREATE OR REPLACE TABLE gv_seen AS SELECT trace_id, file_index AS file, min({SESSION}) AS session, "
        f"max({SESSION}) AS other, count(*) AS events, min(file_row_number) AS row, {whose} AS limited "
        f"FROM {_reading(files)} GROUP BY ALL"
    )
    con.execute(
        "CREATE OR REPLACE TABLE gv_traces AS SELECT trace_id, min(session) AS session, max(other) AS other, "
        "sum(events)::BIGINT AS events, min({'file': file, 'row': row}) AS place, "
        f"{'list_distinct(flatten(list(limited)))' if counted else 'NULL::VARCHAR[]'} AS limited "
        "FROM gv_seen GROUP BY trace_id"
    )
    shared = "SELECT trace_id FROM gv_traces WHERE session <> other"
    con.execute(
        "CREATE OR REPLACE TABLE gv_links AS "
        + (
            f"SELECT DISTINCT trace_id, {SESSION} AS session FROM {_reading(files)} WHERE trace_id IN ({shared})"
            if con.execute(f"{shared} LIMIT 1").fetchall()
            else "SELECT NULL::VARCHAR AS trace_id, NULL::VARCHAR AS session WHERE FALSE"
        )
    )


def _joined(con: duckdb.DuckDBPyConnection) -> None:
    """Makes `gv_sets`: of every session that shares a trace with another, the number of those it belongs with."""
    con.execute(
        "CREATE OR REPLACE TABLE gv_sessions AS SELECT session, row_number() OVER (ORDER BY session) - 1 AS number "
        "FROM (SELECT DISTINCT session FROM gv_links)"
    )
    sets = joined(con, "SELECT trace_id, number FROM gv_links JOIN gv_sessions USING (session)")
    con.register("gv_joined", pa.table({"number": pa.array(range(len(sets)), pa.int64()), "joined": sets}))
    con.execute(
        "CREATE OR REPLACE TABLE gv_sets AS SELECT session, joined FROM gv_sessions JOIN gv_joined USING (number)"
    )
    con.unregister("gv_joined")
    for table in ("gv_links", "gv_sessions"):
        con.execute(f"DROP TABLE {table}")


def joined(con: duckdb.DuckDBPyConnection, links: str) -> pa.Array:
    """The set of each number: those under one key belong together.

    Args:
        links: a query that gives key and number, from 0 on without gaps.
    """
    ((count,),) = con.execute(f"SELECT coalesce(max(number) + 1, 0) FROM ({links}) links(key, number)").fetchall()
    sets = Sets(count)
    pairs = (
        "SELECT first, number FROM (SELECT number, min(number) OVER (PARTITION BY key) AS first "
        f"FROM ({links}) links(key, number)) WHERE first <> number"
    )
    for batch in con.sql(pairs).to_arrow_reader(_BATCH):
        sets.join(zip(*(column.to_pylist() for column in batch.columns), strict=True))
    return pa.array(sets.all(), pa.int64())


def _numbered(con: duckdb.DuckDBPyConnection, events: int) -> None:
    """Makes `gv_parts`: parts of about so many events, in the order of the store; those of limits come last."""
    con.execute(
        "CREATE OR REPLACE TABLE gv_members AS SELECT trace_id, t.events, place, limited, "
        "coalesce('=' || s.joined, t.session) AS member FROM gv_traces t LEFT JOIN gv_sets s USING (session)"
    )
    found = con.execute(
        "SELECT DISTINCT list_sort(list_distinct(flatten(list(limited)))) AS agents FROM gv_members "
        "GROUP BY member HAVING len(agents) > 0"
    ).fetchall()
    own = together(agents for (agents,) in found)
    con.register(
        "gv_own", pa.table({"agent": pa.array(own.keys(), pa.string()), "own": pa.array(own.values(), pa.int64())})
    )
    con.execute(
        "CREATE OR REPLACE TABLE gv_parts AS WITH members AS (SELECT member, sum(events) AS events, "
        "min(place) AS place, min(flatten([coalesce(limited, [])])[1]) AS agent FROM gv_members GROUP BY member), "
        "placed AS (SELECT member, own, "
        f"(sum(events) OVER (PARTITION BY own IS NULL ORDER BY place) - events) // {events} AS slot "
        "FROM members LEFT JOIN gv_own USING (agent)), "
        "numbered AS (SELECT member, dense_rank() OVER (ORDER BY own NULLS FIRST, "
        "CASE WHEN own IS NULL THEN slot END) - 1 AS part FROM placed) "
        "SELECT trace_id, part FROM gv_members JOIN numbered USING (member)"
    )
    con.unregister("gv_own")
    for table in ("gv_sets", "gv_members"):
        con.execute(f"DROP TABLE {table}")


def together(found: Iterable[Sequence[str]]) -> dict[str, int]:
    """The set of each agent: those whose counted calls meet in a session belong together."""
    lists = [list(agents) for agents in found]
    names = sorted({agent for agents in lists for agent in agents})
    sets = Sets(len(names))
    sets.join((names.index(agents[0]), names.index(other)) for agents in lists for other in agents[1:])
    return dict(zip(names, sets.all(), strict=True))


def show(con: duckdb.DuckDBPyConnection, part: Part) -> None:
    """Makes the view `events` of a part, for this connection alone.

    Args:
        con: a cursor of the connection that `plan` was given.
    """
    only = "" if part.all else f" SEMI JOIN (SELECT trace_id FROM gv_parts WHERE part = {part.number}) USING (trace_id)"
    con.execute(f"CREATE OR REPLACE TEMP VIEW events AS SELECT {', '.join(COLUMNS)} FROM {_reading(part.files)}{only}")


def _reading(files: Sequence[Path]) -> str:
    names = ", ".join(text_literal(str(file)) for file in files)
    return f"read_parquet([{names}], union_by_name = true, hive_partitioning = false)"
