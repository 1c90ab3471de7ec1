"""A role that is declared and does nothing."""

from __future__ import annotations

from collections.abc import Iterator

from govern.charter.model import Charter
from govern.findings import Confidence, Severity
from govern.lint.hit import Hit

SEVERITY = Severity.WARNING
CONFIDENCE = Confidence.HIGH


def check(charter: Charter) -> Iterator[Hit]:
    used = {charter.owner.name, *(role.name for gate in charter.gates.values() for role in gate.roles)}
    for role in charter.roles:
        if role.name not in used:
            yield Hit(f"no gate asks the role `{role.name}`", role.at, "give it a gate, or take it out of `roles`")
