"""Takes one part out of a condition so that fewer calls pass: a conjunct or a disjunct, whichever is tighter there.

Truth values are ordered false < unknown < true. Without a conjunct the rest of `&&` is no lower, without a disjunct the
rest of `||` is no higher; every operator above it but the question of `? :` keeps or turns that order round. So the
change goes one way for every call, whatever the other parts say.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from govern.conditions.parse import parse
from govern.conditions.problems import ConditionError
from govern.conditions.tree import Call, Macro, Node
from govern.lint.logic import key


@dataclass(frozen=True, slots=True)
class _Part:
    """An operand of `&&` or `||`, and whether leaving it out must not lower the operator's value."""

    of: Call
    operand: Node
    raises: bool


def without(text: str, start: int, end: int, permits: bool) -> tuple[int, int] | None:
    """The span to delete so that a part is gone and no call passes that did not; None if there is none.

    Args:
        text: the condition.
        start, end: the part's span; a `!` before it goes with it.
        permits: the value of the condition that lets a call pass.
    """
    tree = parse(text)
    part = _find(tree, start, end, raises=not permits)
    if part is None or part.of.fn != ("&&" if part.raises else "||"):
        return None
    span = _span(text, part)
    if span is None:
        return None
    try:
        changed = parse(text[: span[0]] + text[span[1] :])
    except ConditionError:
        return None
    return span if key(changed) == key(_dropped(tree, part)) else None


def _find(node: Node, start: int, end: int, raises: bool) -> _Part | None:
    match node:
        case Call("&&" | "||", operands):
            for operand in operands:
                bare = operand
                while isinstance(bare, Call) and bare.fn == "!":
                    bare = bare.operands[0]
                if (bare.start, bare.end) == (start, end):
                    return _Part(node, operand, raises)
                if operand.start <= start and end <= operand.end:
                    return _find(operand, start, end, raises)
            return None
        case Call("!", (inner,)):
            return _find(inner, start, end, not raises)
        case Call("?:", (_, yes, no)):
            return _find(yes, start, end, raises) or _find(no, start, end, raises)
        case Macro("all" | "exists", _, _, body):
            return _find(body, start, end, raises)
        case _:
            return None


def _span(text: str, part: _Part) -> tuple[int, int] | None:
    """The operand with the operator beside it and the space between."""
    start, end, fn = part.operand.start, part.operand.end, part.of.fn
    after, before = text[end:].lstrip(), text[:start].rstrip()
    if after.startswith(fn) and part.operand is part.of.operands[0]:
        rest = after[len(fn) :].lstrip()
        return start, len(text) - len(rest)
    if before.endswith(fn):
        return len(before[: -len(fn)].rstrip()), end
    return None


def _dropped(node: Node, part: _Part) -> Node:
    """The tree without the part."""
    match node:
        case Call() if node is part.of:
            rest = tuple(operand for operand in node.operands if operand is not part.operand)
            return replace(node, operands=rest) if len(rest) > 1 else rest[0]
        case Call():
            return replace(node, operands=tuple(_dropped(operand, part) for operand in node.operands))
        case Macro():
            return replace(node, body=_dropped(node.body, part))
        case _:
            return node
