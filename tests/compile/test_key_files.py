"""Key files: for their owner alone, never overwritten, read by the usual tools, and a wrong one is named."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa, x25519
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from govern.errors import EnvironmentFailed, UsageError
from govern.signing.key_files import MAX_BYTES, read_any, read_private, read_public, write_new

from .making import A


@pytest.fixture
def pair(tmp_path: Path) -> tuple[str, str]:
    _, private, public = write_new(str(tmp_path / "release"))
    return str(private), str(public)


def test_a_new_pair_signs_and_verifies(tmp_path: Path) -> None:
    made, private, public = write_new(str(tmp_path / "release"))
    assert ("release.key", "release.pub") == (private.name, public.name)
    assert made == read_private(str(private))
    assert made.public == read_public(str(public)) == read_any(str(public))[1] == read_any(str(private))[1]
    assert ("private", "public") == (read_any(str(private))[0], read_any(str(public))[0])
    assert made.public.verifies(made.sign(b"x"), b"x")
    assert not made.public.verifies(made.sign(b"x"), b"y")
    assert made.seed.hex() not in repr(made)


def test_no_two_pairs_are_alike(tmp_path: Path) -> None:
    assert 5 == len({write_new(str(tmp_path / f"k{number}"))[0].seed for number in range(5)})


def test_the_private_key_is_for_its_owner_alone(tmp_path: Path) -> None:
    """From the first moment, whatever the process allows by default."""
    before = os.umask(0)
    try:
        _, private, public = write_new(str(tmp_path / "release"))
    finally:
        os.umask(before)
    assert (0o600, 0o644) == (stat.S_IMODE(private.stat().st_mode), stat.S_IMODE(public.stat().st_mode))


@pytest.mark.parametrize("there", ["release.key", "release.pub"])
def test_a_key_is_never_overwritten(there: str, tmp_path: Path) -> None:
    """Nor a link that leads nowhere; and nothing else is left."""
    (tmp_path / there).write_text("mine")
    with pytest.raises(UsageError, match="never overwritten"):
        write_new(str(tmp_path / "release"))
    assert [(there, "mine")] == [(path.name, path.read_text()) for path in tmp_path.iterdir()]
    (tmp_path / there).unlink()
    (tmp_path / there).symlink_to(tmp_path / "nowhere")
    with pytest.raises(UsageError, match="never overwritten"):
        write_new(str(tmp_path / "release"))
    assert [there] == [path.name for path in tmp_path.iterdir()]


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentFailed, match="cannot be written"):
        write_new(str(tmp_path / "no" / "release"))


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
def test_openssl_reads_ours_and_we_read_its(pair: tuple[str, str], tmp_path: Path) -> None:
    """The same public key out of ours; the same key id; a pair that it made."""

    def openssl(*arguments: str) -> bytes:
        return subprocess.run(["openssl", *arguments], capture_output=True, check=True).stdout

    private, public = pair
    assert Path(public).read_bytes() == openssl("pkey", "-in", private, "-pubout")
    assert read_public(public).der == openssl("pkey", "-pubin", "-in", public, "-outform", "DER")
    theirs, half = str(tmp_path / "theirs.key"), str(tmp_path / "theirs.pub")
    openssl("genpkey", "-algorithm", "ed25519", "-out", theirs)
    openssl("pkey", "-in", theirs, "-pubout", "-out", half)
    assert read_public(half) == read_private(theirs).public


def test_one_half_for_the_other(pair: tuple[str, str]) -> None:
    """The command line is wrong, and says which half is wanted."""
    private, public = pair
    with pytest.raises(UsageError, match="is a private key, and a public one verifies"):
        read_public(private)
    with pytest.raises(UsageError, match="is a public key, and a private one signs"):
        read_private(public)


def private_pem(key: object) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())  # type: ignore[attr-defined, no-any-return]


def public_pem(key: object) -> bytes:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)  # type: ignore[attr-defined, no-any-return]


OTHERS = (
    ec.generate_private_key(ec.SECP256R1()),
    rsa.generate_private_key(65537, 2048),
    x25519.X25519PrivateKey.generate(),
)
ED = ed25519.Ed25519PrivateKey.from_private_bytes(A.seed)


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (b"", "is no key"),
        (b"x" * 100, "is no key"),
        (b"\x00" * 100, "is no key"),
        (b"-----BEGIN " + b"x" * MAX_BYTES, "is no key"),
        (b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "is no private key"),
        (private_pem(ED)[:-20], "is no private key"),
        (private_pem(ED) * 2, "holds 2 keys"),
        (ED.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"x")), "is encrypted"),
        *((private_pem(key), "is no Ed25519 key") for key in OTHERS),
        (b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "is no private key"),
    ],
)
def test_what_is_no_private_key(raw: bytes, says: str, tmp_path: Path) -> None:
    path = tmp_path / "k.key"
    path.write_bytes(raw)
    with pytest.raises(EnvironmentFailed, match=says) as caught:
        read_private(str(path))
    assert (str(path), 4) == (caught.value.where, caught.value.exit_code)


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (b"", "is no key"),
        (b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", "is no public key"),
        (public_pem(ED)[:-20], "is no public key"),
        (public_pem(ED) + public_pem(OTHERS[0]), "holds 2 keys"),
        *((public_pem(key), "is no Ed25519 key") for key in OTHERS),
    ],
)
def test_what_is_no_public_key(raw: bytes, says: str, tmp_path: Path) -> None:
    path = tmp_path / "k.pub"
    path.write_bytes(raw)
    with pytest.raises(EnvironmentFailed, match=says):
        read_public(str(path))


def test_a_key_that_is_not_there(tmp_path: Path) -> None:
    for name in (str(tmp_path / "gone"), str(tmp_path), "a\0b"):
        for half in (read_private, read_public, read_any):
            with pytest.raises(EnvironmentFailed, match="the key cannot be read"):
                half(name)
