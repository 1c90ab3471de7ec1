"""The whole shadow report is the same whichever engine replays, in whatever order, and however a log is divided."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest
from tests.conformance.policies import AGENT, policy
from tests.shipped import shipped

from govern.audit import store
from govern.compile.sources import policies
from govern.events.model import Event, EventType
from govern.ingest import read
from govern.policy.history import GOVERNED
from govern.replay import details_bulk, looked, stream
from govern.replay.groups import Policies, Recorded, Replayed
from govern.replay.run import EngineChoice, run
from govern.replay.shadow import report
from govern.replay.shadow_model import What
from govern.replay.told import told

from .logs_of_weeks import log

ZONES = (None, "Europe/Berlin", "Pacific/Apia")


def by_calls(events: Iterable[Event], judges: Policies) -> Replayed:
    return stream.replay(iter(list(events)), judges)


def in_sql(folder: Path, judges: Policies, part_events: int | None = None) -> Replayed:
    return run([str(folder)], judges, engine=EngineChoice.SQL, part_events=part_events).replayed


def agree(events: list[Event], judges: Policies, folder: Path, *, parts: bool = True) -> Replayed:
    """Replays every way, and compares whole reports."""
    store.write(iter(events), folder, durable=False)
    found = by_calls(events, judges)
    expected = report(found, judges, values=True)
    backwards = report(by_calls(reversed(events), judges), judges, values=True)
    assert expected == backwards
    assert expected == report(in_sql(folder, judges), judges, values=True)
    if parts:
        assert expected == report(in_sql(folder, judges, 60), judges, values=True)
    return found


@pytest.mark.parametrize("seed", range(6))
def test_random_policies_on_random_logs(seed: int, tmp_path: Path) -> None:
    """With and without times, in several formats, of several agents; days are those of the deployment's clock."""
    rng = random.Random(seed)
    judges = Policies({AGENT: policy(rng), "b": policy(rng)}, ZONES[seed % 3])
    found = report(agree(log(rng, 300, formats=seed % 2 == 0), judges, tmp_path), judges)
    assert found.unmapped
    assert any(row.shapes.places and row.around.before for row in found.unmapped)
    assert any(row.sample is not None for row in found.by_rule)
    assert found.unjudged


def test_much_behaviour_is_new(tmp_path: Path) -> None:
    """In a log of three weeks that ends with tools that nobody called before."""
    rng = random.Random(77)
    judges = Policies({AGENT: policy(rng)})
    events = [replace(event, ts_ns=event.ts_ns or 1_770_000_000 * 10**9) for event in log(rng, 600)]
    new = report(agree(events, judges, tmp_path), judges).appeared
    assert {"lately_made", "delete_all"} <= {row.tool for row in new.rows if row.what is What.TOOL}
    assert any(row.what is What.VERDICT for row in new.rows)


@pytest.mark.parametrize("whole_days", [False, True])
def test_tools_with_many_calls(whole_days: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where most calls are left out before they are sorted, and where their times are too few to tell them apart."""
    for module in (looked, details_bulk):
        monkeypatch.setattr(module, "LOOKED_AT", 5)
    rng = random.Random(3)
    judges = Policies({AGENT: policy(rng)})
    day = 86_400 * 10**9
    events = [
        replace(event, ts_ns=event.ts_ns // day * day if whole_days and event.ts_ns is not None else event.ts_ns)
        for event in log(rng, 1_500)
    ]
    found = agree(events, judges, tmp_path, parts=False)
    assert any(each.calls > 4 * 5 * 2 for each in found.groups.values()) or len(found.groups) > 100
    assert {5} == {len(each.chosen()) for each in found.looked.values()}


def test_calls_are_judged_by_the_policy_they_name(tmp_path: Path) -> None:
    """Each by the digest it carries; without one, with an unknown one, or with another agent's: by none."""
    rng = random.Random(12)
    one, other = policy(rng), policy(rng)
    judges = Recorded({each.digest: each for each in (one, other)}, "Europe/Berlin")
    events = log(rng, 300, digests=(one.digest, other.digest, "sha256:" + "0" * 64, None))
    found = agree(events, judges, tmp_path)
    calls: dict[str | None, int] = {}
    for key, seen in found.groups.items():
        judged = policies_of(key.policy, judges, key.agent)
        assert (judges.judge(key) is not None) is judged
        calls[key.policy] = calls.get(key.policy, 0) + seen.calls
    assert {one.digest, other.digest, "sha256:" + "0" * 64, None} == calls.keys()
    shown = report(found, judges)
    assert {None, "sha256:" + "0" * 64} <= {row.digest for row in shown.without_charter}
    assert sum(row.calls for row in shown.without_charter) == shown.calls - shown.verdicts.calls
    for digest in (one.digest, other.digest):  # its calls get what it alone says of them
        alone = Policies({AGENT: judges.by_agent[digest]}, "Europe/Berlin")
        got = {
            key.at(None): sum(seen.calls for other, seen in found.groups.items() if other.timeless == key.timeless)
            for key in found.groups
            if key.policy == digest and key.agent == AGENT and judges.judge(key) is not None
        }
        expected = Counter(
            stream.key_of(event, given, alone, policy=digest).timeless
            for event, given in told(events, alone)
            if event.type is EventType.TOOL_CALL and event.actor_kind in GOVERNED
            if event.agent == AGENT and event.policy_digest == digest
        )
        assert expected == got
        assert expected


def policies_of(digest: str | None, judges: Recorded, agent: str | None) -> bool:
    return digest in judges.by_agent and agent in (None, judges.by_agent[digest or ""].agent)


@pytest.mark.parametrize("charter", shipped("samples/*/charter.yaml"), ids=lambda path: path.parent.name)
def test_samples(charter: Path, tmp_path: Path) -> None:
    """The stories of the samples, by clocks on both sides of the date line."""
    events = [each for each in read([str(charter.parent / "log.jsonl")]) if isinstance(each, Event)]
    for zone in ZONES:
        agree(events, Policies(policies(str(charter), None), zone), tmp_path / str(zone).replace("/", "-"))
