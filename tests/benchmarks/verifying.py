"""Verifying a store, beside decoding and hashing the same bytes and nothing else."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from govern.audit import store_log, verify_sql
from govern.audit.audit_log import AuditLog
from govern.audit.sealing import seal
from govern.audit.store import parts
from govern.audit.verify import verify
from govern.signing import keys

from .table import DisagreementError, Line, Size, rate_line, side_by_side

LEAST = 0.7e6  # events a second
MOST = 500_000
BATCH = 1_000


def lines(size: Size) -> list[Line]:
    """All cores, as a person runs it: leaves, columns, roots, chains, checkpoints; then again in SQL alone."""
    rows = min(size.rows, MOST)
    with tempfile.TemporaryDirectory() as folder:
        key = keys.of_seed(b"\x01" * 32)
        checkpoint = build(Path(folder), key, rows)
        files = [str(path) for path in parts(Path(folder))]
        width = _width(files)

        def ours() -> None:
            found = verify(folder, keys=[key.public], since=[checkpoint])
            if (str(found.status), found.events) != ("ok", rows):
                raise DisagreementError(f"verify: {found.status}, {found.events:,} of {rows:,} events")

        def sql() -> None:
            found = verify_sql.verify(folder)
            if found.findings or found.events != rows:
                raise DisagreementError(f"verify in SQL: {found.events:,} of {rows:,} events, {found.findings[:1]}")

        def bare() -> None:
            if decoded_and_hashed(files) != rows:
                raise DisagreementError("decode and hash: other rows")

        mine, again, hand = side_by_side(size.rounds, ours, sql, bare)
    return [
        rate_line(f"verify, {rows:,} events, beside decode and hash", rows, mine, hand, size=width, least=LEAST),
        rate_line("verify a second time, in SQL alone", rows, again, hand, size=width),
    ]


def build(folder: Path, key: keys.PrivateKey, rows: int) -> str:
    """A sealed store of so many events by one writer, and its newest checkpoint."""
    store_log.init(folder, key)
    with AuditLog(folder, "desk", key) as log:
        for start in range(0, rows, BATCH):
            log.append_all([_event(number) for number in range(start, min(start + BATCH, rows))], durable=False)
    return seal(folder, key).checkpoint


def _event(number: int) -> dict[str, object]:
    return {
        "type": ("prompt", "response", "tool_call", "policy_check", "tool_start", "tool_result")[number % 6],
        "trace_id": f"{number // 24:032x}", "session_id": f"session-{number // 96}", "agent": "code-review",
        "tool": ("get_pull_request", "merge_pull_request", "post_comment")[number // 6 % 3],
        "call_id": f"call-{number // 6}", "policy_digest": "sha256:" + "9b2e" * 16, "verdict": "allow",
        "reasons": ["read-only"], "args": f'{{"base":"main","number":{number},"title":"Fix the build"}}',
        "content": f"The text of step {number}, with \"quotes\" and\na second line." if number % 2 else None,
    }  # fmt: skip


BARE = """
import hashlib, sys
import pyarrow as pa
import pyarrow.parquet as pq
rows = 0
for path in sys.argv[1:]:
    for batch in pq.ParquetFile(path).iter_batches(16_384, columns=["canon"], use_threads=False):
        for text in batch.column(0).cast(pa.binary()).to_pylist():
            hashlib.sha256(b"\\x00" + text).digest()
            rows += 1
print(rows)
"""


def decoded_and_hashed(files: list[str]) -> int:
    """What no verification can go below: a process a core that reads the bytes that are hashed, and hashes them."""
    cores = len(os.sched_getaffinity(0))
    started = [
        subprocess.Popen([sys.executable, "-c", BARE, *files[core::cores]], stdout=subprocess.PIPE, text=True)
        for core in range(cores)
    ]
    return sum(int(each.communicate()[0]) for each in started)


def _width(files: list[str]) -> float:
    """Bytes of an event's canonical text, on average."""
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    return float(pc.mean(pc.binary_length(pq.read_table(files[0], columns=["canon"]).column(0))).as_py())
