"""A command, a query or a script judged by looking for words in it: the same can always be said otherwise."""

from __future__ import annotations

import re
from collections.abc import Iterator

from govern.charter.model import Charter
from govern.conditions.tree import Call, Lit, Node
from govern.findings import Confidence, Severity
from govern.lint.hit import Hit
from govern.lint.paths import Judged, Path, judged, named
from govern.lint.rules.unanchored_regex import alternatives
from govern.lint.sites import Site, asked_always, sites

SEVERITY = Severity.WARNING
CONFIDENCE = Confidence.MEDIUM

_CODE = frozenset(
    {"bash", "cmd", "code", "command", "eval", "expression", "javascript", "python", "script", "shell", "snippet",
     "sql", "statement"}
)  # fmt: skip
_QUERY = frozenset({"query"})  # may be words of a search: code only where the condition looks for SQL
_SQL = re.compile(
    r"(?i)(?<![a-z])(?:select|insert|update|delete|drop|truncate|alter|grant|from|where|union|create)(?![a-z])"
)
# What stands for more than one written character: with it, a pattern says nothing of what a language makes of a text.
_OPEN = re.compile(r"(?<!\\)(?:\\\\)*(?:\.|\[\^|\\[DSWPpX])")


def check(charter: Charter) -> Iterator[Hit]:
    for site in sites(charter):
        seen: set[Path] = set()
        for part in judged(site.clause.condition.tree):
            match part.atom:
                case Call("startsWith" | "endsWith" | "contains" | "matches" as fn, (subject, other)):
                    path = part.argument(subject)
                    if path and path not in seen and _is_code(site, path) and not _closed(site, part, fn, other):
                        seen.add(path)
                        yield _hit(site, part.atom, path)


def _is_code(site: Site, path: Path) -> bool:
    return named(path, _CODE) or (named(path, _QUERY) and bool(_SQL.search(site.clause.condition.text)))


def _closed(site: Site, part: Judged, fn: str, other: Node) -> bool:
    """Whether a pattern writes out every text that may pass, from beginning to end."""
    if fn != "matches" or part.direction is not site.permits:
        return False
    match other:
        case Lit(str(pattern)):
            whole = re.sub(r"^\(\?[a-z]+\)", "", pattern)
            ends = all(re.match(r"\^|\\A", one) and re.search(r"(?<!\\)\$$|\\z$", one) for one in alternatives(whole))
            return ends and not _OPEN.search(whole.replace("[.]", "").replace("\\.", ""))
        case _:
            return False


def _hit(site: Site, atom: Call, path: Path) -> Hit:
    name = "args." + ".".join(str(part) for part in path if isinstance(part, str))
    what = f"`{name}` is code, and its text does not tell what it does"
    place = site.clause.place(atom.start, atom.end)
    if site.rule is not None and site.tools and all(asked_always(tool) for tool in site.tools):
        return Hit(f"{what}: who approves must not rely on this", place, _HINT, Severity.NOTE)
    way = "what may pass can be written to do more" if site.permits else "what is looked for can be written otherwise"
    return Hit(f"{what}: {way}, and then nobody is asked", place, _HINT)


_HINT = "ask a gate for each call, take typed arguments instead, or list whole texts with `in`"
