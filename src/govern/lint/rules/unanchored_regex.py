"""A pattern that lets a call pass and may match in the middle: `matches` searches, it does not compare."""

from __future__ import annotations

import re
from collections.abc import Iterator

from govern.charter.model import Charter
from govern.conditions.tree import Call, Lit
from govern.findings import Confidence, Fix, Severity
from govern.lint.hit import Hit
from govern.lint.logic import signed
from govern.lint.sites import Site, rewrite, sites

SEVERITY = Severity.WARNING
CONFIDENCE = Confidence.MEDIUM
# A pattern that stops at a delimiter is a prefix that was meant: what follows cannot change its last word.
_DELIMITED = ("_", "-", "/", ":", "@", "=", r"\s", "[[:space:]]", r"\b", "$", r"\z", ".*")
_FLAGS = re.compile(r"\(\?[a-zA-Z-]+\)")


def check(charter: Charter) -> Iterator[Hit]:
    for site in sites(charter):
        for atom, direction in signed(site.clause.condition.tree):
            match atom:
                case Call("matches", (_, Lit(str(pattern)) as literal)) if direction in (site.permits, None):
                    yield from _pattern(pattern, literal, site, direction)


def _pattern(pattern: str, literal: Lit, site: Site, direction: bool | None) -> Iterator[Hit]:
    at = site.clause.place(literal.start, literal.end)
    parts = alternatives(_FLAGS.sub("", pattern, count=1) if _FLAGS.match(pattern) else pattern)
    begins = all(part.startswith(("^", r"\A")) for part in parts)
    ends = all(part.endswith((r"\z", "$")) and not part.endswith(r"\$") for part in parts)
    if not begins:
        hint = f"anchor it: `^(?:{pattern})$`"
        fix = None if direction is None else _anchored(literal, site)
        yield Hit("the pattern may match anywhere in the text", at, hint, fix=fix)
    elif not ends and not all(part.endswith(_DELIMITED) for part in parts):
        hint = "end it with `$`, or with `.*$` to say that anything may follow"
        yield Hit("the pattern lets anything follow what it matches", at, hint, Severity.NOTE)


def _anchored(literal: Lit, site: Site) -> Fix | None:
    """Anchors at both ends, so that it matches less. Unsafe: it may have been meant to search."""
    written = site.clause.condition.text[literal.start : literal.end]
    if len(written) < 2 or written[0] not in "'\"" or written[0] != written[-1]:  # a raw string has a prefix
        return None
    message = "anchor the pattern at both ends"
    changes = ((literal.start + 1, literal.start + 1, "^(?:"), (literal.end - 1, literal.end - 1, ")$"))
    return rewrite(site.clause, message, *changes, safe=False)


def alternatives(pattern: str) -> list[str]:
    """The parts of a pattern between the `|` that stand outside groups and classes."""
    parts: list[str] = []
    depth = at = start = opened = 0
    in_class = False
    while at < len(pattern):
        char = pattern[at]
        if char == "\\":
            at += 2
            continue
        if in_class:
            in_class = char != "]" or at == opened + 1
        elif char == "[":
            in_class, opened = True, at + (pattern[at + 1 : at + 2] == "^")
        elif char == "(":
            depth += 1
        elif char == ")":
            depth -= 1
        elif char == "|" and depth == 0:
            parts.append(pattern[start:at])
            start = at + 1
        at += 1
    return [*parts, pattern[start:]]
