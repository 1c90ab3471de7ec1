"""Limits, what was read, and counts in bulk: what `policy.history` says of each call, as columns, by window functions.

`windows_moves` tells from the events what each changes; sums of those changes before a call are its counts
(`windows_limits`, `windows_reading`). Nothing is kept in Python, and DuckDB spills what does not fit.

Leaves out facts, limits that are counted for each of a fact, and those that read arguments of tools with defaults:
`covers` says what is left to one call at a time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import duckdb

from govern.conditions.inputs import history_key
from govern.policy.history import History
from govern.replay.windows_limits import exceeded
from govern.replay.windows_moves import Needs, make_moves
from govern.replay.windows_reading import counted, tainted

TABLE: Final = "gv_windows"
_TAINTED: Final = history_key("tainted", "session")


@dataclass(frozen=True, slots=True)
class Columns:
    """A table with a row for every call that something is told of.

    Args:
        table: what to select from; it has `event_id`.
        columns: by key of `conditions.Inputs`, of the types of `conditions.sql.Columns.given`.
    """

    table: str
    columns: Mapping[str, str]


def covers(history: History) -> frozenset[str]:
    """The keys that a policy asks for and that `history_columns` tells."""
    # Arguments are read as recorded: of a tool with defaults, what is judged may be more.
    limits = {
        history_key("exceeded", plan.limit.id)
        for plan in history.limits.plans
        if not plan.facts and not (plan.reads_args and history.fills & {*plan.limit.tools})
    }
    return history.keys & (limits | history.counts.keys() | {_TAINTED})


def history_columns(con: duckdb.DuckDBPyConnection, history: History, agent: str | None) -> Columns | None:
    """What a log's history says of the calls of an agent; None where the policy asks nothing that is covered.

    Args:
        con: a connection with the view `gv_events` (columns of the event model, whole traces).
        history: of the agent's policy.
        agent: whose calls; None for those of nobody.
    """
    keys = sorted(covers(history))
    if not keys:
        return None
    asking = {key: frozenset(tool for tool in history.policy.tools if key in history.asked(tool)) for key in keys}
    plans = {history_key("exceeded", plan.limit.id): plan for plan in history.limits.plans}
    limits = [plans[key] for key in keys if key in plans]
    counts = {key: history.counts[key] for key in keys if key in history.counts}
    untrusted = history.policy.untrusted
    taint = _TAINTED in keys
    needs = Needs(
        agent=agent,
        asking=frozenset().union(*asking.values()),
        tools=frozenset(tool for plan in limits for tool in plan.limit.tools) | {tool for _, tool in counts.values()},
        trusted=frozenset(untrusted.trusted if untrusted is not None else ()) if taint else None,
        done=frozenset(tool for plan in limits if plan.limit.counts == "succeeded" for tool in plan.limit.tools)
        | {tool for kind, tool in counts.values() if kind == "succeeded"},
        states=taint or any(plan.limit.counts == "executed" for plan in limits),
    )
    moves = make_moves(con, needs, once=len(keys) == 1)
    names = {key: f"gv_w{index}" for index, key in enumerate(keys)}
    for key, name in names.items():
        if key in plans:
            exceeded(con, moves, plans[key], history.limits.zone, agent, name)
        elif key in counts:
            counted(con, moves, *counts[key], asking[key], name)
        else:
            tainted(con, moves, needs, asking[key], name)
    if moves.row == "event_id":
        (name,) = names.values()
        return Columns(f"(SELECT n AS event_id, v AS {name} FROM {name})", names)
    found = "".join(f", {name}.v AS {name}" for name in names.values())
    joined = "".join(f" LEFT JOIN {name} ON m.rowid = {name}.n" for name in names.values())
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE {TABLE} AS SELECT m.event_id{found} FROM {moves.name} m{joined} WHERE m.asks"
    )
    for name in (*names.values(), moves.name):
        con.execute(f"DROP TABLE {name}")
    return Columns(TABLE, names)
