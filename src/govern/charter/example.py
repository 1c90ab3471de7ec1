"""An example of every key: the place where it stands in files that load (`examples/`), cut out with what is around it.

One file for each kind of file; together they use every key of the language once, and the tests load them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from govern.charter.load import tree_of
from govern.charter.places import Place
from govern.charter.source import Source
from govern.charter.yaml_tree import Map, Node, Scalar, Seq

FILES = {
    "agent": "charter.yaml", "base": "base.yaml", "library": "library.yaml", "tests": "suite.test.yaml",
    "deployment": "deployment.yaml",
}  # fmt: skip
PARTS = ("root.yaml", "mail.yaml")
MOST_LINES = 14


@dataclass(frozen=True, slots=True)
class _Found:
    """A key with its value, and the keys and items above it."""

    key: Scalar
    value: Node
    above: tuple[int, ...]


def text(name: str) -> str:
    """An example file as written; `name` as in `FILES`, or one of `PARTS`."""
    return files("govern.charter").joinpath("examples", name).read_text("utf-8")


def excerpt(place: Place) -> str:
    """The lines of an example file in which a place stands, below the keys that it belongs to; empty without one."""
    source, node = _tree(FILES[place.file])
    found = _find(node, place.parts, ())
    if found is None:
        return ""
    lines = source.text.splitlines()
    first = source.position(found.key.start)[0]
    last = source.position(max(found.value.end - 1, found.key.end))[0]
    shown = [lines[number - 1] for number in range(first, last + 1)]
    while shown and not shown[-1].strip():
        shown.pop()
    if len(shown) > MOST_LINES:
        indent = shown[MOST_LINES][: len(shown[MOST_LINES]) - len(shown[MOST_LINES].lstrip())]
        shown = [*shown[:MOST_LINES], f"{indent}…"]
    above = dict.fromkeys(source.position(start)[0] for start in found.above)
    return "\n".join([*(lines[number - 1] for number in above if number < first), *shown])


def value(place: Place) -> Any:
    """The scalar that stands there in the example file; None where it is no scalar."""
    _, node = _tree(FILES[place.file])
    found = _find(node, place.parts, ())
    return found.value.value if found is not None and isinstance(found.value, Scalar) else None


@cache
def _tree(name: str) -> tuple[Source, Node]:
    source, node, findings = tree_of(text(name).encode(), name)
    if source is None or node is None or findings:
        raise AssertionError(f"the example {name} does not load: {findings}")
    return source, node


def _find(node: Node, parts: tuple[str, ...], above: tuple[int, ...]) -> _Found | None:
    head, rest = parts[0], parts[1:]
    match node:
        case Seq(items) if head == "[]":
            tries = [(item, item.start) for item in items]
        case Map(entries) if head == "*":
            tries = [(item, key.start) for key, item in entries]
        case Map(entries):
            for key, item in entries:
                if key.value == head:
                    return _find(item, rest, (*above, key.start)) if rest else _Found(key, item, above)
            return None
        case _:
            return None
    found = (_find(item, rest, (*above, start)) for item, start in tries)
    return next((each for each in found if each is not None), None)
