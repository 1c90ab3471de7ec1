"""Splits a source into rows: the lines of JSONL, the elements of one JSON array, or one whole document.

`layout` tells them apart by what the source begins with, never by its name. Every line that is not blank is a row
or a `Lost`, and so is every element and every document; the caller can count on it. Memory is bounded by one row,
however large the source is.

Leaves out: what a row means (`adapters`), and packing (`source`).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from itertools import islice
from typing import Final

from govern.events.canonical import MAX_BYTES
from govern.ingest.source import Source
from govern.ingest.values import BOM, SPACE, Broken, Values, begins_well, is_whole

LINE_CAP: Final = MAX_BYTES
"""Bytes of one line; longer ones are refused, with this number in the reason."""
LOOKED_AT: Final = 64 * 1024
LONGEST_LOOKED_AT: Final = 1024 * 1024
LINES_LOOKED_AT: Final = 64
"""To tell a document from lines of which the first is broken, so much is looked at behind the first line."""
_BLANK: Final = 16
"""After so many blank lines further ones are passed over in blocks: millions of them must cost nothing."""
_SKIPPED: Final = 64 * 1024


@dataclass(frozen=True, slots=True)
class RawRow:
    """A row as it stands in the source.

    Args:
        line: where it begins; counts from 1.
        index: position in the array, from 0; None for a line and for a whole document.
        raw: the bytes, without the line end.
        cut: nothing follows, and the source ended where it should not have.
    """

    line: int
    index: int | None
    raw: bytes
    cut: bool = False

    @property
    def place(self) -> str:
        return str(self.line) if self.index is None else f"{self.line}#{self.index}"


@dataclass(frozen=True, slots=True)
class Lost:
    """A row that could not be split off; `rows` as in `Refusal`."""

    line: int
    reason: str
    rows: int | None = 1


class Layout(Enum):
    LINES = "lines"
    ARRAY = "array"
    DOCUMENT = "document"


def split(source: Source) -> Iterator[RawRow | Lost]:
    """The rows of a source, from its start."""
    match layout(source):
        case Layout.LINES:
            return _lines(source)
        case Layout.ARRAY:
            return _elements(source)
        case Layout.DOCUMENT:
            return _documents(source)


def layout(source: Source) -> Layout:
    """How a source is split. It is positioned at its start again afterwards, behind a byte order mark.

    - A first line that is a JSON value of its own, with others behind it: lines, even where it is an array.
    - Else what begins with `[` or `{` and goes on as JSON over the next lines, even where it is cut: an array, a
      document. Nothing inside of it is ever a row.
    - Else the first line is broken: lines where the next ones look like rows rather than like pieces of a document,
      and otherwise the broken array or document that it looks like, which is one refusal and not one a line.
    """
    file = source.file
    file.seek(0)
    start = len(BOM) if file.read(len(BOM)) == BOM else 0
    file.seek(start)
    _skip_space(source)
    line = file.readline(LINE_CAP + 1)
    try:
        return _layout(source, line.strip(SPACE), whole_line=line.endswith(b"\n"))
    finally:
        file.seek(start)


def _skip_space(source: Source) -> int:
    """Goes on to the next byte that is no white space; how many lines ended on the way."""
    lines = 0
    while block := source.file.read(max(min(_SKIPPED, source.size - source.file.tell()), 0)):
        kept = len(block.lstrip(SPACE))
        lines += block.count(b"\n", 0, len(block) - kept)
        if kept:
            source.file.seek(-kept, os.SEEK_CUR)
            break
    return lines


def _layout(source: Source, first: bytes, *, whole_line: bool) -> Layout:
    if not first.startswith((b"[", b"{")):
        return Layout.LINES
    alike = Layout.ARRAY if first.startswith(b"[") else Layout.DOCUMENT
    _skip_space(source)
    if not whole_line or source.file.tell() >= source.size:
        return Layout.ARRAY if alike is Layout.ARRAY else Layout.LINES
    following: list[bytes] = []
    size = 0
    while size <= LOOKED_AT or len(following) < 2:
        line = source.file.readline(LONGEST_LOOKED_AT)
        if not line or (len(line) == LONGEST_LOOKED_AT and not line.endswith(b"\n")):  # a piece of a line tells nothing
            break
        following.append(line)
        size += len(line)
    if is_whole(first):
        return Layout.LINES
    if begins_well(b"\n".join([first, *following])):
        return alike
    looked_at = [line.strip(SPACE) for line in islice(following, LINES_LOOKED_AT)]
    alone = sum(_stands_alone(line) for line in looked_at)
    return Layout.LINES if alone > sum(map(_is_a_piece, looked_at)) else alike


def _stands_alone(line: bytes) -> bool:
    """Whether a line is a row of its own; printers break objects that are not empty over lines, or write a comma."""
    return line[:1] in (b"{", b"[") and line not in (b"{}", b"[]") and is_whole(line)


def _is_a_piece(line: bytes) -> bool:
    """Whether a line looks like one of a document."""
    return line[:1] in (b"]", b"}", b'"') or line[-1:] in (b",", b"[", b"{")


def _lines(source: Source) -> Iterator[RawRow | Lost]:
    number = 0
    blank = 0
    left = source.size - source.file.tell()  # a file that grows while it is read is read as far as it was digested
    while line := source.file.readline(min(LINE_CAP + 1, left)):
        left -= len(line)
        number += 1
        if len(line) > LINE_CAP and not line.endswith(b"\n"):
            size = len(line)
            while more := source.file.readline(min(1024 * 1024, left)):
                left -= len(more)
                size += len(more)
                if more.endswith(b"\n"):
                    break
            yield Lost(number, f"{size:,} bytes in one line, at most {LINE_CAP:,} are read")
            continue
        if raw := line.strip(SPACE):
            blank = 0
            yield RawRow(number, None, raw, bool(source.trouble) and not line.endswith(b"\n"))
        elif (blank := blank + 1) > _BLANK:
            number += _skip_space(source)
            left = source.size - source.file.tell()


def _elements(source: Source) -> Iterator[RawRow | Lost]:
    values = Values(source)
    values.skip("[")
    index = 0
    try:
        while index or not values.skip("]"):
            line, raw = values.take()
            yield RawRow(line, index, raw)
            index += 1
            if values.skip("]"):
                break
            if not values.skip(","):
                index -= 1
                raise values.broken("expected `,` or `]`")
        if not values.ended():
            yield Lost(values.line, "other text follows the end of the JSON array; it was not read", None)
    except Broken as broken:
        # What a source ends with that says itself that it was cut is no news.
        if not (broken.at_the_end and source.trouble):
            where = f"{'after ' if broken.behind else ''}element {index}"
            yield Lost(values.line, f"{where}: {broken.reason}; the rest of the document was not read", None)


def _documents(source: Source) -> Iterator[RawRow | Lost]:
    """One document, or several one behind the other, as `jq` writes them."""
    values = Values(source)
    number = 0
    try:
        while not values.ended():
            number += 1
            line, raw = values.take()
            yield RawRow(line, None, raw)
    except Broken as broken:
        if not (broken.at_the_end and source.trouble):
            which = "the document" if number == 1 else f"document {number}"
            yield Lost(values.line, f"{which}: {broken.reason}; the rest of it was not read", None)
