"""The verdicts of a replay, call by call, as a file: the same from both engines."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from govern.audit import store
from govern.conditions import parse_condition
from govern.errors import EnvironmentFailed, EvidenceError
from govern.events.model import Event, EventType
from govern.policy.document import sealed
from govern.policy.history import GOVERNED
from govern.policy.model import Effect, Policy, Rule, Tier, ToolPolicy, When
from govern.replay.groups import Policies
from govern.replay.run import EngineChoice, run
from govern.replay.verdicts import SCHEMA

from .policies import AGENT, policy
from .test_policies import events


def rows(file: Path) -> list[dict[str, Any]]:
    table = pq.read_table(file)
    assert SCHEMA == table.schema
    return sorted(table.to_pylist(), key=lambda row: row["event_id"])


@pytest.mark.parametrize("seed", range(3))
def test_both_engines_write_the_same(seed: int, tmp_path: Path) -> None:
    """Every call of an agent is a row, with the verdict that the report counts."""
    rng = random.Random(seed)
    judges = Policies({AGENT: policy(rng)})
    made = list(events(rng, 300))
    store.write(iter(made), tmp_path / "store")
    written = {}
    for engine in (EngineChoice.CALLS, EngineChoice.SQL):
        done = run([str(tmp_path / "store")], judges, engine=engine, verdicts=tmp_path / f"{engine}.parquet")
        written[engine] = rows(tmp_path / f"{engine}.parquet")
        counted: dict[str | None, int] = {}
        for key, seen in done.replayed.groups.items():
            judged = judges.judge(key)
            label = judged.label if judged is not None else None
            counted[label] = counted.get(label, 0) + seen.calls
        assert counted == {label: sum(row["effect"] == label for row in written[engine]) for label in counted}
    assert written[EngineChoice.CALLS] == written[EngineChoice.SQL]
    calls = {e.event_id for e in made if e.type is EventType.TOOL_CALL and e.actor_kind in GOVERNED}
    assert calls == {row["event_id"] for row in written[EngineChoice.SQL]}
    assert {"deny", None} <= {row["effect"] for row in written[EngineChoice.SQL]}


def test_nothing_half_is_left_behind(tmp_path: Path) -> None:
    """A replay that fails leaves no file, and what stood there before stays."""
    judges = Policies({AGENT: policy(random.Random(1))})
    target = tmp_path / "verdicts.parquet"
    target.write_bytes(b"before")
    with pytest.raises(EvidenceError):
        run([str(tmp_path / "none")], judges, engine=EngineChoice.SQL, verdicts=target)
    assert [target] == [file for file in tmp_path.iterdir() if "verdicts" in file.name]
    assert b"before" == target.read_bytes()
    with pytest.raises(EnvironmentFailed, match="cannot be written"):
        run([str(tmp_path / "none")], judges, verdicts=tmp_path / "no" / "such.parquet")


def test_arguments_with_two_readings_in_a_store_are_told(tmp_path: Path) -> None:
    """A store that no import wrote: where it leaves something unknown, SQL refuses; one at a time denies."""
    rule = Rule("r", When.WHEN, parse_condition("args.amount > 5"), Effect.DENY, None, "because")
    tools = {"pay": ToolPolicy("pay", Tier.REVERSIBLE, rules=(rule,))}
    judges = Policies({AGENT: sealed(Policy(AGENT, 1, "p", "lead", ("lead",), {}, tools, ()))})
    call = Event(event_id="e", trace_id="t", type=EventType.TOOL_CALL, writer_id="w", wseq=1, agent=AGENT, tool="pay",
                 args='{"to":"x","to":"y"}')  # fmt: skip
    store.write(iter([call]), tmp_path)
    with pytest.raises(EvidenceError, match="no one reading"):
        run([str(tmp_path)], judges, engine=EngineChoice.SQL)
    groups = run([str(tmp_path)], judges, engine=EngineChoice.CALLS).replayed.groups
    assert ["deny"] == [judged.label for key in groups if (judged := judges.judge(key)) is not None]
