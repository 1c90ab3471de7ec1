"""Closes an input schema: an object takes no key that the schema does not name, unless it says otherwise.

A pure function over plain JSON data. It never closes inside `not`, `if`, `contains`, `propertyNames`: a
narrower schema there would let *more* through. Where properties come from several subschemas of one place
(`allOf`, `$ref`, …), `unevaluatedProperties` closes them together (JSON Schema 2020-12 core, 11.3).

Leaves out checking the schema (`input_schema`) and validating with it (`policy`).
"""

from __future__ import annotations

from typing import Any

Schema = dict[str, Any] | bool

_ALL_OF_ONE_PLACE = ("allOf", "anyOf", "oneOf")
_ONE_OF_ONE_PLACE = ("then", "else")
_OBJECT_KEYWORDS = frozenset(
    {"properties", "patternProperties", "required", "minProperties", "maxProperties", "propertyNames",
     "dependentRequired", "dependentSchemas"}
)  # fmt: skip


def closed(schema: Schema) -> Schema:
    """The schema with every object closed that does not say `additionalProperties` itself.

    Args:
        schema: JSON Schema 2020-12 as plain data, with local references only; it is not changed.
    """
    made = _boundary(schema, schema)
    # Arguments are always an object, also where the schema does not say so.
    if isinstance(made, dict) and not ({"additionalProperties", "unevaluatedProperties"} & made.keys()):
        made["additionalProperties"] = False
    return made


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


def in_place(schema: dict[str, Any]) -> list[Schema]:
    """The subschemas that judge the same value as the schema itself and may name properties of it."""
    found: list[Schema] = [sub for key in _ALL_OF_ONE_PLACE for sub in schema.get(key, ())]
    found.extend(schema[key] for key in _ONE_OF_ONE_PLACE if key in schema)
    found.extend(schema.get("dependentSchemas", {}).values())
    return found


def property_names(schema: Schema, root: Schema, seen: frozenset[str] = frozenset()) -> set[str] | None:
    """The properties that a schema names for its object, through references too; None if any name will do."""
    if isinstance(schema, bool):
        return None if schema else set()
    if _says_open(schema) or schema.get("patternProperties"):
        return None
    names = set(schema.get("properties", {}))
    for sub in in_place(schema):
        if isinstance(sub, bool):
            continue
        inner = property_names(sub, root, seen)
        if inner is None:
            return None
        names |= inner
    ref = schema.get("$ref")
    if isinstance(ref, str) and ref not in seen:
        target = pointer_target(root, ref)
        if isinstance(target, dict):
            inner = property_names(target, root, seen | {ref})
            if inner is None:
                return None
            names |= inner
    return names


def _says_open(schema: dict[str, Any]) -> bool:
    return any(schema.get(key, False) is not False for key in ("additionalProperties", "unevaluatedProperties"))


def _is_object(schema: Schema, root: Schema, seen: frozenset[str]) -> bool:
    """Whether the schema speaks of objects, here or in a subschema of the same place."""
    if isinstance(schema, bool):
        return False
    kind = schema.get("type")
    if kind == "object" or (isinstance(kind, list) and "object" in kind) or _OBJECT_KEYWORDS & schema.keys():
        return True
    return any(_is_object(sub, root, seen) for sub in in_place(schema)) or _ref_is_object(schema, root, seen)


def _ref_is_object(schema: dict[str, Any], root: Schema, seen: frozenset[str]) -> bool:
    ref = schema.get("$ref")
    if not isinstance(ref, str) or ref in seen:
        return False
    target = pointer_target(root, ref)
    return target is not None and _is_object(target, root, seen | {ref})


def _boundary(schema: Schema, root: Schema) -> Schema:
    """A schema that alone judges a value of its own: here an object is closed."""
    made = _inside(schema, root)
    if isinstance(schema, bool) or isinstance(made, bool):
        return made
    if "additionalProperties" in schema or "unevaluatedProperties" in schema:
        return made
    if not _is_object(schema, root, frozenset()):
        return made
    several = any(_is_object(sub, root, frozenset()) for sub in in_place(schema))
    if several or _ref_is_object(schema, root, frozenset()):
        made["unevaluatedProperties"] = False
    else:
        made["additionalProperties"] = False
    return made


def _inside(schema: Schema, root: Schema) -> Schema:
    """A copy whose parts are closed, the schema itself as open as it was."""
    if isinstance(schema, bool):
        return schema
    made: dict[str, Any] = {}
    for key, value in schema.items():
        match key:
            case "properties" | "patternProperties":
                made[key] = {name: _boundary(sub, root) for name, sub in value.items()}
            case "items" | "additionalProperties" | "unevaluatedProperties" | "unevaluatedItems":
                made[key] = _boundary(value, root)
            case "prefixItems":
                made[key] = [_boundary(sub, root) for sub in value]
            case "allOf" | "anyOf" | "oneOf":
                made[key] = [_inside(sub, root) for sub in value]
            case "then" | "else":
                made[key] = _inside(value, root)
            case "dependentSchemas" | "$defs":
                made[key] = {name: _inside(sub, root) for name, sub in value.items()}
            case _:
                made[key] = value
    return made
