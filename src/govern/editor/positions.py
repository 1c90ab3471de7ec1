"""Offsets in code points to the positions of the Language Server Protocol, and back, exactly.

A line ends at `\n`, `\r\n` or `\r` there; a character is counted in UTF-16 units unless client and server agreed
on another encoding. Leaves out lines and columns as findings have them (`charter.source`).
Source: Language Server Protocol 3.17, "Text Documents", "Position".
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, field
from enum import StrEnum

_BREAK = re.compile("\r\n|\n|\r")


class Encoding(StrEnum):
    """What a character of a position is."""

    UTF8 = "utf-8"
    UTF16 = "utf-16"
    UTF32 = "utf-32"

    def units(self, text: str) -> int:
        """How many characters a text has."""
        if self is Encoding.UTF32 or text.isascii():
            return len(text)
        if self is Encoding.UTF16:
            return len(text) + sum(char > "\uffff" for char in text)
        return len(text.encode("utf-8", "surrogatepass"))


@dataclass(frozen=True, slots=True)
class Lines:
    """A text by the protocol's lines.

    Args:
        text: as the client has it.
        starts: where each line begins.
    """

    text: str
    starts: tuple[int, ...] = field(repr=False)

    @classmethod
    def of(cls, text: str) -> Lines:
        return cls(text, (0, *(match.end() for match in _BREAK.finditer(text))))

    def position(self, offset: int, encoding: Encoding) -> tuple[int, int]:
        """Line and character, both from 0; an offset outside the text is the nearest one inside."""
        offset = min(max(offset, 0), len(self.text))
        line = bisect_right(self.starts, offset) - 1
        return line, encoding.units(self.text[self.starts[line] : offset])

    def offset(self, line: int, character: int, encoding: Encoding) -> int:
        """The offset of a position; behind the end of a line it is the line's end, inside a character its start."""
        if line < 0:
            return 0
        if line >= len(self.starts):
            return len(self.text)
        start = self.starts[line]
        stop = self.starts[line + 1] if line + 1 < len(self.starts) else len(self.text)
        written = self.text[start:stop].rstrip("\r\n")
        if encoding is Encoding.UTF32 or written.isascii():
            return start + min(max(character, 0), len(written))
        left = character
        for index, char in enumerate(written):
            left -= encoding.units(char)
            if left < 0:
                return start + index
        return start + len(written)
