"""An approval that nobody is ever asked for: wherever it would be, another rule denies the call."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from govern.charter.model import Charter, Clause, Deny, Form, Rule, Tool, gate_of
from govern.conditions.tree import Node
from govern.findings import Confidence, Severity
from govern.lint.hit import Hit
from govern.lint.logic import Truth, somewhere
from govern.lint.sites import always_judges, rule_tools, tree_for

SEVERITY = Severity.WARNING
CONFIDENCE = Confidence.HIGH


def check(charter: Charter) -> Iterator[Hit]:
    denials = _Denials(charter)
    for tool in charter.tools.values():
        ask = tool.approval
        if ask is not None and ask.unless is not None and (by := denials.of(ask.unless, True, tool)):
            message = f"`{ask.gate}` is never asked: wherever it is not waived, `{by.id}` denies"
            yield Hit(message, ask.gate.at, _hint(by))
    for rule in charter.every_rule:
        if gate := gate_of(rule.effect):
            found = [denials.of(rule.clause, rule.form is Form.ONLY_IF, tool) for tool in rule_tools(charter, rule)]
            if found and (by := found[0]) and all(found):
                message = f"`{gate}` is never asked: wherever `{rule.id}` applies, `{by.id}` denies"
                yield Hit(message, rule.at, _hint(by))


def _hint(by: Rule) -> str:
    return f"let `{by.id}` (line {by.at.line}) deny less, or delete what asks"


@dataclass(slots=True)
class _Denials:
    """The rules that deny calls of each tool, with the arguments that each reads."""

    charter: Charter
    rules: dict[str, list[tuple[Rule, frozenset[object]]]] = field(default_factory=dict)
    known: dict[tuple[int, bool, int, bool], bool] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for rule in self.charter.every_rule:
            if isinstance(rule.effect, Deny):
                read = frozenset(read.path for read in rule.clause.condition.reads)
                for tool in rule_tools(self.charter, rule):
                    if always_judges(rule, tool):
                        self.rules.setdefault(tool.name, []).append((rule, read))

    def of(self, ask: Clause, permits: bool, tool: Tool) -> Rule | None:
        """The rule that denies every call of a tool for which a gate is asked: where `ask` is not `permits`."""
        read = {read.path for read in ask.condition.reads}
        for rule, also in self.rules.get(tool.name, ()):
            if read & also and self.covers(rule, ask, permits, tool):
                return rule
        return None

    def covers(self, rule: Rule, ask: Clause, permits: bool, tool: Tool) -> bool:
        asks, denies = tree_for(self.charter, ask, tool), tree_for(self.charter, rule.clause, tool)
        lets = rule.form is Form.ONLY_IF
        if asks is not ask.condition.tree or denies is not rule.clause.condition.tree:
            return _covers(asks, permits, denies, lets)
        key = (id(asks), permits, id(denies), lets)  # the charter holds both: their ids are theirs
        if key not in self.known:
            self.known[key] = _covers(asks, permits, denies, lets)
        return self.known[key]


def _covers(asks: Node, permits: bool, denies: Node, lets: bool) -> bool:
    """Whether a denial, lifted only where its condition is `lets`, holds wherever `asks` is not `permits`."""

    def asked(found: tuple[Truth, ...]) -> bool:
        return found[0] is not permits

    def let_through(found: tuple[Truth, ...]) -> bool:
        return found[-1] is lets

    if somewhere((asks, denies), lambda found: asked(found) and let_through(found)):
        return False
    # A condition with one outcome has a finding of its own.
    return somewhere((asks,), asked) and somewhere((denies,), let_through)
