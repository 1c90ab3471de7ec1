"""Splits a source into rows: the lines of JSONL, or the elements of one JSON array.

Every line that is not blank is a row or a `Lost`, and so is every element; the caller can count on it.
Leaves out: what a row means (`adapters`).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from govern.ingest.depth import shallow
from govern.ingest.source import Source

LINE_CAP: Final = 64 * 1024 * 1024
"""Bytes of one line; longer ones are refused, with this number in the reason."""
DOCUMENT_CAP: Final = 512 * 1024 * 1024
"""Bytes of one JSON array, which is held in memory as a whole."""
_SPACE: Final = " \t\n\r"
_DECODER: Final = json.JSONDecoder()


@dataclass(frozen=True, slots=True)
class RawRow:
    """A row as it stands in the source.

    Args:
        line: counts from 1.
        index: position in the array, from 0; None for a line.
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


def split(source: Source) -> Iterator[RawRow | Lost]:
    """The rows of a source, from its start."""
    head = b""
    while block := source.file.read(4096):
        head = block.lstrip(b" \t\n\r")
        if head:
            break
    source.file.seek(0)
    return _elements(source) if head.startswith(b"[") else _lines(source)


def _lines(source: Source) -> Iterator[RawRow | Lost]:
    number = 0
    left = source.size  # a file that grows while it is read is read as far as it was digested
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
        if raw := line.strip(b" \t\r\n"):
            yield RawRow(number, None, raw, bool(source.trouble) and not line.endswith(b"\n"))


def _elements(source: Source) -> Iterator[RawRow | Lost]:
    if source.size > DOCUMENT_CAP:
        reason = f"one JSON array of {source.size:,} bytes, at most {DOCUMENT_CAP:,} are read"
        yield Lost(1, f"{reason}; write one element a line instead", None)
        return
    data = source.file.read(source.size)
    undecodable = ""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        text = data[: error.start].decode("utf-8")
        undecodable = f"not UTF-8 at byte {error.start}"
    del data
    yield from _scan(text, undecodable, bool(source.trouble))


def _scan(text: str, undecodable: str, cut: bool) -> Iterator[RawRow | Lost]:
    line, counted = 1, 0
    at = _skip(text, 0) + 1  # behind the bracket
    index = 0
    while True:
        at = _skip(text, at)
        line, counted = line + text.count("\n", counted, at), at
        if index == 0 and text.startswith("]", at):
            break
        try:
            _, end = _DECODER.raw_decode(text, at)
        except RecursionError:
            rest = shallow(text[at:])
            if len(rest) < len(text) - at:  # once: all that follows is shallow now
                text = text[:at] + rest
                continue
            yield Lost(line, f"element {index}: nested too deep; the rest of the document was not read", None)
            return
        except ValueError as error:
            if cut and not undecodable:
                return  # the source says itself that it was cut
            why = undecodable or (error.msg.lower() if isinstance(error, json.JSONDecodeError) else str(error))
            yield Lost(line, f"element {index}: {why}; the rest of the document was not read", None)
            return
        yield RawRow(line, index, text[at:end].encode("utf-8"))
        index += 1
        at = _skip(text, end)
        if text.startswith("]", at):
            break
        if not text.startswith(",", at):
            if not cut or undecodable:
                why = undecodable or "expected `,` or `]`"
                yield Lost(line, f"after element {index - 1}: {why}; the rest of the document was not read", None)
            return
        at += 1
    if undecodable or text[at + 1 :].strip(_SPACE):
        line += text.count("\n", counted, at)
        yield Lost(line, "other text follows the end of the JSON array; it was not read", None)


def _skip(text: str, at: int) -> int:
    while text[at : at + 1] in _WHITE:
        at += 1
    return at


_WHITE: Final = frozenset(_SPACE)
