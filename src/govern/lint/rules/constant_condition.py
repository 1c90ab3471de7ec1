"""A condition that has one outcome whatever the call says."""

from __future__ import annotations

from collections.abc import Iterator

from govern.charter.model import Charter
from govern.conditions.tree import Lit, Name, bind, walk
from govern.findings import Confidence, Severity
from govern.lint.hit import Hit
from govern.lint.logic import possible
from govern.lint.sites import Site, sites

SEVERITY = Severity.WARNING
CONFIDENCE = Confidence.HIGH


def check(charter: Charter) -> Iterator[Hit]:
    for site in sites(charter):
        tree = site.clause.condition.tree
        found = set(possible(tree))
        if any(isinstance(node, Name) and node.name in ("tool", "agent") for node in walk(tree)) and site.tools:
            each = [possible(bind(tree, {"tool": tool.name, "agent": charter.agent})) for tool in site.tools]
            found &= set().union(*each)
        if (True in found and False in found) or _says_always(site):
            continue
        place = site.clause.place(0, len(site.clause.condition.text))
        yield Hit(f"this condition is {_says(found)}: {_means(site, found)}", place, _HINT)


def _says_always(site: Site) -> bool:
    """`when: "true"` of a rule for several tools is how a charter says that it applies to each of their calls."""
    tree = site.clause.condition.tree
    return site.shared and not site.permits and isinstance(tree, Lit) and tree.value is True


_HINT = "write what was meant, or take it out"


def _says(found: set[bool | None]) -> str:
    if found == {True}:
        return "always true"
    if found == {False}:
        return "always false"
    if True in found:
        return "never false"
    return "never true" if False in found else "always unknown"


def _means(site: Site, found: set[bool | None]) -> str:
    if site.permits not in found:
        return "the gate is never waived" if site.rule is None else "the rule always applies"
    if found == {site.permits}:
        return "the gate is always waived" if site.rule is None else "the rule never applies"
    what = "the gate holds" if site.rule is None else "the rule applies"
    return f"{what} only where an argument is missing or of another kind"
