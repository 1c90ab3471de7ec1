"""Signed notes: a text and signatures over it, each by a named key, as transparency logs exchange them.

C2SP signed-note (c2sp.org/signed-note), Ed25519 keys (type 0x01) only:

    TEXT LF
    LF
    — NAME BASE64(key id, 4 bytes ‖ signature, 64 bytes) LF

A key id is SHA-256(NAME ‖ LF ‖ 0x01 ‖ public key) cut to 4 bytes: a hint, with the name, of which key to try.
Signatures by keys that nobody knows say nothing, of whatever type; one by a known key that is not good spoils the note.
Leaves out what the text means (`checkpoint`).
"""

from __future__ import annotations

import hashlib
import unicodedata
from base64 import b64decode, b64encode
from binascii import Error as NoBase64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from govern.errors import EvidenceError, UsageError
from govern.signing.keys import PrivateKey, PublicKey

MAX_BYTES: Final = 1_000_000
MAX_SIGNATURES: Final = 100
_ED25519: Final = b"\x01"


@dataclass(frozen=True, slots=True)
class Verifier:
    """A key under the name that notes call it by."""

    name: str
    key: PublicKey

    @property
    def key_id(self) -> bytes:
        return key_id(self.name, self.key)

    @property
    def text(self) -> str:
        """As verifier keys are handed around: `NAME+HEX(key id)+BASE64(0x01 ‖ public key)`."""
        return f"{self.name}+{self.key_id.hex()}+{b64encode(_ED25519 + self.key.raw).decode()}"


@dataclass(frozen=True, slots=True)
class Signature:
    """One line of signature: whose it says it is, and the bytes."""

    name: str
    key_id: bytes
    sig: bytes


@dataclass(frozen=True, slots=True)
class Note:
    """A note as it was read; nothing of it is checked yet.

    Args:
        text: with its last line feed.
    """

    text: str
    signatures: tuple[Signature, ...]

    @property
    def whole(self) -> str:
        """The bytes that were read, as text: reading admits one way to write a note."""
        lines = (f"— {each.name} {b64encode(each.key_id + each.sig).decode()}\n" for each in self.signatures)
        return f"{self.text}\n{''.join(lines)}"


def key_id(name: str, key: PublicKey) -> bytes:
    """The 4 bytes that name a key in a note."""
    return hashlib.sha256(name.encode() + b"\n" + _ED25519 + key.raw).digest()[:4]


def check_name(name: str) -> str:
    """The name, where it can stand in a note.

    Raises:
        UsageError: it is empty, or has white space or `+`.
    """
    if not _can_name(name) or any(unicodedata.category(char)[0] == "C" for char in name):
        raise UsageError(
            f"`{name[:80]}` cannot name a key", hint="no spaces and no `+`, such as `audit.example.org/desk`"
        )
    return name


def _can_name(name: str) -> bool:
    return bool(name) and "+" not in name and not any(char.isspace() for char in name)


def verifier(text: str) -> Verifier:
    """The verifier key that a text says.

    Raises:
        UsageError: it is none, or of another type than Ed25519.
    """
    name, _, rest = text.strip().partition("+")
    said, _, coded = rest.partition("+")
    try:
        raw = b64decode(coded, validate=True)
        made = Verifier(check_name(name), PublicKey(raw[1:], name))
        known = len(raw) == 33 and raw[:1] == _ED25519 and made.key_id == bytes.fromhex(said)
    except (NoBase64, ValueError):
        known = False
    if not known:
        raise UsageError("is no Ed25519 verifier key of a signed note", where=text[:120])
    return made


def sign(text: str, name: str, key: PrivateKey) -> str:
    """The whole note of a text, with one signature.

    Args:
        text: ends with a line feed.
        name: of the key.

    Raises:
        UsageError: the name cannot stand in a note.
    """
    _check_text(text, "the text")
    blob = key_id(check_name(name), key.public) + key.sign(text.encode())
    return f"{text}\n— {name} {b64encode(blob).decode()}\n"


def read(raw: bytes | str, where: str = "") -> Note:
    """The note of a file's bytes; its signatures are not checked.

    Args:
        where: how errors call it.

    Raises:
        EvidenceError: it is no signed note.
    """
    data = raw.encode("utf-8", "surrogatepass") if isinstance(raw, str) else raw
    if len(data) > MAX_BYTES:
        raise EvidenceError(f"{len(data):,} bytes: a signed note has at most {MAX_BYTES:,}", where=where)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise EvidenceError(f"no signed note: not UTF-8 at byte {error.start}", where=where) from None
    _check_text(text, "it", where)
    split = text.rfind("\n\n")
    if split < 0:
        raise EvidenceError("no signed note: no empty line before the signatures", where=where)
    lines = text[split + 2 :].split("\n")[:-1]
    if not 1 <= len(lines) <= MAX_SIGNATURES:
        raise EvidenceError(f"no signed note: {len(lines)} signatures, 1 to {MAX_SIGNATURES} are read", where=where)
    return Note(text[: split + 1], tuple(_signature(line, where) for line in lines))


def _check_text(text: str, what: str, where: str = "") -> None:
    if not text.endswith("\n"):
        raise EvidenceError(f"no signed note: {what} does not end with a line feed", where=where)
    odd = next((char for char in text if char < " " and char != "\n"), None)
    if odd is not None:
        raise EvidenceError(f"no signed note: {what} has the control character U+{ord(odd):04X}", where=where)


def _signature(line: str, where: str) -> Signature:
    dash, _, rest = line.partition(" ")
    name, _, coded = rest.partition(" ")
    try:
        blob = b64decode(coded, validate=True)
    except (NoBase64, ValueError):
        blob = b""
    if dash != "—" or not _can_name(name) or len(blob) < 5 or b64encode(blob).decode() != coded:
        raise EvidenceError("no signed note: a line of signature is `— NAME BASE64`", where=where)
    return Signature(name, blob[:4], blob[4:])


def verified(note: Note, known: Sequence[Verifier], where: str = "") -> tuple[Verifier, ...]:
    """Which of the known keys signed a note; at least one.

    Raises:
        EvidenceError: none of them did, or a signature under the name and id of one is not good.
    """
    found: list[Verifier] = []
    message = note.text.encode()
    for each in note.signatures:
        for key in known:
            if (key.name, key.key_id) != (each.name, each.key_id):
                continue
            if not key.key.verifies(each.sig, message):
                raise EvidenceError(f"the signature of `{each.name}` is not good: a byte was changed", where=where)
            if key not in found:
                found.append(key)
    if not found:
        names = ", ".join(sorted({f"`{each.name[:60]}`" for each in note.signatures}))
        raise EvidenceError(f"signed by none of the known keys; it says {names}", where=where)
    return tuple(found)
