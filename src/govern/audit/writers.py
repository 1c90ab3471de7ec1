"""Who writes a store: each writer's signed start and end, and whether it still lives.

    writers/WRITER.start.json   DSSE envelope over `govern/writer/v1`, signed by the writer's key
    writers/WRITER.end.json     likewise over `govern/writer-end/v1`; missing after a crash
    writers/WRITER.lock         locked (`flock`) as long as the writer's process lives

A writer is one process's `AuditLog`. Its id is `NAME-` and 20 hex digits: the milliseconds since 1970 (12) and chance
(8), so that a name's writers stand in their order. The lock goes with the process however it ends; it says something
on one machine, or on a file system that carries `flock` between machines.

Leaves out: which keys a store admits (`store_log`), what a writer writes (`journal`, `audit_log`).
"""

from __future__ import annotations

import fcntl
import os
import re
import secrets
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from govern.errors import AuthorError, EnvironmentFailed, EvidenceError, UsageError
from govern.events.canonical import Malformed, parse, text_of
from govern.signing import dsse
from govern.signing.keys import PrivateKey, PublicKey

FOLDER: Final = "writers"
START: Final = "govern/writer/v1"
END: Final = "govern/writer-end/v1"
START_TYPE: Final = "application/vnd.govern.writer.v1+json"
END_TYPE: Final = "application/vnd.govern.writer-end.v1+json"
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_WRITER: Final = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]{0,63})-[0-9a-f]{20}")
_MILLISECOND: Final = 1_000_000
_HINT: Final = "letters, digits, `.`, `_` and `-`, at most 64, beginning with a letter or digit"


@dataclass(frozen=True, slots=True)
class Start:
    """What a writer's key signed before its first event.

    Args:
        store: the store's id.
        writer: the writer's id.
        name: what it is called over all of its lives.
        started_ns: when, by its clock.
        host, pid: the machine and process.
        previous: the last writer of this name, or None.
    """

    store: str
    writer: str
    name: str
    started_ns: int
    host: str
    pid: int
    previous: str | None


@dataclass(frozen=True, slots=True)
class End:
    """What a writer's key signed after its last event.

    Args:
        events: how many it wrote in all; the last `wseq` is one less.
        chain: the chain after the last, 64 hex digits.
    """

    store: str
    writer: str
    ended_ns: int
    events: int
    chain: str


@dataclass(frozen=True, slots=True)
class Writer:
    """A writer that was just registered and holds its lock.

    Args:
        start: what was signed.
        envelope: the bytes of its start envelope.
        lock: the descriptor of its lock.
    """

    start: Start
    envelope: bytes
    lock: int


def check_name(name: str) -> None:
    """Refuses what cannot be a writer's name.

    Raises:
        UsageError: with what a name may be.
    """
    if _NAME.fullmatch(name) is None:
        raise UsageError(f"`{name[:80]}` is no name of a writer", hint=_HINT)


def name_of(writer: str) -> str | None:
    """The name in a writer's id; None where it is no id of a writer."""
    found = _WRITER.fullmatch(writer)
    return found[1] if found else None


def registered(folder: str | Path) -> list[str]:
    """The ids of all writers that have a start statement, sorted."""
    found = (path.name.removesuffix(".start.json") for path in Path(folder).glob(f"{FOLDER}/*.start.json"))
    return sorted(writer for writer in found if name_of(writer))


def last_of(folder: str | Path, name: str) -> str | None:
    """The last writer of a name, or None."""
    return max((writer for writer in registered(folder) if name_of(writer) == name), default=None)


def start_path(folder: str | Path, writer: str) -> Path:
    return Path(folder) / FOLDER / f"{writer}.start.json"


def end_path(folder: str | Path, writer: str) -> Path:
    return Path(folder) / FOLDER / f"{writer}.end.json"


def lock_path(folder: str | Path, writer: str) -> Path:
    return Path(folder) / FOLDER / f"{writer}.lock"


def register(folder: str | Path, store: str, name: str, key: PrivateKey, now_ns: int) -> Writer:
    """Makes a writer: its lock first, then its signed start, durable when this returns.

    Args:
        folder: the store.
        store: the store's id.
        now_ns: the writer's clock.

    Raises:
        UsageError: the name is none.
        EnvironmentFailed: the folder cannot be written.
    """
    check_name(name)
    root = Path(folder) / FOLDER
    previous = last_of(folder, name)
    writer = f"{name}-{now_ns // _MILLISECOND & 0xFFFF_FFFF_FFFF:012x}{secrets.token_hex(4)}"
    start = Start(store, writer, name, now_ns, os.uname().nodename, os.getpid(), previous)
    envelope = _signed(START_TYPE, {"schema": START} | asdict(start), key)
    try:
        root.mkdir(exist_ok=True)
        # Before the start statement: a writer that is registered and not locked is dead.
        lock = os.open(lock_path(folder, writer), os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            place(start_path(folder, writer), envelope)
        except BaseException:
            lock_path(folder, writer).unlink(missing_ok=True)
            os.close(lock)
            raise
    except OSError as error:
        raise failed(error, root, "the writer cannot be registered") from None
    return Writer(start, envelope, lock)


def end(folder: str | Path, writer: Writer, key: PrivateKey, now_ns: int, events: int, chain: bytes) -> None:
    """Signs a writer's end and lets go of its lock; durable when this returns.

    Raises:
        EnvironmentFailed: the folder cannot be written.
    """
    start = writer.start
    made = End(start.store, start.writer, now_ns, events, chain.hex())
    try:
        place(end_path(folder, start.writer), _signed(END_TYPE, {"schema": END} | asdict(made), key))
    except OSError as error:
        raise failed(error, Path(folder) / FOLDER, "the writer's end cannot be written") from None


def release(writer: Writer) -> None:
    """Lets go of a writer's lock: from now on it counts as dead."""
    os.close(writer.lock)


def alive(folder: str | Path, writer: str) -> bool:
    """Whether the writer's process still lives: its lock is held.

    Raises:
        EnvironmentFailed: the lock cannot be looked at.
    """
    path = lock_path(folder, writer)
    try:
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    except OSError as error:
        raise failed(error, path, "whether the writer lives cannot be told") from None
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError as error:
        raise failed(error, path, "whether the writer lives cannot be told") from None
    finally:
        os.close(handle)
    return False


def read_start(envelope: bytes, keys: Sequence[PublicKey], where: str) -> Start:
    """The start statement of an envelope.

    Args:
        keys: those that the store admits; one of them must have signed it.
        where: how errors call the file.

    Raises:
        EvidenceError: it is none, was changed, or no key of these signed it.
    """
    data = _payload(envelope, START_TYPE, START, keys, where)
    match data:
        case {"store": str(store), "writer": str(writer), "name": str(name), "started_ns": int(started),
              "host": str(host), "pid": int(pid), "previous": (str() | None) as previous} if (
            len(data) == 8 and name_of(writer) == name
        ):  # fmt: skip
            return Start(store, writer, name, started, host, pid, previous)
        case _:
            raise EvidenceError("it is no start of a writer", where=where)


def read_end(envelope: bytes, keys: Sequence[PublicKey], where: str) -> End:
    """The end statement of an envelope; as `read_start`."""
    data = _payload(envelope, END_TYPE, END, keys, where)
    match data:
        case {"store": str(store), "writer": str(writer), "ended_ns": int(ended), "events": int(events),
              "chain": str(chain)} if len(data) == 6 and re.fullmatch("[0-9a-f]{64}", chain):  # fmt: skip
            return End(store, writer, ended, events, chain)
        case _:
            raise EvidenceError("it is no end of a writer", where=where)


def store_of(envelope: bytes, where: str) -> str:
    """The id of the store that a start statement says it is of; nobody's signature is checked.

    Raises:
        EvidenceError: it is none.
    """
    try:
        data = parse(dsse.read(envelope, where).payload)
    except (AuthorError, Malformed) as error:
        raise EvidenceError(f"it is no start of a writer: {error.args[0]}", where=where) from None
    if not isinstance(data, dict) or not isinstance(store := data.get("store"), str):
        raise EvidenceError("it is no start of a writer", where=where)
    return store


def place(path: Path, data: bytes, mode: int = 0o644) -> None:
    """Writes a file that appears whole or not at all, and survives a loss of power.

    Raises:
        OSError: as the system says.
    """
    beside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, mode)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(handle)
        beside.rename(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
    flush_folder(path.parent)


def flush_folder(folder: Path) -> None:
    """Makes what was made, renamed or removed in a folder survive a loss of power.

    Raises:
        OSError: as the system says.
    """
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def failed(error: OSError, where: Path, what: str) -> EnvironmentFailed:
    """An error of the system in our words."""
    reason = (error.strerror or str(error)).lower()
    return EnvironmentFailed(f"{what}: {reason}", where=str(error.filename or where))


def _signed(payload_type: str, statement: dict[str, Any], key: PrivateKey) -> bytes:
    payload = text_of(statement).encode()
    return dsse.text(dsse.signed(dsse.Envelope(payload, payload_type, ()), [key])).encode()


def _payload(raw: bytes, payload_type: str, schema: str, keys: Sequence[PublicKey], where: str) -> dict[str, Any]:
    try:
        envelope = dsse.read(raw, where)
        if envelope.payload_type != payload_type:
            raise EvidenceError(f"the statement is of type `{envelope.payload_type[:80]}`", where=where)
        dsse.verified(envelope, keys, 1, where)
        data = parse(envelope.payload)
        canonical = text_of(data).encode() == envelope.payload
    except AuthorError as error:
        raise EvidenceError(error.message, where=where, hint=error.hint) from None
    except Malformed as error:
        raise EvidenceError(f"the statement is no canonical JSON: {error}", where=where) from None
    if not canonical or not isinstance(data, dict) or data.get("schema") != schema:
        raise EvidenceError(f"the statement is no `{schema}`", where=where)
    return data
