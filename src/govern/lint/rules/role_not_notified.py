"""A role that is asked or called, and that the deployment has no way to tell."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from govern.charter.model import Charter
from govern.findings import Confidence, Severity
from govern.lint.hit import Hit
from govern.lint.scopes import own

if TYPE_CHECKING:
    from govern.charter.deployment import Deployment

SEVERITY = Severity.WARNING
CONFIDENCE = Confidence.HIGH


def check_deployed(charter: Charter, deployment: Deployment) -> Iterator[Hit]:
    asked = {role.name: f"the gate `{gate.name}` asks it" for gate in charter.gates.values() for role in gate.roles}
    called = {each.to.name: f"it is called for `{each.event}`" for each in charter.escalation}
    why = {**called, **asked}
    for role in charter.roles:
        held = deployment.roles.get(role.name)
        if held is not None and not held.notify and role.name in why:
            message = f"nothing tells `{role}` in `{deployment.name}`, and {why[role.name]}"
            yield Hit(message, own(charter, role.at), "add `notify` to the role in the deployment")
