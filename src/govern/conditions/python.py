"""The per-call engine: a checked tree becomes closures over a call's inputs.

A condition gives True, False or None (unknown). Values are plain JSON data; a place that is not there is
`ABSENT`, a place under something that is no object or list is `WRONG`, and so is an input that nobody gave and
every place under it; both are unknown to every operator and differ only for `has` and `list`. Times and sums
are ints or None, apart from values.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any, Final

from govern.conditions.inputs import ORIGINS, Inputs, operand_key
from govern.conditions.scope import PLACES
from govern.conditions.times import duration_ns, in_int64, time_kind, timestamp_ns
from govern.conditions.tree import OF_HISTORY, Call, Field, Has, Item, ListLit, Lit, Macro, Name, Node, bind, walk
from govern.conditions.values import MAX_NESTED, domain, in_range, lexical_path, lower, micro, searcher, url_part
from govern.conditions.zones import clock, offsets, zoned

Truth = bool | None
Stack = list[Any]
TruthFn = Callable[[Inputs, Stack], Truth]
ValueFn = Callable[[Inputs, Stack], Any]
NumberFn = Callable[[Inputs, Stack], int | None]


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


def decider(tree: Node, zone: str | None = None) -> Callable[[Inputs], Truth]:
    """A function from a call's inputs to True, False or None.

    Args:
        tree: a checked tree in which `tool` and `agent` are already literals.
        zone: the deployment's time zone by its IANA name, for `date`, `hour` and `weekday`: unknown without it.

    Raises:
        AuthorError: no such zone.
    """
    run = truth_of(zoned(tree, zone), ())
    stack: Stack = []
    if any(isinstance(part, Macro) for part in walk(tree)):
        return lambda inputs: run(inputs, [None] * MAX_NESTED)  # a stack of its own for every thread
    return lambda inputs: run(inputs, stack)


def place(inputs: Inputs, path: tuple[str | int, ...]) -> Any:
    """What stands at a path of the inputs: a value, ABSENT or WRONG."""
    if path[0] not in inputs:
        return WRONG
    value: Any = inputs[str(path[0])]
    for step in path[1:]:
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


def truth_of(node: Node, names: tuple[str, ...]) -> TruthFn:
    match node:
        case Has(target):
            return _has(value_of(target, names))
        case Macro(fn) if fn in ("all", "exists"):
            return _quantifier(node, names)
        case Call("&&" | "||" as fn, operands):
            return _junction(fn, [truth_of(operand, names) for operand in operands])
        case Call("!", (operand,)):
            return _not(truth_of(operand, names))
        case Call("?:", (test, then, other)):
            return _choice(truth_of(test, names), truth_of(then, names), truth_of(other, names))
        case Call("==" | "!=" | "<" | "<=" | ">" | ">=" as fn, (left, right)):
            return _comparison(fn, left, right, names)
        case Call("in", (item, ListLit(items))) if (kinds := _one_kind(items)) and not _is_computed(item):
            return _among(value_of(item, names), kinds, frozenset(literal.value for literal in items))
        case Call("in", (item, ListLit(items))):
            wanted = [_comparison("==", item, literal, names) for literal in items]
            return _junction("||", wanted) if wanted else lambda inputs, stack: False
        case Call("in", (item, source)):
            return _member(value_of(item, names), isinstance(item, Lit) and item.value is None, items_of(source, names))
        case Call("startsWith" | "endsWith" | "contains" as fn, (left, Lit(str() as part))):
            return _text_has(fn, value_of(left, names), part)
        case Call("startsWith" | "endsWith" | "contains" as fn, (left, right)):
            return _text_test(fn, value_of(left, names), value_of(right, names))
        case Call("matches", (subject, Lit(str() as pattern))):
            return _matches(value_of(subject, names), pattern)
        case Call("within", (subject, Lit(str() as folder))):
            return _within(value_of(subject, names), folder)
        case _:
            return _as_truth(value_of(node, names))


def _one_kind(items: tuple[Lit, ...]) -> tuple[type, ...]:
    """The types that a value may have to be one of these literals or none; empty where they are of several kinds."""
    kinds = {type(literal.value) for literal in items}
    return _NUMBERS if kinds and kinds <= set(_NUMBERS) else (str,) if kinds == {str} else ()


def _is_computed(node: Node) -> bool:
    """Whether a value is a sum or a time, which are compared by themselves."""
    return isinstance(node, Lit) or _is_arithmetic(node) or time_kind(node) is not None


def _among(item: ValueFn, kinds: tuple[type, ...], wanted: frozenset[Any]) -> TruthFn:
    def run(inputs: Inputs, stack: Stack) -> Truth:
        found = item(inputs, stack)
        return found in wanted if type(found) in kinds else None

    return run


def _has(target: ValueFn) -> TruthFn:
    def run(inputs: Inputs, stack: Stack) -> Truth:
        value = target(inputs, stack)
        if value is WRONG:
            return None
        return not (value is ABSENT or value is None)

    return run


def _junction(fn: str, parts: list[TruthFn]) -> TruthFn:
    decisive = fn == "||"
    if len(parts) == 2:
        first, second = parts

        def both(inputs: Inputs, stack: Stack) -> Truth:
            one = first(inputs, stack)
            if one is decisive:
                return decisive
            two = second(inputs, stack)
            if two is decisive:
                return decisive
            return None if one is None or two is None else not decisive

        return both

    def run(inputs: Inputs, stack: Stack) -> Truth:
        unknown = False
        for part in parts:
            found = part(inputs, stack)
            if found is decisive:
                return decisive
            unknown = unknown or found is None
        return None if unknown else not decisive

    return run


def _not(part: TruthFn) -> TruthFn:
    def run(inputs: Inputs, stack: Stack) -> Truth:
        found = part(inputs, stack)
        return None if found is None else not found

    return run


def _choice(test: TruthFn, then: TruthFn, other: TruthFn) -> TruthFn:
    def run(inputs: Inputs, stack: Stack) -> Truth:
        found = test(inputs, stack)
        if found is None:
            return None
        return then(inputs, stack) if found else other(inputs, stack)

    return run


def _as_truth(value: ValueFn) -> TruthFn:
    def run(inputs: Inputs, stack: Stack) -> Truth:
        found = value(inputs, stack)
        return found if type(found) is bool else None

    return run


def _quantifier(node: Macro, names: tuple[str, ...]) -> TruthFn:
    decisive = node.fn == "exists"
    if isinstance(node.source, ListLit):
        written = [truth_of(bind(node.body, {node.var: item.value}), names) for item in node.source.items]
        return _junction("||" if decisive else "&&", written)
    body = truth_of(node.body, (*names, node.var))
    slot = len(names)
    items = items_of(node.source, names)

    def run(inputs: Inputs, stack: Stack) -> Truth:
        found = items(inputs, stack)
        if found is None:
            return None
        unknown = False
        for item in found:
            stack[slot] = item
            outcome = body(inputs, stack)
            if outcome is decisive:
                return decisive
            unknown = unknown or outcome is None
        return None if unknown else not decisive

    return run


# -- comparisons ---------------------------------------------------------------------------------------


def _comparison(fn: str, left: Node, right: Node, names: tuple[str, ...]) -> TruthFn:
    if time_kind(left) or time_kind(right):
        return _exact_comparison(fn, time_of(left, names), time_of(right, names))
    if _is_arithmetic(left) or _is_arithmetic(right):
        return _exact_comparison(fn, number_of(left, names), number_of(right, names))
    if isinstance(left, Lit) and not isinstance(right, Lit):
        left, right, fn = right, left, _FLIPPED[fn]
    if isinstance(right, Lit):
        if right.value is None:
            return _null_test(fn == "==", value_of(left, names))
        return _literal_comparison(fn, value_of(left, names), right.value)
    return _value_comparison(fn, value_of(left, names), value_of(right, names))


def _is_arithmetic(node: Node) -> bool:
    return isinstance(node, Call) and node.fn in _ARITHMETIC


def _null_test(wanted: bool, value: ValueFn) -> TruthFn:
    def run(inputs: Inputs, stack: Stack) -> Truth:
        found = value(inputs, stack)
        if found is ABSENT or found is WRONG:
            return None
        return (found is None) is wanted

    return run


def _literal_comparison(fn: str, value: ValueFn, literal: Any) -> TruthFn:
    kinds: tuple[type, ...] = _NUMBERS if type(literal) in _NUMBERS else (type(literal),)
    if fn in _ORDER:
        compare = _ORDER[fn]

        def order(inputs: Inputs, stack: Stack) -> Truth:
            found = value(inputs, stack)
            return compare(found, literal) if type(found) in kinds else None

        return order
    wanted = fn == "=="

    def equality(inputs: Inputs, stack: Stack) -> Truth:
        found = value(inputs, stack)
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
    def equality(inputs: Inputs, stack: Stack) -> Truth:
        found = equal(left(inputs, stack), right(inputs, stack))
        return found if found is None or fn == "==" else not found

    if fn not in _ORDER:
        return equality
    compare = _ORDER[fn]

    def order(inputs: Inputs, stack: Stack) -> Truth:
        one, two = left(inputs, stack), right(inputs, stack)
        kind, other = type(one), type(two)
        if (kind in _NUMBERS and other in _NUMBERS) or (kind is str and other is str):
            return compare(one, two)
        return None

    return order


def _exact_comparison(fn: str, left: NumberFn, right: NumberFn) -> TruthFn:
    compare = {**_ORDER, "==": operator.eq, "!=": operator.ne}[fn]

    def run(inputs: Inputs, stack: Stack) -> Truth:
        one, two = left(inputs, stack), right(inputs, stack)
        return None if one is None or two is None else compare(one, two)

    return run


def _member(item: ValueFn, null: bool, items: ValueFn) -> TruthFn:
    def run(inputs: Inputs, stack: Stack) -> Truth:
        found = items(inputs, stack)
        if found is None:
            return None
        wanted = item(inputs, stack)
        unknown = False
        for other in found:
            same = (other is None) if null else equal(wanted, other)
            if same:
                return True
            unknown = unknown or same is None
        return None if unknown else False

    return run


# -- text ----------------------------------------------------------------------------------------------


def _text_has(fn: str, subject: ValueFn, part: str) -> TruthFn:
    if fn == "contains":

        def contains(inputs: Inputs, stack: Stack) -> Truth:
            text = subject(inputs, stack)
            return part in text if type(text) is str else None

        return contains
    if fn == "startsWith":

        def starts(inputs: Inputs, stack: Stack) -> Truth:
            text = subject(inputs, stack)
            return text.startswith(part) if type(text) is str else None

        return starts

    def ends(inputs: Inputs, stack: Stack) -> Truth:
        text = subject(inputs, stack)
        return text.endswith(part) if type(text) is str else None

    return ends


def _text_test(fn: str, left: ValueFn, right: ValueFn) -> TruthFn:
    test: Callable[[str, str], bool] = {
        "startsWith": str.startswith, "endsWith": str.endswith, "contains": str.__contains__,
    }[fn]  # fmt: skip

    def run(inputs: Inputs, stack: Stack) -> Truth:
        one, two = left(inputs, stack), right(inputs, stack)
        return test(one, two) if type(one) is str and type(two) is str else None

    return run


def _matches(subject: ValueFn, pattern: str) -> TruthFn:
    search = searcher(pattern)

    def run(inputs: Inputs, stack: Stack) -> Truth:
        text = subject(inputs, stack)
        return search(text) if type(text) is str else None

    return run


def _within(subject: ValueFn, folder: str) -> TruthFn:
    below = folder.rstrip("/") + "/"

    def run(inputs: Inputs, stack: Stack) -> Truth:
        text = subject(inputs, stack)
        if type(text) is not str or lexical_path(text) is None:
            return None
        return text == folder or text.startswith(below)

    return run


# -- values --------------------------------------------------------------------------------------------


def value_of(node: Node, names: tuple[str, ...]) -> ValueFn:
    match node:
        case Lit(literal):
            return lambda inputs, stack: literal
        case Name(name) if name in names:
            slot = names.index(name)
            return lambda inputs, stack: stack[slot]
        case Name(name):
            return lambda inputs, stack: inputs.get(name, WRONG)
        case Field(Name("args"), key):
            return lambda inputs, stack: inputs["args"].get(key, ABSENT)
        case Field(Name(name), key) if name not in names and name not in PLACES:
            return lambda inputs, stack: fact.get(key, ABSENT) if type(fact := inputs.get(name)) is dict else WRONG
        case Field(base, key):
            above = value_of(base, names)
            return lambda inputs, stack: _step(above(inputs, stack), key)
        case Item(base, index):
            above = value_of(base, names)
            return lambda inputs, stack: _step(above(inputs, stack), index)
        case Call("size", (operand,)):
            return _size(operand, names)
        case Call("lower" | "domain" | "url.host" | "url.scheme" | "url.path" as fn, (operand,)):
            return _text_function(fn, value_of(operand, names))
        case Call("date" | "hour" | "weekday" as fn, (operand, Lit(str() as zone))):
            return _clock(fn, time_of(operand, names), zone)
        case Call("date" | "hour" | "weekday"):
            return lambda inputs, stack: WRONG
        case Call(fn, (operand,)) if fn in OF_HISTORY:
            return _of_history(fn, operand_key(fn, operand))
        case Macro("count"):
            kept = _kept(node, names)
            return lambda inputs, stack: WRONG if (found := kept(inputs, stack)) is None else len(found)
        case Call(fn) if fn in _ARITHMETIC:
            raise AssertionError("arithmetic is compared in millionths, never read as a value")
        case _:
            truth = truth_of(node, names)
            return lambda inputs, stack: WRONG if (found := truth(inputs, stack)) is None else found


def _clock(fn: str, of: NumberFn, zone: str) -> ValueFn:
    offsets(zone)  # a zone that is none is told at once

    def run(inputs: Inputs, stack: Stack) -> Any:
        at_ns = of(inputs, stack)
        found = None if at_ns is None else clock(fn, at_ns, zone)
        return WRONG if found is None else found

    return run


def _of_history(fn: str, key: str) -> ValueFn:
    """A value of the history; WRONG where nobody gave it, or gave something else."""
    match fn:
        case "origin":
            return lambda inputs, stack: found if (found := inputs.get(key)) in ORIGINS else WRONG
        case "named_by_user" | "exceeded" | "tainted":
            return lambda inputs, stack: found if type(found := inputs.get(key)) is bool else WRONG
        case _:
            return lambda inputs, stack: found if type(found := inputs.get(key)) is int else WRONG


def _size(operand: Node, names: tuple[str, ...]) -> ValueFn:
    listy = isinstance(operand, Macro) or (isinstance(operand, Call) and operand.fn in ("list", "keys"))
    of = items_of(operand, names) if listy else value_of(operand, names)

    def run(inputs: Inputs, stack: Stack) -> Any:
        found = of(inputs, stack)
        return len(found) if type(found) in (str, list, dict) else WRONG

    return run


def _text_function(fn: str, of: ValueFn) -> ValueFn:
    def run(inputs: Inputs, stack: Stack) -> Any:
        text = of(inputs, stack)
        if type(text) is not str:
            return WRONG
        made = lower(text) if fn == "lower" else domain(text) if fn == "domain" else url_part(fn, text)
        return WRONG if made is None else made

    return run


def items_of(node: Node, names: tuple[str, ...]) -> ValueFn:
    """A list, or None where it is unknown."""
    match node:
        case Call("list", (operand,)):
            of = value_of(operand, names)

            def run_list(inputs: Inputs, stack: Stack) -> Any:
                found = of(inputs, stack)
                if found is None or found is ABSENT:
                    return []
                return found if type(found) is list else None

            return run_list
        case Call("keys", (operand,)):
            of = value_of(operand, names)
            return lambda inputs, stack: list(found) if type(found := of(inputs, stack)) is dict else None
        case Macro("filter"):
            return _kept(node, names)
        case _:
            of = value_of(node, names)
            return lambda inputs, stack: found if type(found := of(inputs, stack)) is list else None


def _kept(node: Macro, names: tuple[str, ...]) -> ValueFn:
    """The items for which the body is true; None where it is unknown for any of them."""
    items, slot = items_of(node.source, names), len(names)
    body = truth_of(node.body, (*names, node.var))

    def run(inputs: Inputs, stack: Stack) -> Any:
        found = items(inputs, stack)
        if found is None:
            return None
        kept = []
        for item in found:
            stack[slot] = item
            outcome = body(inputs, stack)
            if outcome is None:
                return None
            if outcome:
                kept.append(item)
        return kept

    return run


# -- times ---------------------------------------------------------------------------------------------


def time_of(node: Node, names: tuple[str, ...]) -> NumberFn:
    """Nanoseconds, or None: of a timestamp since 1970, of a duration its length."""
    match node:
        case Name("at"):
            return lambda inputs, stack: found if type(found := inputs.get("at")) is int else None
        case Call("timestamp", (operand,)):
            of = value_of(operand, names)
            return lambda inputs, stack: timestamp_ns(found) if type(found := of(inputs, stack)) is str else None
        case Call("duration", (Lit(str() as text),)):
            length = duration_ns(text)
            return lambda inputs, stack: length
        case Call("+" | "-" as fn, (left, right)):
            return _time_sum(fn == "+", time_of(left, names), time_of(right, names))
        case _:
            raise AssertionError(f"{node!r} stands for no time")


def _time_sum(plus: bool, left: NumberFn, right: NumberFn) -> NumberFn:
    def run(inputs: Inputs, stack: Stack) -> int | None:
        one, two = left(inputs, stack), right(inputs, stack)
        if one is None or two is None:
            return None
        return in_int64(one + two if plus else one - two)

    return run


# -- exact arithmetic ----------------------------------------------------------------------------------


def number_of(node: Node, names: tuple[str, ...]) -> NumberFn:
    """A number in millionths, or None."""
    match node:
        case Call("neg", (operand,)):
            of = number_of(operand, names)
            return lambda inputs, stack: None if (found := of(inputs, stack)) is None else in_range(-found)
        case Call("+" | "-" | "*" as fn, (left, right)):
            return _binary(fn, number_of(left, names), number_of(right, names))
        case _:
            value = value_of(node, names)
            return lambda inputs, stack: micro(value(inputs, stack))


def _binary(fn: str, left: NumberFn, right: NumberFn) -> NumberFn:
    def run(inputs: Inputs, stack: Stack) -> int | None:
        one, two = left(inputs, stack), right(inputs, stack)
        if one is None or two is None:
            return None
        if fn == "*":
            whole, rest = divmod(one * two, 1_000_000)
            return in_range(whole) if rest == 0 else None
        return in_range(one + two if fn == "+" else one - two)

    return run
