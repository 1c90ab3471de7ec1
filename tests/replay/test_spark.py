"""Spark finds what the engines on one machine find; without it there is an error that says what is missing."""

from __future__ import annotations

import importlib.util
import random
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.conformance.policies import AGENT, policy
from tests.conformance.test_policies import events

from govern.audit import read, store
from govern.errors import EnvironmentFailed, Exit, UsageError
from govern.events.model import COLUMNS, INTEGERS, TEXT_LISTS
from govern.replay import bulk, spark, spark_task
from govern.replay.groups import Policies, Recorded
from govern.replay.means import Means, Step
from govern.replay.run import EngineChoice, run
from govern.replay.stopping import Stopping

from .parts_cases import Stored, shown, stored
from .test_parts import limited, refunds

PRESENT = importlib.util.find_spec("pyspark") and importlib.util.find_spec("pandas") and shutil.which("java")
needs_spark = pytest.mark.skipif(not PRESENT, reason="needs the extra `spark`, and Java")
SEEDS = range(20, 23)


@pytest.fixture(scope="module")
def session() -> Iterator[Any]:
    with Stopping() as stopping:
        found = spark.session(Means(stopping=stopping, spark_master="local[2]", memory_limit="1GB"))
        yield found
        found.stop()


@needs_spark
def test_the_same_as_on_one_machine(session: Any, tmp_path: Path) -> None:
    """Random policies of the whole language on random logs: history, origins, session facts; report and counts."""
    divided = 0
    for seed in SEEDS:
        one = stored(seed, tmp_path / str(seed))
        expected = run([one.folder], one.policies, engine=EngineChoice.SQL, session_facts=one.session_facts)
        steps: list[Step] = []
        means = Means(session_facts=one.session_facts, part_events=50, progress=steps.append)
        files = store.parts(Path(one.folder))
        found, counts, partial = spark.replay_in(session, files, one.policies, None, means)
        assert shown(expected.replayed, one.policies) == shown(found, one.policies), f"seed {seed}"
        totals = expected.summary.totals
        assert (totals.events, totals.runs, totals.calls, totals.results, totals.errors, totals.unanswered) == (
            counts["events"], counts["runs"], counts["calls"], counts["results"], counts["errors"],
            counts["unanswered"],
        )  # fmt: skip
        assert partial is None
        divided += steps[-1].of_parts > 1
    assert divided == len(SEEDS)


@needs_spark
def test_agents_that_the_log_does_not_name(session: Any, tmp_path: Path) -> None:
    """They are given their name, and policies by digest judge what carries theirs."""
    one = policy(random.Random(1))
    store.write(iter(list(events(random.Random(3), 200))), tmp_path, durable=False)
    files = store.parts(tmp_path)
    for judges, name in ((Policies({AGENT: one}), AGENT), (Recorded({one.digest: one}), None)):
        expected = bulk.replay(read.open_parts(files), judges, agent=name)
        found, _, _ = spark.replay_in(session, files, judges, name, Means(part_events=60))
        assert shown(expected, judges) == shown(found, judges)


@needs_spark
def test_what_a_limit_counts_stays_together(session: Any, tmp_path: Path) -> None:
    """Each agent's calls in one partition, however small partitions are to be."""
    store.write(iter(refunds(["a", "b"], 30)), tmp_path, durable=False)
    judges = Policies({name: limited(name, "forever") for name in ("a", "b")})
    files = store.parts(tmp_path)
    expected = bulk.replay(read.open_parts(files), judges)
    found, _, _ = spark.replay_in(session, files, judges, None, Means(part_events=1))
    assert shown(expected, judges) == shown(found, judges)
    allowed = [seen.calls for key, seen in found.groups.items() if judges.judge(key).label == "allow"]  # type: ignore[union-attr]
    assert 6 == sum(allowed)


@pytest.mark.parametrize("seed", range(20, 26))
def test_a_worker_gets_all_columns_that_are_read(seed: int, tmp_path: Path) -> None:
    """The replay of a log reads no column that is not sent to a worker."""
    one = stored(seed, tmp_path)
    con = read.open_events(tmp_path)
    con.execute("ALTER VIEW events RENAME TO all_events")
    con.execute(f"CREATE VIEW events AS SELECT {', '.join(map(spark_task.column, COLUMNS))} FROM all_events")
    found = bulk.replay(con, one.policies, session_facts=one.session_facts)
    assert bulk.counts(con)["calls"] == found.calls
    assert {*spark_task.READ} < {*COLUMNS}
    assert not {*spark_task.READ} & {*TEXT_LISTS}
    assert {"wseq", "ts_ns"} == {*spark_task.READ} & {*INTEGERS}


def test_without_pyspark(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment failed, and the hint says what to install."""
    one = stored(1, tmp_path)
    monkeypatch.setitem(sys.modules, "pyspark.sql", None)
    with pytest.raises(EnvironmentFailed, match="Spark is not installed") as failed:
        run([one.folder], one.policies, engine=EngineChoice.SPARK)
    assert Exit.ENVIRONMENT == failed.value.exit_code
    assert "govern[spark]" in failed.value.hint


@needs_spark
def test_without_java(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment failed, and the hint names Java."""
    one = stored(1, tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    with pytest.raises(EnvironmentFailed, match="needs Java") as failed:
        run([one.folder], one.policies, engine=EngineChoice.SPARK)
    assert "Java 17" in failed.value.hint


def test_what_spark_does_not_do_is_said(tmp_path: Path) -> None:
    """Verdicts, typed columns, and logs that are no store."""
    one: Stored = stored(1, tmp_path / "store")
    (tmp_path / "log.jsonl").write_text("{}", "utf-8")
    with pytest.raises(UsageError, match="no verdicts"):
        run([one.folder], one.policies, engine=EngineChoice.SPARK, verdicts=tmp_path / "verdicts")
    with pytest.raises(UsageError, match="is no store"):
        run([str(tmp_path / "log.jsonl")], one.policies, engine=EngineChoice.SPARK)
