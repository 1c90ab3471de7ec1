"""Values that a kind, or a JSON Schema, would take: for trying out, so simple ones, and never judged here.

Leaves out patterns, references and what several schemas say together: a value that does not fit is refused by the
validator, which decides.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from govern.conditions.inputs import Path

SAMPLE: Final = "x"
PERSON: Final = "somebody@example.com"
_FORMATS: Final = {
    "date": "2000-01-01", "date-time": "2000-01-01T00:00:00Z", "time": "00:00:00Z", "email": PERSON,
    "uri": "https://example.com/", "url": "https://example.com/", "hostname": "example.com", "ipv4": "192.0.2.1",
    "uuid": "00000000-0000-4000-8000-000000000000",
}  # fmt: skip
_MOST = 20  # items that are made up


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
