"""JSON Schemas as requirements: does one accept no more than another, as far as their form says?

A claim is certain; no claim says nothing. Covers what charters write (types, bounds, enums, closed objects, lists,
`allOf`); of any other keyword, only an equal one. Leaves out judging a value (`policy.schema`).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from govern.events.canonical import text_of
from govern.policy.schema_tree import Schema, below, pointer, pointer_target

# What says nothing of a value.
_ASIDE: Final = frozenset(
    {
        "title",
        "description",
        "examples",
        "default",
        "$comment",
        "$schema",
        "deprecated",
        "readOnly",
        "writeOnly",
        "$defs",
    }
)
# Of a greater number fewer values pass; of a smaller one.
_LEAST: Final = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
_MOST: Final = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")
_EVERY: Final = frozenset({"null", "boolean", "number", "string", "array", "object"})


def accepts_no_more(one: Schema, other: Schema) -> bool:
    """Whether every value that satisfies one schema satisfies another; False where that is not plain.

    Args:
        one, other: JSON Schema 2020-12 with local references, closed.
    """
    return _Within(one, other).schema(one, other, 0)


class _Within:
    def __init__(self, one: Schema, other: Schema) -> None:
        self.roots = one, other
        self.same_roots = text_of(one) == text_of(other)

    def schema(self, one: Schema, other: Schema, depth: int) -> bool:
        if other is True or other == {} or one is False:
            return True
        if isinstance(one, bool) or isinstance(other, bool) or depth > 64:
            return False
        if self.equal(_stripped(one), _stripped(other)):
            return True
        if "$ref" in one or "$ref" in other:
            return self._referred(one, other, depth)
        if "allOf" in one and any(self.schema(each, other, depth + 1) for each in one["allOf"]):
            return True
        return all(self.keyword(one, other, key, depth) for key in other if key not in _ASIDE)

    def equal(self, one: Any, other: Any) -> bool:
        """Whether two parts say the same; a reference in them leads elsewhere in another schema."""
        text = text_of(one)
        return text == text_of(other) and (self.same_roots or '"$ref"' not in text)

    def _referred(self, one: dict[str, Any], other: dict[str, Any], depth: int) -> bool:
        """Follows a reference that stands alone."""
        followed: list[Schema] = []
        for root, each in zip(self.roots, (one, other), strict=True):
            if "$ref" not in each:
                followed.append(each)
                continue
            target = pointer_target(root, each["$ref"])
            if target is None or set(each) - _ASIDE - {"$ref"}:
                return False
            followed.append(target)
        return self.schema(followed[0], followed[1], depth + 1)

    def keyword(self, one: dict[str, Any], other: dict[str, Any], key: str, depth: int) -> bool:
        """Whether what passes `one` passes one keyword of `other`."""
        mine, value = one.get(key), other[key]
        match key:
            case "type":
                return _types(one) <= _types(other)
            case "enum" | "const":
                allowed = {text_of(each) for each in (value if key == "enum" else [value])}
                told = _values(one)
                return told is not None and {text_of(each) for each in told} <= allowed
            case "required":
                return set(value) <= set(one.get("required", ())) or _never(one, "object")
            case "properties":
                return _never(one, "object") or all(
                    self._property(one, name, sub, depth) for name, sub in value.items()
                )
            case "additionalProperties":
                return _never(one, "object") or self._additional(one, other, depth)
            case "items":
                if "prefixItems" in one or "prefixItems" in other:
                    return one.get("prefixItems") == other.get("prefixItems") and mine == value
                return _never(one, "array") or self.schema(one.get("items", True), value, depth + 1)
            case "allOf":
                return all(self.schema(one, each, depth + 1) for each in value)
            case _ if key in _LEAST:
                return _never(one, _kind(key)) or (mine is not None and mine >= value)
            case _ if key in _MOST:
                return _never(one, _kind(key)) or (mine is not None and mine <= value)
            case "pattern" | "format" | "multipleOf" | "uniqueItems":
                return bool(mine == value)
            case _:
                # What other keywords of the same place it hangs on (`if` with `then`, `contains` with its counts) must
                # be the same too.
                return self.equal(_rest(one), _rest(other))

    def _property(self, one: dict[str, Any], name: str, sub: Schema, depth: int) -> bool:
        if "patternProperties" in one:
            return False
        mine = one.get("properties", {}).get(name, one.get("additionalProperties", True))
        return self.schema(mine, sub, depth + 1)

    def _additional(self, one: dict[str, Any], other: dict[str, Any], depth: int) -> bool:
        if "patternProperties" in one or "patternProperties" in other:
            return False
        known, value = other.get("properties", {}), other["additionalProperties"]
        more = [sub for name, sub in one.get("properties", {}).items() if name not in known]
        return all(self.schema(sub, value, depth + 1) for sub in (*more, one.get("additionalProperties", True)))


def defaults(schema: Schema) -> dict[str, str]:
    """The defaults of a schema that are filled in and forwarded, as JSON text by their place."""
    return dict(_defaults(schema, ()))


def _defaults(schema: Schema, way: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    if isinstance(schema, dict) and "default" in schema:
        yield pointer(way), text_of(schema["default"])
    for steps, sub in below(schema):
        yield from _defaults(sub, (*way, *steps))


def _stripped(schema: Any) -> Any:
    """Without what says nothing, at this place and below; names of properties stay."""
    if not isinstance(schema, dict):
        return schema
    made: dict[str, Any] = {}
    for key, value in schema.items():
        if key in _ASIDE and key != "$defs":
            continue
        if key in ("properties", "patternProperties", "dependentSchemas", "$defs") and isinstance(value, dict):
            made[key] = {name: _stripped(sub) for name, sub in value.items()}
        elif key == "required" or (key == "type" and isinstance(value, list)) or key == "enum":
            made[key] = sorted(value, key=text_of)
        elif key in ("const", "dependentRequired"):
            made[key] = value
        elif isinstance(value, list):
            made[key] = [_stripped(each) for each in value]
        else:
            made[key] = _stripped(value)
    return made


def _rest(schema: dict[str, Any]) -> dict[str, Any]:
    plain = {"type", "enum", "const", "required", "properties", "additionalProperties", "items", *_LEAST, *_MOST}
    if any(key.startswith("unevaluated") for key in schema):
        plain = set()  # what is evaluated hangs on everything beside it
    return {key: _stripped(value) for key, value in schema.items() if key not in plain | _ASIDE}


def _values(schema: dict[str, Any]) -> list[Any] | None:
    if "const" in schema:
        return [schema["const"]]
    return list(schema["enum"]) if "enum" in schema else None


def _types(schema: dict[str, Any]) -> set[str]:
    """The types that a value may have; `integer` stands for the numbers that it is of."""
    told = schema.get("type")
    found = set(_EVERY) if told is None else {told} if isinstance(told, str) else set(told)
    values = _values(schema)
    if values is not None:
        found = {_type_of(value) for value in values} & (found | ({"integer"} if "number" in found else set()))
    return found | ({"integer"} if "number" in found else set())


def _type_of(value: Any) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int():
            return "integer"
        case float():
            return "number"
        case str():
            return "string"
        case list():
            return "array"
        case _:
            return "object"


def _never(schema: dict[str, Any], kind: str) -> bool:
    """Whether no value of a kind passes."""
    found = _types(schema)
    return kind not in found and not (kind == "number" and "integer" in found)


def _kind(key: str) -> str:
    if key.endswith("Length"):
        return "string"
    return "array" if key.endswith("Items") else "object" if key.endswith("Properties") else "number"
