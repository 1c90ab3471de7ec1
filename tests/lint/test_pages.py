"""Every rule of lint has a page, and its blocks do what the page says. Loading errors have theirs in tests/charter."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

import govern.lint.rules
from govern.charter.files import within
from govern.charter.load import load_text
from govern.conditions import ConditionError, parse_condition
from govern.findings import Finding
from govern.lint.engine import LintRule, lint, lint_rules, page, page_ids

from .fragments import NEARBY, deployed, pinned, whole

PAGES = Path(govern.lint.rules.__file__).parent
RULES = pytest.mark.parametrize("rule", lint_rules(), ids=lambda rule: rule.id)


def block(rule: LintRule, title: str) -> str:
    found = re.search(rf"^## {title}\n```yaml\n(.*?)^```$", page(rule.id) or "", re.MULTILINE | re.DOTALL)
    assert found is not None, f"no yaml under {title}"
    return found[1]


def found_in(rule: LintRule, title: str) -> list[Finding]:
    """What lint finds in a block itself, not in what is put behind it.

    A line `# deployment.yaml` ends the charter's part: what follows is the deployment that it is judged in; a line
    `# govern.lock`: what servers said of its tools. What a block is composed with is locked, but on the page that is
    about locks.
    """
    fragment, _, lock = block(rule, title).partition("\n# govern.lock\n")
    fragment, _, deployment = fragment.partition("\n# deployment.yaml\n")
    where = deployed(deployment) if deployment else None
    loaded = load_text(whole(fragment), files=within(NEARBY))
    if loaded.charter is not None and (lock or (loaded.charter.parts and rule.id != "not-locked")):
        pins = pinned(loaded.charter, yaml.safe_load(lock) if lock else {})
        loaded = load_text(whole(fragment), files=within(NEARBY), lock=pins)
    assert () == loaded.findings
    lines = len(fragment.strip("\n").splitlines())
    return [finding for finding in lint(loaded, where) if finding.location.line <= lines]


def test_a_page_for_each_rule_and_no_other() -> None:
    """There are rules, each has its page, and `page_ids` knows them."""
    ids = {rule.id for rule in lint_rules()}
    assert {"guard-loosens", "model-asserts", "unknown-argument"} < ids
    assert ids == {path.stem for path in PAGES.glob("*.md")}
    assert ids < set(page_ids())


@RULES
def test_a_page_is_whole(rule: LintRule) -> None:
    """Its id, its severity and one sentence; what to avoid, to prefer, why, when to ignore; lines fit a terminal."""
    lines = (page(rule.id) or "").splitlines()
    assert [f"# {rule.id}", ""] == lines[:2]
    assert re.fullmatch(rf"\*{rule.severity.value.capitalize()}\.\* [A-Z].{{20,100}}\.", lines[2])
    assert ["Avoid", "Prefer", "Why", "When to ignore"] == [line[3:] for line in lines if line.startswith("## ")]
    assert 120 >= max(map(len, lines))
    assert all(lines[at + 1] for at, line in enumerate(lines) if line.startswith("## "))


@RULES
def test_avoid_gives_the_finding(rule: LintRule) -> None:
    """The block to avoid loads, gives the finding at the rule's own severity, and nothing else distracts."""
    assert {(rule.id, rule.severity)} == {(found.rule, found.severity) for found in found_in(rule, "Avoid")}


@RULES
def test_prefer_is_clean(rule: LintRule) -> None:
    """The block to prefer loads, and lint finds nothing in it."""
    assert [] == [(found.rule, found.location.line) for found in found_in(rule, "Prefer")]


def test_conditions_in_prose_are_conditions() -> None:
    """A whole condition that a page recommends in its text can be parsed."""
    told = [code for id in page_ids() for code in re.findall(r"`(!?has\([^`]*?\) (?:&&|\|\|) [^`…]+)`", page(id) or "")]
    assert told
    for code in told:
        try:
            parse_condition(code)
        except ConditionError as error:
            pytest.fail(f"{code}: {error}")
