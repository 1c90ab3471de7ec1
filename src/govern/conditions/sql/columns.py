"""Where a condition's inputs stand in a row."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from govern.conditions.sql.cells import Cell
from govern.conditions.sql.literals import Steps, json_path

LOCAL = "local(at)"
"""The key of a column of `sql_times.local` of `at`: hundreds of offsets are better written once a query."""

Root = Callable[[Steps], str]


def json_root(column: str) -> Root:
    """Reads a place in the arguments from a column of canonical JSON text."""
    return lambda path: f"json_extract({column}, {json_path(path)})"


@dataclass(frozen=True, slots=True)
class Columns:
    """Where a condition's inputs stand in a row.

    Args:
        root: gives the JSON text of a place in the arguments by its keys and indices, which `json_path` can write;
            NULL where the place is not there.
        whole: the column of the whole arguments, for `keys(args)` and the like.
        given: SQL by the other keys of `Inputs`; what is not here is unknown in every row. NULL is what was not
            captured; what was captured and is unknown has a value of its own:
            - `at`, `calls(…)` and `succeeded(…)`: BIGINT;
            - `exceeded(…)`, `tainted(…)`, `named_by_user(…)`: TINYINT, 0 false, 1 unknown, 2 true;
            - `origin(…)`: VARCHAR, the empty text (like any word that is not of ORIGINS) for unknown;
            - facts, `record`, `result`: canonical JSON text, for a fact the text `null` where there is none.
            LOCAL may be here too, for many conditions on one zone's clock.
        args: the arguments in typed columns, where there are any; what they do not say is read from `root`.
    """

    root: Root
    whole: str
    given: Mapping[str, str] = field(default_factory=dict)
    args: Cell | None = None
