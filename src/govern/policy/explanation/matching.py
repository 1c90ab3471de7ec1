"""A short text that a pattern matches, for trying out; what it gives was matched by RE2.

Reads literals, escapes, classes, groups, alternatives, repetition and anchors, and takes the first and the least of
each. Leaves out the rest of RE2's syntax (boundaries, Unicode classes) and what flags mean: where the text that comes
of it does not match, there is no example.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from govern.conditions.values import searcher

_CLASSES: Final = {"d": "0", "w": "a", "s": " ", "D": "x", "W": "-", "S": "x"}
_CONTROLS: Final = {"n": "\n", "r": "\r", "t": "\t", "f": "\f", "v": "\v", "a": "\x07"}
_REPEAT: Final = re.compile(r"\{([0-9]+)(?:,[0-9]*)?\}")
_POSIX: Final = {"space": " ", "blank": " ", "digit": "0", "upper": "A", "punct": "-", "cntrl": "\n"}  # others: `a`
_NAMED: Final = re.compile(r"\[:([a-z]+):\]")
_GROUP: Final = re.compile(r"\?(?:[a-zA-Z]*:|P?<[A-Za-z0-9_]+>|[a-zA-Z]+\))")
_OTHERS: Final = "xX0-_ .a1#"
_LONGEST: Final = 400  # characters


class _Unread(ValueError):
    """A part of the syntax that is left out."""


@lru_cache(maxsize=1024)
def example(pattern: str) -> str | None:
    """A text that matches, None where none was found.

    Args:
        pattern: RE2's, found anywhere in the text.
    """
    try:
        reading = _Reading(pattern)
        made = reading.alternatives()
        if reading.at < len(pattern):
            return None
    except (_Unread, IndexError, RecursionError):
        return None
    return made if len(made) <= _LONGEST and searcher(pattern)(made) else None


class _Reading:
    def __init__(self, pattern: str) -> None:
        self.text = pattern
        self.at = 0

    def alternatives(self) -> str:
        found = [self.sequence()]
        while self.text.startswith("|", self.at):
            self.at += 1
            found.append(self.sequence())
        return next((each for each in found if each), "")

    def sequence(self) -> str:
        made = ""
        while self.at < len(self.text) and self.text[self.at] not in "|)":
            made += self.repeated(self.one())
            if len(made) > _LONGEST:
                raise _Unread(made[:1])
        return made

    def one(self) -> str:
        char = self.text[self.at]
        self.at += 1
        match char:
            case "(":
                return self.group()
            case "[":
                return self.in_brackets()
            case "\\":
                return self.escape()
            case "^" | "$":
                return ""
            case ".":
                return "x"
            case "*" | "+" | "?":
                raise _Unread(char)
            case _:
                return char

    def group(self) -> str:
        if self.text.startswith("?", self.at):
            begun = _GROUP.match(self.text, self.at)
            if begun is None:
                raise _Unread("group")
            self.at = begun.end()
            if begun[0].endswith(")"):
                return ""  # flags for what follows
        made = self.alternatives()
        if self.text[self.at] != ")":
            raise _Unread("group")
        self.at += 1
        return made

    def escape(self) -> str:
        char = self.text[self.at]
        self.at += 1
        if char in ("A", "z"):
            return ""
        if char in _CLASSES or char in _CONTROLS:
            return _CLASSES.get(char) or _CONTROLS[char]
        if char.isalnum():
            raise _Unread(char)
        return char

    def in_brackets(self) -> str:
        negated = self.text[self.at] == "^"
        end = self.at + negated
        while self.text[end] != "]":
            named = _NAMED.match(self.text, end)
            end = named.end() if named else end + (2 if self.text[end] == "\\" else 1)
        written = self.text[self.at + negated : end]
        self.at = end + 1
        if negated:
            refused = searcher(f"[{written}]")
            return next((char for char in _OTHERS if not refused(char)), "\u00e9")
        return self.first_of(written)

    def first_of(self, written: str) -> str:
        if named := _NAMED.match(written):
            return _POSIX.get(named[1], "a")
        if written[0] != "\\":
            return written[0]
        inner = _Reading(written[1:])
        return inner.escape()

    def repeated(self, made: str) -> str:
        """What stands before an operator, as often as it must be there."""
        least = 1
        if repeat := _REPEAT.match(self.text, self.at):
            self.at = repeat.end()
            least = int(repeat[1])
        elif self.at < len(self.text) and self.text[self.at] in "*+?":
            least = 1 if self.text[self.at] == "+" else 0
            self.at += 1
        else:
            return made
        if self.text.startswith("?", self.at):
            self.at += 1
        if least * max(len(made), 1) > _LONGEST:
            raise _Unread("repetition")
        return made * least
