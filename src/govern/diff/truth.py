"""What conditions say of each other by their form: implication over three truth values, without a solver.

A claim is certain; no claim says nothing. Leaves out values that only a solver finds (`solver`).
"""

from __future__ import annotations

from collections.abc import Mapping

from govern.conditions import Condition, bound
from govern.conditions.inputs import Path, path_of, reads
from govern.conditions.tree import Call, Has, Lit, Name, Node, rewrite, walk
from govern.lint.logic import Truth, key, somewhere
from govern.policy.model import Rule, When

ALWAYS = Lit(True)


def applying(rule: Rule, tool: str, agent: str) -> Node:
    """A condition that is true or unknown exactly where a rule applies."""
    tree = normal(bound(rule.condition, tool=tool, agent=agent))
    return tree if rule.form is When.WHEN else negated(tree)


def asking(unless: Condition | None, tool: str, agent: str) -> Node:
    """A condition that is true or unknown exactly where a tool's gate is asked."""
    return ALWAYS if unless is None else negated(normal(bound(unless, tool=tool, agent=agent)))


_MIRRORED = {">": "<", ">=": "<="}


def normal(tree: Node) -> Node:
    """The same condition, comparisons written one way round: `b > a` is `a < b`."""

    def change(node: Node) -> Node:
        match node:
            case Call("==" | "!=", (left, right)) if repr(key(left)) > repr(key(right)):
                return Call(node.fn, (right, left), node.start, node.end)
            case Call(">" | ">=" as fn, (left, right)) if not isinstance(left, Lit) and not isinstance(right, Lit):
                return Call(_MIRRORED[fn], (right, left), node.start, node.end)
            case _:
                return node

    return rewrite(tree, change)


def negated(tree: Node) -> Node:
    return tree.operands[0] if isinstance(tree, Call) and tree.fn == "!" else Call("!", (tree,))


def applies_too(one: Node, other: Node) -> bool:
    """Whether the other is true or unknown wherever the one is; False where that is not plain by their form."""
    if key(one) == key(other) or other == ALWAYS:
        return True

    def counter(truths: tuple[Truth, ...]) -> bool:
        return truths[0] is not False and truths[1] is False

    return not somewhere((one, other), counter)


def true_too(one: Node, other: Node) -> bool:
    """Whether the other is true wherever the one is; False where that is not plain by their form."""
    if key(one) == key(other):
        return True

    def counter(truths: tuple[Truth, ...]) -> bool:
        return truths[0] is True and truths[1] is not True

    return not somewhere((one, other), counter)


def same(one: Node, other: Node) -> bool:
    """Whether both have one value for every call, as far as their form says."""
    return key(one) == key(other) or not somewhere((one, other), lambda truths: truths[0] is not truths[1])


def given(condition: Condition, values: Mapping[str, bool | None], names: Mapping[str, str]) -> Condition:
    """A condition with inputs of the history decided, and facts under other names.

    Args:
        values: of limits by id (`exceeded`), and of `session` (`tainted`), as `exceeded('id')` is keyed.
        names: of facts, old to new.
    """

    def change(node: Node) -> Node:
        match node:
            case Call("exceeded" | "tainted" as fn, (Lit(str(of)),)) if f"{fn}:{of}" in values:
                return Lit(values[f"{fn}:{of}"], node.start, node.end)
            case Name(name, start, end) if name in names:
                return Name(names[name], start, end)
            case _:
                return node

    if not (values or names):
        return condition
    tree = rewrite(condition.tree, change)
    return Condition(condition.text, tree, reads(tree))


def tells_absence(tree: Node, root: str) -> bool:
    """Whether a condition asks if something below an input is there: then what is missing is not only unknown."""
    return any(
        _starts(path_of(node.target), root) if isinstance(node, Has) else _starts(path_of(node.operands[0]), root)
        for node in walk(tree)
        if isinstance(node, Has) or (isinstance(node, Call) and node.fn == "list")
    )


def _starts(path: Path | None, root: str) -> bool:
    """Of what is no plain path, nobody knows where it leads."""
    return path is None or path[0] == root
