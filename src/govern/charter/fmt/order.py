"""Keys in the order of the language. Names of the author's choice, lists and JSON Schemas keep theirs."""

from __future__ import annotations

from typing import assert_never

from govern.charter import vocabulary
from govern.charter.fmt.attach import Part
from govern.charter.kinds import (
    ConditionText,
    Data,
    Duration,
    Effect,
    Either,
    Kind,
    Level,
    ListOf,
    MapOf,
    Name,
    Nested,
    Number,
    OneOf,
    PathText,
    Pattern,
    SchemaText,
    Text,
    Tools,
    Truth,
    Whole,
)
from govern.charter.yaml_tree import Map, Seq


def arrange(whole: Part) -> None:
    """Puts the parts of a file in order, and marks its conditions.

    Args:
        whole: the file's mapping; its `parts` are reordered in place.
    """
    keys = {str(part.key.value) for part in whole.parts if part.key is not None}
    kind = next((level for key, level in vocabulary.KINDS_OF_FILE.items() if key in keys), vocabulary.CHARTER)
    _level(whole, kind)


def _level(part: Part, level: Level) -> None:
    part.parts = _sorted(part.parts, level.known)
    for below in part.parts:
        name = str(below.key.value) if below.key is not None else ""
        if name in level.known:
            _arrange(below, level.key(name).value)


def _sorted(parts: list[Part], known: tuple[str, ...]) -> list[Part]:
    """The parts in the order of known keys; an unknown key stays behind the known one that it follows."""
    rank = {name: index for index, name in enumerate(known)}
    ranked: list[tuple[int, Part]] = []
    last = -1
    for part in parts:
        last = rank.get(str(part.key.value), last) if part.key is not None else last
        ranked.append((last, part))
    ranked.sort(key=lambda each: each[0])
    return [part for _, part in ranked]


def _arrange(part: Part, kind: Kind) -> None:
    node = part.node
    match kind:
        case Nested(name):
            if isinstance(node, Map):
                _level(part, vocabulary.LEVELS[name])
        case Effect():
            if isinstance(node, Map):
                _level(part, vocabulary.EFFECT)
        case MapOf(_, value):
            if isinstance(node, Map):
                for below in part.parts:
                    _arrange(below, value)
        case ListOf(item):
            if isinstance(node, Seq):
                for below in part.parts:
                    _arrange(below, item)
        case Either(kinds):
            for each in kinds:  # told apart by shape: at most one of them fits
                _arrange(part, each)
        case ConditionText():
            part.condition = True
        case (
            Text() | Name() | Tools() | Whole() | Number() | Truth() | OneOf() | Duration() | Pattern() | PathText()
            | SchemaText() | Data()
        ):  # fmt: skip
            pass
        case _:
            assert_never(kind)
