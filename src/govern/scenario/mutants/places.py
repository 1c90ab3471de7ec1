"""Where a key of a charter is written: the model keeps places of names, not of every number and word beside them.

The files are read as trees once more. What is not written (a default, a part that another file decides) has the place
of what it belongs to.
"""

from __future__ import annotations

import os

from govern.charter.model import Charter
from govern.charter.source import Source
from govern.charter.yaml_tree import Map, Node, Scalar, Seq, parse
from govern.findings import Location


def sources(charter: Charter) -> dict[str, Source]:
    """The texts of a charter and of every file that it is composed with, by the name that places show."""
    folder = os.path.dirname(charter.source.file)
    found: dict[str, Source] = {}
    for part in charter.parts:
        text = part.text.removeprefix("\ufeff")
        for name in (part.path, os.path.normpath(os.path.join(folder, *part.path.split("/")))):
            found[name] = Source.of(text, name)
    return {**found, charter.source.file: charter.source}


class Places:
    """Places of keys and values in the files of a charter.

    Args:
        charter: with the files that it is composed with.
    """

    def __init__(self, charter: Charter) -> None:
        self._sources = sources(charter)
        self._trees: dict[str, Node | None] = {}

    def value(self, anchor: Location, *keys: str | int) -> Location:
        """The place of a value; of its owner, if it is not written.

        Args:
            anchor: a place in the mapping that has the key (its `id`, its first character), or the key that this
                mapping stands behind.
            keys: the way to it: keys of mappings, indexes of lists.
        """
        return self._found(anchor, keys, key=False)

    def key(self, anchor: Location, *keys: str | int) -> Location:
        """The place of a key, where a value's is that of the value."""
        return self._found(anchor, keys, key=True)

    def _found(self, anchor: Location, keys: tuple[str | int, ...], *, key: bool) -> Location:
        source = self._sources.get(anchor.file)
        if source is None or not anchor.line:
            return anchor
        if anchor.file not in self._trees:
            self._trees[anchor.file] = parse(source)[0]
        start = source.starts[anchor.line - 1] + anchor.column - 1
        node: Node | None = _mapping(self._trees[anchor.file], start)
        place: tuple[int, int] | None = None
        for step in keys:
            match node, step:
                case Map(entries), str():
                    name, node = next(((name, each) for name, each in entries if name.value == step), (None, None))
                    if name is None or node is None:
                        return anchor
                    place = (name.start, name.end) if key else (node.start, node.end)
                case Seq(items), int() if step < len(items):
                    node = items[step]
                    place = node.start, node.end
                case _:
                    return anchor
        return anchor if place is None else source.locate(*place)


def _mapping(node: Node | None, start: int) -> Map | None:
    """The mapping behind the key at an offset, else the innermost that the offset is in."""
    match node:
        case Map(entries):
            for name, value in entries:
                if name.start == start and isinstance(value, Map):
                    return value
                inside = _mapping(value, start)
                if inside is not None:
                    return inside
            return node if node.start <= start < max(node.end, node.start + 1) else None
        case Seq(items):
            return next((found for item in items if (found := _mapping(item, start)) is not None), None)
        case Scalar() | None:
            return None
