"""The words of a statement, and where they stand: what its parser reads one by one.

A word is a run of characters between spaces; brackets and strings keep together what they hold, so that a condition's
own words are none of the statement's. Leaves out what words mean (`statement_names`, `statement_text`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NoReturn

from govern.conditions import ConditionError, Problem
from govern.findings import closest

STOPS: Final = frozenset({"and", "or", "implies", "for", "when", "unless", "after", "over"})
"""Words that end a condition, and a list of tools."""
_BRACKETS: Final = {"(": ")", "[": "]", "{": "}"}


@dataclass(frozen=True, slots=True)
class Word:
    """One word, with its span; of one in quotes the text is what they hold."""

    text: str
    start: int
    end: int
    quoted: bool = False

    def says(self, *words: str) -> bool:
        return not self.quoted and self.text in words


def fail(start: int, end: int, message: str, hint: str = "") -> NoReturn:
    """Says what is wrong with a span of the statement."""
    raise ConditionError((Problem(start, max(end, start + 1), message, hint),))


def words(text: str) -> Iterator[Word]:
    """Runs of characters between spaces, in which brackets and strings keep together what they hold; commas alone."""
    at = 0
    while at < len(text):
        if text[at] in " \t":
            at += 1
            continue
        if text[at] == ",":
            yield Word(",", at, at + 1)
            at += 1
            continue
        start, open_brackets = at, 0
        while at < len(text) and (open_brackets or text[at] not in " \t,"):
            char = text[at]
            if char in "'\"":
                at = _string_end(text, at)
                continue
            open_brackets += (char in _BRACKETS) - (char in _BRACKETS.values() and open_brackets > 0)
            at += 1
        whole = text[start:at]
        quoted = whole[0] in "'\"" and _string_end(text, start) == at and len(whole) > 1 and whole[-1] == whole[0]
        yield Word(whole[1:-1] if quoted else whole, start, at, quoted)


def _string_end(text: str, at: int) -> int:
    quote, place = text[at], at + 1
    while place < len(text) and text[place] != quote:
        place += 2 if text[place] == "\\" else 1
    return min(place + 1, len(text))


class Words:
    """The words of a text, and the one that is read next."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.words = list(words(text))
        self.at = 0

    @property
    def word(self) -> Word:
        end = len(self.text)
        return self.words[self.at] if self.at < len(self.words) else Word("", end, end)

    def next(self) -> Word:
        word = self.word
        self.at += 1
        return word

    def take(self, *words: str) -> Word | None:
        return self.next() if self.word.text and self.word.says(*words) else None

    def phrase(self, *words: str) -> bool:
        """Takes several words at once, or none of them."""
        ahead = self.words[self.at : self.at + len(words)]
        if len(ahead) < len(words) or not all(word.says(text) for word, text in zip(ahead, words, strict=True)):
            return False
        self.at += len(words)
        return True

    def expect(self, *words: str) -> Word:
        found = self.take(*words)
        if found is None:
            wanted = " or ".join(f"`{word}`" for word in words)
            near = closest(self.word.text, words) if self.word.text else None
            hint = f"did you mean `{near}`?" if near else ""
            fail(self.word.start, self.word.end, f"expected {wanted}, got {self.got()}", hint)
        return found

    def got(self) -> str:
        return f"`{self.word.text[:60]}`" if self.word.text else "the end"

    def ends(self) -> bool:
        """Whether a condition or a list of tools ends here."""
        return not self.word.text or self.word.says(*STOPS)
