"""One journal segment, judged by itself: its chain followed again, every event in its canonical form.

A torn end is no finding here: a writer died there, or is writing it now. Whether that may be is for `sequence` to say,
which knows if the writer ended. Leaves out how segments follow each other (`sequence`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from govern.audit import canon, journal
from govern.audit.verifying.contract import Finding, Kind
from govern.audit.verifying.values import Promises, Table, settle
from govern.errors import EvidenceError

LARGEST: Final = 2**30
"""A segment is rolled at 64 MiB; what is far larger is no journal, and is not read."""


@dataclass(frozen=True, slots=True)
class SegmentJob:
    """A segment to judge.

    Args:
        root: the store's folder.
        path: of the segment below it.
        first: its name, as a number.
        values: the side tables that go with it.
        marks: numbers of events before which records of the log begin: the chain there is kept.
    """

    root: str
    path: str
    first: int
    values: tuple[Table, ...] = ()
    marks: tuple[int, ...] = ()


@dataclass(slots=True)
class Judged:
    """What one segment turned out to be.

    Args:
        store: the id in its header, None where it has none.
        head: the chain that it goes on from, hex; empty where it has no header.
        chain: after its last event, hex.
        events: whose chain holds.
        torn: bytes after the last whole line.
        chains: the chain before each event that was asked for, hex.
        ids: line and id of each event.
    """

    job: SegmentJob
    store: str | None = None
    head: str = ""
    chain: str = ""
    events: int = 0
    torn: int = 0
    chains: dict[int, str] = field(default_factory=dict)
    ids: list[tuple[int, str]] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    promises: Promises = field(default_factory=Promises)

    @property
    def next(self) -> int:
        return self.job.first + self.events


def judge(job: SegmentJob) -> Judged:
    """Judges one segment.

    Raises:
        OSError, EnvironmentFailed: it cannot be read.
    """
    done = Judged(job)
    path = Path(job.root, job.path)
    if path.is_symlink() or (size := path.stat().st_size) > LARGEST:
        what = "is a link" if path.is_symlink() else f"has {size:,} bytes"
        done.findings.append(Finding(Kind.DAMAGED, job.path, f"no segment of a journal: it {what}"))
        return done
    try:
        segment = journal.read_segment(path)
    except EvidenceError as error:
        done.findings.append(Finding(Kind.DAMAGED, job.path, error.message, 1))
        return done
    done.store, done.head, done.torn = segment.header.store, segment.header.head, len(segment.torn)
    done.events, done.chain = len(segment.rows), segment.chain.hex()
    for mark in job.marks:
        if segment.first <= mark <= segment.next:
            place = mark - segment.first
            done.chains[mark] = segment.rows[place - 1][1].hex() if place else done.head
    for number, (text, _) in enumerate(segment.rows):
        _event(job, number, text, segment.header.writer, done)
    if segment.problem is not None:
        words = segment.problem.split(": ", 1)[-1]
        done.findings.append(Finding(Kind.EDITED, job.path, words, segment.problem_line))
    settle(job.root, job.values, done.promises)
    return done


def _event(job: SegmentJob, number: int, text: bytes, writer: str, done: Judged) -> None:
    line, expected = number + 2, job.first + number  # the header is line 1
    try:
        event = canon.event(text)
    except EvidenceError as error:
        done.findings.append(Finding(Kind.DAMAGED, job.path, error.message, line))
        return
    if event.writer_id != writer or event.wseq != expected:
        words = f"event {event.wseq:,} of `{event.writer_id}` stands where number {expected:,} should"
        done.findings.append(Finding(Kind.REORDERED, job.path, words, line, event.event_id))
    done.ids.append((line, event.event_id))
    done.promises.note_event(event)
