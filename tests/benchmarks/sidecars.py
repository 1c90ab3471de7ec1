"""The replay sidecar: building it, replaying over it to counts, and with a row for every verdict written.

By hand is SQL over the JSON text of the same calls, sorted by tool: what one has without a sidecar.
"""

from __future__ import annotations

import tempfile
import time
from collections import Counter
from pathlib import Path

import duckdb

from govern.policy.model import Policy
from govern.policy.sql import code_columns
from govern.replay import sidecar

from . import sets, stores
from .table import Line, Size, agree, rate_line, seconds, side_by_side

CALLS = "event_id, trace_id, ts_ns, agent, tool, args, args_error"


def lines(size: Size) -> list[Line]:
    """Three lines a set."""
    return [
        *_lines(sets.easy_set(), size, 20e6, 9e6),
        *_lines(sets.hard_set(), size, 8e6, 7e6),
    ]


def _lines(one: sets.Set, size: Size, least: float, least_written: float) -> list[Line]:
    with tempfile.TemporaryDirectory() as folder:
        con = sets.connection()
        con.execute(f"SET temp_directory = '{Path(folder) / 'spill'}'")
        one.fill(con, size.rows, False)
        file = stores.part(stores.write(con, Path(folder) / "store", one.name))
        con.execute(f"CREATE VIEW stored AS SELECT {CALLS} FROM read_parquet('{file}')")
        start = time.perf_counter()
        made = sidecar.build(con, "stored", [file], Path(folder) / "sidecars")
        built = time.perf_counter() - start
        one.fill(con, size.rows, True)
        made.attach(con)
        agree(f"sidecar, {one.name} set", {
            "SQL": sets.counted(con, one.sql), "ours": _counts(con, made, one.policy),
        })  # fmt: skip
        mine, hand = side_by_side(
            size.rounds, lambda: _counts(con, made, one.policy), lambda: sets.counted(con, one.sql)
        )  # fmt: skip
        written = seconds(lambda: _write(con, made, one.policy, Path(folder) / "verdicts.parquet"), size.rounds)
        length = sets.bytes_of(con)
        con.close()
    return [
        rate_line(f"sidecar, {one.name} set, building it", size.rows, built, None, size=length, least=0.5e6),
        rate_line(f"sidecar, {one.name} set, to counts, beside SQL over text", size.rows, mine, hand, size=length,
                  least=least),
        rate_line(f"sidecar, {one.name} set, with verdicts written", size.rows, written, None, size=length,
                  least=least_written),
    ]  # fmt: skip


def _counts(con: duckdb.DuckDBPyConnection, made: sidecar.Sidecar, policy: Policy) -> Counter[str]:
    return sets.by_verdict(con, policy, sidecar.codes_sql(made, policy, keep=()))


def _write(con: duckdb.DuckDBPyConnection, made: sidecar.Sidecar, policy: Policy, file: Path) -> None:
    """A row for every call: its id, its tool, its codes; as the replay's verdicts are a table of outcomes beside."""
    codes = ", ".join(f"code{index}" for index in range(code_columns(policy)))
    query = sidecar.codes_sql(made, policy, keep=("event_id",))
    con.execute(f"COPY (SELECT event_id, tool, {codes} FROM ({query})) TO '{file}' (FORMAT parquet)")
