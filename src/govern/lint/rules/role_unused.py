"""A role that is declared and does nothing."""

from __future__ import annotations

from collections.abc import Iterator

from govern.charter.model import Charter
from govern.findings import Confidence, Fix, Severity
from govern.lint.cuts import item
from govern.lint.hit import Hit

SEVERITY = Severity.WARNING
CONFIDENCE = Confidence.HIGH


def check(charter: Charter) -> Iterator[Hit]:
    used = {charter.owner.name, *(role.name for gate in charter.gates.values() for role in gate.roles)}
    used |= {each.to.name for each in charter.escalation}
    if charter.shadow is not None:
        used.add(charter.shadow.reviewer.name)
    for role in charter.roles:
        if role.name not in used:
            cut = item(charter.source, role.at) if charter.here(role.at) else None
            # Unsafe: the gate that should ask it may name another role by mistake.
            fix = Fix(f"take `{role.name}` out of `roles`", (cut,), safe=False) if cut else None
            hint = "give it a gate, or take it out of `roles`"
            yield Hit(f"nothing asks or calls the role `{role.name}`", role.at, hint, fix=fix)
