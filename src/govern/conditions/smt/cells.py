"""The call's own values: JSON that may be anything, as far as anybody looks at it.

A cell is a place of a call with three truth values for what stands there and, made when first asked for, a number, a
text, fields, items. A list has the items that an index names, then some that stand for all others, each with how often
it stands there (`needs` says how many are enough). `data` reads a call back out of a model.
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

from govern.conditions.smt.needs import FARTHEST, ITEM, Need, Needs, Pattern
from govern.conditions.smt.terms import Bool, Terms
from govern.conditions.smt.texts import Place, Root, Text, Texts
from govern.conditions.smt.values import Entry, Fixed, Value, Written
from govern.conditions.times import INT64_MAX, INT64_MIN

MOST_ITEMS: Final = 50_000
"""Of a list that is written out."""
NOTHING: Final = object()


class Unwritable(ValueError):
    """A model that no call is the like of, in words."""


class Cells:
    """All cells of one question, and what holds of every call."""

    def __init__(self, terms: Terms, texts: Texts, needs: Needs) -> None:
        self.terms = terms
        self.texts = texts
        self.needs = needs
        self.facts: list[Bool] = []
        self.bounded: dict[Pattern, int] = {}
        self.made: list[Cell] = []

    def cell(self, pattern: Pattern, *, is_object: bool = False, there: bool = False) -> Cell:
        """A new one.

        Args:
            pattern: its place.
            is_object: whether it is one in every call.
            there: whether something stands there in every call.
        """
        cell = Cell(self, pattern, is_object=is_object)
        self.made.append(cell)
        if there and not is_object:
            self.facts.append(self.terms.no(cell.absent))
        return cell


class Cell(Value):
    """A place of the call.

    Three bits tell the eight things that may stand there, so that no two can at once: nothing, null, false, true,
    a number, a text, a list, an object.
    """

    def __init__(self, cells: Cells, pattern: Pattern, *, is_object: bool) -> None:
        super().__init__(cells.terms)
        terms = cells.terms
        self.cells = cells
        self.pattern = pattern
        self.bits: tuple[Bool, Bool, Bool] = (True, True, True)
        if not is_object:
            name = ".".join(pattern)
            self.bits = (terms.truth(name), terms.truth(name), terms.truth(name))
        high, middle, low = self.bits
        no_high, no_middle, no_low = terms.no(high), terms.no(middle), terms.no(low)
        self.absent = terms.both(no_high, no_middle, no_low)
        self.null = terms.both(no_high, no_middle, low)
        self.boolean = terms.both(no_high, middle)
        self.truth = low
        self.is_number = terms.both(high, no_middle, no_low)
        self.is_text = terms.both(high, no_middle, low)
        self.is_list = terms.both(high, middle, no_low)
        self.is_object = terms.both(high, middle, low)
        self._number: Any = None
        self._root: Root | None = None
        self.fields: dict[str, Cell] = {}
        self.named: list[Cell] = []
        self.far: dict[int, Cell] = {}
        self._rest: list[tuple[Any, Cell]] | None = None
        self._length: Any = None
        self._more: Any = None
        self.extras: list[tuple[Any, Root, Cell]] | None = None

    @property
    def need(self) -> Need:
        return self.cells.needs.get(self.pattern) or Need()

    @property
    def number(self) -> Any:
        if self._number is None:
            self._number = self.terms.real(".".join(self.pattern))
        return self._number

    @property
    def root(self) -> Root:
        if self._root is None:
            self._root = self.cells.texts.root(".".join(self.pattern))
        return self._root

    @property
    def text(self) -> Text:
        return Place(self.cells.texts, self.root)

    # -- objects --

    def field(self, key: str) -> Cell:
        if key not in self.fields:
            self.fields[key] = self.cells.cell((*self.pattern, key))
        return self.fields[key]

    def name(self) -> None:
        """Makes the cells of all keys that anybody names."""
        for key in sorted(self.need.fields):
            self.field(key)

    @property
    def more(self) -> Any:
        """How many keys there are that nobody names; a whole number, not negative."""
        if self._more is None:
            self._more = self.terms.whole("more")
            self.cells.facts.append(self._more >= 0)
        return self._more

    def _extras(self) -> list[tuple[Any, Root, Cell]]:
        """Some of the keys that nobody names."""
        if self.extras is None:
            self.extras = []
            wanted = max(2, min(self.need.keys, 4))
            if self.need.keys > wanted or self.need.keys_counted:
                self.cells.bounded[(*self.pattern, "keys")] = wanted
            there: list[Any] = []
            for _ in range(wanted):
                here = self.terms.truth("key")
                cell = self.cells.cell((*self.pattern, ""), there=True)
                self.extras.append((here, self.cells.texts.root("key"), cell))
                if there:
                    self.cells.facts.append(self.terms.implies(here, there[-1]))
                there.append(here)
            count = self.terms.total(
                [self.terms.pick(here, self.terms.integer(1), self.terms.integer(0)) for here in there]
            )
            self.cells.facts.append(self.more >= count)
            self.cells.facts.append(self.terms.implies(self.more > 0, there[0]))
            if self.need.keys_counted:
                self.cells.facts.append(self.more == count)
        return self.extras

    def keys(self) -> Sequence[Entry]:
        """Of the keys that somebody names, and of some others; `settled` tells these apart."""
        self.name()
        named = [Entry(self.terms.no(cell.absent), 1, Fixed(self.terms, key)) for key, cell in self.fields.items()]
        others = [
            Entry(here, 1, Written(self.terms, True, Place(self.cells.texts, root))) for here, root, _ in self._extras()
        ]
        return [*named, *others]

    def rest(self) -> Sequence[Entry]:
        return [Entry(here, 1, cell) for here, _, cell in self._extras()]

    def beyond(self) -> Bool:
        there = [self.terms.pick(here, self.terms.integer(1), self.terms.integer(0)) for here, _, _ in self._extras()]
        return self.more > self.terms.total(there)

    def settled(self) -> list[Bool]:
        """What holds of an object once all its named keys are known: no other key is one of them."""
        terms, made = self.terms, list[Bool]()
        for index, (here, root, _) in enumerate(self.extras or ()):
            names = [terms.no(self.cells.texts.is_(root, key)) for key in self.fields]
            root.compared = True
            others = [terms.no(root.term == other.term) for _, other, _ in (self.extras or ())[:index]]
            made.append(terms.implies(here, terms.every([*names, *others])))
        folded: dict[str, list[Cell]] = {}
        for key, cell in self.fields.items():
            folded.setdefault(key.casefold(), []).append(cell)
        for twins in folded.values():
            made += [terms.either(one.absent, two.absent) for at, one in enumerate(twins) for two in twins[:at]]
        return made

    # -- lists --

    def item(self, index: int) -> Value:
        if index >= FARTHEST:
            if index not in self.far:
                self.far[index] = self.cells.cell((*self.pattern, ITEM))
                self.cells.facts.append(self.terms.same(self.far[index].absent, self.size <= index))
            return self.far[index]
        while len(self.named) <= index:
            cell = self.cells.cell((*self.pattern, ITEM))
            self.cells.facts.append(self.terms.same(cell.absent, self.size <= len(self.named)))
            self.named.append(cell)
        return self.named[index]

    @property
    def size(self) -> Any:
        """How many items it has."""
        if self._length is None:
            self._length = self.terms.whole("size")
            self.cells.facts.append(self._length >= 0)
        return self._length

    def length(self) -> Any:
        """Of a list its items, of an object its keys."""
        if self.is_list is False:
            return self.count()
        return self.terms.pick(self.is_list, self.size, self.count())

    def count(self) -> Any:
        """How many keys it has."""
        self.name()
        one, none = self.terms.integer(1), self.terms.integer(0)
        return self.terms.total(
            [self.more, *(self.terms.pick(cell.absent, none, one) for cell in self.fields.values())]
        )

    def items(self) -> Any:
        return self.size

    def names(self) -> frozenset[str]:
        return frozenset(self.need.fields)

    def others(self, names: Set[str]) -> Bool:
        self.name()
        there = [self.terms.no(cell.absent) for key, cell in self.fields.items() if key not in names]
        return self.terms.some((*there, self.more > 0))

    def entries(self) -> Sequence[Entry]:
        terms = self.terms
        if self._rest is None:
            need = self.need
            self.item(need.first - 1) if need.first else None
            if need.bounded:
                self.cells.bounded[self.pattern] = need.items
            self._rest = []
            for _ in range(need.items):
                times = terms.whole("times")
                self.cells.facts.append(times >= 0)
                if self._rest:
                    self.cells.facts.append(terms.implies(times > 0, self._rest[-1][0] > 0))
                self._rest.append((times, self.cells.cell((*self.pattern, ITEM), there=True)))
            first = len(self.named)
            total = terms.total([times for times, _ in self._rest])
            rest = self.size - first if first else self.size
            self.cells.facts.append(total == terms.pick(self.size >= first, rest, terms.integer(0)))
        named = [Entry(terms.no(cell.absent), 1, cell) for cell in self.named]
        return [*named, *(Entry(times > 0, times, cell) for times, cell in self._rest)]

    # -- reading back --

    @property
    def numbered(self) -> Any:
        """Its number, if anybody asked for it."""
        return self._number

    @property
    def sized(self) -> Any:
        """The size of its list, if anybody asked for it."""
        return self._length

    def small(self) -> list[Bool]:
        """That it has no more keys than are told apart."""
        if self._more is None:
            return []
        count = [
            self.terms.pick(here, self.terms.integer(1), self.terms.integer(0)) for here, _, _ in self.extras or ()
        ]
        return [self._more == self.terms.total(count)] if self.extras else [self._more <= 1000]

    def data(self, model: Any, texts: dict[int, str]) -> Any:
        """What stands there in a model, or NOTHING.

        Args:
            texts: the values of texts, by `id` of their roots.

        Raises:
            Unwritable: it has no JSON.
        """
        import z3

        bits = [
            bit if isinstance(bit, bool) else z3.is_true(model.eval(bit, model_completion=True)) for bit in self.bits
        ]
        match bits:
            case [False, False, False]:
                return NOTHING
            case [False, False, True]:
                return None
            case [False, True, truth]:
                return truth
            case [True, False, False]:
                return json_number(fraction(model, self._number)) if self._number is not None else 0
            case [True, False, True]:
                return texts[id(self._root)] if self._root is not None else "x"
            case [True, True, False]:
                return self._list(model, texts)
            case _:
                return self._object(model, texts)

    def _list(self, model: Any, texts: dict[int, str]) -> list[Any]:
        size = 0 if self._length is None else _whole(model, self._length)
        if size > MOST_ITEMS:
            raise Unwritable(f"a list of {size:,} items")
        made = [value for cell in self.named if (value := cell.data(model, texts)) is not NOTHING]
        for times, cell in self._rest or ():
            made += [cell.data(model, texts) for _ in range(_whole(model, times))]
        made += [None] * (size - len(made))
        for index, cell in self.far.items():
            if index < len(made):
                made[index] = cell.data(model, texts)
        return made

    def _object(self, model: Any, texts: dict[int, str]) -> dict[str, Any]:
        import z3

        made = {key: value for key, cell in self.fields.items() if (value := cell.data(model, texts)) is not NOTHING}
        for here, root, cell in self.extras or ():
            if z3.is_true(model.eval(here, model_completion=True)):
                made[texts[id(root)]] = cell.data(model, texts)
        if self._more is not None:
            wanted = sum(key not in self.fields for key in made)
            more = _whole(model, self._more)
            if more > MOST_ITEMS:
                raise Unwritable(f"an object of {more:,} keys")
            folded = {key.casefold() for key in (*made, *self.fields)}
            number = 0
            while wanted < more:
                number += 1
                if f"other_{number}" not in folded:
                    made[f"other_{number}"] = 0
                    wanted += 1
        return made


def fraction(model: Any, term: Any) -> Fraction:
    """The value of a number in a model.

    Raises:
        Unwritable: it is no fraction.
    """
    import z3

    value = model.eval(term, model_completion=True)
    if z3.is_rational_value(value) or z3.is_int_value(value):
        return Fraction(value.as_fraction()) if z3.is_rational_value(value) else Fraction(value.as_long())
    raise Unwritable("a number that is no fraction")


def _whole(model: Any, term: Any) -> int:
    return int(model.eval(term, model_completion=True).as_long())


def json_number(value: Fraction) -> int | float:
    """The JSON number nearest to an exact one, and mostly that one."""
    if value.denominator == 1 and INT64_MIN <= value.numerator <= INT64_MAX:
        return value.numerator
    try:
        found = float(value)
    except OverflowError:
        raise Unwritable("a number beyond the range of doubles") from None
    return int(found) if found.is_integer() and abs(found) < 2.0**63 else found


def is_json_number(value: Fraction) -> bool:
    """Whether a number is one that JSON has: an int64, or what a double's shortest form says."""
    try:
        found = json_number(value)
    except Unwritable:
        return False
    return Fraction(Decimal(repr(found))) == value
