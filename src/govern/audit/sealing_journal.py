"""Which segments of the journal can be sealed, and what is wrong with those that cannot.

A segment is sealed when nothing is written to it any more: another one of its writer follows it, or the writer ended,
or its process is gone. What does not follow from the writer's signed start and from what is sealed already is left
where it stands, and said: sealing it would give damage the look of evidence.

Leaves out Parquet (`sealed`) and the log (`sealing`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from govern.audit import journal, log_keys, writers
from govern.audit.journal import Segment
from govern.audit.records import End, File, Key, Writer
from govern.audit.store_log import StoreLog
from govern.errors import AuthorError, EnvironmentFailed, EvidenceError
from govern.signing import dsse
from govern.signing.keys import PublicKey


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that was not sealed, and why.

    Args:
        where: the file, with its line where one is known.
        message: what is wrong.
    """

    where: str
    message: str

    @classmethod
    def of(cls, error: EvidenceError | EnvironmentFailed) -> Problem:
        return cls(error.where, error.message)


@dataclass(frozen=True, slots=True)
class Known:
    """What the log says of a writer.

    Args:
        started: whether its start is recorded.
        ended: whether its end is.
        next: the number of the next event that is not sealed.
        chain: after the last sealed one, hex; None where none is sealed.
        previous: the index of its last file's record; None where there is none.
        ends: the chain after the last event of each of its files, hex, by that event's number.
    """

    started: bool = False
    ended: bool = False
    next: int = 0
    chain: str | None = None
    previous: int | None = None
    ends: Mapping[int, str] = field(default_factory=dict)


class Found:
    """What is to be sealed of one writer: iterated once, it gives its segments in order, each with the number up to
    which its events are sealed already (-1 for none). The rest is known afterwards.

    Args:
        start: its signed start, where the log does not have it yet.
        end: the record of its end, without its time; None of one that lives, or is ended already.
        left: events that stay in its open segment.
        sealed: segments that are sealed already, and wait for their deletion.
        problems: why what follows is not sealed.
    """

    def __init__(self, root: Path, log: StoreLog, writer: str, said: Known) -> None:
        self._root, self._log, self._said = root, log, said
        self.writer = writer
        self.start: str | None = None
        self.end: dict[str, Any] | None = None
        self.left = 0
        self.sealed: list[Path] = []
        self.problems: list[Problem] = []
        self._envelope = b""
        self._paths: list[Path] = []
        self._last: Segment | None = None
        # Before its segments are listed: one that is gone now begins no other.
        self._ended = writers.end_path(root, writer).is_file()
        self._closed = self._ended or not writers.alive(root, writer)
        try:
            self._envelope = writers.start_path(root, writer).read_bytes()
            start = _start(root, log, writer, self._envelope, said)
            self.start = None if said.started else start
            self._paths = sorted((root / journal.FOLDER / writer).glob("*.jsonl"))
        except FileNotFoundError:
            where = str(writers.start_path(root, writer))
            self.problems.append(Problem(where, "a journal whose writer's signed start is not there"))
        except EvidenceError as error:
            self.problems.append(Problem.of(error))

    @property
    def events(self) -> int:
        """About how many events there are to seal: those of the last segment are not counted."""
        firsts = [int(path.stem) for path in self._paths if path.stem.isdecimal()]
        return max(firsts[-1] - max(firsts[0], self._said.next), 0) if firsts else 0

    def __iter__(self) -> Iterator[tuple[Segment, int]]:
        if self.problems:
            return
        try:
            yield from self._segments()
            if self._closed and not self._said.ended and not self.problems:
                last, self._last = self._last, None
                self.end = _end(self._root, self._log, self._said, self._envelope, self._ended, last, self.writer)
        except EvidenceError as error:
            self.problems.append(Problem.of(error))

    def _segments(self) -> Iterator[tuple[Segment, int]]:
        said = self._said
        chain = said.chain or journal.first_chain(self._envelope).hex()
        number = said.next
        for place, path in enumerate(self._paths):
            last = place == len(self._paths) - 1
            open_still = last and not self._closed
            segment = self._last = journal.read_segment(path)
            if segment.next <= said.next and not open_still and segment.problem is None:
                if segment.rows and said.ends.get(segment.next - 1) != segment.chain.hex():
                    self.problems.append(Problem(str(path), "it is sealed already, and the sealed events are others"))
                    return
                self.sealed.append(path)
                continue
            if problem := _problem(segment, self._log, number, chain, said, last):
                if not open_still:  # one that is written to now is looked at when it is whole
                    self.problems.append(Problem(str(path), problem))
                return
            if open_still:
                self.left = segment.next - number
                return
            number, chain = segment.next, segment.chain.hex()
            yield segment, said.next - 1


def known(log: StoreLog) -> dict[str, Known]:
    """What the log says of each writer."""
    found: dict[str, Known] = {}
    ends: dict[str, dict[int, str]] = {}
    for entry in log.entries:
        match entry.record:
            case Writer(writer=writer):
                found[writer] = replace(found.get(writer, Known()), started=True)
            case File(writer=str(writer), last=int(last), after=str(chain)):
                before = found.get(writer, Known())
                ends.setdefault(writer, {})[last] = chain
                found[writer] = replace(before, next=last + 1, chain=chain, previous=entry.index, ends=ends[writer])
            case End(writer=writer):
                found[writer] = replace(found.get(writer, Known()), ended=True)
            case _:
                pass
    return found


def look(root: Path, log: StoreLog) -> list[Found]:
    """What can be sealed of the journal, by writer.

    Raises:
        EnvironmentFailed: the store cannot be read.
    """
    said = known(log)
    segments = journal.segments(root)
    names = sorted({*writers.registered(root), *segments})
    # One that is ended and has no segments any more is done with.
    names = [name for name in names if name in segments or not said.get(name, Known()).ended]
    return [Found(root, log, writer, said.get(writer, Known())) for writer in names]


def _start(root: Path, log: StoreLog, writer: str, envelope: bytes, said: Known) -> str:
    """The signed start as the log keeps it."""
    where = str(writers.start_path(root, writer))
    keys: Sequence[PublicKey] = log.keys.admitted if log.keys is not None else ()
    if said.started:
        keys = (*log.keys.ever, *log.keys.writers) if log.keys is not None else ()
        recorded = next(
            entry.record.envelope
            for entry in log.entries
            if isinstance(entry.record, Writer) and entry.record.writer == writer
        )
        if recorded.encode() != envelope:
            raise EvidenceError("the writer's start is not the one that the log has", where=where)
        return recorded
    start = writers.read_start(envelope, keys, where)
    if (start.store, start.writer) != (log.store.id, writer):
        raise EvidenceError(f"the start of writer `{start.writer}` of store `{start.store}`", where=where)
    return envelope.decode()


def _problem(segment: Segment, log: StoreLog, number: int, chain: str, said: Known, may_be_torn: bool) -> str | None:
    """Why a segment cannot be sealed."""
    if segment.problem is not None:
        return segment.problem
    if segment.header.store != log.store.id:
        return f"a segment of store `{segment.header.store}`"
    overlaps = segment.first < said.next
    if not overlaps and segment.first != number:
        return f"begins with event {segment.first:,}, and {number:,} would follow: a segment is gone"
    head = _chain_at(segment, number) if overlaps else segment.header.head
    if head != chain:
        return "its chain does not follow what is sealed" if number else "its chain does not begin at the signed start"
    if segment.torn and not may_be_torn:
        return f"{len(segment.torn):,} bytes of a torn line, and its writer wrote on"
    return None


def _chain_at(segment: Segment, number: int) -> str:
    """The chain before an event of a segment, hex."""
    at = number - segment.first
    return (segment.rows[at - 1][1] if at else segment.head).hex()


def _signers(log: StoreLog, envelope: bytes, where: str) -> list[PublicKey]:
    """Who signed a writer's start may sign its end, also after the key was retired; nobody else."""
    added = (entry.record for entry in log.entries if isinstance(entry.record, Key))
    ever = (*(log.keys.ever if log.keys is not None else ()), *(log_keys.of_text(each.key) for each in added))
    try:
        read = dsse.read(envelope, where)
    except AuthorError as error:
        raise EvidenceError(error.message, where=where) from None
    checked = dsse.check(read, list(dict.fromkeys(ever)))
    return [each.key for each in checked if each.key is not None]


def _end(
    root: Path, log: StoreLog, said: Known, envelope: bytes, ended: bool, last: Segment | None, writer: str
) -> dict[str, Any]:
    """What the record of a writer's end says."""
    if last is not None and last.next >= said.next:
        events, chain = last.next, last.chain.hex()
    else:
        events, chain = said.next, said.chain or journal.first_chain(envelope).hex()
    if not ended:
        torn = last.torn if last is not None else b""
        digest = f"sha256:{hashlib.sha256(torn).hexdigest()}"
        return {
            "writer": writer,
            "events": events,
            "chain": chain,
            "crashed": True,
            "torn": {"bytes": len(torn), "digest": digest} if torn else None,
            "envelope": None,
        }
    path = writers.end_path(root, writer)
    signed = path.read_bytes()
    end = writers.read_end(signed, _signers(log, envelope, str(path)), str(path))
    if (end.store, end.writer, end.events, end.chain) != (log.store.id, writer, events, chain):
        what = f"the writer signed {end.events:,} events, and its journal has {events:,}, or others"
        raise EvidenceError(what, where=str(path))
    return {
        "writer": writer,
        "events": events,
        "chain": chain,
        "crashed": False,
        "torn": None,
        "envelope": signed.decode(),
    }
