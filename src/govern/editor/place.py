"""Where an offset stands in a tree, and what the vocabulary says may be written there.

Walks `charter.vocabulary` beside the tree: the same table that the loader reads with. Leaves out what exists in
the file and its parts (`names`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import Any

from govern.charter import vocabulary
from govern.charter.keyword_schema import keyword_schema
from govern.charter.kinds import (
    TOOL_GLOB,
    TOOL_WORDS,
    Data,
    Effect,
    Either,
    Key,
    Kind,
    Level,
    ListOf,
    MapOf,
    Name,
    Nested,
    OneOf,
    SchemaText,
    Tools,
)
from govern.charter.yaml_tree import Map, Node, Scalar, Seq

_TOOL = Name("a tool", "tool", TOOL_GLOB, TOOL_WORDS)
_TOP = {"agent": "CHARTER", "base": "BASE", "library": "LIBRARY", "tests": "SUITE", "deployment": "DEPLOYMENT"}
_REF = "#"


@dataclass(frozen=True, slots=True)
class Keyword:
    """A place in a JSON Schema: what stands there is judged by this schema of schemas."""

    schema: dict[str, Any] = field(hash=False)


What = Kind | Keyword


@dataclass(frozen=True, slots=True)
class Spot:
    """A scalar in its place.

    Args:
        node: what stands at the offset; of an empty value, a scalar without text.
        is_key: whether it is the key of an entry.
        path: keys and indexes from the top; of a key, of the mapping that it stands in.
        kinds: what may be written there; of a key, what the mapping may be. Empty where nothing is known.
        around: the mapping or list that it stands in; None at the top.
        key: of a value, the key of the vocabulary that it belongs to, with its level; None below names and data.
        above: the mappings and lists on the way, the outermost first.
    """

    node: Node
    is_key: bool
    path: tuple[str | int, ...]
    kinds: tuple[What, ...]
    around: Map | Seq | None
    key: tuple[Level, Key] | None = None
    above: tuple[Map | Seq, ...] = ()

    @property
    def levels(self) -> tuple[Level, ...]:
        """The levels whose keys may stand here: of a key, and of a value that may be a mapping."""
        return tuple(level for kind in self.kinds for level in levels_of(kind))


def kind_of_file(root: Node) -> str:
    """`agent`, `base`, `library`, `deployment`, by the key that names it; empty where none is written."""
    names = [key.value for key, _ in root.entries] if isinstance(root, Map) else []
    return next((str(name) for name in names if name in _TOP), "")


def kinds_of_file(root: Node) -> tuple[Kind, ...]:
    """What the file as a whole may be."""
    kind = kind_of_file(root)
    return (Nested(_TOP[kind]),) if kind else tuple(Nested(name) for name in _TOP.values())


def spot_at(root: Node, offset: int) -> Spot | None:
    """The scalar that an offset stands in or at the end of; None in a comment, and between things."""
    return _find(root, offset, Spot(root, False, (), kinds_of_file(root), None))


def _find(node: Node, offset: int, here: Spot) -> Spot | None:
    match node:
        case Scalar():
            return here if node.start <= offset <= node.end else None
        case Map(entries):
            above = (*here.above, node)
            for key, value in entries:
                if key.start <= offset <= key.end and not (key.refused and key.start == key.end):
                    return Spot(key, True, here.path, here.kinds, node, None, above)
                if value.start <= offset <= value.end:
                    name = str(key.value)
                    below = value_kinds(here.kinds, name)
                    path = (*here.path, name)
                    spot = Spot(value, False, path, below, node, key_of(here.kinds, name), above)
                    if (found := _find(value, offset, spot)) is not None:
                        return found
        case Seq(items):
            above = (*here.above, node)
            for index, item in enumerate(items):
                if item.start <= offset <= item.end:
                    spot = Spot(item, False, (*here.path, index), item_kinds(here.kinds), node, here.key, above)
                    if (found := _find(item, offset, spot)) is not None:
                        return found
    return None


def levels_of(kind: What) -> tuple[Level, ...]:
    """The levels that a value itself may be a mapping of; not those below lists and names."""
    match kind:
        case Nested(name):
            return (vocabulary.LEVELS[name],)
        case Effect():
            return (vocabulary.EFFECT,)
        case Either(several):
            return tuple(level for each in several for level in levels_of(each))
        case _:
            return ()


def key_of(kinds: tuple[What, ...], name: str) -> tuple[Level, Key] | None:
    """A key of the levels that a mapping may be of; None where it has no such key."""
    for kind in kinds:
        for level in levels_of(kind):
            if name in level.known:
                return level, level.key(name)
    return None


def value_kinds(kinds: tuple[What, ...], name: str) -> tuple[What, ...]:
    """What the value of a key may be, where a mapping may be of these kinds."""
    found: list[What] = []
    for kind in kinds:
        found += [level.key(name).value for level in levels_of(kind) if name in level.known]
        match kind:
            case MapOf(_, value):
                found.append(value)
            case Either(several):
                found += value_kinds(tuple(each for each in several if isinstance(each, MapOf | SchemaText)), name)
            case Data():
                found.append(kind)
            case SchemaText():
                found += _keyword(_of_schemas(), name)
            case Keyword(schema):
                found += _keyword(schema, name)
    return _flat(found)


def item_kinds(kinds: tuple[What, ...]) -> tuple[What, ...]:
    """What an item may be, where a list may be of these kinds."""
    found: list[What] = []
    for kind in kinds:
        match kind:
            case ListOf(item):
                found.append(item)
            case Tools():
                found.append(_TOOL)
            case Data():
                found.append(kind)
            case Keyword(schema):
                for each in _shapes(schema):
                    if isinstance(items := each.get("items"), dict):
                        found.append(Keyword(items))
    return _flat(found)


def keywords(kinds: tuple[What, ...]) -> dict[str, dict[str, Any]]:
    """The keywords of JSON Schema that may be keys here, each with its schema."""
    found: dict[str, dict[str, Any]] = {}
    for kind in kinds:
        schema = _of_schemas() if isinstance(kind, SchemaText) else kind.schema if isinstance(kind, Keyword) else None
        for each in _shapes(schema) if schema is not None else ():
            found.update(each.get("properties", {}))
    return found


def keyword_words(kinds: tuple[What, ...]) -> tuple[str, ...]:
    """The words that a value in a JSON Schema may be: types, formats, truth values."""
    found: list[str] = []
    for kind in kinds:
        for each in _shapes(kind.schema) if isinstance(kind, Keyword) else ():
            found += [str(word) for word in each.get("enum", ())]
            if "boolean" in (each.get("type"), *([] if isinstance(each.get("type"), str) else each.get("type", []))):
                found += ["true", "false"]
    return tuple(dict.fromkeys(found))


def one_of(kinds: tuple[What, ...]) -> tuple[OneOf, ...]:
    """The closed words that a value may be one of."""
    return tuple(kind for kind in kinds if isinstance(kind, OneOf))


def _flat(kinds: list[What]) -> tuple[What, ...]:
    made: list[What] = []
    for kind in kinds:
        if isinstance(kind, Either):
            made += _flat(list(kind.kinds))
        else:
            made.append(kind)
    return tuple(made)


@cache
def _of_schemas() -> dict[str, Any]:
    return keyword_schema(_REF)


def _shapes(schema: dict[str, Any]) -> list[dict[str, Any]]:
    """The schemas that judge the same value."""
    whole = _of_schemas() if schema.get("$ref") == _REF else schema
    return [whole, *(each for each in whole.get("anyOf", ()) if isinstance(each, dict))]


def _keyword(schema: dict[str, Any], name: str) -> list[What]:
    for each in _shapes(schema):
        below = each.get("properties", {}).get(name, each.get("additionalProperties"))
        if isinstance(below, dict):
            return [Keyword(below)]
    return []
