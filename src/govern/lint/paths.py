"""Which arguments a condition reads, also through the variables of macros, and what a schema says of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from govern.charter.schema import Schema, in_place, pointer_target, property_names
from govern.conditions.tree import Call, Field, Has, Item, ListLit, Lit, Macro, Name, Node, children
from govern.lint.logic import atoms
from govern.policy.verbs import words

ANY_ITEM: Final = -1  # stands for "some item of the list" in a path
Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Reading:
    """One argument read.

    Args:
        path: below `args`, ANY_ITEM for a macro's variable.
        node: where.
        asked: only asked for with `has`.
    """

    path: Path
    node: Node
    asked: bool = False

    @property
    def name(self) -> str:
        """As a condition would write it."""
        text = "args"
        for part in self.path:
            text += "[…]" if part == ANY_ITEM else f"[{part}]" if isinstance(part, int) else f".{part}"
        return text


def readings(node: Node, bound: dict[str, Path | None] | None = None) -> Iterator[Reading]:
    """Every argument that a condition reads, from left to right.

    Args:
        bound: paths of macro variables in scope; None where a variable is not an item of an argument.
    """
    bound = bound or {}
    path = path_of(node, bound)
    if path is not None:
        if path:
            yield Reading(path, node)
        return
    match node:
        case Has(target):
            below = path_of(target, bound)
            if below:
                yield Reading(below, target, asked=True)
        case Macro(_, source, var, body):
            yield from readings(source, bound)
            yield from readings(body, {**bound, var: item_path(source, bound)})
        case _:
            for child in children(node):
                yield from readings(child, bound)


def item_path(source: Node, bound: dict[str, Path | None]) -> Path | None:
    """The path of a macro's variable: the items of its source, where that is an argument."""
    match source:
        case Call("list", (inner,)):
            return item_path(inner, bound)
        case Macro("filter", inner):
            return item_path(inner, bound)
    path = path_of(source, bound)
    return None if path is None else (*path, ANY_ITEM)


def path_of(node: Node, bound: dict[str, Path | None]) -> Path | None:
    """The path below `args` that a node stands for; None if it is anything else."""
    match node:
        case Name(name):
            return bound.get(name, () if name == "args" else None)
        case Field(base, key):
            above = path_of(base, bound)
            return None if above is None else (*above, key)
        case Item(base, index):
            above = path_of(base, bound)
            return None if above is None else (*above, index)
        case _:
            return None


@dataclass(frozen=True, slots=True)
class Judged:
    """One atom of a condition, also inside `all` and `exists`, with what it pushes the condition towards.

    Args:
        direction: as in `govern.lint.logic.signed`.
        bound: paths of the macro variables in scope.
        written: literals that a macro's variable stands for, where its source is a written list.
    """

    atom: Node
    direction: bool | None
    bound: dict[str, Path | None]
    written: dict[str, tuple[Lit, ...]]

    def argument(self, node: Node) -> Path | None:
        """The argument that a node is, `lower()` looked through."""
        if isinstance(node, Call) and node.fn == "lower":
            node = node.operands[0]
        return path_of(node, self.bound) or None

    def texts(self, node: Node) -> tuple[Lit, ...]:
        """The literal texts that a node stands for."""
        match node:
            case Lit(str()):
                return (node,)
            case Name(name):
                return tuple(item for item in self.written.get(name, ()) if isinstance(item.value, str))
            case ListLit(items):
                return tuple(item for item in items if isinstance(item.value, str))
            case _:
                return ()


def judged(
    node: Node,
    positive: bool | None = True,
    bound: dict[str, Path | None] | None = None,
    written: dict[str, tuple[Lit, ...]] | None = None,
) -> Iterator[Judged]:
    """Every atom of a condition, from left to right; those of `filter` and `count` are not looked at."""
    bound, written = bound or {}, written or {}
    match node:
        case Call("!", (inner,)):
            yield from judged(inner, None if positive is None else not positive, bound, written)
        case Call("&&" | "||", operands):
            for operand in operands:
                yield from judged(operand, positive, bound, written)
        case Call("?:", (question, yes, no)):
            for atom in atoms(question):
                yield from judged(atom, None, bound, written)
            yield from judged(yes, positive, bound, written)
            yield from judged(no, positive, bound, written)
        case Macro("all" | "exists", source, var, body):
            literals = {**written, var: source.items} if isinstance(source, ListLit) else written
            yield from judged(body, positive, {**bound, var: item_path(source, bound)}, literals)
        case _:
            yield Judged(node, positive, bound, written)


def named(path: Path, names: frozenset[str]) -> bool:
    """Whether the last word of an argument's name, or its singular, is among names; of an item, its list's name."""
    keys = [part for part in path if isinstance(part, str)]
    last = next(reversed(words(keys[-1])), "") if keys else ""
    return last in names or last.removesuffix("s") in names


@dataclass(frozen=True, slots=True)
class Nothing:
    """The closed schema has no place for this path: `parent` is what has, `names` what it knows instead."""

    parent: Path
    names: tuple[str, ...]


def look_up(schema: dict[str, Any], path: Path) -> list[dict[str, Any]] | Nothing:
    """The subschemas that judge the value at a path; empty where the schema does not say.

    Args:
        schema: a tool's input schema as written; objects are taken as closed.
    """
    here: list[dict[str, Any]] = _together([schema], schema)
    for depth, part in enumerate(path):
        if isinstance(part, str):
            below, names = _field(here, schema, part, depth == 0)
            if below is None:
                return Nothing(path[:depth], names)
        else:
            below = _items(here, part)
        if not below:
            return []
        here = _together(below, schema)
    return here


def _together(schemas: list[dict[str, Any]], root: Schema) -> list[dict[str, Any]]:
    """With everything of the same place: references and `allOf` and its kin."""
    found: list[dict[str, Any]] = []
    refs: set[str] = set()
    waiting = list(schemas)
    while waiting:
        schema = waiting.pop(0)
        found.append(schema)
        waiting.extend(sub for sub in in_place(schema) if isinstance(sub, dict))
        ref = schema.get("$ref")
        if isinstance(ref, str) and ref not in refs:
            refs.add(ref)
            target = pointer_target(root, ref)
            if isinstance(target, dict):
                waiting.append(target)
    return found


def _field(
    here: list[dict[str, Any]], root: Schema, name: str, top: bool
) -> tuple[list[dict[str, Any]] | None, tuple[str, ...]]:
    found = [sub for schema in here if (sub := schema.get("properties", {}).get(name)) is not None]
    if found:
        return [sub for sub in found if isinstance(sub, dict)], ()
    if not top and not any("properties" in schema or types(schema) for schema in here):
        return [], ()  # says nothing of its value
    names: set[str] = set()
    for schema in here:
        inner = property_names(schema, root)
        if inner is None:
            return [], ()
        names |= inner
    if not top and not names and not any("object" in (types(schema) or ()) for schema in here):
        return (None, ()) if all(types(schema) is not None for schema in here[:1]) else ([], ())
    return None, tuple(sorted(names))


def _items(here: list[dict[str, Any]], part: int) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for schema in here:
        prefix = schema.get("prefixItems", [])
        sub = prefix[part] if 0 <= part < len(prefix) else schema.get("items") if part >= 0 or not prefix else None
        if isinstance(sub, dict):
            found.append(sub)
    return found


def types(schema: dict[str, Any]) -> frozenset[str] | None:
    """The JSON types that a schema allows by `type`, `enum` or `const`; None if it does not say."""
    kind = schema.get("type")
    if isinstance(kind, str):
        return frozenset({kind})
    if isinstance(kind, list):
        return frozenset(kind)
    if "const" in schema:
        return frozenset({_type(schema["const"])})
    if "enum" in schema:
        return frozenset(_type(value) for value in schema["enum"])
    return None


def _type(value: Any) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int() | float():
            return "number"
        case str():
            return "string"
        case list():
            return "array"
        case _:
            return "object"


def kinds_at(schema: dict[str, Any], path: Path) -> frozenset[str] | None:
    """The JSON types a value at a path may have (`integer` as `number`), or None if the schema does not say.

    Takes what stands directly at the place and behind its references; alternatives (`anyOf`) say nothing.
    """
    found = look_up(schema, path)
    if isinstance(found, Nothing) or not found:
        return None
    said = types(found[0])
    if said is None and "$ref" in found[0] and len(found) > 1:
        said = types(found[1])
    if said is None:
        return None
    return frozenset("number" if kind == "integer" else kind for kind in said)
