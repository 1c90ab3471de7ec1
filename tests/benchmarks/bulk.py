"""Bulk replay over JSON text: the decision SQL to counts by verdict, in file order and sorted by tool."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

import duckdb

from . import sets
from .table import Line, Size, agree, rate_line, side_by_side

ROOT = Path(__file__).parent.parent.parent


def easy_lines(size: Size) -> list[Line]:
    """The easy set beside SQL by hand."""
    lines = []
    one = sets.easy_set()
    for ordered in (False, True):
        con = sets.connection()
        one.fill(con, size.rows, ordered)
        mine, theirs = _sql(con, one, size)
        what = f"bulk replay, easy set, {_order(ordered)}, beside SQL"
        most, length = None if ordered else 1.6, sets.bytes_of(con)
        lines.append(rate_line(what, size.rows, mine, theirs, size=length, least=6e6, most_ratio=most))
        con.close()
    return lines


def hard_lines(size: Size) -> list[Line]:
    """The hard set beside SQL by hand, and beside Python by hand in two processes."""
    lines = []
    one = sets.hard_set()
    for ordered, least in ((False, 0.9e6), (True, 2.5e6)):
        con = sets.connection()
        one.fill(con, size.rows, ordered)
        what = f"bulk replay, hard set, {_order(ordered)}"
        mine, theirs = _sql(con, one, size)
        length = sets.bytes_of(con)
        lines.append(rate_line(f"{what}, beside SQL", size.rows, mine, theirs, size=length, least=least))
        if not ordered:
            some = min(size.rows, 600_000)
            texts = con.execute(f"SELECT tool, args FROM calls WHERE event_id < {some}").fetchall()
            found, taken = in_two_processes(texts)
            expected = sets.in_sql(con, one.policy, f"(SELECT * FROM calls WHERE event_id < {some})")
            agree(what, {"ours": expected, "Python by hand": found})
            share = taken * size.rows / some
            lines.append(rate_line(f"{what}, beside Python in two processes", size.rows, mine, share, size=length))
        con.close()
    return lines


def _order(ordered: bool) -> str:
    return "sorted by tool" if ordered else "file order"


def _sql(con: duckdb.DuckDBPyConnection, one: sets.Set, size: Size) -> tuple[float, float]:
    agree(f"bulk replay, {one.name} set", {"ours": sets.in_sql(con, one.policy), "SQL": sets.counted(con, one.sql)})
    mine, theirs = side_by_side(
        size.rounds, lambda: sets.in_sql(con, one.policy), lambda: sets.counted(con, one.sql)
    )  # fmt: skip
    return mine, theirs


def in_two_processes(texts: list[tuple[str, str]]) -> tuple[Counter[str], float]:
    """Counts by verdict in plain Python, half the calls a process, and the seconds of the slower one."""
    middle = len(texts) // 2
    with tempfile.TemporaryDirectory() as folder:
        started = []
        for name, half in (("a", texts[:middle]), ("b", texts[middle:])):
            file = Path(folder) / name
            file.write_text("".join(f"{tool}\t{text}\n" for tool, text in half), "utf-8")
            command = [sys.executable, "-m", "tests.benchmarks.hard", str(file)]
            started.append(subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True))
        answers = [json.loads(process.communicate()[0]) for process in started]
    found: Counter[str] = Counter()
    for answer in answers:
        found.update(answer["counts"])
    return found, max(answer["seconds"] for answer in answers)
