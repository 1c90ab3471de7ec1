"""Closes an input schema: an object takes no key that the schema does not name, unless it says otherwise.

A pure function over plain JSON data. It never closes inside `not`, `if`, `contains`, `propertyNames`: a
narrower schema there would let *more* through; `oneOf` is closed beside the branches as written. Where
properties come from several subschemas of one place (`allOf`, `$ref`, …), `unevaluatedProperties` closes
them together (JSON Schema 2020-12 core, 11.3).

Leaves out checking the schema (`input_schema`) and validating with it (`policy`).
"""

from __future__ import annotations

from typing import Any

from govern.policy.schema_tree import Schema as Schema
from govern.policy.schema_tree import changed, moved
from govern.policy.schema_tree import pointer_target as pointer_target

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
    if isinstance(schema, bool):
        return schema
    return _Closing(schema).whole()


def joined(own: Schema, library: Schema) -> Schema:
    """One schema for a value that must satisfy both; the library's stands first.

    Args:
        own, library: closed, each by itself.
    """
    return {"allOf": [moved(each, f"/allOf/{index}") for index, each in enumerate((library, own))]}


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


def is_object(schema: Schema, root: Schema) -> bool:
    """Whether the schema speaks of objects, here or in a subschema of the same place."""
    return _is_object(schema, root, frozenset())


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


class _Closing:
    """Closes one schema. What must stay as written refers to a copy of the schema as it was written."""

    def __init__(self, root: dict[str, Any]) -> None:
        self.root = root
        self.written = "written"
        while self.written in root.get("$defs", {}):
            self.written += "_"
        self.refers = False

    def whole(self) -> Schema:
        made = self.boundary(self.root)
        if isinstance(made, bool):
            return made
        # Arguments are always an object, also where the schema does not say so.
        if not ({"additionalProperties", "unevaluatedProperties"} & made.keys()):
            made["additionalProperties"] = False
        if self.refers:
            made["$defs"] = {**made.get("$defs", {}), self.written: self.as_written(self.root)}
        return made

    def boundary(self, schema: Schema) -> Schema:
        """A schema that alone judges a value of its own: here an object is closed."""
        made = self.inside(schema)
        if isinstance(schema, bool) or isinstance(made, bool):
            return made
        if "additionalProperties" in schema or "unevaluatedProperties" in schema:
            return made
        if not _is_object(schema, self.root, frozenset()):
            return made
        several = any(_is_object(sub, self.root, frozenset()) for sub in in_place(schema))
        if several or _ref_is_object(schema, self.root, frozenset()):
            made["unevaluatedProperties"] = False
        else:
            made["additionalProperties"] = False
        return made

    def inside(self, schema: Schema) -> Schema:
        """A copy whose parts are closed, the schema itself as open as it was."""
        if isinstance(schema, bool):
            return schema
        made: dict[str, Any] = {}
        for key, value in schema.items():
            match key:
                case "properties" | "patternProperties":
                    made[key] = {name: self.boundary(sub) for name, sub in value.items()}
                case "items" | "additionalProperties" | "unevaluatedProperties" | "unevaluatedItems":
                    made[key] = self.boundary(value)
                case "prefixItems":
                    made[key] = [self.boundary(sub) for sub in value]
                case "allOf" | "anyOf":
                    made[key] = [self.inside(sub) for sub in value]
                case "then" | "else":
                    made[key] = self.inside(value)
                case "dependentSchemas" | "$defs":
                    made[key] = {name: self.inside(sub) for name, sub in value.items()}
                case "not" | "if" | "contains" | "propertyNames":
                    made[key] = self.as_written(value)
                case "oneOf":
                    made[key] = [self.as_written(sub) for sub in value]
                case _:
                    made[key] = value
        if "oneOf" in schema:
            # Exactly one as written, and one that is closed: a narrower branch alone would let in what
            # matches two branches as written.
            branches = {"anyOf": [self.inside(sub) for sub in schema["oneOf"]]}
            made["allOf"] = [*made.get("allOf", []), branches]
        return made

    def as_written(self, schema: Schema) -> Schema:
        """A copy of a schema, or of one of its parts, that refers to the schema as written."""
        return changed(schema, self.to_written)

    def to_written(self, keyword: str, value: Any) -> Any:
        if keyword != "$ref" or not isinstance(value, str):
            return value
        self.refers = True
        return f"#/$defs/{self.written}{value.removeprefix('#')}"
