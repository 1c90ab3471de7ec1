"""Collects the sections that differ: path, texts and places of both sides, direction and its reason.

Leaves out which keys there are (`sections_*`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from govern.charter.model import Charter, Kind
from govern.diff.directions import direction
from govern.diff.model import SectionChange, Side
from govern.diff.order import Order, Way
from govern.diff.written import Written
from govern.findings import Location

_BY_VERDICTS = frozenset({Way.VERDICTS, Way.HISTORY})


class Found:
    """Sections as they are found.

    Args:
        old, new: composed.
    """

    def __init__(self, old: Charter, new: Charter) -> None:
        self.old, self.new = old, new
        self.written = Written(old), Written(new)
        # Of a file that grants nothing no tool shows what a rule does.
        self.judged = old.kind is Kind.CHARTER and new.kind is Kind.CHARTER
        self.changes: list[SectionChange] = []

    def add(
        self, path: str, level: str, key: str, order: Order, old: Side | None, new: Side | None, *, why: str = ""
    ) -> None:
        """One section that differs.

        Args:
            why: its reason, else that of the order, else the key's.
        """
        table = direction(level, key) if level else None
        reason = why or "; ".join(order.why) or (table.why if table is not None else "")
        by_verdicts = self.judged and table is not None and (table.way in _BY_VERDICTS or level == "LIMIT")
        self.changes.append(SectionChange(path, order.change, old, new, reason, level, key, by_verdicts, order.proven))

    def key(self, path: str, level: str, key: str, at: tuple[Location, Location], values: tuple[Any, Any],
            order: Order | None = None, *, name: str = "") -> None:  # fmt: skip
        """A key of a thing that both have, where its values differ.

        Args:
            path: of the thing.
            at: its place in both.
            values: as the composed charters have them; equal ones are no section.
            order: None to take the key's own.
            name: of the key below the thing, if it is not the key itself (`fatigue.per_hour`).
        """
        old, new = values
        if old == new and (order is None or order.equal):
            return
        step = name or key
        sides = [
            each.key(place, step, shown(value)) for each, place, value in zip(self.written, at, values, strict=True)
        ]
        self.add(f"{path}.{step}" if path else step, level, key,
                 direction(level, key).order(old, new) if order is None else order, sides[0], sides[1])  # fmt: skip

    def top(self, key: str, level: str, values: tuple[Any, Any], order: Order | None = None) -> None:
        """A key of the file itself."""
        if values[0] == values[1]:
            return
        sides = [each.top(key, shown(value)) for each, value in zip(self.written, values, strict=True)]
        self.add(key, level, key, direction(level, key).order(*values) if order is None else order, sides[0], sides[1])

    def whole(self, path: str, level: str, key: str, at: tuple[Location | None, Location | None], order: Order) -> None:
        """A thing that one side has and the other has not.

        Args:
            level, key: of the key that it stands under.
            at: None where it is not.
        """
        old, new = (
            each.whole(place, path) if place is not None else None for each, place in zip(self.written, at, strict=True)
        )
        self.add(path, level, key, order, old, new)

    def named(
        self,
        path: str,
        level: str,
        key: str,
        things: tuple[dict[str, Any], dict[str, Any]],
        added: Order,
        both: Callable[[str, Any, Any], None],
    ) -> None:
        """Things by name: one that came or went is one section, one that stayed is looked into.

        Args:
            added: the order of one more; one less is its reverse.
        """
        old, new = things
        for name in dict.fromkeys((*new, *old)):
            if name not in old:
                self.whole(f"{path}.{name}", level, key, (None, new[name].at), added)
            elif name not in new:
                self.whole(f"{path}.{name}", level, key, (old[name].at, None), added.reverse)
            else:
                both(name, old[name], new[name])


def shown(value: Any) -> str:
    """A value as a charter would write it."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case str() | int() | float():
            return str(value)
        case _ if isinstance(value, Iterable):
            return f"[{', '.join(str(each) for each in value)}]"
        case _:
            return str(value)


def names(words: Iterable[Any]) -> tuple[str, ...]:
    """Of words with places, the names in order."""
    return tuple(sorted(str(word) for word in words))
