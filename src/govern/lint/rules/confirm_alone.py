"""A call that cannot be undone and leaves the organisation, with nobody but the person served to say yes."""

from __future__ import annotations

from collections.abc import Iterator

from govern.charter.model import Charter, Tier
from govern.findings import Confidence, Severity
from govern.lint.hit import Hit
from govern.lint.scopes import gates_of

SEVERITY = Severity.NOTE
CONFIDENCE = Confidence.MEDIUM


def check(charter: Charter) -> Iterator[Hit]:
    for tool in charter.tools.values():
        if tool.tier is not Tier.IRREVERSIBLE or not tool.external or tool.approval is None:
            continue
        gate = charter.gates[tool.approval.gate.name]
        if gate.confirm and all(charter.gates[name].confirm for name in gates_of(charter, tool)):
            message = f"only the person who asks for it confirms `{tool.name}`: nobody of yours ever looks"
            hint = "ask a gate with `roles` too, at least above an amount or for a new recipient"
            yield Hit(message, tool.approval.gate.at, hint)
