"""A rule that adds nothing to another: the same condition on the same tools, no stricter effect."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from govern.charter.model import Charter, Deny, Effect, Form, NeedsApproval, RaisesTier, Rule, Tier, gate_of
from govern.conditions.tree import Call, Node
from govern.findings import Confidence, Severity
from govern.lint.hit import Hit
from govern.lint.logic import key
from govern.lint.sites import rule_tools

if TYPE_CHECKING:
    from govern.lint.proofs import Proofs

SEVERITY = Severity.WARNING
CONFIDENCE = Confidence.HIGH


def check(charter: Charter) -> Iterator[Hit]:
    rules = [(rule, {tool.name for tool in rule_tools(charter, rule)}, _region(rule)) for rule in charter.every_rule]
    alike: dict[object, list[int]] = {}
    for index, (_, _, region) in enumerate(rules):
        alike.setdefault(region, []).append(index)
    for index, (rule, tools, region) in enumerate(rules):
        for other_index in alike[region]:
            other, other_tools, _ = rules[other_index]
            if index == other_index or not tools or not tools <= other_tools:
                continue
            if rule.at.file != other.at.file:  # a base may change: what a file says itself stays said
                continue
            same = tools == other_tools and _covers(rule.effect, other.effect)
            if _covers(other.effect, rule.effect) and not (same and index < other_index):
                message = f"`{rule.id}` adds nothing: `{other.id}` has its condition and is no weaker"
                yield Hit(message, rule.at, f"delete one of them (`{other.id}` is on line {other.at.line})")
                break
    yield from _own_gate(charter)


def check_proven(charter: Charter, proofs: Proofs) -> Iterator[Hit]:
    """Conditions that are written differently, where the one of a rule is never met without that of another."""
    known = {hit.at for hit in check(charter)}
    rules = [rule for rule in charter.every_rule if rule_tools(charter, rule) and rule.at not in known]
    for index, rule in enumerate(rules):
        for other_index, other in enumerate(rules):
            if index != other_index and _compares(charter, rule, other) and _within(charter, rule, other, proofs):
                alike = _compares(charter, other, rule) and index < other_index
                if alike and _within(charter, other, rule, proofs):
                    continue  # said of the later one
                message = f"`{rule.id}` adds nothing: wherever it applies, `{other.id}` applies too and is no weaker"
                yield Hit(
                    message, rule.at, f"delete it, or change one of them (`{other.id}` is on line {other.at.line})"
                )
                break


def _compares(charter: Charter, rule: Rule, other: Rule) -> bool:
    """Whether the other could make a rule needless, for all that the lines say."""
    tools, others = ({tool.name for tool in rule_tools(charter, each)} for each in (rule, other))
    return (
        rule.at.file == other.at.file  # a base may change: what a file says itself stays said
        and tools <= others
        and _covers(other.effect, rule.effect)
        and _region(rule) != _region(other)
        and bool(_reads(rule) & _reads(other))
    )


def _reads(rule: Rule) -> set[object]:
    return {read.path for read in rule.clause.condition.reads}


def _within(charter: Charter, rule: Rule, other: Rule, proofs: Proofs) -> bool:
    """Whether a rule applies to some valid call, and to none to which the other does not apply."""
    ids, names = (rule.id.name, other.id.name), [tool.name for tool in rule_tools(charter, rule)]
    for name in names:
        if proofs.some(name, lambda asked: (asked.applies(ids[0]), ~asked.applies(ids[1]), asked.valid())) is not False:
            return False
    return any(proofs.some(name, lambda asked: (asked.applies(ids[0]), asked.valid())) for name in names)


def _region(rule: Rule) -> object:
    """Where a rule applies: `when C` and `only_if !C` are the same."""
    tree: Node = rule.clause.condition.tree
    negated = rule.form is Form.ONLY_IF
    while isinstance(tree, Call) and tree.fn == "!":
        tree, negated = tree.operands[0], not negated
    return key(tree), negated


def _covers(strong: Effect, weak: Effect) -> bool:
    if isinstance(strong, Deny) or isinstance(weak, Deny):
        return isinstance(strong, Deny)
    return _asked(strong) == _asked(weak) and _tier(strong) == _tier(weak)


def _asked(effect: Effect) -> str:
    gate = gate_of(effect)
    return gate.name if gate is not None else ""


def _tier(effect: Effect) -> Tier | None:
    return effect.tier if isinstance(effect, RaisesTier) else None


def _own_gate(charter: Charter) -> Iterator[Hit]:
    """A rule that asks the gate which its tool asks for every call."""
    for rule in charter.every_rule:
        tools = rule_tools(charter, rule)
        if not isinstance(rule.effect, NeedsApproval) or not tools:
            continue
        gate = rule.effect.gate.name
        if all(tool.approval and not tool.approval.unless and tool.approval.gate.name == gate for tool in tools):
            message = f"`{rule.id}` adds nothing: its tools ask `{gate}` for every call"
            yield Hit(message, rule.at, "ask another gate, or deny")
