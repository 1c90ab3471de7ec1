"""What must agree across a file and its bases: every role, gate, tool, fact and scope named exists, ids are unique.

Works on what could be read; a name whose definition is broken counts as defined, since that has its own error.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from govern.charter import vocabulary
from govern.charter.model import Effect, Fact, Gate, Identity, Kind, Tier, Tool, Verdict, Word, gate_of
from govern.findings import Finding, Location, Severity, did_you_mean
from govern.policy.glob import is_glob
from govern.policy.terms import Reason


@dataclass(frozen=True, slots=True)
class Parts:
    """What of a file could be read, with what its bases define.

    Args:
        kind: a base's rules may name tools that no charter has.
        named: every role, gate, tool, rule id … where it is referred to, also in parts that are broken.
        roles: None where the section could not be read, and names are not judged; so for the others.
        gates, tools, facts: None where a name is defined but its definition is broken.
        ids: ids of rules, limits and the like that bases define, as verdicts name them; None where not all
            ids are known.
        effects: of rules, limits and after reading.
    """

    kind: Kind
    named: dict[str, list[Word]]
    roles: tuple[str, ...] | None
    gates: Mapping[str, Gate | None] | None
    tools: Mapping[str, Tool | None] | None
    facts: Mapping[str, Fact | None] | None
    identity: Identity | None
    identity_known: bool
    ids: tuple[str, ...] | None
    effects: tuple[Effect, ...]


def check(parts: Parts) -> Iterator[Finding]:
    """Everything that does not agree, one by one: who asks may stop."""
    if parts.roles is not None:
        yield from _roles(parts.named["role"], parts.roles)
    if parts.gates is not None:
        yield from _gates(parts, parts.gates)
        yield from _cycles(parts.gates)
        yield from _silent_allows(parts, parts.gates)
    if parts.tools is not None and parts.kind is Kind.CHARTER:
        yield from _tools(parts, parts.tools)
    if parts.facts is not None:
        yield from _facts(parts.named["fact_path"], parts.facts)
        yield from _fact_cycles(parts.facts)
    if parts.identity_known:
        yield from _scopes(parts)
    yield from duplicate_ids(parts.named["rule"])
    if parts.ids is not None:
        yield from _causes(parts, parts.ids)


def _error(rule: str, at: Location, message: str, hint: str = "") -> Finding:
    return Finding(rule, Severity.ERROR, message, at, hint)


def _roles(named: Iterable[Word], known: tuple[str, ...]) -> Iterable[Finding]:
    for word in named:
        if word.name not in known:
            message = f"`{word.name}` is not among `roles`"
            yield _error("undefined-role", word.at, message, did_you_mean(word.name, known))


def _gates(parts: Parts, gates: Mapping[str, Gate | None]) -> Iterable[Finding]:
    for word in parts.named["gate"]:
        if word.name not in gates:
            hint = did_you_mean(word.name, gates) or "define it under `approvals`"
            if word.name in (parts.roles or ()):
                hint = f"`{word.name}` is a role: a gate that asks it must stand under `approvals`"
            yield _error("undefined-gate", word.at, f"`{word.name}` is not among `approvals`", hint)


def _tools(parts: Parts, tools: Mapping[str, Tool | None]) -> Iterable[Finding]:
    for word in (*parts.named["tool"], *parts.named["source"]):
        if not is_glob(word.name) and word.name not in tools:
            message = f"`{word.name}` is not among `tools`"
            yield _error("undefined-tool", word.at, message, did_you_mean(word.name, tools))


def _facts(named: Iterable[Word], facts: Mapping[str, Fact | None]) -> Iterable[Finding]:
    for word in named:
        name, _, field = word.name.replace("[", ".").partition(".")
        field = field.partition(".")[0]
        if name not in facts:
            hint = did_you_mean(name, {*facts, "args"}) if facts else "declare it under `facts`"
            yield _error("undefined-fact", word.at, f"`{name}` is not among `facts`", hint)
            continue
        fact = facts[name]
        if fact is not None and field not in fact.fields:
            message = f"`{name}` has no field `{field}`"
            yield _error("undefined-fact", word.at, message, did_you_mean(field, fact.fields))


def _fact_cycles(facts: Mapping[str, Fact | None]) -> Iterable[Finding]:
    """A fact may be looked up by another's field, but not by its own. Each circle is told once."""

    def asks(name: str) -> list[str]:
        fact = facts.get(name)
        where = fact.source.where if fact is not None and fact.source is not None else ()
        roots = (value.name.partition(".")[0] for _, value in where)
        return [root for root in roots if root in facts]

    for path in _circles(facts, asks):
        fact = facts[path[0]]
        if fact is not None:
            message = f"the fact `{path[0]}` is looked up by itself: {' → '.join(path)}"
            yield _error("fact-cycle", fact.at, message, "look one of them up by an argument")


def _scopes(parts: Parts) -> Iterable[Finding]:
    known = {each.scope.name for each in parts.identity.elevated} if parts.identity else set()
    for word in parts.named["scope"]:
        if word.name not in known:
            hint = did_you_mean(word.name, known) or "name it, with its `ttl`, under `identity: {elevated: …}`"
            yield _error("undefined-scope", word.at, f"`{word.name}` is not among the elevated scopes", hint)


def of_gates(parts: Parts) -> list[Finding]:
    """What composed gates must agree in: escalation ends, and silence allows nothing it may not."""
    gates = parts.gates or {}
    return [*_cycles(gates), *_silent_allows(parts, gates)]


def duplicate_ids(ids: Iterable[Word]) -> Iterable[Finding]:
    """Ids that stand twice in one file."""
    first: dict[str, Location] = {}
    for word in ids:
        if word.name in first:
            message = f"the rule id `{word.name}` stands twice"
            yield _error("duplicate-rule-id", word.at, message, f"first on line {first[word.name].line}")
        first.setdefault(word.name, word.at)


def _causes(parts: Parts, of_bases: tuple[str, ...]) -> Iterable[Finding]:
    ids = {word.name for word in parts.named["rule"]} | set(of_bases)
    for word in parts.named["rule_id"]:
        if word.name not in ids:
            known = {*vocabulary.EVENTS, *ids}
            message = f"`{word.name}` is no event and no rule's id"
            yield _error("unknown-event", word.at, message, did_you_mean(word.name, known))
    reasons = {reason.value for reason in Reason}
    for word in parts.named["cause"]:
        if word.name not in ids | reasons and not word.name.startswith("never:"):
            message = f"`{word.name}` is no rule's id and no reason"
            yield _error("undefined-rule", word.at, message, did_you_mean(word.name, ids | reasons))


def _cycles(gates: Mapping[str, Gate | None]) -> Iterable[Finding]:
    def asks(name: str) -> list[str]:
        gate = gates.get(name)
        return [step.gate.name for step in gate.steps] if gate is not None else []

    for path in _circles(gates, asks):
        gate = gates[path[0]]
        step = next(step for step in gate.steps if step.gate.name == path[1]) if gate else None
        if step is not None:
            message = f"escalation comes back to `{path[0]}`: {' → '.join(path)}"
            yield _error("escalation-cycle", step.gate.at, message, "escalate upwards only")


def _circles(names: Iterable[str], following: Callable[[str], list[str]]) -> Iterator[list[str]]:
    """Ways from a name back to itself; every name is visited once: a long chain costs no more than its length."""
    done: set[str] = set()
    for first in names:
        path: dict[str, None] = {}
        waiting = [(first, True)]
        while waiting:
            name, enter = waiting.pop()
            if not enter:
                path.popitem()
                done.add(name)
            elif name in path:
                way = list(path)
                yield [*way[way.index(name) :], name]
            elif name not in done:
                path[name] = None
                waiting.append((name, False))
                waiting.extend((each, True) for each in reversed(following(name)))


def _silent_allows(parts: Parts, gates: Mapping[str, Gate | None]) -> Iterable[Finding]:
    """Silence may allow only where an internal tool that can be undone asks on its own authority."""
    hint = "end the gate in `then: deny`, or ask another gate here"
    allowing = _allowing(gates)
    for tool in (parts.tools or {}).values():
        if tool is None or tool.approval is None or tool.approval.gate.name not in allowing:
            continue
        if tool.tier == Tier.IRREVERSIBLE or tool.external:
            what = "irreversible" if tool.tier == Tier.IRREVERSIBLE else "external"
            message = f"`{tool.approval.gate.name}` allows by silence, and `{tool.name}` is {what}"
            yield _error("silence-allows", tool.approval.gate.at, message, hint)
    for effect in parts.effects:
        gate = gate_of(effect)
        if gate is not None and gate.name in allowing:
            message = f"`{gate.name}` allows by silence, and a rule asks it"
            yield _error("silence-allows", gate.at, message, hint)


def _allowing(gates: Mapping[str, Gate | None]) -> set[str]:
    """The gates that may end in an allowance, by themselves or by one that they ask."""
    asked_by: dict[str, list[str]] = {}
    found: set[str] = set()
    waiting: list[str] = []
    for name, gate in gates.items():
        for step in gate.steps if gate is not None else ():
            asked_by.setdefault(step.gate.name, []).append(name)
        if gate is not None and gate.end.verdict == Verdict.ALLOW:
            waiting.append(name)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting.extend(asked_by.get(name, ()))
    return found
