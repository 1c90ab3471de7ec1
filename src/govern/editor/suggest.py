"""A suggestion of completion, and what is known at the place that asks for it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from govern.charter.yaml_tree import Map
from govern.editor.names import Named, Names
from govern.editor.parsed import Parsed, Whole
from govern.editor.place import Spot
from govern.editor.words import definition, fenced, line

# Written at the cursor, so that there is something to find: a noncharacter, which no file of the language has.
MARK = "\ufdd0"
# What stands unquoted in YAML, in braces too, and is text.
_PLAIN = re.compile(r"[A-Za-z_$](?:[\w./@+-]|:(?=\w))*")
_WORDS = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n"})


class Sign(StrEnum):
    """How editors show a suggestion."""

    KEY = "key"
    VALUE = "value"
    NAME = "name"
    FIELD = "field"
    FUNCTION = "function"
    FILE = "file"
    RULE = "rule"
    KEYWORD = "keyword"


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Something that may be written.

    Args:
        label: what is chosen by.
        detail: a few words beside it.
        says: Markdown.
        insert: what replaces the span.
        snippet: the same with `$1` where somebody writes on, as the protocol's snippets; empty without one.
        start, end: the span that is replaced, offsets into the text.
    """

    label: str
    sign: Sign
    detail: str
    says: str
    insert: str
    snippet: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Asked:
    """A place that asks for suggestions.

    Args:
        text: as the author has it, and `offset` where the cursor is.
        one: the file with a mark at the cursor, so that there is something to find.
        spot: what the mark stands in.
        mark: where it stands in the marked text.
        lead: what has to be written first: a space behind a colon or a dash.
    """

    text: str
    offset: int
    one: Parsed
    whole: Whole
    names: Names
    spot: Spot
    mark: int
    lead: str

    @property
    def quoted(self) -> bool:
        """Whether the cursor stands inside quotes."""
        return self.one.text[self.spot.node.start] in "\"'"

    @property
    def flow(self) -> bool:
        """Whether it stands inside braces or brackets."""
        around = self.spot.around
        return around is not None and self.one.text[around.start : around.start + 1] in ("{", "[")

    @property
    def lines_below(self) -> bool:
        """Whether the cursor is on a line below the key that its value belongs to: a mapping may begin there."""
        around, node = self.spot.around, self.spot.node
        if not isinstance(around, Map):
            return False
        key = next((key for key, value in around.entries if value is node), None)
        return key is not None and "\n" in self.one.text[key.end : node.start]

    @property
    def word(self) -> tuple[int, int]:
        """The span of the word at the cursor, quotes left out; on the cursor's line."""
        return self.span(self.spot.node.start + self.quoted, self.spot.node.end)

    @property
    def written(self) -> str:
        """The word before the cursor."""
        return self.text[self.word[0] : self.offset]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """A span of the marked text, in the author's text."""
        extra = len(self.one.text) - len(self.text)
        stop = self.text.find("\n", self.offset)
        stop = len(self.text) if stop < 0 else stop
        if self.quoted and end > self.mark and self.one.text[end - 1 : end] == self.one.text[self.spot.node.start]:
            end -= 1
        return min(start, self.offset), max(self.offset, min(end - extra, len(self.text[:stop].rstrip())))

    def value(self, name: str, sign: Sign, detail: str = "", says: str = "", quote: str = '"') -> Suggestion:
        """A value in place of the word at the cursor, quoted where YAML needs it."""
        plain = self.quoted or (_PLAIN.fullmatch(name) and name.lower() not in _WORDS)
        start, end = self.word
        return Suggestion(
            name, sign, detail, says, self.lead + (name if plain else f"{quote}{name}{quote}"), "", start, end
        )

    def named(self, one: Named) -> Suggestion:
        """A name that is defined somewhere, with its definition."""
        return self.value(one.name, Sign.NAME, one.sort.value, told(one))


def told(one: Named) -> str:
    """What a name is, as Markdown."""
    said = line(one).replace(MARK, "")
    return f"{said[0].upper()}{said[1:]}.\n\n{fenced(definition(one)).replace(MARK, '')}"


def escaped(text: str) -> str:
    """Text that a snippet takes as it is."""
    return re.sub(r"([\\$}])", r"\\\1", text)
