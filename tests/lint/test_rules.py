"""The rules' cases: `rules/<id>.yaml`, each with the text that the rule's carets underline.

A case names the charter's part (`charter`), what is underlined (`finds`), and where it matters the lines
(`lines`), how much each finding weighs (`weighs`), words of a message or a hint (`says`), files that the charter
names beside those of `fragments` (`files`, text by path), where it is deployed (`deployment`), and whether the solver
is asked (`prove`): then without it nothing is found.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from govern.charter.files import within
from govern.charter.load import Loaded, load_text
from govern.compile.lower import lower
from govern.findings import Location
from govern.lint.engine import lint, lint_rules
from govern.lint.proofs import Proofs

from .fragments import NEARBY, deployed, pinned, whole

CASES = Path(__file__).parent / "rules"
SEVERITY = {rule.id: rule.severity.value for rule in lint_rules()}
KEYS = {"case", "charter", "finds", "lines", "weighs", "says", "files", "lock", "deployment", "prove"}


def read(rule: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = yaml.safe_load((CASES / f"{rule}.yaml").read_text("utf-8"))
    return found


def cases() -> list[Any]:
    return [
        pytest.param(path.stem, case, id=f"{path.stem}: {case['case']}")
        for path in sorted(CASES.glob("*.yaml"))
        for case in read(path.stem)
    ]


def test_cases_belong_to_rules() -> None:
    """A rule, its module, its page and its cases have one name."""
    assert set(SEVERITY) == {path.stem for path in CASES.iterdir()}


@pytest.mark.parametrize("rule", sorted(SEVERITY))
def test_every_rule_has_cases(rule: str) -> None:
    """At least three: one that hits, one that does not; each has its own description and known keys."""
    found = read(rule)
    assert 3 <= len(found) == len({case["case"] for case in found})
    assert {True, False} == {bool(case["finds"]) for case in found}
    assert all(set(case) <= KEYS for case in found)


def under(line: str, place: Location) -> str:
    """The text of a place, or of its first line."""
    return line[place.column - 1 : place.end_column - 1 if place.end_line == place.line else None]


def proofs(loaded: Loaded) -> Proofs:
    pytest.importorskip("z3", reason="the extra `prove` is not installed")
    assert loaded.charter is not None
    return Proofs(lower(loaded.charter), budget_s=60)


@pytest.mark.parametrize(("rule", "case"), cases())
def test_case(rule: str, case: dict[str, Any]) -> None:
    """The rule underlines exactly the texts that the case names, in the file's order, with the weight it names."""
    files = within({**NEARBY, **case.get("files", {})})
    loaded = load_text(whole(case["charter"]), files=files)
    if "lock" in case and loaded.charter is not None:
        loaded = load_text(whole(case["charter"]), files=files, lock=pinned(loaded.charter, case["lock"]))
    assert () == loaded.findings
    assert loaded.source is not None
    where = deployed(case["deployment"]) if "deployment" in case else None
    hits = [finding for finding in lint(loaded, where) if finding.rule == rule]
    if case.get("prove"):
        assert [] == hits
        hits = [finding for finding in lint(loaded, where, proofs(loaded)) if finding.rule == rule]
    told = [f"{hit.message}; {hit.hint}" for hit in hits]
    underlined = [under(loaded.source.line(hit.location.line), hit.location) for hit in hits]
    assert case["finds"] == underlined, told
    assert case.get("weighs", [SEVERITY[rule]] * len(hits)) == [hit.severity.value for hit in hits]
    if "lines" in case:
        assert case["lines"] == [hit.location.line for hit in hits]
    for words in case.get("says", []):
        assert any(words in one for one in told), told
