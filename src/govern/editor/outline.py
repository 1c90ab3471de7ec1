"""The outline of a file: its sections, and what each defines by name."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from govern.charter.source import MAX_BYTES
from govern.charter.yaml_tree import Map, Node, Scalar, Seq
from govern.editor.parsed import entry, parsed, text_of

_MOST = 5_000
# What an item of a list is called by, the first that is written.
_CALLED = ("id", "event", "instruction", "after", "tools")


class Shape(StrEnum):
    """How editors show an entry."""

    SECTION = "section"
    NAMED = "named"
    ITEM = "item"
    VALUE = "value"


@dataclass(frozen=True, slots=True)
class Symbol:
    """An entry of the outline.

    Args:
        detail: a few words beside it; may be empty.
        start, end: all of it.
        name_start, name_end: its name.
    """

    name: str
    detail: str
    shape: Shape
    start: int
    end: int
    name_start: int
    name_end: int
    below: tuple[Symbol, ...] = ()


def outline(text: str, file: str) -> tuple[Symbol, ...]:
    """The outline of a text, however broken."""
    if len(text) > MAX_BYTES:
        return ()
    root = parsed(text, file).root
    return tuple(_section(key, value) for key, value in root.entries) if isinstance(root, Map) else ()


def _section(key: Scalar, value: Node) -> Symbol:
    shape = Shape.VALUE if isinstance(value, Scalar) else Shape.SECTION
    detail = _short(value) if isinstance(value, Scalar) else ""
    below = tuple(each for each, _ in zip(_below(value), range(_MOST), strict=False))
    return _symbol(str(key.value), detail, shape, key, value, below)


def _below(node: Node) -> Iterator[Symbol]:
    match node:
        case Map(entries):
            for key, value in entries:
                inner = tuple(_below(rules)) if (rules := entry(value, "rules")) is not None else ()
                yield _symbol(str(key.value), _detail(value), Shape.NAMED, key, value, inner)
        case Seq(items):
            for item in items:
                if isinstance(item, Map):
                    yield _item(item)


def _item(item: Map) -> Symbol:
    for name in _CALLED:
        value = entry(item, name)
        if value is not None:
            at = value if isinstance(value, Scalar) else item
            words = _short(value) if isinstance(value, Scalar) else ", ".join(_words(value))
            return _symbol(words or name, _detail(item), Shape.ITEM, at, item, ())
    first = item.entries[0][0] if item.entries else item
    return _symbol("…", "", Shape.ITEM, first, item, ())


def _words(node: Node) -> Iterator[str]:
    yield from (_short(item) for item in node.items if isinstance(item, Scalar)) if isinstance(node, Seq) else ()


def _detail(node: Node) -> str:
    if isinstance(node, Scalar):
        return _short(node)
    return text_of(entry(node, "tier")) or text_of(entry(node, "to"))


def _short(node: Node) -> str:
    text = " ".join(str(node.value).split()) if isinstance(node, Scalar) else ""
    return text if len(text) <= 60 else f"{text[:59]}…"


def _symbol(name: str, detail: str, shape: Shape, at: Node, all: Node, below: tuple[Symbol, ...]) -> Symbol:
    start, end = min(at.start, all.start) if all.end > all.start else at.start, max(at.end, all.end)
    return Symbol(name or "…", detail, shape, start, end, at.start, at.end, below)
