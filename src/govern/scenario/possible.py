"""Which outcomes a condition can have in a test: what no valid call reaches, no test has to show.

Reasons about the condition's form and the input schema alone, so that a score is the same wherever it is taken (no
solver). What it claims impossible no valid call reaches; what it cannot tell counts as possible, and the score is
lower. What nobody knows of the history (whether a limit is exceeded, what was read) is no outcome of its own: it is
the same for every limit, and no choice of the charter; that an argument or a fact that a limit is kept by is missing
is one.
"""

from __future__ import annotations

from govern.charter.model import Input
from govern.conditions.inputs import Path, path_of
from govern.conditions.tree import Call, Field, Has, Item, ListLit, Lit, Node
from govern.lint.logic import EVERY, Truth, atoms, key, somewhere
from govern.lint.paths import kinds_at
from govern.lint.places import always_there, parsed, schemas

_KINDS = {str: "string", bool: "boolean", int: "number", float: "number"}
_ORDERED = frozenset({"number", "string"})
_TEXT = frozenset({"startsWith", "endsWith", "contains", "matches"})


def outcomes(tree: Node, written: Input | None) -> frozenset[Truth]:
    """The values that a condition may have for some valid call of a tool: True, False, None for unknown.

    Args:
        tree: with `tool` and `agent` bound.
        written: the tool's input schema.
    """
    sure = tuple({key(atom): atom for atom in atoms(tree) if certain(atom, written)}.values())
    found = {
        wanted
        for wanted in EVERY
        if somewhere((tree, *sure), lambda values, wanted=wanted: values[0] is wanted and None not in values[1:])  # type: ignore[misc]
    }
    if len(sure) == len({key(atom) for atom in atoms(tree)}):
        found.discard(None)  # also where there are too many atoms to try through
    return frozenset(found)


def certain(atom: Node, written: Input | None) -> bool:
    """Whether a part of a condition is true or false for every valid call, never unknown."""
    match atom:
        case Has(Field(base) | Item(base)):
            return _kind(base, written) in ("object", "array")
        case Call("exceeded" | "tainted", _):
            return True
        case Call("==" | "!=", (left, right)):
            kind = _kind(left, written)
            return kind is not None and kind != "null" and kind == _kind(right, written)
        case Call("<" | "<=" | ">" | ">=", (left, right)):
            kind = _kind(left, written)
            return kind in _ORDERED and kind == _kind(right, written)
        case Call("in", (left, ListLit(items))):
            kind = _kind(left, written)
            return kind is not None and all(_kind(item, written) == kind for item in items)
        case Call(fn, (left, right)) if fn in _TEXT:
            return _kind(left, written) == _kind(right, written) == "string"
        case _:
            return _kind(atom, written) == "boolean"


def place_certain(place: str, written: Input | None) -> bool:
    """Whether a place below `args` is there in every valid call, and not null; a fact never is for certain."""
    root, path = parsed(place)
    return root == "args" and _at(path, written) is not None


def _kind(node: Node, written: Input | None) -> str | None:
    """The JSON type that a value has in every valid call; None where it may be missing, null or of several."""
    match node:
        case Lit(value):
            return _KINDS.get(type(value))
        case Call("list", (inner,)):
            path = path_of(inner)
            kinds = None if path is None else _kinds(path, written)
            return "array" if kinds is not None and kinds <= {"array", "null"} else None
        case Call("size", (inner,)):
            return "number" if _kind(inner, written) in ("string", "array") else None
        case Call("lower", (inner,)):
            return "string" if _kind(inner, written) == "string" else None
        case Call("+", operands) if all(_is_size(each) for each in operands):
            return "number" if all(_kind(each, written) == "number" for each in operands) else None
        case _:
            path = path_of(node)
            return None if path is None or path[0] != "args" else _at(path[1:], written)


def _is_size(node: Node) -> bool:
    """Whether a number is small for certain, so that a sum of them is exact."""
    match node:
        case Call("size", _):
            return True
        case Call("+", operands):
            return all(_is_size(each) for each in operands)
        case _:
            return False


def _at(path: Path, written: Input | None) -> str | None:
    if not path:
        return "object"
    kinds = _kinds(("args", *path), written)
    there = any(always_there(each.schema, path) for each in schemas(written))
    return next(iter(kinds)) if there and kinds is not None and len(kinds) == 1 and "null" not in kinds else None


def _kinds(path: Path, written: Input | None) -> frozenset[str] | None:
    """What the schemas that a call must satisfy allow at a path, all of them together."""
    found: frozenset[str] | None = None
    for each in schemas(written):
        kinds = kinds_at(each.schema, path[1:])
        if kinds is not None:
            found = kinds if found is None else found & kinds
    return found
