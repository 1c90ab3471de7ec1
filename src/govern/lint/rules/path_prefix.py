"""A path judged by its beginning or by a part of it: `/srv/reports/../../etc/passwd` begins with `/srv/reports`."""

from __future__ import annotations

import re
from collections.abc import Iterator

import re2

from govern.charter.model import Charter
from govern.conditions.tree import Call, Lit
from govern.conditions.values import lexical_path
from govern.findings import Confidence, Fix, Severity
from govern.lint.hit import Hit
from govern.lint.paths import Judged, Path, judged, named
from govern.lint.sites import Site, rewrite, sites

SEVERITY = Severity.WARNING
CONFIDENCE = Confidence.MEDIUM

_PATHS = frozenset({"dir", "directory", "file", "filename", "filepath", "folder", "path"})
_PROSE = frozenset({"body", "command", "comment", "content", "message", "note", "prompt", "query", "text", "title"})
_AWAY = "../../etc/passwd"
# What a pattern begins with, as far as it is plain text.
_PLAIN = re.compile(r"(?:\^|\\A)((?:[A-Za-z0-9_/ -]|\[\.\]|\\\.)+)(?![*?{])")


def check(charter: Charter) -> Iterator[Hit]:
    for site in sites(charter):
        for part in judged(site.clause.condition.tree):
            match part.atom:
                case Call("startsWith" | "contains" | "matches" as fn, (subject, other)):
                    path = part.argument(subject)
                    for literal in part.texts(other):
                        if path and _is_path(path, str(literal.value)) and not _climbs(site, path):
                            yield from _literal(site, part, fn, path, literal)


def _is_path(path: Path, text: str) -> bool:
    """Whether a path is meant, by the argument's name or by the literal: `/srv/reports`."""
    plain = text.lstrip("^")
    if "/" not in plain or not plain.strip("/") or "://" in plain or named(path, _PROSE):
        return False
    return named(path, _PATHS) or bool(re.match(r"/[\w.-]+/[\w.-]+", plain))


def _climbs(site: Site, path: Path) -> bool:
    """Whether the condition, or another one on the same tools, looks for `..` in the argument."""
    for tool in site.tools:
        clauses = [rule.clause for rule in tool.rules] + [site.clause]
        found = False
        for clause in clauses:
            for part in judged(clause.condition.tree):
                match part.atom:
                    case Call("contains", (subject, Lit(".." | "../"))) if part.argument(subject) == path:
                        found = True
                    case Call("within", (subject, _)) if part.argument(subject) == path:
                        found = True
        if not found:
            return False
    return bool(site.tools)


def _literal(site: Site, part: Judged, fn: str, path: Path, literal: Lit) -> Iterator[Hit]:
    text = str(literal.value)
    start = text
    if fn == "matches":
        plain = _PLAIN.match(text)
        if plain is None:
            return
        start = plain[1].replace("[.]", ".").replace("\\.", ".")
    if site.lets_pass(part.direction):
        witness = next((each for each in _outside(start) if _matches(fn, text, each)), None)
        if witness is None or not _valid(site, path, witness):
            return
        message = f"`{witness}` passes too: a text that {_says(fn)} this may lead anywhere"
    else:
        folder = "/" + start.strip("/")
        witness = f"/srv/..{folder}"
        if not start.startswith("/") or fn != "startsWith" or not _valid(site, path, witness):
            return
        message = f"`{witness}` is the same place and does not begin with this: it is not held back"
    place = site.clause.place(literal.start, literal.end)
    yield Hit(message, place, _hint(part, start), fix=_fix(site, part, fn, start))


def _outside(start: str) -> list[str]:
    """Texts that begin as asked and lead out."""
    return [f"{start.rstrip('/')}/{_AWAY}", f"{start}{_AWAY}", f"{start}x/{_AWAY}"]


def _matches(fn: str, text: str, witness: str) -> bool:
    return fn != "matches" or re2.compile(text).search(witness) is not None


def _valid(site: Site, path: Path, witness: str) -> bool:
    """Whether the input schema of some tool lets the text through, as far as it is plain to see."""
    said = site.schemas(path)
    if len(said) < len(site.tools) or not said:
        return True
    return any("enum" not in each and "const" not in each and _fits(each.get("pattern"), witness) for each in said)


def _fits(pattern: object, witness: str) -> bool:
    return not isinstance(pattern, str) or re2.compile(pattern).search(witness) is not None


def _says(fn: str) -> str:
    return {"startsWith": "begins with", "contains": "holds", "matches": "matches"}[fn]


def _hint(part: Judged, start: str) -> str:
    if start.startswith("/"):
        folder = start.rstrip("/")
        return f"write `within(…, '{folder}')`: it is unknown for `..`, `//` and `\\`, and unknown never passes"
    return "demand absolute paths and write `within(…)`, or deny where it contains `..`"


def _fix(site: Site, part: Judged, fn: str, start: str) -> Fix | None:
    """`within` where it lets less pass: what it holds for begins with the literal, and is plain.

    Behind a folder written with its `/` it also holds for the folder itself, which did not pass: not safe.
    """
    atom, folder = part.atom, start.rstrip("/")
    if fn != "startsWith" or not isinstance(atom, Call) or part.direction is not site.permits:
        return None
    subject, other = atom.operands
    if not isinstance(other, Lit) or isinstance(subject, Call) or lexical_path(folder) is None or "'" in folder:
        return None
    text = site.clause.condition.text
    quote = text[other.start]
    new = f"within({text[subject.start : subject.end]}, {quote}{folder}{quote})"
    return rewrite(site.clause, "use `within`", (atom.start, atom.end, new), safe=start == folder)
