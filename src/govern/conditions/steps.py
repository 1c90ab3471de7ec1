"""A condition step by step: the value of every part of it for one call, by the engine itself.

Each part is compiled by the compiler of the per-call engine (`python`) and run on the same inputs, so that what is
shown is what decided. Leaves out words and masking; `policy.explanation` and the reports have them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final

from govern.conditions.check import Condition
from govern.conditions.inputs import Inputs, Path, operand_key, path_of
from govern.conditions.python import ABSENT, WRONG, Truth, items_of, number_of, time_of, truth_of, value_of
from govern.conditions.scope import PLACES
from govern.conditions.spans import located, widened
from govern.conditions.times import NS, time_kind
from govern.conditions.tree import OF_HISTORY, Call, Field, Has, Item, ListLit, Lit, Macro, Name, Node, bind, fixed
from govern.conditions.values import MAX_NESTED, MICRO
from govern.conditions.zones import zoned

SHOWN: Final = 3
"""Elements of a list that are taken apart where no single one decides."""
_ARITHMETIC: Final = ("+", "-", "*", "neg")
_TESTS: Final = (
    "==", "!=", "<", "<=", ">", ">=", "in", "startsWith", "endsWith", "contains", "matches", "within",
)  # fmt: skip


class State(StrEnum):
    """What there is at a place, or came out of a function."""

    VALUE = "value"
    NULL = "null"
    ABSENT = "absent"
    NOT_GIVEN = "not_given"  # the whole input: nobody said it
    WRONG_KIND = "wrong_kind"  # the place lies in something that has no such places
    UNKNOWN = "unknown"  # a function has no result for what it got


@dataclass(frozen=True, slots=True)
class Value:
    """A value that a part asked for.

    Args:
        text: the expression as written.
        path: the input that it is, None for what is computed and for items of lists.
        of: every input path it is made from.
        value: JSON data where the state is VALUE; of times RFC 3339 text, of durations seconds as text.
    """

    text: str
    path: Path | None
    of: tuple[Path, ...]
    state: State
    value: Any = None


@dataclass(frozen=True, slots=True)
class Element:
    """An item of a list and what the body of a macro says of it."""

    index: int
    item: Value
    step: Step


@dataclass(frozen=True, slots=True)
class Step:
    """A part of a condition that is true, false or unknown.

    Args:
        node: its tree, with `tool` and `agent` as literals.
        text: as written, with its parentheses.
        start, end: where in the condition's text, in code points, the end exclusive.
        truth: None is unknown.
        parts: of `&&`, `||`, `!` and `?:` the operands.
        values: of anything else, what it asked for, inner values first, without literals.
        elements: of macros in it: the deciding element where there is one, else the first few.
        items: how many items the list of its macro has; None where there is none, or the list is unknown.
    """

    node: Node
    text: str
    start: int
    end: int
    truth: Truth
    parts: tuple[Step, ...] = ()
    values: tuple[Value, ...] = ()
    elements: tuple[Element, ...] = ()
    items: int | None = None

    def walk(self) -> Iterator[Step]:
        """It and all below it, also in elements, parents first."""
        yield self
        for part in self.parts:
            yield from part.walk()
        for element in self.elements:
            yield from element.step.walk()


def steps(condition: Condition, inputs: Inputs, *, tool: str, agent: str, zone: str | None = None) -> Step:
    """Every part of a condition with its value.

    Args:
        inputs: what the decision was taken from.
        tool, agent: of the call.
        zone: as of `python.decider`.

    Raises:
        AuthorError: no such zone.
    """
    tree = zoned(bind(located(condition), {"tool": tool, "agent": agent}), zone)
    return _Reader(condition.text, inputs).step(tree, _Place())


@dataclass(frozen=True, slots=True)
class _Place:
    """Where in macros a part stands: their variables, the items they are at, the inputs these come from."""

    names: tuple[str, ...] = ()
    stack: tuple[Any, ...] = ()
    of: tuple[tuple[Path, ...], ...] = ()

    def frame(self) -> list[Any]:
        return [*self.stack, *[None] * (MAX_NESTED - len(self.stack))]

    def inside(self, var: str, item: Any, of: tuple[Path, ...]) -> _Place:
        return _Place((*self.names, var), (*self.stack, item), (*self.of, of))


class _Reader:
    def __init__(self, text: str, inputs: Inputs) -> None:
        self.text = text
        self.inputs = inputs

    def truth(self, node: Node, place: _Place) -> Truth:
        return truth_of(node, place.names)(self.inputs, place.frame())

    def step(self, node: Node, place: _Place) -> Step:
        start, end = widened(self.text, node.start, node.end)
        written, found = self.text[start:end], self.truth(node, place)
        if isinstance(node, Call) and node.fn in ("&&", "||", "!", "?:"):
            parts = tuple(self.step(part, place) for part in node.operands)
            return Step(node, written, start, end, found, parts)
        values = tuple({each.text: each for each in self.values(node, place)}.values())
        elements, count = self.elements(node, place)
        return Step(node, written, start, end, found, (), values, elements, count)

    # -- lists --

    def elements(self, node: Node, place: _Place) -> tuple[tuple[Element, ...], int | None]:
        """Of the outermost macro in a part: the elements that decide it, and how many items there are."""
        macro = _macro(node)
        if macro is None:
            return (), None
        bodies = self.bodies(macro, place)
        if bodies is None:
            return (), None
        truths = [self.truth(body, inner) for body, inner, _ in bodies]
        chosen = _deciding(macro.fn, truths)
        return tuple(
            Element(index, bodies[index][2], self.step(bodies[index][0], bodies[index][1])) for index in chosen
        ), len(bodies)

    def bodies(self, macro: Macro, place: _Place) -> list[tuple[Node, _Place, Value]] | None:
        """The body for each item: its tree, its place, the item."""
        if isinstance(macro.source, ListLit):
            return [
                (bind(macro.body, {macro.var: item.value}), place, Value(macro.var, None, (), *_state(item.value)))
                for item in macro.source.items
            ]
        found = items_of(macro.source, place.names)(self.inputs, place.frame())
        if found is None:
            return None
        of = _asked(macro.source, place)
        return [
            (macro.body, place.inside(macro.var, item, of), Value(macro.var, None, of, *_state(item))) for item in found
        ]

    # -- values --

    def values(self, node: Node, place: _Place) -> Iterator[Value]:
        """What a part asks for, the inner values first."""
        if fixed(node):
            return  # as it is written
        match node:
            case Lit() | ListLit():
                return
            case Name() | Field() | Item():
                yield self.place(node, place)
            case Call(fn) if fn in OF_HISTORY:
                yield self.place(node, place)
            case Has(target):
                yield self.place(target, place)
            case Macro(fn, source):
                yield from self.values(source, place)
                if fn in ("filter", "count"):
                    yield self.computed(node, place)
            case Call(fn, operands):
                for operand in operands:
                    yield from self.values(operand, place)
                if fn != "list" and not _is_test(node):  # a list is what it is made of, or nothing
                    yield self.computed(node, place)

    def place(self, node: Node, place: _Place) -> Value:
        path = path_of(node, place.names)
        found = value_of(node, place.names)(self.inputs, place.frame())
        if path == ("at",) and type(found) is int:
            state, value = State.VALUE, moment(found)
        elif path is not None and path[0] not in PLACES and self.inputs.get(str(path[0])) is None:
            state, value = State.NOT_GIVEN, None
        else:
            state, value = _state(found)
        return Value(self.written(node), path, _asked(node, place), state, value)

    def computed(self, node: Node, place: _Place) -> Value:
        of = _asked(node, place)
        frame = place.frame()
        kind = time_kind(node)
        found: Any
        if kind is not None:
            ns = time_of(node, place.names)(self.inputs, frame)
            state, found = (State.UNKNOWN, None) if ns is None else (State.VALUE, _time_text(kind, ns))
        elif isinstance(node, Call) and node.fn in _ARITHMETIC:
            number = number_of(node, place.names)(self.inputs, frame)
            state, found = (State.UNKNOWN, None) if number is None else (State.VALUE, _plain(number))
        elif isinstance(node, Macro | Call) and node.fn in ("filter", "list", "keys"):
            items = items_of(node, place.names)(self.inputs, frame)
            state, found = (State.UNKNOWN, None) if items is None else (State.VALUE, items)
        else:
            state, found = _state(value_of(node, place.names)(self.inputs, frame))
            state = State.UNKNOWN if state is State.WRONG_KIND else state
        return Value(self.written(node), None, of, state, found)

    def written(self, node: Node) -> str:
        start, end = widened(self.text, node.start, node.end)
        return self.text[start:end]


def _state(found: Any) -> tuple[State, Any]:
    if found is ABSENT:
        return State.ABSENT, None
    if found is WRONG:
        return State.WRONG_KIND, None
    return (State.NULL, None) if found is None else (State.VALUE, found)


def _asked(node: Node, place: _Place) -> tuple[Path, ...]:
    """The inputs that a value is made from; those of a macro's variable are those of its list."""
    path = path_of(node, place.names)
    if path is not None:
        # An operand of the history is asked about: its text in the key is not its value, but belongs to it.
        if isinstance(node, Call) and node.fn in OF_HISTORY:
            operand = path_of(node.operands[0])
            key = (operand_key(node.fn, node.operands[0]),)
            return (key, operand) if operand is not None else (key,)
        return (path,)
    match node:
        case Name(name) if name in place.names:
            return place.of[place.names.index(name)]
        case Field(base) | Item(base):
            return _asked(base, place)
        case Has(target):
            return _asked(target, place)
        case Call(_, operands):
            return _union(_asked(each, place) for each in operands)
        case Macro(_, source, var, body):
            of = _asked(source, place)
            return _union((of, _asked(body, place.inside(var, None, of))))
        case _:
            return ()


def _union(paths: Any) -> tuple[Path, ...]:
    return tuple(dict.fromkeys(path for each in paths for path in each))


def _macro(node: Node) -> Macro | None:
    """The macro that a part is about: itself, or the only list that it counts or compares."""
    match node:
        case Macro():
            return node
        case Call(fn, operands) if fn not in OF_HISTORY:
            return next((found for each in operands if (found := _macro(each)) is not None), None)
        case _:
            return None


def _deciding(fn: str, truths: list[Truth]) -> list[int]:
    """Which items decide: the first that settles it, else the first unknown one, else the first few."""
    if fn in ("all", "exists"):
        settled = fn == "exists"
        if settled in truths:
            return [truths.index(settled)]
        return [truths.index(None)] if None in truths else list(range(len(truths)))[:SHOWN]
    if None in truths:
        return [truths.index(None)]
    return [index for index, found in enumerate(truths) if found][:SHOWN]


def _is_test(node: Call) -> bool:
    """Whether a call is true or false by its form: its own value is the step's."""
    return node.fn in _TESTS


def moment(ns: int) -> str:
    """A point in time as RFC 3339 text in UTC.

    Args:
        ns: nanoseconds since 1970.
    """
    seconds, rest = divmod(ns, NS)
    text = datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return text + (f".{rest:09d}".rstrip("0") if rest else "") + "Z"


def _time_text(kind: str, ns: int) -> str:
    if kind == "timestamp":
        return moment(ns)
    seconds, rest = divmod(abs(ns), NS)
    return ("-" if ns < 0 else "") + f"{seconds}" + (f".{rest:09d}".rstrip("0") if rest else "") + "s"


def _plain(micro: int) -> int | float:
    return micro // MICRO if micro % MICRO == 0 else micro / MICRO
