"""Where conditions stand, and what they decide there: what every rule on conditions starts from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from govern.charter.model import Charter, Clause, Form, Rule, Tool
from govern.policy.glob import matches


@dataclass(frozen=True, slots=True)
class Site:
    """A condition in its place.

    Args:
        permits: the value of the condition that lets a call pass: false for `when`, true for `only_if` and
            `unless`. With any other value, unknown included, the rule or the gate holds.
        tools: the mapped tools that it judges.
        rule: the rule it belongs to; None for a tool's `unless`.
    """

    clause: Clause
    permits: bool
    tools: tuple[Tool, ...]
    rule: Rule | None

    @property
    def shared(self) -> bool:
        """Whether it judges several tools, which may have different arguments."""
        return self.rule is not None and not self.rule.own


def rule_tools(charter: Charter, rule: Rule) -> tuple[Tool, ...]:
    """The mapped tools that a rule judges, in the file's order."""
    names = {word.name for word in rule.tools}
    globs = names - charter.tools.keys()
    if not globs and len(names) == 1:
        return (charter.tools[names.pop()],)
    return tuple(
        tool for tool in charter.tools.values() if tool.name in names or any(matches(glob, tool.name) for glob in globs)
    )


def sites(charter: Charter) -> Iterator[Site]:
    """Every condition of a charter, in the file's order."""
    for tool in charter.tools.values():
        if tool.approval is not None and tool.approval.unless is not None:
            yield Site(tool.approval.unless, True, (tool,), None)
    for rule in charter.every_rule:
        yield Site(rule.clause, rule.form is Form.ONLY_IF, rule_tools(charter, rule), rule)
