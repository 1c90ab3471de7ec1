"""Places in SQL: the JSON text of a place, or its typed columns, and what stands above it.

Kinds are told by the first character of canonical JSON text, or by the tag of a cell.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from govern.conditions.scope import PLACES
from govern.conditions.sql.cells import Cell, Kind
from govern.conditions.sql.columns import Columns
from govern.conditions.sql.literals import Steps, ambiguous, json_path, one_path, pointer, text_literal
from govern.conditions.tree import Field, Item, Lit, Macro, Name, Node, walk

ELEMENT = "gv_item"
"""The variable of an item that `in` looks at."""

_SHORT = 160
_SIMPLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)?(\[[0-9]+\])?|-?[0-9]+::[A-Z]+")


class Untyped(Exception):
    """The typed columns of an item do not say what a condition asks: its list is read as JSON text instead."""


class Places:
    """The part of the compiler that finds values."""

    def __init__(self, columns: Columns, tree: Node) -> None:
        self.columns = columns
        self.given: Mapping[str, str] = columns.given
        self.variables = frozenset(node.var for node in walk(tree) if isinstance(node, Macro)) | {ELEMENT}
        self.bound: dict[str, Cell] = {}
        self.slots: dict[str, dict[Steps, int]] = {}
        self.names = 0

    def let(self, value: str, body: Callable[[str], str]) -> str:
        """`body` over a value that is written, and computed, once: SQL text must not grow exponentially. What is
        short is written again, which costs less than a lambda."""
        if _SIMPLE.fullmatch(value):
            return body(value)
        if len(value) <= _SHORT:
            return body(f"({value})")
        self.names += 1
        name = f"gv{self.names}_"
        return f"list_transform([{value}], lambda {name}: {body(name)})[1]"

    def each(self, var: str, cell: Cell | None, body: Callable[[], str]) -> Callable[[str], str]:
        """What a body makes of every item of a list: a function of the SQL of the list.

        Args:
            var: the variable of an item.
            cell: the item's columns; None where an item is JSON text. Then its places are taken out of it once.
            body: compiles the body.
        """
        before = self.bound.pop(var, None), self.slots.pop(var, None)
        if cell is not None:
            self.bound[var] = cell
        else:
            self.slots[var] = {}
        try:
            made = f"lambda {var}_: {body()}"
            slots = self.slots.get(var, {})
        finally:
            self.bound.pop(var, None)
            self.slots.pop(var, None)
            if before[0] is not None:
                self.bound[var] = before[0]
            if before[1] is not None:
                self.slots[var] = before[1]
        if not slots:
            return lambda items: f"list_transform({items}, {made})"
        paths = f"lambda {var}_: json_extract({var}_, [{', '.join(map(json_path, slots))}])"
        return lambda items: f"list_transform(list_transform({items}, {paths}), {made})"

    def cell(self, node: Node) -> Cell | None:
        """The typed columns of a place, where there are any."""
        match node:
            case Name("args"):
                return self.columns.args
            case Name(name):
                return self.bound.get(name) if name in self.variables else None
            case Field(base, key):
                above = self.cell(base)
                return None if above is None else above.field(key)
            case Item(base, index):
                above = self.cell(base)
                return None if above is None else above.at(index)
            case _:
                return None

    def json(self, node: Node) -> str:
        """JSON text of a place, NULL where there is none."""
        match node:
            case Name("args"):
                return self.columns.whole
            case Name(name) if name in self.bound:
                raise Untyped
            case Name(name) if name in self.variables and name not in self.slots:
                return f"{name}_"
            case Name(name) if name not in self.variables:
                return self.given.get(name, "NULL::JSON")
            case _ if (found := self.direct(node)) is not None:
                return found
            case Field(base, key):
                place = self.json(base)
                found = f"json_extract({place}, {pointer(key)})"
                return f"(CASE WHEN CAST({place} AS VARCHAR)[1] = '{{' THEN {found} END)" if ambiguous(key) else found
            case Item(base, index):
                return f"json_extract({self.json(base)}, '$[{index}]')"
            case Lit(value):
                from govern.events.canonical import text_of

                return text_literal(text_of(value)) + "::JSON"
            case _:
                raise AssertionError(f"no JSON text for {node!r}")

    def direct(self, node: Node) -> str | None:
        """A place that one path finds in the arguments, or in an item of a list; None where there is no such path."""
        steps: list[str | int] = []
        base = node
        while isinstance(base, Field | Item):
            steps.append(base.key if isinstance(base, Field) else base.index)
            base = base.base
        if not isinstance(base, Name):
            return None
        path = tuple(reversed(steps))
        if base.name == "args":
            return self.columns.root(path) if path and one_path(path[1:], path) else None
        slots = self.slots.get(base.name)
        if slots is None or not one_path(path, path):
            return None
        return f"{base.name}_[{slots.setdefault(path, len(slots) + 1)}]"

    def has(self, target: Field | Item) -> str:
        cell = self.cell(target)
        if cell is not None:
            return (
                f"(CASE WHEN {cell.of(Kind.ABSENT, Kind.NULL)} THEN FALSE "
                f"WHEN {cell.of(Kind.WRONG)} THEN NULL ELSE TRUE END)"
            )
        place = self.json(target)
        return (
            f"(CASE WHEN CAST({place} AS VARCHAR) <> 'null' THEN TRUE "
            f"WHEN {self.under_wrong_kind(target)} THEN NULL ELSE FALSE END)"
        )

    def is_null(self, node: Node) -> str:
        """Whether null is written there: TRUE or FALSE of what is there, NULL where nothing is."""
        cell = self.cell(node)
        if cell is None:
            return f"(CAST({self.json(node)} AS VARCHAR) = 'null')"
        return f"(CASE WHEN NOT {cell.of(Kind.ABSENT, Kind.WRONG)} THEN {cell.of(Kind.NULL)} END)"

    def under_wrong_kind(self, node: Node) -> str:
        """True where a place above the node is there, is not null, and can have no such field or item."""
        tests: list[str] = []
        while isinstance(node, Field | Item):
            base = node.base
            if not (isinstance(base, Name) and base.name == "args"):
                opening = "{" if isinstance(node, Field) else "["
                text = f"CAST({self.json(base)} AS VARCHAR)"
                if self.is_fact(base):
                    tests.append(f"coalesce({text}[1] <> '{{', TRUE)")
                else:
                    tests.append(f"coalesce({text} <> 'null' AND {text}[1] <> '{opening}', FALSE)")
            node = base
        if isinstance(node, Name) and node.name in PLACES:  # nobody gave it
            tests.append(f"({self.json(node)} IS NULL)")
        return "(" + " OR ".join(tests) + ")" if tests else "FALSE"

    def is_fact(self, node: Node) -> bool:
        return isinstance(node, Name) and node.name not in ("args", *PLACES) and node.name not in self.variables


def is_place(node: Node) -> bool:
    """Whether a node stands for a value that is found, not made."""
    return isinstance(node, Name | Field | Item)
