"""Runs the rules over a charter. A rule says what is special to it; severity, file and order are added here.

Leaves out suppressions, configuration and baseline (`run`): every finding of every rule is given.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Callable, Iterable, Iterator
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

    from govern.charter.deployment import Deployment
    from govern.lint.proofs import Proofs

_RULES = "govern.lint.rules"
_LOADING = ("govern.charter", "pages")
_PAGES = ((_RULES, ""), ("govern.lint", "pages"), _LOADING)


@dataclass(frozen=True, slots=True)
class LintRule:
    """A rule: its id is its module's name with hyphens. It looks at a charter, or at a charter where it is deployed.

    Args:
        check_proven: looks again where the solver is asked: what it gives is not among what `check` gives.
    """

    id: str
    severity: Severity
    confidence: Confidence
    check: Callable[[Charter], Iterable[Hit]] | None
    check_deployed: Callable[[Charter, Deployment], Iterable[Hit]] | None = None
    check_proven: Callable[[Charter, Proofs], Iterable[Hit]] | None = None

    def hits(self, charter: Charter, deployment: Deployment | None, proofs: Proofs | None = None) -> Iterable[Hit]:
        """What the rule finds; one that asks for the deployment finds nothing without it."""
        if self.check is not None:
            yield from self.check(charter)
        elif self.check_deployed and deployment:
            yield from self.check_deployed(charter, deployment)
        if self.check_proven and proofs is not None:
            yield from self.check_proven(charter, proofs)


@cache
def lint_rules() -> tuple[LintRule, ...]:
    """Every rule of `govern.lint.rules`, by name."""
    package = import_module(_RULES)
    found = []
    for info in sorted(pkgutil.iter_modules(package.__path__), key=lambda info: info.name):
        module = import_module(f"{_RULES}.{info.name}")
        checks = (getattr(module, name, None) for name in ("check", "check_deployed", "check_proven"))
        found.append(LintRule(info.name.replace("_", "-"), module.SEVERITY, module.CONFIDENCE, *checks))
    return tuple(found)


def lint(loaded: Loaded, deployment: Deployment | None = None, proofs: Proofs | None = None) -> tuple[Finding, ...]:
    """All findings of a file: the errors that keep it from loading, or the rules' advice.

    Args:
        deployment: where the charter is to run: who holds its roles, and how they are told.
        proofs: of this charter; None asks no solver.
    """
    if loaded.charter is None:
        from govern.lint.loading_fixes import with_fixes

        return with_fixes(loaded.findings, loaded.source)
    found = {
        Finding(
            rule.id,
            hit.severity or rule.severity,
            hit.message,
            hit.at,
            hit.hint,
            hit.confidence or rule.confidence,
            # A fix edits the file that is linted: what it is composed with may be somebody else's.
            hit.fix if loaded.charter.here(hit.at) else None,
        )
        for rule in lint_rules()
        for hit in rule.hits(loaded.charter, deployment, proofs)
    }
    return tuple(sorted(found, key=lambda finding: finding.sort_key))


def rule_ids() -> frozenset[str]:
    """The ids that a configuration may weigh: the rules, and what can be wrong with a suppression."""
    from govern.lint.suppress import SEVERITIES

    return frozenset({rule.id for rule in lint_rules()} | SEVERITIES.keys())


def loading_ids() -> frozenset[str]:
    """The ids of what keeps a charter from loading: nothing lowers, hides or suppresses these."""
    return frozenset(_ids([_LOADING]))


def page(id: str) -> str | None:
    """The page of a rule or of a loading error, as Markdown; None if there is no such id."""
    for place in _folders():
        if f"{id}.md" in {entry.name for entry in place.iterdir()}:
            return place.joinpath(f"{id}.md").read_text("utf-8")
    return None


def _folders(places: Iterable[tuple[str, str]] = _PAGES) -> list[Traversable]:
    from importlib.resources import files  # 7 ms: lint itself shows no page

    return [files(package).joinpath(folder) if folder else files(package) for package, folder in places]


def page_ids() -> tuple[str, ...]:
    """Every id that has a page."""
    return tuple(sorted(_ids(_PAGES)))


def _ids(places: Iterable[tuple[str, str]]) -> Iterator[str]:
    return (
        entry.name.removesuffix(".md")
        for place in _folders(places)
        for entry in place.iterdir()
        if entry.name.endswith(".md")
    )
