"""A scope that is always held and lets change: what goes around the boundary needs no released call."""

from __future__ import annotations

from collections.abc import Iterator

from govern.charter.model import Charter
from govern.findings import Confidence, Severity
from govern.lint.hit import Hit
from govern.lint.outside import word_set
from govern.policy.verbs import words

SEVERITY = Severity.WARNING
CONFIDENCE = Confidence.MEDIUM

_ALWAYS = word_set("admin delete manage maintain owner readwrite rw write writer")
# Nouns as often: not where the scope says that it reads.
_MAYBE = word_set("""
    approve cancel charge compose create deploy edit execute insert invoke merge modify pay post publish refund send
    submit transfer update upload
    """)
_READS = word_set("get list read readonly reader view viewer")


def check(charter: Charter) -> Iterator[Hit]:
    for scope in charter.identity.standing if charter.identity else ():
        verb = changes(scope.name)
        if verb is not None and "*" not in scope.name:
            message = f"`{scope}` is always held, and says `{verb}`: it needs no released call"
            hint = "put it under `elevated`, and into `credentials` of the tools that need it"
            yield Hit(message, scope.at, hint)


def changes(scope: str) -> str | None:
    """The word of a scope that says that it lets change something, or None."""
    said = words(scope)
    always = next((word for word in said if word in _ALWAYS), None)
    if always is not None or _READS & set(said):
        return always
    return next((word for word in said if word in _MAYBE), None)
