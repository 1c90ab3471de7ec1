"""Changes of a condition's text: an operator, a connective, a negation, a function, a literal, a part left out.

What is changed is the text, and it is checked again: a change that makes no condition of it (a value that a fact never
has) is not made. Left alone are indexes, literals of `timestamp`, and names that `calls` and `succeeded` ask for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from govern.charter.model import Clause
from govern.conditions import ConditionError, Scope, parse_condition
from govern.conditions.spans import widened
from govern.conditions.tree import Call, Has, ListLit, Lit, Macro, Name, Node, children
from govern.scenario.mutants.change import Kind

_BOUNDARY = {"<": "<=", "<=": "<", ">": ">=", ">=": ">", "==": "!=", "!=": "=="}
_CONNECTIVES = {"&&": "||", "||": "&&"}
_ARITHMETIC = {"+": "-", "-": "+", "*": "+"}
_METHODS = {"startsWith": "endsWith", "endsWith": "startsWith", "contains": "startsWith"}
_MACROS = {"all": "exists", "exists": "all"}
# What makes one value of another: without it the value itself is looked at.
_DROPPED = frozenset({"lower", "list", "domain"})
_NAMES = frozenset({"calls", "succeeded", "timestamp", "origin", "named_by_user"})
_LAST_NUMBER = re.compile(r"(\d+)(?=\D*$)")


@dataclass(frozen=True, slots=True)
class Edit:
    """A span of a condition's text with another text in its place.

    Args:
        shown: the part of the text that people are shown, as a span.
        words: what became of it.
    """

    kind: Kind
    start: int
    end: int
    text: str
    shown: tuple[int, int]
    words: str


def changed(clause: Clause, scope: Scope) -> Iterator[tuple[Edit, Clause]]:
    """Every change of a condition that is still a condition, each with what it makes.

    Args:
        scope: the names that it may use.
    """
    text = clause.condition.text
    for edit in _edits(text, clause.condition.tree):
        made = f"{text[: edit.start]}{edit.text}{text[edit.end :]}"
        try:
            condition = parse_condition(made, scope)
        except ConditionError:
            continue
        yield edit, Clause(condition, clause.at, clause.source, clause.places)


def _edits(text: str, node: Node) -> Iterator[Edit]:
    match node:
        case Call(fn, operands) if fn in _BOUNDARY:
            yield from _operator(text, operands, Kind.COMPARISON, fn, _BOUNDARY[fn])
        case Call("in"):
            start, end = widened(text, node.start, node.end)
            shown = _between(text, node.operands, "in")
            yield Edit(Kind.COMPARISON, start, end, f"!({text[start:end]})", shown, "`in` became not `in`")
        case Call(fn, operands) if fn in _ARITHMETIC and len(operands) == 2:
            yield from _operator(text, operands, Kind.ARITHMETIC, fn, _ARITHMETIC[fn])
        case Call(fn, operands) if fn in _CONNECTIVES:
            yield from _connective(text, node, fn, operands)
        case Call("!"):
            shown = node.start, node.start + 1
            yield Edit(Kind.NEGATION, *shown, " ", shown, "`!` was dropped")
        case Call("?:", (question, then, other)):
            yield from _ternary(text, node, question, then, other)
        case Call(fn, operands) if fn in _METHODS:
            start, end = _between(text, operands, fn)
            words = f"`{fn}` became `{_METHODS[fn]}`"
            yield Edit(Kind.FUNCTION, start, end, _METHODS[fn], (start, end), words)
        case Call(fn) if fn in _DROPPED and text.startswith(fn, node.start):
            shown = node.start, node.start + len(fn)
            yield Edit(Kind.FUNCTION, *shown, "", shown, f"`{fn}` was dropped")
        case Call("duration", (Lit(str()) as literal,)):
            yield from _duration(text, literal)
        case Macro(fn, source, _, body) if fn in _MACROS:
            found = re.compile(rf"\.\s*({fn})\b").search(text, source.end, body.start)
            if found is not None:
                words = f"`{fn}` became `{_MACROS[fn]}`"
                yield Edit(Kind.FUNCTION, *found.span(1), _MACROS[fn], found.span(1), words)
        case ListLit(items) if len(items) > 1:
            yield from _members(text, items)
        case Lit():
            yield from _literal(text, node)
        case _:
            pass
    for child in _below(node):
        yield from _edits(text, child)


def _below(node: Node) -> tuple[Node, ...]:
    """The parts that are changed by themselves: not the place that `has` asks for, no name and no time as text."""
    match node:
        case Has() | Name() | Lit() | ListLit():
            return ()
        case Call(fn, operands) if fn in _NAMES or (fn == "duration" and isinstance(operands[0], Lit)):
            return ()
        case _:
            return children(node)


def _between(text: str, operands: tuple[Node, ...], word: str) -> tuple[int, int]:
    """Where an operator or a method's name stands: between its first two operands are only it, parentheses, space."""
    start = text.index(word, operands[0].end, operands[1].start)
    return start, start + len(word)


def _operator(text: str, operands: tuple[Node, ...], kind: Kind, fn: str, to: str) -> Iterator[Edit]:
    start, end = _between(text, operands, fn)
    yield Edit(kind, start, end, to, (start, end), f"`{fn}` became `{to}`")


def _part(text: str, node: Node) -> str:
    start, end = widened(text, node.start, node.end)
    return text[start:end]


def _grouped(text: str, nodes: list[Node], fn: str) -> str:
    """Operands joined anew, each in its own group."""
    return "(" + f" {fn} ".join(f"({_part(text, node)})" for node in nodes) + ")"


def _connective(text: str, node: Node, fn: str, operands: tuple[Node, ...]) -> Iterator[Edit]:
    start, end = widened(text, node.start, node.end)
    to = _CONNECTIVES[fn]
    shown = _between(text, operands, fn)
    yield Edit(Kind.CONNECTIVE, start, end, _grouped(text, list(operands), to), shown, f"`{fn}` became `{to}`")
    for dropped in operands:
        rest = [operand for operand in operands if operand is not dropped]
        span = widened(text, dropped.start, dropped.end)
        words = f"`{_short(text[slice(*span)])}` was dropped"
        yield Edit(Kind.PART, start, end, _grouped(text, rest, fn), span, words)


def _ternary(text: str, node: Node, question: Node, then: Node, other: Node) -> Iterator[Edit]:
    start, end = widened(text, node.start, node.end)
    asked, yes, no = (_part(text, each) for each in (question, then, other))
    made = f"(({asked}) ? ({no}) : ({yes}))"
    yield Edit(Kind.CONNECTIVE, start, end, made, (start, end), "the two sides of `? :` changed places")


def _members(text: str, items: tuple[Lit, ...]) -> Iterator[Edit]:
    for index, item in enumerate(items):
        # With the comma behind it, or before it where it is the last.
        start, end = (
            (items[index - 1].end, item.end) if index == len(items) - 1 else (item.start, items[index + 1].start)
        )
        written = text[item.start : item.end]
        yield Edit(Kind.MEMBER, start, end, "", (item.start, item.end), f"`{_short(written)}` was dropped")


def _literal(text: str, node: Lit) -> Iterator[Edit]:
    span = node.start, node.end
    written = text[node.start : node.end]
    match node.value:
        case bool():
            to = "false" if node.value else "true"
            yield Edit(Kind.TEXT, *span, to, span, f"`{written}` became `{to}`")
        case int() | float():
            for to in neighbours(written):
                yield Edit(Kind.NUMBER, *span, to, span, f"`{written}` became `{to}`")
        case str() if node.value:
            yield Edit(Kind.TEXT, *span, "''", span, f"`{_short(written)}` became `''`")
        case _:
            pass


def _duration(text: str, node: Lit) -> Iterator[Edit]:
    written = text[node.start : node.end]
    found = _LAST_NUMBER.search(written)
    if found is None:
        return
    for step in (1, -1):
        number = int(found[1]) + step
        if number > 0:
            made = f"{written[: found.start(1)]}{number}{written[found.end(1) :]}"
            span = node.start, node.end
            yield Edit(Kind.NUMBER, *span, made, span, f"`{written}` became `{made}`")


def neighbours(written: str) -> tuple[str, str]:
    """A number as written, one step of its own precision up and down: of `0.05` that is `0.06` and `0.04`."""
    value = Decimal(written.replace(" ", ""))
    exponent = value.as_tuple().exponent
    step = Decimal(1).scaleb(exponent) if isinstance(exponent, int) and exponent < 0 else Decimal(1)
    return f"{value + step:f}", f"{value - step:f}"


def _short(text: str, most: int = 40) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= most else flat[: most - 1] + "…"
