"""An argument of which the schema says nothing: text, a number, a list, an object, all will do."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from govern.charter.model import Charter, Tier
from govern.findings import Confidence, Severity
from govern.lint.hit import Hit

SEVERITY = Severity.NOTE
CONFIDENCE = Confidence.HIGH

# What says which values there may be. `pattern` or `items` alone do not: they let every other kind through.
_SAYS = frozenset({"type", "enum", "const", "$ref", "allOf", "anyOf", "oneOf", "not", "if"})


def check(charter: Charter) -> Iterator[Hit]:
    for tool in charter.tools.values():
        if tool.input is None or tool.tier is Tier.READ_ONLY or not charter.here(tool.input.at):
            continue
        properties: dict[str, Any] = tool.input.schema.get("properties", {})
        for name, schema in properties.items():
            if schema is True or (isinstance(schema, dict) and not _SAYS & schema.keys()):
                pointer = f"/properties/{name.replace('~', '~0').replace('/', '~1')}"
                message = f"`{tool.name}` takes anything as `{name}`: text, a number, a list, an object"
                hint = "say its `type`: a condition that expects another kind is unknown"
                yield Hit(message, tool.input.places.get(pointer, tool.input.at), hint)
