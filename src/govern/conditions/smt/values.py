"""Values as a solver's question has them: for every kind a truth value, and what the value is of that kind.

A value that has none of the kinds is what the table of conditions calls wrong or missing: unknown to everything. The
classes differ in where a value comes from: written, computed, a place under another, one of two. Leaves out values
that are the call's own (`cells`).
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass
from typing import Any, Final

from govern.conditions.smt.terms import Bool, Terms
from govern.conditions.smt.texts import Either as EitherText
from govern.conditions.smt.texts import Text, Words

KINDS: Final = ("absent", "null", "boolean", "truth", "is_number", "is_text", "is_list", "is_object")


@dataclass(frozen=True, slots=True)
class Entry:
    """An item of a list, so many times: what is true of it is true of every time."""

    there: Bool
    times: Any
    value: Value


class Value:
    """A value of no kind: the base of all, whose kinds are False unless they are said."""

    absent: Bool
    null: Bool
    boolean: Bool
    truth: Bool
    is_number: Bool
    is_text: Bool
    is_list: Bool
    is_object: Bool

    def __init__(self, terms: Terms) -> None:
        self.terms = terms

    def __getattr__(self, name: str) -> Bool:
        if name not in KINDS:
            raise AttributeError(name)
        found = self.kind(name)
        setattr(self, name, found)
        return found

    def kind(self, name: str) -> Bool:
        """Whether it is of a kind of KINDS; asked once, and only where nothing was said."""
        return False

    @property
    def number(self) -> Any:
        """The number, exact, where it is one."""
        raise AssertionError("no number")

    @property
    def text(self) -> Text:
        """The text, where it is one."""
        raise AssertionError("no text")

    def field(self, key: str) -> Value:
        """The value of a key, where it is an object; absent where the object has no such key."""
        raise AssertionError("no object")

    def item(self, index: int) -> Value:
        """An item, where it is a list; absent past its end."""
        raise AssertionError("no list")

    def entries(self) -> Sequence[Entry]:
        """The items, where it is a list."""
        raise AssertionError("no list")

    def keys(self) -> Sequence[Entry]:
        """The keys as texts, where it is an object."""
        raise AssertionError("no object")

    def length(self) -> Any:
        """How many items or keys, where it is a list or an object."""
        raise AssertionError("nothing to count")

    def items(self) -> Any:
        """How many items, where it is a list."""
        raise AssertionError("no list")

    def others(self, names: Set[str]) -> Bool:
        """Whether it has other keys than these, where it is an object."""
        raise AssertionError("no object")

    def names(self) -> frozenset[str]:
        """The keys that anybody names, where it is an object."""
        return frozenset()

    def rest(self) -> Sequence[Entry]:
        """Values of keys that nobody names, where it is an object."""
        return ()

    def beyond(self) -> Bool:
        """Whether it has more of these than `rest` gives."""
        return False

    def compared(self, fn: str, literal: float) -> Bool | None:
        """A comparison with a written number, where the value is better asked than computed."""
        return None

    @property
    def something(self) -> Bool:
        """Whether anything but null stands there."""
        return self.terms.some((self.boolean, self.is_number, self.is_text, self.is_list, self.is_object))


class Fixed(Value):
    """JSON data that is known."""

    def __init__(self, terms: Terms, value: Any) -> None:
        super().__init__(terms)
        self.value = value
        self.null = value is None
        self.boolean = type(value) is bool
        self.truth = value is True
        self.is_number = type(value) in (int, float)
        self.is_text = type(value) is str
        self.is_list = type(value) is list
        self.is_object = type(value) is dict

    @property
    def number(self) -> Any:
        return self.terms.number(self.value)

    @property
    def text(self) -> Text:
        return Words(self.terms, ((True, self.value),))

    def field(self, key: str) -> Value:
        return Fixed(self.terms, self.value[key]) if key in self.value else Absent(self.terms)

    def item(self, index: int) -> Value:
        return Fixed(self.terms, self.value[index]) if index < len(self.value) else Absent(self.terms)

    def entries(self) -> Sequence[Entry]:
        return [Entry(True, 1, Fixed(self.terms, item)) for item in self.value]

    def keys(self) -> Sequence[Entry]:
        return [Entry(True, 1, Fixed(self.terms, key)) for key in self.value]

    def length(self) -> Any:
        return self.terms.integer(len(self.value))

    def items(self) -> Any:
        return self.terms.integer(len(self.value))

    def others(self, names: Set[str]) -> Bool:
        return not self.value.keys() <= names

    def names(self) -> frozenset[str]:
        return frozenset(self.value) if type(self.value) is dict else frozenset()


class Absent(Value):
    """Nothing stands there."""

    absent = True


class Truth(Value):
    """A truth value that may be unknown."""

    def __init__(self, terms: Terms, true: Bool, false: Bool) -> None:
        super().__init__(terms)
        self.boolean = terms.either(true, false)
        self.truth = true


class Number(Value):
    """A number that is known where a condition holds."""

    def __init__(self, terms: Terms, known: Bool, number: Any) -> None:
        super().__init__(terms)
        self.is_number = known
        self._number = number

    @property
    def number(self) -> Any:
        return self._number


class Written(Value):
    """A text that is known where a condition holds."""

    def __init__(self, terms: Terms, known: Bool, text: Text) -> None:
        super().__init__(terms)
        self.is_text = known
        self._text = text

    @property
    def text(self) -> Text:
        return self._text


class Under(Value):
    """What stands at a key or an index of another value."""

    def __init__(self, base: Value, there: Bool, inner: Value) -> None:
        super().__init__(base.terms)
        self.base, self.there, self.inner = base, there, inner

    def kind(self, name: str) -> Bool:
        found = self.terms.both(self.there, getattr(self.inner, name))
        return self.terms.either(self.base.absent, self.base.null, found) if name == "absent" else found

    @property
    def number(self) -> Any:
        return self.inner.number

    @property
    def text(self) -> Text:
        return self.inner.text

    def field(self, key: str) -> Value:
        return self.inner.field(key)

    def item(self, index: int) -> Value:
        return self.inner.item(index)

    def entries(self) -> Sequence[Entry]:
        return self.inner.entries()

    def keys(self) -> Sequence[Entry]:
        return self.inner.keys()

    def length(self) -> Any:
        return self.inner.length()

    def items(self) -> Any:
        return self.inner.items()

    def others(self, names: Set[str]) -> Bool:
        return self.inner.others(names)

    def names(self) -> frozenset[str]:
        return self.inner.names()

    def rest(self) -> Sequence[Entry]:
        return self.inner.rest()

    def beyond(self) -> Bool:
        return self.inner.beyond()


class Choice(Value):
    """One of two values by a test."""

    def __init__(self, test: Bool, then: Value, other: Value) -> None:
        super().__init__(then.terms)
        self.test, self.then, self.other = test, then, other

    def kind(self, name: str) -> Bool:
        return self.terms.choice(self.test, getattr(self.then, name), getattr(self.other, name))

    def _one(self, kind: str) -> Value | None:
        """The only one of the two that can be of a kind."""
        if getattr(self.then, kind) is False:
            return self.other
        return self.then if getattr(self.other, kind) is False else None

    @property
    def number(self) -> Any:
        one = self._one("is_number")
        return one.number if one else self.terms.pick(self.test, self.then.number, self.other.number)

    @property
    def text(self) -> Text:
        one = self._one("is_text")
        return one.text if one else EitherText(self.terms, self.test, self.then.text, self.other.text)

    def field(self, key: str) -> Value:
        one = self._one("is_object")
        return one.field(key) if one else Choice(self.test, self.then.field(key), self.other.field(key))

    def item(self, index: int) -> Value:
        one = self._one("is_list")
        return one.item(index) if one else Choice(self.test, self.then.item(index), self.other.item(index))

    def entries(self) -> Sequence[Entry]:
        one = self._one("is_list")
        return one.entries() if one else self._joined(self.then.entries(), self.other.entries())

    def keys(self) -> Sequence[Entry]:
        one = self._one("is_object")
        return one.keys() if one else self._joined(self.then.keys(), self.other.keys())

    def _joined(self, then: Sequence[Entry], other: Sequence[Entry]) -> Sequence[Entry]:
        no = self.terms.no(self.test)
        made = [Entry(self.terms.both(self.test, each.there), each.times, each.value) for each in then]
        return [*made, *(Entry(self.terms.both(no, each.there), each.times, each.value) for each in other)]

    def length(self) -> Any:
        countable = [
            each for each in (self.then, self.other) if each.is_list is not False or each.is_object is not False
        ]
        if len(countable) == 1:
            return countable[0].length()
        return self.terms.pick(self.test, self.then.length(), self.other.length())

    def items(self) -> Any:
        one = self._one("is_list")
        return one.items() if one else self.terms.pick(self.test, self.then.items(), self.other.items())

    def others(self, names: Set[str]) -> Bool:
        one = self._one("is_object")
        return (
            one.others(names)
            if one
            else self.terms.choice(self.test, self.then.others(names), self.other.others(names))
        )

    def names(self) -> frozenset[str]:
        return self.then.names() | self.other.names()

    def rest(self) -> Sequence[Entry]:
        return self._joined(self.then.rest(), self.other.rest())

    def beyond(self) -> Bool:
        return self.terms.choice(self.test, self.then.beyond(), self.other.beyond())


def step(base: Value, at: str | int) -> Value:
    """What stands at a key or an index."""
    there = base.is_object if isinstance(at, str) else base.is_list
    if there is False:
        return Under(base, False, Value(base.terms))
    return Under(base, there, base.field(at) if isinstance(at, str) else base.item(at))
