"""An input schema as Rego functions: what fills arguments in, and what they must satisfy.

Every keyword of JSON Schema 2020-12 that stands here means what the validator of the per-call engine says. Any other
that judges is a gap: what it would judge counts as invalid, and the call is denied.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from govern.compile.backends.contract import Gap
from govern.compile.backends.rego_terms import literal, raw, readable
from govern.policy.defaults import Defaults
from govern.policy.pattern import NotTheSame, for_validator
from govern.policy.schema_tree import Schema, pointer_target

_SAYS_NOTHING: Final = frozenset(
    {"$schema", "$comment", "$defs", "definitions", "title", "description", "default", "examples", "deprecated",
     "readOnly", "writeOnly", "contentMediaType", "contentEncoding", "contentSchema"}
)  # fmt: skip
_BOUNDS: Final = {"minimum": ">=", "maximum": "<=", "exclusiveMinimum": ">", "exclusiveMaximum": "<"}
_SIZES: Final = {
    "minLength": ("is_string", "letters(x) >= {}"), "maxLength": ("is_string", "letters(x) <= {}"),
    "minItems": ("is_array", "count(x) >= {}"), "maxItems": ("is_array", "count(x) <= {}"),
    "minProperties": ("is_object", "count(x) >= {}"), "maxProperties": ("is_object", "count(x) <= {}"),
}  # fmt: skip
_TYPES: Final = {
    "string": "is_string(x)", "number": "is_number(x)", "integer": "is_integer(x)", "boolean": "is_boolean(x)",
    "null": "is_null(x)", "array": "is_array(x)", "object": "is_object(x)",
}  # fmt: skip
_FORMATS: Final = {"date": "is_date(x)", "date-time": "is_date_time(x)", "email": "is_address(x)"}
_PARTLY: Final = {"email": "a quoted name, or a number for a domain, is not read"}
_DENIED: Final = "what it judges counts as invalid: the call is denied"


class _Negative(Exception):
    """A gap where invalid would loosen: below `not`, `if`, `oneOf`, a bound on `contains`."""


@dataclass(slots=True)
class Schemas:
    """Functions of the input schemas of one module; `gaps` is what counts as invalid."""

    functions: list[str] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    where: str = ""
    _root: Schema = True
    _made: dict[tuple[int, bool], str] = field(default_factory=dict)
    _patterns: bool = False
    _busy: list[int] = field(default_factory=list)
    _count: int = 0

    def judged(self, schema: Schema, where: str) -> str:
        """The term of the arguments and whether they are valid, of `raw`: `{"args": …, "valid": …}`.

        Args:
            schema: closed, as a policy holds it.
            where: the tool, for the gaps.
        """
        self.where, self._root = where, schema
        self._made, self._busy, self._patterns = {}, [], False
        try:
            valid = self.satisfied(schema, positive=True)
        except _Negative:
            valid = self.function("x", ["false"])
        filled, twins = self.filled(schema)
        re2 = "re2\n\t" if self._patterns else ""
        self._count += 1
        name = f"judged_{self._count}"
        self.functions.append(
            f'{name}(x) := {{"args": y, "valid": true}} if {{\n\t{re2}not {twins}\n\ty := {filled}\n\t{valid}(y)\n}} '
            f'else := {{"args": y, "valid": false}} if {{\n\tnot {twins}\n\ty := {filled}\n}} '
            f'else := {{"args": x, "valid": false}}'
        )
        return f"{name}(raw)"

    # -- defaults --

    def filled(self, schema: Schema) -> tuple[str, str]:
        """Terms of `x` with its defaults, and whether it has a key that a filled one has but for the case."""
        if '"default"' not in literal(schema):
            return "x", "false"
        found = Defaults(schema)
        return self._filled(found, found.arguments, ())

    def _filled(self, found: Defaults, owners: tuple[str, ...], above: tuple[tuple[str, ...], ...]) -> tuple[str, str]:
        given: dict[str, Any] = {}
        nested: dict[str, tuple[str, str]] = {}
        if owners in above:
            self.gap("default", "Rego has no recursion")
            raise_to = self.function("x", ["true"])
            return "x", f"{raise_to}(x)"
        for each in found.properties:
            if each.owners != owners:
                continue
            held = [found.at(where) for where in each.schemas]
            if any(isinstance(one, dict) and "default" in one for one in held):
                given[each.name] = found.value(each)
            if any(one.owners == each.schemas for one in found.properties):
                inner = self._filled(found, each.schemas, (*above, owners))
                if inner != ("x", "false"):
                    nested[each.name] = inner
        if not given and not nested:
            return "x", "false"
        self._count += 1
        number = self._count
        merged = [f"with_defaults({literal(given)}, x)"]
        twins = [f"has_twin({literal(folds(given))}, {literal({name.casefold(): name for name in given})}, x)"]
        for name, (term, twin) in nested.items():
            self._count += 1
            inside = f"inside_{self._count}"
            self.functions.append(
                f"{inside}(o) := {{{literal(name)}: y | x := object.get(o, {literal(name)}, null); "
                f"is_object(x); y := {term}}}"
            )
            merged.append(f"{inside}(x)")
            if twin != "false":
                self.functions.append(
                    f"twin_{self._count}(o) if {{\n\tx := object.get(o, {literal(name)}, null)\n"
                    f"\tis_object(x)\n\t{twin}\n}}"
                )
                twins.append(f"twin_{self._count}(x)")
        term = merged[0]
        for other in merged[1:]:
            term = f"object.union({term}, {other})"
        self.functions.append(f"filled_{number}(x) := {term}")
        self.functions += [f"twins_{number}(x) if {twin}" for twin in twins]
        return f"filled_{number}(x)", f"twins_{number}(x)"

    # -- what must be satisfied --

    def satisfied(self, schema: Schema, *, positive: bool) -> str:
        """The name of a function that is true of what satisfies a schema."""
        if id(schema) in self._busy:
            return self.refused("$ref", "Rego has no recursion", positive)
        if (id(schema), positive) in self._made:
            return self._made[id(schema), positive]
        self._busy.append(id(schema))
        if isinstance(schema, bool):
            name = self.function("x", ["true" if schema else "false"])
        else:
            parts = [part for key in sorted(schema) for part in self.keyword(key, schema, positive)]
            name = self.function("x", ["; ".join(parts) or "true"])
        self._busy.pop()
        self._made[id(schema), positive] = name
        return name

    def keyword(self, key: str, schema: dict[str, Any], positive: bool) -> list[str]:
        """Parts of the body of a schema's function, of `x`."""
        value = schema[key]
        match key:
            case "type":
                kinds = [value] if isinstance(value, str) else value
                return [f"{self.function('x', [_TYPES[kind] for kind in kinds])}(x)"]
            case "enum" | "const":
                return self.listed([value] if key == "const" else value, key, positive)
            case "minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum":
                if isinstance(value, float) and not readable(value):
                    return [self.refused(key, "the bound has too many digits for every engine", positive) + "(x)"]
                return [self.guarded("is_number", f"x {_BOUNDS[key]} {literal(value)}")]
            case "multipleOf":
                return [self.multiple(value, positive)]
            case _ if key in _SIZES:
                kind, test = _SIZES[key]
                return [self.guarded(kind, test.format(literal(value)))]
            case "pattern":
                return [self.pattern(value, positive)]
            case "format" if value in _FORMATS:
                if value in _PARTLY:
                    if not positive:
                        raise self.negative(f"format: {value}", _PARTLY[value])
                    self.gaps.append(Gap(f"input: format: {value}", self.where, _PARTLY[value], _DENIED))
                return [self.guarded("is_string", _FORMATS[value])]
            case "uniqueItems":
                return [self.guarded("is_array", "count(x) == count({each | some each in x})")] if value else []
            case "required":
                return [self.guarded("is_object", f"every key in {literal(value)} {{ has_key(x, key) }}")]
            case "dependentRequired":
                return [
                    f"{self.function('x', ['not ' + has, self.each_key(names)])}(x)"
                    for name, names in value.items()
                    for has in [f"has_key(x, {literal(name)})"]
                ]
            case "dependentSchemas":
                return [
                    f"{self.function('x', ['not has_key(x, ' + literal(name) + ')', f'{inner}(x)'])}(x)"
                    for name, sub in value.items()
                    for inner in [self.satisfied(sub, positive=positive)]
                ]
            case "properties":
                return [self.property(name, sub, positive) for name, sub in value.items()]
            case "patternProperties" | "additionalProperties" | "propertyNames":
                return [self.keys(key, schema, positive)]
            case "prefixItems" | "items":
                return self.items(key, schema, positive)
            case "unevaluatedProperties":
                inner = self.satisfied(value, positive=positive)
                rest = f"object.keys(x) - {self.evaluated(schema, positive, but=key)}(x)"
                others = f"{{key | some key in {rest}; not {inner}(object.get(x, key, null))}}"
                return [self.guarded("is_object", f"{others} == set()")]
            case "contains":
                return [self.contains(schema, positive)]
            case "minContains" | "maxContains":
                return []
            case "then" | "else":
                return []
            case "allOf":
                return [f"{self.satisfied(sub, positive=positive)}(x)" for sub in value]
            case "anyOf":
                return [f"{self.function('x', [f'{self.satisfied(sub, positive=positive)}(x)' for sub in value])}(x)"]
            case "oneOf":
                return [self.one_of(value)]
            case "not":
                return [f"not {self.satisfied(value, positive=False)}(x)"]
            case "if":
                return [self.choice(schema, positive)]
            case "$ref":
                target = pointer_target(self._root, value)
                if target is None:
                    return [self.refused("$ref", f"`{value}` leads nowhere", positive) + "(x)"]
                return [f"{self.satisfied(target, positive=positive)}(x)"]
            case _ if key in _SAYS_NOTHING:
                return []
            case _:
                return [self.refused(key, "it is not translated", positive) + "(x)"]

    def each_key(self, names: list[str]) -> str:
        return f"every key in {literal(names)} {{ has_key(x, key) }}"

    def listed(self, values: list[Any], key: str, positive: bool) -> list[str]:
        if any(not _is_plain(value) for value in values):
            return [self.refused(key, "a value has a number of too many digits for every engine", positive) + "(x)"]
        return [f"x in {literal(values)}"]

    def pattern(self, pattern: str, positive: bool) -> str:
        test = self.regex(pattern, "x", "pattern", positive)
        return f"{test}(x)" if test.startswith("never") else self.guarded("is_string", test)

    def regex(self, pattern: str, of: str, key: str, positive: bool) -> str:
        """A test of a text. Where the engine's patterns are not those of RE2, no arguments of the tool are valid."""
        self._patterns = True
        try:
            made = for_validator(pattern)
        except (NotTheSame, IndexError) as problem:
            return self.refused(key, f"not every engine reads `{pattern}` as RE2 does ({problem})", positive)
        if "(?-u:" in made:
            return self.refused(key, f"engines differ on where a word ends beyond ASCII: `{pattern}`", positive)
        return f"re2; regex.match({raw(made)}, {of})"

    def multiple(self, of: int | float, positive: bool) -> str:
        text = literal(of)
        places = text.partition(".")[2]
        if "e" in text or len(places) > 6 or of > 1e9:
            return self.refused("multipleOf", "no more than six decimal places are exact", positive) + "(x)"
        whole = round(of * 10**6)
        return self.guarded("is_number", f"is_multiple(x, {whole})")

    def property(self, name: str, schema: Schema, positive: bool) -> str:
        inner = self.satisfied(schema, positive=positive)
        held = literal(name)
        there = f"has_key(x, {held}); {inner}(object.get(x, {held}, null))"
        return f"{self.function('x', ['not is_object(x)', f'is_object(x); not has_key(x, {held})', there])}(x)"

    def keys(self, key: str, schema: dict[str, Any], positive: bool) -> str:
        """A judgement of every key, or of the values of those keys that a keyword means."""
        if key == "propertyNames":
            inner = self.satisfied(schema[key], positive=positive)
            return self.guarded("is_object", f"every key in object.keys(x) {{ {inner}(key) }}")
        if key == "patternProperties":
            tests = []
            for pattern, sub in schema[key].items():
                test, inner = self.regex(pattern, "key", key, positive), self.satisfied(sub, positive=positive)
                if test.startswith("never"):
                    return f"{test}(x)"
                tests.append((test.removeprefix("re2; "), inner))
            bodies = [f"re2; {{key | some key in object.keys(x); {test}; not {inner}(x[key])}} == set()"
                      for test, inner in tests]  # fmt: skip
            return self.guarded("is_object", "; ".join(bodies) or "true")
        named = sorted(schema.get("properties", {}))
        patterns = [self.regex(pattern, "key", key, positive) for pattern in schema.get("patternProperties", {})]
        if any(pattern.startswith("never") for pattern in patterns):
            return next(pattern for pattern in patterns if pattern.startswith("never")) + "(x)"
        inner = self.satisfied(schema[key], positive=positive)
        meant = "".join(f"; not {self.function('key', [pattern])}(key)" for pattern in patterns)
        other = f"some key in object.keys(x); not key in {literal(named)}{meant}"
        others = f"{{key | {other}; not {inner}(object.get(x, key, null))}}"
        return self.guarded("is_object", f"{others} == set()")

    def evaluated(self, schema: Schema, positive: bool, *, but: str = "") -> str:
        """The name of a function that gives the keys of `x` that a schema judges, where `x` satisfies it.

        Args:
            but: a keyword that is left out.
        """
        if self._busy.count(id(schema)) > 1:
            raise self.negative("$ref", "Rego has no recursion")
        parts = ["set()"]
        conditional: list[tuple[str, Schema]] = []
        if isinstance(schema, dict):
            everything = {"additionalProperties", "unevaluatedProperties"} - {but}
            if everything & schema.keys():
                parts.append("object.keys(x)")
            parts.append(literal_set(sorted(schema.get("properties", {}))))
            for pattern in schema.get("patternProperties", {}):
                test = self.regex(pattern, "key", "patternProperties", positive)
                if not test.startswith("never"):
                    parts.append(f"{{key | some key in object.keys(x); {test}}}")
            conditional += [("", sub) for sub in schema.get("allOf", [])]
            for sub in [*schema.get("anyOf", []), *schema.get("oneOf", [])]:
                conditional.append((f"{self.satisfied(sub, positive=False)}(x)", sub))
            if "if" in schema:
                test = self.satisfied(schema["if"], positive=False)
                conditional += [(f"{test}(x)", schema["if"]), (f"{test}(x)", schema.get("then", True)),
                                (f"not {test}(x)", schema.get("else", True))]  # fmt: skip
            if "$ref" in schema and (target := pointer_target(self._root, schema["$ref"])) is not None:
                conditional.append(("", target))
            for name, sub in schema.get("dependentSchemas", {}).items():
                conditional.append((f"has_key(x, {literal(name)})", sub))
        for test, sub in conditional:
            self._busy.append(id(sub))
            inner = self.evaluated(sub, positive)
            self._busy.pop()
            parts.append(f"{{key | {test + '; ' if test else ''}some key in {inner}(x)}}")
        self._count += 1
        name = f"evaluated_{self._count}"
        self.functions.append(f"{name}(x) := {' | '.join(parts)}")
        return name

    def items(self, key: str, schema: dict[str, Any], positive: bool) -> list[str]:
        prefix = schema.get("prefixItems", [])
        if key == "prefixItems":
            made = [self.satisfied(sub, positive=positive) for sub in prefix]
            return [
                self.guarded("is_array", f"{self.function('x', [f'count(x) <= {index}', f'{inner}(x[{index}])'])}(x)")
                for index, inner in enumerate(made)
            ]
        inner = self.satisfied(schema[key], positive=positive)
        rest = "x" if not prefix else f"array.slice(x, {len(prefix)}, count(x))"
        return [self.guarded("is_array", f"every each in {rest} {{ {inner}(each) }}")]

    def contains(self, schema: dict[str, Any], positive: bool) -> str:
        least, most = schema.get("minContains", 1), schema.get("maxContains")
        inner = self.satisfied(schema["contains"], positive=positive and most is None)
        found = f"count([1 | some each in x; {inner}(each)])"
        upper = "" if most is None else f"; {found} <= {most}"
        return self.guarded("is_array", f"{found} >= {least}{upper}")

    def one_of(self, schemas: list[Schema]) -> str:
        made = [self.satisfied(sub, positive=False) for sub in schemas]
        sums = " + ".join(f"count([1 | {inner}(x)])" for inner in made)
        return f"{sums} == 1"

    def choice(self, schema: dict[str, Any], positive: bool) -> str:
        test = self.satisfied(schema["if"], positive=False)
        bodies = []
        for key, sign in (("then", ""), ("else", "not ")):
            inner = self.satisfied(schema.get(key, True), positive=positive)
            bodies.append(f"{sign}{test}(x); {inner}(x)")
        return f"{self.function('x', bodies)}(x)"

    def guarded(self, kind: str, test: str) -> str:
        """True of what is of another kind, and of what passes the test."""
        return f"{self.function('x', [f'not {kind}(x)', f'{kind}(x); {test}'])}(x)"

    def function(self, parameter: str, bodies: list[str], name: str = "schema") -> str:
        """A function that is true where any of the bodies is."""
        self._count += 1
        made = f"{name}_{self._count}"
        self.functions += [f"{made}({parameter}) if {{ {body} }}" for body in bodies or ["false"]]
        return made

    # -- gaps --

    def refused(self, key: str, why: str, positive: bool) -> str:
        if not positive:
            raise self.negative(key, why)
        self.gap(key, why)
        return self.function("x", ["false"], "never")

    def negative(self, key: str, why: str) -> _Negative:
        self.gap(key, why)
        return _Negative()

    def gap(self, key: str, why: str) -> None:
        self.gaps.append(Gap(f"input: {key}", self.where, why, _DENIED))


def folds(names: dict[str, Any]) -> dict[str, str]:
    """What each character folds to, of those whose fold has only characters of the folded names."""
    letters = set("".join(name.casefold() for name in names))
    found: dict[str, str] = {}
    for point in range(0x110000):
        char = chr(point)
        if not 0xD800 <= point < 0xE000 and (fold := char.casefold()) != char and letters.issuperset(fold):
            found[char] = fold
    return found


def literal_set(names: list[str]) -> str:
    return f"{{{', '.join(map(literal, names))}}}" if names else "set()"


def _is_plain(value: Any) -> bool:
    match value:
        case float():
            return readable(value)
        case list():
            return all(map(_is_plain, value))
        case dict():
            return all(map(_is_plain, value.values()))
        case str():
            return literal(value) == f'"{value}"'
        case _:
            return True
