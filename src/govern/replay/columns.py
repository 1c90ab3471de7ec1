"""What a log tells of each call beside its arguments, as columns for the decision SQL: `told`, in bulk.

Limits, counts and taint are window functions (`windows`), origins a pass over what was said (`origins`). Facts are
worked out trace by trace, by the very code that judges one call; limits of which a key is a fact need all traces at
once. Leaves out the judging (`bulk`).
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from itertools import groupby
from pathlib import Path
from typing import Any, Final

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from govern.audit import read
from govern.conditions.inputs import history_key
from govern.conditions.sql import text_literal
from govern.events.canonical import parse, text_of
from govern.events.model import ActorKind, Event, EventType, Fidelity, Mode
from govern.policy.engine import Engine
from govern.policy.history import LIFECYCLE, History
from govern.replay.order import Order
from govern.replay.origins import origins
from govern.replay.told import SessionFacts, remembered
from govern.replay.windows import Columns, covers, history_columns

BATCH: Final = 16_384
_READ: Final = (
    "event_id", "trace_id", "type", "writer_id", "wseq", "span_id", "session_id", "ts_ns", "agent", "actor_kind",
    "tool", "verdict", "decision", "args", "args_error", "content", "status", "error", "mode", "fidelity",
)  # fmt: skip
_WORDS: Final = {"type": EventType, "actor_kind": ActorKind, "mode": Mode, "fidelity": Fidelity}


def told_columns(
    con: duckdb.DuckDBPyConnection,
    engine: Engine,
    agent: str | None,
    mine: str,
    session_facts: SessionFacts | None = None,
) -> list[Columns]:
    """What the log tells of the calls in the view `gv_mine`: tables to be joined with them.

    Args:
        con: a connection with the views `gv_events` and `gv_mine` (`bulk`).
        agent: whose calls `gv_mine` has.
        mine: the same as a SQL condition on events.
        session_facts: what the host asserted; None where nobody captured it.
    """
    history = engine.history
    said = frozenset(key for key in history.keys if key.startswith(("origin(", "named_by_user(")))
    covered = covers(history)
    found = [history_columns(con, history, agent) if covered else None]
    if said:
        found.append(_origins(con, engine, sorted(said), mine))
    if rest := sorted(history.keys - covered - said):
        found.append(_remembered(con, history, rest, agent, session_facts))
    return [each for each in found if each is not None]


def _origins(con: duckdb.DuckDBPyConnection, engine: Engine, keys: list[str], mine: str) -> Columns:
    told = origins(con, "gv_events", engine.policy, keys, mine=mine, fill=engine.filled)
    names = {key: f"gv_o{index}" for index, key in enumerate(told.schema.names[1:])}
    con.register("gv_origins", told.rename_columns(["event_id", *names.values()]))
    return Columns("gv_origins", names)


def _remembered(
    con: duckdb.DuckDBPyConnection,
    history: History,
    keys: list[str],
    agent: str | None,
    session_facts: SessionFacts | None,
) -> Columns:
    """What no window of rows says, worked out by the code that judges one call."""
    names = {key: f"gv_h{index}" for index, key in enumerate(keys)}
    schema = pa.schema([("event_id", pa.string()), *((names[key], _type(history, key)) for key in keys)])
    file = Path(tempfile.mkstemp(suffix=".parquet", dir=read.spill())[1])
    rows: list[tuple[Any, ...]] = []
    # Beside DuckDB's memory: a log may have more calls than fit into it.
    with pq.ParquetWriter(file, schema, compression="zstd") as writer:
        for event, found in _streamed(con, history, agent, session_facts):
            if found:
                rows.append((event.event_id, *(_cell(history, key, found) for key in keys)))
            if len(rows) >= BATCH:
                writer.write_table(_table(rows, schema))
                rows.clear()
        writer.write_table(_table(rows, schema))
    return Columns(f"read_parquet({text_literal(str(file))})", names)


def _table(rows: list[tuple[Any, ...]], schema: pa.Schema) -> pa.Table:
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(schema)
    arrays = [pa.array(column, kind) for column, kind in zip(columns, schema.types, strict=True)]
    return pa.table(arrays, schema=schema)


def _streamed(
    con: duckdb.DuckDBPyConnection, history: History, agent: str | None, session_facts: SessionFacts | None
) -> Iterator[tuple[Event, dict[str, Any]]]:
    """Calls with what the history says of them; trace by trace where that is all they need."""

    def mine(event: Event) -> bool:
        return event.agent == agent

    events = _events(con, history)
    if not _is_local(history):
        yield from remembered(Order(events), history, mine, session_facts)
        return
    for _, trace in groupby(events, key=lambda event: event.trace_id):
        yield from remembered(Order(trace), history, mine, session_facts)


def _events(con: duckdb.DuckDBPyConnection, history: History) -> Iterator[Event]:
    kinds = ", ".join(text_literal(kind.value) for kind in sorted(LIFECYCLE))
    where = f"type IN ({kinds})"
    if _is_local(history):
        asking = ", ".join(text_literal(tool) for tool in history.policy.tools if history.asked(tool))
        where += f" AND trace_id IN (SELECT trace_id FROM gv_mine WHERE tool IN ({asking}))"
    order = " ORDER BY trace_id" if _is_local(history) else ""
    reader = con.sql(f"SELECT {', '.join(_READ)} FROM gv_events WHERE {where}{order}")
    for batch in reader.to_arrow_reader(BATCH):
        for row in zip(*(column.to_pylist() for column in batch.columns), strict=True):
            yield Event(**{name: _word(name, value) for name, value in zip(_READ, row, strict=True)})


def _word(name: str, value: Any) -> Any:
    return _WORDS[name](value) if name in _WORDS and value is not None else value


def _is_local(history: History) -> bool:
    """Whether what windows leave out depends on a call's own trace alone."""
    left = history.keys - covers(history)
    return all(
        plan.limit.span == "trace" for plan in history.limits.plans if history_key("exceeded", plan.limit.id) in left
    )


def _type(history: History, key: str) -> pa.DataType:
    if key in history.policy.facts:
        return pa.string()
    return pa.int64() if key.startswith(("calls(", "succeeded(")) else pa.int8()


def _cell(history: History, key: str, found: Mapping[str, Any]) -> Any:
    if key not in found:
        return None
    value = found[key]
    if key in history.policy.facts:
        return text_of(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    return 1 if value is None else 2 if value else 0


def given_value(key: str, cell: Any) -> Any:
    """An input as `conditions.Inputs` has it, of a column's value that is not NULL."""
    match key.partition("(")[0]:
        case "exceeded" | "tainted" | "named_by_user":
            return None if cell == 1 else cell == 2
        case "origin":
            return cell or None
        case "at" | "calls" | "succeeded":
            return cell
        case _:
            return parse(cell)
