"""Who would answer a charter's gates where it is deployed. Leaves out how they are told (the deployment file)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from govern.charter.model import Gate

if TYPE_CHECKING:
    from govern.charter.deployment import Deployment


def people(gate: Gate, deployment: Deployment) -> frozenset[str]:
    """The people who may answer a gate, each once however many of its roles they hold."""
    held = (deployment.roles[role.name] for role in gate.roles if role.name in deployment.roles)
    return frozenset(person.name for each in held for person in each.people)


def enough(gate: Gate, deployment: Deployment) -> bool:
    """Whether as many people as its quorum can answer a gate; the person served always can."""
    return gate.confirm or len(people(gate, deployment)) >= gate.quorum
