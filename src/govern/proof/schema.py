"""An input schema as terms of a solver: which calls are valid.

Read exactly is what schemas of tools mostly say (types, enums, bounds, lengths, patterns, properties, items, and the
connectives). What is not read (`uniqueItems`, `contains`, `format` but for its likely texts, …) may be either way, for
one validator judges: a call that is found is given to it (`question`). Leaves out defaults (`defaults`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any, Final

from govern.conditions.smt import regular
from govern.conditions.smt.given import Inputs
from govern.conditions.smt.needs import ITEM, Pattern
from govern.conditions.smt.patterns import Outside, found_in, fully
from govern.conditions.smt.terms import Bool, Terms
from govern.conditions.smt.texts import Lookup, lengths
from govern.conditions.smt.values import Value
from govern.conditions.values import searcher
from govern.policy.schema import built
from govern.policy.schema_tree import Schema, pointer_target

_DEEPEST: Final = 12
_SAID: Final = frozenset(
    {
        "$anchor", "$comment", "$defs", "$id", "$schema", "contentEncoding", "contentMediaType", "contentSchema",
        "default", "deprecated", "description", "examples", "readOnly", "title", "writeOnly", "then", "else",
        "additionalProperties", "patternProperties",
    }
)  # fmt: skip
"""Keywords that say nothing of validity, or are read with another."""
_LIKE: Final = {
    "email": "[a-z]{1,20}@[a-z]{1,20}([.][a-z]{1,20}){1,3}",
    "uri": "https?://[a-z]{1,20}([.][a-z]{1,20}){1,3}(/[a-z0-9]*)*",
    "date": "20[0-9][0-9]-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])",
    "date-time": "20[0-9][0-9]-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])T(0[0-9]|1[0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]Z",
    "time": "(0[0-9]|1[0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]Z",
    "uuid": "[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}",
    "hostname": "[a-z]{1,20}([.][a-z]{1,20}){0,3}",
    "ipv4": "([1-9][0-9]?[.]){3}[1-9][0-9]?",
}
_KIND: Final = {
    "null": "null", "boolean": "boolean", "number": "is_number", "integer": "is_number", "string": "is_text",
    "array": "is_list", "object": "is_object",
}  # fmt: skip


def places(schema: Schema, at: Pattern, root: Schema, depth: int = 0) -> Iterator[tuple[str, Pattern]]:
    """The places that a schema looks at below a place: `list` for one whose items it judges, `key` for a property."""
    if not isinstance(schema, dict) or depth > _DEEPEST:
        return
    for key, sub in schema.items():
        match key:
            case "properties" | "dependentSchemas":
                for name, one in sub.items():
                    yield "key", (*at, name)
                    yield from places(one, (*at, name) if key == "properties" else at, root, depth + 1)
            case "required":
                yield from (("key", (*at, name)) for name in sub)
            case "uniqueItems":
                yield from (("list", at),) * 4  # so many different items are written, where a call needs them
            case "items":
                yield "list", at
                yield from places(sub, (*at, ITEM), root, depth + 1)
            case "allOf" | "anyOf" | "oneOf":
                for one in sub:
                    yield from places(one, at, root, depth + 1)
            case "not" | "if" | "then" | "else":
                yield from places(sub, at, root, depth + 1)
            case "additionalProperties":
                pass
            case "$ref":
                target = pointer_target(root, sub)
                if target is not None:
                    yield from places(target, at, root, depth + 1)


class Validity:
    """Reads one schema.

    Args:
        inputs: of the call, which keep note of what is not read.
        root: the schema, closed, as the policy has it.
    """

    def __init__(self, inputs: Inputs, root: Schema) -> None:
        self.inputs = inputs
        self.terms: Terms = inputs.terms
        self.root = root

    def of(self, value: Value) -> Bool:
        """Whether a value is valid."""
        return self._valid(self.root, value, 0)

    def _valid(self, schema: Schema, value: Value, depth: int) -> Bool:
        if not isinstance(schema, dict):
            return bool(schema)
        if depth > _DEEPEST:
            return self._either_way("a schema in a schema, deeper than is read")
        return self.terms.every(self._keyword(key, said, schema, value, depth + 1) for key, said in schema.items())

    def _either_way(self, what: str) -> Bool:
        return self.inputs.either_way(what)

    def _where(self, kind: str, value: Value, then: Callable[[], Bool]) -> Bool:
        """What is asked only of values of a kind."""
        is_kind = getattr(value, kind)
        return True if is_kind is False else self.terms.implies(is_kind, then())

    def _keyword(self, key: str, said: Any, schema: dict[str, Any], value: Value, depth: int) -> Bool:
        terms = self.terms
        match key:
            case "type":
                return terms.some(self._type(name, value) for name in ([said] if isinstance(said, str) else said))
            case "enum":
                return terms.some(self._equals(value, each) for each in said)
            case "const":
                return self._equals(value, said)
            case "minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum":
                return self._where("is_number", value, lambda: _bound(key, value.number, terms.number(said)))
            case "multipleOf":
                return self._where("is_number", value, lambda: self._multiple(value, said))
            case "minLength":
                return self._where("is_text", value, lambda: value.text.among(lengths(int(said), None)))
            case "maxLength":
                longer = lengths(int(said) + 1, None)
                return self._where("is_text", value, lambda: terms.no(value.text.among(longer)))
            case "pattern":
                return self._where("is_text", value, lambda: self._pattern(value, said))
            case "format":
                return self._where("is_text", value, lambda: self._format(value, said))
            case "minItems":
                return self._where("is_list", value, lambda: value.items() >= int(said))
            case "maxItems":
                return self._where("is_list", value, lambda: value.items() <= int(said))
            case "uniqueItems":
                return not said or self._where("is_list", value, lambda: self._unique(value))
            case "items" if "prefixItems" not in schema:
                return self._where("is_list", value, lambda: self._items(said, value, depth))
            case "properties":
                return self._where("is_object", value, lambda: self._properties(said, value, depth))
            case "required":
                return self._where(
                    "is_object", value, lambda: terms.every(terms.no(value.field(n).absent) for n in said)
                )
            case "minProperties":
                return self._where("is_object", value, lambda: self._size(value) >= int(said))
            case "maxProperties":
                return self._where("is_object", value, lambda: self._size(value) <= int(said))
            case "dependentRequired":
                return self._where("is_object", value, lambda: self._dependent(said, value))
            case "dependentSchemas":
                return self._where("is_object", value, lambda: self._dependent_schemas(said, value, depth))
            case "allOf":
                return terms.every(self._valid(each, value, depth) for each in said)
            case "anyOf":
                return terms.some(self._valid(each, value, depth) for each in said)
            case "oneOf":
                return self._exactly_one([self._valid(each, value, depth) for each in said])
            case "not":
                return terms.no(self._valid(said, value, depth))
            case "if":
                then, other = schema.get("then", True), schema.get("else", True)
                return terms.choice(*(self._valid(each, value, depth) for each in (said, then, other)))
            case "$ref":
                target = pointer_target(self.root, said)
                return self._either_way("a reference") if target is None else self._valid(target, value, depth)
            case "additionalProperties" | "patternProperties" if key == _first(schema):
                return self._where("is_object", value, lambda: self._others(schema, value, depth))
            case _ if key in _SAID:
                return True
            case _:
                return self._either_way(f"`{key}` of a schema")

    def _type(self, name: str, value: Value) -> Bool:
        is_kind = getattr(value, _KIND[name])
        if name != "integer" or is_kind is False:
            return is_kind
        return self.terms.both(is_kind, self.terms.is_whole(value.number))

    def _equals(self, value: Value, said: Any) -> Bool:
        terms = self.terms
        match said:
            case None:
                return value.null
            case bool():
                return terms.both(value.boolean, terms.same(value.truth, said))
            case int() | float():
                return terms.both(value.is_number, value.is_number is not False and value.number == terms.number(said))
            case str():
                return terms.both(value.is_text, value.is_text is not False and value.text.among(regular.written(said)))
            case list():
                return terms.both(value.is_list, self._either_way("a list in an `enum`"))
            case _:
                return terms.both(value.is_object, self._either_way("an object in an `enum`"))

    def _multiple(self, value: Value, of: float) -> Bool:
        """Exact for numbers of a usual size: of others the validator's own arithmetic decides."""
        terms = self.terms
        number, step = value.number, Fraction(repr(of)) if isinstance(of, float) else Fraction(of)
        usual = terms.every((number <= 10**6, number >= -(10**6), terms.is_whole(number * 10**6)))
        exact = terms.is_whole(number * terms.number(1 / step))
        return terms.choice(usual, exact, terms.truth("multiple"))

    def _pattern(self, value: Value, pattern: str) -> Bool:
        try:
            return value.text.among(found_in(pattern))
        except Outside as error:
            return self._looked(value, Lookup(f"pattern {pattern}", searcher(pattern)), str(error))

    def _format(self, value: Value, name: str) -> Bool:
        like = fully(_LIKE[name]) if name in _LIKE else regular.ALL
        return self._looked(
            value, Lookup(f"format {name}", built({"format": name}).is_valid, like), f"`format: {name}`"
        )

    def _looked(self, value: Value, lookup: Lookup, what: str) -> Bool:
        self.inputs.outside[what] = None
        try:
            return value.text.look(lookup)
        except Outside:
            return self._either_way(what)

    def _unique(self, value: Value) -> Bool:
        """Either way, but the likely one where a call is written."""
        terms, entries = self.terms, value.entries()
        guess = self._either_way("`uniqueItems`")
        parts: list[Bool] = [each.times <= 1 for each in entries if not isinstance(each.times, int)]
        for at, one in enumerate(entries):
            for two in entries[:at]:
                both = terms.both(one.there, two.there)
                parts.append(terms.no(terms.both(both, self._maybe_same(one.value, two.value))))
        self.inputs.likely.append(terms.same(guess, terms.every(parts)))
        return terms.either(value.items() <= 1, guess)

    def _maybe_same(self, one: Value, two: Value) -> Bool:
        terms = self.terms
        return terms.some(
            (
                terms.both(one.null, two.null),
                terms.every((one.boolean, two.boolean, terms.same(one.truth, two.truth))),
                self._alike("is_number", one, two, lambda: one.number == two.number),
                self._alike("is_text", one, two, lambda: one.text.term() == two.text.term()),
                terms.both(one.is_list, two.is_list),
                terms.both(one.is_object, two.is_object),
            )
        )

    def _alike(self, kind: str, one: Value, two: Value, same: Callable[[], Bool]) -> Bool:
        both = self.terms.both(getattr(one, kind), getattr(two, kind))
        return both if both is False else self.terms.both(both, same())

    def _items(self, schema: Schema, value: Value, depth: int) -> Bool:
        terms = self.terms
        return terms.every(
            terms.implies(each.there, self._valid(schema, each.value, depth)) for each in value.entries()
        )

    def _properties(self, said: dict[str, Schema], value: Value, depth: int) -> Bool:
        return self.terms.every(self._property(value.field(name), sub, depth) for name, sub in said.items())

    def _dependent_schemas(self, said: dict[str, Schema], value: Value, depth: int) -> Bool:
        return self.terms.every(
            self.terms.either(value.field(name).absent, self._valid(sub, value, depth)) for name, sub in said.items()
        )

    def _property(self, value: Value, schema: Schema, depth: int) -> Bool:
        return self.terms.either(value.absent, self._valid(schema, value, depth))

    def _size(self, value: Value) -> Any:
        return (
            value.length()
            if value.is_list is False
            else self.terms.pick(value.is_object, value.length(), self.terms.integer(0))
        )

    def _dependent(self, said: dict[str, list[str]], value: Value) -> Bool:
        terms = self.terms
        return terms.every(
            terms.either(value.field(name).absent, terms.every(terms.no(value.field(n).absent) for n in wanted))
            for name, wanted in said.items()
        )

    def _others(self, schema: dict[str, Any], value: Value, depth: int) -> Bool:
        """`additionalProperties` and `patternProperties`."""
        terms = self.terms
        named, patterns = schema.get("properties", {}), schema.get("patternProperties", {})
        rest = schema.get("additionalProperties", True)
        if rest is True and not patterns:
            return True
        known = value.names()
        parts: list[Bool] = []
        for name in sorted(known):
            fitting = [sub for pattern, sub in patterns.items() if searcher(pattern)(name)]
            if not fitting and name not in named:
                fitting = [rest]
            parts += [self._property(value.field(name), sub, depth) for sub in fitting]
        unknown = value.others(frozenset(named) | known)
        if not patterns and rest is False:
            return terms.every((*parts, terms.no(unknown)))
        if not patterns:
            parts += [terms.implies(each.there, self._valid(rest, each.value, depth)) for each in value.rest()]
            unknown = value.beyond()
        return terms.every((*parts, terms.either(terms.no(unknown), self._either_way("keys that nobody names"))))

    def _exactly_one(self, parts: list[Bool]) -> Bool:
        terms = self.terms
        return terms.some(
            terms.every((part, *(terms.no(other) for other in parts[:at]), *(terms.no(o) for o in parts[at + 1 :])))
            for at, part in enumerate(parts)
        )


def _first(schema: dict[str, Any]) -> str:
    """Of the two keywords that are read together, the one that stands for both."""
    return "patternProperties" if "patternProperties" in schema else "additionalProperties"


def _bound(key: str, number: Any, said: Any) -> Bool:
    match key:
        case "minimum":
            return number >= said
        case "maximum":
            return number <= said
        case "exclusiveMinimum":
            return number > said
        case _:
            return number < said
