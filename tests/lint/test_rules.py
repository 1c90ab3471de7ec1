"""The rules' cases: `rules/<id>.yaml`, each with the text that the rule's carets underline."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from govern.charter.load import load_text
from govern.lint.engine import lint, lint_rules

from .fragments import whole

CASES = Path(__file__).parent / "rules"


def cases() -> list[Any]:
    return [
        pytest.param(path.stem, case, id=f"{path.stem}: {case['case']}")
        for path in sorted(CASES.glob("*.yaml"))
        for case in yaml.safe_load(path.read_text("utf-8"))
    ]


def test_every_rule_has_cases() -> None:
    """A rule, its module, its page and its cases have one name; each has cases that hit and cases that do not."""
    assert {rule.id for rule in lint_rules()} == {path.stem for path in CASES.glob("*.yaml")}
    for path in CASES.glob("*.yaml"):
        found = [bool(case["finds"]) for case in yaml.safe_load(path.read_text("utf-8"))]
        assert {True, False} == set(found), path.name


@pytest.mark.parametrize(("rule", "case"), cases())
def test_case(rule: str, case: dict[str, Any]) -> None:
    """The rule underlines exactly the texts that the case names, in the file's order."""
    loaded = load_text(whole(case["charter"]))
    assert () == loaded.findings
    assert loaded.source is not None
    lines = loaded.source.text.split("\n")
    hits = [finding for finding in lint(loaded) if finding.rule == rule]
    underlined = [lines[hit.location.line - 1][hit.location.column - 1 : hit.location.end_column - 1] for hit in hits]
    assert case["finds"] == underlined, [(hit.message, hit.hint) for hit in hits]
    for message in case.get("says", []):
        assert any(message in f"{hit.message}; {hit.hint}" for hit in hits), [(hit.message, hit.hint) for hit in hits]
