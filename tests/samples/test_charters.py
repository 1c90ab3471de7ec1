"""The samples' charters are examples to copy: lint has nothing against them, and their scenarios come out."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from govern.charter.fmt.files import format_file
from govern.charter.load import load
from govern.charter.model import Charter
from govern.compile.lower import lower
from govern.lint.engine import lint_rules
from govern.lint.outside import riskiest
from govern.lint.rules.few_scenarios import ENOUGH
from govern.lint.run import Linted, lint_paths
from govern.policy.engine import Engine

from .reading import SAMPLES, STORIES
from .scenarios import comes_out

# What lint would say, and a comment in the charter answers. Nothing else may be kept quiet, and nothing is left open.
ANSWERED = {
    "crm": {"untrusted-reach": "mail to a colleague stays in the house"},
    "data-pipeline": {"code-judged-as-text": "every call is asked for; the rule only denies what plainly writes"},
    "support": {"untrusted-reach": "every reply follows a ticket: asking after reading would ask for all of them"},
}


def charter_of(story: str) -> Path:
    return SAMPLES / story / "charter.yaml"


def loaded(story: str) -> Charter:
    charter = load(charter_of(story)).charter
    assert charter is not None
    return charter


def linted(story: str) -> Linted:
    (file,) = lint_paths([str(charter_of(story))]).files
    return file


@pytest.mark.parametrize("story", STORIES)
def test_charters_lint_clean(story: str) -> None:
    """No finding of any severity, notes included; what a comment keeps quiet is what is listed here, once each."""
    assert lint_rules()
    found = linted(story)
    assert found.loads
    assert () == found.findings
    assert Counter(ANSWERED.get(story, {}).keys()) == Counter(each.finding.rule for each in found.suppressed)


@pytest.mark.parametrize("story", STORIES)
def test_charters_are_whole(story: str) -> None:
    """Every tool has an input schema, every rule a reason; account, escalation, reading and shadow days are told."""
    charter = loaded(story)
    assert all(tool.input for tool in charter.tools.values())
    assert all(len(rule.because) > 15 for rule in charter.every_rule)
    assert charter.identity is not None
    assert charter.untrusted is not None
    assert charter.shadow is not None
    assert "unmapped" in {each.event.name for each in charter.escalation}


@pytest.mark.parametrize("story", STORIES)
def test_charters_are_in_canonical_form(story: str) -> None:
    formatted = format_file(str(charter_of(story)))
    assert formatted.canonical is not None
    assert not formatted.changes


@pytest.mark.parametrize("story", STORIES)
def test_scenarios_come_out_as_written(story: str) -> None:
    """Each as the first call of its session; of the riskiest tools there are five instructions or more."""
    charter = loaded(story)
    engine = Engine(lower(charter))
    wrong = [scenario.instruction for scenario in charter.scenarios if not comes_out(engine, scenario)]
    assert [] == wrong
    told = Counter(scenario.tool.name for scenario in charter.scenarios)
    assert {tool.name for tool in riskiest(charter)} <= {tool for tool, count in told.items() if count >= ENOUGH}


@pytest.mark.parametrize("story", STORIES)
def test_scenarios_are_of_every_outcome(story: str) -> None:
    """Allowed, asked and denied; each instruction is said once; a denial or an approval names its cause."""
    scenarios = loaded(story).scenarios
    assert {"allow", "approval", "deny"} == {scenario.verdict.name.lower() for scenario in scenarios}
    assert len({scenario.instruction for scenario in scenarios}) == len(scenarios)
    assert [] == [s.instruction for s in scenarios if s.cause is None and s.verdict.name.lower() != "allow"]
