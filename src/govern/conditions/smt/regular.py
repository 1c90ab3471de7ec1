"""Regular languages over code points: what is asked of a text, before any solver.

A term is built once and read three ways: `accepts` runs it on a text, `lowered` gives the texts whose `lower` is in
it, `automata` of the solver are made from it (`solver`). Leaves out how patterns are written (`patterns`).

The alphabet is all code points; surrogates count as characters here, for no text has any.
"""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Final, TypeVar

from govern.conditions.values import lower

LAST: Final = sys.maxunicode
Ranges = tuple[tuple[int, int], ...]
_Kind = TypeVar("_Kind", "Chars", "Written", "Cat", "Alt", "Both", "Not", "Repeat")


@dataclass(frozen=True, slots=True, eq=False)
class Chars:
    """One character out of sorted, separate ranges, both ends included."""

    ranges: Ranges


@dataclass(frozen=True, slots=True, eq=False)
class Written:
    """One text, not empty."""

    text: str


@dataclass(frozen=True, slots=True, eq=False)
class Cat:
    """One after another; nothing after another is the empty text."""

    parts: tuple[Regular, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Alt:
    """Any of them; of none there is no text."""

    parts: tuple[Regular, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Both:
    """All of them at once."""

    parts: tuple[Regular, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Not:
    """Every other text."""

    of: Regular


@dataclass(frozen=True, slots=True, eq=False)
class Repeat:
    """So many times, without an upper end where `high` is None."""

    of: Regular
    low: int
    high: int | None


Regular = Chars | Written | Cat | Alt | Both | Not | Repeat
_MADE: Final[dict[tuple[object, ...], Regular]] = {}


def _one(kind: type[_Kind], *fields: object) -> _Kind:
    """The only term of its kind with these fields: equal is identical, so that terms are looked up quickly."""
    found = _MADE.get((kind, *fields))
    if found is None:
        found = _MADE[kind, *fields] = kind(*fields)  # type: ignore[arg-type]
    return found  # type: ignore[return-value]


NONE: Final = _one(Alt, ())
EMPTY: Final = _one(Cat, ())
ANY_CHAR: Final = _one(Chars, ((0, LAST),))
ALL: Final = _one(Repeat, ANY_CHAR, 0, None)
SOME: Final = _one(Repeat, ANY_CHAR, 1, None)


def written(text: str) -> Regular:
    return _one(Written, text) if text else EMPTY


def cat(*parts: Regular) -> Regular:
    kept: list[Regular] = []
    for part in parts:
        if part is NONE:
            return NONE
        kept.extend(part.parts if isinstance(part, Cat) else (part,))
    return kept[0] if len(kept) == 1 else _one(Cat, tuple(kept))


def alt(*parts: Regular) -> Regular:
    kept: dict[Regular, None] = {}
    for part in parts:
        if part is ALL:
            return ALL
        kept.update(dict.fromkeys(part.parts if isinstance(part, Alt) else (part,)))
    if sum(isinstance(part, Chars) for part in kept) > 1:
        ranges = [span for part in kept if isinstance(part, Chars) for span in part.ranges]
        kept = {chars(ranges): None, **{part: None for part in kept if not isinstance(part, Chars)}}
    return next(iter(kept)) if len(kept) == 1 else _one(Alt, tuple(kept))


def both(*parts: Regular) -> Regular:
    kept: dict[Regular, None] = {}
    for part in parts:
        kept.update(dict.fromkeys(part.parts if isinstance(part, Both) else (part,)))
    kept.pop(ALL, None)
    if NONE in kept:
        return NONE
    return ALL if not kept else next(iter(kept)) if len(kept) == 1 else _one(Both, tuple(kept))


def negation(of: Regular) -> Regular:
    return of.of if isinstance(of, Not) else ALL if of is NONE else NONE if of is ALL else _one(Not, of)


def repeat(of: Regular, low: int, high: int | None) -> Regular:
    if high == 0 or of is EMPTY or of is NONE:
        return EMPTY if low == 0 or of is EMPTY else NONE
    return of if (low, high) == (1, 1) else _one(Repeat, of, low, high)


def chars(ranges: Iterable[tuple[int, int]]) -> Regular:
    """One character out of ranges in any order, which may overlap; no range is no character."""
    made: list[tuple[int, int]] = []
    for low, high in sorted(ranges):
        if low > high:
            continue
        if made and low <= made[-1][1] + 1:
            made[-1] = (made[-1][0], max(made[-1][1], high))
        else:
            made.append((low, high))
    return _one(Chars, tuple(made)) if made else NONE


def other_chars(of: Regular) -> Regular:
    """Every other character than those of a class."""
    made, free = [], 0
    for low, high in of.ranges if isinstance(of, Chars) else ():
        made.append((free, low - 1))
        free = high + 1
    return chars((*made, (free, LAST)))


def starting(text: str) -> Regular:
    return cat(written(text), ALL)


def ending(text: str) -> Regular:
    return cat(ALL, written(text))


def containing(text: str) -> Regular:
    return cat(ALL, written(text), ALL)


def before(text: str, *, equal: bool) -> Regular:
    """Texts that come before a text by code points, or are it too."""
    made: Regular = EMPTY if equal else NONE
    for char in reversed(text):
        below: Regular = cat(chars([(0, ord(char) - 1)]), ALL) if ord(char) else NONE
        made = alt(EMPTY, below, cat(written(char), made))
    return made


# -- running -----------------------------------------------------------------------------------------------


def accepts(language: Regular, text: str) -> bool:
    """Whether a text is in a language: its derivatives by each character (Brzozowski, 1964)."""
    for char in text:
        language = _derivative(language, ord(char))
        if language is NONE:
            return False
    return nullable(language)


@lru_cache(maxsize=65536)
def nullable(language: Regular) -> bool:
    """Whether the empty text is in it."""
    match language:
        case Chars() | Written():
            return False
        case Cat(parts) | Both(parts):
            return all(nullable(part) for part in parts)
        case Alt(parts):
            return any(nullable(part) for part in parts)
        case Not(of):
            return not nullable(of)
        case Repeat(of, low, _):
            return low == 0 or nullable(of)


@lru_cache(maxsize=65536)
def _derivative(language: Regular, char: int) -> Regular:
    """The rests of its texts that begin with a character."""
    match language:
        case Chars(ranges):
            return EMPTY if any(low <= char <= high for low, high in ranges) else NONE
        case Written(text):
            return written(text[1:]) if ord(text[0]) == char else NONE
        case Cat(parts):
            made: list[Regular] = []
            for index, part in enumerate(parts):
                made.append(cat(_derivative(part, char), *parts[index + 1 :]))
                if not nullable(part):
                    break
            return alt(*made)
        case Alt(parts):
            return alt(*(_derivative(part, char) for part in parts))
        case Both(parts):
            return both(*(_derivative(part, char) for part in parts))
        case Not(of):
            return negation(_derivative(of, char))
        case Repeat(of, low, high):
            rest = repeat(of, max(low - 1, 0), None if high is None else high - 1)
            return cat(_derivative(of, char), rest)


LAST_CASED: Final = 0x1FFFF
"""No character beyond has two cases, in any version of Unicode so far; a test looks."""
_MOST_STATES: Final = 3000
_COUNTED: Final = 64
_LONGEST: Final = 2**40
_NICE: Final = "ax0A/.@:-_ "


class TooLarge(ValueError):
    """A language with too many states to look through."""


@lru_cache(maxsize=16384)
def witness(language: Regular) -> str | None:
    """A text of a language, mostly one of the shortest, or None where it has none.

    Raises:
        TooLarge: it cannot be told with so many states.
    """
    rest, low, high = _unbounded(language)
    if high is not None and low > high:
        return None
    shortest = _shortest(rest)
    if shortest is None or (high is not None and len(shortest) > high):
        return None
    if len(shortest) >= low:
        return shortest
    if low <= _COUNTED:
        return _shortest(language)
    longer = _longer(rest, low, high)
    return longer if longer is not None else _shortest(language)


def _unbounded(language: Regular) -> tuple[Regular, int, int | None]:
    """A language without its bounds of length, and these: to count to them would take a state for every character."""
    low, high = 0, _LONGEST
    kept: list[Regular] = []
    for part in language.parts if isinstance(language, Both) else (language,):
        match part:
            case Repeat(of, least, most) if of is ANY_CHAR:
                low, high = max(low, least), min(high, _LONGEST if most is None else most)
            case Not(Repeat(of, least, None)) if of is ANY_CHAR:
                high = min(high, least - 1)
            case _:
                kept.append(part)
    return both(*kept), low, None if high == _LONGEST else high


def _longer(language: Regular, low: int, high: int | None) -> str | None:
    """A text of at least so many characters, by one that may stand there again and again."""
    for here, before in _states(language):
        for point in _representatives(here):
            if _derivative(here, point) is here and (after := _shortest(here)) is not None:
                times = max(low - len(before) - len(after), 0)
                if high is None or len(before) + times + len(after) <= high:
                    return before + chr(point) * times + after
    return None


def _shortest(language: Regular) -> str | None:
    return next((before for here, before in _states(language) if nullable(here)), None)


def _states(language: Regular) -> Iterator[tuple[Regular, str]]:
    """What may come after a text of characters, each once, with one of the shortest texts before it."""
    seen: dict[Regular, str] = {language: ""}
    waiting = deque([language])
    while waiting:
        here = waiting.popleft()
        yield here, seen[here]
        for point in _representatives(here):
            there = _derivative(here, point)
            if there is NONE or there in seen:
                continue
            seen[there] = seen[here] + chr(point)
            if len(seen) > _MOST_STATES:
                raise TooLarge
            waiting.append(there)


def _representatives(language: Regular) -> list[int]:
    """A character of every class of characters that a language tells apart at its beginning."""
    cuts = sorted(_cuts(language) | {0, 0xD800, 0xE000})
    made: list[int] = []
    for low, next_ in zip(cuts, [*cuts[1:], LAST + 1], strict=True):
        if low == next_ or 0xD800 <= low < 0xE000:
            continue
        nice = next((ord(char) for char in _NICE if low <= ord(char) < next_), None)
        made.append(low if nice is None else nice)
    return sorted(
        made, key=lambda point: (not 0x20 <= point < 0x7F, not chr(point).islower(), chr(point) not in _NICE, point)
    )


@lru_cache(maxsize=65536)
def _cuts(language: Regular) -> frozenset[int]:
    """Where classes of first characters begin."""
    match language:
        case Chars(ranges):
            return frozenset(cut for low, high in ranges for cut in (low, high + 1) if cut <= LAST)
        case Written(text):
            return frozenset((ord(text[0]), ord(text[0]) + 1)) - {LAST + 1}
        case Cat(parts):
            made: frozenset[int] = frozenset()
            for part in parts:
                made |= _cuts(part)
                if not nullable(part):
                    break
            return made
        case Alt(parts) | Both(parts):
            return frozenset().union(*(_cuts(part) for part in parts))
        case Not(of) | Repeat(of):
            return _cuts(of)


# -- lower case --------------------------------------------------------------------------------------------


@cache
def _folded() -> tuple[Regular, dict[int, tuple[int, ...]]]:
    """The characters that `lower` changes, and what becomes each of its results."""
    into: dict[int, list[int]] = {}
    for point in range(LAST_CASED + 1):
        char = chr(point)
        if (made := lower(char)) != char:
            into.setdefault(ord(made), []).append(point)
    changed = chars((point, point) for points in into.values() for point in points)
    return changed, {made: tuple(points) for made, points in into.items()}


@lru_cache(maxsize=4096)
def lowered(language: Regular) -> Regular:
    """The texts whose `lower` is in a language: it maps every character by itself, so each class is turned back."""
    match language:
        case Chars(ranges):
            return _lowered_chars(ranges)
        case Written(text):
            return cat(*(_lowered_chars(((ord(char), ord(char)),)) for char in text))
        case Cat(parts):
            return cat(*(lowered(part) for part in parts))
        case Alt(parts):
            return alt(*(lowered(part) for part in parts))
        case Both(parts):
            return both(*(lowered(part) for part in parts))
        case Not(of):
            return negation(lowered(of))
        case Repeat(of, low, high):
            return repeat(lowered(of), low, high)


@lru_cache(maxsize=4096)
def _lowered_chars(ranges: Ranges) -> Regular:
    changed, into = _folded()
    same = other_chars(changed)
    kept = _common(ranges, same.ranges if isinstance(same, Chars) else ())
    more = [(point, point) for made, points in into.items() if _holds(ranges, made) for point in points]
    return chars([*kept, *more])


def _holds(ranges: Ranges, point: int) -> bool:
    return any(low <= point <= high for low, high in ranges)


def _common(one: Ranges, two: Ranges) -> list[tuple[int, int]]:
    made = [(max(a, c), min(b, d)) for a, b in one for c, d in two if a <= d and c <= b]
    return [(low, high) for low, high in made if low <= high]
