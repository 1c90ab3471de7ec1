"""A host, an address or a link judged by a part of its text: others can put that part into theirs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from govern.charter.model import Charter
from govern.conditions.tree import Call, Lit
from govern.findings import Confidence, Fix, Severity
from govern.lint.hit import Hit
from govern.lint.paths import Judged, Path, judged, named
from govern.lint.sites import Site, rewrite, sites

SEVERITY = Severity.WARNING
CONFIDENCE = Confidence.MEDIUM

_MAILS: Final = frozenset(
    {"attendee", "bcc", "cc", "email", "from", "invitee", "mail", "participant", "recipient", "sender", "to"}
)
_LINKS: Final = frozenset({"callback", "endpoint", "href", "link", "uri", "url", "webhook", "website"})
_HOSTS: Final = frozenset({"domain", "host", "hostname", "origin", "site"})
_FORMATS: Final = {
    "email": "mail", "idn-email": "mail", "uri": "link", "iri": "link", "hostname": "host", "idn-hostname": "host",
}  # fmt: skip
_NAME = r"(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)+"
_DOMAIN = re.compile(_NAME, re.IGNORECASE)
_START = re.compile(rf"(?:[a-z][a-z0-9+.-]*://)?{_NAME}(?::[0-9]+)?", re.IGNORECASE)
_EVIL = "evil.example"


def check(charter: Charter) -> Iterator[Hit]:
    for site in sites(charter):
        for part in judged(site.clause.condition.tree):
            match part.atom:
                case Call("startsWith" | "endsWith" | "contains" as fn, (subject, other)):
                    path = part.argument(subject)
                    for literal in part.texts(other) if path and site.lets_pass(part.direction) else ():
                        yield from _literal(site, part, fn, path or (), literal)


def kind(site: Site, path: Path) -> str:
    """`mail`, `link` or `host`, by the schema's `format` or the argument's name; empty for anything else."""
    for schema in site.schemas(path):
        if schema.get("format") in _FORMATS:
            return _FORMATS[schema["format"]]
    known = ((_MAILS, "mail"), (_LINKS, "link"), (_HOSTS, "host"))
    return next((what for names, what in known if named(path, names)), "")


def _literal(site: Site, part: Judged, fn: str, path: Path, literal: Lit) -> Iterator[Hit]:
    text, what = str(literal.value), kind(site, path)
    found = _wrong(fn, text, what)
    if found is None:
        return
    witness, hint, inserted = found
    message = f"`{witness}` passes too: a text that {_says(fn)} this may belong to anybody"
    fix = _insert(site, part, literal, *inserted) if inserted else None
    yield Hit(message, site.clause.place(literal.start, literal.end), hint, fix=fix)


def _wrong(fn: str, text: str, what: str) -> tuple[str, str, tuple[int, str] | None] | None:
    """A text of somebody else that passes, what to write, and the character that mends it where one does."""
    mail = what == "mail" or (text.startswith("@") and what == "")
    name = text.lstrip("@.")
    if fn == "startsWith":
        if not _START.fullmatch(text) or what not in ("link", "host"):
            return None
        host = text.rpartition("://")[2]
        hint = f"compare `url(…).host == '{host}'`" if what == "link" else f"compare `== '{host}'`"
        return f"{text}.{_EVIL}", hint, (len(text), "/") if "://" in text else None
    if not _DOMAIN.fullmatch(name) or (what == "" and not text.startswith("@")):
        return None
    judge = f"`domain(…) == '{name}'`" if mail else f"`url(…).host == '{name}'`" if what == "link" else f"`== '{name}'`"
    if fn == "contains":
        other = (
            f"mallory@{name}.{_EVIL}" if mail else f"https://{_EVIL}/?{text}" if what == "link" else f"{name}.{_EVIL}"
        )
        return other, f"compare {judge}", None
    if what == "link":
        return f"https://{_EVIL}/?{text}", f"compare {judge}", None
    if text[0] in "@.":
        return None  # the end of an address or of a host, from its first sign on
    other = f"mallory@evil{name}" if mail else f"evil{name}"
    sign = "@" if mail else "."
    return other, f"compare {judge}, or write `'{sign}{name}'`", (0, sign)


def _says(fn: str) -> str:
    return {"startsWith": "begins with", "endsWith": "ends with", "contains": "holds"}[fn]


def _insert(site: Site, part: Judged, literal: Lit, at: int, sign: str) -> Fix | None:
    """One more character that the text must have: it lets less pass where the atom only ever lets pass."""
    text = site.clause.condition.text
    written = text[literal.start : literal.end]
    if part.direction is not site.permits or written[1:-1] != literal.value or part.written:
        return None
    place = literal.start + 1 + at
    return rewrite(site.clause, f"demand the `{sign}` as well", (place, place, sign))
