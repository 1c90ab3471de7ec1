"""Checkpoints: how large a log was, and its root, signed.

C2SP tlog-checkpoint (c2sp.org/tlog-checkpoint): a signed note whose text is the origin, the size in decimal and the
root in base64, one a line; lines after these are kept and mean nothing here. Leaves out the log (`store_log`).
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from binascii import Error as NoBase64
from collections.abc import Sequence
from dataclasses import dataclass

from govern.audit import note
from govern.audit.note import Note, Verifier
from govern.errors import EvidenceError
from govern.signing.keys import PrivateKey, PublicKey


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A log at one moment.

    Args:
        origin: its name, also of the keys that sign for it.
        size: how many records it had.
        root: the RFC 6962 root over their leaves, 32 bytes.
        extensions: further lines.
    """

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        lines = (self.origin, str(self.size), b64encode(self.root).decode(), *self.extensions)
        return "".join(f"{line}\n" for line in lines)


@dataclass(frozen=True, slots=True)
class Signed:
    """A checkpoint as it was read; its signatures are not checked."""

    checkpoint: Checkpoint
    note: Note
    where: str = ""

    @property
    def text(self) -> str:
        """The whole signed note."""
        return self.note.whole


def sign(checkpoint: Checkpoint, key: PrivateKey) -> str:
    """The signed note of a checkpoint, under the name of its origin."""
    return note.sign(checkpoint.text, checkpoint.origin, key)


def read(raw: bytes | str, where: str = "") -> Signed:
    """The checkpoint of a signed note.

    Args:
        where: how errors call it.

    Raises:
        EvidenceError: it is no checkpoint.
    """
    found = note.read(raw, where)
    lines = found.text.split("\n")[:-1]
    if len(lines) < 3 or not all(lines):
        raise EvidenceError("no checkpoint: it has an origin, a size and a root, and no empty line", where=where)
    origin, size, coded = lines[:3]
    try:
        root = b64decode(coded, validate=True)
    except (NoBase64, ValueError):
        root = b""
    if not size.isascii() or not size.isdigit() or str(int(size[:20] or "0")) != size:
        raise EvidenceError("no checkpoint: its first lines are an origin and a size", where=where)
    if len(root) != 32 or b64encode(root).decode() != coded:
        raise EvidenceError("no checkpoint: its third line is no root of 32 bytes in base64", where=where)
    made = Checkpoint(origin, int(size), root, tuple(lines[3:]))
    if made.text != found.text:
        raise EvidenceError("no checkpoint: not written as one", where=where)
    return Signed(made, found, where)


def verified(signed: Signed, keys: Sequence[PublicKey]) -> Checkpoint:
    """The checkpoint, signed by at least one of these keys for its origin.

    Raises:
        EvidenceError: none of them signed it, or one's signature is not good.
    """
    note.verified(signed.note, [Verifier(signed.checkpoint.origin, key) for key in keys], signed.where)
    return signed.checkpoint
