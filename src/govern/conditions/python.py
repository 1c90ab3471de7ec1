"""The per-call engine: a checked tree becomes closures over a call's arguments.

A condition gives True, False or None (unknown). Values are plain JSON data; a place that is not there is
`ABSENT`, a place under something that is no object or list is `WRONG`; both are unknown to every operator
and differ only for `has` and `list`.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any, Final

import re2

from govern.conditions.tree import Call, Field, Has, Item, ListLit, Lit, Macro, Name, Node, bind, walk
from govern.conditions.values import MAX_NESTED, domain, in_range, lexical_path, lower, micro, url_part

Truth = bool | None
Args = dict[str, Any]
Scope = list[Any]
TruthFn = Callable[[Args, Scope], Truth]
ValueFn = Callable[[Args, Scope], Any]
NumberFn = Callable[[Args, Scope], int | None]


class _Nothing:
    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return self.name


ABSENT: Final = _Nothing("ABSENT")
WRONG: Final = _Nothing("WRONG")
_ORDER: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip
_FLIPPED = {"==": "==", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
_ARITHMETIC = ("+", "-", "*", "neg")
_NUMBERS = (int, float)


def decider(tree: Node) -> Callable[[Args], Truth]:
    """A function from a call's arguments (normalised JSON, an object) to True, False or None."""
    run = _truth(tree, ())
    scope: Scope = []
    if any(isinstance(part, Macro) for part in walk(tree)):
        return lambda args: run(args, [None] * MAX_NESTED)  # a scope of its own for every thread
    return lambda args: run(args, scope)


def place(args: Args, path: tuple[str | int, ...]) -> Any:
    """What stands at a path of the arguments: a value, ABSENT or WRONG."""
    value: Any = args
    for step in path:
        value = _step(value, step)
    return value


def _step(base: Any, step: str | int) -> Any:
    if isinstance(step, str):
        if type(base) is dict:
            return base.get(step, ABSENT)
    elif type(base) is list:
        return base[step] if step < len(base) else ABSENT
    return ABSENT if base is None or base is ABSENT else WRONG


# -- truth ---------------------------------------------------------------------------------------------


def _truth(node: Node, names: tuple[str, ...]) -> TruthFn:
    match node:
        case Has(target):
            return _has(_value(target, names))
        case Macro(fn) if fn in ("all", "exists"):
            return _quantifier(node, names)
        case Call("&&" | "||" as fn, operands):
            return _junction(fn, [_truth(operand, names) for operand in operands])
        case Call("!", (operand,)):
            return _not(_truth(operand, names))
        case Call("?:", (test, then, other)):
            return _choice(_truth(test, names), _truth(then, names), _truth(other, names))
        case Call("==" | "!=" | "<" | "<=" | ">" | ">=" as fn, (left, right)):
            return _comparison(fn, left, right, names)
        case Call("in", (item, ListLit(items))):
            wanted = [_comparison("==", item, literal, names) for literal in items]
            return _junction("||", wanted) if wanted else lambda args, scope: False
        case Call("in", (item, source)):
            return _member(_value(item, names), isinstance(item, Lit) and item.value is None, _items(source, names))
        case Call("startsWith" | "endsWith" | "contains" as fn, (left, right)):
            return _text_test(fn, _value(left, names), _value(right, names))
        case Call("matches", (subject, Lit(str() as pattern))):
            return _matches(_value(subject, names), pattern)
        case Call("within", (subject, Lit(str() as folder))):
            return _within(_value(subject, names), folder)
        case _:
            return _as_truth(_value(node, names))


def _has(target: ValueFn) -> TruthFn:
    def run(args: Args, scope: Scope) -> Truth:
        value = target(args, scope)
        if value is WRONG:
            return None
        return not (value is ABSENT or value is None)

    return run


def _junction(fn: str, parts: list[TruthFn]) -> TruthFn:
    decisive = fn == "||"
    if len(parts) == 2:
        first, second = parts

        def both(args: Args, scope: Scope) -> Truth:
            one = first(args, scope)
            if one is decisive:
                return decisive
            two = second(args, scope)
            if two is decisive:
                return decisive
            return None if one is None or two is None else not decisive

        return both

    def run(args: Args, scope: Scope) -> Truth:
        unknown = False
        for part in parts:
            found = part(args, scope)
            if found is decisive:
                return decisive
            unknown = unknown or found is None
        return None if unknown else not decisive

    return run


def _not(part: TruthFn) -> TruthFn:
    def run(args: Args, scope: Scope) -> Truth:
        found = part(args, scope)
        return None if found is None else not found

    return run


def _choice(test: TruthFn, then: TruthFn, other: TruthFn) -> TruthFn:
    def run(args: Args, scope: Scope) -> Truth:
        found = test(args, scope)
        if found is None:
            return None
        return then(args, scope) if found else other(args, scope)

    return run


def _as_truth(value: ValueFn) -> TruthFn:
    def run(args: Args, scope: Scope) -> Truth:
        found = value(args, scope)
        return found if type(found) is bool else None

    return run


def _quantifier(node: Macro, names: tuple[str, ...]) -> TruthFn:
    decisive = node.fn == "exists"
    if isinstance(node.source, ListLit):
        written = [_truth(bind(node.body, {node.var: item.value}), names) for item in node.source.items]
        return _junction("||" if decisive else "&&", written)
    body = _truth(node.body, (*names, node.var))
    slot = len(names)
    items = _items(node.source, names)

    def run(args: Args, scope: Scope) -> Truth:
        found = items(args, scope)
        if found is None:
            return None
        unknown = False
        for item in found:
            scope[slot] = item
            outcome = body(args, scope)
            if outcome is decisive:
                return decisive
            unknown = unknown or outcome is None
        return None if unknown else not decisive

    return run


# -- comparisons ---------------------------------------------------------------------------------------


def _comparison(fn: str, left: Node, right: Node, names: tuple[str, ...]) -> TruthFn:
    if _is_arithmetic(left) or _is_arithmetic(right):
        return _micro_comparison(fn, _number(left, names), _number(right, names))
    if isinstance(left, Lit) and not isinstance(right, Lit):
        left, right, fn = right, left, _FLIPPED[fn]
    if isinstance(right, Lit):
        if right.value is None:
            return _null_test(fn == "==", _value(left, names))
        return _literal_comparison(fn, _value(left, names), right.value)
    return _value_comparison(fn, _value(left, names), _value(right, names))


def _is_arithmetic(node: Node) -> bool:
    return isinstance(node, Call) and node.fn in _ARITHMETIC


def _null_test(wanted: bool, value: ValueFn) -> TruthFn:
    def run(args: Args, scope: Scope) -> Truth:
        found = value(args, scope)
        if found is ABSENT or found is WRONG:
            return None
        return (found is None) is wanted

    return run


def _literal_comparison(fn: str, value: ValueFn, literal: Any) -> TruthFn:
    kinds: tuple[type, ...] = _NUMBERS if type(literal) in _NUMBERS else (type(literal),)
    if fn in _ORDER:
        compare = _ORDER[fn]

        def order(args: Args, scope: Scope) -> Truth:
            found = value(args, scope)
            return compare(found, literal) if type(found) in kinds else None

        return order
    wanted = fn == "=="

    def equality(args: Args, scope: Scope) -> Truth:
        found = value(args, scope)
        return (found == literal) is wanted if type(found) in kinds else None

    return equality


def equal(left: Any, right: Any) -> Truth:
    """Equality of two values by the table: null equals only null, other kinds only their own."""
    kind, other = type(left), type(right)
    if kind in _NUMBERS and other in _NUMBERS:
        return bool(left == right)
    if kind is other and kind in (str, bool):
        return bool(left == right)
    return True if left is None and right is None else None


def _value_comparison(fn: str, left: ValueFn, right: ValueFn) -> TruthFn:
    def equality(args: Args, scope: Scope) -> Truth:
        found = equal(left(args, scope), right(args, scope))
        return found if found is None or fn == "==" else not found

    if fn not in _ORDER:
        return equality
    compare = _ORDER[fn]

    def order(args: Args, scope: Scope) -> Truth:
        one, two = left(args, scope), right(args, scope)
        kind, other = type(one), type(two)
        if (kind in _NUMBERS and other in _NUMBERS) or (kind is str and other is str):
            return compare(one, two)
        return None

    return order


def _micro_comparison(fn: str, left: NumberFn, right: NumberFn) -> TruthFn:
    compare = {**_ORDER, "==": operator.eq, "!=": operator.ne}[fn]

    def run(args: Args, scope: Scope) -> Truth:
        one, two = left(args, scope), right(args, scope)
        return None if one is None or two is None else compare(one, two)

    return run


def _member(item: ValueFn, null: bool, items: ValueFn) -> TruthFn:
    def run(args: Args, scope: Scope) -> Truth:
        found = items(args, scope)
        if found is None:
            return None
        wanted = item(args, scope)
        unknown = False
        for other in found:
            same = (other is None) if null else equal(wanted, other)
            if same:
                return True
            unknown = unknown or same is None
        return None if unknown else False

    return run


# -- text ----------------------------------------------------------------------------------------------


def _text_test(fn: str, left: ValueFn, right: ValueFn) -> TruthFn:
    test: Callable[[str, str], bool] = {
        "startsWith": str.startswith, "endsWith": str.endswith, "contains": str.__contains__,
    }[fn]  # fmt: skip

    def run(args: Args, scope: Scope) -> Truth:
        one, two = left(args, scope), right(args, scope)
        return test(one, two) if type(one) is str and type(two) is str else None

    return run


def _matches(subject: ValueFn, pattern: str) -> TruthFn:
    options = re2.Options()
    options.log_errors = False
    search = re2.compile(pattern, options).search

    def run(args: Args, scope: Scope) -> Truth:
        text = subject(args, scope)
        return search(text) is not None if type(text) is str else None

    return run


def _within(subject: ValueFn, folder: str) -> TruthFn:
    below = folder.rstrip("/") + "/"

    def run(args: Args, scope: Scope) -> Truth:
        text = subject(args, scope)
        if type(text) is not str or lexical_path(text) is None:
            return None
        return text == folder or text.startswith(below)

    return run


# -- values --------------------------------------------------------------------------------------------


def _value(node: Node, names: tuple[str, ...]) -> ValueFn:
    match node:
        case Lit(literal):
            return lambda args, scope: literal
        case Name("args"):
            return lambda args, scope: args
        case Name(name):
            slot = names.index(name)
            return lambda args, scope: scope[slot]
        case Field(Name("args"), key):
            return lambda args, scope: args.get(key, ABSENT)
        case Field(base, key):
            above = _value(base, names)
            return lambda args, scope: _step(above(args, scope), key)
        case Item(base, index):
            above = _value(base, names)
            return lambda args, scope: _step(above(args, scope), index)
        case Call("size", (operand,)):
            return _size(operand, names)
        case Call("lower" | "domain" | "url.host" | "url.scheme" | "url.path" as fn, (operand,)):
            return _text_function(fn, _value(operand, names))
        case Macro("count"):
            kept = _kept(node, names)
            return lambda args, scope: WRONG if (found := kept(args, scope)) is None else len(found)
        case Call(fn) if fn in _ARITHMETIC:
            raise AssertionError("arithmetic is compared in millionths, never read as a value")
        case _:
            truth = _truth(node, names)
            return lambda args, scope: WRONG if (found := truth(args, scope)) is None else found


def _size(operand: Node, names: tuple[str, ...]) -> ValueFn:
    listy = isinstance(operand, Macro) or (isinstance(operand, Call) and operand.fn in ("list", "keys"))
    of = _items(operand, names) if listy else _value(operand, names)

    def run(args: Args, scope: Scope) -> Any:
        found = of(args, scope)
        return len(found) if type(found) in (str, list, dict) else WRONG

    return run


def _text_function(fn: str, of: ValueFn) -> ValueFn:
    def run(args: Args, scope: Scope) -> Any:
        text = of(args, scope)
        if type(text) is not str:
            return WRONG
        made = lower(text) if fn == "lower" else domain(text) if fn == "domain" else url_part(fn, text)
        return WRONG if made is None else made

    return run


def _items(node: Node, names: tuple[str, ...]) -> ValueFn:
    """A list, or None where it is unknown."""
    match node:
        case Call("list", (operand,)):
            of = _value(operand, names)

            def run_list(args: Args, scope: Scope) -> Any:
                found = of(args, scope)
                if found is None or found is ABSENT:
                    return []
                return found if type(found) is list else None

            return run_list
        case Call("keys", (operand,)):
            of = _value(operand, names)
            return lambda args, scope: list(found) if type(found := of(args, scope)) is dict else None
        case Macro("filter"):
            return _kept(node, names)
        case _:
            of = _value(node, names)
            return lambda args, scope: found if type(found := of(args, scope)) is list else None


def _kept(node: Macro, names: tuple[str, ...]) -> ValueFn:
    """The items for which the body is true; None where it is unknown for any of them."""
    items, slot = _items(node.source, names), len(names)
    body = _truth(node.body, (*names, node.var))

    def run(args: Args, scope: Scope) -> Any:
        found = items(args, scope)
        if found is None:
            return None
        kept = []
        for item in found:
            scope[slot] = item
            outcome = body(args, scope)
            if outcome is None:
                return None
            if outcome:
                kept.append(item)
        return kept

    return run


# -- exact arithmetic ----------------------------------------------------------------------------------


def _number(node: Node, names: tuple[str, ...]) -> NumberFn:
    """A number in millionths, or None."""
    match node:
        case Call("neg", (operand,)):
            of = _number(operand, names)
            return lambda args, scope: None if (found := of(args, scope)) is None else in_range(-found)
        case Call("+" | "-" | "*" as fn, (left, right)):
            return _binary(fn, _number(left, names), _number(right, names))
        case _:
            value = _value(node, names)
            return lambda args, scope: micro(value(args, scope))


def _binary(fn: str, left: NumberFn, right: NumberFn) -> NumberFn:
    def run(args: Args, scope: Scope) -> int | None:
        one, two = left(args, scope), right(args, scope)
        if one is None or two is None:
            return None
        if fn == "*":
            whole, rest = divmod(one * two, 1_000_000)
            return in_range(whole) if rest == 0 else None
        return in_range(one + two if fn == "+" else one - two)

    return run
