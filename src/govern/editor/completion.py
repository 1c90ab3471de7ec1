"""Completion: what may be written at the cursor of a text, however broken.

A mark is written at the cursor and the text is read with it, so that there always is a word that somebody is
about to write. Leaves out what each place offers (`keys`, `values`, `conditions`, `comments`, `paths_beside`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from govern.charter.files import Files
from govern.charter.kinds import ConditionText
from govern.charter.source import MAX_BYTES
from govern.charter.vocabulary import FILE_PATH
from govern.charter.yaml_tree import Map, Scalar
from govern.editor.conditions import condition
from govern.editor.keys import keys
from govern.editor.names import Names, names
from govern.editor.nearby import LARGE, nearby
from govern.editor.neighbours import Folder, neighbours
from govern.editor.parsed import Parsed, parsed, whole
from govern.editor.place import Spot, spot_at
from govern.editor.suggest import MARK, Asked, Suggestion
from govern.editor.suppressions import suppression
from govern.editor.values import values

# Behind these nothing is read as a value without a space.
_NEEDS_SPACE = re.compile(r"(?:^[ \t]*-|[\w\"'*\]-]:)\Z")
MOST = 1_000


def complete(
    text: str, offset: int, file: str, files: Files, folder: Folder, read: Parsed | None = None
) -> tuple[Suggestion, ...]:
    """Suggestions at an offset, the best first.

    Args:
        file: the path of the text, or a name.
        files: gives the files that it names.
        folder: what there is beside it.
        read: of a large text, a reading that may be a moment old; None reads it now.
    """
    if len(text) > MAX_BYTES or MARK in text:
        return ()
    before = text[text.rfind("\n", 0, offset) + 1 : offset]
    if (comment := suppression(text, offset, before)) is not None:
        return comment
    lead = " " if _NEEDS_SPACE.search(before) else ""
    at = offset + len(lead)
    marked = f"{text[:offset]}{lead}{MARK}{text[offset:]}"
    large = len(text) > LARGE
    own = parsed(nearby(marked, at) if large else marked, file)
    spot = spot_at(own.root, at)
    if spot is None or not isinstance(spot.node, Scalar) or not spot.node.start <= at < spot.node.end:
        return ()
    every = whole((read or parsed(text, file)) if large else own, files)
    known = Names(tuple(one for one in names(every).every if MARK not in one.name))
    asked = Asked(text, offset, own, every, known, spot, at, lead)
    return tuple(each for _, each in zip(range(MOST), _suggestions(asked, spot, folder), strict=False))


def _suggestions(asked: Asked, spot: Spot, folder: Folder) -> Iterator[Suggestion]:
    if spot.is_key or (spot.levels and _may_be_key(asked, spot)):
        yield from keys(asked)
    if spot.is_key:
        return
    if any(isinstance(kind, ConditionText) for kind in spot.kinds):
        yield from condition(asked)
        return
    if FILE_PATH in spot.kinds:
        yield from neighbours(asked, folder)
        return
    yield from values(asked)
    if not spot.levels and _mapping_due(asked, spot):
        yield from keys(asked)


def _may_be_key(asked: Asked, spot: Spot) -> bool:
    """Whether the word at the cursor may become a key of the mapping that its place asks for."""
    return not asked.quoted and (asked.lines_below or not isinstance(spot.around, Map))


def _mapping_due(asked: Asked, spot: Spot) -> bool:
    """Whether a mapping with names of the author's, or a schema, begins at the cursor."""
    return spot.around is not None and _may_be_key(asked, spot)
