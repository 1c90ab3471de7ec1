"""A gate that nothing asks."""

from __future__ import annotations

from collections.abc import Iterator

from govern.charter.model import Charter, NeedsApproval
from govern.findings import Confidence, Fix, Severity
from govern.lint.cuts import entry
from govern.lint.hit import Hit

SEVERITY = Severity.WARNING
CONFIDENCE = Confidence.HIGH


def check(charter: Charter) -> Iterator[Hit]:
    used = {tool.approval.gate.name for tool in charter.tools.values() if tool.approval}
    used |= {rule.effect.gate.name for rule in charter.every_rule if isinstance(rule.effect, NeedsApproval)}
    waiting = list(used)
    while waiting:  # a gate that only an unused gate escalates to is unused as well
        for step in charter.gates[waiting.pop()].steps:
            if step.gate.name not in used:
                used.add(step.gate.name)
                waiting.append(step.gate.name)
    for gate in charter.gates.values():
        if gate.name not in used:
            hint = "name it in a tool's `approval` or a rule's effect, or delete it"
            cut = entry(charter.source, gate.at) if charter.here(gate.at) else None
            # Unsafe: the tool or the rule that should ask it may name another gate by mistake.
            fix = Fix(f"delete the gate `{gate.name}`", (cut,), safe=False) if cut else None
            yield Hit(f"nothing asks the gate `{gate.name}`", gate.at, hint, fix=fix)
