"""Values that an event names by a commitment only; they stand beside it, and can be erased.

What a charter calls `sensitive` becomes a commitment in the event, and a row of the side table has value and salt:

    values/WRITER/000000000000.jsonl    beside the segment of this name; canonical JSON a line, mode 0600
    {"commitment":"hmac-sha256:…","event_id":"…","place":"args.email","salt":"<64 hex>","value":…}

    salt       = HMAC-SHA256(K, "govern/salt/v1" ‖ 0 ‖ trace id ‖ 0 ‖ canonical value)
    commitment = "hmac-sha256:" + hex of HMAC-SHA256(salt, canonical value)

K is the store's secret, 32 bytes in a file outside the store, so that one value has one commitment in a trace, whoever
writes it, and another one in another trace. Without the row's salt and without K a commitment says nothing of its
value, however short that is; who destroys K as well makes what was erased unguessable for everybody. Verification
needs the rows only.

An erased row is a line of spaces: written over where it stood, also while its writer goes on.

Leaves out finding values in an event (`masking`), and the event that makes an erasure legitimate (`redaction`).
"""

from __future__ import annotations

import hmac
import os
import secrets
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from govern.errors import EnvironmentFailed, EvidenceError, UsageError
from govern.events.canonical import Malformed, parse, text_of

FOLDER: Final = "values"
PREFIX: Final = "hmac-sha256:"
MARK: Final = "$sensitive"
SECRET: Final[Mapping[str, Any]] = {"$secret": True}
SECRET_TEXT: Final = "[secret]"  # noqa: S105
KEY_BYTES: Final = 32
_DOMAIN: Final = b"govern/salt/v1"


@dataclass(frozen=True, slots=True)
class Row:
    """A value that an event has a commitment of.

    Args:
        event_id: of the event.
        place: where in the event it stood first.
        salt: 64 hex digits.
        value: plain JSON data.
    """

    event_id: str
    place: str
    commitment: str
    salt: str
    value: Any

    @property
    def opens(self) -> bool:
        """Whether value and salt give the commitment."""
        return hmac.compare_digest(self.commitment, commit(bytes.fromhex(self.salt), text_of(self.value)))


@dataclass(frozen=True, slots=True)
class Placed:
    """A row in its file: its line (1 is the first), the offset of its first byte, its bytes without the line feed."""

    row: Row
    line: int
    offset: int
    length: int


@dataclass(frozen=True, slots=True)
class Side:
    """A file of the side table.

    Args:
        rows: that are there.
        erased: how many lines of spaces there are.
        torn: bytes after the last line feed: of an append that a crash cut, for an event that never was.
        problems: lines that are no rows, with their numbers.
    """

    path: Path
    rows: tuple[Placed, ...]
    erased: int
    torn: int
    problems: tuple[str, ...]


def salt_of(key: bytes, trace_id: str, canonical: str) -> bytes:
    """The salt of a value in a trace.

    Args:
        key: the store's secret.
        canonical: canonical JSON of the value.
    """
    return hmac.digest(key, b"\0".join((_DOMAIN, trace_id.encode(), canonical.encode())), "sha256")


def commit(salt: bytes, canonical: str) -> str:
    """The commitment of a value."""
    return PREFIX + hmac.digest(salt, canonical.encode(), "sha256").hex()


def row_of(key: bytes, trace_id: str, event_id: str, place: str, value: Any) -> Row:
    """The row of a value, with its commitment."""
    canonical = text_of(value)
    salt = salt_of(key, trace_id, canonical)
    return Row(event_id, place, commit(salt, canonical), salt.hex(), value)


def line(row: Row) -> bytes:
    """A row's line, with its line feed."""
    return text_of(asdict(row)).encode() + b"\n"


def path_of(folder: str | Path, writer: str, segment: str) -> Path:
    """The side table of a segment.

    Args:
        segment: the file name of the segment.
    """
    return Path(folder) / FOLDER / writer / segment


def files(folder: str | Path) -> list[Path]:
    """The side table's files of a store, sorted."""
    return sorted(Path(folder).glob(f"{FOLDER}/*/*.jsonl"))


def read(path: Path) -> Side:
    """One file of the side table.

    Raises:
        EnvironmentFailed: it cannot be read.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        hint = "the values are for the store's own user" if isinstance(error, PermissionError) else ""
        message = f"the values cannot be read: {(error.strerror or str(error)).lower()}"
        raise EnvironmentFailed(message, where=str(path), hint=hint) from None
    rows: list[Placed] = []
    problems: list[str] = []
    erased = offset = 0
    *whole, torn = raw.split(b"\n")
    for number, each in enumerate(whole, start=1):
        if not each.strip(b" "):
            erased += 1
        elif (row := _row(each)) is None:
            problems.append(f"line {number}: no row of the side table")
        else:
            rows.append(Placed(row, number, offset, len(each)))
        offset += len(each) + 1
    return Side(path, tuple(rows), erased, len(torn), tuple(problems))


def _row(raw: bytes) -> Row | None:
    try:
        data = parse(raw)
        canonical = text_of(data).encode()
    except Malformed:
        return None
    names = ("event_id", "place", "commitment", "salt", "value")
    if canonical != raw or not isinstance(data, dict) or set(data) != set(names):
        return None
    match [data[name] for name in names]:
        case [str(event_id), str(place), str(commitment), str(salt), value] if _is_hex(salt):
            return Row(event_id, place, commitment, salt, value)
        case _:
            return None


def _is_hex(text: str) -> bool:
    return len(text) == 2 * KEY_BYTES and all(digit in "0123456789abcdef" for digit in text)


def rows(folder: str | Path) -> Iterator[tuple[Path, Placed]]:
    """All rows of a store that are there.

    Raises:
        EnvironmentFailed: a file cannot be read.
    """
    for path in files(folder):
        for placed in read(path).rows:
            yield path, placed


def opened(folder: str | Path, commitments: Iterable[str]) -> dict[str, Any]:
    """The values of commitments, as far as they are there: of erased ones, and of others' stores, there is none.

    Args:
        folder: the store.

    Raises:
        EvidenceError: a row does not give its commitment: its value is not the one that was committed to.
        EnvironmentFailed: the values cannot be read, which only the store's own user may.
    """
    wanted = set(commitments)
    found: dict[str, Any] = {}
    for path, placed in rows(folder) if wanted else ():
        row = placed.row
        if row.commitment in wanted:
            if not row.opens:
                raise EvidenceError("a value is not the one that was committed to", where=f"{path}:{placed.line}")
            found[row.commitment] = row.value
    return found


def erase(path: Path, lines: Iterable[Placed]) -> None:
    """Writes spaces over rows; on the disk when this returns. Erasing again changes nothing.

    Raises:
        EnvironmentFailed: the file cannot be written.
    """
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
        try:
            for each in lines:
                os.pwrite(handle, b" " * each.length, each.offset)
            os.fsync(handle)
        finally:
            os.close(handle)
    except OSError as error:
        message = f"the values cannot be erased: {(error.strerror or str(error)).lower()}"
        raise EnvironmentFailed(message, where=str(path)) from None


def read_key(path: str) -> bytes:
    """The store's secret of a file.

    Raises:
        EnvironmentFailed: it cannot be read, or has not 32 bytes.
    """
    try:
        with open(path, "rb") as file:
            raw = file.read(KEY_BYTES + 1)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        reason = getattr(error, "strerror", None) or str(error)
        raise EnvironmentFailed(f"the secret cannot be read: {reason.lower()}", where=path) from None
    if len(raw) != KEY_BYTES:
        hint = "`head -c 32 /dev/urandom > FILE` makes one; keep it outside the store, for its writers only"
        raise EnvironmentFailed(f"the secret has not {KEY_BYTES} bytes", where=path, hint=hint)
    return raw


def new_key(path: str) -> bytes:
    """Makes a secret and writes it to a file that only its owner may read.

    Raises:
        UsageError: the file is there already.
        EnvironmentFailed: it cannot be written.
    """
    made = secrets.token_bytes(KEY_BYTES)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        raise UsageError("is there already, and a secret is never overwritten", where=path) from None
    except OSError as error:
        raise EnvironmentFailed(f"cannot be written: {(error.strerror or str(error)).lower()}", where=path) from None
    with os.fdopen(handle, "wb") as file:
        file.write(made)
        file.flush()
        os.fsync(handle)
    return made
