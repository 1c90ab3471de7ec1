"""JSON Schemas out of a tree that may be half-typed, and what they say of a place in a call.

What does not have the shape of a schema is left out, so that everything that reads schemas may be asked. Leaves
out whether a schema is right (`charter.input_schema`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from govern.charter.yaml_tree import Map, Node, Scalar, Seq
from govern.lint.paths import ANY_ITEM, Nothing, Path, look_up, types

Schema = dict[str, Any]
_NAMED = frozenset({"properties", "patternProperties", "dependentSchemas", "$defs"})
_SEVERAL = frozenset({"allOf", "anyOf", "oneOf", "prefixItems"})
_ONE = frozenset({"items", "additionalProperties", "if", "then", "else", "not", "contains"})
_STEP = re.compile(r"\.\s*([A-Za-z_][A-Za-z0-9_-]*)|\[\s*(?:(\d{1,4})|\*|['\"]([^'\"]*)['\"])\s*\]")
_MOST = 200


@dataclass(frozen=True, slots=True)
class Property:
    """A property of an object by its schemas.

    Args:
        kinds: JSON types; empty where the schemas do not say.
        values: all it can be; empty where they do not say.
        says: its description.
        required: whether the object must have it.
    """

    name: str
    kinds: tuple[str, ...]
    values: tuple[str, ...]
    says: str
    required: bool

    @property
    def detail(self) -> str:
        """Its type in a few words."""
        kind = " or ".join(self.kinds) or ("one of its values" if self.values else "any value")
        return f"{kind}, required" if self.required else kind


def schema_of(node: Node | None) -> Schema:
    """A schema as data, without what has no schema's shape."""
    made = _schema(node, 0)
    return made if isinstance(made, dict) else {}


def data(node: Node) -> Any:
    """Plain data."""
    match node:
        case Scalar(value=value):
            return value
        case Seq(items):
            return [data(item) for item in items]
        case Map(entries):
            return {str(key.value): data(value) for key, value in entries}


def steps(written: str) -> tuple[str, Path]:
    """The root of a place as conditions write it, and the path below it."""
    root = re.split(r"[.\[]", written, maxsplit=1)[0].strip()
    found: list[str | int] = []
    for match in _STEP.finditer(written, len(root)):
        name = match[1] or match[3]
        found.append(name if name is not None else int(match[2]) if match[2] else ANY_ITEM)
    return root, tuple(found)


def at(schemas: Iterable[Schema], path: Path) -> list[Schema]:
    """The subschemas of a place, of all schemas that say something of it."""
    made: list[Schema] = []
    for schema in schemas:
        found = look_up(schema, path)
        made += [] if isinstance(found, Nothing) else found
    return made


def properties(schemas: Iterable[Schema], path: Path) -> tuple[Property, ...]:
    """The properties of the object at a place."""
    found: dict[str, Property] = {}
    for schema in schemas:
        here = look_up(schema, path)
        if isinstance(here, Nothing):
            continue
        required = {name for each in here for name in each.get("required", ()) if isinstance(name, str)}
        for each in here:
            for name in list(each.get("properties", {}))[:_MOST]:
                if name not in found:
                    found[name] = _property(schema, (*path, name), name, name in required)
    return tuple(found.values())


def one(schemas: Iterable[Schema], path: Path) -> Property | None:
    """What the schemas say of one place; None where they say nothing."""
    if not path:
        return None
    above = {each.name: each for each in properties(schemas, path[:-1])}
    last = path[-1]
    if isinstance(last, str):
        return above.get(last)
    for schema in schemas:
        if at([schema], path):
            return _property(schema, path, str(last), False)
    return None


def _property(schema: Schema, path: Path, name: str, required: bool) -> Property:
    below = at([schema], path)
    kinds: list[str] = []
    values: list[str] = []
    for each in below:
        kinds += [kind for kind in sorted(types(each) or ()) if kind not in kinds]
        known = each.get("enum", [each["const"]] if "const" in each else [])
        values += [value for value in known if isinstance(value, str)] if isinstance(known, list) else []
    says = next((text for each in below if isinstance(text := each.get("description"), str)), "")
    return Property(name, tuple(kinds), tuple(dict.fromkeys(values)), says, required)


def _schema(node: Node | None, depth: int) -> Schema | bool | None:
    if isinstance(node, Scalar) and isinstance(node.value, bool):
        return node.value
    if not isinstance(node, Map) or depth > 32:
        return None
    made: Schema = {}
    for key, value in node.entries:
        word = str(key.value)
        if word in _NAMED and isinstance(value, Map):
            named = {str(name.value): _schema(each, depth + 1) for name, each in value.entries}
            made[word] = {name: {} if each is None else each for name, each in named.items() if name}
        elif word in _SEVERAL and isinstance(value, Seq):
            several = (_schema(each, depth + 1) for each in value.items)
            made[word] = [each for each in several if each is not None]
        elif word in _ONE:
            single = _schema(value, depth + 1)
            if single is not None:
                made[word] = single
        elif word in ("type", "enum", "required", "const", "description", "$ref"):
            made.update(_plain(word, value))
    return made


def _plain(word: str, node: Node) -> Schema:
    value = data(node)
    if word in ("description", "$ref"):
        return {word: value} if isinstance(value, str) else {}
    if word in ("enum", "required"):
        return {word: value} if isinstance(value, list) else {}
    if word == "type":
        several = [each for each in (value if isinstance(value, list) else [value]) if isinstance(each, str) and each]
        return {word: several} if several else {}
    return {word: value}
