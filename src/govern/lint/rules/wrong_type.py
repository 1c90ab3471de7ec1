"""An argument used as a kind of value that its schema rules out: the condition is unknown for every call."""

from __future__ import annotations

from collections.abc import Iterator

from govern.charter.model import Charter, Tool
from govern.conditions.tree import Call, ListLit, Lit, Macro, Node, children
from govern.findings import Confidence, Severity, did_you_mean
from govern.lint.hit import Hit, listed
from govern.lint.paths import Path, item_path, kinds_at, look_up, path_of
from govern.lint.sites import Site, sites

SEVERITY = Severity.WARNING
CONFIDENCE = Confidence.HIGH

_TEXT = frozenset(
    ["startsWith", "endsWith", "contains", "matches", "lower", "domain", "within", "url.host", "url.scheme", "url.path"]
)
_JOINING = ("&&", "||", "!")
Bound = dict[str, Path | None]


def check(charter: Charter) -> Iterator[Hit]:
    for site in sites(charter):
        tree = site.clause.condition.tree
        yield from _use(site, tree, frozenset({"boolean"}), "a condition", {})
        yield from _inside(site, tree, {})


def _inside(site: Site, node: Node, bound: Bound) -> Iterator[Hit]:
    match node:
        case Call("==" | "!=" | "<" | "<=" | ">" | ">=", (left, right)):
            for side, other in ((left, right), (right, left)):
                if isinstance(other, Lit):
                    yield from _compared(site, node, side, other, bound)
        case Call("in", (needle, ListLit(items))) if items:
            kinds = frozenset(_kind(item) for item in items)
            yield from _use(site, needle, kinds, f"one of {len(items)}", bound)
            for item in items:
                yield from _listed(site, needle, item, bound)
        case Call(fn, (base, *_)) if fn in _TEXT:
            yield from _use(site, base, frozenset({"string"}), f"`{fn.removeprefix('url.')}`", bound)
        case Call(fn, operands) if fn in _JOINING:
            for operand in operands:
                yield from _use(site, operand, frozenset({"boolean"}), "a condition", bound)
        case Call("+" | "-" | "*" | "neg", operands):
            for operand in operands:
                yield from _use(site, operand, frozenset({"number"}), "arithmetic", bound)
        case Macro(fn, source, var, body):
            yield from _use(site, source, frozenset({"array"}), f"`{fn}`", bound)
            yield from _inside(site, source, bound)
            yield from _inside(site, body, {**bound, var: item_path(source, bound)})
            return
    for child in children(node):
        yield from _inside(site, child, bound)


def _compared(site: Site, node: Call, side: Node, other: Lit, bound: Bound) -> Iterator[Hit]:
    kind = _kind(other)
    if kind == "null":
        return  # equal to null or not: never unknown where the argument is there
    yield from _use(site, side, frozenset({kind}), f"a {kind}" if kind != "array" else "a list", bound)
    if node.fn in ("==", "!="):
        yield from _listed(site, side, other, bound)


def _use(site: Site, node: Node, wanted: frozenset[str], use: str, bound: Bound) -> Iterator[Hit]:
    """A finding where the schema of every tool that has the argument rules the wanted kinds out."""
    path = path_of(node, bound)
    if not path:
        return
    said = {tool.name: kinds_at(tool.input.schema, path) for tool in site.tools if tool.input}
    wrong = [name for name, kinds in said.items() if kinds is not None and not kinds & wanted]
    if wrong:
        kinds = sorted({kind for name in wrong for kind in said[name] or ()})
        message = f"the schema of {listed(wrong)} says {' or '.join(kinds)}, and it is used as {use}: always unknown"
        yield Hit(message, site.clause.place(node.start, node.end), f"compare with a {kinds[0]}")


def _listed(site: Site, node: Node, other: Lit, bound: Bound) -> Iterator[Hit]:
    """A literal that the schema's `enum` does not have."""
    path = path_of(node, bound)
    if not path:
        return
    enums = [(tool, enum) for tool in site.tools if (enum := _enum(tool, path)) is not None]
    if enums and all(not any(_same(other.value, item) for item in enum) for _, enum in enums):
        known = [str(item) for _, enum in enums for item in enum if isinstance(item, str)]
        word = f"`{other.value}`" if isinstance(other.value, str) else f"`{other.value!r}`"
        message = f"{word} is not among the values that the schema of {listed([t.name for t, _ in enums])} allows"
        hint = did_you_mean(str(other.value), set(known))
        yield Hit(message, site.clause.place(other.start, other.end), hint)


def _enum(tool: Tool, path: Path) -> list[object] | None:
    found = look_up(tool.input.schema, path) if tool.input else []
    return next((schema["enum"] for schema in found if "enum" in schema), None) if isinstance(found, list) else None


def _same(one: object, other: object) -> bool:
    return one == other and isinstance(one, bool) == isinstance(other, bool)


def _kind(literal: Lit) -> str:
    match literal.value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case str():
            return "string"
        case _:
            return "number"
