"""What a human acts on: one frozen `Finding`, read by every output. Leaves out how it is shown."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from heapq import nsmallest
from itertools import islice

_MOST_COMPARED = 200


class Severity(StrEnum):
    """How much a finding weighs; `rank` grows with weight."""

    NOTE = "note"
    WARNING = "warning"
    ERROR = "error"

    @property
    def rank(self) -> int:
        return ("note", "warning", "error").index(self.value)


@dataclass(frozen=True, slots=True, order=True)
class Location:
    """A span of a text file. Lines and columns count from 1, in code points; the end column is exclusive.

    Line 0 means the file as a whole.
    """

    file: str
    line: int = 0
    column: int = 0
    end_line: int = 0
    end_column: int = 0

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}" if self.line else self.file


class Confidence(StrEnum):
    """How sure a finding is: `high` follows from what is written, `medium` from names or kinds, `low` is a guess."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


@dataclass(frozen=True, slots=True)
class Edit:
    """Replaces a span of a file's text; offsets in code points from its beginning, the end exclusive."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Fix:
    """What would mend a finding.

    Args:
        message: what it does, as an instruction.
        edits: in the file of the finding; they do not overlap.
        safe: whether it may be applied without a human's look: it never makes the charter looser.
    """

    message: str
    edits: tuple[Edit, ...]
    safe: bool = True


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that a human should look at.

    Args:
        rule: stable id of the rule, also the name of its module, page and cases.
        severity: how much it weighs.
        message: what is wrong, lower case, the author's words in backticks.
        location: where.
        hint: what to do, shown beside the place; may be empty.
        confidence: how sure it is.
        fix: what would mend it, None where only a human can.
    """

    rule: str
    severity: Severity
    message: str
    location: Location
    hint: str = ""
    confidence: Confidence = Confidence.HIGH
    fix: Fix | None = None

    @property
    def sort_key(self) -> tuple[Location, int, str, str]:
        return (self.location, -self.severity.rank, self.rule, self.message)


def closest(word: str, known: Iterable[str]) -> str | None:
    """The known word that `word` was probably meant to be, or None.

    Of very many known words only some that begin alike are looked at: a hint is not worth a second.
    """
    from difflib import get_close_matches  # only what is misspelt waits for it

    words = list(known)
    if len(words) > _MOST_COMPARED:
        alike = (each for each in words if each[:1] == word[:1] and abs(len(each) - len(word)) <= 2)
        words = list(islice(alike, _MOST_COMPARED))
    found = get_close_matches(word, sorted(words), n=1, cutoff=0.6)
    return found[0] if found else None


_MEANT = "did you mean `{}`?"


def suggested(hint: str) -> str | None:
    """The word that a hint of `did_you_mean` suggests, or None."""
    before, after = _MEANT.split("{}")
    is_one = hint.startswith(before) and hint.endswith(after) and len(hint) > len(before + after)
    return hint.removeprefix(before).removesuffix(after) if is_one else None


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A hint with a suggestion where one is close, else the list of known words (at most twelve)."""
    every = list(known)
    near = closest(word, every)
    if near is not None:
        return _MEANT.format(near)
    if not every:
        return ""
    shown = ", ".join(f"`{w}`" for w in nsmallest(12, every))
    return f"one of {shown}" + (", …" if len(every) > 12 else "")
