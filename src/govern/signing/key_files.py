"""Key files: PEM, as `openssl genpkey -algorithm ed25519` writes them too.

The private one (PKCS 8, not encrypted) is for its owner only and never overwritten; the public one is a
SubjectPublicKeyInfo. Leaves out signing (`keys`).
"""

from __future__ import annotations

import os
from base64 import b64encode
from pathlib import Path
from typing import Final

from govern.errors import EnvironmentFailed, UsageError
from govern.signing import keys
from govern.signing.keys import PrivateKey, PublicKey

MAX_BYTES: Final = 64 * 1024
_HINT: Final = "an Ed25519 key in PEM, as `govern key new` and `openssl genpkey -algorithm ed25519` write it"
_PKCS8: Final = bytes.fromhex("302e020100300506032b657004220420")  # RFC 8410, section 7


def pem(kind: str, der: bytes) -> str:
    """PEM text of `PRIVATE KEY` or `PUBLIC KEY` (RFC 7468)."""
    return f"-----BEGIN {kind}-----\n{b64encode(der).decode()}\n-----END {kind}-----\n"


def write_new(stem: str) -> tuple[PrivateKey, Path, Path]:
    """Makes a key pair and writes `STEM.key`, which only its owner may read, and `STEM.pub`.

    Raises:
        UsageError: one of the files is there already.
        EnvironmentFailed: they cannot be written; none is left.
    """
    private, public = Path(f"{stem}.key"), Path(f"{stem}.pub")
    for path in (private, public):
        if os.path.lexists(path):
            raise UsageError("is there already, and a key is never overwritten", where=str(path))
    made = keys.new()
    _create(private, pem("PRIVATE KEY", _PKCS8 + made.seed), 0o600)
    try:
        _create(public, pem("PUBLIC KEY", made.public.der), 0o644)
    except EnvironmentFailed:
        private.unlink()  # just made, and of no use without the other
        raise
    return made, private, public


def _create(path: Path, text: str, mode: int) -> None:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(text)
            file.flush()
            os.fsync(descriptor)
    except OSError as error:
        raise EnvironmentFailed(
            f"cannot be written: {(error.strerror or str(error)).lower()}", where=str(path)
        ) from None


def read_private(path: str) -> PrivateKey:
    """The private key of a file.

    Raises:
        UsageError: it is a public key.
        EnvironmentFailed: it cannot be read, is encrypted, or is no Ed25519 key.
    """
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    raw = _one_block(path)
    if b"PUBLIC KEY-----" in raw:
        raise UsageError("is a public key, and a private one signs", where=path)
    if b"ENCRYPTED" in raw:
        hint = "decrypt it to a file that only you can read: `openssl pkey -in KEY -out PLAIN`"
        raise EnvironmentFailed("the key is encrypted", where=path, hint=hint)
    try:
        key = load_pem_private_key(raw, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise EnvironmentFailed("is no private key", where=path, hint=_HINT) from None
    if not isinstance(key, Ed25519PrivateKey):
        raise EnvironmentFailed("is no Ed25519 key", where=path, hint=_HINT)
    return keys.of_seed(key.private_bytes_raw(), path)


def read_public(path: str) -> PublicKey:
    """The public key of a file.

    Raises:
        UsageError: it is a private key.
        EnvironmentFailed: it cannot be read, or is no Ed25519 key.
    """
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    raw = _one_block(path)
    if b"PRIVATE KEY-----" in raw:
        hint = "the public one goes with it; a private key belongs to nobody but the signer"
        raise UsageError("is a private key, and a public one verifies", where=path, hint=hint)
    try:
        key = load_pem_public_key(raw)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise EnvironmentFailed("is no public key", where=path, hint=_HINT) from None
    if not isinstance(key, Ed25519PublicKey):
        raise EnvironmentFailed("is no Ed25519 key", where=path, hint=_HINT)
    return PublicKey(key.public_bytes_raw(), path)


def read_any(path: str) -> tuple[str, PublicKey]:
    """Which half a file holds, `private` or `public`, and the public one.

    Raises:
        EnvironmentFailed: it cannot be read, is encrypted, or is no Ed25519 key.
    """
    if b"PRIVATE KEY-----" in _one_block(path):
        return "private", read_private(path).public
    return "public", read_public(path)


def _one_block(path: str) -> bytes:
    """The bytes of a file that holds one key: of two, one would be left out silently."""
    try:
        with open(path, "rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        reason = getattr(error, "strerror", None) or str(error)
        raise EnvironmentFailed(f"the key cannot be read: {reason.lower()}", where=path) from None
    blocks = raw.count(b"-----BEGIN ")
    if len(raw) > MAX_BYTES or blocks != 1:
        what = "is no key" if blocks == 0 or len(raw) > MAX_BYTES else f"holds {blocks} keys, one is read"
        raise EnvironmentFailed(what, where=path, hint=_HINT)
    return raw
