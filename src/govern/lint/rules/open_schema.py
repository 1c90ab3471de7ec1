"""A tool that changes something and takes arguments that its schema does not name."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from govern.charter.model import Charter, Input, Kind, Tier, Tool
from govern.findings import Confidence, Edit, Fix, Severity
from govern.lint.hit import Hit
from govern.lint.sites import asked_always, offset

SEVERITY = Severity.WARNING
CONFIDENCE = Confidence.HIGH

_OPENERS = ("additionalProperties", "unevaluatedProperties")
_MAPS = ("properties", "patternProperties", "$defs", "dependentSchemas")
_LISTS = ("allOf", "anyOf", "oneOf", "prefixItems")
_PARTS = ("items", "then", "else", *_OPENERS)


def check(charter: Charter) -> Iterator[Hit]:
    for tool in charter.tools.values():
        if tool.input is not None and tool.tier is not Tier.READ_ONLY and charter.here(tool.input.at):
            for pointer in opened(tool.input.schema):
                yield from _open(charter, tool, tool.input, pointer)


def opened(schema: Any, pointer: str = "") -> Iterator[str]:
    """JSON pointers of every `additionalProperties: true` and its kin, `{}` included."""
    if not isinstance(schema, dict):
        return
    for key, value in schema.items():
        here = f"{pointer}/{key.replace('~', '~0').replace('/', '~1')}"
        if key in _OPENERS and (value is True or value == {}):
            yield here
        elif key in _MAPS and isinstance(value, dict):
            for name, sub in value.items():
                yield from opened(sub, f"{here}/{name.replace('~', '~0').replace('/', '~1')}")
        elif key in _LISTS and isinstance(value, list):
            for at, sub in enumerate(value):
                yield from opened(sub, f"{here}/{at}")
        elif key in _PARTS:
            yield from opened(value, here)


def _open(charter: Charter, tool: Tool, input: Input, pointer: str) -> Iterator[Hit]:
    top = pointer.count("/") == 1
    # Somebody who approves each call sees what is inside an argument; an argument of any name is more than that.
    if not top and asked_always(tool):
        return
    place = input.places.get(pointer, input.at)
    if top:
        message = f"`{tool.name}` takes arguments of any name, and no rule judges those that nobody named"
    else:
        inside = ".".join(part for part in pointer.split("/")[1:-1] if part not in ("properties", "items"))
        message = f"`{inside}` of `{tool.name}` holds keys of any name, and no rule judges those that nobody named"
    fix = None
    start = offset(charter.source, place)
    if place.end_line == place.line and charter.source.text[start : start + 4] == "true":
        fix = Fix("close it", (Edit(start, start + 4, "false"),))
    # A library says what its server takes; which of it a charter lets through is the charter's.
    weight = Severity.NOTE if charter.kind is Kind.LIBRARY else None
    yield Hit(message, place, "name what the tool takes, and write `false` or nothing", weight, fix=fix)
