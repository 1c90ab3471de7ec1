"""What it takes to append to the journal: with and without a flush to the disk, alone and with 64 at once.

By hand is what the disk asks of everybody: the same number of bytes written, and flushed where ours are; of 64 at once,
one such write and flush, which no append that waits for the disk can be quicker than. What was appended is counted in
the segments afterwards, chains and all.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

from govern.audit import journal, store_log
from govern.audit.audit_log import AuditLog
from govern.signing import keys

from .table import Line, Size, agree, side_by_side

EVENT = {"agent": "desk", "call_id": "call-1", "tool": "refund", "trace_id": "trace-1"}
ARGS = {"amount": 120, "c": "EUR", "to": "user01@corp.com"}
ARGS_BYTES = 47
WRITERS = 64
MOST_NO_FLUSH_S = 30e-6
MOST_GROUP_S = 2e-3


def lines(size: Size) -> list[Line]:
    """Appends that are not flushed, flushed ones of one thread, and of many threads that share their flushes."""
    key = keys.new()
    with tempfile.TemporaryDirectory() as folder:
        store = Path(folder) / "store"
        store_log.init(store, key)
        with AuditLog(store, "bench", key) as log, (Path(folder) / "raw").open("ab", buffering=0) as raw:
            line = _line(store, log)
            counts = _Counts(1)
            rounds = max(size.rounds, 3)
            many, few = size.calls, max(size.calls // 50, 4)

            def ours(count: int, durable: bool) -> Callable[[], None]:
                def work() -> None:
                    for _ in range(count):
                        log.append("tool_call", args=ARGS, durable=durable, **EVENT)
                    counts.events += count

                return work

            def by_hand(count: int, durable: bool) -> Callable[[], None]:
                def work() -> None:
                    for _ in range(count):
                        raw.write(line)
                        if durable:
                            os.fsync(raw.fileno())

                return work

            free, free_hand = side_by_side(rounds, ours(many, False), by_hand(many, False))
            alone, alone_hand = side_by_side(rounds, ours(few, True), by_hand(few, True))
            waited: list[float] = []
            at_once = max(size.calls // 200, 2)

            def together() -> None:
                waited.append(_together(log, at_once))
                counts.events += WRITERS * at_once

            _, flush_hand = side_by_side(rounds, together, by_hand(few, True))
            events = log.events
        found = sum(
            len(journal.read_segment(path).rows) for paths in journal.segments(store).values() for path in paths
        )
    agree("append", {"appended": {"events": counts.events}, "numbered": {"events": events}, "read": {"events": found}})
    group = statistics.median(waited)
    return [
        _each("append, not flushed", free / many, free_hand / many, MOST_NO_FLUSH_S),
        _each("append, flushed, one thread", alone / few, alone_hand / few, None),
        _each(f"append, flushed, {WRITERS} threads: mean wait", group, flush_hand / few, MOST_GROUP_S),
    ]


class _Counts:
    """Events that were appended."""

    def __init__(self, events: int) -> None:
        self.events = events


def _line(store: Path, log: AuditLog) -> bytes:
    """A line of the journal, with its chain: what by hand writes."""
    log.append("tool_call", args=ARGS, **EVENT)
    (path,) = journal.segments(store)[log.writer_id]
    return path.read_bytes().splitlines(keepends=True)[-1]


def _together(log: AuditLog, each: int) -> float:
    """The mean time that one of many threads waits for its append, in seconds."""
    waits: list[float] = []
    start = threading.Barrier(WRITERS)

    def work() -> None:
        start.wait()
        began = time.perf_counter()
        for _ in range(each):
            log.append("tool_call", args=ARGS, **EVENT)
        waits.append((time.perf_counter() - began) / each)

    threads = [threading.Thread(target=work) for _ in range(WRITERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return statistics.mean(waits)


def _each(what: str, ours: float, hand: float, most: float | None) -> Line:
    target = "" if most is None else f"≤ {_time(most)}"
    met = None if most is None else ours <= most
    return Line(what, ARGS_BYTES, _time(ours), _time(hand), ours / hand, target, met)


def _time(seconds: float) -> str:
    return f"{seconds * 1e6:.1f} µs" if seconds < 1e-3 else f"{seconds * 1e3:.2f} ms"
