"""A sum of an argument that is no number, or that a call may leave out: unknown counts as over the limit."""

from __future__ import annotations

from collections.abc import Iterator

from govern.charter.model import Charter, Tool
from govern.findings import Confidence, Severity
from govern.lint.hit import Hit
from govern.lint.paths import Path, kinds_at
from govern.lint.places import always_there, missing, parsed, schemas
from govern.lint.scopes import selected

SEVERITY = Severity.WARNING
CONFIDENCE = Confidence.HIGH


def check(charter: Charter) -> Iterator[Hit]:
    told: set[tuple[str, str]] = set()  # once for each argument, however many limits add it up
    for limit in charter.limits:
        if limit.sum is None:
            continue
        _, path = parsed(limit.sum.name)
        for tool in selected(charter, limit.select):
            if tool.input is None or (tool.name, limit.sum.name) in told:
                continue
            told.add((tool.name, limit.sum.name))
            problem = _problem(tool, path)
            if problem:
                at = limit.sum.at if charter.here(limit.sum.at) else tool.at
                yield Hit(f"`{limit.sum}` {problem}", at, _HINT)


_HINT = "add up a number that every call must give, and only of tools that have it"


def _problem(tool: Tool, path: Path) -> str:
    if missing(tool.input, path) is not None:
        return f"is no argument of `{tool.name}`: its every call counts as over the limit"
    for each in schemas(tool.input):
        kinds = kinds_at(each.schema, path)
        if kinds is not None and "number" not in kinds:
            said = " or ".join(sorted(kinds))
            return f"of `{tool.name}` is {said}, no number: its every call counts as over the limit"
    if not any(always_there(each.schema, path) for each in schemas(tool.input)):
        return f"may be left out of a call of `{tool.name}`, which then counts as over the limit"
    return ""
