"""Where things stand in a JSON Schema: what a reference leads to, which schemas judge the same value.

Pure functions over plain JSON data with local references only. Leaves out what a schema means (`schema`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from govern.errors import AuthorError
from govern.events.canonical import Malformed, parse

Schema = dict[str, Any] | bool

DATA = frozenset({"const", "default", "enum", "examples", "required", "dependentRequired", "type"})
"""Keywords whose value holds no schema: what looks like a keyword in it is data, or a name."""
NAMED = frozenset({"properties", "patternProperties", "dependentSchemas", "$defs"})
"""Keywords whose value holds schemas by names of the author's."""


def read(schema_text: str) -> Schema:
    """A schema out of its canonical JSON text.

    Raises:
        AuthorError: it is no canonical JSON.
    """
    try:
        schema: Schema = parse(schema_text)
    except Malformed as error:
        raise AuthorError(f"a schema is no canonical JSON: {error}") from None
    return schema


def moved(schema: Schema, place: str) -> Schema:
    """A copy whose local references still lead to their targets when the schema stands at another place.

    Args:
        place: a JSON pointer in the schema that it becomes a part of, as in `/allOf/0`.
    """

    def at_place(keyword: str, value: Any) -> Any:
        return f"#{place}{value.removeprefix('#')}" if keyword == "$ref" and isinstance(value, str) else value

    return changed(schema, at_place)


def changed(schema: Schema, change: Callable[[str, Any], Any]) -> Schema:
    """A copy with the value of every keyword changed, from the inside out.

    Args:
        change: of a keyword and its value, in which the schemas are changed already.
    """
    if not isinstance(schema, dict):
        return schema
    made: dict[str, Any] = {}
    for key, value in schema.items():
        if key in NAMED and isinstance(value, dict):
            value = {name: changed(sub, change) for name, sub in value.items()}
        elif key not in DATA and isinstance(value, dict):
            value = changed(value, change)
        elif key not in DATA and isinstance(value, list):
            value = [changed(sub, change) for sub in value]
        made[key] = change(key, value)
    return made


def below(schema: Schema) -> Iterator[tuple[tuple[str, ...], Schema]]:
    """The schemas that stand directly in a schema, each with the steps to it, and no data."""
    if not isinstance(schema, dict):
        return
    for key, value in schema.items():
        if key in NAMED and isinstance(value, dict):
            yield from (((key, name), sub) for name, sub in value.items())
        elif key not in DATA and isinstance(value, dict):
            yield (key,), value
        elif key not in DATA and isinstance(value, list):
            yield from (((key, str(index)), sub) for index, sub in enumerate(value) if isinstance(sub, dict))


def pointer(steps: tuple[str, ...]) -> str:
    """The JSON pointer (RFC 6901) of a way down."""
    return "".join(f"/{step.replace('~', '~0').replace('/', '~1')}" for step in steps)


def pointer_target(root: Schema, ref: str) -> Schema | None:
    """What a local reference (`#`, `#/…`) points to, or None."""
    if ref in ("#", "#/"):
        return root if ref == "#" else None
    target: Any = root
    for part in ref.removeprefix("#/").split("/"):
        key = part.replace("~1", "/").replace("~0", "~")
        if isinstance(target, dict) and key in target:
            target = target[key]
        elif isinstance(target, list) and key.isdigit() and int(key) < len(target):
            target = target[int(key)]
        else:
            return None
    return target if isinstance(target, dict | bool) else None
