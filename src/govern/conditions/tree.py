"""The syntax tree of a condition: nine kinds of node, each with its span in the text.

Spans are offsets in code points, the end exclusive. Leaves out meaning; that is in the engines.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

LitValue = None | bool | int | float | str
HISTORY = ("calls", "succeeded", "origin", "named_by_user")
"""Functions of what happened before the call; their operand says of what, it is not read."""
OF_HISTORY = (*HISTORY, "exceeded", "tainted")
"""With those of limits and of what was read, true or false: `policy` makes them, no charter writes them."""


@dataclass(frozen=True, slots=True)
class Lit:
    """A literal: null, a truth value, a number, a string."""

    value: LitValue
    start: int = 0
    end: int = 0


@dataclass(frozen=True, slots=True)
class Name:
    """`args`, `tool`, `agent`, `at`, `record`, `result`, a fact, or the variable of a macro."""

    name: str
    start: int = 0
    end: int = 0


@dataclass(frozen=True, slots=True)
class Field:
    """`base.key` or `base["key"]`."""

    base: Node
    key: str
    start: int = 0
    end: int = 0


@dataclass(frozen=True, slots=True)
class Item:
    """`base[index]`, counted from 0."""

    base: Node
    index: int
    start: int = 0
    end: int = 0


@dataclass(frozen=True, slots=True)
class Has:
    """`has(base.key)`."""

    target: Field | Item
    start: int = 0
    end: int = 0


@dataclass(frozen=True, slots=True)
class Call:
    """An operator or a function; `fn` is its name as written, `?:` for the ternary, `neg` for unary minus."""

    fn: str
    operands: tuple[Node, ...]
    start: int = 0
    end: int = 0


@dataclass(frozen=True, slots=True)
class Macro:
    """`source.all(var, body)` and its kin: all, exists, filter, count."""

    fn: str
    source: Node
    var: str
    body: Node
    start: int = 0
    end: int = 0


@dataclass(frozen=True, slots=True)
class ListLit:
    """A list of literals."""

    items: tuple[Lit, ...]
    start: int = 0
    end: int = 0


Node = Lit | Name | Field | Item | Has | Call | Macro | ListLit


def children(node: Node) -> tuple[Node, ...]:
    match node:
        case Field(base) | Item(base):
            return (base,)
        case Has(target):
            return (target,)
        case Call(_, operands):
            return operands
        case Macro(_, source, _, body):
            return (source, body)
        case ListLit(items):
            return items
        case Lit() | Name():
            return ()


def walk(node: Node) -> Iterator[Node]:
    """The node and everything below it, parents first."""
    yield node
    for child in children(node):
        yield from walk(child)


def rewrite(node: Node, change: Callable[[Node], Node]) -> Node:
    """The same tree with `change` applied to every node, the innermost first.

    What `has` asks for stays a place: only what is above it is changed.
    """
    match node:
        case Field(base, key, start, end):
            node = Field(rewrite(base, change), key, start, end)
        case Item(base, index, start, end):
            node = Item(rewrite(base, change), index, start, end)
        case Has(target, start, end):
            node = Has(replace(target, base=rewrite(target.base, change)), start, end)
        case Call(fn, operands, start, end):
            node = Call(fn, tuple([rewrite(operand, change) for operand in operands]), start, end)
        case Macro(fn, source, var, body, start, end):
            node = Macro(fn, rewrite(source, change), var, rewrite(body, change), start, end)
        case Lit() | Name() | ListLit():
            pass
    return change(node)


def fixed(node: Node) -> bool:
    """Whether the value is the same for every call: no name is read, and nothing of the history."""
    return not any(isinstance(part, Name) or (isinstance(part, Call) and part.fn in OF_HISTORY) for part in walk(node))


def bind(node: Node, values: dict[str, LitValue]) -> Node:
    """The same tree with free names replaced by literals: `tool` and `agent` are known once a policy is."""
    match node:
        case Name(name, start, end) if name in values:
            return Lit(values[name], start, end)
        case Field(base, key, start, end):
            return Field(bind(base, values), key, start, end)
        case Item(base, index, start, end):
            return Item(bind(base, values), index, start, end)
        case Has(target, start, end):
            return Has(replace(target, base=bind(target.base, values)), start, end)
        case Call(fn, operands, start, end):
            return Call(fn, tuple(bind(operand, values) for operand in operands), start, end)
        case Macro(fn, source, var, body, start, end):
            inner = {name: value for name, value in values.items() if name != var}
            return Macro(fn, bind(source, values), var, bind(body, inner), start, end)
        case _:
            return node
