"""`exceeded('id')` in bulk: sums over the rows of `windows_moves`, as `policy.history` and `policy.tally` say.

Windows are rows of the total order, never ranges of it, so calls of the same time count only those before them. What is
older than a duration is taken off again by a second sum, over all rows up to that time. Leaves out limits that are
counted for each of a fact (`windows.covers`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import duckdb

from govern.conditions.inputs import Path
from govern.conditions.sql.columns import Columns
from govern.conditions.sql.literals import Steps, json_path
from govern.conditions.sql.numbers import Numbers
from govern.conditions.sql_times import clock, local
from govern.conditions.tree import Field, Item, Name, Node
from govern.policy.history.limits import Plan
from govern.replay.windows_moves import ORDER, Moves, among, same

_NS: Final = 10**9
_ROWS: Final = "gv_w_rows"
_CHANGE: Final = {"proposed": "c", "executed": "x", "succeeded": "d"}
_KNOWN: Final = {"proposed": "own", "executed": "o_counts", "succeeded": "o_done"}
_LARGEST: Final = 2**126
_BEFORE: Final = "ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING"


@dataclass(frozen=True, slots=True)
class _Found:
    """What the rows of a limit hold at all; sums of nothing are not written.

    Args:
        unknown, uncaptured: whether there are such contributions.
        loose: whether some have no key.
        undated: whether some are of no day.
        large: whether an amount is beyond int64.
    """

    unknown: bool
    uncaptured: bool
    loose: bool
    undated: bool
    large: bool


def exceeded(
    con: duckdb.DuckDBPyConnection, moves: Moves, plan: Plan, zone: str | None, agent: str | None, table: str
) -> None:
    """Makes a table with `n`, the row of a call that asks, and `v`: 0 false, 1 unknown, 2 true, NULL not captured.

    Args:
        con: a connection with the rows.
        moves: the rows.
        plan: of the limit.
        zone: the deployment's time zone.
        agent: whose calls.
        table: its name.
    """
    rows = _rows(moves, plan, zone, agent)
    if plan.reads_args:
        con.execute(f"CREATE OR REPLACE TEMP TABLE {_ROWS} AS {rows}")
        rows = _ROWS
        row = con.execute(
            "SELECT coalesce(bool_or(g <> 0 AND unknown > 0), FALSE), "
            "coalesce(bool_or(g <> 0 AND uncaptured > 0), FALSE), "
            "coalesce(bool_or(g <> 0 AND NOT keyed AND NOT undated), FALSE), "
            "coalesce(bool_or(g <> 0 AND undated), FALSE), "
            f"coalesce(max(low) > {2**63 - 1}, FALSE) FROM {_ROWS}"
        ).fetchone()
        found = _Found(*row) if row is not None else _Found(True, True, True, True, True)
    else:  # what a count may not know is when, and whether
        undated = moves.untimed and plan.limit.span == "day"
        found = _Found(False, moves.untimed or plan.limit.counts == "succeeded", False, undated, False)
    con.execute(f"CREATE OR REPLACE TEMP TABLE {table} AS {_verdicts(moves, plan, zone, found, rows)}")
    if plan.reads_args:
        con.execute(f"DROP TABLE {_ROWS}")


def _heads(plan: Plan, zone: str | None) -> list[str]:
    """The columns of a key that every event has."""
    limit = plan.limit
    made = ["trace_id"] if limit.span == "trace" or "trace" in plan.places else []
    made += ["session"] if "session" in plan.places else []
    made += ["tool"] if "tool" in plan.places else []
    made += ["day"] if limit.span == "day" and zone is not None else []
    return made


def _values(plan: Plan) -> list[Path]:
    return [each for each in plan.places if isinstance(each, tuple)]


def _node(path: Path) -> Node:
    node: Node = Name(str(path[0]))
    for step in path[1:]:
        node = Item(node, step) if isinstance(step, int) else Field(node, step)
    return node


def _rows(moves: Moves, plan: Plan, zone: str | None, agent: str | None) -> str:
    """What is counted, and what asks: the amount, the key, and which of them is not known."""
    limit, change, values = plan.limit, _CHANGE[plan.limit.counts], _values(plan)
    slots: dict[Steps, int] = {}
    sql = Numbers(Columns(lambda path: f"places[{slots.setdefault(path, len(slots) + 1)}]", "args"), Name("args"))
    amount = "1::BIGINT" if plan.sum is None else sql.micro(_node(plan.sum))
    keys = {f"v{index}": f"CAST({sql.json(_node(path))} AS VARCHAR)" for index, path in enumerate(values)}
    columns: list[dict[str, str]] = [
        {
            "g": change,
            "before": f"{_KNOWN[limit.counts]} AND o_agent" + (" AND o_session" if "session" in plan.places else ""),
            "own_sure": "o_sure" if limit.counts == "succeeded" else "TRUE",
            # What is taken back, or given again, belongs to the day of its call.
            "day_ns": "CASE WHEN asks THEN at_ns ELSE opened END" if limit.counts == "executed" else "at_ns",
            "places": f"json_extract(args, [{', '.join(map(json_path, slots))}])" if slots else "NULL",
        },
        {
            "micro": amount,
            **keys,
            **(_clocks(plan, zone) if limit.span == "day" and zone is not None else {}),
        },
        {
            "amount": "CASE WHEN micro >= 0 THEN micro END",
            "keyless": " OR ".join(f"{name} IS NULL" for name in keys) or "FALSE",
            "silent": "args IS NULL AND NOT bad" if plan.reads_args else "FALSE",
            "undated": "at_ns IS NULL" if limit.span == "day" else "FALSE",
            "timeless": "FALSE" if limit.span == "trace" else "at_ns IS NULL",
        },
        {
            "absent": "silent OR timeless" + (" OR NOT sure" if limit.counts == "succeeded" else ""),
            "keyed": "NOT (silent OR keyless OR undated)",
            "dayless": "FALSE",
            **_durations(plan),
        },
        {
            "low": "CASE WHEN absent OR keyless THEN 0 ELSE coalesce(amount, 0) END",
            "known": "before",
            "unknown": "(NOT absent AND (keyless OR amount IS NULL))::TINYINT",
            "uncaptured": "absent::TINYINT",
        },
    ]
    if limit.span == "day" and zone is not None:
        columns[3]["dayless"] = "at_ns IS NOT NULL AND local_ns IS NULL"
        columns[3]["day"] = clock("date", "local_ns")
        columns[4]["known"] = f"before AND coalesce(day = {clock('date', 'own_local_ns')}, FALSE)"
    rows = (
        f"SELECT *, {moves.row} AS n FROM {moves.name} WHERE {among('tool', limit.tools)} AND {same('agent', agent)} "
        f"AND (asks OR {change} <> 0)"
    )
    for layer in columns:
        rows = f"SELECT *, {', '.join(f'{text} AS {name}' for name, text in layer.items())} FROM ({rows})"
    kept = [*_heads(plan, zone), *keys]
    return (
        f"SELECT {''.join(f'{name}, ' for name in kept)}n, at_ns, writer_id, wseq, event_id, asks, ordered, known, "
        f"own_sure, opened, o_done_at, amount, keyless, dayless, undated, keyed, low, unknown, uncaptured, "
        "CASE WHEN dayless THEN 0 ELSE g * soon::TINYINT END AS g, "
        f"CASE WHEN at_ns IS NULL THEN 0 ELSE off END AS off FROM ({rows})"
    )


def _clocks(plan: Plan, zone: str) -> dict[str, str]:
    own = "o_done_at" if plan.limit.counts == "succeeded" else "opened"
    return {"local_ns": local("day_ns", zone), "own_local_ns": local(own, zone)}


def _durations(plan: Plan) -> dict[str, str]:
    """`off` is what is taken off again once a call's own time is past. What was taken back (or given again) within the
    duration is off with the call; later than that it changes nothing, since the call is past already (not `soon`)."""
    within_s = plan.limit.within_s
    if within_s is None or plan.limit.counts != "executed":
        return {"soon": "TRUE", "off": "g"}

    def near(column: str) -> str:
        return f"coalesce({column}::HUGEINT - opened < {within_s * _NS}, FALSE)"

    return {
        "soon": f"opens OR at_ns IS NULL OR {near('at_ns')}",
        "off": f"CASE WHEN opens THEN g - {near('stopped')}::TINYINT + {near('resumed')}::TINYINT ELSE 0 END",
    }


def _verdicts(moves: Moves, plan: Plan, zone: str | None, found: _Found, rows: str) -> str:
    limit = plan.limit
    source = rows if rows == _ROWS else f"({rows})"
    heads, values = _heads(plan, zone), [f"v{index}" for index in range(len(_values(plan)))]
    most = min(plan.most, _LARGEST)
    low_type = "HUGEINT" if found.large else "BIGINT"
    after_ns = None if limit.within_s is None else limit.within_s * _NS
    at_ns = "at_ns"
    if after_ns is not None and moves.first_ns is not None and moves.first_ns - after_ns < -(2**63):
        at_ns = "at_ns::HUGEINT"

    def summed(term: str, by: list[str]) -> str:
        parts = f"PARTITION BY {', '.join(by)} " if by else ""
        made = f"coalesce(sum(g * {term}) OVER ({parts}ORDER BY {ORDER} {_BEFORE}), 0)"
        if after_ns is not None:
            past = f"RANGE BETWEEN UNBOUNDED PRECEDING AND {after_ns} PRECEDING"
            made += f" - coalesce(sum(off * {term}) OVER ({parts}ORDER BY {at_ns} NULLS FIRST {past}), 0)"
        return f"({made})"

    # Without values, a contribution that has no key stands under the same one as all others.
    here = "CASE WHEN keyed THEN {} ELSE 0 END" if values else "{}"
    used = {"low": summed(f"low::{low_type}", [*heads, *values])}
    for name, there in (("unknown", found.unknown), ("uncaptured", found.uncaptured)):
        if not there:
            used[name] = "0"
            continue
        used[name] = summed(here.format(name), [*heads, *values])
        if values and found.loose:
            used[name] += " + " + summed(f"(CASE WHEN keyed OR undated THEN 0 ELSE {name} END)", heads)
    joined = ""
    if found.undated and ("day" in heads or values):
        by = [name for name in heads if name != "day"]
        total = f"SELECT {''.join(f'{name} AS u_{name}, ' for name in by)}sum(g) AS perhaps FROM {source} WHERE undated"
        total += f" GROUP BY {', '.join(by)}" if by else ""
        joined = f" LEFT JOIN ({total}) ON " + (" AND ".join(f"{name} = u_{name}" for name in by) or "TRUE")
        used["uncaptured"] += " + coalesce(perhaps, 0)"
    past = ""
    if after_ns is not None:
        mine = "o_done_at" if limit.counts == "succeeded" else "opened"
        past = f" AND {mine}::HUGEINT - at_ns > -{after_ns}"
    nothing = "NOT ordered" if limit.span == "trace" else "at_ns IS NULL OR NOT ordered"
    sums = ", ".join(f"{text} AS used_{name}" for name, text in used.items())
    over = "1" if limit.span == "day" and zone is None else "2"
    sure, possible = "used_low + own_low", "used_unknown + own_unknown"
    if plan.sum is None:
        rest = (
            f"WHEN {sure} + {possible} > {most} THEN 1 "
            f"WHEN {sure} + {possible} + used_uncaptured > {most} THEN NULL ELSE 0"
        )
    else:
        rest = f"WHEN {possible} > 0 THEN 1 WHEN used_uncaptured > 0 THEN NULL ELSE 0"
    return (
        f"SELECT n, (CASE WHEN amount > {most} THEN 2 WHEN {nothing} THEN NULL WHEN keyless OR dayless THEN 1 "
        f"WHEN {sure} > {most} THEN {over} {rest} END)::TINYINT AS v "
        "FROM (SELECT * REPLACE (CASE WHEN counted AND NOT own_sure THEN used_uncaptured - 1 ELSE used_uncaptured END "
        "AS used_uncaptured), CASE WHEN counted AND own_sure THEN 0 ELSE coalesce(amount, 0) END AS own_low, "
        "(NOT (counted AND own_sure) AND amount IS NULL)::TINYINT AS own_unknown "
        f"FROM (SELECT n, asks, amount, keyless, dayless, ordered, at_ns, own_sure, known{past} AS counted, "
        f"{sums} FROM {source}{joined}) WHERE asks)"
    )
