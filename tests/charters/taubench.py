"""The tau-bench charters as policies, and what they say to every call of the corpus's runs."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from govern.charter.load import Loaded, load
from govern.charter.model import Charter
from govern.compile.lower import lower
from govern.conditions.times import timestamp_ns
from govern.policy.engine import Engine
from govern.policy.model import Policy, Tier
from govern.policy.verdict import Verdict

from .trajectories import FILES, Run, Step, given, runs

ROOT = Path(__file__).resolve().parents[2]
NOW = timestamp_ns("2024-05-15T15:00:00-05:00")  # the time at which the written policy of the airline plays
ZONE = "Etc/GMT+5"  # EST, as both policies have it
HANDING_OVER = "transfer_to_human_agents"

each_agent = pytest.mark.parametrize("agent", FILES)


@cache
def loaded(agent: str) -> Loaded:
    return load(ROOT / "charters" / "taubench" / f"{agent}.yaml")


def charter(agent: str) -> Charter:
    found = loaded(agent).charter
    assert found is not None
    return found


@cache
def engine(agent: str) -> Engine:
    return Engine(lower(charter(agent)), ZONE)


def policy(agent: str) -> Policy:
    return engine(agent).policy


def consequential(agent: str, tool: str) -> bool:
    return policy(agent).tools[tool].tier is not Tier.READ_ONLY and tool != HANDING_OVER


@cache
def decided(agent: str) -> tuple[tuple[Run, int, Step, Verdict], ...]:
    """Every call of the agent's runs with its verdict, the facts as they stood then."""
    return tuple(_decided(agent))


def _decided(agent: str) -> Iterator[tuple[Run, int, Step, Verdict]]:
    for run in runs(agent):
        for index, step in enumerate(run.steps):
            inputs = given(policy(agent), run.steps[:index], step) | {"at": NOW}
            yield run, index, step, engine(agent).decide(step.tool, step.args, given=inputs)
