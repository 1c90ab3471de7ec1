"""Logs that are no store: the report is the same whether they were held in memory or put into a temporary store."""

from __future__ import annotations

import json
import os
import random
import signal
from dataclasses import asdict
from pathlib import Path

import pytest
from tests.conformance.policies import AGENT, policy
from tests.conformance.test_policies import events as some_events

from govern.audit import read as stores
from govern.audit import store
from govern.ingest import Summary
from govern.replay import reading as readings
from govern.replay import run as runs
from govern.replay.groups import Policies
from govern.replay.means import limit_bytes
from govern.replay.reading import Reading
from govern.replay.run import EngineChoice, run
from govern.replay.stopping import Stopping

from .parts_cases import shown


def log(folder: Path, seed: int, count: int = 150) -> str:
    """Canonical lines, some of them bad, in two files of which the second repeats the first."""
    made = [
        {name: value for name, value in asdict(event).items() if value not in (None, (), [])}
        for event in some_events(random.Random(seed), count)
    ]
    lines = [json.dumps(each) for each in made]
    folder.mkdir()
    (folder / "a.jsonl").write_text("\n".join([*lines, "{", ""]), "utf-8")
    (folder / "b.jsonl").write_text("\n".join([*lines[:20], '{"event_id": "x"}', ""]), "utf-8")
    return str(folder)


@pytest.mark.parametrize("seed", range(3))
def test_the_same_report_either_way(seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Groups, counts, refusals, files, duplicates; and nothing is left behind."""
    judges = Policies({AGENT: policy(random.Random(seed))})
    logs = log(tmp_path / "logs", seed)
    few = run([logs], judges)
    monkeypatch.setattr(runs, "BULK_FROM", 50)
    many = run([logs], judges)
    assert (EngineChoice.CALLS, EngineChoice.SQL) == (few.engine, many.engine)
    assert shown(few.replayed, judges) == shown(many.replayed, judges)
    assert few.summary.totals == many.summary.totals
    assert few.summary.files == many.summary.files
    assert few.summary.refusals == many.summary.refusals
    assert few.summary.refusals
    assert 20 == many.summary.totals.duplicates
    assert [] == [each for each in os.listdir(stores.spill()) if each.startswith("log-")]


def test_stores_that_overlap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An event that two stores have is counted once, as where they are read one by one; without one, SQL reads them."""
    monkeypatch.setattr(runs, "BULK_FROM", 50)
    made = list(some_events(random.Random(4), 100))
    judges = Policies({AGENT: policy(random.Random(4))})
    for name, some in (("a", made[:120]), ("b", made[100:]), ("c", made[120:])):
        store.write(iter(some), tmp_path / name, durable=False)
    expected = run([str(tmp_path / "a"), str(tmp_path / "c")], judges)
    found = run([str(tmp_path / "a"), str(tmp_path / "b")], judges)
    alone = run([str(tmp_path / "a"), str(tmp_path / "b")], judges, engine=EngineChoice.CALLS)
    assert shown(expected.replayed, judges) == shown(found.replayed, judges) == shown(alone.replayed, judges)
    assert 20 == found.summary.totals.duplicates
    assert 0 == expected.summary.totals.duplicates


def test_long_texts_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Few events may be more than memory holds."""
    monkeypatch.setattr(readings, "WEIGHT", 10**9)
    done = run([log(tmp_path / "logs", 1)], Policies({}), memory_limit="64MB")
    assert EngineChoice.SQL is done.engine


def test_a_signal_ends_reading(tmp_path: Path) -> None:
    """What was read is judged, the counts are of that, and it is said that the log goes on."""
    made = some_events(random.Random(2), 100)
    summary = Summary()
    with Stopping() as stopping:

        def items() -> object:
            for index, event in enumerate(made):
                if index == 60:
                    os.kill(os.getpid(), signal.SIGINT)
                yield event

        reading = Reading(items(), summary, stopping)  # type: ignore[arg-type]
        assert 60 == len(list(reading.events()))
        found = reading.partial(runs.Replayed())
    assert found is not None
    assert ("SIGINT", 0, 1, 60, None) == (found.signal, found.parts, found.of_parts, found.events, found.of_events)
    assert 60 == summary.totals.events


def test_sizes_are_read_as_the_database_writes_them() -> None:
    assert 10**9 == limit_bytes("1GB")
    assert 512 * 2**20 == limit_bytes("512MiB")
    assert limit_bytes(None) > 10**6
