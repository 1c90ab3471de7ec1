"""Opens one input: plain, gzip or Zstandard, a file or standard input, by its first bytes, never by its name.

The whole input is digested before its first row is read, because ids are made from the digest; so a packed
input (and standard input) is unpacked once into a spool, in memory while small, else in a temporary file.
A packed input that is cut short or damaged gives what could be unpacked, and the trouble.

Leaves out: what the bytes mean (`rows`, `adapters`).
"""

from __future__ import annotations

import errno
import hashlib
import os
import stat
import sys
import tempfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final, cast

import zstandard

from govern.errors import EnvironmentFailed

SPOOL_IN_MEMORY: Final = 32 * 1024 * 1024
BLOCK: Final = 1024 * 1024
PACKED_BLOCK: Final = 2048
"""Zstandard can unpack 4 bytes to 128 KiB: small blocks bound what one call returns (64 MiB)."""
WINDOW: Final = 128 * 1024 * 1024
BOMB_FROM: Final = 256 * 1024 * 1024
BOMB_RATIO: Final = 2_000
"""An input that unpacks to more than BOMB_FROM bytes and BOMB_RATIO times its size is not read on."""

ZSTD_MAGIC: Final = b"\x28\xb5\x2f\xfd"
GZIP_MAGIC: Final = b"\x1f\x8b"


@dataclass(frozen=True, slots=True)
class Refusal:
    """Something that could not be read. It is counted and shown, and what is not judged is exit code 3.

    Args:
        file: the path as the caller gave it or found below a folder; `-` is standard input.
        line: counts from 1; 0 is the file as a whole.
        reason: for people.
        rows: how many rows are lost with it; None where nobody can know (an unreadable file, a cut one).
    """

    file: str
    line: int
    reason: str
    rows: int | None = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.reason}" if self.line else f"{self.file}: {self.reason}"


@dataclass(frozen=True, slots=True)
class Source:
    """An input, unpacked and digested.

    Args:
        name: as shown to people.
        file: positioned at the start.
        size: bytes, unpacked.
        digest: 64 hex digits: SHA-256 of the unpacked bytes.
        trouble: why the bytes end where they end, or empty.
    """

    name: str
    file: IO[bytes]
    size: int
    digest: str
    trouble: str


def open_source(name: str) -> Source:
    """Opens, unpacks and digests one input. The caller closes `file`.

    Args:
        name: a path, or `-`.

    Raises:
        OSError: it cannot be opened or read.
        EnvironmentFailed: no space for the spool.
    """
    if name == "-":
        return _spooled(name, sys.stdin.buffer)
    kind = os.stat(name).st_mode
    if not (stat.S_ISREG(kind) or stat.S_ISFIFO(kind)):  # a device may never end
        raise OSError(errno.EINVAL, "neither a file nor a pipe")
    file = Path(name).open("rb")  # noqa: SIM115 - handed to the caller
    try:
        head = file.read(4)
        if not os.path.isfile(name):  # a pipe cannot go back to its start
            return _spooled(name, file, head)
        file.seek(0)
        if head.startswith((ZSTD_MAGIC, GZIP_MAGIC)):
            return _spooled(name, file)
        return _plain(name, file)
    except BaseException:
        file.close()
        raise


def _plain(name: str, file: IO[bytes]) -> Source:
    sha = hashlib.sha256()
    size = 0
    while block := file.read(BLOCK):
        sha.update(block)
        size += len(block)
    file.seek(0)
    return Source(name, file, size, sha.hexdigest(), "")


def _spooled(name: str, packed: IO[bytes], head: bytes = b"") -> Source:
    spool = cast("IO[bytes]", tempfile.SpooledTemporaryFile(max_size=SPOOL_IN_MEMORY))  # noqa: SIM115
    sha = hashlib.sha256()
    size = 0
    trouble = ""
    try:
        for block in _unpack(packed, head):
            if isinstance(block, _Trouble):
                trouble = block.reason
                break
            sha.update(block)
            size += len(block)
            spool.write(block)
        spool.seek(0)
    except OSError as error:
        spool.close()
        raise EnvironmentFailed(
            f"cannot unpack `{name}` into {tempfile.gettempdir()}: {(error.strerror or '').lower()}"
        ) from None
    finally:
        if packed is not sys.stdin.buffer:
            packed.close()
    return Source(name, spool, size, sha.hexdigest(), trouble)


@dataclass(frozen=True, slots=True)
class _Trouble:
    reason: str


def _unpack(file: IO[bytes], head: bytes) -> Iterator[bytes | _Trouble]:
    while len(head) < 4 and (more := file.read(4 - len(head))):
        head += more
    if head.startswith(ZSTD_MAGIC):
        yield from _members(file, head, _Zstd)
    elif head.startswith(GZIP_MAGIC):
        yield from _members(file, head, _Gzip)
    else:
        if head:
            yield head
        while block := file.read(BLOCK):
            yield block


class _Zstd:
    magic = ZSTD_MAGIC
    title = "Zstandard"

    def __init__(self) -> None:
        self._unpacker = zstandard.ZstdDecompressor(max_window_size=WINDOW).decompressobj()

    def feed(self, data: bytes) -> bytes:
        return self._unpacker.decompress(data)

    @property
    def rest(self) -> bytes | None:
        """What follows the end of this member, or None while it has not ended."""
        return self._unpacker.unused_data if self._unpacker.eof else None


class _Gzip:
    magic = GZIP_MAGIC
    title = "gzip"

    def __init__(self) -> None:
        self._unpacker = zlib.decompressobj(wbits=31)

    def feed(self, data: bytes) -> bytes:
        return self._unpacker.decompress(data)

    @property
    def rest(self) -> bytes | None:
        return self._unpacker.unused_data if self._unpacker.eof else None


def _members(file: IO[bytes], data: bytes, kind: type[_Zstd] | type[_Gzip]) -> Iterator[bytes | _Trouble]:
    """Unpacks one member after the other, as `zstd -d` and `gzip -d` do."""
    packed, unpacked = 0, 0
    member = kind()
    data += file.read(PACKED_BLOCK)
    while data:
        packed += len(data)
        try:
            made = member.feed(data)
        except (zstandard.ZstdError, zlib.error) as error:
            yield _Trouble(f"damaged {kind.title} data: {str(error).lower()}")
            return
        unpacked += len(made)
        if made:
            yield made
        if unpacked > BOMB_FROM and unpacked > packed * BOMB_RATIO:
            yield _Trouble(f"unpacks to more than {BOMB_RATIO:,} times its size; the rest was not read")
            return
        rest = member.rest
        if rest is None:
            data = file.read(PACKED_BLOCK)
            if not data:
                yield _Trouble(f"cut short: the {kind.title} data ends in the middle")
                return
            continue
        data = rest + file.read(PACKED_BLOCK)
        packed -= len(rest)
        if data:
            while len(data) < 4 and (more := file.read(4)):
                data += more
            if not data.startswith(kind.magic):
                yield _Trouble(f"other bytes follow the end of the {kind.title} data")
                return
            member = kind()
