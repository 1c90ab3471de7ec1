"""A call that cannot be undone and leaves the organisation, with nobody but the person served to say yes."""

from __future__ import annotations

from collections.abc import Iterator

from govern.charter.model import Charter, Deny, Tier, Tool
from govern.findings import Confidence, Severity
from govern.lint.hit import Hit
from govern.lint.scopes import gates_of, names, selector_of

SEVERITY = Severity.NOTE
CONFIDENCE = Confidence.MEDIUM


def check(charter: Charter) -> Iterator[Hit]:
    for tool in charter.tools.values():
        if tool.tier is not Tier.IRREVERSIBLE or not tool.external or tool.approval is None:
            continue
        gate = charter.gates[tool.approval.gate.name]
        if not gate.confirm or _bounded(charter, tool):
            continue
        if all(charter.gates[name].confirm for name in gates_of(charter, tool)):
            message = f"only the person who asks for it confirms `{tool.name}`: nobody of yours ever looks"
            hint = "ask a gate with `roles` too, at least above an amount, or keep it to what is theirs by a fact"
            yield Hit(message, tool.approval.gate.at, hint)


def _bounded(charter: Charter, tool: Tool) -> bool:
    """Whether a rule on a fact denies some calls: what is not theirs, or not as the records have it."""
    return any(
        isinstance(rule.effect, Deny) and bool(rule.clause.condition.outside & charter.facts.keys())
        for rule in (*tool.rules, *charter.rules)
        if names(selector_of(rule), tool)
    )
