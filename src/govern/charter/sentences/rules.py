"""Rules, limits, `never`, what reading costs, in sentences. Leaves out tools (`tools`) and people (`people`)."""

from __future__ import annotations

from govern.charter.model import (
    AfterReading,
    Charter,
    Deny,
    Effect,
    Form,
    Limit,
    NeedsApproval,
    RaisesTier,
    Rule,
    Selector,
    Tier,
    Tool,
)
from govern.charter.sentences.conditions import in_words
from govern.charter.sentences.document import Item, Section, because, code, names, origin, several, span
from govern.conditions.tree import Lit
from govern.policy.glob import matches

TIER_WORDS = {Tier.READ_ONLY: "read-only", Tier.REVERSIBLE: "reversible", Tier.IRREVERSIBLE: "irreversible"}
_COUNTED = {
    "proposed": "every call that was proposed",
    "executed": "calls that ran, wait or are under way",
    "succeeded": "calls that succeeded",
}
_SPANS = {"trace": "in one trace", "day": "in one day", "forever": "ever"}
_INSTRUCTIONS = {
    "flag": "is marked",
    "strip": "is shown without them",
    "withhold": "is withheld",
}


def effect(what: Effect) -> str:
    """An effect, as the predicate of `a call`."""
    match what:
        case Deny():
            return "is denied"
        case NeedsApproval(gate):
            return f"needs the approval of {code(gate.name)}"
        case RaisesTier(tier, None):
            return f"counts as {TIER_WORDS[tier]}"
        case RaisesTier(tier, gate):
            return f"counts as {TIER_WORDS[tier]} and needs the approval of {code(str(gate))}"


def chosen(select: Selector, *, many: bool = False) -> str:
    """The calls that something is about: `a call of … that …`, or `calls of …`."""
    that = []
    if select.tiers:
        kinds = several([TIER_WORDS[tier] for tier in select.tiers], "or")
        that.append(f"{'are' if many else 'is'} {kinds}")
    if select.external is not None:
        verb = "leave" if select.external else "stay inside"
        that.append(f"{verb if many else verb.replace('leave', 'leaves').replace('stay', 'stays')} the organisation")
    tools = names(select.tools, "or") if select.tools else "any tool"
    return f"{'calls' if many else 'a call'} of {tools}" + (f" that {' and '.join(that)}" if that else "")


def rule_sentence(rule: Rule, subject: str) -> str:
    """A rule as a sentence about `subject`."""
    condition = in_words(rule.clause.condition)
    if rule.form is not Form.WHEN:
        holds = f" unless it is known that {condition}"
    elif isinstance(tree := rule.clause.condition.tree, Lit) and tree.value is True:
        holds = ", always"
    else:
        holds = f" if {condition}, or if that is not known"
    return f"{code(rule.id.name)}: {subject} {effect(rule.effect)}{holds}.{because(rule.because)}"


def rules(charter: Charter) -> Section | None:
    """The rules for several tools."""
    if not charter.rules:
        return None
    items = []
    for rule in charter.rules:
        subject = chosen(Selector(rule.tools, rule.tiers, rule.external))
        items.append(Item(rule_sentence(rule, subject) + origin(charter, rule.at)))
    return Section("Rules for several tools", items=tuple(items))


def limits(charter: Charter) -> Section | None:
    if not charter.limits:
        return None
    return Section("Limits", items=tuple(Item(_limit(limit) + origin(charter, limit.at)) for limit in charter.limits))


def _limit(limit: Limit) -> str:
    most = f"{limit.max:,}"
    if limit.sum is not None:
        what = f"the sum of {code(limit.sum.name)} over {chosen(limit.select, many=True)} is at most {most}"
    else:
        calls = chosen(limit.select, many=limit.max != 1)
        what = f"at most {most} {calls.removeprefix('a ')}"
    within = f"within {span(limit.within_s)}" if limit.within_s is not None else _SPANS[limit.span or "trace"]
    each = f", for each {names(limit.for_each)} apart" if limit.for_each else ""
    return (
        f"{code(limit.id.name)}: {what} {within}{each}. It counts {_COUNTED[limit.counts]}. "
        f"A call that would go over it {effect(limit.effect)}.{because(limit.because)}"
    )


def never(charter: Charter) -> Section | None:
    if not charter.never:
        return None
    items = tuple(
        Item(f"{names(each.tools)}.{because(each.because)}{origin(charter, each.at)}") for each in charter.never
    )
    return Section("Never", ("No rule and no approval ever releases a call of these.",), items)


def untrusted(charter: Charter) -> Section | None:
    """Whose output is believed, and what reading any other costs."""
    found = charter.untrusted
    if found is None:
        return None
    believed = f"The output of {names(found.trusted)} is trusted. " if found.trusted else ""
    other = "other " if found.trusted else ""
    says = (
        f"{believed}The output of every {other}tool may carry somebody's instructions; output that looks like them "
        f"{_INSTRUCTIONS[found.on_instructions]}."
    )
    items = tuple(Item(_after(each) + origin(charter, each.at)) for each in found.after_reading)
    return Section("What it reads", (says,), items)


def _after(each: AfterReading) -> str:
    name = f"{code(each.id.name)}: " if each.id else ""
    unless = f", unless it is known that {in_words(each.unless.condition)}" if each.unless else ""
    said = f"after such output was read, {chosen(each.select)} {effect(each.effect)}{unless}."
    return f"{name}{said if name else said[0].upper() + said[1:]}{because(each.because)}"


def possible_tiers(charter: Charter, tool: Tool) -> set[Tier]:
    """The tiers that a call of this tool may have: its own, and those that a rule may raise it to."""
    found = {tool.tier}
    for _ in Tier:  # a raised tier may make another rule apply
        for each in (*tool.rules, *charter.rules):
            applies = each.own or _means(Selector(each.tools, each.tiers, each.external), tool, found)
            if applies and isinstance(each.effect, RaisesTier):
                found.add(each.effect.tier)
    return found


def about(charter: Charter, tool: Tool) -> list[str]:
    """The ids of rules, limits and the like for several tools that may judge a call of this tool."""
    tiers = possible_tiers(charter, tool)
    found = [
        each.id.name for each in charter.rules
        if _means(Selector(each.tools, each.tiers, each.external), tool, tiers)
    ]  # fmt: skip
    found += [each.id.name for each in charter.limits if _means(each.select, tool, tiers)]
    after = charter.untrusted.after_reading if charter.untrusted else ()
    found += [each.id.name for each in after if each.id is not None and _means(each.select, tool, tiers)]
    return found


def _means(select: Selector, tool: Tool, tiers: set[Tier]) -> bool:
    named = not select.tools or any(matches(word.name, tool.name) for word in select.tools)
    tiered = not select.tiers or bool(tiers & set(select.tiers))
    return named and tiered and (select.external is None or select.external == tool.external)
