"""Whether a schema lets a place exist: a misspelt `secret: [args.pasword]` would mask nothing and say nothing.

Pure functions over plain JSON data, objects closed as `schema.closed` closes them. Where a schema leaves open what
stands somewhere, any place below it may exist.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from govern.charter.schema import Schema, in_place, is_object, pointer_target, property_names

_STEP = re.compile(r"\.([A-Za-z_][A-Za-z0-9_-]*)|\[([0-9]+|\*)\]")


@dataclass(frozen=True, slots=True)
class Missing:
    """A step of a place that a schema has no room for.

    Args:
        name: the property.
        known: those that stand there.
    """

    name: str
    known: tuple[str, ...]


def missing(place: str, schema: dict[str, Any]) -> Missing | None:
    """The first step of a place that cannot exist, or None.

    Args:
        place: `args…` or `result…`, as a condition writes it.
        schema: of the arguments or the result, as written.
    """
    here: list[Schema] = [schema]
    for name, index in _STEP.findall(place):
        here = list(_reached(here, schema))
        if not here or any(each is True or not (isinstance(each, dict) and _says(each, schema)) for each in here):
            return None
        if index:
            here = [sub for each in here if isinstance(each, dict) for sub in _items(each, index)]
            continue
        names = [property_names(each, schema) for each in here]
        known = {one for each in names for one in each or ()}
        if None not in names and name not in known:
            return Missing(name, tuple(sorted(known)))
        here = [
            each["properties"][name] for each in here if isinstance(each, dict) and name in each.get("properties", {})
        ]
    return None


def _says(schema: dict[str, Any], root: dict[str, Any]) -> bool:
    """Whether a schema says what a collection holds."""
    return schema is root or is_object(schema, root) or "items" in schema or "prefixItems" in schema


def _reached(schemas: Iterable[Schema], root: dict[str, Any]) -> Iterable[Schema]:
    """The schemas with all that judge the same value: subschemas of one place, targets of references."""
    waiting, seen = list(schemas), set[int]()
    while waiting:
        schema = waiting.pop()
        if id(schema) in seen:
            continue
        seen.add(id(schema))
        yield schema
        if isinstance(schema, dict):
            waiting.extend(in_place(schema))
            ref = schema.get("$ref")
            target = pointer_target(root, ref) if isinstance(ref, str) else None
            if target is not None:
                waiting.append(target)


def _items(schema: dict[str, Any], index: str) -> Iterable[Schema]:
    first = schema.get("prefixItems", ())
    if index == "*":
        yield from first
    elif int(index) < len(first):
        yield first[int(index)]
        return
    if "items" in schema:
        yield schema["items"]
