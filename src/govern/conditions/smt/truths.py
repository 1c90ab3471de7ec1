"""A checked tree as terms of a solver: for every condition, whether it is true and whether it is false.

The pair is exclusive; where neither holds, the condition is unknown. The meaning is that of the normative table, and
follows `conditions.python` case by case. A case that is not read here may have any value; it is never guessed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from govern.conditions.inputs import operand_key
from govern.conditions.scope import PLACES
from govern.conditions.smt import clocks, languages, regular
from govern.conditions.smt.given import Given, Pair
from govern.conditions.smt.patterns import Outside, found_in
from govern.conditions.smt.terms import Bool, Terms
from govern.conditions.smt.texts import Result, lengths
from govern.conditions.smt.values import Entry, Fixed, Number, Truth, Value, Written, step
from govern.conditions.times import INT64_MAX, INT64_MIN, duration_ns, time_kind
from govern.conditions.tree import OF_HISTORY, Call, Field, Has, Item, ListLit, Lit, Macro, Name, Node, bind
from govern.conditions.values import MICRO

_ARITHMETIC: Final = ("+", "-", "*", "neg")
_FLIPPED: Final = {"==": "==", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
_TEXT_FUNCTIONS: Final = ("lower", "domain", "url.host", "url.scheme", "url.path")
_LARGEST: Final = 2**63 - 1
_LEAST: Final = -(2**63)
Names = Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class _Items:
    """A list that may be unknown."""

    known: Bool
    entries: Sequence[Entry]


@dataclass(frozen=True, slots=True)
class _Exact:
    """A number or a time that may be unknown."""

    known: Bool
    value: Any


class Reader:
    """Reads conditions over one call.

    Args:
        given: the call's inputs.
        zone: the deployment's time zone by its IANA name; without one local time is unknown.
    """

    def __init__(self, given: Given, zone: str | None = None) -> None:
        self.given = given
        self.terms: Terms = given.terms
        self.zone = zone

    def read(self, tree: Node) -> Pair:
        """A checked tree in which `tool` and `agent` are already literals.

        A part that is not read may be true, false or unknown (`Given.outside` says which): more calls than there are.
        """
        return self._truth(tree, {})

    # -- truth --

    def _truth(self, node: Node, names: Names) -> Pair:
        try:
            return self._read(node, names)
        except Outside as error:
            return self.given.anything(str(error))

    def _read(self, node: Node, names: Names) -> Pair:
        terms = self.terms
        match node:
            case Has(target):
                found = self._value(target, names)
                return Pair(found.something, terms.either(found.absent, found.null))
            case Macro(fn) if fn in ("all", "exists"):
                return self._quantifier(node, names)
            case Call("&&", operands):
                return self._every([self._truth(operand, names) for operand in operands])
            case Call("||", operands):
                return self._some([self._truth(operand, names) for operand in operands])
            case Call("!", (operand,)):
                found_truth = self._truth(operand, names)
                return Pair(found_truth.false, found_truth.true)
            case Call("?:", (test, then, other)):
                return self._choice(*(self._truth(part, names) for part in (test, then, other)))
            case Call("==" | "!=" | "<" | "<=" | ">" | ">=" as fn, (left, right)):
                return self._comparison(fn, left, right, names)
            case Call("in", (item, ListLit(items))):
                return self._some([self._comparison("==", item, literal, names) for literal in items])
            case Call("in", (item, source)):
                return self._member(item, source, names)
            case Call("startsWith" | "endsWith" | "contains" as fn, (left, right)):
                return self._text_test(fn, self._value(left, names), self._value(right, names))
            case Call("matches", (subject, Lit(str() as pattern))):
                return self._in(self._value(subject, names), _found_in(pattern))
            case Call("within", (subject, Lit(str() as folder))):
                found = self._value(subject, names)
                known = self._in(found, languages.plain_path()).true
                return self._known(known, self._in(found, languages.below(folder)).true)
            case _:
                return self._as_truth(self._value(node, names))

    def _known(self, known: Bool, true: Bool) -> Pair:
        return Pair(self.terms.both(known, true), self.terms.both(known, self.terms.no(true)))

    def _as_truth(self, value: Value) -> Pair:
        return self._known(value.boolean, value.truth) if value.boolean is not False else Pair(False, False)

    def _every(self, parts: list[Pair]) -> Pair:
        return Pair(self.terms.every(part.true for part in parts), self.terms.some(part.false for part in parts))

    def _some(self, parts: list[Pair]) -> Pair:
        return Pair(self.terms.some(part.true for part in parts), self.terms.every(part.false for part in parts))

    def _choice(self, test: Pair, then: Pair, other: Pair) -> Pair:
        terms = self.terms
        return Pair(
            terms.either(terms.both(test.true, then.true), terms.both(test.false, other.true)),
            terms.either(terms.both(test.true, then.false), terms.both(test.false, other.false)),
        )

    def _quantifier(self, node: Macro, names: Names) -> Pair:
        join = self._every if node.fn == "all" else self._some
        if isinstance(node.source, ListLit):
            return join([self._truth(bind(node.body, {node.var: item.value}), names) for item in node.source.items])
        items = self._items(node.source, names)
        return self._joined(node.fn == "all", items, [self._body(node, entry, names) for entry in items.entries])

    def _body(self, node: Macro, entry: Entry, names: Names) -> Pair:
        return self._truth(node.body, {**names, node.var: entry.value})

    def _joined(self, every: bool, items: _Items, outcomes: list[Pair]) -> Pair:
        """`all` or `exists` over the outcomes of the items that are there."""
        terms = self.terms
        there = [entry.there for entry in items.entries]
        if every:
            one = [terms.implies(here, outcome.true) for here, outcome in zip(there, outcomes, strict=True)]
            two = [terms.both(here, outcome.false) for here, outcome in zip(there, outcomes, strict=True)]
            return Pair(terms.both(items.known, terms.every(one)), terms.both(items.known, terms.some(two)))
        one = [terms.both(here, outcome.true) for here, outcome in zip(there, outcomes, strict=True)]
        two = [terms.implies(here, outcome.false) for here, outcome in zip(there, outcomes, strict=True)]
        return Pair(terms.both(items.known, terms.some(one)), terms.both(items.known, terms.every(two)))

    def _member(self, item: Node, source: Node, names: Names) -> Pair:
        items = self._items(source, names)
        if isinstance(item, Lit) and item.value is None:
            tests = [self._null_test(entry.value, known=True) for entry in items.entries]
        else:
            wanted = self._value(item, names)
            tests = [self.equal(wanted, entry.value) for entry in items.entries]
        return self._joined(False, items, tests)

    # -- comparisons --

    def _comparison(self, fn: str, left: Node, right: Node, names: Names) -> Pair:
        if time_kind(left) or time_kind(right):
            return self._ordered(fn, self._time(left, names), self._time(right, names))
        if _is_arithmetic(left) or _is_arithmetic(right):
            return self._ordered(fn, self._number(left, names), self._number(right, names))
        if isinstance(left, Lit) and not isinstance(right, Lit):
            left, right, fn = right, left, _FLIPPED[fn]
        if isinstance(right, Lit) and right.value is None:
            pair = self._null_test(self._value(left, names), known=False)
            return pair if fn == "==" else Pair(pair.false, pair.true)
        one, two = self._value(left, names), self._value(right, names)
        if isinstance(right, Lit) and type(right.value) in (int, float):
            asked = one.compared(fn, right.value)  # type: ignore[arg-type]
            if asked is not None:
                return self._known(one.is_number, asked)
        if fn in ("==", "!="):
            pair = self.equal(one, two)
            return pair if fn == "==" else Pair(pair.false, pair.true)
        return self._order(fn, one, two)

    def _null_test(self, value: Value, *, known: bool) -> Pair:
        if known:
            return Pair(value.null, self.terms.no(value.null))
        return Pair(value.null, value.something)

    def equal(self, one: Value, two: Value) -> Pair:
        """Whether two values are equal, by the table."""
        terms = self.terms
        true: list[Bool] = [terms.both(one.null, two.null)]
        false: list[Bool] = []
        for kind in ("boolean", "is_number", "is_text"):
            both = terms.both(getattr(one, kind), getattr(two, kind))
            if both is False:
                continue
            if kind == "boolean":
                same = terms.same(one.truth, two.truth)
            else:
                same = one.number == two.number if kind == "is_number" else self._same_text(one, two)
            true.append(terms.both(both, same))
            false.append(terms.both(both, terms.no(same)))
        return Pair(terms.some(true), terms.some(false))

    def _same_text(self, one: Value, two: Value) -> Bool:
        first, second = one.text, two.text
        if first.literal is not None and second.literal is not None:
            return first.literal == second.literal
        if second.literal is not None:
            return first.among(regular.written(second.literal))
        if first.literal is not None:
            return second.among(regular.written(first.literal))
        if isinstance(first, clocks.Day) and isinstance(second, clocks.Day):
            return first.day == second.day
        return first.term() == second.term()

    def _order(self, fn: str, one: Value, two: Value) -> Pair:
        terms = self.terms
        true, false = list[Bool](), list[Bool]()
        numbers = terms.both(one.is_number, two.is_number)
        if numbers is not False:
            pair = self._known(numbers, _holds(fn, one.number, two.number))
            true.append(pair.true)
            false.append(pair.false)
        texts = terms.both(one.is_text, two.is_text)
        if texts is not False:
            pair = self._known(texts, self._text_order(fn, one, two))
            true.append(pair.true)
            false.append(pair.false)
        return Pair(terms.some(true), terms.some(false))

    def _text_order(self, fn: str, one: Value, two: Value) -> Bool:
        first, second = one.text, two.text
        if first.literal is not None and second.literal is None:
            first, second, fn = second, first, _FLIPPED[fn]
        if second.literal is not None:
            if isinstance(first, clocks.Day) and (day := clocks.day_of(second.literal)) is not None:
                return _holds(fn, first.day, self.terms.integer(day))
            strict = fn in ("<", ">=")
            below = first.among(regular.before(second.literal, equal=not strict))
            return below if fn in ("<", "<=") else self.terms.no(below)
        if isinstance(first, clocks.Day) and isinstance(second, clocks.Day):
            return _holds(fn, first.day, second.day)
        if fn in (">", ">="):
            first, second, fn = second, first, _FLIPPED[fn]
        if first.place is not None and second.place is not None:
            if fn == "<":
                return self.given.texts.before(first.place, second.place)
            return self.terms.no(self.given.texts.before(second.place, first.place))
        left, right = first.cross(), second.cross()
        return left < right if fn == "<" else left <= right

    def _ordered(self, fn: str, one: _Exact, two: _Exact) -> Pair:
        known = self.terms.both(one.known, two.known)
        return self._known(known, _holds(fn, one.value, two.value)) if known is not False else Pair(False, False)

    # -- text --

    def _in(self, value: Value, language: regular.Regular) -> Pair:
        if value.is_text is False:
            return Pair(False, False)
        return self._known(value.is_text, value.text.among(language))

    def _text_test(self, fn: str, subject: Value, part: Value) -> Pair:
        both = self.terms.both(subject.is_text, part.is_text)
        if both is False:
            return Pair(False, False)
        literal = part.text.literal
        if literal is not None:
            form = {"startsWith": regular.starting, "endsWith": regular.ending, "contains": regular.containing}[fn]
            return self._known(both, subject.text.among(form(literal)))
        test = {"startsWith": self.terms.starts, "endsWith": self.terms.ends, "contains": self.terms.contains}[fn]
        return self._known(both, test(subject.text.cross(), part.text.cross()))

    # -- values --

    def _value(self, node: Node, names: Names) -> Value:
        match node:
            case Lit(literal):
                return Fixed(self.terms, literal)
            case Name(name):
                return names[name] if name in names else self.given.input(name)
            case Field(Name(name), key) if name not in names and name != "args" and name not in PLACES:
                return step(self.given.fact(name), key)
            case Field(base, key):
                return step(self._value(base, names), key)
            case Item(base, index):
                return step(self._value(base, names), index)
            case Call("size", (operand,)):
                return self._size(operand, names)
            case Call(fn, (operand,)) if fn in _TEXT_FUNCTIONS:
                return self._text_function(fn, self._value(operand, names))
            case Call("date" | "hour" | "weekday" as fn, (operand,)):
                if self.zone is None:
                    return Value(self.terms)
                moment = self._time(operand, names)
                return self.given.clocks.local(fn, moment.known, moment.value, self.zone)
            case Call(fn, (operand,)) if fn in OF_HISTORY:
                return self.given.history(fn, operand_key(fn, operand))
            case Macro("count"):
                return self._count(node, names)
            case Call(fn) if fn in _ARITHMETIC:
                raise Outside("arithmetic as a value")
            case _:
                found = self._truth(node, names)
                return Truth(self.terms, found.true, found.false)

    def _size(self, operand: Node, names: Names) -> Value:
        if isinstance(operand, Macro) or (isinstance(operand, Call) and operand.fn in ("list", "keys")):
            return self._length_of(operand, names)
        return _Size(self.terms, self._value(operand, names))

    def _length_of(self, operand: Node, names: Names) -> Value:
        """The size of a list that is made."""
        terms = self.terms
        if isinstance(operand, Call):
            found = self._value(operand.operands[0], names)
            kind, none = (
                ("is_list", terms.either(found.null, found.absent)) if operand.fn == "list" else ("is_object", False)
            )
            there = getattr(found, kind)
            length = terms.integer(0) if there is False else terms.pick(there, found.length(), terms.integer(0))
            return Number(terms, terms.either(there, none), terms.real_of(length))
        items = self._items(operand, names)
        return Number(terms, items.known, terms.real_of(self._counted(items.entries, [True] * len(items.entries))))

    def _count(self, node: Macro, names: Names) -> Value:
        terms = self.terms
        items = self._items(node.source, names)
        outcomes = [self._body(node, entry, names) for entry in items.entries]
        number = self._counted(items.entries, [outcome.true for outcome in outcomes])
        return Number(terms, self._all_known(items, outcomes), terms.real_of(number))

    def _counted(self, entries: Sequence[Entry], wanted: Sequence[Bool]) -> Any:
        terms = self.terms
        times = [each.times if not isinstance(each.times, int) else terms.integer(each.times) for each in entries]
        tests = [terms.both(each.there, want) for each, want in zip(entries, wanted, strict=True)]
        return terms.total([terms.pick(t, time, terms.integer(0)) for t, time in zip(tests, times, strict=True)])

    def _all_known(self, items: _Items, outcomes: list[Pair]) -> Bool:
        terms = self.terms
        known = [
            terms.implies(entry.there, terms.either(outcome.true, outcome.false))
            for entry, outcome in zip(items.entries, outcomes, strict=True)
        ]
        return terms.both(items.known, terms.every(known))

    def _items(self, node: Node, names: Names) -> _Items:
        terms = self.terms
        match node:
            case Call("list", (operand,)):
                found = self._value(operand, names)
                known = terms.some((found.is_list, found.null, found.absent))
                if found.is_list is False:
                    return _Items(known, ())
                return _Items(known, [_only(terms, found.is_list, entry) for entry in found.entries()])
            case Call("keys", (operand,)):
                found = self._value(operand, names)
                return _Items(found.is_object, found.keys() if found.is_object is not False else ())
            case Macro("filter", source):
                items = self._items(source, names)
                outcomes = [self._body(node, entry, names) for entry in items.entries]
                kept = [
                    _only(terms, outcome.true, entry) for entry, outcome in zip(items.entries, outcomes, strict=True)
                ]
                return _Items(self._all_known(items, outcomes), kept)
            case _:
                found = self._value(node, names)
                return _Items(found.is_list, found.entries() if found.is_list is not False else ())

    def _text_function(self, fn: str, of: Value) -> Value:
        if of.is_text is False:
            return Value(self.terms)
        known = True if fn == "lower" else of.text.among(languages.given(fn, regular.ALL))
        return Written(self.terms, self.terms.both(of.is_text, known), Result(self.given.texts, fn, of.text))

    # -- times --

    def _time(self, node: Node, names: Names) -> _Exact:
        terms = self.terms
        match node:
            case Name("at"):
                return _Exact(*self.given.at())
            case Call("timestamp", (operand,)):
                found = self._value(operand, names)
                if found.is_text is False:
                    return _Exact(False, terms.integer(0))
                known, ns = self.given.clocks.moment(found.text)
                return _Exact(terms.both(found.is_text, known), ns)
            case Call("duration", (Lit(str() as text),)):
                length = duration_ns(text)
                return _Exact(length is not None, terms.integer(length or 0))
            case Call("+" | "-" as fn, (left, right)):
                one, two = self._time(left, names), self._time(right, names)
                made = one.value + two.value if fn == "+" else one.value - two.value
                return _Exact(terms.every((one.known, two.known, made >= INT64_MIN, made <= INT64_MAX)), made)
            case _:
                raise Outside("a time of another form")

    # -- exact arithmetic --

    def _number(self, node: Node, names: Names) -> _Exact:
        terms = self.terms
        match node:
            case Call("neg", (operand,)):
                one = self._number(operand, names)
                return self._ranged(one.known, -one.value)
            case Call("+" | "-" as fn, (left, right)):
                one, two = self._number(left, names), self._number(right, names)
                made = one.value + two.value if fn == "+" else one.value - two.value
                return self._ranged(terms.both(one.known, two.known), made)
            case Call("*", (left, right)):
                one, two = self._number(left, names), self._number(right, names)
                made = one.value * two.value
                return self._ranged(terms.every((one.known, two.known, terms.is_whole(made * MICRO))), made)
            case _:
                found = self._value(node, names)
                if found.is_number is False:
                    return _Exact(False, terms.number(0))
                fine = terms.is_whole(found.number * MICRO)
                return self._ranged(terms.both(found.is_number, fine), found.number)

    def _ranged(self, known: Bool, value: Any) -> _Exact:
        return _Exact(self.terms.every((known, value >= _LEAST, value <= _LARGEST)), value)


class _Size(Value):
    """The size of a text, a list or an object."""

    def __init__(self, terms: Terms, of: Value) -> None:
        super().__init__(terms)
        self.of = of
        self.counted = terms.either(of.is_list, of.is_object)
        self.is_number = terms.either(of.is_text, self.counted)

    @property
    def number(self) -> Any:
        terms, of = self.terms, self.of
        if of.is_text is False:
            return terms.real_of(of.length())
        size = terms.length(of.text.cross())
        return terms.real_of(size if self.counted is False else terms.pick(of.is_text, size, of.length()))

    def compared(self, fn: str, literal: float) -> Bool | None:
        """Of a text with a written number: a language, which needs no arithmetic of lengths."""
        terms, of = self.terms, self.of
        if of.is_text is False or not 0 <= literal < _LONG:
            return None
        least = int(literal) + (0 if float(literal).is_integer() and fn in (">=", "<", "==", "!=") else 1)
        if fn in ("==", "!="):
            text = of.text.among(lengths(least, least)) if float(literal).is_integer() else False
            text = terms.no(text) if fn == "!=" else text
        else:
            text = of.text.among(lengths(max(least, 0), None))
            text = terms.no(text) if fn in ("<", "<=") else text
        if self.counted is False:
            return text
        return terms.choice(of.is_text, text, _holds(fn, terms.real_of(of.length()), terms.number(literal)))


_LONG: Final = 1_000_000
"""A length up to which a text's is asked as a language."""


def _found_in(pattern: str) -> regular.Regular:
    try:
        return found_in(pattern)
    except Outside as error:
        raise Outside(f"{error}, in `matches('{pattern[:80]}')`") from None


def _only(terms: Terms, test: Bool, entry: Entry) -> Entry:
    return Entry(terms.both(test, entry.there), entry.times, entry.value)


def _is_arithmetic(node: Node) -> bool:
    return isinstance(node, Call) and node.fn in _ARITHMETIC


def _holds(fn: str, one: Any, two: Any) -> Bool:
    match fn:
        case "==":
            return one == two
        case "!=":
            return one != two
        case "<":
            return one < two
        case "<=":
            return one <= two
        case ">":
            return one > two
        case _:
            return one >= two
