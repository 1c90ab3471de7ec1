"""Unpacks gzip and Zstandard as a stream, recognised by the first bytes, never by a name.

What is cut short or damaged gives what could be unpacked, and the trouble; what unpacks to far more than it should
is not read on. Leaves out: where the bytes go (`source`), archives (`tar`).
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Protocol

import zstandard

BLOCK: Final = 1024 * 1024
PACKED_BLOCK: Final = 2048
"""Zstandard can unpack 4 bytes to 128 KiB: small blocks bound what one call returns (64 MiB)."""
WINDOW: Final = 128 * 1024 * 1024
BOMB_FROM: Final = 256 * 1024 * 1024
BOMB_RATIO: Final = 2_000
"""An input that unpacks to more than BOMB_FROM bytes and BOMB_RATIO times its size is not read on."""

ZSTD_MAGIC: Final = b"\x28\xb5\x2f\xfd"
GZIP_MAGIC: Final = b"\x1f\x8b"
_SKIPPABLE: Final = (b"\x2a\x4d\x18", range(0x50, 0x60))
"""Frames of Zstandard that hold no data, such as the index of a seekable file: all bytes but the first, and that."""


class Readable(Protocol):
    """What bytes come from: less than asked for only at the end."""

    def read(self, size: int, /) -> bytes: ...


@dataclass(frozen=True, slots=True)
class _Trouble:
    reason: str


class Unpacked:
    """The bytes of a file, unpacked where they are packed.

    Args:
        file: from where it stands.
        head: what was read of it already.
    """

    def __init__(self, file: Readable, head: bytes = b"") -> None:
        self.taken = len(head)
        self.trouble = ""
        self._file = file
        self._blocks = self._unpack(head)
        self._kept = memoryview(b"")  # never copied: one block can be of many megabytes

    def read(self, size: int, /) -> bytes:
        """The next bytes; less than asked for only at the end, or where there is trouble."""
        parts: list[memoryview] = []
        wanted = size
        while wanted:
            if not self._kept:
                block = next(self._blocks, None)
                if block is None:
                    break
                self._kept = memoryview(block)
            parts.append(self._kept[:wanted])
            self._kept = self._kept[wanted:]
            wanted -= len(parts[-1])
        return b"".join(parts)

    def peek(self, size: int) -> bytes:
        """The next bytes, which `read` gives again."""
        head = self.read(size)
        self._kept = memoryview(head + bytes(self._kept))
        return head

    def blocks(self) -> Iterator[bytes]:
        """All that is left."""
        if self._kept:
            kept, self._kept = bytes(self._kept), memoryview(b"")
            yield kept
        yield from self._blocks

    def _take(self, size: int) -> bytes:
        data = self._file.read(size)
        self.taken += len(data)
        return data

    def _unpack(self, head: bytes) -> Iterator[bytes]:
        head = self._filled(head)
        if head.startswith(ZSTD_MAGIC) or _skippable(head):
            found = self._members(head, _Zstd)
        elif head.startswith(GZIP_MAGIC):
            found = self._members(head, _Gzip)
        else:
            if head:
                yield head
            while block := self._take(BLOCK):
                yield block
            return
        for each in found:
            if isinstance(each, _Trouble):
                self.trouble = each.reason
                return
            yield each

    def _filled(self, head: bytes, size: int = 4) -> bytes:
        while len(head) < size and (more := self._take(size - len(head))):
            head += more
        return head

    def _members(self, data: bytes, kind: type[_Zstd] | type[_Gzip]) -> Iterator[bytes | _Trouble]:
        """Unpacks one member after the other, as `zstd -d` and `gzip -d` do."""
        packed, unpacked = 0, 0
        member: _Zstd | _Gzip | None = None
        while data := data or self._take(PACKED_BLOCK):
            if member is None:
                data = self._filled(data)
                if kind is _Zstd and _skippable(data):
                    data = self._filled(data, 8)
                    size = int.from_bytes(data[4:8], "little") + 8
                    while len(data) < size and (more := self._take(min(BLOCK, size - len(data)))):
                        size, data = size - len(data), more
                    if len(data) < size:
                        yield _Trouble(f"cut short: the {kind.title} data ends in the middle")
                        return
                    data = data[size:]
                    continue
                if not data.startswith(kind.magic):
                    yield _Trouble(f"other bytes follow the end of the {kind.title} data")
                    return
                member = kind()
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
            data = rest or b""
            packed -= len(data)
            if rest is not None:
                member = None
        if member is not None:
            yield _Trouble(f"cut short: the {kind.title} data ends in the middle")


def is_packed(head: bytes) -> bool:
    """Whether these first bytes are of packed data."""
    return head.startswith((ZSTD_MAGIC, GZIP_MAGIC)) or _skippable(head)


def _skippable(head: bytes) -> bool:
    return len(head) >= 4 and head[1:4] == _SKIPPABLE[0] and head[0] in _SKIPPABLE[1]


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
