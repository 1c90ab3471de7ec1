"""Patterns that only list texts, as `^(main|release)$`: those that Cedar's `like` can express. Any other is none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

MOST: Final = 64  # texts of one pattern
_SPECIAL: Final = frozenset("\\^$.|?*+()[]{}")


@dataclass(frozen=True, slots=True)
class Listed:
    """A text that is looked for: at the start, at the end, or anywhere."""

    text: str
    start: bool
    end: bool


def listed(pattern: str) -> tuple[Listed, ...] | None:
    """What a pattern of RE2 looks for, or None where it is no list of texts."""
    reading = _Reading(pattern)
    found = reading.alternatives(outer=True)
    if found is None or reading.at < len(pattern) or len(found) > MOST:
        return None
    return tuple(found)


@dataclass(slots=True)
class _Reading:
    pattern: str
    at: int = 0

    def alternatives(self, *, outer: bool) -> list[Listed] | None:
        """The texts up to the end of the pattern or of a group; anchors only outside groups."""
        every: list[Listed] = []
        while True:
            found = self.sequence(outer)
            if found is None or len(every) + len(found) > MOST:
                return None
            every += found
            if self.pattern[self.at : self.at + 1] != "|":
                return every
            self.at += 1

    def sequence(self, outer: bool) -> list[Listed] | None:
        start = outer and self.took("^")
        texts, end = [""], False
        while self.at < len(self.pattern) and self.pattern[self.at] not in "|)":
            if end:
                return None
            if outer and self.took("$"):
                end = True
                continue
            more = self.part()
            if more is None or len(texts) * len(more) > MOST:
                return None
            texts = [one + two for one in texts for two in more]
        return [Listed(text, start, end) for text in texts]

    def part(self) -> list[str] | None:
        """A character, or a group; None where either is repeated or is anything else."""
        if self.took("("):
            self.took("?:")
            inner = self.alternatives(outer=False)
            if inner is None or not self.took(")"):
                return None
            found = [each.text for each in inner]
        elif self.took("\\"):
            char = self.pattern[self.at : self.at + 1]
            if not char or not char.isascii() or char.isalnum() or char == "_":
                return None
            self.at += 1
            found = [char]
        elif self.pattern[self.at] in _SPECIAL:
            return None
        else:
            found = [self.pattern[self.at]]
            self.at += 1
        repeated = self.pattern[self.at : self.at + 1] in ("?", "*", "+", "{")
        return None if repeated else found

    def took(self, text: str) -> bool:
        if not self.pattern.startswith(text, self.at):
            return False
        self.at += len(text)
        return True
