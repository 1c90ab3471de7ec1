"""A gate that one person alone can answer: nobody else may where that person asked for the call, or is away."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from govern.charter.model import Charter
from govern.findings import Confidence, Severity
from govern.lint.hit import Hit, listed
from govern.lint.scopes import own
from govern.lint.staff import people

if TYPE_CHECKING:
    from govern.charter.deployment import Deployment

SEVERITY = Severity.NOTE
CONFIDENCE = Confidence.HIGH


def check_deployed(charter: Charter, deployment: Deployment) -> Iterator[Hit]:
    for gate in charter.gates.values():
        who = people(gate, deployment)
        if gate.quorum == 1 and len(who) == 1:
            roles = listed([role.name for role in gate.roles])
            message = f"one person alone holds {roles} and so answers `{gate.name}` in `{deployment.name}`"
            hint = "a second person for the role: nobody approves what they asked for themselves"
            yield Hit(message, own(charter, gate.at), hint)
