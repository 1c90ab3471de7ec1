"""The ledger of versions in a file: one process at a time, whole or not at all, on the disk before it counts.

Another file beside it, `NAME.lock`, is what processes wait for; it stays, and says nothing. Whoever can write the
ledger can make it forget: it belongs to who enforces, not to the agent. Leaves out what may follow what
(`versions`).
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from govern.compile import versions
from govern.compile.versions import Ledger
from govern.errors import EnvironmentFailed, UsageError

MAX_BYTES: Final = 64 * 1024 * 1024
_WAIT_S: Final = 20.0


class Held:
    """The ledger of a file that no other process holds.

    Args:
        ledger: as it was read.
    """

    def __init__(self, path: Path, ledger: Ledger) -> None:
        self._path = path
        self.ledger = ledger

    def keep(self, ledger: Ledger) -> None:
        """Writes the ledger; when this returns, it stays over a loss of power.

        Raises:
            EnvironmentFailed: it cannot be written; the old one stays.
        """
        draft = self._path.with_name(f".{self._path.name}.new")  # one process at a time: one name
        try:
            with open(draft, "wb") as file:
                file.write(versions.text(ledger).encode())
                file.flush()
                if self._path.exists():
                    os.fchmod(file.fileno(), self._path.stat().st_mode & 0o777)
                os.fsync(file.fileno())
            os.replace(draft, self._path)
            folder = os.open(self._path.parent, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
        except OSError as error:
            raise _failed("the ledger cannot be written", error, self._path) from None
        self.ledger = ledger


@contextmanager
def held(path: str | Path, begin: bool = False, wait_s: float = _WAIT_S) -> Iterator[Held]:
    """The ledger of a file, while no other process has it.

    Args:
        begin: whether it is to be begun; a ledger that is simply not there is a slip in its name, or was lost.
        wait_s: how many seconds to wait for another process.

    Raises:
        UsageError: it is to be begun, and is there.
        EnvironmentFailed: it is not there, cannot be read, or another process does not let go of it.
    """
    real = Path(os.path.realpath(path))  # a link stays one
    where = str(path)
    if begin and real.exists():
        raise UsageError("the ledger is there already", where=where, hint="without `--begin` it is used")
    if not begin and not real.exists():
        hint = "`--begin` begins one; it has seen nothing then"
        raise EnvironmentFailed("there is no ledger of versions", where=where, hint=hint)
    with _locked(real, wait_s):
        try:
            raw = None if begin and not real.exists() else _bytes(real)
        except OSError as error:
            raise _failed("the ledger cannot be read", error, real) from None
        yield Held(real, Ledger() if raw is None else versions.read(raw, where))


def _bytes(path: Path) -> bytes:
    with open(path, "rb") as file:
        raw = file.read(MAX_BYTES + 1)
    if len(raw) > MAX_BYTES:
        raise EnvironmentFailed(f"larger than a ledger may be ({MAX_BYTES:,} bytes)", where=str(path))
    return raw


@contextmanager
def _locked(path: Path, wait_s: float) -> Iterator[None]:
    """Holds `NAME.lock`. The system lets go of it when a process ends, however it ends."""
    import fcntl  # not on every system, and only who keeps a ledger needs it

    until = time.monotonic() + wait_s
    lock = path.with_name(f"{path.name}.lock")
    try:
        descriptor = os.open(lock, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise _failed("the ledger cannot be locked", error, lock) from None
    try:
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() >= until:
                    raise EnvironmentFailed("another process holds the ledger", where=str(lock)) from None
                time.sleep(0.01)
            except OSError as error:
                raise _failed("the ledger cannot be locked", error, lock) from None
        yield
    finally:
        os.close(descriptor)


def _failed(what: str, error: OSError, path: Path) -> EnvironmentFailed:
    return EnvironmentFailed(f"{what}: {(error.strerror or str(error)).lower()}", where=str(path))
