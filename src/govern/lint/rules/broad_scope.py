"""A scope that covers everything: whatever the charter denies, the credential allows."""

from __future__ import annotations

from collections.abc import Iterator

from govern.charter.model import Charter
from govern.findings import Confidence, Severity
from govern.lint.hit import Hit
from govern.lint.outside import word_set
from govern.policy.verbs import words

SEVERITY = Severity.WARNING
CONFIDENCE = Confidence.HIGH

_EVERYTHING = word_set("all everything full root superuser superadmin")


def check(charter: Charter) -> Iterator[Hit]:
    if charter.identity is None:
        return
    for scope in (*charter.identity.standing, *(each.scope for each in charter.identity.elevated)):
        said = _EVERYTHING & set(words(scope.name))
        if "*" in scope.name or said:
            why = "has `*`" if "*" in scope.name else f"says `{sorted(said)[0]}`"
            message = f"the scope `{scope}` {why}: it covers what no tool here needs"
            confidence = None if "*" in scope.name else Confidence.MEDIUM
            yield Hit(message, scope.at, "name the scopes that the tools need", confidence=confidence)
