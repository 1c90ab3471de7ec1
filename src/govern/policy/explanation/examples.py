"""Values that a kind, or a JSON Schema, would take: for trying out, so simple ones, and never judged here.

Leaves out what several schemas say together beyond the first of each: a value that does not fit is refused by the
validator, which decides.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from govern.conditions.inputs import Path
from govern.policy.explanation.matching import example
from govern.policy.schema_tree import pointer_target

SAMPLE: Final = "x"
PERSON: Final = "somebody@example.com"
_FORMATS: Final = {
    "date": "2000-01-01", "date-time": "2000-01-01T00:00:00Z", "time": "00:00:00Z", "email": PERSON,
    "uri": "https://example.com/", "url": "https://example.com/", "hostname": "example.com", "ipv4": "192.0.2.1",
    "uuid": "00000000-0000-4000-8000-000000000000",
}  # fmt: skip
_MOST = 20  # items that are made up
_DEEPEST = 8  # objects in objects that are made up
_LONGEST = 1000  # characters that are made up


def of_kind(kind: str) -> list[Any]:
    """Something of a kind of a fact's field (`conditions.scope.KINDS`) or of a type of JSON Schema."""
    match kind:
        case "string" | "any":
            return [SAMPLE]
        case "number" | "integer":
            return [1]
        case "boolean":
            return [True, False]
        case "timestamp":
            return [_FORMATS["date-time"]]
        case "list" | "array":
            return [[], [SAMPLE]]
        case "object":
            return [{}]
        case _:
            return []


def schema_at(schema: Any, path: Path) -> dict[str, Any]:
    """The schema of a place, as `properties` and `items` say it; empty where they do not.

    Args:
        path: begins with `args`.
    """
    found = schema
    for step in path[1:]:
        if not isinstance(found, dict):
            return {}
        inner = found.get("items") if isinstance(step, int) else found.get("properties", {}).get(step)
        found = inner if isinstance(inner, dict) else {}
    return found if isinstance(found, dict) else {}


def words(schema: dict[str, Any]) -> list[Any]:
    """The values that a schema lists."""
    found = schema.get("enum", [])
    return [*([schema["const"]] if "const" in schema else []), *(found if isinstance(found, list) else [])]


def of_schema(schema: dict[str, Any]) -> Iterator[Any]:
    """Something that a schema might take."""
    yield from words(schema)
    if schema.get("format") in _FORMATS:
        yield _FORMATS[schema["format"]]
    if isinstance(schema.get("pattern"), str) and (matched := example(schema["pattern"])) is not None:
        yield matched
    kinds = schema.get("type", "string")
    for kind in kinds if isinstance(kinds, list) else [kinds]:
        least = schema.get("minItems", 0)
        if kind == "array" and type(least) is int and 0 < least <= _MOST:
            item = next(of_schema(schema_at(schema, ("args", 0))), SAMPLE)
            yield [item] * least
        yield from of_kind(str(kind))


def repaired(schema: dict[str, Any], value: Any) -> Iterator[Any]:
    """A value moved to the bounds of a schema, then something else that it might take."""
    if type(value) in (int, float):
        for key, by in (("minimum", 0), ("maximum", 0), ("exclusiveMinimum", 1), ("exclusiveMaximum", -1)):
            if type(schema.get(key)) in (int, float):
                yield schema[key] + by
    elif isinstance(value, str) and type(schema.get("maxLength")) is int:
        yield value[: schema["maxLength"]]
    elif isinstance(value, list) and type(schema.get("maxItems")) is int:
        yield value[: schema["maxItems"]]
    if "type" in schema or "enum" in schema or "const" in schema:
        yield from of_schema(schema)


def filled(schema: Any, *, every: bool = True) -> Any:
    """One value as a schema asks for it: bounds and lengths kept, objects with what they require.

    Args:
        every: whether an object on the top has every property that is named, or only what is required.
    """
    return _filled(schema, schema, 0, every)


def _filled(schema: Any, root: Any, depth: int, every: bool) -> Any:
    known = _joined(schema, root)
    if words(known):
        return words(known)[0]
    kinds = known.get("type", "object" if "properties" in known else "string")
    match kinds[0] if isinstance(kinds, list) and kinds else kinds:
        case "object":
            asked = [name for name in known.get("required", []) if isinstance(name, str)]
            named = known.get("properties", {})
            names = list(dict.fromkeys([*asked, *(named if every else ())]))
            if depth >= _DEEPEST:
                return {}
            return {name: _filled(named.get(name, {}), root, depth + 1, every=False) for name in names}
        case "array":
            least = known.get("minItems", 0)
            item = _filled(known.get("items", {}), root, depth + 1, every=False) if depth < _DEEPEST else SAMPLE
            return [item] * min(max(least if type(least) is int else 0, 1), _MOST)
        case "integer" | "number":
            return next(iter(repaired({key: known[key] for key in known if key.endswith("imum")}, 1)), 1)
        case "boolean":
            return True
        case "null":
            return None
        case _:
            return _text(known)


def _text(schema: dict[str, Any]) -> str:
    found = str(next(of_schema({**schema, "type": "string"}), SAMPLE))
    least, most = (schema.get(key) for key in ("minLength", "maxLength"))
    if type(least) is int and "pattern" not in schema and "format" not in schema:
        found = found.ljust(min(least, _LONGEST), SAMPLE)
    return found[:most] if type(most) is int else found


def _joined(schema: Any, root: Any) -> dict[str, Any]:
    """A schema with what it refers to, all that it must be and the first of what it may be."""
    found: dict[str, Any] = {}
    waiting, steps = [schema], 0
    while waiting and steps < _MOST:
        one, steps = waiting.pop(0), steps + 1
        if not isinstance(one, dict):
            continue
        for key, value in one.items():
            if key == "properties" and isinstance(value, dict):
                found[key] = {**value, **found.get(key, {})}
            elif key == "required" and isinstance(value, list):
                found[key] = list(dict.fromkeys([*found.get(key, []), *value]))
            else:
                found.setdefault(key, value)
        if isinstance(one.get("$ref"), str):
            waiting.append(pointer_target(root, one["$ref"]))
        waiting += [each for each in one.get("allOf", []) if isinstance(each, dict)]
        for key in ("anyOf", "oneOf"):
            waiting += [each for each in one.get(key, [])[:1] if isinstance(each, dict)]
    return found


def beyond(schema: dict[str, Any], value: Any) -> Iterator[Any]:
    """Values just outside the bounds of a schema.

    Args:
        value: one inside.
    """
    for key, by in (("minimum", -1), ("maximum", 1), ("exclusiveMinimum", 0), ("exclusiveMaximum", 0)):
        if type(schema.get(key)) in (int, float):
            yield schema[key] + by
    if words(schema):
        yield "something else"
    if isinstance(value, str):
        if type(schema.get("minLength")) is int and schema["minLength"] > 0:
            yield value[: schema["minLength"] - 1]
        if type(schema.get("maxLength")) is int and schema["maxLength"] < _LONGEST:
            yield value.ljust(schema["maxLength"] + 1, SAMPLE)
        if "pattern" in schema or "format" in schema:
            yield f"{value} {SAMPLE}"
    if isinstance(value, list):
        if type(schema.get("minItems")) is int and schema["minItems"] > 0:
            yield value[: schema["minItems"] - 1]
        if type(schema.get("maxItems")) is int and schema["maxItems"] < _MOST:
            yield [*value, *[(value or [SAMPLE])[0]] * (schema["maxItems"] + 1 - len(value))]
