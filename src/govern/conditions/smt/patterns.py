"""Patterns of RE2 as regular languages: the texts in which a pattern is found.

Read are literals, escapes, classes, groups, repetition, alternatives, `^`, `$`, `\\A`, `\\z`, `\\b`, `\\B`, and the
flags `i`, `s`, `U`. What is not read raises `Outside`: `(?m)`, `\\C`. Which characters a class means beyond ASCII is
asked of RE2 itself, over all code points, so that no table of Unicode is written a second time.

Sources: RE2's syntax (https://github.com/google/re2/wiki/Syntax) and its parser (`re2/parse.cc`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from typing import Final

from govern.conditions.smt import regular
from govern.conditions.smt.regular import ALL, EMPTY, NONE, Regular, alt, cat, chars, other_chars, repeat
from govern.conditions.values import compiled

_GROUPS: Final = {"d": "0-9", "w": "0-9A-Z_a-z", "s": "\t\n\f\r "}
_CONTROLS: Final = {"a": "\x07", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_REPEAT: Final = re.compile(r"\{([0-9]+)(?:(,)([0-9]*))?\}")
_UNICODE: Final = re.compile(r"\\[pP](?:[A-Z]|\{\^?[A-Za-z_]+\})")
_POSIX: Final = re.compile(r"\[:\^?[a-z]+:\]")
_FLAGS: Final = re.compile(r"\(\?([isUm]*)(?:-([isUm]+))?([:)])")
_NAMED: Final = re.compile(r"\(\?P?<[A-Za-z0-9_]+>")
_MOST_TIMES: Final = 4
Change = Callable[[Regular], Regular]


class Outside(ValueError):
    """A part that is not read, in words."""


class _Edge(Enum):
    """What stands beside a part: nothing, a character of a word (`\\w`), another, or one that nobody asks about."""

    NOTHING = "nothing"
    WORD = "word"
    OTHER = "other"
    ANY = "any"


@dataclass(frozen=True, slots=True)
class _Begin:
    """The beginning of the text."""


@dataclass(frozen=True, slots=True)
class _End:
    """The end of the text."""


@dataclass(frozen=True, slots=True)
class _Boundary:
    """Where a word begins or ends, or where none does."""

    there: bool


@dataclass(frozen=True, slots=True)
class _Seq:
    parts: tuple[_Part, ...]


@dataclass(frozen=True, slots=True)
class _Or:
    parts: tuple[_Part, ...]


@dataclass(frozen=True, slots=True)
class _Times:
    of: _Part
    low: int
    high: int | None


@dataclass(frozen=True, slots=True)
class _Plain:
    """A part that asks for nothing beside it."""

    language: Regular


_Part = _Begin | _End | _Boundary | _Seq | _Or | _Times | _Plain


@lru_cache(maxsize=1024)
def found_in(pattern: str) -> Regular:
    """The texts in which RE2 finds a pattern.

    Raises:
        Outside: a part of the pattern is not read.
    """
    part = _Reading(pattern, {}).whole()
    if isinstance(part, _Plain):
        return cat(ALL, part.language, ALL)
    edges = (_Edge.NOTHING, *_edges(part))
    return alt(
        *(
            cat(_rest(before), _taken(part, before, after), _rest(after, front=True))
            for before in edges
            for after in edges
        )
    )


def fully(pattern: str, groups: Mapping[int, Change] | None = None) -> Regular:
    """The texts that a pattern takes from their beginning to their end.

    Args:
        groups: what to make of the language of a capturing group, by its number; of `(…)?` with the empty text in it.

    Raises:
        Outside: as of `found_in`.
    """
    return _taken(_Reading(pattern, groups or {}).whole(), _Edge.NOTHING, _Edge.NOTHING)


# -- anchors -------------------------------------------------------------------------------------------------


def _edges(part: _Part) -> tuple[_Edge, ...]:
    """The characters beside a part that it tells apart."""
    return (_Edge.WORD, _Edge.OTHER) if _bounded(part) else (_Edge.ANY,)


def _bounded(part: _Part) -> bool:
    match part:
        case _Boundary():
            return True
        case _Seq(parts) | _Or(parts):
            return any(_bounded(each) for each in parts)
        case _Times(of):
            return _bounded(of)
        case _:
            return False


def _rest(edge: _Edge, *, front: bool = False) -> Regular:
    """The texts that end, or begin, with a character of an edge."""
    match edge:
        case _Edge.NOTHING:
            return EMPTY
        case _Edge.ANY:
            return ALL
        case _Edge.WORD | _Edge.OTHER:
            word = _ascii(_GROUPS["w"])
            char = word if edge is _Edge.WORD else other_chars(word)
            return cat(char, ALL) if front else cat(ALL, char)


def _taken(part: _Part, before: _Edge, after: _Edge) -> Regular:
    """What a part takes where it stands."""
    more = _more(part, before, after)
    return alt(EMPTY, more) if _passes(part, before, after) else more


def _passes(part: _Part, before: _Edge, after: _Edge) -> bool:
    """Whether it takes nothing."""
    match part:
        case _Begin():
            return before is _Edge.NOTHING
        case _End():
            return after is _Edge.NOTHING
        case _Boundary(there):
            return ((before is _Edge.WORD) != (after is _Edge.WORD)) is there
        case _Plain(language):
            return regular.nullable(language)
        case _Seq(parts):
            return all(_passes(each, before, after) for each in parts)
        case _Or(parts):
            return any(_passes(each, before, after) for each in parts)
        case _Times(of, low, _):
            return low == 0 or _passes(of, before, after)


@lru_cache(maxsize=4096)
def _more(part: _Part, before: _Edge, after: _Edge) -> Regular:
    """What it takes of at least one character."""
    match part:
        case _Begin() | _End() | _Boundary():
            return NONE
        case _Plain(language):
            return regular.both(language, regular.SOME) if regular.nullable(language) else language
        case _Or(parts):
            return alt(*(_more(each, before, after) for each in parts))
        case _Seq(parts):
            return _joined(parts[0], _Seq(parts[1:]), before, after) if parts else NONE
        case _Times(of, low, high):
            if low > 1 or (high is not None and high > 1):
                if max(low, high or 0) > _MOST_TIMES:
                    raise Outside("`^`, `$` or `\\b` inside a long repetition")
                optional = (_Times(of, 0, 1),) * (high - low) if high is not None else (_Times(of, 0, None),)
                return _more(_Seq((*(of,) * low, *optional)), before, after)
            once = _more(of, before, after)
            if high is not None:
                return once
            if _bounded(of):
                raise Outside("`\\b` inside a repetition")
            inside = _Edge.ANY
            between = repeat(_more(of, inside, inside), 0, None)
            return alt(once, cat(_more(of, before, inside), between, _more(of, inside, after)))


def _joined(first: _Part, second: _Part, before: _Edge, after: _Edge) -> Regular:
    """Two parts, of which at least one takes something."""
    asked = _bounded(first) or _bounded(second)
    edges = (_Edge.WORD, _Edge.OTHER) if asked else (_Edge.ANY,)
    made: list[Regular] = []
    for last in edges:
        for next_ in edges:
            one = regular.both(_more(first, before, next_), _rest(last))
            two = regular.both(_more(second, last, after), _rest(next_, front=True))
            made.append(cat(one, two))
        if _passes(second, last, after):
            made.append(regular.both(_more(first, before, after), _rest(last)))
        if _passes(first, before, last):
            made.append(regular.both(_more(second, before, after), _rest(last, front=True)))
    return alt(*made)


# -- syntax --------------------------------------------------------------------------------------------------


class _Reading:
    """A recursive descent over a pattern that RE2 accepts."""

    def __init__(self, pattern: str, groups: Mapping[int, Change]) -> None:
        self.text = pattern
        self.at = 0
        self.changes = groups
        self.groups = 0
        self.folds = False
        self.all = False

    def whole(self) -> _Part:
        if compiled(self.text) is None:
            raise Outside("a pattern")
        part = self.alternatives()
        if self.at < len(self.text):
            raise Outside(f"`{self.text[self.at]}` in a pattern")
        return part

    def looking(self, mark: str) -> bool:
        return self.text.startswith(mark, self.at)

    def alternatives(self) -> _Part:
        """Up to a `)` or the end; flags that are set inside end there."""
        before = self.folds, self.all
        parts = [self.sequence()]
        while self.looking("|"):
            self.at += 1
            parts.append(self.sequence())
        self.folds, self.all = before
        if all(isinstance(part, _Plain) for part in parts):
            return _Plain(alt(*(part.language for part in parts if isinstance(part, _Plain))))
        return parts[0] if len(parts) == 1 else _Or(tuple(parts))

    def sequence(self) -> _Part:
        parts: list[_Part] = []
        while self.at < len(self.text) and not self.looking("|") and not self.looking(")"):
            part = self.repeated()
            if part is not None:
                parts.append(part)
        if all(isinstance(part, _Plain) for part in parts):
            return _Plain(cat(*(part.language for part in parts if isinstance(part, _Plain))))
        return parts[0] if len(parts) == 1 else _Seq(tuple(parts))

    def repeated(self) -> _Part | None:
        number = self.groups + 1
        part = self.atom()
        if part is None:
            return None
        change = self.changes.get(number) if self.groups >= number else None
        while True:
            if self.at < len(self.text) and self.text[self.at] in "*+?":
                low, high = {"*": (0, None), "+": (1, None), "?": (0, 1)}[self.text[self.at]]
                self.at += 1
            elif found := _REPEAT.match(self.text, self.at):
                low, high = int(found[1]), int(found[1]) if not found[2] else int(found[3]) if found[3] else None
                self.at = found.end()
            else:
                break
            if self.looking("?"):
                self.at += 1  # which of the matches, not whether
            part = _Plain(repeat(part.language, low, high)) if isinstance(part, _Plain) else _Times(part, low, high)
        if change is not None:
            if not isinstance(part, _Plain):
                raise Outside("an anchor in a group")
            part = _Plain(change(part.language))
        return part

    def atom(self) -> _Part | None:
        char = self.text[self.at]
        if char == "(":
            return self.group()
        if char == "^":
            self.at += 1
            return _Begin()
        if char == "$":
            self.at += 1
            return _End()
        if char == ".":
            self.at += 1
            return _Plain(regular.ANY_CHAR if self.all else other_chars(chars([(10, 10)])))
        if char == "[":
            return _Plain(self.in_brackets())
        if char == "\\":
            return self.escape()
        self.at += 1
        return _Plain(self.literal(char))

    def group(self) -> _Part | None:
        if found := _FLAGS.match(self.text, self.at):
            self.at = found.end()
            if "m" in found[1]:
                raise Outside("the flag `m` of a pattern")
            before = self.folds, self.all
            self.folds = (self.folds or "i" in found[1]) and "i" not in (found[2] or "")
            self.all = (self.all or "s" in found[1]) and "s" not in (found[2] or "")
            if found[3] == ")":
                return None
            part = self.alternatives()
            self.folds, self.all = before
        else:
            self.groups += 1
            named = _NAMED.match(self.text, self.at)
            self.at = named.end() if named else self.at + 1
            part = self.alternatives()
        self.at += 1
        return part

    def escape(self) -> _Part | None:
        char = self.text[self.at + 1]
        match char:
            case "A" | "z":
                self.at += 2
                return _Begin() if char == "A" else _End()
            case "b" | "B":
                self.at += 2
                return _Boundary(char == "b")
            case "d" | "w" | "s" | "D" | "W" | "S":
                self.at += 2
                made = _ascii(_GROUPS[char.lower()])
                if self.folds and char in "wW":
                    return _Plain(_asked(f"(?i)\\{char}"))
                return _Plain(other_chars(made) if char.isupper() else made)
            case "p" | "P":
                found = _UNICODE.match(self.text, self.at)
                if found is None:
                    raise Outside("a class of Unicode in a pattern")
                self.at = found.end()
                return _Plain(_asked(("(?i)" if self.folds else "") + found[0]))
            case "Q":
                end = self.text.find("\\E", self.at)
                quoted = self.text[self.at + 2 : end if end >= 0 else len(self.text)]
                self.at = end + 2 if end >= 0 else len(self.text)
                if len(quoted) != 1 and self.at < len(self.text) and self.text[self.at] in "*+?{":
                    raise Outside("a repetition after `\\Q…\\E`")
                return _Plain(cat(*(self.literal(each) for each in quoted)))
            case "E":
                self.at += 2
                return None
            case _:
                return _Plain(self.literal(self.character()))

    def character(self) -> str:
        """An escaped character."""
        text, start = self.text, self.at
        char = text[start + 1]
        if found := re.compile(r"\\x(?:([0-9A-Fa-f]{2})|\{([0-9A-Fa-f]+)\})").match(text, start):
            self.at = found.end()
            return chr(int(found[1] or found[2], 16))
        if found := re.compile(r"\\(?:0[0-7]{0,2}|[1-7][0-7]{1,2})").match(text, start):
            self.at = found.end()
            return chr(int(found[0][1:], 8))
        self.at += 2
        if char in _CONTROLS:
            return _CONTROLS[char]
        if char.isascii() and not char.isalnum():
            return char
        raise Outside(f"`\\{char}` in a pattern")

    def literal(self, char: str) -> Regular:
        if not self.folds or char.upper() == char.lower() == char.casefold():
            return regular.written(char)
        return _asked(f"(?i)\\x{{{ord(char):x}}}")

    def in_brackets(self) -> Regular:
        """A class: its end is looked for as RE2 does, its meaning is asked."""
        start = self.at
        self.at += 2 if self.text.startswith("^", start + 1) else 1
        first = True
        while first or not self.looking("]"):
            first = False
            if found := _POSIX.match(self.text, self.at) or _UNICODE.match(self.text, self.at):
                self.at = found.end()
            elif self.looking("\\") and self.text[self.at + 1] not in "dwsDWS":
                self.character()
            else:
                self.at += 2 if self.looking("\\") else 1
        self.at += 1
        return _asked(("(?i)" if self.folds else "") + self.text[start : self.at])


def _ascii(ranges: str) -> Regular:
    made, at = [], 0
    while at < len(ranges):
        wide = ranges[at + 1 : at + 2] == "-"
        made.append((ord(ranges[at]), ord(ranges[at + 2 if wide else at])))
        at += 3 if wide else 1
    return chars(made)


@lru_cache(maxsize=1024)
def _asked(pattern: str) -> Regular:
    """The characters that a pattern of one character takes, by RE2's own word."""
    found = re.fullmatch(r"(\(\?i\))\\x\{([0-9a-f]+)\}", pattern)
    if found and (point := int(found[2], 16)) < 128:
        char = chr(point).lower()
        more = {"k": "\u212a", "s": "\u017f"}.get(char, "")
        return chars((ord(each), ord(each)) for each in (char, char.upper(), *more))
    taken = []
    for match in compiled(f"(?:{pattern})+").finditer(_every()):
        taken.append((_point(match.start()), _point(match.end() - 1)))
    return chars(taken)


@lru_cache(maxsize=1)
def _every() -> str:
    """All characters, in order."""
    return "".join(map(chr, range(0xD800))) + "".join(map(chr, range(0xE000, regular.LAST + 1)))


def _point(at: int) -> int:
    return at if at < 0xD800 else at + 0x800
