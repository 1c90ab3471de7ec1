"""What each writer signed: that it begins, and how many events it wrote when it ended.

A statement stands in the folder `writers`, and in the log once a sealer recorded it; both must be the same bytes,
signed by a key that the store admitted. Leaves out the events (`sequence`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from govern.audit import records, writers
from govern.audit.verifying.book import Book
from govern.audit.verifying.contract import Finding, Kind
from govern.audit.verifying.trust import Trust
from govern.errors import AuthorError, EvidenceError
from govern.signing import dsse
from govern.signing.keys import PublicKey

_LARGEST: Final = 2**20


@dataclass(frozen=True, slots=True)
class Ending:
    """How many events a writer wrote, and its chain after the last (hex)."""

    events: int
    chain: str


@dataclass(slots=True)
class Statements:
    """What is known of one writer.

    Args:
        start: the bytes of its start envelope, None where there is none.
        previous: the writer of that name before it.
        ends: where an end stands, and what it says; of the log and of the folder.
        logged: whether the log has a record of it.
        closed: whether it said itself that it ended.
        signed: ends that were found good.
        placed: whether an end stood in the folder, good or not.
    """

    writer: str
    start: bytes | None = None
    previous: str | None = None
    ends: list[tuple[str, Ending]] = field(default_factory=list)
    logged: bool = False
    closed: bool = False
    signed: set[bytes] = field(default_factory=set)
    placed: bool = False


@dataclass(slots=True)
class Gathered:
    """The statements of every writer, and what is wrong with them; `signatures` were checked.

    Args:
        running: writers that did not end, and whose process lives.
        unended: writers that did not end, and whose process does not live here.
    """

    writers: dict[str, Statements] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    signatures: int = 0
    running: list[str] = field(default_factory=list)
    unended: list[str] = field(default_factory=list)


def gather(folder: Path, book: Book, trust: Trust) -> Gathered:
    """Reads the statements of the log and of the folder.

    Raises:
        OSError: the folder cannot be read.
    """
    done = Gathered()
    admitted: dict[str, Sequence[PublicKey]] = {}
    for index, record in book.of(records.Writer):
        where = f"log record {index:,}"
        said = done.writers.setdefault(record.writer, Statements(record.writer))
        if said.logged:
            done.findings.append(Finding(Kind.EXTRA, "log", f"`{record.writer}` begins twice: {where}", index))
            continue
        said.logged = True
        admitted[record.writer] = trust.may_write(index)
        _start(said, record.envelope.encode(), admitted[record.writer], where, trust, done)
    for index, ended in book.of(records.End):
        where = f"log record {index:,}"
        said = done.writers.setdefault(ended.writer, Statements(ended.writer))
        said.ends.append((where, Ending(ended.events, ended.chain)))
        if ended.envelope is not None:
            _end(said, ended.envelope.encode(), admitted.get(ended.writer, ()), where, trust, done)
    for name, raw in _files(folder, done):
        writer, _, part = name.rpartition(".")
        said = done.writers.setdefault(writer, Statements(writer))
        where = f"writers/{name}.json"
        if part == "start":
            if said.start is None:
                admitted[writer] = trust.may_write(None)
                _start(said, raw, admitted[writer], where, trust, done)
            elif said.start != raw:
                done.findings.append(Finding(Kind.EDITED, where, "not the bytes that the log has of it"))
            continue
        said.placed = True
        if raw not in said.signed:
            _end(said, raw, admitted.get(writer, ()), where, trust, done)
    if trust.keys is not None:
        _who_runs(folder, done)
    return done


def _who_runs(folder: Path, done: Gathered) -> None:
    for writer, said in sorted(done.writers.items()):
        if said.closed:
            continue
        if writers.alive(folder, writer):
            done.running.append(writer)
        # The lock goes after the end is placed: one that ended since the folder was read did not crash.
        elif said.placed or not writers.end_path(folder, writer).is_file():
            done.unended.append(writer)


def _files(folder: Path, done: Gathered) -> list[tuple[str, bytes]]:
    """The statements in the folder, without `.json`; starts before ends."""
    found: list[tuple[str, bytes]] = []
    root = folder / writers.FOLDER
    # Twice: a listing may leave out what was made while it was read, though what was made after that is in it.
    paths = {*root.iterdir(), *root.iterdir()} if root.is_dir() else set[Path]()
    for path in sorted(paths, key=lambda path: (".end." in path.name, path.name)):
        where = f"{writers.FOLDER}/{path.name}"
        if path.name.endswith((".lock", ".tmp")):
            continue
        if not path.name.endswith((".start.json", ".end.json")) or path.is_symlink() or not path.is_file():
            done.findings.append(Finding(Kind.EXTRA, where, "no statement of a writer"))
        elif path.stat().st_size > _LARGEST:
            done.findings.append(Finding(Kind.DAMAGED, where, f"no statement: more than {_LARGEST:,} bytes"))
        else:
            found.append((path.name.removesuffix(".json"), path.read_bytes()))
    return found


def _start(said: Statements, raw: bytes, keys: Sequence[PublicKey], where: str, trust: Trust, done: Gathered) -> None:
    said.start = raw
    if not keys:  # no log names any: that is said once, for all
        return
    try:
        start = writers.read_start(raw, keys, where)
    except (EvidenceError, AuthorError) as error:
        done.findings.append(Finding(Kind.SIGNATURE, where, f"the start of `{said.writer}`: {error.message}"))
        return
    done.signatures += 1
    said.previous = start.previous
    _fits(said, start.writer, start.store, where, trust, done)


def _end(said: Statements, raw: bytes, keys: Sequence[PublicKey], where: str, trust: Trust, done: Gathered) -> None:
    if trust.keys is None:
        return
    try:
        signers = _signers(said, keys, where)
        if not signers:
            raise EvidenceError("there is no good start whose key could have signed it")
        end = writers.read_end(raw, signers, where)
    except (EvidenceError, AuthorError) as error:
        done.findings.append(Finding(Kind.SIGNATURE, where, f"the end of `{said.writer}`: {error.message}"))
        return
    done.signatures += 1
    said.closed = True
    said.signed.add(raw)
    said.ends.append((where, Ending(end.events, end.chain)))
    _fits(said, end.writer, end.store, where, trust, done)


def _signers(said: Statements, keys: Sequence[PublicKey], where: str) -> list[PublicKey]:
    """Only who signed a writer's start may sign its end, also after the key was retired."""
    if said.start is None:
        return list(keys)
    found = dsse.check(dsse.read(said.start, where), keys)
    return [each.key for each in found if each.key is not None]


def _fits(said: Statements, writer: str, store: str, where: str, trust: Trust, done: Gathered) -> None:
    if writer != said.writer:
        done.findings.append(Finding(Kind.EDITED, where, f"a statement of `{writer}`, in the place of `{said.writer}`"))
    if trust.store is not None and store != trust.store:
        done.findings.append(Finding(Kind.FOREIGN, where, f"a statement for store `{store[:64]}`"))
