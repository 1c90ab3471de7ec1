"""Opens inputs: plain, gzip, Zstandard or a tar archive of such, a file or standard input, by content, never by name.

The whole input is digested before its first row is read, because ids are made from the digest. What can be read
again is read again, and unpacked again where it is packed: that takes no space. What cannot (standard input, a file
of an archive) is kept in a spool, in memory while small, else in a temporary file without a name. A packed input
that is cut short or damaged gives what could be unpacked, and the trouble.

Leaves out: what the bytes mean (`rows`, `adapters`).
"""

from __future__ import annotations

import errno
import hashlib
import io
import os
import stat
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any, Final, cast

from govern.errors import EnvironmentFailed
from govern.ingest.tar import BLOCK as TAR_BLOCK
from govern.ingest.tar import Member, Odd, entries, is_tar
from govern.ingest.unpack import BLOCK, Unpacked, is_packed

SPOOL_IN_MEMORY: Final = 32 * 1024 * 1024
PARQUET_MAGIC: Final = b"PAR1"
_FOREIGN: Final = {
    PARQUET_MAGIC: "Parquet that is packed or comes through a pipe",
    b"PK\x03\x04": "a zip archive",
    b"PK\x05\x06": "a zip archive",
    b"BZh": "packed with bzip2",
    b"\xfd7zXZ\x00": "packed with xz",
    b"7z\xbc\xaf\x27\x1c": "a 7z archive",
    b"\x04\x22\x4d\x18": "packed with lz4",
}
"""What is refused by its name, instead of as text that is none."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Something that could not be read. It is counted and shown, and what is not judged is exit code 3.

    Args:
        file: the path as the caller gave it or found below a folder; `-` is standard input, `archive!file` a file of
            an archive.
        line: counts from 1; 0 is the file as a whole.
        reason: for people.
        rows: how many rows are lost with it: 0 for a part of a row of which the rest is read; None where nobody can
            know (an unreadable file, a cut one).
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
        file: positioned at the start; whoever was given the source closes it.
        size: bytes, unpacked.
        digest: 64 hex digits: SHA-256 of the unpacked bytes.
        trouble: why the bytes end where they end, or empty.
        share: the part of the input on disk that this is, as bytes from and to.
    """

    name: str
    file: IO[bytes]
    size: int
    digest: str
    trouble: str
    share: tuple[int, int] = (0, 0)


def open_sources(name: str, wanted: Callable[[str], bool] = lambda _: True) -> Iterator[Source | Refusal | str]:
    """Opens, unpacks and digests one input: itself, or the files of an archive one after the other.

    Args:
        name: a path, or `-`.
        wanted: whether the file of an archive with this name (`archive!file`) is to be read at all.

    Yields:
        Each source before the next is begun; a `Refusal` for what cannot be read; the name of what is not wanted.

    Raises:
        OSError: it cannot be opened or read.
        EnvironmentFailed: no space for the spool.
    """
    if name == "-":
        yield from _streamed(name, Unpacked(sys.stdin.buffer), wanted)
        return
    kind = os.stat(name).st_mode
    if not (stat.S_ISREG(kind) or stat.S_ISFIFO(kind)):  # a device may never end
        raise OSError(errno.EINVAL, "neither a file nor a pipe")
    with Path(name).open("rb") as file:
        if stat.S_ISFIFO(kind):  # a pipe cannot go back to its start
            yield from _streamed(name, Unpacked(file), wanted)
            return
        head = file.read(TAR_BLOCK)
        if is_packed(head) or is_tar(head):
            yield from _streamed(name, Unpacked(file, head), wanted, again=True)
        elif not head.startswith(PARQUET_MAGIC) and (foreign := _foreign(head)):
            yield Refusal(name, 0, foreign, None)
        else:
            file.seek(0)
            yield _plain(name, file)  # closed twice, by the reader and here: that is allowed


def _plain(name: str, file: IO[bytes]) -> Source:
    sha = hashlib.sha256()
    size = 0
    while block := file.read(BLOCK):
        sha.update(block)
        size += len(block)
    file.seek(0)
    return Source(name, file, size, sha.hexdigest(), "", (0, size))


def _streamed(
    name: str, stream: Unpacked, wanted: Callable[[str], bool], *, again: bool = False
) -> Iterator[Source | Refusal | str]:
    head = stream.peek(TAR_BLOCK)
    if not is_tar(head):
        if foreign := _foreign(head):
            yield Refusal(name, 0, foreign, None)
        else:
            yield _unpacked_again(name, stream) if again else _spooled(name, stream)
        return
    told = False
    for entry in entries(stream):
        inner = f"{name}!{entry.name}"
        before = stream.taken
        match entry:
            case Odd(name=""):
                told = True
                yield Refusal(name, 0, stream.trouble or entry.reason, None)
            case _ if not wanted(inner):
                yield inner
            case Odd():
                yield Refusal(inner, 0, entry.reason, None)
            case Member():
                yield _member(inner, entry, stream, before)
    if stream.trouble and not told:
        yield Refusal(name, 0, stream.trouble, None)


def _member(name: str, entry: Member, stream: Unpacked, before: int) -> Source | Refusal:
    inside = Unpacked(entry)
    head = inside.peek(TAR_BLOCK)
    if foreign := _foreign(head):
        return Refusal(name, 0, foreign, None)
    if is_tar(head):
        return Refusal(name, 0, "an archive inside an archive; unpack it, and read what is in it", None)
    made = _spooled(name, inside)
    trouble = made.trouble or ("cut short with the archive" if entry.cut else "")
    return replace(made, trouble=trouble, share=(before, stream.taken))


def _foreign(head: bytes) -> str:
    for magic, what in _FOREIGN.items():
        if head.startswith(magic):
            return f"{what}, which is not read; unpack it (gzip, Zstandard and tar are read as they are)"
    return ""


def _unpacked_again(name: str, stream: Unpacked) -> Source:
    sha = hashlib.sha256()
    size = 0
    kept: list[bytes] = []
    for block in stream.blocks():
        sha.update(block)
        size += len(block)
        if size <= SPOOL_IN_MEMORY:
            kept.append(block)
    file: IO[bytes]
    if size <= SPOOL_IN_MEMORY:
        file = io.BytesIO(b"".join(kept))
    else:
        del kept
        file = io.BufferedReader(_Again(name), BLOCK)
    return Source(name, file, size, sha.hexdigest(), stream.trouble, (0, stream.taken))


class _Again(io.RawIOBase):
    """A packed file, unpacked as it is read; going back unpacks it from its start."""

    def __init__(self, path: str) -> None:
        super().__init__()
        self._file = Path(path).open("rb")  # noqa: SIM115 - closed with this
        self._stream = Unpacked(self._file)
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, into: Any) -> int:
        data = self._stream.read(len(into))
        into[: len(data)] = data
        self._at += len(data)
        return len(data)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        if whence == os.SEEK_END:
            raise io.UnsupportedOperation("the end of a packed file is not known")
        to = offset + (self._at if whence == os.SEEK_CUR else 0)
        if to < self._at:
            self._file.seek(0)
            self._stream = Unpacked(self._file)
            self._at = 0
        while self._at < to and (data := self._stream.read(min(BLOCK, to - self._at))):
            self._at += len(data)
        return self._at

    def tell(self) -> int:
        return self._at

    def close(self) -> None:
        self._file.close()
        super().close()


def _spooled(name: str, stream: Unpacked) -> Source:
    spool = cast("IO[bytes]", tempfile.SpooledTemporaryFile(max_size=SPOOL_IN_MEMORY))  # noqa: SIM115
    sha = hashlib.sha256()
    size = 0
    try:
        for block in stream.blocks():
            sha.update(block)
            size += len(block)
            spool.write(block)
        spool.seek(0)
    except OSError as error:
        spool.close()
        raise EnvironmentFailed(
            f"cannot unpack `{name}` into {tempfile.gettempdir()}: {(error.strerror or '').lower()}"
        ) from None
    return Source(name, spool, size, sha.hexdigest(), stream.trouble, (0, stream.taken))
