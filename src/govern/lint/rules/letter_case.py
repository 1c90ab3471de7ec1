"""A comparison that letter case slips past, or that no text in lower case can ever meet."""

from __future__ import annotations

import re
from collections.abc import Iterator

from govern.charter.model import Charter
from govern.conditions.tree import Call, ListLit, Lit, Node
from govern.findings import Confidence, Fix, Severity
from govern.lint.hit import Hit
from govern.lint.paths import Judged, judged
from govern.lint.sites import Site, rewrite, sites

SEVERITY = Severity.WARNING
CONFIDENCE = Confidence.HIGH

_LOWERED = ("lower", "domain", "url.host", "url.scheme")
_TEXT = ("==", "in", "startsWith", "endsWith", "contains")
_NAME = r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?"
# An address or a part of one, a host with an ending, a scheme: what means the same in any case.
_FOLDED = re.compile(
    rf"[\w.+-]+@|[\w.+-]*@{_NAME}(?:\.{_NAME})*|\.?(?:{_NAME}\.)+[a-z]{{2,}}|[a-z][a-z+]*://(?:{_NAME}(?:\.{_NAME})*/?)?",
    re.IGNORECASE,
)
_FILE = re.compile(
    r"(?i).*\.(?:bin|cfg|conf|css|csv|docx?|env|exe|gz|html?|ini|ipynb|jar|jpe?g|js|json|key|lock|log|md|pdf|pem|php|"
    r"png|pptx?|py|rb|rs|sh|sql|svg|tar|toml|ts|txt|xlsx?|xml|ya?ml|zip)"
)


def check(charter: Charter) -> Iterator[Hit]:
    for site in sites(charter):
        for part in judged(site.clause.condition.tree):
            match part.atom:
                case Call(fn, (left, right)) if fn in (*_TEXT, "!="):
                    yield from _compared(site, part, fn, left, right)
                    if fn in ("==", "!="):
                        yield from _compared(site, part, fn, right, left)


def _compared(site: Site, part: Judged, fn: str, subject: Node, other: Node) -> Iterator[Hit]:
    literals = part.texts(other)
    if isinstance(subject, Call) and subject.fn in _LOWERED:
        for literal in literals:
            text = str(literal.value)
            if text != text.lower():
                shown = subject.fn.replace("url.", "url(…).")
                message = f"`{shown}` gives lower case: it never {_meets(fn)} `{text}`"
                place = site.clause.place(literal.start, literal.end)
                yield Hit(message, place, f"write `'{text.lower()}'`", fix=_lower_literals(site, part, fn, other))
        return
    path = part.argument(subject)
    direction = part.direction if fn != "!=" or part.direction is None else not part.direction
    if not path or not site.holds_back(direction):
        return
    for literal in literals:
        text = str(literal.value)
        if _FOLDED.fullmatch(text) and not _FILE.fullmatch(text) and text.upper() != text.lower():
            message = f"`{text.upper() if text.islower() else text.lower()}` is the same, and is not held back"
            place = site.clause.place(literal.start, literal.end)
            hint = "compare `lower(…)` with lower case"
            yield Hit(message, place, hint, fix=_lower_subject(site, part, fn, subject, other))
            return  # one finding a comparison: one `lower` mends it


def _meets(fn: str) -> str:
    verbs = {"startsWith": "begins with", "endsWith": "ends with", "contains": "holds"}
    return verbs.get(fn, "equals")


def _lower_literals(site: Site, part: Judged, fn: str, other: Node) -> Fix | None:
    """Lower case in the literals. Where they let calls pass, calls pass that none did before: not safe."""
    changes = _literal_changes(site, other)
    direction = part.direction if fn != "!=" or part.direction is None else not part.direction
    safe = direction is not None and direction is not site.permits
    return rewrite(site.clause, "write it in lower case", *changes, safe=safe) if changes else None


def _lower_subject(site: Site, part: Judged, fn: str, subject: Node, other: Node) -> Fix | None:
    """`lower()` around the argument: whatever met the text before still does."""
    text = site.clause.condition.text
    direction = part.direction if fn != "!=" or part.direction is None else not part.direction
    if direction is None or direction is site.permits or not isinstance(other, Lit | ListLit):
        return None
    mixed = [literal for literal in part.texts(other) if literal.value != str(literal.value).lower()]
    changes = _literal_changes(site, other)
    if mixed and not changes:
        return None
    lowered = (subject.start, subject.end, f"lower({text[subject.start : subject.end]})")
    return rewrite(site.clause, "compare in lower case", *sorted([lowered, *changes]))


def _literal_changes(site: Site, other: Node) -> list[tuple[int, int, str]]:
    """Each literal text in lower case; nothing where one is written with escapes."""
    text = site.clause.condition.text
    items = (other,) if isinstance(other, Lit) else other.items if isinstance(other, ListLit) else ()
    found = []
    for item in items:
        written = text[item.start : item.end]
        if isinstance(item.value, str) and item.value != item.value.lower():
            if written[1:-1] != item.value:
                return []
            found.append((item.start, item.end, written[0] + item.value.lower() + written[-1]))
    return found
