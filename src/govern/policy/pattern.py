"""A pattern of a schema, which is RE2, as the validator's own regex engine must read it to mean the same.

`jsonschema-rs` matches with Rust's `regex` after ECMAScript's reading of `\\d`, `\\w`, `\\s`: POSIX classes, `\\s`,
`\\b` and a lone `{` mean something else there, without a word said. What has no exact equal is refused.

One difference stays: what belongs to a Unicode class (`\\pL`), and which characters `(?i)` takes for the same, follows
each engine's version of Unicode, so characters that were assigned in the last versions may differ from `matches`.

Sources: RE2's syntax (https://github.com/google/re2/wiki/Syntax) and its parser (`re2/parse.cc`), Rust's `regex`.
"""

from __future__ import annotations

import re

_GROUPS = {"d": "0-9", "w": "0-9A-Z_a-z", "s": "\t\n\f\r "}
_POSIX = {
    "alnum": "0-9A-Za-z", "alpha": "A-Za-z", "ascii": "\x00-\x7f", "blank": "\t ", "cntrl": "\x00-\x1f\x7f",
    "digit": "0-9", "graph": "!-~", "lower": "a-z", "print": " -~", "punct": "!-/:-@[-`{-~", "space": "\t-\r ",
    "upper": "A-Z", "word": "0-9A-Z_a-z", "xdigit": "0-9A-Fa-f",
}  # fmt: skip
_CONTROLS = {"a": "\x07", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_REPEAT = re.compile(r"\{[0-9]+(?:,[0-9]*)?\}")
_HEX = re.compile(r"x(?:([0-9A-Fa-f]{2})|\{([0-9A-Fa-f]+)\})")
_UNICODE = re.compile(r"[pP](?:([A-Z])|\{(\^?)([A-Za-z_]+)\})")
_CLASS_OF_POSIX = re.compile(r"\[:(\^?)([a-z]+):\]")
_FLAGS = re.compile(r"\(\?([a-zA-Z]*)")
_LAST = 0x10FFFF


class NotTheSame(ValueError):
    """A part of a pattern that the validator cannot judge as RE2 does.

    Args:
        part: which.
        instead: what to write.
    """

    def __init__(self, part: str, instead: str) -> None:
        super().__init__(f"{part} is not read as RE2 reads it: write {instead}")
        self.part = part
        self.instead = instead


def for_validator(pattern: str) -> str:
    """The pattern that matches in the validator what this one matches in RE2.

    Args:
        pattern: one that RE2 takes.

    Raises:
        NotTheSame: it has a part without an exact equal.
    """
    return _Reading(pattern).whole()


class _Reading:
    def __init__(self, pattern: str) -> None:
        self.text = pattern
        self.at = 0
        # Folding a negated class means another thing in each engine.
        self.folds = any("i" in found[1] for found in _FLAGS.finditer(pattern))

    def whole(self) -> str:
        made: list[str] = []
        while self.at < len(self.text):
            char = self.text[self.at]
            if char == "\\":
                made.append(self.escape())
            elif char == "[":
                made.append(self.in_brackets())
            elif char == "{" and (repeat := _REPEAT.match(self.text, self.at)):
                made.append(repeat[0])
                self.at = repeat.end()
            else:
                made.append(f"\\{char}" if char in "{}]" else char)
                self.at += 1
        return "".join(made)

    def escape(self) -> str:
        """An escape outside brackets."""
        char = self.text[self.at + 1 : self.at + 2]
        match char:
            case "d" | "w" | "s" | "D" | "W" | "S":
                self.at += 2
                return f"[{'^' if char.isupper() else ''}{_written(_GROUPS[char.lower()])}]"
            case "b" | "B":
                self.at += 2
                return f"(?-u:\\{char})"
            case "A" | "z":
                self.at += 2
                return f"\\{char}"
            case "p" | "P":
                return self.unicode_class()
            case _:
                return _literal(self.character())

    def in_brackets(self) -> str:
        self.at += 1
        made = "["
        if self.text.startswith("^", self.at):
            self.at += 1
            made += "^"
        first = True
        while first or not self.text.startswith("]", self.at):
            first = False
            made += self.item()
        self.at += 1
        return made + "]"

    def item(self) -> str:
        """A class, a character or a range inside brackets, as RE2's `ParseCharClass` takes them one after another."""
        if posix := _CLASS_OF_POSIX.match(self.text, self.at):
            self.at = posix.end()
            return self.group(_POSIX[posix[2]], negated=bool(posix[1]))
        if self.text.startswith("\\", self.at):
            char = self.text[self.at + 1 : self.at + 2]
            if char.lower() in _GROUPS:
                self.at += 2
                return self.group(_GROUPS[char.lower()], negated=char.isupper())
            if char in ("p", "P"):
                return self.unicode_class()
        low = high = self.character()
        if self.text.startswith("-", self.at) and not self.text.startswith("]", self.at + 1):
            self.at += 1
            high = self.character()
        return _literal(low) if low == high else f"{_literal(low)}-{_literal(high)}"

    def group(self, ranges: str, *, negated: bool) -> str:
        if negated and self.folds:
            raise NotTheSame("a negated class inside `[…]` beside `(?i)`", "its characters")
        return _written(_others(ranges) if negated else ranges)

    def unicode_class(self) -> str:
        found = _UNICODE.match(self.text, self.at + 1)
        if found is None:
            raise NotTheSame(f"`{self.text[self.at : self.at + 12]}`", "a class as `\\pL` or `\\p{Name}`")
        self.at = found.end()
        negated = found[0].startswith("P") != bool(found[2])
        if negated and self.folds:
            raise NotTheSame("a negated class of Unicode beside `(?i)`", "its characters")
        return f"\\{'P' if negated else 'p'}{{{found[1] or found[3]}}}"

    def character(self) -> str:
        """One character, written plainly or as an escape."""
        char = self.text[self.at]
        if char != "\\":
            self.at += 1
            return char
        escaped = self.text[self.at + 1 : self.at + 2]
        if found := _HEX.match(self.text, self.at + 1):
            self.at = found.end()
            return chr(int(found[1] or found[2], 16))
        if escaped in _CONTROLS or (escaped.isascii() and escaped and not escaped.isalnum()):
            self.at += 2
            return _CONTROLS.get(escaped, escaped)
        instead = "the characters themselves" if escaped in ("Q", "E") else "`\\x` and the number of the character"
        raise NotTheSame(f"`\\{escaped}`", instead)


def _literal(char: str) -> str:
    return char if char.isascii() and char.isalnum() else f"\\x{{{ord(char):x}}}"


def _pairs(ranges: str) -> list[tuple[int, int]]:
    """First and last of every range in `a-z0`; a `-` between two characters makes a range."""
    found: list[tuple[int, int]] = []
    at = 0
    while at < len(ranges):
        wide = ranges[at + 1 : at + 2] == "-" and at + 2 < len(ranges)
        found.append((ord(ranges[at]), ord(ranges[at + 2 if wide else at])))
        at += 3 if wide else 1
    return found


def _written(ranges: str | list[tuple[int, int]]) -> str:
    pairs = _pairs(ranges) if isinstance(ranges, str) else ranges
    return "".join(
        _literal(chr(low)) + (f"-{_literal(chr(high))}" if high > low else "") for low, high in pairs
    )  # fmt: skip


def _others(ranges: str) -> list[tuple[int, int]]:
    """Every character that is in none of the ranges; surrogates are none."""
    found: list[tuple[int, int]] = []
    free = 0
    for low, high in [*sorted(_pairs(ranges)), (0xD800, 0xDFFF), (_LAST + 1, _LAST + 1)]:
        if low > free:
            found.append((free, low - 1))
        free = high + 1
    return found
