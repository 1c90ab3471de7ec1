"""Arguments with the defaults of a schema, as terms of a solver: what a policy's conditions and its schema read.

As `policy.defaults` fills them in: what is there stays, null included. Where a key would stand beside one that differs
only by case, nothing is filled in, and the call is invalid; the solver has one such key for every default.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass
from typing import Any

from govern.conditions.smt.needs import Pattern
from govern.conditions.smt.terms import Bool
from govern.conditions.smt.texts import Text
from govern.conditions.smt.values import Choice, Entry, Fixed, Value
from govern.policy.defaults import Defaults
from govern.policy.schema_tree import Schema, read


@dataclass(frozen=True, slots=True)
class Fill:
    """What is filled in at one key.

    Args:
        has: whether there is a default.
        inside: what is filled in below it.
    """

    name: str
    has: bool
    value: Any
    inside: tuple[Fill, ...]


def fills(schema_text: str) -> tuple[Fill, ...]:
    """The defaults of a schema, from the top; a schema that refers to itself is followed as deep as calls are."""
    if '"default"' not in schema_text:
        return ()
    found = Defaults(read(schema_text))
    return tuple(_below(found, found.arguments, 0))


def _below(found: Defaults, owners: tuple[str, ...], depth: int) -> Iterator[Fill]:
    if depth > 6:
        return
    for each in found.properties:
        if each.owners != owners:
            continue
        has = any(_says(found.at(where)) for where in each.schemas)
        inside = tuple(_below(found, each.schemas, depth + 1))
        if has or inside:
            yield Fill(each.name, has, found.value(each) if has else None, inside)


def _says(schema: Schema) -> bool:
    return isinstance(schema, dict) and "default" in schema


def keys(of: Sequence[Fill], at: Pattern) -> Iterator[Pattern]:
    """The keys that are looked at: of defaults, and for each one that differs by case."""
    for fill in of:
        yield (*at, fill.name)
        twin = _twin(fill.name)
        if fill.has and twin is not None:
            yield (*at, twin)
        yield from keys(fill.inside, (*at, fill.name))


def _twin(name: str) -> str | None:
    """The same name in another case."""
    for other in (name.upper(), name.lower(), name.swapcase()):
        if other != name and other.casefold() == name.casefold():
            return other
    return None


class Filled(Value):
    """A value with what is missing in it filled in, where it is an object."""

    def __init__(self, raw: Value, of: Sequence[Fill]) -> None:
        super().__init__(raw.terms)
        self.raw = raw
        self.of = {fill.name: fill for fill in of}

    def kind(self, name: str) -> Bool:
        return getattr(self.raw, name)

    @property
    def number(self) -> Any:
        return self.raw.number

    @property
    def text(self) -> Text:
        return self.raw.text

    def item(self, index: int) -> Value:
        return self.raw.item(index)

    def entries(self) -> Sequence[Entry]:
        return self.raw.entries()

    def items(self) -> Any:
        return self.raw.items()

    def field(self, key: str) -> Value:
        raw, fill = self.raw.field(key), self.of.get(key)
        if fill is None:
            return raw
        there = Filled(raw, fill.inside) if fill.inside else raw
        return Choice(raw.absent, Fixed(self.terms, fill.value), there) if fill.has else there

    def _added(self) -> dict[str, Bool]:
        return {name: self.raw.field(name).absent for name, fill in self.of.items() if fill.has}

    def keys(self) -> Sequence[Entry]:
        return [*self.raw.keys(), *(Entry(there, 1, Fixed(self.terms, key)) for key, there in self._added().items())]

    def length(self) -> Any:
        one, none = self.terms.integer(1), self.terms.integer(0)
        if self.is_object is False:
            return self.raw.length()
        added = [self.terms.pick(there, one, none) for there in self._added().values()]
        total = self.terms.total([self.raw.length(), *added])
        return total if self.is_list is False else self.terms.pick(self.is_object, total, self.raw.length())

    def others(self, names: Set[str]) -> Bool:
        added = [there for name, there in self._added().items() if name not in names]
        return self.terms.some((self.raw.others(names), *added))

    def names(self) -> frozenset[str]:
        return self.raw.names() | self.of.keys()

    def rest(self) -> Sequence[Entry]:
        return self.raw.rest()

    def beyond(self) -> Bool:
        return self.raw.beyond()

    def twins(self) -> Bool:
        """Whether a key stands beside one that would be filled in and differs only by case."""
        terms, parts = self.terms, list[Bool]()
        for name, fill in self.of.items():
            raw = self.raw.field(name)
            if fill.has:
                others = [key for key in self.raw.names() if key != name and key.casefold() == name.casefold()]
                parts += [terms.both(raw.absent, terms.no(self.raw.field(other).absent)) for other in others]
            if fill.inside:
                parts.append(terms.both(raw.is_object, Filled(raw, fill.inside).twins()))
        return terms.some(parts)
