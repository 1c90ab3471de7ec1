"""A list too long to judge: for a reviewer who reads it, or for the engine that goes through two at once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from govern.charter.model import Charter
from govern.conditions.tree import Call, ListLit, Macro, Node, children, walk
from govern.findings import Confidence, Severity
from govern.lint.hit import Hit
from govern.lint.paths import Nothing, Path, item_path, look_up
from govern.lint.sites import Site, sites

SEVERITY = Severity.WARNING
CONFIDENCE = Confidence.HIGH

_MOST_WRITTEN = 50
_MOST_ITEMS = 1000  # of one list, where each item of it is compared with each of another
Bound = dict[str, Path | None]


def check(charter: Charter) -> Iterator[Hit]:
    for site in sites(charter):
        for node in walk(site.clause.condition.tree):
            if isinstance(node, ListLit) and len(node.items) > _MOST_WRITTEN:
                message = f"{len(node.items)} values in a condition: nobody checks them, and a missing one goes unseen"
                hint = "put them into the schema as `enum`, one on a line, or judge what they have in common"
                yield Hit(message, site.clause.place(node.start, node.end), hint, Severity.NOTE)
        yield from _nested(site, site.clause.condition.tree, {}, ())


def _nested(site: Site, node: Node, bound: Bound, outer: tuple[Path, ...]) -> Iterator[Hit]:
    """Lists gone through inside others, each of any length."""
    source: Node | None = None
    match node:
        case Macro(_, inner):
            source = inner
        case Call("in", (_, inner)):
            source = inner
    path = item_path(source, bound) if source is not None and not isinstance(source, ListLit) else None
    if path and outer and not any(path[: len(each)] == each for each in outer) and _unbounded(site, path):
        names = f"`{_name(outer[-1])}` and `{_name(path)}`"
        message = f"each item of one list against each of another: nothing bounds {names}, so one call can take minutes"
        yield Hit(message, site.clause.place(node.start, node.end), "give one of them `maxItems` in `input`")
    for child in children(node):
        inside = isinstance(node, Macro) and child is node.body
        if inside and isinstance(node, Macro):
            below = (*outer, path) if path and _unbounded(site, path) else outer
            yield from _nested(site, child, {**bound, node.var: path}, below)
        else:
            yield from _nested(site, child, bound, outer)


def _unbounded(site: Site, path: Path) -> bool:
    """Whether some tool's schema lets the list have any number of items."""
    if not site.tools:
        return True  # of a base: it judges tools that it does not know
    return any(tool.input is None or _has_no_bound(tool.input.schema, path[:-1]) for tool in site.tools)


def _has_no_bound(schema: dict[str, Any], path: Path) -> bool:
    found = look_up(schema, path)
    if isinstance(found, Nothing):
        return False
    return not any(isinstance(each.get("maxItems"), int) and each["maxItems"] <= _MOST_ITEMS for each in found)


def _name(path: Path) -> str:
    return "args." + ".".join(str(part) for part in path if isinstance(part, str))
