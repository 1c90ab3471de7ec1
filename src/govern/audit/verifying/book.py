"""The store log read without trust: every batch that can be read, every root computed again.

`store_log.read` is strict and stops at the first fault; this names each fault and goes on, so that the rest is still
judged. A batch is named by the index of its first record: a batch that is not there leaves a hole whose size is known.

Leaves out signatures (`trust`) and what the records claim (`files`, `sequence`, `retention`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from govern.audit import canon, merkle, records
from govern.audit.records import Record
from govern.audit.verifying.contract import Finding, Kind
from govern.errors import EvidenceError
from govern.events.canonical import Malformed, parse, text_of

_NAME: Final = re.compile(r"[0-9]{12}\.json")
_LONGEST_HOLE: Final = 1_000_000
_LARGEST: Final = 64 * 2**20
_NO_BATCH: Final = ("lease.json",)


@dataclass(frozen=True, slots=True)
class Batch:
    """Records that were appended together, and the checkpoint that covers them and all before.

    Args:
        path: below the store.
        first: index of its first record.
        size: how many records.
        checkpoint: the signed note, not judged.
        root: of all records up to its last, computed again; None behind a hole, where it cannot be.
    """

    path: str
    first: int
    size: int
    checkpoint: str
    root: bytes | None

    @property
    def end(self) -> int:
        return self.first + self.size


@dataclass(slots=True)
class Book:
    """What can be read of a store log.

    Args:
        exists: whether there is a log at all.
        leaves: of every record in order; None where one is not there.
        entries: records by index; those that cannot be read are not there.
        batches: in order.
        findings: what is wrong with the log's own files.
        notes: what a crash left behind.
        unread: the first index of each batch that is there and cannot be read.
    """

    exists: bool = False
    leaves: list[bytes | None] = field(default_factory=list)
    entries: dict[int, Record] = field(default_factory=dict)
    batches: list[Batch] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    unread: set[int] = field(default_factory=set)

    @property
    def size(self) -> int:
        return len(self.leaves)

    def root(self, size: int) -> bytes | None:
        """The root of the first `size` records; None where one of them is not there."""
        leaves = self.leaves[:size]
        whole = [leaf for leaf in leaves if leaf is not None]
        return merkle.root(whole) if len(whole) == len(leaves) == size else None

    def file(self, index: int) -> records.File | records.Compaction:
        """The record of a file.

        Raises:
            TypeError: another record has this index; only indexes of files are to be asked for.
        """
        found = self.entries[index]
        if isinstance(found, records.File | records.Compaction):
            return found
        raise TypeError(f"record {index} is no file")

    def of(self, kind: type[Any]) -> Iterator[tuple[int, Any]]:
        """The records of one kind with their indexes, in order."""
        return ((index, each) for index, each in sorted(self.entries.items()) if isinstance(each, kind))


def read(folder: Path) -> Book:
    """Reads `folder/log`.

    Raises:
        OSError: it cannot be read.
    """
    book = Book()
    log = folder / "log"
    if not log.is_dir():
        return book
    names = sorted(path.name for path in log.iterdir())
    batches = [name for name in names if _NAME.fullmatch(name)]
    book.exists = bool(batches)
    for name in sorted(set(names) - set(batches) - set(_NO_BATCH)):
        if name.startswith(".") or name.endswith(".tmp"):
            book.notes.append(f"log/{name} was left behind by a writer that died; it counts for nothing")
        else:
            book.findings.append(Finding(Kind.EXTRA, f"log/{name}", "no batch of the log"))
    tree = merkle.Growing()
    for name in batches:
        _batch(log / name, int(name[:12]), book, tree)
    return book


def _batch(file: Path, first: int, book: Book, tree: merkle.Growing) -> None:
    path = f"log/{file.name}"
    if first < book.size:
        words = f"begins at record {first:,}, and record {book.size - 1:,} stands in a batch before it"
        book.findings.append(Finding(Kind.EXTRA, path, words))
        return
    if first > book.size:
        words = f"record {book.size:,} to {first - 1:,} of the log are not there"
        if first - book.size > _LONGEST_HOLE:
            book.findings.append(Finding(Kind.EXTRA, path, f"begins at record {first:,}, far behind the last one"))
            return
        if book.size not in book.unread:  # a batch that is there but cannot be read was named already
            book.findings.append(Finding(Kind.MISSING, f"log/{book.size:012}.json", words))
        book.leaves += [None] * (first - book.size)
    document = _document(file, path, book)
    if document is None:
        book.unread.add(first)
        return
    for value in document["records"]:
        index = book.size
        leaf = _entry(value, index, path, book)
        book.leaves.append(leaf)
        tree.add(leaf)
    count = len(document["records"])
    root = tree.root if tree.size == book.size else None  # behind a hole none can be computed
    book.batches.append(Batch(path, first, count, document["checkpoint"], root))


def _document(file: Path, path: str, book: Book) -> dict[str, Any] | None:
    if file.is_symlink() or not file.is_file() or file.stat().st_size > _LARGEST:
        book.findings.append(Finding(Kind.DAMAGED, path, f"no file of at most {_LARGEST:,} bytes"))
        return None
    raw = file.read_bytes()
    try:
        document = parse(raw)
    except Malformed as error:
        book.findings.append(Finding(Kind.DAMAGED, path, f"no canonical JSON: {error}"))
        return None
    if (
        not isinstance(document, dict)
        or set(document) != {"checkpoint", "records"}
        or not isinstance(document["checkpoint"], str)
        or not isinstance(document["records"], list)
        or not document["records"]
    ):
        book.findings.append(Finding(Kind.DAMAGED, path, "no batch: a checkpoint and at least one record"))
        return None
    if text_of(document).encode() + b"\n" != raw:
        book.findings.append(Finding(Kind.EDITED, path, "not written as the log writes: a byte was changed"))
    return document


def _entry(value: Any, index: int, path: str, book: Book) -> bytes:
    try:
        book.entries[index] = records.of_json(value)
    except EvidenceError as error:
        book.findings.append(Finding(Kind.DAMAGED, path, f"record {index:,} is none: {error.message}", index))
    return canon.leaf(text_of(value).encode())
