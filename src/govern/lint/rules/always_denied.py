"""Rules that each let something pass and together let nothing pass: every call of a tool is denied."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import TYPE_CHECKING

from govern.charter.model import Charter, Deny, Form, Rule, Tool
from govern.conditions.tree import Node
from govern.findings import Confidence, Severity
from govern.lint.hit import Hit, listed
from govern.lint.logic import somewhere
from govern.lint.sites import always_judges, rule_tools, tree_for

if TYPE_CHECKING:
    from govern.lint.proofs import Proofs

SEVERITY = Severity.WARNING
CONFIDENCE = Confidence.HIGH


def check(charter: Charter) -> Iterator[Hit]:
    for rules, tools in _pairs(charter).items():
        yield _hit(rules, tools)


def check_proven(charter: Charter, proofs: Proofs) -> Iterator[Hit]:
    known = {tool for tools in _pairs(charter).values() for tool in tools}
    found: dict[tuple[Rule, ...], list[str]] = {}
    for name, denying in _judging(charter).items():
        if len(denying) > 1 and name not in known:
            together = _needed(name, denying, proofs)
            if len(together) > 1:  # a rule that always denies has a finding of its own
                found.setdefault(together, []).append(name)
    for rules, tools in found.items():
        yield _hit(rules, tools)


def _needed(tool: str, denying: list[Rule], proofs: Proofs) -> tuple[Rule, ...]:
    """The fewest of these rules that together deny every valid call, none of which can be left out; () where some call
    meets all of them, or nobody knows."""

    def all_deny(rules: list[Rule]) -> bool:
        ids = [rule.id.name for rule in rules]
        return proofs.some(tool, lambda asked: (*(~asked.applies(each) for each in ids), asked.valid())) is False

    # Where no call is valid the rules have no part in it.
    if not all_deny(denying) or proofs.some(tool, lambda asked: (asked.valid(),)) is not True:
        return ()
    for rule in list(denying):
        others = [each for each in denying if each is not rule]
        denying = others if all_deny(others) else denying
    return tuple(denying)


def _hit(rules: tuple[Rule, ...], tools: list[str]) -> Hit:
    *others, last = rules
    names = listed([rule.id.name for rule in others])
    message = f"`{last.id}` and {names} together deny every call of {listed(tools)}"
    meets = "both" if len(rules) == 2 else "all of them"
    return Hit(message, last.at, f"no call meets {meets}: compare with line {others[0].at.line}")


def _judging(charter: Charter) -> dict[str, list[Rule]]:
    """The rules that may deny any call of a tool, by its name."""
    judging: dict[str, list[Rule]] = {}
    for rule in charter.every_rule:
        if isinstance(rule.effect, Deny):
            for tool in rule_tools(charter, rule):
                if always_judges(rule, tool):
                    judging.setdefault(tool.name, []).append(rule)
    return judging


def _pairs(charter: Charter) -> dict[tuple[Rule, ...], list[str]]:
    """Pairs that deny every call together by their form alone, with the tools of which they do."""
    judging = _judging(charter)
    found: dict[tuple[str, str], list[str]] = {}
    rules = {rule.id.name: rule for denying in judging.values() for rule in denying}
    pairs = _Pairs(charter)
    for name, denying in judging.items():
        for one, other in combinations(denying, 2):
            if pairs.nothing_left(one, other, charter.tools[name]):
                found.setdefault((one.id.name, other.id.name), []).append(name)
    return {(rules[first], rules[second]): tools for (first, second), tools in found.items()}


class _Pairs:
    """Pairs of rules, each worked out once where the conditions do not ask for the tool."""

    def __init__(self, charter: Charter) -> None:
        self.charter = charter
        self.known: dict[tuple[str, str], bool] = {}

    def nothing_left(self, one: Rule, other: Rule, tool: Tool) -> bool:
        names = (one.id.name, other.id.name)
        if names in self.known:
            return self.known[names]
        if not _reads(one) & _reads(other):
            self.known[names] = False
            return False
        first, second = tree_for(self.charter, one.clause, tool), tree_for(self.charter, other.clause, tool)
        left = _nothing_left(first, one.form is Form.ONLY_IF, second, other.form is Form.ONLY_IF)
        if first is one.clause.condition.tree and second is other.clause.condition.tree:
            self.known[names] = left
        return left


def _reads(rule: Rule) -> set[object]:
    return {read.path for read in rule.clause.condition.reads}


def _nothing_left(first: Node, pass_first: bool, second: Node, pass_second: bool) -> bool:
    """Whether no call passes both, and some call passes each: a rule that always denies has a finding of its own."""
    return (
        not somewhere((first, second), lambda found: found == (pass_first, pass_second))
        and somewhere((first,), lambda found: found[0] is pass_first)
        and somewhere((second,), lambda found: found[0] is pass_second)
    )
