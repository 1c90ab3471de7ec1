"""Ed25519 keys: what signs a bundle, and what tells who signed it.

A key's id is `sha256:` and the SHA-256 of its SubjectPublicKeyInfo, as
`openssl pkey -pubin -in release.pub -outform DER | sha256sum` prints it. The library that signs is loaded where
something is signed or checked. Leaves out files (`key_files`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from govern.events.canonical import digest

KEY_ID: Final = "sha256:[0-9a-f]{64}"
# RFC 8410: the DER of an Ed25519 public key is this and its 32 bytes.
_SPKI: Final = bytes.fromhex("302a300506032b6570032100")


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A key that tells whether a signature is good.

    Args:
        raw: its 32 bytes.
        name: the file that it came from, for people.
    """

    raw: bytes
    name: str = field(default="", compare=False)

    @property
    def der(self) -> bytes:
        """Its SubjectPublicKeyInfo."""
        return _SPKI + self.raw

    @property
    def keyid(self) -> str:
        return digest(self.der)

    def verifies(self, signature: bytes, message: bytes) -> bool:
        """Whether the signature is one of this key over the message."""
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

        try:
            Ed25519PublicKey.from_public_bytes(self.raw).verify(signature, message)
        except InvalidSignature:
            return False
        return True


@dataclass(frozen=True, slots=True)
class PrivateKey:
    """A key that signs.

    Args:
        seed: its 32 secret bytes; never shown.
        public: the key that goes with it.
        name: the file that it came from, for people.
    """

    seed: bytes = field(repr=False)
    public: PublicKey
    name: str = field(default="", compare=False)

    def sign(self, message: bytes) -> bytes:
        """The signature of a message: 64 bytes, always the same (RFC 8032)."""
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        return Ed25519PrivateKey.from_private_bytes(self.seed).sign(message)


def of_seed(seed: bytes, name: str = "") -> PrivateKey:
    """The key pair of 32 secret bytes.

    Args:
        name: the file that it came from.
    """
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    public = Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()
    return PrivateKey(seed, PublicKey(public, name), name)


def new() -> PrivateKey:
    """A key pair that nobody had before, from the system's random source."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    return of_seed(Ed25519PrivateKey.generate().private_bytes_raw())
