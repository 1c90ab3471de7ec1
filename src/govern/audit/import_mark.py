"""The mark of an import that is not finished: until it is, or is done again, its store has only a part of the logs.

    STORE/importing-<32 hex>.json   {"agent", "format", "logs", "pid", "schema": "govern/importing/v1", "started_ns"}

Written before the first event and removed after the last one. The name is made of what is imported (absolute paths,
format, agent), so the same import, run again, takes its own mark over and removes it. Standard input is `-`: whoever
imports from it again has to give the same. The mark is locked as long as its import runs. Everything that reads the
store says so; to give the logs up for good, delete the file.

Leaves out the import (`ingest.importing`).
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from govern.errors import EnvironmentFailed

SCHEMA: Final = "govern/importing/v1"
_NAMES: Final = "importing-*.json"
_SHOWN: Final = 3


@dataclass(frozen=True, slots=True)
class Mark:
    """An import that is not finished.

    Args:
        path: of the mark.
        logs: what is imported; empty where the mark cannot be read.
        running: it goes on now.
    """

    path: Path
    logs: tuple[str, ...]
    running: bool

    @property
    def told(self) -> str:
        """What is wrong with the store, and what to do."""
        logs = ", ".join(f"`{log}`" for log in self.logs[:_SHOWN]) or "some logs"
        more = f" and {len(self.logs) - _SHOWN:,} more" if len(self.logs) > _SHOWN else ""
        if self.running:
            return f"{logs}{more} are being imported now: the store has only a part of them yet ({self.path.name})"
        return (
            f"the import of {logs}{more} was interrupted: the store may have only a part of them; "
            f"import them again, or delete {self.path.name} to do without them"
        )


def unfinished(folder: str | Path) -> list[Mark]:
    """The imports into a store that are not finished, but for those of this process."""
    return [mark for path in sorted(Path(folder).glob(_NAMES)) if (mark := _mark(path)) is not None]


def _mark(path: Path) -> Mark | None:
    try:
        data = json.loads(path.read_bytes())
        logs, pid = tuple(str(log) for log in data["logs"]), data["pid"]
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError):
        logs, pid = (), None
    running = _locked(path)
    # What this process imports, it need not be told.
    return None if running and pid == os.getpid() else Mark(path, logs, running)


def _locked(path: Path) -> bool:
    try:
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    finally:
        os.close(handle)
    return False


@contextmanager
def importing(folder: Path, logs: Sequence[str], format: str | None, agent: str | None) -> Iterator[None]:
    """Marks a store while logs are imported; the mark stays when this is left by an exception.

    Raises:
        EnvironmentFailed: the folder cannot be written.
    """
    said: dict[str, Any] = {
        "agent": agent,
        "format": format,
        "logs": sorted({log if log == "-" or log.startswith("!") else os.path.abspath(log) for log in logs}),
    }
    name = hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:32]
    path = folder / f"importing-{name}.json"
    text = json.dumps(said | {"pid": os.getpid(), "schema": SCHEMA, "started_ns": time.time_ns()}, sort_keys=True)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        with suppress(OSError):  # the same import runs beside this one, or there are no locks: both end well
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.ftruncate(handle, 0)
        os.write(handle, text.encode() + b"\n")
        os.fsync(handle)
    except OSError as error:
        raise EnvironmentFailed(
            f"cannot write the store: {(error.strerror or str(error)).lower()}", where=str(error.filename or folder)
        ) from None
    try:
        yield
        path.unlink(missing_ok=True)
    finally:
        os.close(handle)
