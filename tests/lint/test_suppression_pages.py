"""The pages of what can be wrong with a suppression: whole, true, and of the kinds that the code knows."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import govern.lint.suppress
from govern.charter.load import load_text
from govern.findings import Severity
from govern.lint.config import Configuration
from govern.lint.engine import page
from govern.lint.run import judge
from govern.lint.suppress import NOT_IN_REVISION, SEVERITIES

from .running import team

pytestmark = pytest.mark.usefixtures("few_rules")

PAGES = Path(govern.lint.suppress.__file__).parent / "pages"


def found(id: str, heading: str) -> list[tuple[str, Severity]]:
    block = re.search(rf"^## {heading}\n```yaml\n(.*?)^```$", page(id) or "", re.MULTILINE | re.DOTALL)
    assert block
    loaded = load_text(team(block[1]))
    assert () == loaded.findings
    findings = judge("charter.yaml", loaded, Configuration()).findings
    return [(one.rule, one.severity) for one in findings if one.rule != "role-unused"]


def test_a_page_for_each_and_no_other() -> None:
    assert sorted(SEVERITIES) == sorted(path.stem for path in PAGES.glob("*.md"))


@pytest.mark.parametrize("id", sorted(SEVERITIES))
def test_a_page_is_whole(id: str) -> None:
    """Its id, its severity and one sentence, then the usual parts; lines fit a terminal."""
    lines = (page(id) or "").splitlines()
    assert [f"# {id}", ""] == lines[:2]
    assert re.fullmatch(rf"\*{SEVERITIES[id].value.capitalize()}\.\* [A-Z].{{20,100}}\.", lines[2])
    shown = ["How it comes up"] if id == NOT_IN_REVISION else ["Avoid", "Prefer"]
    assert [*shown, "Why", "When to ignore"] == [line[3:] for line in lines if line.startswith("## ")]
    assert 120 >= max(map(len, lines))


@pytest.mark.parametrize("id", sorted(SEVERITIES.keys() - {NOT_IN_REVISION}))
def test_the_blocks_are_true(id: str) -> None:
    """The block to avoid gives the finding and no other of its kind; the block to prefer none."""
    assert [(id, SEVERITIES[id])] == found(id, "Avoid")
    assert [] == found(id, "Prefer")
