"""DSSE envelopes (Dead Simple Signing Envelope 1.0.2): a payload, its type, and signatures over both.

    {"payload": "<base64>", "payloadType": "…", "signatures": [{"keyid": "sha256:…", "sig": "<base64>"}]}

What is signed is `PAE(type, payload)`, so a signature over one type says nothing of another. Source:
github.com/secure-systems-lab/dsse, `protocol.md` and `envelope.md`. Every DSSE reader can read what is written
here. Reading is narrower than the standard on purpose, so that a changed byte is told wherever it stands: canonical
JSON and one line feed, the standard base64 alphabet with its padding, at least one signature, each by another key,
in the order of their key ids. A key id is a hint: it never makes a signature good.
Leaves out where keys come from (`keys`) and what the payload means (`reading`).
"""

from __future__ import annotations

import binascii
import re
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from govern.errors import AuthorError, UsageError
from govern.events.canonical import Malformed, parse, text_of
from govern.signing.keys import KEY_ID, PrivateKey, PublicKey

MAX_SIGNATURES: Final = 32
MEMBERS: Final = ("payload", "payloadType", "signatures")


@dataclass(frozen=True, slots=True)
class Signature:
    """What somebody signed with.

    Args:
        keyid: what it says of its key; not to be trusted.
        sig: the bytes of the signature.
    """

    keyid: str
    sig: bytes


@dataclass(frozen=True, slots=True)
class Envelope:
    """A payload and its signatures, in the order of their key ids."""

    payload: bytes
    payload_type: str
    signatures: tuple[Signature, ...]


class State(StrEnum):
    """What is known of a signature, with the keys at hand."""

    VERIFIED = "verified"
    REFUSED = "refused"
    UNKNOWN_KEY = "unknown_key"
    NOT_CHECKED = "not_checked"


@dataclass(frozen=True, slots=True)
class Checked:
    """A signature and what is known of it; `key` is the one that verified it."""

    signature: Signature
    state: State
    key: PublicKey | None = None


def pae(payload_type: str, payload: bytes) -> bytes:
    """The bytes that are signed: type and payload, each with its length in bytes before it."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def signed(envelope: Envelope, keys: Sequence[PrivateKey]) -> Envelope:
    """The envelope with a signature more for each key; Ed25519 is deterministic, and so is the result.

    Raises:
        UsageError: a key signed it already, or there would be too many signatures.
    """
    found = {each.keyid: each for each in envelope.signatures}
    message = pae(envelope.payload_type, envelope.payload)
    for key in keys:
        if key.public.keyid in found:
            raise UsageError(f"it is signed by key `{key.public.keyid}` already", where=key.name)
        found[key.public.keyid] = Signature(key.public.keyid, key.sign(message))
    if len(found) > MAX_SIGNATURES:
        raise UsageError(f"{len(found)} signatures, at most {MAX_SIGNATURES} are read")
    return Envelope(envelope.payload, envelope.payload_type, tuple(found[keyid] for keyid in sorted(found)))


def text(envelope: Envelope) -> str:
    """The whole file of an envelope."""
    document = {
        "payload": b64encode(envelope.payload).decode(),
        "payloadType": envelope.payload_type,
        "signatures": [{"keyid": each.keyid, "sig": b64encode(each.sig).decode()} for each in envelope.signatures],
    }
    return text_of(document) + "\n"


def read(raw: bytes, where: str) -> Envelope:
    """The envelope of a file's bytes; its signatures are not checked.

    Args:
        where: how errors call the file.

    Raises:
        AuthorError: it is none, or a byte of its form was changed.
    """
    try:
        document = parse(raw)
    except Malformed as error:
        raise AuthorError(f"the envelope is no canonical JSON: {error}", where=where) from None
    if not isinstance(document, dict) or set(document) != set(MEMBERS):
        odd = sorted(set(document) ^ set(MEMBERS)) if isinstance(document, dict) else ["all of them"]
        raise AuthorError(f"members of the envelope missing or unknown: {_listed(odd)}", where=where)
    if not isinstance(document["payloadType"], str):
        raise AuthorError("`payloadType` of the envelope is no text", where=where)
    payload = _bytes(document["payload"], "payload", where)
    made = Envelope(payload, document["payloadType"], _signatures(document["signatures"], where))
    if raw != text(made).encode():
        raise AuthorError("the envelope was changed: its text is not canonical", where=where)
    return made


def _listed(names: list[str]) -> str:
    return ", ".join(f"`{name[:40]}`" for name in names[:6]) + (", …" if len(names) > 6 else "")


def _signatures(data: Any, where: str) -> tuple[Signature, ...]:
    if not isinstance(data, list) or not 1 <= len(data) <= MAX_SIGNATURES:
        raise AuthorError(f"`signatures` of the envelope are no list of 1 to {MAX_SIGNATURES}", where=where)
    found: list[Signature] = []
    for each in data:
        if not isinstance(each, dict) or set(each) != {"keyid", "sig"}:
            raise AuthorError("a signature of the envelope has other members than `keyid` and `sig`", where=where)
        keyid = each["keyid"]
        if not isinstance(keyid, str) or re.fullmatch(KEY_ID, keyid) is None:
            raise AuthorError(f"`{str(keyid)[:80]}` is no key id of `sha256:` and 64 digits", where=where)
        found.append(Signature(keyid, _bytes(each["sig"], "sig", where)))
    ids = [each.keyid for each in found]
    if ids != sorted(set(ids)):
        raise AuthorError("the signatures of the envelope are not each by another key, in their order", where=where)
    return tuple(found)


def _bytes(data: Any, name: str, where: str) -> bytes:
    """The bytes of base64 in its one canonical form: no white space, all padding, no stray bits (RFC 4648, 3.5)."""
    try:
        made = binascii.a2b_base64(data.encode("ascii"), strict_mode=True) if isinstance(data, str) else None
    except (binascii.Error, UnicodeEncodeError):
        made = None
    if made is None or b64encode(made).decode() != data:
        raise AuthorError(f"`{name}` of the envelope is no base64", where=where)
    return made


def check(envelope: Envelope, keys: Sequence[PublicKey]) -> tuple[Checked, ...]:
    """What is known of each signature. Every key is tried, whatever the key id says.

    Args:
        keys: those at hand; without any, nothing is checked.
    """
    if not keys:
        return tuple(Checked(each, State.NOT_CHECKED) for each in envelope.signatures)
    message = pae(envelope.payload_type, envelope.payload)
    ids = {key.keyid for key in keys}
    found: list[Checked] = []
    for each in envelope.signatures:
        by = next((key for key in keys if key.verifies(each.sig, message)), None)
        # A good signature under another key's id, a bad one under a given key's: somebody changed one of them.
        if by is not None:
            state = State.VERIFIED if by.keyid == each.keyid else State.REFUSED
        else:
            state = State.REFUSED if each.keyid in ids else State.UNKNOWN_KEY
        found.append(Checked(each, state, by if state is State.VERIFIED else None))
    return tuple(found)


def enough(keys: Sequence[PublicKey], threshold: int) -> None:
    """Refuses a demand that says nothing, or that nothing can meet.

    Raises:
        UsageError: no keys, or a threshold that is not between 1 and the number of different keys.
    """
    different = len({key.keyid for key in keys})
    if not different:
        raise UsageError("no key to verify with", hint="`--key FILE` names a public key that is trusted")
    if not 1 <= threshold <= different:
        said = f"{different} different key" + ("s" if different > 1 else "")
        raise UsageError(f"`{threshold}` keys must have signed, of {said}", where="--threshold")


def verified(envelope: Envelope, keys: Sequence[PublicKey], threshold: int, where: str) -> tuple[Checked, ...]:
    """The signatures, of which at least `threshold` are by different keys of those given.

    Args:
        keys: the trusted ones.
        threshold: how many of them must have signed.
        where: how errors call the file.

    Raises:
        UsageError: as `enough`.
        AuthorError: too few of them signed, or a signature by one of them is not good. Signatures by other keys
            say nothing.
    """
    enough(keys, threshold)
    found = check(envelope, keys)
    for each in found:
        if each.state is State.REFUSED:
            message = f"the signature under key id `{each.signature.keyid}` is not good: a byte was changed"
            raise AuthorError(message, where=where)
    good = sum(each.state is State.VERIFIED for each in found)
    if good < threshold:
        by = ", ".join(f"`{each.keyid}`" for each in envelope.signatures)
        needed = (
            "none of the given keys signed it" if not good else f"{good} of the given keys signed it, not {threshold}"
        )
        raise AuthorError(f"{needed}: it says it is signed by {by}", where=where, hint="is this the right key?")
    return found
