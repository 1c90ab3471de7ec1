"""A gate whose silence would allow, and that no tool asks itself: it is only escalated to."""

from __future__ import annotations

from collections.abc import Iterator

from govern.charter.model import Charter, Verdict
from govern.findings import Confidence, Edit, Fix, Severity
from govern.lint.hit import Hit
from govern.lint.sites import offset

SEVERITY = Severity.WARNING
CONFIDENCE = Confidence.MEDIUM


def check(charter: Charter) -> Iterator[Hit]:
    asked = {tool.approval.gate.name for tool in charter.tools.values() if tool.approval}
    escalated: dict[str, str] = {}
    for gate in charter.gates.values():
        for step in gate.steps:
            escalated.setdefault(step.gate.name, gate.name)
    for gate in charter.gates.values():
        first = escalated.get(gate.name)
        if first and gate.name not in asked and gate.end.verdict is Verdict.ALLOW and charter.here(gate.end.at):
            message = f"silence never allows here: `{gate.name}` is only asked after `{first}`, whose own end counts"
            start, end, fix = offset(charter.source, gate.end.at), len("allow"), None
            if charter.source.text[start : start + end] == "allow":
                fix = Fix("end it in a denial", (Edit(start, start + end, "deny"),))
            yield Hit(message, gate.end.at, f"write `then: deny`, or end `{first}` as it is meant", fix=fix)
