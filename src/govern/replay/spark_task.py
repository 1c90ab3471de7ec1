"""What a Spark worker does: judges whole sessions by the same SQL as on one machine (`bulk`), and hands back what it
found. Leaves out Spark itself (`spark`), which is not imported here."""

from __future__ import annotations

import pickle
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import pyarrow as pa

from govern.audit.read import connect
from govern.conditions.sql import text_literal
from govern.events.model import COLUMNS, INTEGERS, TEXT_LISTS
from govern.policy.document import from_text
from govern.replay import bulk
from govern.replay.groups import Policies, Recorded, Replayed
from govern.replay.told import SessionFacts

READ: Final = (
    "event_id", "trace_id", "type", "writer_id", "wseq", "span_id", "session_id", "ts_ns", "agent", "actor_kind",
    "actor", "policy_digest", "tool", "call_id", "verdict", "decision", "args", "args_error",
    "content", "status", "error", "mode", "source_format", "fidelity",
)  # fmt: skip
"""The columns that a replay reads. Lists of texts are not among them: Spark takes five times as long with one."""
FOUND: Final = "found binary"


@dataclass(frozen=True, slots=True)
class Order:
    """What a worker is told.

    Args:
        policies: documents, by agent or digest.
        recorded: whether by digest: calls are judged as they say themselves.
        zone: the deployment's time zone.
        agent, session_facts: as of `bulk.replay`.
        memory_limit: of the worker's database.
    """

    policies: tuple[tuple[str, str], ...]
    recorded: bool
    zone: str | None
    agent: str | None
    session_facts: SessionFacts | None
    memory_limit: str


def judge(order: Order, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Judges the events of a partition: whole sessions, and all that one limit counts.

    Args:
        batches: with the columns of `READ`.

    Yields:
        One row, or none where there are no events: what was found and the counts, to be read by `opened`.
    """
    first = next(batches, None)
    if first is None:
        return
    reader = pa.RecordBatchReader.from_batches(first.schema, _all(first, batches))
    with closing(connect(memory_limit=order.memory_limit, threads=1)) as con:  # Spark has a task for every core
        con.register("gv_partition", reader)
        con.execute("CREATE TABLE gv_read AS SELECT * FROM gv_partition")  # a reader is read once
        con.unregister("gv_partition")
        con.execute(f"CREATE VIEW events AS SELECT {', '.join(map(column, COLUMNS))} FROM gv_read")
        found = bulk.replay(con, _policies(order), agent=order.agent, session_facts=order.session_facts)
        counts = bulk.counts(con)
    yield pa.record_batch([pa.array([pickle.dumps((found, counts))], pa.binary())], ["found"])


def opened(found: bytes) -> tuple[Replayed, Mapping[str, int]]:
    """What a worker handed back."""
    made: tuple[Replayed, Mapping[str, int]] = pickle.loads(found)  # noqa: S301 - our own workers wrote it
    return made


def _all(first: pa.RecordBatch, rest: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    yield first
    yield from rest


def column(name: str) -> str:
    """A column of events as a worker has it."""
    if name in READ:
        return name
    # Whatever reads another column fails, instead of finding nothing there.
    kind = "VARCHAR[]" if name in TEXT_LISTS else "BIGINT" if name in INTEGERS else "VARCHAR"
    return f"CAST(error({text_literal(f'column {name} was not sent to the worker')}) AS {kind}) AS {name}"


def _policies(order: Order) -> Policies:
    return _made(order.policies, order.recorded, order.zone)


@lru_cache(maxsize=4)
def _made(documents: tuple[tuple[str, str], ...], recorded: bool, zone: str | None) -> Policies:
    """A worker judges several partitions: policies are compiled once."""
    return (Recorded if recorded else Policies)({name: from_text(text) for name, text in documents}, zone)
