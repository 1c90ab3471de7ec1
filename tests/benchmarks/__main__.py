"""`make bench`: ours beside what one would write by hand, on the same data, with equal counts or an error."""

from __future__ import annotations

import statistics
import sys
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import duckdb

from govern.policy.engine import Engine
from govern.policy.sql import code_columns, decision_sql, truths_of
from govern.policy.verdict import outcome
from govern.replay.bulk import TUNING

from . import easy, imports, starts, tiers

ROWS = 2_000_000
ROUNDS = 5


def seconds(work: Callable[[], Any], rounds: int = ROUNDS) -> float:
    """The median of several runs, in seconds."""
    taken = []
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)


def one_decision() -> list[str]:
    """One decision in process on parsed arguments."""
    policy = easy.policy()
    engine = Engine(policy)
    data = easy.calls(20_000)
    ours_counts = Counter(engine.decide(tool, args).effect.label for tool, args in data)
    hand_counts = Counter(easy.by_hand(tool, args) for tool, args in data)
    if ours_counts != hand_counts:
        raise SystemExit(f"counts differ: {ours_counts} {hand_counts}")

    def ours() -> None:
        decide = engine.decide
        for tool, args in data:
            decide(tool, args)

    def hand() -> None:
        by_hand = easy.by_hand
        for tool, args in data:
            by_hand(tool, args)

    mine, baseline = seconds(ours) / len(data), seconds(hand) / len(data)
    return row("one decision, 30 tools, 12 rules, parsed arguments", f"{mine * 1e6:.2f} µs", f"{baseline * 1e6:.2f} µs",
               mine / baseline)  # fmt: skip


def bulk_replay() -> list[str]:
    """The easy set as JSON text in a DuckDB table, to counts by verdict."""
    policy = easy.policy()
    con = duckdb.connect()
    con.execute(TUNING)
    easy.fill(con, ROWS)
    width = code_columns(policy)
    codes = ", ".join(f"code{index}" for index in range(width))
    query = f"SELECT tool, {codes}, count(*) FROM ({decision_sql(policy)}) GROUP BY ALL"

    def ours() -> Counter[str]:
        found: Counter[str] = Counter()
        for tool, *rest in con.execute(query).fetchall():
            truths = truths_of(tuple(rest[:width]), policy.tools[tool])
            found[outcome(policy, tool, truths).effect.label] += rest[width]
        return found

    def hand() -> Counter[str]:
        return Counter(dict(con.execute(easy.BY_HAND_SQL).fetchall()))

    if ours() != hand():
        raise SystemExit(f"counts differ: {ours()} {hand()}")
    size = con.execute("SELECT avg(strlen(args)) FROM calls").fetchone()
    mine, baseline = seconds(ours), seconds(hand)
    return row(
        f"bulk replay, easy set, {ROWS / 1e6:.0f} M calls of {size[0] if size else 0:.0f} B as JSON text",
        f"{ROWS / mine / 1e6:.1f} M/s", f"{ROWS / baseline / 1e6:.1f} M/s", mine / baseline,
    )  # fmt: skip


def row(what: str, ours: str, baseline: str, ratio: float) -> list[str]:
    return [what, ours, baseline, f"{ratio:.2f}"]


def main() -> None:
    rows = [["what", "ours", "by hand", "time ratio"], one_decision(), bulk_replay(), *imports.rows()]
    widths = [max(len(line[column]) for line in rows) for column in range(4)]
    for line in rows:
        cells = [
            line[0].ljust(widths[0]),
            *(cell.rjust(width) for cell, width in zip(line[1:], widths[1:], strict=True)),
        ]
        sys.stdout.write("  ".join(cells) + "\n")
    for lines in (starts.report(), tiers.report() if tiers.SNAPSHOTS.exists() else ["no corpus: tiers not compared"]):
        sys.stdout.write("\n" + "\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
