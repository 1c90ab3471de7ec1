"""A condition that lets pass everything but what it names: what nobody thought of passes too."""

from __future__ import annotations

from collections.abc import Iterator

from govern.charter.model import Charter, Form
from govern.conditions.tree import Call, ListLit, Lit, Node
from govern.findings import Confidence, Severity
from govern.lint.hit import Hit, listed
from govern.lint.paths import Path, judged
from govern.lint.sites import Site, sites

SEVERITY = Severity.NOTE
CONFIDENCE = Confidence.LOW


def check(charter: Charter) -> Iterator[Hit]:
    for site in sites(charter):
        if site.rule is None or site.rule.form is Form.ONLY_IF:
            yield from _condition(site)


def _condition(site: Site) -> Iterator[Hit]:
    barred: dict[Path, list[str]] = {}
    first: dict[Path, Node] = {}
    allowed: set[Path] = set()
    for part in judged(site.clause.condition.tree):
        match part.atom:
            case Call("==" | "!=" | "in" as fn, (subject, Lit(str()) | ListLit() as other)):
                path = part.argument(subject)
                words = [str(literal.value) for literal in part.texts(other)]
                if not path or not words or part.direction is None:
                    continue
                if part.direction is (site.permits if fn != "!=" else not site.permits):
                    allowed.add(path)
                else:
                    barred.setdefault(path, []).extend(words)
                    first.setdefault(path, part.atom)
    for path, words in barred.items():
        if path not in allowed and _open(site, path):
            node = first[path]
            what = "goes without approval" if site.rule is None else "passes"
            message = f"everything but {listed(words)} {what}, also what nobody thought of"
            yield Hit(message, site.clause.place(node.start, node.end), "name what may pass instead")


def _open(site: Site, path: Path) -> bool:
    """Whether the schemas leave open which values there are."""
    said = site.schemas(path)
    return len(said) < max(len(site.tools), 1) or any("enum" not in each and "const" not in each for each in said)
