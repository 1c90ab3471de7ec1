"""Events as Arrow columns and back, value for value.

Leaves out: files and folders (`store`, `read`). Text stays text: never a VARIANT or a JSON type, which would
lose key order and large integers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from operator import attrgetter
from typing import Any, Final

import pyarrow as pa

from govern.errors import EvidenceError
from govern.events.model import (
    COLUMNS,
    INTEGERS,
    TEXT_LISTS,
    ActorKind,
    Event,
    EventType,
    Fidelity,
    Mode,
    event,
)

REQUIRED: Final = ("event_id", "trace_id", "type", "writer_id", "wseq")
DICTIONARY: Final = (
    "trace_id", "type", "writer_id", "session_id", "agent", "agent_version", "policy_digest",
    "deployment_digest", "actor_kind", "actor", "role", "tool", "tier", "verdict", "decision", "status",
    "mode", "source_format", "fidelity",
)  # fmt: skip
"""Columns with few distinct values in a file; verbatim text and ids would only fill a dictionary."""


def _type(column: str) -> pa.DataType:
    if column in TEXT_LISTS:
        return pa.list_(pa.string())
    return pa.int64() if column in INTEGERS else pa.string()


SCHEMA: Final = pa.schema([pa.field(name, _type(name), nullable=name not in REQUIRED) for name in COLUMNS])

_ENUMS: Final[dict[str, Callable[[str], Any]]] = {
    "type": EventType,
    "actor_kind": ActorKind,
    "mode": Mode,
    "fidelity": Fidelity,
}


def table(events: Sequence[Event]) -> pa.Table:
    """The events as one Arrow table, in the given order.

    Raises:
        EvidenceError: a value that no column can hold, such as a lone surrogate in a text.
    """
    try:
        arrays = [_array(list(map(attrgetter(field.name), events)), field) for field in SCHEMA]
    except (pa.ArrowException, UnicodeEncodeError, OverflowError) as error:
        raise EvidenceError(f"an event does not fit the store: {error}") from None
    return pa.Table.from_arrays(arrays, schema=SCHEMA)


def _array(values: list[Any], field: pa.Field) -> pa.Array:
    first = values[0] if values else None
    # Most columns of most logs are empty: counting equal values is a C loop, converting them is not.
    if first is None and values.count(None) == len(values):
        return pa.nulls(len(values), field.type)
    return pa.array(values, field.type)


def events(batch: pa.RecordBatch | pa.Table) -> Iterator[Event]:
    """The events of an Arrow batch that has the columns of `SCHEMA`, in its order.

    Raises:
        EvidenceError: a value that an event cannot have.
    """
    columns: list[list[Any]] = []
    for name in COLUMNS:
        values = batch.column(name).to_pylist()
        try:
            columns.append(_restored(name, values))
        except ValueError as error:
            raise EvidenceError(f"column `{name}`: {error}") from None
        if name in REQUIRED and None in values:
            raise EvidenceError(f"column `{name}` has an empty value")
    for row in zip(*columns, strict=True):
        yield event(**dict(zip(COLUMNS, row, strict=True)))


def _restored(name: str, values: list[Any]) -> list[Any]:
    if name in TEXT_LISTS:
        return [tuple(value) if value else () for value in values]
    if (kind := _ENUMS.get(name)) is not None:
        known = {value: kind(value) for value in set(values) if value is not None}
        return [known.get(value) for value in values]
    return values
