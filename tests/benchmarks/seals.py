"""Sealing: a journal and imported parts become sealed files, beside writing the very same rows with pyarrow.

By hand has the rows as columns in memory already and proves nothing: it decodes no line, follows no chain, hashes no
event. What was sealed is counted by reading it.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import pyarrow.parquet as pq

from govern.audit import read, schema, sealing, store, store_log
from govern.audit.audit_log import AuditLog
from govern.events.model import Event
from govern.signing import keys
from govern.signing.keys import PrivateKey

from .table import DisagreementError, Line, Size, rate_line, side_by_side

MOST = 200_000
EVENT = {"agent": "desk", "tool": "refund", "content": "The customer asked for a refund of order 4711."}
ARGS = {"amount": 120, "c": "EUR", "to": "user01@corp.com"}
ARGS_BYTES = 47


def lines(size: Size) -> list[Line]:
    """A journal of one writer in closed segments; the same events as imported parts."""
    rows = min(size.rows, MOST)
    key = keys.of_seed(b"\x02" * 32)
    with tempfile.TemporaryDirectory() as folder:
        live, plain = Path(folder, "live"), Path(folder, "plain")
        store_log.init(live, key)
        with AuditLog(live, "bench", key) as log:
            for number in range(rows):
                log.append("tool_call", trace_id=f"trace-{number // 20}", args=ARGS, durable=False, **EVENT)
        events = list(read.read_events(live))
        store_log.init(plain, key)
        store.write(events, plain, durable=False)
        return [
            _line("seal, journal", live, key, events, size.rounds),
            _line("seal, imported parts", plain, key, events, size.rounds),
        ]


def _line(what: str, made: Path, key: PrivateKey, events: list[Event], rounds: int) -> Line:
    table = schema.table(events)
    copies = [made.with_name(f"{made.name}-{number}") for number in range(rounds)]
    for copy in copies:  # a store is sealed once
        shutil.copytree(made, copy)
    waiting = iter(copies)

    def ours() -> None:
        done = sealing.seal(next(waiting), key)
        if (done.events, done.problems) != (len(events), []):
            raise DisagreementError(f"{what}: {done.events:,} of {len(events):,} events, {done.problems[:1]}")

    def by_hand() -> None:
        pq.write_table(table, made.with_suffix(".parquet"), compression="zstd", compression_level=3)

    mine, hand = side_by_side(rounds, ours, by_hand)
    found = sum(1 for _ in read.read_events(copies[0]))
    if found != len(events):
        raise DisagreementError(f"{what}: {found:,} of {len(events):,} events are read")
    return rate_line(what, len(events), mine, hand, size=ARGS_BYTES)
