"""Whether a charter's scenario comes out as it is written: by the runner of `govern test`."""

from __future__ import annotations

from govern.charter.model import Scenario
from govern.policy.engine import Engine
from govern.scenario.outcome import State
from govern.scenario.run import run_case
from govern.scenario.suite import case_of


def comes_out(engine: Engine, scenario: Scenario) -> bool:
    """Whether the verdict is the one that is meant, and the cause that is named is one of its causes."""
    return run_case(engine, case_of(scenario, scenario.instruction)).state is State.PASSED
