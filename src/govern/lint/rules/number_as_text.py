"""A number written as text, and compared by order: text is ordered character by character."""

from __future__ import annotations

import re
from collections.abc import Iterator

from govern.charter.model import Charter
from govern.conditions.tree import Call, Lit, Node
from govern.findings import Confidence, Severity
from govern.lint.hit import Hit
from govern.lint.paths import Judged, judged, kinds_at
from govern.lint.sites import Site, sites

SEVERITY = Severity.WARNING
CONFIDENCE = Confidence.HIGH

_NUMBER = re.compile(r"[-+]?[0-9]+(?:[.,][0-9]+)*%?")


def check(charter: Charter) -> Iterator[Hit]:
    for site in sites(charter):
        for part in judged(site.clause.condition.tree):
            match part.atom:
                case Call("<" | "<=" | ">" | ">=", (left, right)):
                    yield from _side(site, part, left, right)
                    yield from _side(site, part, right, left)


def _side(site: Site, part: Judged, side: Node, other: Node) -> Iterator[Hit]:
    path = part.argument(side)
    if not (path and isinstance(other, Lit) and isinstance(other.value, str) and _NUMBER.fullmatch(other.value)):
        return
    said = [kinds_at(tool.input.schema, path) for tool in site.tools if tool.input is not None]
    if any(kinds is not None and "string" not in kinds for kinds in said):
        return  # `wrong-type` says it
    message = f"text is ordered character by character: {_example(other.value)}"
    hint = f"make it a number in `input`, and write `{other.value.rstrip('%')}` without quotes"
    yield Hit(message, site.clause.place(other.start, other.end), hint)


def _example(text: str) -> str:
    """Two numbers whose order as text is the wrong one, with the literal itself where it is a plain number."""
    if text.isdigit() and f"1{'0' * len(text)}" < text:
        return f"`'1{'0' * len(text)}'` comes before `'{text}'`"
    return f"`'9'` comes after `'{text}'`" if text.isdigit() and len(text) > 1 else "`'10'` comes before `'9'`"
