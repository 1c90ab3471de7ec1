"""A condition that has one outcome whatever the call says."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from govern.charter.model import Charter
from govern.conditions.tree import Lit, Name, bind, walk
from govern.findings import Confidence, Severity
from govern.lint.hit import Hit
from govern.lint.logic import possible
from govern.lint.sites import Site, sites

if TYPE_CHECKING:
    from govern.lint.proofs import Proofs

SEVERITY = Severity.WARNING
CONFIDENCE = Confidence.HIGH


def check(charter: Charter) -> Iterator[Hit]:
    for site in sites(charter):
        found = _by_form(charter, site)
        if not (_open(found) or _says_always(site)):
            yield _hit(site, found)


def check_proven(charter: Charter, proofs: Proofs) -> Iterator[Hit]:
    for site in sites(charter):
        if _open(_by_form(charter, site)) and site.tools:
            found = _proven(site, proofs)
            if found is not None and not _open(found):
                yield _hit(site, found)


def _by_form(charter: Charter, site: Site) -> set[bool | None]:
    """Values that the condition may take for all that its form says."""
    tree = site.clause.condition.tree
    found = set(possible(tree))
    if _asks_for_tool(site) and site.tools:
        each = [possible(bind(tree, {"tool": tool.name, "agent": charter.agent})) for tool in site.tools]
        found &= set().union(*each)
    return found


def _proven(site: Site, proofs: Proofs) -> set[bool | None] | None:
    """Values that it takes for some call, whatever the input schemas say; None where the solver does not know."""
    condition = site.clause.condition
    found: set[bool | None] = set()
    for tool in site.tools if _asks_for_tool(site) else site.tools[:1]:
        true = proofs.some(tool.name, lambda asked: (asked.true(condition),))
        false = proofs.some(tool.name, lambda asked: (asked.false(condition),))
        unknown = (true and false) or proofs.some(tool.name, lambda asked: (asked.unknown(condition),))
        if true is None or false is None or unknown is None:
            return None
        found |= {value for value, some in ((True, true), (False, false), (None, unknown)) if some}
        if _open(found):
            break
    return found


def _asks_for_tool(site: Site) -> bool:
    tree = site.clause.condition.tree
    return any(isinstance(node, Name) and node.name in ("tool", "agent") for node in walk(tree))


def _open(found: set[bool | None]) -> bool:
    return True in found and False in found


def _hit(site: Site, found: set[bool | None]) -> Hit:
    place = site.clause.place(0, len(site.clause.condition.text))
    return Hit(f"this condition is {_says(found)}: {_means(site, found)}", place, _HINT)


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
