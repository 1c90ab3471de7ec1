"""Which mapped tools a part of a charter is about, and what may hold a call of a tool back.

Leaves out conditions (`sites`, `logic`): a rule holds every call here only where its condition is a constant.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from govern.charter.model import (
    AfterReading,
    Charter,
    Deny,
    Effect,
    Form,
    Limit,
    RaisesTier,
    Rule,
    Selector,
    Tier,
    Tool,
    gate_of,
)
from govern.conditions import constant
from govern.findings import Location
from govern.lint.sites import asked_always
from govern.policy.glob import is_glob, matches


def names(selector: Selector, tool: Tool) -> bool:
    """Whether a selector's names mean a tool; without any, all are meant."""
    return not selector.tools or any(
        word.name == tool.name or (is_glob(word.name) and matches(word.name, tool.name)) for word in selector.tools
    )


def selects(selector: Selector, tool: Tool) -> bool:
    """Whether a selector means every call of a tool."""
    return (
        names(selector, tool)
        and (not selector.tiers or tool.tier in selector.tiers)
        and selector.external in (None, tool.external)
    )


def selected(charter: Charter, selector: Selector) -> list[Tool]:
    """The tools of which a selector means some call, in the file's order: a rule may have raised the call's tier."""
    raises = raising(charter)
    return [tool for tool in charter.tools.values() if _may(selector, tool, raises)]


def raising(charter: Charter) -> tuple[tuple[Selector, Tier], ...]:
    """What raises the tier of calls of several tools, and to which: rules, limits, `after_reading`."""
    after = charter.untrusted.after_reading if charter.untrusted else ()
    parts: tuple[Rule | Limit | AfterReading, ...] = (*charter.rules, *charter.limits, *after)
    return tuple((selector_of(part), part.effect.tier) for part in parts if isinstance(part.effect, RaisesTier))


def _may(selector: Selector, tool: Tool, raises: Iterable[tuple[Selector, Tier]]) -> bool:
    """A raised call counts as of its written tier too, so that raising takes no rule away."""
    if selector.external not in (None, tool.external) or not names(selector, tool):
        return False
    if not selector.tiers or tool.tier in selector.tiers:
        return True
    own = (rule.effect.tier for rule in tool.rules if isinstance(rule.effect, RaisesTier))
    return any(tier in selector.tiers for tier in own) or any(
        tier in selector.tiers and names(other, tool) for other, tier in raises
    )


def selector_of(part: Rule | Limit | AfterReading) -> Selector:
    """The tools that a part of a charter is about."""
    return Selector(part.tools, part.tiers, part.external) if isinstance(part, Rule) else part.select


def effects_on(charter: Charter, tool: Tool) -> Iterator[tuple[str, Effect]]:
    """Effects on a call of a tool, with the id of the rule, limit or `after_reading` (empty where it has none)."""
    raises = raising(charter)
    for rule in tool.rules:
        yield rule.id.name, rule.effect
    for rule in charter.rules:
        if _may(selector_of(rule), tool, raises):
            yield rule.id.name, rule.effect
    for limit in charter.limits:
        if _may(limit.select, tool, raises):
            yield limit.id.name, limit.effect
    for after in charter.untrusted.after_reading if charter.untrusted else ():
        if _may(after.select, tool, raises):
            yield after.id.name if after.id is not None else "", after.effect


def gates_of(charter: Charter, tool: Tool) -> frozenset[str]:
    """The gates that a call of a tool may have to wait for; those that they escalate to are not among them."""
    asked = {gate.name for _, effect in effects_on(charter, tool) if (gate := gate_of(effect)) is not None}
    return frozenset(asked | ({tool.approval.gate.name} if tool.approval else set()))


def always_held(charter: Charter, tools: Iterable[Tool]) -> list[Tool]:
    """Those of some tools of which no call runs without an approval."""
    holding = [rule for rule in charter.rules if _holds(rule)]
    return [
        tool
        for tool in tools
        if asked_always(tool)
        or any(_holds(rule) for rule in tool.rules)
        or any(selects(selector_of(rule), tool) for rule in holding)
    ]


def _holds(rule: Rule) -> bool:
    """Whether a rule holds back every call that it is about."""
    holds = isinstance(rule.effect, Deny) or gate_of(rule.effect) is not None
    return holds and constant(rule.clause.condition) is (rule.form is Form.WHEN)


def never(charter: Charter, name: str) -> str | None:
    """The entry of `never` that a tool's name falls under, or None."""
    for entry in charter.never:
        for word in entry.tools:
            if word.name == name or (is_glob(word.name) and matches(word.name, name)):
                return word.name
    return None


def own(charter: Charter, at: Location) -> Location:
    """A place in the file itself: the agent's name where something of a base is wrong for this agent."""
    return at if charter.here(at) else charter.agent_at
