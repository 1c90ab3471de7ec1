"""10 M events reported on this machine: by DuckDB alone, and through Spark in local mode with the same counts. Spark's
figure has its start in it; what it is for is a cluster, and nothing here says how it scales on one.
"""

from __future__ import annotations

import importlib.util
import shutil
import tempfile
import time
from collections import Counter
from pathlib import Path

from govern.replay.groups import Policies
from govern.replay.run import EngineChoice, Run, run
from govern.replay.shadow import report

from . import growth, sets
from .table import DisagreementError, Line, Size, agree, per_second

MOST = 10_000_000
SECONDS = 60


def lines(size: Size) -> list[Line]:
    """The same store by both engines; every number of the report agrees."""
    rows = min(size.growth[-1], MOST)
    judges = Policies({"easy": sets.easy_set().policy})
    what = f"shadow report of {rows / 1e6:g} M events, easy set"
    with tempfile.TemporaryDirectory() as folder:
        store = str(growth.store_of(Path(folder), rows))
        alone, taken = _timed(store, judges, EngineChoice.SQL)
        made = [
            Line(f"{what}, DuckDB, {taken:.1f} s", 47, per_second(rows, taken), "", None, f"≤ {SECONDS} s",
                 taken <= SECONDS)
        ]  # fmt: skip
        lacks = missing()
        if lacks:
            return [*made, Line(f"{what}, through Spark: NOT MEASURED, {lacks}")]
        many, slower = _timed(store, judges, EngineChoice.SPARK)
    agree(what, {"DuckDB": _verdicts(alone, judges), "Spark": _verdicts(many, judges)})
    if report(alone.replayed, judges) != report(many.replayed, judges) or alone.summary.totals != many.summary.totals:
        raise DisagreementError(f"{what}: the reports differ, though their verdicts are the same in number")
    made.append(
        Line(f"{what}, Spark in local mode, {slower:.1f} s, beside DuckDB", 47, per_second(rows, slower),
             per_second(rows, taken), slower / taken)
    )  # fmt: skip
    return made


def missing() -> str:
    """What Spark lacks here, or nothing."""
    for module in ("pyspark", "pandas"):
        if importlib.util.find_spec(module) is None:
            return f"no {module} (the extra `spark`)"
    return "" if shutil.which("java") else "no Java"


def _timed(store: str, judges: Policies, engine: EngineChoice) -> tuple[Run, float]:
    start = time.perf_counter()
    done = run([store], judges, engine=engine)
    report(done.replayed, judges)
    return done, time.perf_counter() - start


def _verdicts(done: Run, judges: Policies) -> Counter[str]:
    found: Counter[str] = Counter()
    for key, seen in done.replayed.groups.items():
        judged = judges.judge(key)
        found["nobody" if judged is None else judged.label] += seen.calls
    return found
