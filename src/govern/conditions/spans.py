"""Where a part of a condition stands in its text, with the parentheses that belong to it.

A node's own span leaves grouping out: of `(a || b) && c` the whole begins at `a`. What people are shown is widened
to whole groups. Conditions that `policy.derive` made have no spans of their own; they are given the ones that their
text says.
"""

from __future__ import annotations

import re
from dataclasses import replace

from govern.conditions.check import Condition
from govern.conditions.tree import Call, Field, Has, Item, ListLit, Lit, Macro, Name, Node

_MARK = re.compile(r""""(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|[()\[\]]""")


def widened(text: str, start: int, end: int) -> tuple[int, int]:
    """A span of a condition's text, widened until every parenthesis in it is closed in it."""
    depth = lowest = 0
    for mark in _MARK.finditer(text, start, end):
        if mark.group() in "([":
            depth += 1
        elif mark.group() in ")]":
            depth -= 1
            lowest = min(lowest, depth)
    for _ in range(-lowest):
        start = text.rindex("(", 0, start)
    for _ in range(depth - lowest):
        end = text.index(")", end) + 1
    return start, end


def located(condition: Condition) -> Node:
    """The tree of a condition with every span in `condition.text`, also where `policy.derive` made it."""
    tree, whole = condition.tree, len(condition.text)
    if tree.end > tree.start:
        return tree
    match tree:
        case Call("&&", (Call("tainted") as read, Call("!", (unless,)))):
            begin = condition.text.index(" && !(")
            moved = Call("!", (_shifted(unless, begin + len(" && !(")),), begin + len(" && "), whole)
            return Call("&&", (_of_history(read, begin), moved), 0, whole)
        case Call():
            return _of_history(tree, whole)
        case _:
            return tree


def _of_history(call: Call, end: int) -> Call:
    """A call of a function of the history that stands at the beginning of a text."""
    inside = len(call.fn) + 1, end - 1
    operands = tuple(replace(each, start=inside[0], end=inside[1]) for each in call.operands)
    return Call(call.fn, operands, 0, end)


def _shifted(node: Node, by: int) -> Node:
    start, end = node.start + by, node.end + by
    match node:
        case Lit() | Name():
            return replace(node, start=start, end=end)
        case Field(base) | Item(base):
            return replace(node, base=_shifted(base, by), start=start, end=end)
        case Has(target):
            moved = replace(target, base=_shifted(target.base, by), start=target.start + by, end=target.end + by)
            return replace(node, target=moved, start=start, end=end)
        case Call(_, operands):
            return replace(node, operands=tuple(_shifted(each, by) for each in operands), start=start, end=end)
        case Macro(_, source, _, body):
            return replace(node, source=_shifted(source, by), body=_shifted(body, by), start=start, end=end)
        case ListLit(items):
            return replace(node, items=tuple(replace(each, start=each.start + by, end=each.end + by) for each in items),
                           start=start, end=end)  # fmt: skip
