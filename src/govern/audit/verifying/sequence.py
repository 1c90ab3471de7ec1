"""Every writer's events joined from its first to its last: the files of the log, then the journal, then what it said.

A writer's chain starts with the digest of its signed start. Each file record must go on where the one before stopped,
each journal segment too, and a writer that ended said how many events it wrote: fewer is a cut tail.

Leaves out the rows (`files`, `journal`: a file's rows lead from its recorded head to the next) and signatures
(`trust`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from govern.audit import records
from govern.audit.verifying.book import Book
from govern.audit.verifying.contract import Finding, Kind
from govern.audit.verifying.journal import Judged
from govern.audit.verifying.statements import Statements


@dataclass(slots=True)
class Joined:
    """What became of all writers.

    Args:
        sequence: findings among the records.
        journal: findings among the segments that are not sealed.
        ends: findings against what writers said at their start and end.
        writers: how many there are.
        unsealed: events in the journal that no record covers.
        segments: of the journal, without those that were sealed already.
        notes: what a crash left, and is no fault.
    """

    sequence: list[Finding] = field(default_factory=list)
    journal: list[Finding] = field(default_factory=list)
    ends: list[Finding] = field(default_factory=list)
    writers: int = 0
    unsealed: int = 0
    segments: int = 0
    notes: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _At:
    """How far a writer's chain was followed: the next number, and the chain before it (hex; None where not known)."""

    writer: str
    next: int = 0
    chain: str | None = None
    previous: int | None = None


def join(
    book: Book, statements: Mapping[str, Statements], segments: Mapping[str, Sequence[Judged]], store: str | None
) -> Joined:
    """Follows every writer.

    Args:
        statements: what each writer signed, of the log and of the folder.
        segments: each writer's, in order.
        store: the id of the store; None where it is not known.
    """
    done = Joined()
    files: dict[str, list[tuple[int, records.File]]] = {}
    for index, record in book.of(records.File):
        if record.writer is not None:
            files.setdefault(record.writer, []).append((index, record))
    everyone = sorted({*files, *statements, *segments})
    done.writers = len(everyone)
    for writer in everyone:
        said = statements.get(writer, Statements(writer))
        at = _At(writer, chain=None if said.start is None else hashlib.sha256(said.start).hexdigest())
        sealed = files.get(writer, [])
        for index, record in sealed:
            _file(at, index, record, done)
        _segments(at, sealed, segments.get(writer, ()), said, store, done)
        _ends(at, said, done)
        if said.start is None:
            what = "it wrote events, and there is no start that it signed"
            done.ends.append(Finding(Kind.MISSING, f"writers/{writer}.start.json", what))
        elif said.previous is not None and said.previous not in everyone:
            what = f"`{writer}` says that `{said.previous}` wrote before it, and nothing of that writer is here"
            done.ends.append(Finding(Kind.MISSING, f"writers/{said.previous}.start.json", what))
    return done


def _file(at: _At, index: int, record: records.File, done: Joined) -> None:
    where = f"record {index:,}"
    if record.first is None or record.last is None:
        done.sequence.append(Finding(Kind.EDITED, record.path, f"{where} says no numbers of its events", index))
        return
    if record.first != at.next:
        kind = Kind.MISSING if record.first > at.next else Kind.EXTRA
        what = f"{where} begins with event {record.first:,} of `{at.writer}`, and {at.next:,} comes next"
        done.sequence.append(Finding(kind, record.path, what, index))
    elif at.chain is not None and record.before != at.chain:
        what = f"{where} does not go on from the chain that `{at.writer}` had before event {record.first:,}"
        done.sequence.append(Finding(Kind.EDITED, record.path, what, index))
    elif record.previous != at.previous:
        what = f"{where} names another record as the one before it of `{at.writer}`"
        done.sequence.append(Finding(Kind.EDITED, record.path, what, index))
    at.next, at.chain, at.previous = record.last + 1, record.after, index


def _segments(
    at: _At,
    sealed: Sequence[tuple[int, records.File]],
    segments: Sequence[Judged],
    said: Statements,
    store: str | None,
    done: Joined,
) -> None:
    recorded = [record for _, record in sealed]
    sealed_to = at.next
    for number, segment in enumerate(segments):
        done.journal += segment.findings
        path, first = segment.job.path, segment.job.first
        if store is not None and segment.store not in (None, store):
            done.journal.append(Finding(Kind.FOREIGN, path, f"it belongs to store `{str(segment.store)[:64]}`"))
        if first < sealed_to:
            _overlap(at, segment, recorded, sealed_to, done)
            if segment.next <= sealed_to:
                continue
        else:
            _follows(at, segment, done)
        done.segments += 1
        if segment.torn and (number < len(segments) - 1 or said.closed):
            what = f"its last line is torn ({segment.torn:,} bytes), and its writer went on after it"
            done.journal.append(Finding(Kind.CUT, path, what))
        elif segment.torn:
            what = f"{path} ends in a torn line of {segment.torn:,} bytes: its writer died there, or is writing it"
            done.notes.append(what)
        done.unsealed += segment.next - max(first, sealed_to)
        at.next, at.chain = segment.next, segment.chain or at.chain


def _overlap(at: _At, segment: Judged, recorded: Sequence[records.File], sealed_to: int, done: Joined) -> None:
    """A segment of which something is sealed must say the same as what was sealed."""
    path = segment.job.path
    for record in recorded:
        for number, chain in ((record.first, record.before), ((record.last or 0) + 1, record.after)):
            if number is not None and segment.chains.get(number, chain) != chain:
                what = f"before event {number:,} it has another chain than the file {record.path} that it was sealed to"
                done.journal.append(Finding(Kind.EDITED, path, what))
                return
    if segment.next < sealed_to and segment.head and not segment.findings:
        ends = {(record.last or 0) + 1 for record in recorded}
        if segment.next not in ends and not segment.torn:
            what = f"ends before event {segment.next:,}, and {sealed_to:,} were sealed out of it: its end was cut"
            done.journal.append(Finding(Kind.CUT, path, what))
            return
    if segment.next <= sealed_to:
        done.notes.append(f"{path} is sealed already; the next `govern audit seal` removes it")


def _follows(at: _At, segment: Judged, done: Joined) -> None:
    path, first = segment.job.path, segment.job.first
    if first != at.next:
        kind = Kind.MISSING if first > at.next else Kind.EXTRA
        what = f"begins with event {first:,} of `{at.writer}`, and {at.next:,} comes next"
        done.journal.append(Finding(kind, path, what))
    elif at.chain is not None and segment.head and segment.head != at.chain:
        what = f"does not go on from the chain that `{at.writer}` had before event {first:,}"
        done.journal.append(Finding(Kind.EDITED, path, what))


def _ends(at: _At, said: Statements, done: Joined) -> None:
    for where, end in said.ends:
        if at.next < end.events:
            what = f"`{at.writer}` wrote {end.events:,} events, and {at.next:,} are recorded: the end was cut"
            done.ends.append(Finding(Kind.CUT, where, what))
        elif at.next > end.events:
            what = f"`{at.writer}` wrote {end.events:,} events, and {at.next:,} are recorded"
            done.ends.append(Finding(Kind.EXTRA, where, what))
        elif at.chain is not None and end.chain != at.chain:
            what = f"`{at.writer}` ended with another chain than its events give"
            done.ends.append(Finding(Kind.EDITED, where, what))
