"""NDJSON to verdicts, two ways: what `govern shadow-report LOG` does with a log as it is, and the decision SQL over
DuckDB's `read_json`, which a bundle allows without govern but which trusts the file: no canonical form, no refused
rows.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from dataclasses import replace
from pathlib import Path

import duckdb

from govern.policy.model import Policy
from govern.replay.groups import Policies
from govern.replay.run import EngineChoice, run

from . import sets
from .table import Line, Size, agree, rate_line, side_by_side

MOST_LOG = 50_000
MOST_HARD = 200_000


def lines(size: Size) -> list[Line]:
    """Two lines a set; by hand is the SQL by hand over the same `read_json`."""
    return [
        *_lines(sets.easy_set(), size, 4e6),
        *_lines(sets.hard_set(), replace(size, rows=min(size.rows, MOST_HARD)), 0.5e6),
    ]


def _lines(one: sets.Set, size: Size, least: float) -> list[Line]:
    con = sets.connection()
    one.fill(con, size.rows, False)
    some = min(size.rows, MOST_LOG)
    what = f"NDJSON to verdicts, {one.name} set"
    with tempfile.TemporaryDirectory() as folder:
        log, every = Path(folder) / "log.jsonl", Path(folder) / "every.jsonl"
        _write(con, log, one.name, some)
        _write(con, every, one.name, size.rows)
        # The columns that the decision SQL needs, and no more.
        source = (
            f"(SELECT 0 AS event_id, tool, args::VARCHAR AS args FROM read_json('{every}', "
            "format = 'newline_delimited', columns = {tool: 'VARCHAR', args: 'JSON'}))"
        )
        by_hand = one.sql.replace("FROM calls", f"FROM {source}")
        agree(f"{what}, read_json", {
            "SQL": sets.counted(con, one.sql), "SQL over NDJSON": sets.counted(con, by_hand),
            "ours": sets.in_sql(con, one.policy, source),
        })  # fmt: skip
        expected = sets.counted(con, one.sql.replace("FROM calls", f"FROM calls WHERE event_id < {some}"))
        agree(f"{what}, the log", {"SQL": expected, "ours": _of_log(log, one.name, one.policy)})
        of_log, mine, hand = side_by_side(
            min(size.rounds, 3),
            lambda: _of_log(log, one.name, one.policy),
            lambda: sets.in_sql(con, one.policy, source),
            lambda: sets.counted(con, by_hand),
        )
    length = sets.bytes_of(con)
    con.close()
    share = hand * some / size.rows
    return [
        rate_line(f"{what}, as `shadow-report` reads a log", some, of_log, share, size=length, least=least),
        rate_line(f"{what}, decision SQL over read_json", size.rows, mine, hand, size=length, least=least),
    ]


def _write(con: duckdb.DuckDBPyConnection, file: Path, agent: str, rows: int) -> None:
    """Writes the first calls as canonical events, a line each, the arguments as they are."""
    line = (
        f'{{"agent":"{agent}","args":%s,"event_id":"e%09d","tool":"%s","trace_id":"%s","ts_ns":%d,"type":"tool_call"}}'
    )
    con.execute(
        f"COPY (SELECT printf('{line}', args, event_id, tool, trace_id, ts_ns) FROM calls WHERE event_id < {rows}) "
        f"TO '{file}' (FORMAT csv, HEADER false, QUOTE '', ESCAPE '', DELIMITER '\t')"
    )


def _of_log(file: Path, agent: str, policy: Policy) -> Counter[str]:
    policies = Policies({agent: policy})
    found: Counter[str] = Counter()
    for key, seen in run([str(file)], policies, engine=EngineChoice.AUTO).replayed.groups.items():
        judged = policies.judge(key)
        found["no policy" if judged is None else judged.label] += seen.calls
    return found
