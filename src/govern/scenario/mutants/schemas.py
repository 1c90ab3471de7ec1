"""Changes of a JSON Schema: a property no longer required, a bound one off, a value of an `enum` left out, a pattern
dropped, an object opened.

Keywords whose change would loosen or tighten depending on where they stand (`not`, `if`, `contains`) are not entered.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from govern.charter.schema import is_object
from govern.scenario.mutants.conditions import neighbours

Changed = tuple[str, str, Any]
"""The JSON pointer of what was changed, what was changed in words, the whole schema changed."""

_BOUNDS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "minLength", "maxLength", "minItems",
           "maxItems", "minProperties", "maxProperties")  # fmt: skip
_COUNTS = frozenset(_BOUNDS[4:])
_NAMED = ("properties", "patternProperties", "$defs", "dependentSchemas")
_LISTED = ("allOf", "anyOf", "oneOf", "prefixItems")
_SINGLE = ("items", "additionalProperties", "unevaluatedProperties", "then", "else")


def schemas(schema: Any) -> Iterator[Changed]:
    """Every change of a schema as written."""
    yield from _schema(schema, "", schema if isinstance(schema, dict) else {})


def _schema(schema: Any, pointer: str, root: dict[str, Any]) -> Iterator[Changed]:
    if not isinstance(schema, dict):
        return
    yield from _own(schema, pointer, root)
    for key in _NAMED:
        for name, sub in schema.get(key, {}).items():
            for where, words, made in _schema(sub, f"{pointer}/{key}/{_escaped(name)}", root):
                yield where, words, {**schema, key: {**schema[key], name: made}}
    for key in _LISTED:
        for index, sub in enumerate(schema.get(key, ())):
            for where, words, made in _schema(sub, f"{pointer}/{key}/{index}", root):
                yield where, words, {**schema, key: [*schema[key][:index], made, *schema[key][index + 1 :]]}
    for key in _SINGLE:
        if key in schema:
            for where, words, made in _schema(schema[key], f"{pointer}/{key}", root):
                yield where, words, {**schema, key: made}


def _own(schema: dict[str, Any], pointer: str, root: dict[str, Any]) -> Iterator[Changed]:
    named = (
        pointer.rpartition("/properties/")[2].replace("~1", "/").replace("~0", "~") if "/properties/" in pointer else ""
    )
    of = f" of `{named}`" if named else ""
    for index, name in enumerate(schema.get("required", ())):
        rest = [each for each in schema["required"] if each != name]
        where = f"{pointer}/required/{index}"
        yield where, f"`{name}` was dropped from `required`{of}", _without(schema, "required", rest)
    for key in _BOUNDS:
        value = schema.get(key)
        if isinstance(value, int | float) and not isinstance(value, bool):
            for text in neighbours(str(value)):
                to = float(text) if "." in text else int(text)
                if key not in _COUNTS or to >= 0:
                    yield f"{pointer}/{key}", f"`{key}: {value}`{of} became `{to}`", {**schema, key: to}
    values = schema.get("enum", ())
    if len(values) > 1:
        for index, value in enumerate(values):
            made = [*values[:index], *values[index + 1 :]]
            yield f"{pointer}/enum/{index}", f"`{value}` was dropped from `enum`{of}", {**schema, "enum": made}
    if "pattern" in schema:
        yield f"{pointer}/pattern", f"`pattern`{of} was dropped", _without(schema, "pattern")
    if _closed(schema, pointer, root):
        yield (
            pointer,
            f"the object{of} was opened (`additionalProperties: true`)",
            {**schema, "additionalProperties": True},
        )


def _without(schema: dict[str, Any], key: str, value: Any = None) -> dict[str, Any]:
    return {**schema, key: value} if value else {each: told for each, told in schema.items() if each != key}


def _closed(schema: dict[str, Any], pointer: str, root: dict[str, Any]) -> bool:
    """Whether it is a schema of an object that takes no key that it does not name."""
    if schema.get("unevaluatedProperties") is not None or schema.get("additionalProperties", False) is not False:
        return False
    return not pointer or is_object(schema, root)


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")
