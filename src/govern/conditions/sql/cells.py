"""Typed columns that stand for JSON values: a kind tag, and a column for each kind of value.

What a cell says of a place is all there is to know of it, or it says that it does not know (`closed`). A column is
read only under the kinds for which it is filled; a kind that the cell does not list occurs in no row. So a column
that was never filled cannot be taken for a value (`kinds` has no number, and the number is NULL: unknown).
Leaves out how the columns are made and kept (`govern.replay.sidecar`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum


class Kind(IntEnum):
    """What stands at a place; the numbers are the tags in columns."""

    ABSENT = 0
    WRONG = 1  # under something that can have no such field or item
    NULL = 2
    FALSE = 3
    TRUE = 4
    INTEGER = 5  # of the int64 range
    REAL = 6  # any other number
    STRING = 7
    LIST = 8
    OBJECT = 9


NUMBERS = frozenset({Kind.INTEGER, Kind.REAL})
EMPTY = frozenset({Kind.ABSENT, Kind.WRONG})
_PASSING = frozenset({Kind.ABSENT, Kind.NULL})  # below these a place is absent, not wrong


@dataclass(frozen=True, slots=True)
class Cell:
    """A place in typed columns; each column is SQL that is cheap to repeat.

    Args:
        kinds: all that occur in any row.
        kind: the tag, UTINYINT, never NULL.
        integer: BIGINT, NULL for what is no INTEGER.
        double: DOUBLE, NULL for what is no number; an INTEGER of 2^53 and more is rounded.
        text: VARCHAR, NULL for what is no STRING.
        items: a list, NULL for what is no LIST; None where the items are in no column.
        item: of an item's SQL, its cell.
        fields: by key.
        closed: whether no OBJECT here has other keys than those of `fields`.
    """

    kinds: frozenset[Kind]
    kind: str
    integer: str = "NULL::BIGINT"
    double: str = "NULL::DOUBLE"
    text: str = "NULL::VARCHAR"
    items: str | None = None
    item: Callable[[str], Cell] | None = None
    fields: Mapping[str, Cell] = field(default_factory=dict)
    closed: bool = False

    def of(self, *kinds: Kind) -> str:
        """SQL, never NULL: whether the value is of one of some kinds."""
        found = sorted(self.kinds & set(kinds))
        if len(found) == len(self.kinds):
            return "TRUE"
        if not found:
            return "FALSE"
        if len(found) == 1:
            return f"({self.kind} = {found[0].value})"
        return f"({self.kind} IN ({', '.join(str(kind.value) for kind in found)}))"

    def field(self, key: str) -> Cell | None:
        """The cell of a field; None where the columns do not say."""
        found = self.fields.get(key)
        if found is not None:
            return found
        if self.closed or Kind.OBJECT not in self.kinds:
            return self._empty(_PASSING | {Kind.OBJECT})
        return None

    def at(self, index: int) -> Cell | None:
        """The cell of an item, counted from 0; None where the columns do not say."""
        if Kind.LIST not in self.kinds:
            return self._empty(_PASSING)
        if self.items is None or self.item is None:
            return None
        found = self.item(f"{self.items}[{index + 1}]")
        empty = self._empty(_PASSING | {Kind.LIST})
        # len(NULL) is NULL, which no CASE takes for true.
        tag = f"(CASE WHEN len({self.items}) > {index} THEN {found.kind} ELSE {empty.kind} END)"
        return Cell(
            found.kinds | empty.kinds, tag, found.integer, found.double, found.text, found.items, found.item,
            {key: _below(field, empty) for key, field in found.fields.items()}, found.closed,
        )  # fmt: skip

    def _empty(self, passing: frozenset[Kind]) -> Cell:
        """Nothing, absent under some kinds and wrong under the others."""
        absent, wrong = self.kinds & passing, self.kinds - passing
        if not wrong:
            return Cell(frozenset({Kind.ABSENT}), f"{Kind.ABSENT.value}::UTINYINT", closed=True)
        if not absent:
            return Cell(frozenset({Kind.WRONG}), f"{Kind.WRONG.value}::UTINYINT", closed=True)
        tag = f"(CASE WHEN {self.of(*wrong)} THEN {Kind.WRONG.value} ELSE {Kind.ABSENT.value} END)::UTINYINT"
        return Cell(EMPTY, tag, closed=True)


def _below(cell: Cell, empty: Cell) -> Cell:
    """A field of an item that may not be there: its tag is NULL then, and what stands above it decides."""
    return Cell(
        cell.kinds | empty.kinds, f"coalesce({cell.kind}, {empty.kind})", cell.integer, cell.double, cell.text,
        cell.items, cell.item, {key: _below(field, empty) for key, field in cell.fields.items()}, cell.closed,
    )  # fmt: skip
