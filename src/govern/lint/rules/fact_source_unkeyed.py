"""A fact from a lookup that may have been made for another record: nothing says which result counts."""

from __future__ import annotations

from collections.abc import Iterator

from govern.charter.model import Charter, Fact, Tool
from govern.conditions.tree import Call, Field, Name, Node, walk
from govern.findings import Confidence, Severity
from govern.lint.hit import Hit, listed
from govern.lint.scopes import own

SEVERITY = Severity.WARNING
CONFIDENCE = Confidence.HIGH


def check(charter: Charter) -> Iterator[Hit]:
    for fact in charter.facts.values():
        if fact.source is None or fact.source.where or fact.first or _compared(charter, fact):
            continue  # `take: first` is a choice: what the trace began with
        sources = [charter.tools[word.name] for word in fact.source.tools if word.name in charter.tools]
        choosing = [tool for tool in sources if _chooses(tool)]
        if choosing:
            names = listed([tool.name for tool in choosing])
            message = f"`{fact.name}` is the latest result of {names}, whichever record that was about"
            hint = "add `where: {ARGUMENT: args.ARGUMENT}`, an argument of the lookup and what it equals in the call"
            known = all(tool.input is not None for tool in choosing)
            yield Hit(
                message, own(charter, fact.source.tools[0].at), hint, confidence=None if known else Confidence.LOW
            )


def _chooses(tool: Tool) -> bool:
    """Whether a call says which record it wants; without a schema it may."""
    return tool.input is None or bool(tool.input.schema.get("required"))


def _compared(charter: Charter, fact: Fact) -> bool:
    """Whether a condition compares something of the fact with the call itself: a key, written otherwise."""
    for clause in charter.clauses:
        for node in walk(clause.condition.tree):
            if isinstance(node, Call) and node.fn == "==":
                roots = {_root(operand) for operand in node.operands}
                if {fact.name, "args"} <= roots:
                    return True
    return False


def _root(node: Node) -> str:
    while isinstance(node, Field):
        node = node.base
    return node.name if isinstance(node, Name) else ""
