"""A file as the editor sees it: its text with positions and its tree, and the files that it is composed with.

Leaves out what names mean (`names`) and whether anything is right (`diagnose`).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from govern.charter.files import Files, beside, nowhere
from govern.charter.parts import DEEPEST, MOST_FILES
from govern.charter.source import MAX_BYTES, Source
from govern.charter.yaml_tree import Map, Node, Scalar, Seq
from govern.editor.nearby import LARGE
from govern.editor.place import kind_of_file
from govern.editor.tolerant import tree
from govern.findings import Finding

_NAMED = {"extends": "base", "uses": "library", "minimums": "base"}


@dataclass(frozen=True, slots=True, eq=False)
class Parsed:
    """A file with its tree; equal to itself alone, so that what is made of it is kept under it.

    Args:
        file: its path, or a name where it has none.
        kind: `agent`, `base`, `library`, `deployment`, or empty.
    """

    file: str
    source: Source
    root: Node
    kind: str

    @property
    def text(self) -> str:
        return self.source.text

    def get(self, *keys: str) -> Node | None:
        """What stands behind keys; None where nothing does."""
        node: Node | None = self.root
        for key in keys:
            node = entry(node, key)
        return node

    @property
    def name(self) -> str:
        """What the file calls itself."""
        return text_of(self.get(self.kind)) if self.kind else ""


def parsed(text: str, file: str) -> Parsed:
    """A text with its tree; the latest are kept, of large ones a few."""
    return _large(text, file) if len(text) > LARGE else _small(text, file)


def _parse(text: str, file: str) -> Parsed:
    root = tree(text)
    return Parsed(file, Source.of(text, file), root, kind_of_file(root))


_small = lru_cache(maxsize=64)(_parse)
_large = lru_cache(maxsize=6)(_parse)


@dataclass(frozen=True, slots=True)
class Whole:
    """A file, and every base and library that it is composed with, each once.

    Args:
        own: the file itself.
        parts: the others, in the order in which they are read.
        files: gives files by their path from its folder.
    """

    own: Parsed
    parts: tuple[Parsed, ...]
    files: Files

    @property
    def every(self) -> tuple[Parsed, ...]:
        return (self.own, *self.parts)


def whole(own: Parsed, files: Files) -> Whole:
    """A file with its parts; those that cannot be read are left out."""
    found: dict[str, Parsed] = {}

    def follow(one: Parsed, folder: str, depth: int) -> None:
        for key in _NAMED:
            for word in texts(one.get(key)):
                place = os.path.normpath(os.path.join(folder, str(word.value))).replace(os.sep, "/")
                if place in found or len(found) >= MOST_FILES or depth >= DEEPEST:
                    continue
                part = part_at(files, place)
                if part is not None and part.file != own.file:
                    found[place] = part
                    follow(part, os.path.dirname(place), depth + 1)

    follow(own, "", 0)
    return Whole(own, tuple(found.values()), files)


def part_at(files: Files, path: str) -> Parsed | None:
    """A file by its path from the folder; None where it is none, too large, or no text."""
    if os.path.isabs(path) or "\0" in path:
        return None
    given = files(path)
    if not isinstance(given, tuple) or len(given[0]) > MAX_BYTES:
        return None
    try:
        return parsed(given[0].decode("utf-8").removeprefix("\ufeff"), given[1])
    except UnicodeDecodeError:
        return None


def overlay(path: str | None, buffers: Mapping[str, str], asked: Callable[[str], None] | None = None) -> Files:
    """Files beside one, those that are open in the editor as they stand there.

    Args:
        path: of the file; None where it was never saved, and no other file is known.
        buffers: texts by absolute path.
        asked: is told the absolute path of every file that is asked for.
    """
    if path is None:
        return nowhere
    on_disk = beside(path)
    folder = os.path.dirname(path)

    def give(name: str) -> tuple[bytes, str] | Finding:
        place = os.path.normpath(os.path.join(folder, *name.split("/")))
        if asked is not None:
            asked(place)
        if place in buffers:
            return buffers[place].encode("utf-8", "surrogatepass"), place
        return on_disk(name)

    return give


def seen(text: str, root: str) -> str:
    """Words for people with paths as they are seen from a folder; where that is not known, as they are."""
    return text.replace(root.rstrip(os.sep) + os.sep, "") if root else text


# Reading a tree, however incomplete


def entry(node: Node | None, key: str) -> Node | None:
    """The value of a key; None where the node is no mapping, or has none."""
    if not isinstance(node, Map):
        return None
    return next((value for name, value in node.entries if name.value == key), None)


def entries(node: Node | None) -> Iterator[tuple[Scalar, Node]]:
    """The entries of a mapping; of anything else, none."""
    yield from node.entries if isinstance(node, Map) else ()


def items(node: Node | None) -> tuple[Node, ...]:
    """The items of a list; of anything else, none."""
    return node.items if isinstance(node, Seq) else ()


def texts(node: Node | None) -> Iterator[Scalar]:
    """The words of a list."""
    yield from (item for item in items(node) if isinstance(item, Scalar) and isinstance(item.value, str) and item.value)


def text_of(node: Node | None) -> str:
    """A word; empty where the node is none."""
    return node.value if isinstance(node, Scalar) and isinstance(node.value, str) else ""
