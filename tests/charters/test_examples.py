"""The example charters on top of base and library: they load, lint, compile, and their scenarios hold."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from govern.charter.model import Charter, Scenario
from govern.compile.lower import lower
from govern.policy.engine import Engine
from govern.policy.given import first_call
from govern.policy.history import History

from .shipped import CHARTERS, EXAMPLES, advice, canonical, serious, shipped

# What is left to whoever takes one over: more scenarios than an example has, and a lock of their own.
NOTES = {"few-scenarios", "not-locked"}
SCENARIOS = [
    pytest.param(path, scenario, id=scenario.instruction) for path in EXAMPLES for scenario in shipped(path).scenarios
]


@pytest.mark.parametrize("path", EXAMPLES)
def test_an_example_loads_and_lints_clean(path: str) -> None:
    """No warning, no note but those that are listed, canonical form, called after its agent."""
    findings = advice(path)
    assert [] == serious(findings)
    assert NOTES >= {finding.rule for finding in findings}
    assert canonical(path)
    assert Path(path).stem == shipped(path).agent


@pytest.mark.parametrize("path", EXAMPLES)
def test_an_example_stands_on_production_and_takes_all_from_libraries(path: str) -> None:
    """Every tool is described by a library, and the environments are among its parts."""
    charter = shipped(path)
    assert {"production", "staging", "dev", "organisation"} <= {part.name for part in charter.parts}
    assert [] == [tool.name for tool in charter.tools.values() if tool.described is None]


@pytest.mark.parametrize("folder", ["base", "code-review", "desk", "library"])
def test_the_pages_name_files_that_are_there(folder: str) -> None:
    """Every path in a page's commands and links exists, beside it or in the repository."""
    page = CHARTERS / folder / "README.md"
    named = re.findall(r"charters/[\w./-]+\.yaml", text := page.read_text("utf-8"))
    linked = re.findall(r"\]\(([^)#]+)\)", text)
    assert named
    assert [] == [path for path in named if not (CHARTERS.parent / path).is_file()]
    assert [] == [path for path in linked if not (page.parent / path).exists()]


def verdict(charter: Charter, scenario: Scenario) -> dict[str, Any]:
    policy = lower(charter)
    given = {**first_call(History(policy), scenario.tool.name, scenario.args, scenario.given), **scenario.given}
    found = Engine(policy).decide(scenario.tool.name, scenario.args, given=given)
    return {"effect": found.effect.label, "gates": found.gates, "rules": found.rules}


@pytest.mark.parametrize(("path", "scenario"), SCENARIOS)
def test_a_scenario_ends_as_written(path: str, scenario: Scenario) -> None:
    """The first call of a session, with the facts that are given: the verdict, and the rule or gate that is named."""
    found = verdict(shipped(path), scenario)
    assert scenario.verdict.label == found["effect"]
    assert scenario.cause is not None
    assert scenario.cause.name in (*found["gates"], *found["rules"])
