"""What a condition may name beyond `args`, `tool`, `agent` and `at`. Leaves out what the names mean."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from govern.conditions.parse import FIXED_NAMES, LITERALS, RESERVED_WORDS
from govern.conditions.times import timestamp_ns
from govern.conditions.tree import HISTORY, LitValue

KINDS: Final = ("string", "number", "integer", "boolean", "timestamp", "list", "object", "any")
PLACES: Final = ("record", "result")
RESERVED: Final = RESERVED_WORDS | LITERALS | {*FIXED_NAMES, *HISTORY, "in"}
"""Names that no fact can have."""


@dataclass(frozen=True, slots=True)
class FieldType:
    """What a field of a fact holds.

    Args:
        kind: one of KINDS; a timestamp is RFC 3339 text with an offset.
        values: all it can be; empty where that is not said.

    Raises:
        ValueError: no such kind.
    """

    kind: str
    values: tuple[LitValue, ...] = ()

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"{self.kind} is no kind of a field")


def is_of(value: Any, kind: str) -> bool:
    """Whether plain data is of a kind of KINDS.

    Args:
        value: JSON data.
    """
    match kind:
        case "string":
            return isinstance(value, str)
        case "timestamp":
            return isinstance(value, str) and timestamp_ns(value) is not None
        case "integer":
            return type(value) is int
        case "number":
            return type(value) in (int, float)
        case "boolean":
            return isinstance(value, bool)
        case "list":
            return isinstance(value, list)
        case "object":
            return isinstance(value, dict)
        case _:
            return True


Facts = tuple[tuple[str, tuple[tuple[str, FieldType], ...]], ...]


@dataclass(frozen=True, slots=True)
class Scope:
    """The names that a condition may use in its place.

    Args:
        facts: by name, the declared fields with their types.
        places: which of `record` and `result` exist here.
        tools: names that `calls` and `succeeded` may ask for; None where any name will do.

    Raises:
        ValueError: a fact with a name of RESERVED, or a place that is none.
    """

    facts: Facts = ()
    places: frozenset[str] = frozenset()
    tools: tuple[str, ...] | None = None
    _hash: int = field(init=False, repr=False, compare=False, default=0)

    def __post_init__(self) -> None:
        taken = [name for name, _ in self.facts if name in RESERVED]
        if taken or not self.places <= set(PLACES):
            raise ValueError(f"no name of a fact or place: {', '.join(taken or sorted(self.places))}")
        # Every condition of a charter is looked up with its scope: the facts are hashed once.
        object.__setattr__(self, "_hash", hash((self.facts, self.places, self.tools)))

    def __hash__(self) -> int:
        return self._hash
