"""What of a store counts at one moment: sealed files that the log has, imported parts, and the journal not sealed yet.

Each event counts once, also while somebody seals, compacts or deletes. Whoever reads holds the store (a shared lock on
its `log` folder): nothing is deleted meanwhile, only added. Then the log is read before all the rest. What the log
records is counted from the sealed files and nowhere else; what it does not record yet still stands where it was. Were
the log read last, an event could be counted both in the journal and in the file that it was sealed to; were nothing
held, a segment that is deleted between the two would be lost.

Without a log nothing was ever sealed, and there is nothing to hold. Leaves out what the files say (`read`).
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from govern.errors import EnvironmentFailed, EvidenceError

if TYPE_CHECKING:
    from govern.audit.store_log import Entry, StoreLog

INTENTS: Final = "events/sealing-*.json"
"""Which imported parts are being sealed to which files, one list for each attempt: so a crash between the log's record
and the deletion of a part leaves no event that counts twice."""
_UNSUPPORTED: Final = (errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL)


class Hold:
    """A shared lock on a store; given up when nobody refers to it any more, or by `release`."""

    def __init__(self, handle: int) -> None:
        self._finalizer = weakref.finalize(self, os.close, handle)

    def release(self) -> None:
        self._finalizer()


@dataclass(frozen=True, slots=True)
class Pending:
    """A segment of the journal of which not all is sealed.

    Args:
        after: events with a number up to this are sealed: -1 for none.
    """

    path: Path
    writer: str
    after: int


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What counts.

    Args:
        sealed: log entries of the files that count (`file`, `compaction`), in the order of the log.
        plain: imported parts that are not sealed.
        journal: segments with events that no record covers.
        hold: keeps all of them where they are.
    """

    folder: Path
    sealed: tuple[Entry, ...] = ()
    plain: tuple[Path, ...] = ()
    journal: tuple[Pending, ...] = ()
    hold: Hold | None = field(default=None, compare=False, repr=False)

    @property
    def files(self) -> tuple[Path, ...]:
        """The Parquet files, sorted."""
        recorded = [self.folder / name for name in sorted(map(path_of, self.sealed))]
        return tuple(sorted((*recorded, *self.plain))) if self.plain else tuple(recorded)


def take(folder: str | Path) -> Snapshot:
    """What counts in a store now.

    Raises:
        EvidenceError: the log is damaged, a file that it names is not there, or there are sealed files and no log.
        EnvironmentFailed: the store cannot be read.
    """
    root = Path(folder)
    if not (root / "log").is_dir():
        found = _listed(root)
        _none_sealed(root, found)
        return Snapshot(root, plain=tuple(root / name for name in found), journal=_pending(root, {}))
    from govern.audit import store_log

    hold = held(root)
    log = store_log.read(root)  # before the folders, see above
    entries = log.files()
    found = _listed(root)
    if not log.entries:
        _none_sealed(root, found)
    if gone := sorted({path_of(entry) for entry in entries}.difference(found)):
        hint = "`govern audit verify` says what else is wrong; a copy of the store may have it"
        raise EvidenceError("a sealed file that the log names is not there", where=str(root / gone[0]), hint=hint)
    plain = [name for name in found if not _is_sealed(name)]
    if plain and (replaced := superseded(root, paths(log))):
        plain = [name for name in plain if name not in replaced]
    return Snapshot(root, entries, tuple(root / name for name in plain), _pending(root, sealed_up_to(log)), hold)


def _listed(root: Path) -> list[str]:
    """The Parquet files of a store, below it, sorted; there may be thousands, so no more is done to each than needed.

    Raises:
        EnvironmentFailed: a folder cannot be read.
    """
    found: list[str] = []
    try:
        with os.scandir(root / "events") as folders:
            days = [entry.name for entry in folders if entry.name.startswith("dt=") and entry.is_dir()]
        for day in days:
            names = os.listdir(root / "events" / day)
            found += [f"events/{day}/{name}" for name in names if name.endswith(".parquet") and name[0] != "."]
    except (FileNotFoundError, NotADirectoryError):
        return sorted(found)
    except OSError as error:
        raise EnvironmentFailed(
            f"cannot be read: {(error.strerror or str(error)).lower()}", where=str(error.filename or root)
        ) from None
    return sorted(found)


def _none_sealed(root: Path, found: list[str]) -> None:
    """Sealed files whose log is gone are no plain events, and no leftovers either."""
    if sealed := [name for name in found if _is_sealed(name)]:
        hint = "the folder `log` belongs to it; without it nobody knows which files count"
        raise EvidenceError("a sealed file, and the store has no log", where=str(root / sealed[0]), hint=hint)


def _is_sealed(name: str) -> bool:
    return name.rsplit("/", 1)[-1].startswith("seal-")


def held(root: Path) -> Hold | None:
    """Holds a store for reading; None where its file system has no locks.

    Raises:
        EnvironmentFailed: the folder of the log cannot be opened.
    """
    try:
        handle = os.open(root / "log", os.O_RDONLY)
    except OSError as error:
        raise EnvironmentFailed(
            f"cannot be read: {(error.strerror or str(error)).lower()}", where=str(root / "log")
        ) from None
    try:
        fcntl.flock(handle, fcntl.LOCK_SH)
    except OSError as error:
        os.close(handle)
        if error.errno in _UNSUPPORTED:
            return None
        raise
    return Hold(handle)


@contextmanager
def alone(root: Path) -> Iterator[bool]:
    """Whether nobody reads the store now, and nobody can begin to until this is over: then files may be deleted."""
    handle = os.open(root / "log", os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        except OSError as error:
            if error.errno not in _UNSUPPORTED:
                raise
        yield True
    finally:
        os.close(handle)


def path_of(entry: Entry) -> str:
    """The path of a file's record, below the store."""
    from govern.audit.records import Compaction, File

    if not isinstance(entry.record, (File, Compaction)):
        raise TypeError(f"record {entry.index} is no file's")
    return entry.record.path


def paths(log: StoreLog) -> set[str]:
    """The paths of all files that the log ever recorded, also those that were compacted or deleted since."""
    from govern.audit.records import Compaction, File

    return {entry.record.path for entry in log.entries if isinstance(entry.record, (File, Compaction))}


def sealed_up_to(log: StoreLog) -> dict[str, int]:
    """The number of the last sealed event of each writer."""
    from govern.audit.records import File

    found: dict[str, int] = {}
    for entry in log.entries:
        record = entry.record
        if isinstance(record, File) and record.writer is not None and record.last is not None:
            found[record.writer] = max(found.get(record.writer, -1), record.last)
    return found


def superseded(root: Path, recorded: set[str]) -> set[str]:
    """Imported parts whose events stand in sealed files that the log recorded: they wait for their deletion.

    Args:
        recorded: as `paths` gives them.
    """
    lists = (intent(path) for path in root.glob(INTENTS))
    return {part for each in lists for part, made in each.items() if made and recorded.issuperset(made)}


def intent(path: Path) -> dict[str, list[str]]:
    """Imported parts that are being sealed, and the files that have their events then; nothing where it is gone.

    Raises:
        EvidenceError: the file is no such list.
    """
    try:
        data = json.loads(path.read_bytes())
        return {str(part): [str(each) for each in made] for part, made in data["parts"].items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise EvidenceError(f"no list of parts that are being sealed: {error}", where=str(path)) from None


def _pending(root: Path, sealed: dict[str, int]) -> tuple[Pending, ...]:
    """Segments whose last event is not sealed; a segment ends where the next one of its writer begins."""
    if not (root / "journal").is_dir():
        return ()
    found: list[Pending] = []
    for folder in sorted(path for path in (root / "journal").iterdir() if path.is_dir()):
        last = sealed.get(folder.name, -1)
        segments = sorted(folder.glob("*.jsonl"))
        firsts = [int(path.stem) if path.stem.isdecimal() else 0 for path in segments]
        ends = [*firsts, None][1:]
        found += [
            Pending(path, folder.name, last)
            for path, end in zip(segments, ends, strict=True)
            if end is None or end - 1 > last
        ]
    return tuple(found)
