"""Which of a charter's gates a tool asks that cannot be undone: one that its irreversible tools ask already.

A gate that asks the served person alone, or that lets a call pass when nobody answers, is never chosen. Where none is
left, a new one is drafted that asks the charter's owner, for people to decide about.
"""

from __future__ import annotations

from collections import Counter

from govern.charter.model import Charter, Gate, Tier, Verdict
from govern.suggest import spots

DRAFTED = "approver"


def chosen(charter: Charter) -> str | None:
    """The gate that most irreversible tools ask, else that most tools ask, else the first; None where none will do."""
    fit = [name for name, gate in charter.gates.items() if fits(gate)]
    asked = Counter(tool.approval.gate.name for tool in charter.tools.values() if tool.approval)
    for_good = Counter(
        tool.approval.gate.name
        for tool in charter.tools.values()
        if tool.approval and tool.tier is Tier.IRREVERSIBLE and tool.approval.unless is None
    )
    return max(fit, key=lambda name: (for_good[name], asked[name], -fit.index(name)), default=None)


def fits(gate: Gate) -> bool:
    """Whether a gate may release what cannot be undone: a role decides, and silence denies."""
    return not gate.confirm and gate.end.verdict is Verdict.DENY


def drafted(charter: Charter) -> spots.Gate:
    """A gate that the charter does not have, asked of its owner."""
    name, number = DRAFTED, 2
    while name in charter.gates:
        name, number = f"{DRAFTED}-{number}", number + 1
    return spots.Gate(name, charter.owner.name)
