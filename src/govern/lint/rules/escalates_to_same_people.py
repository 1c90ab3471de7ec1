"""An escalation that asks the very roles that were asked before."""

from __future__ import annotations

from collections.abc import Iterator

from govern.charter.model import Charter
from govern.findings import Confidence, Severity
from govern.lint.hit import Hit, listed

SEVERITY = Severity.WARNING
CONFIDENCE = Confidence.HIGH


def check(charter: Charter) -> Iterator[Hit]:
    for gate in charter.gates.values():
        asked = [gate]
        for step in gate.steps:
            other = charter.gates[step.gate.name]
            roles = {role.name for role in other.roles}
            # A part of them, asked by name, is what escalation often is: from the desk to its head.
            same = next((one for one in asked if {role.name for role in one.roles} == roles), None)
            if roles and same is not None:  # a gate that asks the person served has none
                message = f"`{other.name}` asks {listed(sorted(roles))} again: `{same.name}` has asked them already"
                yield Hit(message, step.gate.at, "escalate to somebody else, or take the step out")
            asked.append(other)
