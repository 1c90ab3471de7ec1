"""What must agree across a charter: every role, gate and tool named exists, ids are unique, escalation ends.

Works on what could be read; a name whose definition is broken counts as defined, since that has its own error.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from govern.charter.model import Gate, NeedsApproval, Rule, Tier, Tool, Verdict, Word
from govern.findings import Finding, Location, Severity, did_you_mean
from govern.policy.glob import is_glob


@dataclass(frozen=True, slots=True)
class Parts:
    """What of a charter could be read.

    Args:
        named: every role, gate, tool and rule id where it is referred to, also in parts that are broken.
        gates, tools: None where a name is defined but its definition is broken.
    """

    named: dict[str, list[Word]]
    roles: tuple[Word, ...]
    gates: dict[str, Gate | None]
    tools: dict[str, Tool | None]
    rules: tuple[Rule, ...]

    @property
    def every_rule(self) -> tuple[Rule, ...]:
        return (*(rule for tool in self.tools.values() if tool for rule in tool.rules), *self.rules)


def check(parts: Parts, *, roles_known: bool, gates_known: bool, tools_known: bool) -> list[Finding]:
    """Everything that does not agree.

    Args:
        roles_known, gates_known, tools_known: whether that section could be read; if not, names are not judged.
    """
    found: list[Finding] = []
    if roles_known:
        found.extend(_roles(parts))
    if gates_known:
        found.extend(_gates(parts))
        found.extend(_cycles(parts.gates))
        found.extend(_silent_allows(parts))
    if tools_known:
        found.extend(_tools(parts))
    found.extend(_ids(parts.named["rule"]))
    return found


def _error(rule: str, at: Location, message: str, hint: str = "") -> Finding:
    return Finding(rule, Severity.ERROR, message, at, hint)


def _roles(parts: Parts) -> Iterable[Finding]:
    known = {role.name for role in parts.roles}
    for word in parts.named["role"]:
        if word.name not in known:
            message = f"`{word.name}` is not among `roles`"
            yield _error("undefined-role", word.at, message, did_you_mean(word.name, known))


def _gates(parts: Parts) -> Iterable[Finding]:
    roles = {role.name for role in parts.roles}
    for word in parts.named["gate"]:
        if word.name not in parts.gates:
            hint = did_you_mean(word.name, parts.gates) or "define it under `approvals`"
            if word.name in roles:
                hint = f"`{word.name}` is a role: a gate that asks it must stand under `approvals`"
            yield _error("undefined-gate", word.at, f"`{word.name}` is not among `approvals`", hint)


def _tools(parts: Parts) -> Iterable[Finding]:
    for word in parts.named["tool"]:
        if not is_glob(word.name) and word.name not in parts.tools:
            message = f"`{word.name}` is not among `tools`"
            yield _error("undefined-tool", word.at, message, did_you_mean(word.name, parts.tools))


def _ids(ids: Iterable[Word]) -> Iterable[Finding]:
    first: dict[str, Location] = {}
    for word in ids:
        if word.name in first:
            message = f"the rule id `{word.name}` stands twice"
            yield _error("duplicate-rule-id", word.at, message, f"first on line {first[word.name].line}")
        first.setdefault(word.name, word.at)


def _cycles(gates: dict[str, Gate | None]) -> Iterable[Finding]:
    reported: set[frozenset[str]] = set()
    for name in gates:
        path = _way_back(gates, name)
        if path and frozenset(path) not in reported:
            reported.add(frozenset(path))
            gate = gates[name]
            step = next(step for step in gate.steps if step.gate.name == path[1]) if gate else None
            if step is not None:
                message = f"escalation comes back to `{name}`: {' → '.join(path)}"
                yield _error("escalation-cycle", step.gate.at, message, "escalate upwards only")


def _way_back(gates: dict[str, Gate | None], name: str) -> list[str] | None:
    """The shortest way from a gate to itself over `ask`."""
    waiting, seen = [[name]], set[str]()
    while waiting:
        path = waiting.pop(0)
        gate = gates.get(path[-1])
        for step in gate.steps if gate else ():
            if step.gate.name == name:
                return [*path, name]
            if step.gate.name not in seen:
                seen.add(step.gate.name)
                waiting.append([*path, step.gate.name])
    return None


def _silent_allows(parts: Parts) -> Iterable[Finding]:
    """Silence may allow only where an internal tool that can be undone asks on its own authority."""
    hint = "end the gate in `then: deny`, or ask another gate here"
    for tool in parts.tools.values():
        if tool is None or tool.approval is None or not _allows(parts.gates, tool.approval.gate.name):
            continue
        if tool.tier == Tier.IRREVERSIBLE or tool.external:
            what = "irreversible" if tool.tier == Tier.IRREVERSIBLE else "external"
            message = f"`{tool.approval.gate.name}` allows by silence, and `{tool.name}` is {what}"
            yield _error("silence-allows", tool.approval.gate.at, message, hint)
    for rule in parts.every_rule:
        if isinstance(rule.effect, NeedsApproval) and _allows(parts.gates, rule.effect.gate.name):
            message = f"`{rule.effect.gate.name}` allows by silence, and a rule asks it"
            yield _error("silence-allows", rule.effect.gate.at, message, hint)


def _allows(gates: dict[str, Gate | None], name: str) -> bool:
    seen: set[str] = set()
    waiting = [name]
    while waiting:
        gate = gates.get(waiting.pop())
        if gate is None or gate.name in seen:
            continue
        seen.add(gate.name)
        if gate.end.verdict == Verdict.ALLOW:
            return True
        waiting.extend(step.gate.name for step in gate.steps)
    return False
