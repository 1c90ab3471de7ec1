"""Where conditions stand, and what they decide there: what every rule on conditions starts from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from govern.charter.model import Charter, Clause, Form, RaisesTier, Rule, Tier, Tool
from govern.charter.source import Source
from govern.conditions.tree import Name, Node, bind, walk
from govern.findings import Edit, Fix, Location
from govern.lint.paths import Nothing, Path, look_up


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

    def lets_pass(self, direction: bool | None) -> bool:
        """Whether an atom of that direction may let a call pass by being true (see `logic.signed`)."""
        return direction in (self.permits, None)

    def holds_back(self, direction: bool | None) -> bool:
        """Whether an atom of that direction may hold a call back by being true."""
        return direction in (not self.permits, None)

    def schemas(self, path: Path) -> list[dict[str, Any]]:
        """Of each tool that has the value at a path by its schema, the one subschema that judges it."""
        found = [look_up(tool.input.schema, path) for tool in self.tools if tool.input is not None]
        # Several: alternatives, one of which may let through what another refuses.
        return [each[0] for each in found if not isinstance(each, Nothing) and len(each) == 1]

    @property
    def shared(self) -> bool:
        """Whether it judges several tools, which may have different arguments."""
        return self.rule is not None and not self.rule.own


class _Judged:
    """What the rules of one charter judge. Every rule of lint asks again, and globs over many tools take their time."""

    def __init__(self, charter: Charter) -> None:
        self.charter = charter
        self.raised = {rule.effect.tier for rule in charter.every_rule if isinstance(rule.effect, RaisesTier)}
        self.found: dict[int, tuple[Rule, tuple[Tool, ...]]] = {}
        self.sites: tuple[Site, ...] | None = None

    def tools(self, rule: Rule) -> tuple[Tool, ...]:
        if id(rule) not in self.found:  # the rule is kept with its answer, so that its id stays its own
            self.found[id(rule)] = (rule, tuple(self._judged(rule)))
        return self.found[id(rule)][1]

    def _judged(self, rule: Rule) -> Iterator[Tool]:
        tools = self.charter.tools
        own = [tools[word.name] for word in rule.tools if word.name in tools] if rule.own else None
        for tool in tools.values() if own is None else own:
            if rule.select.concerns(tool) and may_count_as(tool, rule.tiers, self.raised):
                yield tool


_latest: list[_Judged] = []


def _judged(charter: Charter) -> _Judged:
    if not _latest or _latest[0].charter is not charter:
        _latest[:] = [_Judged(charter)]
    return _latest[0]


def may_count_as(tool: Tool, tiers: tuple[Tier, ...], raised: set[Tier]) -> bool:
    """Whether a tool's calls may be of one of the tiers: as it is written, or raised by some rule."""
    return not tiers or tool.tier in tiers or bool(raised & set(tiers))


def rule_tools(charter: Charter, rule: Rule) -> tuple[Tool, ...]:
    """The mapped tools that a rule judges, in the file's order."""
    return _judged(charter).tools(rule)


def always_judges(rule: Rule, tool: Tool) -> bool:
    """Whether a rule that concerns a tool judges all of its calls, not only those that a rule raised."""
    return not rule.tiers or tool.tier in rule.tiers


def sites(charter: Charter) -> tuple[Site, ...]:
    """Every condition of a charter's rules and gates, in the file's order."""
    judged = _judged(charter)
    if judged.sites is None:
        judged.sites = tuple(_sites(charter))
    return judged.sites


def _sites(charter: Charter) -> Iterator[Site]:
    for tool in charter.tools.values():
        if tool.approval is not None and tool.approval.unless is not None:
            yield Site(tool.approval.unless, True, (tool,), None)
    for rule in charter.every_rule:
        yield Site(rule.clause, rule.form is Form.ONLY_IF, rule_tools(charter, rule), rule)


def tree_for(charter: Charter, clause: Clause, tool: Tool) -> Node:
    """The condition as it judges one tool: `tool` and `agent` are literals."""
    tree = clause.condition.tree
    if any(isinstance(node, Name) and node.name in ("tool", "agent") for node in walk(tree)):
        return bind(tree, {"tool": tool.name, "agent": charter.agent})
    return tree


def asked_always(tool: Tool) -> bool:
    """Whether no call of a tool runs without somebody's approval."""
    return tool.approval is not None and tool.approval.unless is None


def offset(source: Source, at: Location) -> int:
    """Where a place begins, in code points from the beginning of the text."""
    return source.starts[at.line - 1] + at.column - 1


def rewrite(clause: Clause, message: str, *changes: tuple[int, int, str], safe: bool = True) -> Fix | None:
    """A fix that replaces spans of a condition's text; None where YAML's quoting moved the text.

    Args:
        changes: start, end (offsets into the condition's text) and the new text, from left to right. What is
            not quoted yet is quoted where the new text needs it.
    """
    text, places = clause.condition.text, clause.places
    if places is None:
        return None
    quote = clause.source.text[places - 1 : places]
    new = "".join(change for _, _, change in changes)
    if quote in ("'", '"') and clause.source.text[places + len(text) : places + len(text) + 1] == quote:
        if quote in new or "\\" in new:
            return None
        return Fix(message, tuple(Edit(places + start, places + end, change) for start, end, change in changes), safe)
    if not set(new) & set(",[]{}:#\"'\\"):
        return Fix(message, tuple(Edit(places + start, places + end, change) for start, end, change in changes), safe)
    if '"' in text + new or "\\" in text + new:
        return None
    for start, end, change in reversed(changes):
        text = text[:start] + change + text[end:]
    return Fix(message, (Edit(places, places + len(clause.condition.text), f'"{text}"'),), safe)
