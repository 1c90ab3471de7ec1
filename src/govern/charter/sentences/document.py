"""What a charter in sentences is made of, and the few ways in which words are put together.

Names, values and conditions of the author stand in backticks, the author's prose in quotes; neither can end
its own marks. Leaves out escaping for a terminal, which whoever shows it does.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from govern.charter.model import Charter, Word
from govern.findings import Location


@dataclass(frozen=True, slots=True)
class Item:
    """A sentence or two, with what belongs to it below."""

    text: str
    below: tuple[Item, ...] = ()


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the statement: a title, sentences, then a list."""

    title: str
    says: tuple[str, ...] = ()
    items: tuple[Item, ...] = ()
    level: int = 2


@dataclass(frozen=True, slots=True)
class Statement:
    """The whole: what it is of, what for, and its sections."""

    title: str
    says: tuple[str, ...]
    sections: tuple[Section, ...]


def code(text: str) -> str:
    """A name or a value of the author."""
    return f"`{text.replace('`', chr(92) + 'x60')}`"


def quoted(text: str) -> str:
    """The author's prose, on one line."""
    plain = " ".join(text.split()).replace("“", '"').replace("”", '"')
    return f"“{plain if plain.count('`') % 2 == 0 else plain.replace('`', chr(39))}”"


def because(text: str) -> str:
    """The author's reason behind a sentence; empty without one."""
    return f" Because: {quoted(text)}" if text else ""


def several(words: Sequence[str], last: str = "and") -> str:
    """`a`; `a and b`; `a, b and c`."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {last} {words[-1]}"


def names(words: Iterable[Word | str], last: str = "and") -> str:
    return several([code(str(word)) for word in words], last)


def counted(number: int, one: str, many: str = "") -> str:
    """`1 day`, `2 days`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def span(seconds: int) -> str:
    """Seconds in the largest unit that divides them: `4 hours`, `90 seconds`."""
    for unit, size in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds and seconds % size == 0 and (unit != "day" or seconds > size):
            return counted(seconds // size, unit)
    return counted(seconds, "second")


def origin(charter: Charter, at: Location) -> str:
    """From which other file something comes; empty where it stands in the charter itself."""
    if charter.here(at):
        return ""
    fits = [part.path for part in charter.parts if at.file.endswith(part.path.lstrip("./"))]
    return f" [from {code(max(fits, key=len) if fits else at.file)}]"
