"""A role that nobody holds where the charter is deployed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from govern.charter.model import Charter
from govern.findings import Confidence, Severity, did_you_mean
from govern.lint.hit import Hit, listed
from govern.lint.scopes import own
from govern.lint.staff import people

if TYPE_CHECKING:
    from govern.charter.deployment import Deployment

SEVERITY = Severity.WARNING
CONFIDENCE = Confidence.HIGH


def check_deployed(charter: Charter, deployment: Deployment) -> Iterator[Hit]:
    for role in charter.roles:
        if role.name in deployment.roles:
            continue
        message = f"nobody holds `{role}` in `{deployment.name}`"
        closed = [
            gate.name
            for gate in charter.gates.values()
            if role.name in {each.name for each in gate.roles} and not people(gate, deployment)
        ]
        if closed:
            message += f", and nobody else may answer {listed(closed)}"
        hint = did_you_mean(role.name, deployment.roles.keys() - {each.name for each in charter.roles})
        hint = hint if hint.startswith("did") else "name who holds it under `roles` of the deployment"
        yield Hit(message, own(charter, role.at), hint, Severity.ERROR if closed else None)
