"""Reads tar archives as a stream: plain files and their names, everything else as what it is. Nothing is extracted.

POSIX.1-1988 (ustar), POSIX.1-2001 (pax: `path`, `linkpath`, `size`) and the GNU forms (long names, numbers in base
256), as written down in POSIX `pax` and in GNU tar's "Basic Tar Format". A header declares sizes, and an archive can
be made by anybody: what a header makes a reader hold is bounded here, and a name is only ever shown.

Leaves out: what a file holds (`source`); sparse files and files in several volumes, which are refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from posixpath import dirname, join, normpath
from typing import Final

from govern.ingest.unpack import Readable

BLOCK: Final = 512
MOST_ENTRIES: Final = 250_000
HEADER_CAP: Final = 64 * 1024
"""Bytes of an extended header."""
NAME_CAP: Final = 4096
"""Characters of a name or of what a link leads to: systems take no longer ones."""
_LINKS_FOLLOWED: Final = 40
_READ_ON: Final = 1024 * 1024


@dataclass(slots=True)
class Member:
    """One file of an archive; its bytes are there until the next entry is asked for.

    Args:
        name: as it stands in the archive, never a place to write to.
        size: bytes, as the header says.
    """

    name: str
    size: int
    _file: Readable = field(repr=False)
    left: int = 0
    cut: bool = False

    def read(self, size: int, /) -> bytes:
        """The next bytes; less than asked for at the end, or where the archive is cut (`cut`)."""
        data = self._file.read(min(size, self.left))
        self.left -= len(data)
        self.cut = len(data) < min(size, self.left + len(data))
        return data


@dataclass(frozen=True, slots=True)
class Odd:
    """Something in an archive that is no file to read.

    Args:
        name: of the entry; empty for the archive as a whole.
        reason: for people.
    """

    name: str
    reason: str


def is_tar(block: bytes) -> bool:
    """Whether this is the first block of a tar archive: its checksum says so, as for every header."""
    return len(block) == BLOCK and _checksum_holds(block)


def entries(file: Readable) -> Iterator[Member | Odd]:
    """What an archive holds, in its order: files, and what cannot be read with the reason.

    Folders are left out. So are links to what the archive holds as a file: it is read under its own name.
    """
    links: dict[str, Odd] = {}
    files: set[int] = set()
    long: dict[str, str] = {}
    for _ in range(MOST_ENTRIES):
        block = file.read(BLOCK)
        if not block.strip(b"\0"):
            yield from _dangling(links, files)
            yield from _end(file, block)
            return
        if len(block) < BLOCK or not _checksum_holds(block):
            yield from _dangling(links, files)
            yield Odd("", "cut short: it ends in a header" if len(block) < BLOCK else "damaged: a header is wrong")
            return
        kind = block[156:157].decode("latin-1")
        size = _number(block[124:136])
        if "size" in long and long["size"].isascii() and long["size"].isdigit() and len(long["size"]) < 20:
            size = int(long["size"])
        name = long.get("path") or _name(block)
        if size is None or size < 0:
            yield from _dangling(links, files)
            yield Odd("", f"damaged: the header of `{name}` has no size")
            return
        if kind in "xgLK":
            if size > HEADER_CAP:
                yield Odd("", f"a header of {size:,} bytes, at most {HEADER_CAP:,} are read; the rest was not read")
                return
            data = file.read(_padded(size))[:size]
            match kind:
                case "x":
                    long |= _pax(data)
                case "L":
                    long["path"] = _text(data)
                case "K":
                    long["linkpath"] = _text(data)
                case _:
                    pass  # what holds for all entries: comments, and times
            continue
        target = long.get("linkpath") or _text(block[157:257])
        if max(len(name), len(target)) > NAME_CAP:
            yield from _dangling(links, files)
            yield Odd("", f"damaged: a name of more than {NAME_CAP:,} characters; the rest was not read")
            return
        sparse = kind == "S" or any(key.startswith("GNU.sparse.") for key in long)
        long = {}
        if kind in "12":
            links[_plain(name)] = Odd(name, _plain(target if kind == "1" else join(dirname(name), target)))
            continue
        member = Member(name, size, file, left=size)
        if kind in "0\0007" and not sparse:
            if not name.endswith("/"):
                files.add(hash(_plain(name)))
                yield member
        elif kind not in "5V":
            yield Odd(name, _ODD.get(kind, f"an entry of the type `{kind}`") + ", which is not read")
        if kind not in "346":  # devices have no data, whatever the size says
            while member.left and member.read(min(_READ_ON, member.left)):
                pass
            if member.left:
                yield from _dangling(links, files)
                yield Odd("", "cut short: it ends in a file")
                return
            file.read(_padded(size) - size)
    yield Odd("", f"more than {MOST_ENTRIES:,} entries; the rest was not read")


_ODD: Final = {
    "S": "a sparse file",
    "0": "a sparse file",
    "3": "a device",
    "4": "a device",
    "6": "a pipe",
    "M": "the rest of a file of another volume",
}


def _dangling(links: dict[str, Odd], files: set[int]) -> Iterator[Odd]:
    """The links that lead to no file of the archive. (Of a link in `links` the reason is its target.)"""
    for link in links.values():
        target = link.reason
        for _ in range(_LINKS_FOLLOWED):
            if hash(target) in files or target not in links:
                break
            target = links[target].reason
        if hash(target) not in files:
            yield Odd(link.name, f"a link to `{target[:200]}`, which is no file of the archive; links are not followed")


def _end(file: Readable, block: bytes) -> Iterator[Odd]:
    if not block:
        yield Odd("", "cut short: the end of the archive is missing")
        return
    while more := file.read(_READ_ON):
        if more.strip(b"\0"):
            yield Odd("", "other bytes follow the end of the archive; they were not read")
            return


def _checksum_holds(block: bytes) -> bool:
    said = _number(block[148:156])
    unsigned = sum(block) - sum(block[148:156]) + 8 * 32
    signed = unsigned - 256 * sum(byte > 127 for byte in block[:148] + block[156:])
    return said in (unsigned, signed)


def _number(field: bytes) -> int | None:
    """Octal digits, or base 256 where the first bit is set."""
    if field[0] in (0x80, 0xFF):
        return int.from_bytes(field[1:], "big", signed=field[0] == 0xFF)
    text = field.split(b"\0")[0].strip(b" ")
    return int(text, 8) if text and not text.strip(b"01234567") else None


def _name(block: bytes) -> str:
    name = _text(block[:100])
    prefix = _text(block[345:500]) if block[257:263] == b"ustar\0" else ""
    return f"{prefix}/{name}" if prefix else name


def _text(field: bytes) -> str:
    return field.split(b"\0")[0].decode("utf-8", "backslashreplace")


def _padded(size: int) -> int:
    return -(-size // BLOCK) * BLOCK


def _plain(name: str) -> str:
    return normpath("/" + name.lstrip("/"))


def _pax(data: bytes) -> dict[str, str]:
    """The records `length key=value\\n` of an extended header; what is none is passed over with the rest."""
    found: dict[str, str] = {}
    at = 0
    while (space := data.find(b" ", at, at + 12)) > 0 and data[at:space].isdigit():
        end = at + int(data[at:space])
        key, equals, value = data[space + 1 : end - 1].partition(b"=")
        if end <= space or end > len(data) or not equals:
            break
        found[key.decode("utf-8", "backslashreplace")] = value.decode("utf-8", "backslashreplace")
        at = end
    return found
