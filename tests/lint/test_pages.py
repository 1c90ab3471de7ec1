"""Every id that can be printed has a page, and every page's blocks do what it says."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from govern.charter.load import load_text
from govern.conditions import ConditionError, parse_condition
from govern.lint.engine import lint, lint_rules, page, page_ids

from .fragments import whole

SOURCE = Path(__file__).parents[2] / "src" / "govern"
LINT_IDS = {rule.id for rule in lint_rules()}
# Wrong with the file as such: no block of YAML shows it. tests/charter has them.
OF_THE_FILE = {
    "control-character",
    "file-empty",
    "file-encoding",
    "file-too-large",
    "file-unreadable",
    "hidden-character",
    "odd-line-break",
    "yaml-too-deep",
}


def printed_ids() -> set[str]:
    """Every literal of the loader and of conditions that looks like the id of a finding."""
    found: set[str] = set()
    for folder in ("charter", "conditions"):
        for path in (SOURCE / folder).glob("*.py"):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    found |= {node.value} if re.fullmatch(r"[a-z]+(-[a-z]+)+", node.value) else set()
    return found - {"utf-8"} - OTHER_WORDS


# Formats of JSON Schema, which look like ids.
OTHER_WORDS = {"date-time", "idn-email", "idn-hostname", "json-pointer", "relative-json-pointer", "uri-reference",
               "iri-reference", "uri-template"}  # fmt: skip


def block(text: str, title: str) -> str | None:
    match = re.search(rf"^## {title}\n\n```yaml\n(.*?)```", text, re.MULTILINE | re.DOTALL)
    return match[1] if match else None


def test_every_id_has_a_page_and_every_page_an_id() -> None:
    """`govern explain` knows every id that a finding can have, and no other."""
    assert set(page_ids()) == printed_ids() | LINT_IDS


@pytest.mark.parametrize("id", page_ids())
def test_a_page_is_whole(id: str) -> None:
    """A page has its id, severity, reason, and when the finding may stand."""
    text = page(id)
    assert text is not None
    assert text.startswith(f"# {id}\n\n*")
    assert "\n## Why\n" in text
    assert "\n## When to ignore\n" in text
    assert (id in OF_THE_FILE) == (block(text, "Avoid") is None)


@pytest.mark.parametrize("id", sorted(set(page_ids()) - OF_THE_FILE))
def test_avoid_gives_the_finding_and_prefer_does_not(id: str) -> None:
    """The block to avoid gives the finding; the block to prefer loads and does not."""
    text = page(id) or ""
    avoid, prefer = block(text, "Avoid"), block(text, "Prefer")
    assert avoid is not None
    assert prefer is not None
    assert id in {finding.rule for finding in lint(load_text(whole(avoid)))}
    loaded = load_text(whole(prefer))
    assert () == loaded.findings
    assert id not in {finding.rule for finding in lint(loaded)}


@pytest.mark.parametrize("rule", lint_rules(), ids=lambda rule: rule.id)
def test_a_page_states_the_severity_of_its_rule(rule) -> None:  # type: ignore[no-untyped-def]
    """The page and the code agree on how much a finding weighs."""
    assert f"*{rule.severity.value.capitalize()}.*" in (page(rule.id) or "")


def test_conditions_in_prose_are_conditions() -> None:
    """A whole condition that a page recommends in its text can be parsed."""
    for id in page_ids():
        for code in re.findall(r"`(!?has\([^`]*?\) (?:&&|\|\|) [^`…]+)`", page(id) or ""):
            try:
                parse_condition(code)
            except ConditionError as error:
                pytest.fail(f"{id}: {code}: {error}")
