"""A dot in a pattern that means a dot in a host's name, and matches any character."""

from __future__ import annotations

import re
from collections.abc import Iterator

from govern.charter.model import Charter
from govern.conditions.tree import Call, Lit
from govern.findings import Confidence, Fix, Severity
from govern.lint.hit import Hit
from govern.lint.paths import judged
from govern.lint.sites import Site, rewrite, sites

SEVERITY = Severity.WARNING
CONFIDENCE = Confidence.HIGH

# A host as people write one: labels, also behind a group or a class, and an ending that is no word of a pattern.
_HOST = re.compile(
    r"(?:(?<=[)*+\]}])\.|(?<![\w\\]))(?:[a-z0-9-]+(?:\.|\\\.|\[\.\]))+"
    r"(?:com|org|net|io|dev|gov|edu|example|test|local|internal|co|eu|de|uk|fr|ch|at|us|ai|app|cloud)(?![\w-])",
    re.IGNORECASE,
)
_DOT = re.compile(r"(?<!\\)(?<!\[)\.")


def check(charter: Charter) -> Iterator[Hit]:
    for site in sites(charter):
        for part in judged(site.clause.condition.tree):
            match part.atom:
                case Call("matches", (_, Lit(str(pattern)) as literal)) if site.lets_pass(part.direction):
                    for host in _HOST.finditer(pattern):
                        dots = [host.start() + dot.start() for dot in _DOT.finditer(host[0])]
                        if dots:
                            yield _hit(site, literal, pattern, host, dots, part.direction is site.permits)


def _hit(site: Site, literal: Lit, pattern: str, host: re.Match[str], dots: list[int], one_way: bool) -> Hit:
    wrong = host[0][: dots[0] - host.start()] + "x" + host[0][dots[0] - host.start() + 1 :]
    wrong = wrong.replace("\\.", ".").replace("[.]", ".")
    message = f"the dot matches any character: `{wrong}` is taken for it too"
    text = site.clause.condition.text
    inside = literal.start + text[literal.start : literal.end].find(pattern)
    # Escapes move the pattern inside its quotes: then the whole literal is the place.
    exact = inside >= literal.start and text[inside : inside + len(pattern)] == pattern
    first, last = (inside + host.start(), inside + host.end()) if exact else (literal.start, literal.end)
    fix: Fix | None = None
    if exact and one_way:
        fix = rewrite(site.clause, "make the dot a dot", *((inside + dot, inside + dot + 1, "[.]") for dot in dots))
    return Hit(message, site.clause.place(first, last), "write `[.]`", fix=fix)
