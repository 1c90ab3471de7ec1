"""Rules that each let something pass and together let nothing pass: every call of a tool is denied."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from govern.charter.model import Charter, Deny, Form, Rule, Tool
from govern.conditions.tree import Node
from govern.findings import Confidence, Severity
from govern.lint.hit import Hit, listed
from govern.lint.logic import somewhere
from govern.lint.sites import always_judges, rule_tools, tree_for

SEVERITY = Severity.WARNING
CONFIDENCE = Confidence.HIGH


def check(charter: Charter) -> Iterator[Hit]:
    judging: dict[str, list[Rule]] = {}
    for rule in charter.every_rule:
        if isinstance(rule.effect, Deny):
            for tool in rule_tools(charter, rule):
                if always_judges(rule, tool):
                    judging.setdefault(tool.name, []).append(rule)
    found: dict[tuple[str, str], list[str]] = {}
    rules = {rule.id.name: rule for denying in judging.values() for rule in denying}
    pairs = _Pairs(charter)
    for name, denying in judging.items():
        for one, other in combinations(denying, 2):
            if pairs.nothing_left(one, other, charter.tools[name]):
                found.setdefault((one.id.name, other.id.name), []).append(name)
    for (first, second), tools in found.items():
        message = f"`{second}` and `{first}` together deny every call of {listed(tools)}"
        yield Hit(message, rules[second].at, f"no call meets both: compare with line {rules[first].at.line}")


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
