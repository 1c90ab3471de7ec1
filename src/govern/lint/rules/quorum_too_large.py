"""A gate that needs more people than hold its roles: nobody can ever pass it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from govern.charter.model import Charter
from govern.findings import Confidence, Severity
from govern.lint.hit import Hit, listed
from govern.lint.scopes import own
from govern.lint.staff import enough, people

if TYPE_CHECKING:
    from govern.charter.deployment import Deployment

SEVERITY = Severity.ERROR
CONFIDENCE = Confidence.HIGH


def check_deployed(charter: Charter, deployment: Deployment) -> Iterator[Hit]:
    for gate in charter.gates.values():
        count = len(people(gate, deployment))
        if count and not enough(gate, deployment):  # without anybody it is `role-unheld`
            roles = listed([role.name for role in gate.roles])
            many = "one person holds" if count == 1 else f"{count} people hold"
            message = f"`{gate.name}` needs {gate.quorum} people, and {many} {roles} in `{deployment.name}`"
            yield Hit(message, own(charter, gate.at), "a smaller `quorum`, or more people for the roles")
