"""Verifying a store: runs the steps of `verifying` over a folder, file by file on all cores.

    verify("audit", keys=[key], since=[checkpoint])

Everything is computed again from the bytes of `canon`. Nothing is written, no network is used; while it runs nobody
deletes from the store (a shared lock), and events that come meanwhile are not judged.

Leaves out the second, independent verification (`verify_sql`) and how the answer is shown.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Final

from govern.audit import checkpoint, snapshot, writers
from govern.audit.verifying import (
    anchors,
    book,
    doubled,
    files,
    inventory,
    journal,
    redactions,
    retention,
    sequence,
    statements,
    trust,
    values,
)
from govern.audit.verifying.book import Book
from govern.audit.verifying.contract import Finding, Kind, Verified
from govern.audit.verifying.inventory import Inventory
from govern.audit.verifying.steps import Outcome
from govern.errors import EnvironmentFailed, EvidenceError
from govern.signing.keys import PublicKey

Progress = Callable[[int, int], None]
"""Is told how many events were judged, of how many."""

_WORTH: Final = 300_000
"""Events from which on further processes are worth their start (about half a second each)."""
_FOLDERS: Final = ("log", "events", "journal", "writers", "values")


def verify(
    folder: str | Path,
    *,
    keys: Sequence[PublicKey] = (),
    since: Sequence[str] = (),
    names: Sequence[str] = (),
    progress: Progress | None = None,
    processes: int | None = None,
) -> Verified:
    """Judges a whole store.

    Args:
        folder: the store.
        keys: keys that signed for its log at some time and that somebody outside vouches for; without any, the key
            that the store itself names is taken, and whoever wrote the store again could have put another there.
        since: signed notes of checkpoints that were held elsewhere.
        names: what errors and findings call each of `since`, such as its path; without one, its number.
        progress: is told how far it is.
        processes: how many; None for one a core where there is much to do. They are started anew, so a program that
            calls this with more than one guards its main module by `if __name__ == "__main__"`.

    Raises:
        EvidenceError: there is no store, or a text in `since` is no checkpoint.
        EnvironmentFailed: the store cannot be read, or the machine has not enough memory.
    """
    root = Path(folder)
    if not root.is_dir() or not any((root / name).is_dir() for name in _FOLDERS):
        raise EvidenceError("there is no audit store", where=str(folder))
    called = [*names, *(f"checkpoint {number}" for number in range(len(names) + 1, len(since) + 1))]
    outside = [checkpoint.read(text, name) for text, name in zip(since, called, strict=True)]
    try:
        hold = snapshot.held(root) if (root / "log").is_dir() else None
        try:
            found = book.read(root)
            return _verify(root, found, keys, outside, progress, processes)
        finally:
            if hold is not None:
                hold.release()
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise EnvironmentFailed(f"the store cannot be read: {reason}", where=str(error.filename or root)) from None


def _verify(
    root: Path,
    found: Book,
    keys: Sequence[PublicKey],
    outside: Sequence[checkpoint.Signed],
    progress: Progress | None,
    processes: int | None,
) -> Verified:
    trusted = trust.follow(found, keys)
    kept = retention.read(found)
    # Statements before segments: a writer that ends meanwhile wrote its last event before it said so.
    said = statements.gather(root, found, trusted)
    there = inventory.take(root, found, kept, {name: each.closed for name, each in said.writers.items()})
    for writer in [name for name in there.segments if name not in said.writers]:
        if writers.start_path(root, writer).is_file():  # it began meanwhile: its start was there before its journal
            del there.segments[writer]
    judged, segments = _judge(there, progress, processes)
    by_writer: dict[str, list[journal.Judged]] = {writer: [] for writer in there.segments}
    for segment in segments:
        by_writer[segment.job.path.split("/")[1]].append(segment)
    joined = sequence.join(found, said.writers, by_writer, trusted.store)
    promises = [*(each.promises for each in judged), *(each.promises for each in segments)]
    redacted = redactions.read(_redactions(there, judged, segments), trusted)
    return Outcome(
        root=root, book=found, trust=trusted, kept=kept, statements=said, inventory=_still_extra(root, found, there),
        files=judged, segments=segments, joined=joined,
        doubled=doubled.find(root, there, judged, segments), redacted=redacted,
        values=_values(root, there, promises, redacted), compared=anchors.compare(outside, found, trusted, keys),
        outside=len(outside), given=keys,
    ).verified()  # fmt: skip


def _judge(
    there: Inventory, progress: Progress | None, processes: int | None
) -> tuple[list[files.Judged], list[journal.Judged]]:
    segments = [job for jobs in there.segments.values() for job in jobs]
    total = sum(max(job.rows, 0) for job in there.files)
    tell = progress or (lambda done, of: None)
    tell(0, total)
    judged: list[files.Judged] = []
    done = 0
    workers = min(processes or len(os.sched_getaffinity(0)), len(there.files) + len(segments))
    size = sum(Path(job.root, job.path).stat().st_size for job in segments)
    with _mapper(workers if total + size // 1000 >= _WORTH else 1) as run:
        for each in run(files.judge, there.files):
            judged.append(each)
            done += each.hashed
            tell(done, total)
        lines = list(run(journal.judge, segments))
    return judged, lines


@contextmanager
def _mapper(workers: int) -> Iterator[Callable[..., Iterator[Any]]]:
    """What runs jobs in their order: here, or in processes of their own."""
    if workers <= 1:
        yield map
        return
    # Not forked: Arrow has threads, and a forked child would inherit their locks.
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        try:
            yield pool.map
        except BrokenProcessPool:
            hint = "less memory is needed with fewer at once"
            raise EnvironmentFailed("a process that verified was killed, maybe for its memory", hint=hint) from None


def _redactions(
    there: Inventory, judged: Sequence[files.Judged], segments: Sequence[journal.Judged]
) -> Iterator[tuple[str, int | None, str, str]]:
    for job, each in zip(there.files, judged, strict=True):
        index = min((recorded.index for recorded in job.recorded), default=None)
        yield from ((each.path, index, event_id, content) for event_id, content in each.promises.redactions)
    for segment in segments:
        yield from ((segment.job.path, None, event_id, content) for event_id, content in segment.promises.redactions)


def _values(
    root: Path, there: Inventory, promises: Sequence[values.Promises], redacted: redactions.Redacted
) -> list[Finding]:
    found = [finding for each in promises for finding in each.findings]
    for table in there.tables:
        matched = set[int]().union(*(each.matched.get(table.path, ()) for each in promises))
        found += values.strays(str(root), table, matched)
    for event_id, commitment in values.unredacted(promises, redacted.commitments):
        what = f"value {commitment[:40]}… is not there, and no redaction names it"
        found.append(Finding(Kind.MISSING, "values", what, None, event_id))
    erased = redacted.commitments.intersection(set[str]().union(*(each.opened for each in promises)))
    for commitment in sorted(erased):
        found.append(Finding(Kind.UNERASED, "values", f"value {commitment[:40]}… was redacted, and is still there"))
    return found


def _still_extra(root: Path, before: Book, there: Inventory) -> Inventory:
    """The inventory without files that somebody sealed while it was taken."""
    if not before.exists or not any(found.kind is Kind.EXTRA for found in there.findings):
        return there
    now = book.read(root)
    if now.size > before.size:
        fresh = {getattr(record, "path", None) for index, record in now.entries.items() if index >= before.size}
        there.findings = [found for found in there.findings if found.file not in fresh]
    return there
