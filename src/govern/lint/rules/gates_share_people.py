"""Two gates that one call may have to pass, and too few people to answer both."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import TYPE_CHECKING

from govern.charter.model import Charter, Gate
from govern.findings import Confidence, Severity
from govern.lint.hit import Hit
from govern.lint.scopes import gates_of
from govern.lint.staff import enough, people

if TYPE_CHECKING:
    from govern.charter.deployment import Deployment

SEVERITY = Severity.WARNING
CONFIDENCE = Confidence.HIGH


def check_deployed(charter: Charter, deployment: Deployment) -> Iterator[Hit]:
    for tool in charter.tools.values():
        asked = [charter.gates[name] for name in sorted(gates_of(charter, tool))]
        for one, other in combinations([gate for gate in asked if enough(gate, deployment)], 2):
            if (
                _apart(one, other)
                and len(people(one, deployment) | people(other, deployment)) < one.quorum + other.quorum
            ):
                needed = one.quorum + other.quorum
                message = f"a call of `{tool.name}` that asks `{one.name}` and `{other.name}` needs {needed} people"
                hint = f"in `{deployment.name}` fewer hold their roles: more people, or `shared: true` on one of them"
                yield Hit(message, tool.at, hint)


def _apart(one: Gate, other: Gate) -> bool:
    """Whether two gates are answered by different people of the house."""
    return not (one.confirm or other.confirm or one.shared or other.shared)
