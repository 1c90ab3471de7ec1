"""A record scope with a `max` that its readers' own schemas never reach: it bounds nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from govern.charter.model import Charter, Tool
from govern.findings import Confidence, Severity
from govern.lint.hit import Hit, listed
from govern.policy.verbs import words

SEVERITY = Severity.NOTE
CONFIDENCE = Confidence.MEDIUM

_HOW_MANY = frozenset({"limit", "pagesize", "perpage", "maxresults", "maxrows", "top", "count", "pagelength", "take"})


def check(charter: Charter) -> Iterator[Hit]:
    for records in charter.records.values():
        if records.max is None:
            continue
        readers = [charter.tools[word.name] for word in records.read_by if word.name in charter.tools]
        most = [_most(tool) for tool in readers]
        known = [each for each in most if each is not None]
        if known and len(known) == len(most) and max(known) < records.max:
            names = listed([tool.name for tool in readers])
            message = f"`max: {records.max}` is never reached: {names} brings at most {max(known)} records a call"
            yield Hit(message, records.at, f"write `max: {max(known)}`, or less")


def _most(tool: Tool) -> int | None:
    """How many records a valid call may bring; None where the schemas do not say."""
    found = []
    schema = tool.input.schema if tool.input is not None else {}
    for name, inner in schema.get("properties", {}).items():
        if "".join(words(name)) in _HOW_MANY and name in schema.get("required", ()) and isinstance(inner, dict):
            found.append(inner.get("maximum"))
    found.extend(_items(tool.output.schema) if tool.output is not None else ())
    whole = [int(each) for each in found if isinstance(each, int | float) and not isinstance(each, bool)]
    return min(whole, default=None)


def _items(schema: dict[str, Any]) -> Iterator[Any]:
    lists = [each for each in schema.get("properties", {}).values() if isinstance(each, dict) and "items" in each]
    if len(lists) == 1:  # of several lists nobody knows which one has the records
        yield lists[0].get("maxItems")
