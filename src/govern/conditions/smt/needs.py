"""How many items of a list a question needs, so that lists of any length have their like in it.

A list is asked about by `all`, `exists`, `in` (each needs one item that decides it), by `count`, `size` of a made
list (these need one item of every kind that they tell apart, with how often it stands there), and by index (needs the
items up to it). Any list, reduced to so many of its items, answers as before: what the rest says, the kept ones say.
Where more would be needed than MOST, fewer are taken, and the question is bounded.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from govern.conditions.tree import OF_HISTORY, Call, Field, Item, ListLit, Macro, Name, Node, children

MOST: Final = 6
FARTHEST: Final = 16
"""An index beyond which an item is taken for one that no other part of a condition sees."""
ITEM: Final = "*"
_ROUNDS: Final = MOST + 4
_ENDLESS: Final = 64
Pattern = tuple[str, ...]
"""A place, any item of a list as ITEM."""


@dataclass(slots=True)
class Need:
    """What is asked of the list, or of the keys of the object, at a place.

    Args:
        plain: parts that one item decides.
        counted: parts that count items.
        first: how many items are named by an index.
        keys: the same as `plain` of an object's keys.
        keys_counted: whether keys are counted by what they are.
        fields: the keys that are named.
    """

    plain: int = 0
    counted: int = 0
    first: int = 0
    keys: int = 0
    keys_counted: bool = False
    fields: set[str] = field(default_factory=set)

    @property
    def wanted(self) -> int:
        return self.plain + (2**self.counted if self.counted else 0)

    @property
    def items(self) -> int:
        """Items beside those named by an index."""
        return max(1, min(self.wanted, MOST))

    @property
    def bounded(self) -> bool:
        return self.wanted > MOST


Needs = dict[Pattern, Need]


@dataclass(frozen=True, slots=True)
class _Bound:
    """A variable: its place, and the macros that its value depends on."""

    place: Pattern | None
    of: frozenset[int]


_Names = Mapping[str, _Bound]
_Around = tuple[tuple[int, int], ...]
"""The macros around a part, each with the number of items that it is read for."""


def needs(trees: Iterable[Node], lists: Iterable[Pattern] = (), fields: Iterable[Pattern] = ()) -> Needs:
    """What conditions need of every list.

    Args:
        trees: the conditions, each as often as it is asked of different values.
        lists: places of lists that something else asks of all items (a schema), once for each time.
        fields: places of keys that something else names.
    """
    all_trees, all_lists, fields = list(trees), list(lists), list(fields)
    found: Needs = {}
    for _ in range(_ROUNDS):  # a macro in a macro is asked as often as the outer list has items
        sizes, found = found, {}
        for tree in all_trees:
            _Visit(found, sizes).node(tree, {}, ())
        for pattern in all_lists:
            found.setdefault(pattern, Need()).plain += 1
        for *above, key in fields:
            found.setdefault(tuple(above), Need()).fields.add(key)
        if found == sizes:
            return found
    for need in found.values():
        need.plain = MOST + 1  # never settled: a bound, said as one
    return found


@dataclass(slots=True)
class _Visit:
    found: Needs
    sizes: Needs

    def need(self, place: Pattern) -> Need:
        return self.found.setdefault(place, Need())

    def node(self, node: Node, names: _Names, around: _Around) -> None:
        match node:
            case Macro(fn, ListLit(items), var, body):
                for _ in items:
                    self.node(body, {**names, var: _Bound(None, frozenset())}, around)
            case Macro(fn):
                self.source(node if fn == "filter" else node.source, names, around, counted=fn == "count")
                if fn != "filter":
                    self.body(node, names, around)
            case Call("in", (item, source)) if not isinstance(source, ListLit):
                self.node(item, names, around)
                self.source(source, names, around, counted=False)
            case Call("size", (operand,)) if isinstance(operand, Macro) or _makes_list(operand):
                self.source(operand, names, around, counted=isinstance(operand, Macro))
            case Call(fn) if fn in OF_HISTORY:
                pass
            case Item(base, index):
                place = _place(base, names)
                if place.place is not None and index < FARTHEST:
                    need = self.need(place.place)
                    need.first = max(need.first, index + 1)
                self.node(base, names, around)
            case Field(base, key):
                place = _place(base, names)
                if place.place is not None:
                    self.need(place.place).fields.add(key)
                self.node(base, names, around)
            case _:
                for child in children(node):
                    self.node(child, names, around)

    def source(self, node: Node, names: _Names, around: _Around, *, counted: bool) -> None:
        """A list that is looked through."""
        if isinstance(node, Macro) and node.fn == "filter":
            self.source(node.source, names, around, counted=counted)
            self.body(node, names, around)
            return
        keys = isinstance(node, Call) and node.fn == "keys"
        operand = node.operands[0] if isinstance(node, Call) and _makes_list(node) else node
        self.node(operand, names, around)
        bound = _place(operand, names)
        if bound.place is None:
            return
        times = 1
        for macro, items in around:
            times = min(times * (1 if macro in bound.of else items), _ENDLESS)
        need = self.need(bound.place)
        if keys:
            need.keys += times
            need.keys_counted = need.keys_counted or counted
        elif counted:
            need.counted = min(need.counted + times, _ENDLESS)
        else:
            need.plain += times

    def body(self, macro: Macro, names: _Names, around: _Around) -> None:
        source: Node = macro.source
        while isinstance(source, Macro):
            source = source.source
        if isinstance(source, Call) and source.fn == "keys":
            inner, items = _Bound(None, frozenset()), _ENDLESS
        else:
            place = _place(source.operands[0] if isinstance(source, Call) and _makes_list(source) else source, names)
            need = self.sizes.get(place.place or (), Need())
            items = need.items + need.first
            inner = _Bound(None if place.place is None else (*place.place, ITEM), place.of | {id(macro)})
        self.node(macro.body, {**names, macro.var: inner}, (*around, (id(macro), items)))


def _makes_list(node: Node) -> bool:
    return isinstance(node, Call) and node.fn in ("list", "keys")


def _place(node: Node, names: _Names) -> _Bound:
    match node:
        case Name(name):
            return names.get(name, _Bound((name,), frozenset()))
        case Field(base, key):
            above = _place(base, names)
            return _Bound(None if above.place is None else (*above.place, key), above.of)
        case Item(base):
            above = _place(base, names)
            return _Bound(None if above.place is None else (*above.place, ITEM), above.of)
        case _:
            return _Bound(None, frozenset())
