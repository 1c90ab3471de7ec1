"""Writes events to `FOLDER/events/dt=YYYY-MM-DD/part-<digest>.parquet`, each event once.

A part is written beside its place, flushed to the disk and renamed, and named by the SHA-256 of its bytes:
what is there is whole. Events that the store already has are not written again, so importing the same log
twice, or a log that grew, changes nothing or adds what is new.

Leaves out: the journal of live writers (`audit_log`), sealing (`sealing`), which files count (`snapshot`), reading
(`read`).
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pyarrow as pa
import pyarrow.parquet as pq

from govern.audit import schema, snapshot
from govern.audit.sealed import BLOOM, BLOOM_FPP, ROW_GROUP, flush_folder
from govern.errors import EnvironmentFailed
from govern.events.model import Event, same

if TYPE_CHECKING:
    from govern.audit.read import Files

CHUNK_EVENTS: Final = 50_000
CHUNK_TEXT: Final = 64 * 1024 * 1024
"""A part holds at most so many events and about so many characters of text: what is held in memory."""
_SECOND: Final = 1_000_000_000


@dataclass(slots=True)
class Written:
    """What a write did. `conflicts` are ids that the store has with other content: those were not written."""

    events: int = 0
    present: int = 0
    conflicts: list[str] = field(default_factory=list)
    parts: list[Path] = field(default_factory=list)


def parts(folder: Path) -> list[Path]:
    """The Parquet files of a store that count, sorted; an empty list where there are none.

    The journal is not among them: `read.files` has it too, and keeps all of them where they are.

    Raises:
        EvidenceError: the log is damaged, or a file that it names is not there.
    """
    return list(snapshot.take(folder).files)


def write(events: Iterable[Event], folder: str | Path, *, durable: bool = True) -> Written:
    """Adds events to the store in `folder`, which is made where it does not exist.

    Args:
        events: in any order, each id once; consumed in chunks, so that memory stays bounded.
        folder: the store.
        durable: whether what is written must survive a loss of power; a temporary store need not.

    Raises:
        EnvironmentFailed: the folder cannot be written.
        EvidenceError: an existing part is unreadable, or an event cannot be stored.
    """
    root = Path(folder)
    done = Written()
    before = _present(root)
    try:
        (root / "events").mkdir(parents=True, exist_ok=True)
        for chunk in _chunks(events):
            fresh = chunk if before is None else _without_present(chunk, before, done)
            for day, of_day in _by_day(fresh).items():
                done.parts.append(_write_part(of_day, root / "events" / f"dt={day}", durable))
                done.events += len(of_day)
    except OSError as error:
        raise EnvironmentFailed(
            f"cannot write the store: {(error.strerror or str(error)).lower()}",
            where=str(error.filename or root),
        ) from None
    return done


def _chunks(events: Iterable[Event]) -> Iterator[list[Event]]:
    chunk: list[Event] = []
    text = 0
    for event in events:
        chunk.append(event)
        text += len(event.content or "") + len(event.args or "")
        if len(chunk) >= CHUNK_EVENTS or text >= CHUNK_TEXT:
            yield chunk
            chunk, text = [], 0
    if chunk:
        yield chunk


def _present(root: Path) -> Files | None:
    """What the store has before; None where it has nothing."""
    found = snapshot.take(root)
    if not found.files and not found.journal:
        return None
    from govern.audit import read  # imports duckdb, which a first import does not need

    made = read.files_of(found)
    return made if made.paths else None


def _without_present(chunk: list[Event], before: Files, done: Written) -> list[Event]:
    """The events of the chunk that the store does not have; the others are counted in `done`."""
    from govern.audit import read

    stored = {event.event_id: event for event in read.with_ids(before.paths, [event.event_id for event in chunk])}
    fresh: list[Event] = []
    for event in chunk:
        if (old := stored.get(event.event_id)) is None:
            fresh.append(event)
        elif same(old, event):
            done.present += 1
        else:
            done.conflicts.append(event.event_id)
    return fresh


def day_of(ts_ns: int | None) -> str:
    """The UTC day of a time in nanoseconds since 1970, or `unknown` where none is known or none exists."""
    if ts_ns is None:
        return "unknown"
    try:
        return datetime.fromtimestamp(ts_ns // _SECOND, UTC).date().isoformat()
    except (OverflowError, ValueError, OSError):  # int64 nanoseconds stay within 1677 to 2262; others do not
        return "unknown"


def _by_day(events: list[Event]) -> dict[str, list[Event]]:
    days: dict[str, list[Event]] = {}
    numbers: dict[int | None, str] = {}
    for event in events:
        number = None if event.ts_ns is None else event.ts_ns // (86_400 * _SECOND)
        if (day := numbers.get(number)) is None:
            day = numbers[number] = day_of(event.ts_ns)
        days.setdefault(day, []).append(event)
    return dict(sorted(days.items()))


def order(event: Event) -> tuple[str, bool, int, int, str]:
    """The total order: trace, time (none known comes last), the writer's own sequence."""
    return (event.trace_id, event.ts_ns is None, event.ts_ns or 0, event.wseq, event.writer_id)


def _write_part(events: list[Event], folder: Path, durable: bool) -> Path:
    table = schema.table(sorted(events, key=order))
    folder.mkdir(parents=True, exist_ok=True)
    sink = pa.BufferOutputStream()
    bloom = {"ndv": min(len(events), ROW_GROUP), "fpp": BLOOM_FPP}
    pq.write_table(
        table,
        sink,
        compression="zstd",
        compression_level=3,
        row_group_size=ROW_GROUP,
        use_dictionary=list(schema.DICTIONARY),
        bloom_filter_options={name: bloom for name in BLOOM if table.column(name).null_count < len(events)},
        sorting_columns=[pq.SortingColumn(schema.SCHEMA.get_field_index("trace_id"))],
        write_page_checksum=True,
    )
    data = sink.getvalue()
    path = folder / f"part-{hashlib.sha256(data).hexdigest()[:32]}.parquet"
    beside = folder / f".{path.name}.{os.getpid()}.tmp"
    try:
        with beside.open("xb") as file:
            file.write(data)
            file.flush()
            if durable:
                os.fsync(file.fileno())
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
    if durable:
        flush_folder(folder)
    return path
