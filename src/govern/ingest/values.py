"""Takes JSON values out of a stream, one behind the other, holding no more than the value it is at.

A value is only given when it is whole and valid: what stands behind a broken one is never read as values, because
the inside of a text could then pass for a row.

Leaves out: what the values mean, and whether they are ambiguous (`events.canonical`).
"""

from __future__ import annotations

import codecs
import json
import re
from typing import Final

from govern.events.canonical import MAX_BYTES
from govern.ingest.depth import end_of, shallow
from govern.ingest.source import Source

BOM: Final = b"\xef\xbb\xbf"
SPACE: Final = b" \t\n\r"
_SPACES: Final = re.compile(r"[ \t\n\r]*+")
_BLOCK: Final = 1024 * 1024
_CUT_TOKEN: Final = 16
"""The decoder places an error so many characters at most before the end where the end cut a token."""
_DECODER: Final = json.JSONDecoder(parse_int=float)  # int refuses numbers of thousands of digits; nobody uses these


class Broken(Exception):
    """What follows is no JSON value.

    Args:
        reason: for people.
        at_the_end: only because the source ended.
        behind: it is not the value, but what stands behind it.
    """

    def __init__(self, reason: str, *, at_the_end: bool, behind: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.at_the_end = at_the_end
        self.behind = behind


class Values:
    """The values of a source, from where it stands.

    Args:
        source: read as far as it was digested.
    """

    def __init__(self, source: Source) -> None:
        self._file = source.file
        self._place = source.file.tell()
        self._left = source.size - self._place
        self._decode = codecs.getincrementaldecoder("utf-8")().decode
        self._undecodable = ""
        self._text = ""
        self._at = 0
        self._counted = 0
        self._line = 1

    @property
    def line(self) -> int:
        """Where reading stands; counts from 1."""
        self._line += self._text.count("\n", self._counted, self._at)
        self._counted = self._at
        return self._line

    def skip(self, mark: str) -> bool:
        """Goes on over white space, and over the mark if it comes next."""
        if found := self._next() == mark:
            self._at += 1
        return found

    def ended(self) -> bool:
        """Whether nothing but white space is left."""
        return not self._next() and not self._undecodable

    def broken(self, reason: str) -> Broken:
        """That what comes next, behind a value, is not what was expected."""
        at_the_end = self._at == len(self._text) and not self._undecodable
        return Broken(self._undecodable or reason, at_the_end=at_the_end, behind=True)

    def take(self) -> tuple[int, bytes]:
        """The line where the next value begins, and its bytes.

        Raises:
            Broken: there is none.
        """
        self._next()
        while True:
            try:
                value, end = _DECODER.raw_decode(self._text, self._at)
            except RecursionError:
                end = self._deep()
            except json.JSONDecodeError as error:
                near = error.pos > len(self._text) - _CUT_TOKEN or error.msg.startswith("Unterminated string")
                if near and self._more():
                    continue
                said = error.msg.lower().removesuffix(" at").removesuffix(" starting")
                at_the_end = near and not self._undecodable
                raise Broken(self._undecodable if near and self._undecodable else said, at_the_end=at_the_end) from None
            else:
                # A number may go on in the next block, also where what is there of it is one: `1.5` of `1.5e-7`.
                if end > len(self._text) - _CUT_TOKEN and not isinstance(value, (dict, list, str)) and self._more():
                    continue
            line = self.line
            raw = self._text[self._at : end].encode("utf-8")
            self._at = end
            return line, raw

    def _deep(self) -> int:
        """The end of a value that is nested deeper than the decoder goes."""
        while (end := end_of(self._text, self._at)) is None:
            if not self._more():
                raise Broken(self._undecodable or "ends in the depths", at_the_end=not self._undecodable)
        try:
            _check_deep(self._text[self._at : end])
        except ValueError:
            raise Broken("nested too deep, and no JSON", at_the_end=False) from None
        return end

    def _next(self) -> str:
        """The next character that is no white space, or nothing."""
        while True:
            self._at = _space_end(self._text, self._at)
            if self._at < len(self._text):
                return self._text[self._at]
            if not self._more():
                return ""

    def _more(self) -> bool:
        """Reads on; the text grows by its own length at least, so that a large value is not begun too often.

        Raises:
            Broken: the value is too large.
        """
        if not self._left or self._undecodable:
            return False
        kept = len(self._text) - self._at
        if kept >= MAX_BYTES:
            raise Broken(f"more than {MAX_BYTES:,} bytes, which is the most that is read", at_the_end=False)
        data = self._file.read(min(max(_BLOCK, kept), self._left))
        self._left = self._left - len(data) if data else 0
        try:
            text = self._decode(data, not self._left)
        except UnicodeDecodeError as error:
            # error.object begins with what was left over of the block before
            self._undecodable = f"not UTF-8 at byte {self._place + len(data) - len(error.object) + error.start}"
            text = error.object[: error.start].decode("utf-8")
        self._place += len(data)
        _ = self.line
        self._text = self._text[self._at :] + text
        self._at = self._counted = 0
        return True


def _space_end(text: str, at: int) -> int:
    found = _SPACES.match(text, at)
    return found.end() if found is not None else at


def is_whole(raw: bytes) -> bool:
    """Whether bytes are one JSON value and nothing else, however deeply nested."""
    try:
        text = raw.decode("utf-8").strip(" \t\n\r")
        return _end(text) == len(text)
    except ValueError:
        return False


def begins_well(raw: bytes) -> bool:
    """Whether bytes are JSON values one behind the other, of which the last may go on.

    Args:
        raw: whole lines.
    """
    try:
        text = raw.decode("utf-8").rstrip(" \t\n\r")
    except UnicodeDecodeError:
        return False
    at = 0
    while at < len(text):
        try:
            at = _end(text, _space_end(text, at))
        except json.JSONDecodeError as error:
            # No token of JSON goes on over a line end, so where more is wanted the error stands at the end.
            return _space_end(error.doc, error.pos) == len(error.doc)
        except ValueError:
            return False
    return True


def _end(text: str, at: int = 0) -> int:
    try:
        return _DECODER.raw_decode(text, at)[1]
    except RecursionError:
        end = end_of(text, at)
        _check_deep(text[at:end])
        if end is None:
            raise json.JSONDecodeError("ends in the depths", text, len(text)) from None
        return end


def _check_deep(text: str) -> None:
    flat = shallow(text)
    if _DECODER.raw_decode(flat)[1] != len(flat):
        raise ValueError("extra text")
