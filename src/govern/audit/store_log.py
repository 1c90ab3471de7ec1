"""The log of a store: batches of records, each under a checkpoint over all records so far.

    STORE/log/000000000000.json   {"checkpoint": "<signed note>", "records": […]} canonical JSON, LF

A batch is named by the index of its first record. It is written beside its place, flushed, and linked to its name:
where the name is taken, somebody else was first, and nothing was appended. So two that both believe they may append
cannot both do it, and a batch that is there is whole. A store without `log` is plain: nothing of it can be verified.

Reading is strict: names, canonical bytes, kinds, sizes and roots must hold. Signatures are checked by who appends (the
newest) and by `verifying` (all of them), which also reads on where this stops. Leaves out what records claim.
"""

from __future__ import annotations

import errno
import os
import re
import secrets
import time
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from govern.audit import checkpoint, log_keys, merkle, note, records
from govern.audit.checkpoint import Checkpoint
from govern.audit.log_keys import Keys
from govern.audit.records import Compaction, File, Key, Record, Retention, Store
from govern.errors import EnvironmentFailed, EvidenceError, UsageError
from govern.events.canonical import Malformed, load, text_of
from govern.signing.keys import PrivateKey

FOLDER: Final = "log"
NAME: Final = re.compile(r"[0-9]{12}\.json")
_NO_LINKS: Final = (errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK)
_HINT: Final = "`govern audit verify` says what else is wrong; a copy of the store may have it"


class Lost(EnvironmentFailed):
    """Somebody else appended first: nothing was written. Read again, and decide again."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A record in its place.

    Args:
        text: its canonical text, of which its leaf is made.
    """

    index: int
    record: Record
    text: str

    @property
    def leaf(self) -> bytes:
        return merkle.leaf(self.text.encode())


@dataclass(frozen=True, slots=True)
class Batch:
    """Records that were appended together.

    Args:
        path: of the file.
        first: index of its first record.
        size: how many records.
        checkpoint: the signed note over all records up to its last.
    """

    path: Path
    first: int
    size: int
    checkpoint: str

    @property
    def end(self) -> int:
        return self.first + self.size


@dataclass(frozen=True, slots=True)
class StoreLog:
    """A log as it was read.

    Args:
        folder: the store.
        entries: all records, in order.
        batches: in order.
        keys: after the last record; None of an empty log.
    """

    folder: Path
    entries: tuple[Entry, ...] = ()
    batches: tuple[Batch, ...] = ()
    keys: Keys | None = None

    @property
    def size(self) -> int:
        return len(self.entries)

    @property
    def store(self) -> Store:
        """The first record.

        Raises:
            EvidenceError: the store has no log.
        """
        if self.entries and isinstance(record := self.entries[0].record, Store):
            return record
        hint = "`govern audit init DIR --sign KEY` begins one"
        raise EvidenceError("the store has no log", where=str(self.folder), hint=hint)

    @property
    def origin(self) -> str:
        """The name of the log's checkpoints. Raises EvidenceError as `store`."""
        return self.store.origin

    @property
    def leaves(self) -> list[bytes]:
        """The hashes of all records' leaves."""
        return [entry.leaf for entry in self.entries]

    @property
    def checkpoint(self) -> str:
        """The newest signed note. Raises EvidenceError as `store`."""
        return self.batches[-1].checkpoint if self.store else ""

    def files(self) -> tuple[Entry, ...]:
        """The `file` and `compaction` entries whose files are to be there: neither replaced nor deleted since."""
        gone: set[int] = set()
        compactions: list[tuple[int, set[int]]] = []
        for entry in self.entries:
            match entry.record:
                case Compaction(files=taken):
                    gone.update(taken)
                    gone.update(index for index, had in compactions if had <= set(taken))
                    compactions.append((entry.index, set(taken)))
                case Retention(files=deleted):
                    gone.update(deleted)
                case _:
                    pass
        return tuple(
            entry for entry in self.entries if isinstance(entry.record, (File, Compaction)) and entry.index not in gone
        )


def exists(folder: str | Path) -> bool:
    """Whether the store has a log."""
    log = Path(folder) / FOLDER
    try:
        return log.is_dir() and any(NAME.fullmatch(path.name) for path in log.iterdir())
    except OSError as error:
        raise _failed(error, log, "read") from None


def read(folder: str | Path) -> StoreLog:
    """The log of a store; empty where there is none.

    Raises:
        EvidenceError: names the file and the record where it does not hold.
        EnvironmentFailed: it cannot be read.
    """
    root = Path(folder)
    log = root / FOLDER
    reading = _Reading(root)
    while True:
        # By name, not from a listing: one that is made while others append can have a batch and not the one before.
        while _there(path := _place(log, len(reading.entries))):
            reading.add(path, len(reading.entries))
        left = _names(log) - {batch.path.name for batch in reading.batches}
        if not left:
            return StoreLog(root, tuple(reading.entries), tuple(reading.batches), reading.keys)
        if not _there(path):
            name = min(left)
            what = f"begins at record {int(name[:12]):,}, and the log before it has {len(reading.entries):,}"
            raise EvidenceError(what, where=str(log / name), hint=_HINT)


def _place(log: Path, first: int) -> Path:
    return log / f"{first:012d}.json"


def _there(path: Path) -> bool:
    try:
        return path.exists()
    except OSError as error:
        raise _failed(error, path, "read") from None


def _names(log: Path) -> set[str]:
    try:
        return {name for name in os.listdir(log) if NAME.fullmatch(name)}
    except (FileNotFoundError, NotADirectoryError):
        return set()
    except OSError as error:
        raise _failed(error, log, "read") from None


class _Reading:
    """What was read so far, and the tree over it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.entries: list[Entry] = []
        self.batches: list[Batch] = []
        self.keys: Keys | None = None
        self._origin = ""
        self._tree = merkle.Growing()

    def add(self, path: Path, first: int) -> None:
        where = str(path)
        note_text, values = _batch(path)
        for value in values:
            self._record(value, where)
        said = checkpoint.read(note_text, where).checkpoint
        expected = Checkpoint(self._origin, self._tree.size, self._tree.root)
        if said != expected:
            what = f"its checkpoint is not over the {self._tree.size:,} records up to here"
            raise EvidenceError(what, where=where, hint=_HINT)
        self.batches.append(Batch(path, first, len(values), note_text))

    def _record(self, value: Any, where: str) -> None:
        index = len(self.entries)
        place = f"{where}: record {index:,}"
        record = records.of_json(value, place)
        if (index == 0) != isinstance(record, Store):
            raise EvidenceError("the first record, and no other, is of kind `store`", where=place, hint=_HINT)
        if isinstance(record, Store):
            self.keys, self._origin = log_keys.first(record, place), record.origin
        elif self.keys is not None:
            self.keys = log_keys.after(self.keys, record, place)
        entry = Entry(index, record, text_of(value))
        self.entries.append(entry)
        self._tree.add(entry.leaf)


def _batch(path: Path) -> tuple[str, list[Any]]:
    """The checkpoint and the records of a batch's file."""
    where = str(path)
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise _failed(error, path, "read") from None
    try:
        document = load(raw)  # which may have more than one meaning: its canonical text, compared below, has one
        canonical = text_of(document).encode() + b"\n"
    except Malformed as error:
        raise EvidenceError(f"no batch of the log: {error}", where=where, hint=_HINT) from None
    if not isinstance(document, dict) or set(document) != {"checkpoint", "records"}:
        raise EvidenceError("no batch of the log: its members are `checkpoint` and `records`", where=where, hint=_HINT)
    said, values = document["checkpoint"], document["records"]
    if not isinstance(said, str) or not isinstance(values, list) or not values:
        raise EvidenceError("no batch of the log: a checkpoint and at least one record", where=where, hint=_HINT)
    if canonical != raw:
        raise EvidenceError("not written as the log writes: a byte was changed", where=where, hint=_HINT)
    return said, values


def init(folder: str | Path, key: PrivateKey, origin: str | None = None) -> StoreLog:
    """Begins the log of a store, which is made where it does not exist; what it has already stays as it is.

    Args:
        key: that signs the log.
        origin: the name of its checkpoints, such as `audit.example.org/desk`; without it one of the store's id.

    Raises:
        UsageError: the store has a log, or the origin cannot name a key.
        EnvironmentFailed: the folder cannot be written.
    """
    root = Path(folder)
    made = uuid.uuid4().hex
    name = note.check_name(f"govern-audit/{made}" if origin is None else origin)
    if exists(root):
        raise UsageError("has a log already, and it is never begun again", where=str(root))
    record = Store(id=made, origin=name, key=log_keys.text(key.public), at_ns=time.time_ns())
    try:
        (root / FOLDER).mkdir(parents=True, exist_ok=True)
        _flush(root)
    except OSError as error:
        raise _failed(error, root / FOLDER, "written") from None
    try:
        return append(root, StoreLog(root), [record], key)
    except Lost:
        raise UsageError("has a log already, and it is never begun again", where=str(root)) from None


def append(folder: str | Path, log: StoreLog, added: Sequence[Record], key: PrivateKey) -> StoreLog:
    """Appends records in one batch, under a checkpoint over all records; durable when this returns.

    Args:
        log: as it was read; the records are decided by what it says.
        key: the log's key after these records, so the new one where they rotate it.

    Raises:
        Lost: somebody else appended since `log` was read; nothing was appended.
        UsageError: the key is not the log's.
        EvidenceError: the newest checkpoint is not signed by the log's key, a record cannot follow, or a rotation is
            not signed by both keys.
        EnvironmentFailed: the folder cannot be written; nothing was appended.
    """
    if not added:
        raise ValueError("a batch has at least one record")
    root = Path(folder)
    keys = log_keys.over((*(entry.record for entry in log.entries), *added), str(root / FOLDER))
    if keys is None or keys.log != key.public:
        raise UsageError("is not the key of this log", where=key.name or key.public.keyid, hint=_which(keys))
    if log.keys is not None:  # whoever signs, signs the past too
        newest = log.batches[-1]
        checkpoint.verified(checkpoint.read(newest.checkpoint, str(newest.path)), [log.keys.log])
    _check_rotations(log, added)
    fresh = tuple(Entry(log.size + at, record, records.text(record)) for at, record in enumerate(added))
    entries = (*log.entries, *fresh)
    origin = entries[0].record.origin if isinstance(entries[0].record, Store) else ""
    signed = checkpoint.sign(Checkpoint(origin, len(entries), merkle.root([each.leaf for each in entries])), key)
    document = {"checkpoint": signed, "records": [records.to_json(each.record) for each in fresh]}
    path = _place(root / FOLDER, log.size)
    _link(path, text_of(document).encode() + b"\n")
    return replace(log, entries=entries, batches=(*log.batches, Batch(path, log.size, len(fresh), signed)), keys=keys)


def _check_rotations(log: StoreLog, added: Sequence[Record]) -> None:
    """Nobody's key comes into a log without the one before it."""
    keys = log.keys
    for index, record in enumerate(added, log.size):
        if keys is not None:
            if isinstance(record, Key) and (record.role, record.action) == ("log", "add"):
                log_keys.check_rotation(record, index, log.store.id, keys.log, f"record {index:,}")
            keys = log_keys.after(keys, record)


def _which(keys: Keys | None) -> str:
    return "" if keys is None else f"the log is signed by {keys.log.keyid}"


def _link(path: Path, data: bytes) -> None:
    """Gives a whole, flushed file its name, if nobody took the name before."""
    beside = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(6)}.tmp")
    try:
        with beside.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(beside, path)
        except FileExistsError:
            hint = "another sealer was first: run it again"
            raise Lost("somebody else appended to the log meanwhile", where=str(path), hint=hint) from None
        _flush(path.parent)
    except OSError as error:
        if error.errno in _NO_LINKS and error.filename2 is not None:
            what = "this file system has no hard links, which keep two sealers apart"
            raise EnvironmentFailed(what, where=str(path.parent)) from None
        raise _failed(error, path, "written") from None
    finally:
        _remove(beside)


def _remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError:  # what was said before matters more; a file left beside counts for nothing
        return


def _flush(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _failed(error: OSError, path: Path, verb: str) -> EnvironmentFailed:
    reason = (error.strerror or str(error)).lower()
    return EnvironmentFailed(f"the log cannot be {verb}: {reason}", where=str(error.filename or path))


def indexes(entries: Iterable[Entry], paths: Iterable[str]) -> dict[str, int]:
    """The index of the last record of each of these paths."""
    wanted = set(paths)
    return {
        entry.record.path: entry.index
        for entry in entries
        if isinstance(entry.record, (File, Compaction)) and entry.record.path in wanted
    }
