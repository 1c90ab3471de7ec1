"""Whether a condition of a statement asks for an argument that no tool has: a slip would be about no call at all.

Followed are the properties of closed objects and the items of lists, as people write schemas; where a schema says it
in another way, nothing is claimed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from govern.conditions import Condition
from govern.conditions.inputs import Path, path_text
from govern.findings import did_you_mean
from govern.policy.model import ToolPolicy
from govern.policy.schema_tree import read

_ELSEWHERE = ("$ref", "allOf", "anyOf", "oneOf", "if", "patternProperties")


def unknown_argument(condition: Condition, tools: Sequence[ToolPolicy]) -> tuple[str, str] | None:
    """The first path below `args` that none of the tools' schemas allows, as a condition writes it, and a hint; None
    where each may be there.

    Args:
        tools: that the condition is about.
    """
    schemas = [read(tool.schema) for tool in tools if tool.schema is not None]
    if not schemas or len(schemas) < len(tools):
        return None
    for asked in condition.reads:
        if asked.path[0] != "args":
            continue
        missing = [_missing(schema, asked.path) for schema in schemas]
        if all(each is not None for each in missing):
            at, known = max((each for each in missing if each is not None), key=lambda each: each[0])
            return path_text(asked.path[: at + 1]), did_you_mean(str(asked.path[at]), known) if known else ""
    return None


def _missing(schema: Any, path: Path) -> tuple[int, list[str]] | None:
    """The place in a path of the first step that the schema forbids, with the names it knows there; else None."""
    for at, step in enumerate(path[1:], 1):
        if not isinstance(schema, dict) or any(key in schema for key in _ELSEWHERE):
            return None
        if isinstance(step, int):
            schema = schema.get("items")
            continue
        known = schema.get("properties", {})
        if step not in known:
            return (at, sorted(known)) if schema.get("additionalProperties") is False else None
        schema = known[step]
    return None
