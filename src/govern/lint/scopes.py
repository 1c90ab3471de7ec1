"""Which mapped tools a part of a charter is about, and what may hold a call of a tool back.

Leaves out conditions (`sites`, `logic`): a rule holds every call here only where its condition is a constant.
"""

from __future__ import annotations

from collections.abc import Iterator

from govern.charter.model import (
    AfterReading,
    Charter,
    Deny,
    Effect,
    Form,
    RaisesTier,
    Rule,
    Selector,
    Tier,
    Tool,
    gate_of,
)
from govern.conditions import constant
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


def may_select(charter: Charter, selector: Selector, tool: Tool) -> bool:
    """Whether a selector means some call of a tool: a rule may have raised the call's tier."""
    if selector.external not in (None, tool.external) or not names(selector, tool):
        return False
    return (
        not selector.tiers
        or tool.tier in selector.tiers
        or any(tier in selector.tiers for tier in raised(charter, tool))
    )


def raised(charter: Charter, tool: Tool) -> Iterator[Tier]:
    """The tiers that rules may raise a call of a tool to."""
    for rule in charter.every_rule:
        if isinstance(rule.effect, RaisesTier) and names(selector_of(rule), tool):
            yield rule.effect.tier


def selector_of(part: Rule | AfterReading) -> Selector:
    """The tools that a rule or an `after_reading` is about."""
    return Selector(part.tools, part.tiers, part.external) if isinstance(part, Rule) else part.select


def rules_of(charter: Charter, tool: Tool) -> Iterator[Rule]:
    """Rules that may judge a call of a tool: its own, and those of the file and its bases."""
    yield from tool.rules
    for rule in charter.rules:
        if may_select(charter, selector_of(rule), tool):
            yield rule


def effects_on(charter: Charter, tool: Tool) -> Iterator[Effect]:
    """Effects that rules, limits and `after_reading` may have on a call of a tool."""
    for rule in rules_of(charter, tool):
        yield rule.effect
    for limit in charter.limits:
        if may_select(charter, limit.select, tool):
            yield limit.effect
    for after in charter.untrusted.after_reading if charter.untrusted else ():
        if may_select(charter, after.select, tool):
            yield after.effect


def gates_of(charter: Charter, tool: Tool) -> frozenset[str]:
    """The gates that a call of a tool may have to wait for; those that they escalate to are not among them."""
    asked = {gate.name for effect in effects_on(charter, tool) if (gate := gate_of(effect)) is not None}
    return frozenset(asked | ({tool.approval.gate.name} if tool.approval else set()))


def always_held(charter: Charter, tool: Tool) -> bool:
    """Whether no call of a tool runs without an approval."""
    return asked_always(tool) or any(
        _always(rule) and selects(selector_of(rule), tool) and (isinstance(rule.effect, Deny) or gate_of(rule.effect))
        for rule in (*tool.rules, *charter.rules)
    )


def _always(rule: Rule) -> bool:
    return constant(rule.clause.condition) is (rule.form is Form.WHEN)


def never(charter: Charter, name: str) -> str | None:
    """The entry of `never` that a tool's name falls under, or None."""
    for entry in charter.never:
        for word in entry.tools:
            if word.name == name or (is_glob(word.name) and matches(word.name, name)):
                return word.name
    return None
