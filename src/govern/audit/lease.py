"""The sealer's lease: who seals a store now, so that two do not do the same work.

    STORE/log/lease.json   {"expires_ns": …, "holder": "…", "token": "…"}

A courtesy only: it saves work. What keeps two sealers apart is the name of the batch that each would append
(`store_log.append`); a lease that was taken over, or a clock that is wrong, does no harm. A lease that expired is taken
over, as is one that says to last longer than any does, and one of a process of this host that is gone.

    holder: "HOST process PID"   (other words are for people only)
"""

from __future__ import annotations

import json
import os
import re
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from govern.errors import EnvironmentFailed

NAME: Final = "lease.json"
LONGEST_S: Final = 3600.0
_HOLDER: Final = re.compile(r"(.*) process ([1-9][0-9]{0,8})")
_SECOND: Final = 1_000_000_000


class Held(EnvironmentFailed):
    """Somebody else holds the lease."""


@dataclass(slots=True)
class Lease:
    """A lease that is held.

    Args:
        path: of its file.
        holder: who, for people.
        token: tells this lease from all others.
        ttl_s: for how long it is taken, from now and at each renewal.
    """

    path: Path
    holder: str
    token: str
    ttl_s: float
    clock: Callable[[], int] = time.time_ns

    @property
    def mine(self) -> bool:
        """Whether nobody took it over."""
        found = _read(self.path)
        return found is not None and found.get("token") == self.token

    def renew(self) -> None:
        """Takes it for `ttl_s` from now, once more.

        Raises:
            Held: somebody took it over.
            EnvironmentFailed: it cannot be written.
        """
        if not self.mine:
            raise Held("the sealer's lease was taken over meanwhile", where=str(self.path))
        _put(self, replacing=True)

    def release(self) -> None:
        """Gives it back; nothing happens where somebody took it over."""
        try:
            if self.mine:
                self.path.unlink(missing_ok=True)
        except OSError:  # it expires by itself
            return


@contextmanager
def held(
    folder: str | Path, holder: str, ttl_s: float = 60.0, *, clock: Callable[[], int] = time.time_ns
) -> Iterator[Lease]:
    """Holds the lease of a store.

    Args:
        folder: the store; its `log` is there.
        holder: who: `this_process`, or other words for people.
        ttl_s: how long it lasts unless renewed, in seconds; at most an hour.
        clock: UTC nanoseconds.

    Raises:
        Held: somebody holds it, it did not expire, and the holder is no process of this host that is gone.
        EnvironmentFailed: it cannot be written.
    """
    lease = Lease(Path(folder) / "log" / NAME, holder, secrets.token_hex(16), min(ttl_s, LONGEST_S), clock)
    if not _put(lease, replacing=False):
        found, now = _read(lease.path), clock()
        expires = found.get("expires_ns") if found is not None else None
        who = str((found or {}).get("holder"))[:120]
        if type(expires) is int and now < expires <= now + int(LONGEST_S * _SECOND) and not _gone(who):
            left = -(-(expires - now) // _SECOND)
            what = f"`{who}` is sealing this store; its lease ends in {left:,} s"
            raise Held(what, where=str(lease.path), hint="wait, or run it again later")
        _put(lease, replacing=True)
        if not lease.mine:  # two took it over at once, and the other one was last
            raise Held("somebody else just took the sealer's lease", where=str(lease.path))
    try:
        yield lease
    finally:
        lease.release()


def this_process() -> str:
    """How a lease names this process as its holder."""
    return f"{os.uname().nodename} process {os.getpid()}"


def _gone(holder: str) -> bool:
    """Whether a lease is of a process of this host that does not live any more: it was killed.

    Hosts of one name that share a store, as containers may be, are mistaken for each other: two then do the same work,
    and one of them loses at the log.
    """
    found = _HOLDER.fullmatch(holder)
    if found is None or found[1] != os.uname().nodename:
        return False
    try:
        os.kill(int(found[2]), 0)
    except ProcessLookupError:
        return True
    except OSError:  # it lives, and is somebody else's
        return False
    return False


def _put(lease: Lease, *, replacing: bool) -> bool:
    """Writes the lease; False where one is there that is not to be replaced."""
    said = {"holder": lease.holder, "token": lease.token, "expires_ns": lease.clock() + int(lease.ttl_s * _SECOND)}
    beside = lease.path.with_name(f".{NAME}.{lease.token}.tmp")
    try:
        beside.write_text(json.dumps(said, sort_keys=True, separators=(",", ":")) + "\n", encoding="utf-8")
        try:
            if replacing:
                os.replace(beside, lease.path)
            else:
                os.link(beside, lease.path)
        except FileExistsError:
            return False
        finally:
            beside.unlink(missing_ok=True)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise EnvironmentFailed(f"the sealer's lease cannot be written: {reason}", where=str(lease.path)) from None
    return True


def _read(path: Path) -> dict[str, object] | None:
    """What a lease says; None where there is none, or none that can be read."""
    try:
        data = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None
    return data if isinstance(data, dict) else None
