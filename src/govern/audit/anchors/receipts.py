"""Receipts: the store's own notes of which checkpoint went where.

    STORE/anchors/SIZE-KIND-XXXXXXXXXXXX.json   {"at_ns", "checkpoint", "kind", "more", "schema", "size", "to"}

The last part of the name is of the target's digest. A receipt is for people, and carries the token of a time stamp;
`govern audit verify` gives none of them any weight: whoever can write the store can write one.
"""

from __future__ import annotations

import binascii
import hashlib
import os
import secrets
from base64 import b64decode
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from govern.audit import checkpoint, store_log
from govern.audit.anchors import file, rfc3161
from govern.errors import EnvironmentFailed, EvidenceError
from govern.events.canonical import Malformed, parse, text_of

FOLDER: Final = "anchors"
SCHEMA: Final = "govern/anchor/v1"


@dataclass(frozen=True, slots=True)
class Receipt:
    """What went where.

    Args:
        kind: of the sink.
        to: as `--to` said it.
        at_ns: when, by the clock of who sent it.
        size: of the checkpoint.
        checkpoint: the signed note.
        more: what the sink gave back.
    """

    kind: str
    to: str
    at_ns: int
    size: int
    checkpoint: str
    more: Mapping[str, str | int | None]


@dataclass(frozen=True, slots=True)
class Checked:
    """What a receipt is worth.

    Args:
        size: the log grew out of a checkpoint over so many records.
        time: that an authority stamped on it; None of other sinks.
        trusted: whether the stamp's signature was checked.
    """

    size: int
    time: datetime | None
    trusted: bool


def keep(store: Path, receipt: Receipt) -> Path:
    """Writes a receipt; one of the same checkpoint to the same place is replaced.

    Raises:
        EnvironmentFailed: it cannot be written.
    """
    short = hashlib.sha256(receipt.to.encode("utf-8", "surrogatepass")).hexdigest()[:12]
    path = store / FOLDER / f"{receipt.size:012d}-{receipt.kind}-{short}.json"
    beside = path.with_name(f".{path.name}.{secrets.token_hex(6)}.tmp")
    try:
        path.parent.mkdir(exist_ok=True)
        with beside.open("x", encoding="utf-8") as handle:
            handle.write(text_of({"schema": SCHEMA, **asdict(receipt), "more": dict(receipt.more)}) + "\n")
            handle.flush()
            os.fsync(handle.fileno())
        beside.replace(path)
    except OSError as error:
        with suppress(OSError):  # the first failure is the one to tell
            beside.unlink(missing_ok=True)
        what = f"the checkpoint is held, and its receipt cannot be kept: {(error.strerror or str(error)).lower()}"
        raise EnvironmentFailed(what, where=str(path)) from None
    return path


def read(raw: bytes, where: str) -> Receipt:
    """The receipt of a file's bytes.

    Raises:
        EvidenceError: it is none.
    """
    try:
        data = parse(raw)
    except Malformed as error:
        raise EvidenceError(f"is no receipt: {error}", where=where) from None
    types = {"kind": str, "to": str, "at_ns": int, "size": int, "checkpoint": str, "more": dict}
    if not isinstance(data, dict) or data.get("schema") != SCHEMA or set(data) != {"schema", *types}:
        raise EvidenceError("is no receipt of a checkpoint", where=where, hint=f"they stand in STORE/{FOLDER}")
    if any(type(data[name]) is not kind for name, kind in types.items()):
        raise EvidenceError("is no receipt: a member is of another type", where=where)
    return Receipt(**{name: data[name] for name in types})


def check(receipt: Receipt, store: Path, ca: str | None, where: str) -> Checked:
    """Checks that a store's log grew out of a receipt's checkpoint, and the time stamp where there is one.

    Args:
        ca: a PEM file of the authorities that are trusted; without it a stamp's signature is not checked.
        where: how errors call the receipt.

    Raises:
        EvidenceError: it did not, no key of the log signed it, or the stamp is not good.
        EnvironmentFailed: as `rfc3161.check`.
    """
    log = store_log.read(store)
    signed = checkpoint.read(receipt.checkpoint, where)
    checkpoint.verified(signed, log.keys.ever if log.keys is not None else [])
    size = file.grew_out_of(receipt.checkpoint.encode(), where, store)
    if size != receipt.size:
        raise EvidenceError(f"says {receipt.size:,} records, and its checkpoint {size:,}", where=where)
    if receipt.kind != "rfc3161":
        return Checked(size, None, trusted=True)
    try:
        reply = b64decode(str(receipt.more.get("reply")), validate=True)
    except (binascii.Error, ValueError):
        raise EvidenceError("has no time stamp", where=where) from None
    at = rfc3161.check(reply, receipt.checkpoint.encode(), ca, where=where)
    return Checked(size, at, trusted=ca is not None)
