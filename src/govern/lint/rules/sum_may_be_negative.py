"""A sum of an argument that may be negative: calls that subtract make room for more."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from govern.charter.model import Charter, Tool
from govern.findings import Confidence, Edit, Fix, Severity
from govern.lint.hit import Hit, listed
from govern.lint.paths import Nothing, Path, look_up
from govern.lint.places import beside, parsed, pointer, schemas
from govern.lint.scopes import selected

SEVERITY = Severity.WARNING
CONFIDENCE = Confidence.HIGH


def check(charter: Charter) -> Iterator[Hit]:
    told: set[tuple[str, str]] = set()  # once for each argument, however many limits add it up
    for limit in charter.limits:
        if limit.sum is None:
            continue
        _, path = parsed(limit.sum.name)
        fresh = [tool for tool in selected(charter, limit.select) if (tool.name, limit.sum.name) not in told]
        told |= {(tool.name, limit.sum.name) for tool in fresh}
        free = [tool for tool in fresh if tool.input is not None and not _bounded(tool, path)]
        if free:
            names = listed([tool.name for tool in free])
            message = f"`{limit.sum}` of {names} may be negative: such calls make room for more"
            at = limit.sum.at if charter.here(limit.sum.at) else free[0].at
            yield Hit(message, at, "say `minimum: 0` in its schema", fix=_fix(charter, free, path))


def _bounded(tool: Tool, path: Path) -> bool:
    """Whether a schema says that the value is not negative; a place that is not there is another rule's."""
    for each in schemas(tool.input):
        found = look_up(each.schema, path)
        if isinstance(found, Nothing) or any(_not_negative(schema) for schema in found):
            return True
    return False


def _not_negative(schema: dict[str, Any]) -> bool:
    least = [schema[key] for key in ("minimum", "exclusiveMinimum") if key in schema]
    values = [schema["const"]] if "const" in schema else schema.get("enum", [])
    numbers = [each for each in values if isinstance(each, int | float) and not isinstance(each, bool)]
    return any(each >= 0 for each in least) or (bool(values) and all(each >= 0 for each in numbers))


def _fix(charter: Charter, tools: list[Tool], path: Path) -> Fix | None:
    """A minimum in each schema; None where one of them cannot be written into."""
    edits: list[Edit] = []
    for tool in tools:
        places = tool.input.places if tool.input is not None and charter.here(tool.input.at) else {}
        kind = places.get(f"{pointer(path)}/type")
        if kind is None or f"{pointer(path)}/minimum" in places:
            return None
        one = beside(charter.source, kind, "type", "minimum: 0", _MESSAGE)
        if one is None:
            return None
        edits.extend(one.edits)
    return Fix(_MESSAGE, tuple(edits))


_MESSAGE = "refuse what is negative"
