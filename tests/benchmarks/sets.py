"""The easy and the hard set under one shape, for the parts that measure both."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import duckdb

from govern.policy.model import Policy
from govern.policy.sql import code_columns, decision_sql, truths_of
from govern.policy.verdict import outcome
from govern.replay.bulk import TUNING

from . import easy, hard


@dataclass(frozen=True, slots=True)
class Set:
    """Calls, a policy, and what one would write by hand.

    Args:
        fill: makes the table `calls(event_id, tool, args, ts_ns, trace_id)` of so many rows, sorted by tool or not.
        sql: by hand: counts by verdict.
    """

    name: str
    policy: Policy
    calls: Callable[[int], list[tuple[str, dict[str, Any]]]]
    fill: Callable[[duckdb.DuckDBPyConnection, int, bool], None]
    by_hand: Callable[[str, dict[str, Any]], str]
    sql: str


def easy_set() -> Set:
    return Set("easy", easy.policy(), easy.calls, easy.fill, easy.by_hand, easy.BY_HAND_SQL)


def hard_set() -> Set:
    return Set("hard", hard.policy(), hard.calls, hard.fill, hard.by_hand, hard.sql_by_hand())


def connection() -> duckdb.DuckDBPyConnection:
    """In memory, as a replay sets it up."""
    con = duckdb.connect(config={"autoinstall_known_extensions": False, "autoload_known_extensions": False})
    con.execute("SET enable_progress_bar = false")  # it would stand between the lines of the table
    con.execute(TUNING)
    return con


def bytes_of(con: duckdb.DuckDBPyConnection) -> float:
    """The mean length of an argument's text."""
    found = con.execute("SELECT avg(strlen(args)) FROM calls").fetchone()
    return float(found[0]) if found else 0.0


def in_sql(con: duckdb.DuckDBPyConnection, policy: Policy, source: str = "calls") -> Counter[str]:
    """Counts by verdict from the decision SQL over a table or query of calls."""
    return by_verdict(con, policy, decision_sql(policy, source))


def by_verdict(con: duckdb.DuckDBPyConnection, policy: Policy, codes_of: str) -> Counter[str]:
    """Counts by verdict of a query that gives `tool` and codes: codes from DuckDB, verdicts from `outcome`."""
    width = code_columns(policy)
    codes = ", ".join(f"code{index}" for index in range(width))
    found: Counter[str] = Counter()
    for tool, *rest in con.execute(f"SELECT tool, {codes}, count(*) FROM ({codes_of}) GROUP BY ALL").fetchall():
        truths = truths_of(tuple(rest[:width]), policy.tools[tool])
        found[outcome(policy, tool, truths).effect.label] += rest[width]
    return found


def counted(con: duckdb.DuckDBPyConnection, query: str) -> Counter[str]:
    """Counts by verdict that a query by hand gives."""
    return Counter(dict(con.execute(query).fetchall()))
