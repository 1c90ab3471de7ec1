"""Stores for the parts that replay what `govern import` writes: Parquet with the columns of events, sorted by trace.

Written by DuckDB in one file, so that tens of millions of events take a minute; the real store has parts of 50,000.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

from govern.events.model import COLUMNS, INTEGERS, TEXT_LISTS

ROW_GROUP = 16_384


def view(con: duckdb.DuckDBPyConnection, agent: str, source: str = "calls") -> None:
    """The view `events` over the calls of a table or query, each a `tool_call` of the agent in a trace of its own span.

    Args:
        source: with the columns event_id, trace_id, tool, args, ts_ns.
        agent: whose calls they are.
    """
    made = {
        "event_id": "printf('e%09d', event_id)", "trace_id": "trace_id", "type": "'tool_call'", "writer_id": "'w'",
        "wseq": "event_id", "span_id": "printf('s%09d', event_id)", "session_id": "trace_id", "ts_ns": "ts_ns",
        "agent": f"'{agent}'", "actor_kind": "'agent'", "tool": "tool", "args": "args",
    }  # fmt: skip
    columns = ", ".join(f"{made.get(name, f'CAST(NULL AS {sql_type(name)})')} AS {name}" for name in COLUMNS)
    con.execute(f"CREATE OR REPLACE VIEW events AS SELECT {columns} FROM {source}")


def write(con: duckdb.DuckDBPyConnection, folder: Path, agent: str) -> Path:
    """Writes the table `calls` as `view` shows it, in its order, and returns the folder of the store."""
    view(con, agent)
    place = folder / "events" / "dt=2026-01-01"
    place.mkdir(parents=True)
    con.execute(
        f"COPY events TO '{place / 'part-0.parquet'}' (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {ROW_GROUP})"
    )
    return folder


def part(folder: Path) -> Path:
    """The file of a store that `write` made."""
    return next(folder.glob("events/dt=*/*.parquet"))


def sql_type(name: str) -> str:
    """The DuckDB type of a column of events."""
    return "VARCHAR[]" if name in TEXT_LISTS else "BIGINT" if name in INTEGERS else "VARCHAR"
