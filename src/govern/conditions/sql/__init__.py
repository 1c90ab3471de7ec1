"""The bulk engine: a checked tree becomes one DuckDB SQL expression over canonical JSON text, or typed columns.

A condition is BOOLEAN with NULL for unknown. A place in the arguments is JSON text, NULL where it is absent
(or under something of the wrong kind), the text `null` where it is null; or it stands in typed columns (`cells`),
with the same result row by row. Only canonical text is read: what has two meanings was refused before
(`govern.events.canonical`). Facts, records and results are such text too, NULL where nobody gave them; times are
BIGINT nanoseconds (`sql_times`).

The compiler is one class in layers, each with what the ones below it cannot do alone: `places`, `values`, `numbers`,
`truths`. Kinds are told by the first character of the JSON text; numbers by a cast of the text, which is NULL for
anything else. Comparisons go through DOUBLE only where that is exact (one side a literal below 2^53).
"""

from __future__ import annotations

from govern.conditions.sql.cells import Cell, Kind
from govern.conditions.sql.columns import LOCAL, Columns, Root, json_root
from govern.conditions.sql.literals import ambiguous, pointer, text_literal
from govern.conditions.sql.truths import Truths
from govern.conditions.sql.values import trit
from govern.conditions.tree import Call, Name, Node, walk
from govern.conditions.zones import CLOCK, zoned

__all__ = [
    "LOCAL",
    "Cell",
    "Columns",
    "Kind",
    "Root",
    "ambiguous",
    "expression",
    "json_root",
    "pointer",
    "reads_clock",
    "text_literal",
    "trit",
]


def expression(tree: Node, columns: Columns, zone: str | None = None) -> str:
    """The SQL expression of a condition in which `tool` and `agent` are already literals.

    Args:
        tree: a checked tree.
        columns: where its inputs stand.
        zone: the deployment's time zone by its IANA name, for `date`, `hour` and `weekday`: unknown without it.

    Raises:
        AuthorError: no such zone.
    """
    tree = zoned(tree, zone)
    return Truths(columns, tree).truth(tree)


def reads_clock(tree: Node) -> bool:
    """Whether a condition asks for the local time of `at` itself, which LOCAL would serve."""
    return any(
        isinstance(part, Call) and part.fn in CLOCK and isinstance(part.operands[0], Name) for part in walk(tree)
    )
