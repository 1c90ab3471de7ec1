"""One trace among millions, and every gap of a store: `govern reconstruct` and `govern gaps`.

Beside the first stands the query that gives the trace's events, in a process of its own that imports DuckDB and opens
the same files; beside the second one query that finds one kind of gap. Neither can be beaten: both are part of the
work.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import duckdb

from govern.reconstruct import bulk
from govern.reconstruct.store import load

from . import chains
from .table import DisagreementError, Line, Size, agree, side_by_side

COLD_S, WARM_S, SCAN_S = 0.3, 0.1, 3.0
EVENTS_A_FILE = 10_000
EVENTS_A_TRACE = 10.7
TRACES_ASKED = 5
_BY_HAND = """
import duckdb, sys
con = duckdb.connect()
rows = con.execute(
    "SELECT * FROM read_parquet(?, union_by_name = false, hive_partitioning = false) WHERE trace_id = ? "
    "ORDER BY ts_ns, wseq", [sys.argv[1] + "/events/*/*.parquet", sys.argv[2]]
).fetchall()
print(len(rows))
"""
_ONE_GAP = """
SELECT count(*) FROM (
    SELECT trace_id, span_id FROM read_parquet(?, union_by_name = false, hive_partitioning = false)
    WHERE type IN ('tool_result', 'policy_check') GROUP BY trace_id, span_id HAVING NOT bool_or(type = 'policy_check')
)
"""


_FILES = "read_parquet(?, union_by_name = false, hive_partitioning = false)"


def reconstruct(size: Size) -> list[Line]:
    """Two lines a size, a new process and one that runs already; and the larger store beside the smaller one."""
    made: list[Line] = []
    taken = []
    for events in size.growth[:2]:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            files = max(events // EVENTS_A_FILE, 2)
            traces = max(int(events / EVENTS_A_TRACE), files)
            stored = chains.write(folder, traces, files)
            chains.record(folder)
            times = _times(folder, _some(traces), max(size.rounds, 3))
        what = f"reconstruct in {stored / 1e6:.1f} M events, {files:,} files"
        taken.append(times)
        made += [
            _line(f"{what}, new process", times.cold, times.cold_by_hand, COLD_S),
            _line(f"{what}, in a process that runs", times.warm, times.warm_by_hand, WARM_S),
        ]
    small, large = taken[0], taken[-1]
    for name, one, other in (("new process", large.cold, small.cold), ("running", large.warm, small.warm)):
        made.append(Line(f"reconstruct, {name}, the larger store beside the smaller", None, _ms(one), _ms(other),
                         one / other))  # fmt: skip
    return made


@dataclass(frozen=True, slots=True)
class _Times:
    """Medians in seconds."""

    cold: float
    cold_by_hand: float
    warm: float
    warm_by_hand: float


def _times(folder: Path, asked: list[str], rounds: int) -> _Times:
    for one in asked:
        agree(
            f"events of {one}",
            {"SQL": {"events": _query(folder, one)}, "ours": {"events": len(load(folder, one).chain.events)}},
        )
    turns = iter(asked * rounds * 4)
    cold, cold_by_hand = side_by_side(
        rounds, lambda: _command(folder, next(turns)), lambda: _query(folder, next(turns))
    )
    with duckdb.connect() as con:
        con.execute("SET parquet_metadata_cache = true")
        query, pattern = f"SELECT * FROM {_FILES} WHERE trace_id = ?", f"{folder}/events/*/*.parquet"
        warm, by_hand = side_by_side(
            rounds, lambda: load(folder, next(turns)), lambda: con.execute(query, [pattern, next(turns)]).fetchall()
        )
    return _Times(cold, cold_by_hand, warm, by_hand)


def gaps(size: Size) -> list[Line]:
    """All gaps and all completeness of half as many traces as `size.rows`, beside one query for one gap."""
    traces = max(size.rows // 2, 2 * chains.HOLES)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        events = chains.write(folder, traces, max(traces // 5_000, 2))
        pattern = f"{folder}/events/*/*.parquet"
        with duckdb.connect() as con:

            def by_hand() -> int:
                row = con.execute(_ONE_GAP, [pattern]).fetchone()
                return int(row[0]) if row else 0

            found = bulk.gaps(folder)
            unchecked = sum(group.count for group in found.groups if group.id == "unchecked-execution")
            agree("executions that nothing checked", {"SQL": {"found": by_hand()}, "ours": {"found": unchecked}})
            if (found.traces, {group.id for group in found.groups}) != (traces, {"unchecked-execution"}):
                raise DisagreementError(f"gaps of {traces:,} traces: {found.traces:,}, {found.groups}")
            ours, hand = side_by_side(size.rounds, lambda: bulk.gaps(folder), by_hand)
    return [_line(f"gaps of {traces:,} traces, {events / 1e6:.1f} M events, all kinds", ours, hand, SCAN_S)]


def _some(traces: int) -> list[str]:
    """Traces from all over the store."""
    numbers = (traces * place // TRACES_ASKED for place in range(TRACES_ASKED))
    return [hashlib.md5(f"{number}/t".encode(), usedforsecurity=False).hexdigest() for number in numbers]


def _command(folder: Path, trace: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "govern.cli.app", "reconstruct", "--trace-id", trace, "--audit", str(folder)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode not in (0, 1):
        raise RuntimeError(f"reconstruct: exit {done.returncode}: {done.stderr[:500]}")


def _query(folder: Path, trace: str) -> int:
    done = subprocess.run(
        [sys.executable, "-c", _BY_HAND, str(folder), trace], capture_output=True, text=True, check=True
    )
    return int(done.stdout)


def _line(what: str, ours: float, hand: float, most: float) -> Line:
    return Line(what, None, _ms(ours), _ms(hand), ours / hand, f"≤ {_ms(most)}", ours <= most)


def _ms(taken: float) -> str:
    return f"{taken:.2f} s" if taken >= 1 else f"{taken * 1000:.0f} ms"
