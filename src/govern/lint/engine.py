"""Runs the rules over a charter. A rule says what is special to it; severity, file and order are added here.

Leaves out suppressions and configuration: every finding of every rule is given.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

from govern.charter.load import Loaded
from govern.charter.model import Charter
from govern.findings import Confidence, Finding, Severity
from govern.lint.hit import Hit

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

_RULES = "govern.lint.rules"
_PAGES = ((_RULES, ""), ("govern.charter", "pages"))


@dataclass(frozen=True, slots=True)
class LintRule:
    """A rule: its id is its module's name with hyphens."""

    id: str
    severity: Severity
    confidence: Confidence
    check: Callable[[Charter], Iterable[Hit]]


@cache
def lint_rules() -> tuple[LintRule, ...]:
    """Every rule of `govern.lint.rules`, by name."""
    package = import_module(_RULES)
    found = []
    for info in sorted(pkgutil.iter_modules(package.__path__), key=lambda info: info.name):
        module = import_module(f"{_RULES}.{info.name}")
        found.append(LintRule(info.name.replace("_", "-"), module.SEVERITY, module.CONFIDENCE, module.check))
    return tuple(found)


def lint(loaded: Loaded) -> tuple[Finding, ...]:
    """All findings of a file: the errors that keep it from loading, or the rules' advice."""
    if loaded.charter is None:
        return loaded.findings
    found = {
        Finding(
            rule.id,
            hit.severity or rule.severity,
            hit.message,
            hit.at,
            hit.hint,
            hit.confidence or rule.confidence,
            hit.fix,
        )
        for rule in lint_rules()
        for hit in rule.check(loaded.charter)
    }
    return tuple(sorted(found, key=lambda finding: finding.sort_key))


def page(id: str) -> str | None:
    """The page of a rule or of a loading error, as Markdown; None if there is no such id."""
    for place in _folders():
        if f"{id}.md" in {entry.name for entry in place.iterdir()}:
            return place.joinpath(f"{id}.md").read_text("utf-8")
    return None


def _folders() -> list[Traversable]:
    from importlib.resources import files  # 7 ms: lint itself shows no page

    return [files(package).joinpath(folder) if folder else files(package) for package, folder in _PAGES]


def page_ids() -> tuple[str, ...]:
    """Every id that has a page."""
    return tuple(
        sorted(
            entry.name.removesuffix(".md")
            for place in _folders()
            for entry in place.iterdir()
            if entry.name.endswith(".md")
        )
    )
