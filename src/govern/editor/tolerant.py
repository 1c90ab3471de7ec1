"""A tree of any text, however half-typed: what completion, hover and the outline look at.

The loader's parser (`charter.yaml_tree`) gives no tree where the syntax is broken, and at the keystroke that asks
for help it always is. This one takes the same subset (no anchors, tags or directives), and where a text breaks it
goes on at the next line that can be read: an open quote ends with its line, an open bracket before the next line
that is not indented deeper, a word without a colon is a key without a value. Of a text that the loader reads, the
tree is the loader's; the tests hold them against each other. It never raises, and it judges nothing: what is wrong
with a text is said by the loader alone.
"""

from __future__ import annotations

import re

from govern.charter.broken import CONDITION_KEYS
from govern.charter.scalars import Refused, resolve
from govern.charter.source import MAX_BYTES
from govern.charter.yaml_tree import MAX_DEPTH, MAX_NODES, Map, Node, Scalar, Seq
from govern.conditions.parse import MAX_LENGTH

_SPACE = re.compile(r"[ \t]*")
_SKIPPED = re.compile(r"(?:[ \t\r\n]+|(?:(?<=\s)|\A)#[^\n]*)+")
_MARK = re.compile(r"(?:---|\.\.\.)(?=\s|\Z)|%[^\n]*")
_DASH = re.compile(r"-(?=\s|\Z)")
_ENDS_KEY = re.compile(r"[ \t]*:(?=\s|\Z)")
_COLON = re.compile(r"[ \t]*:(?=[\s,\]}]|\Z)|(?<=[\"']):")
_NO_KEY = "\"'[]{}#,|>"
_QUOTED = {
    '"': re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL),
    "'": re.compile(r"'(?:[^']|'')*'"),
}
_BLOCK = re.compile(r"[|>][-+0-9]{0,2}[ \t]*(?:(?<=[ \t])#[^\n]*)?\r?(?=\n|\Z)")
_COMMENT = re.compile(r"(?:(?<=\s)|\A)#")
# What may stand behind a closing quote: if it is anything else, the quote belongs to another value.
_BEHIND = re.compile(r"[ \t]*(?:[,\]}:\r\n]|\Z|(?<=[ \t])#)")
_LIKE_KEY = re.compile(r"""(?:- +)*(?:[\w./-]+|"[^"\n]*"|'[^'\n]*')[ \t]*:(?:\s|\Z)|-\s""")
_IN_FLOW = re.compile(r"(?:[^,\[\]{}\n:#]|:(?![\s,\[\]{}]|\Z)|(?<!\s)#)*")
# Most of every file, read in one step: `key: word` on a line, and in braces.
_EASY_LINE = re.compile(r"([A-Za-z_][\w./-]*): +([A-Za-z_][\w./@-]*) *\r?\n( *)(?=[^\s#])")
_EASY_PAIR = re.compile(r"([A-Za-z_]\w*): +([A-Za-z_]\w*)(?=[,}])")
_ESCAPE = re.compile(r"\\(?:x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|\r?\n[ \t]*|(.))", re.DOTALL)
# A line break in quoted text is a space, and each further one a break; behind a backslash it is nothing.
_FOLDED = re.compile(r"(?<!\\)[ \t]*\r?\n[ \t]*((?:\r?\n[ \t]*)*)")
_SHORT = {"0": "\0", "a": "\a", "b": "\b", "t": "\t", "n": "\n", "v": "\v", "f": "\f", "r": "\r", "e": "\x1b",
          "N": "\x85", "_": "\xa0", "L": "\u2028", "P": "\u2029"}  # fmt: skip
_LONGEST_QUOTE = 4_000


def tree(text: str) -> Node:
    """The tree of a text; offsets are into it. Of one that is too large to be judged, an empty one."""
    if len(text) > MAX_BYTES:
        return Map((), 0, 0)
    return _Parser(text).root()


class _Parser:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.closers: list[str] = []  # of the flow collections that are open
        self.columns: list[int] = []  # of the block mappings that are open
        self.left = MAX_NODES

    def root(self) -> Node:
        if self.next() is None:
            return Map((), 0, 0)
        first = self.text[self.at]
        if first in "[{" or _DASH.match(self.text, self.at):
            return self.block(self.column(), 0)
        made = self.map(0, 0)
        only = made.entries[0] if len(made.entries) == 1 else None
        if only is not None and only[1].start == only[1].end == only[0].end and not self.colon_behind(only[0]):
            return only[0]  # a lonely word: whether it is a key, nobody knows yet
        return made

    def colon_behind(self, key: Scalar) -> bool:
        return _ENDS_KEY.match(self.text, key.end) is not None

    # Where we are

    def column(self) -> int:
        return self.at - (self.text.rfind("\n", 0, self.at) + 1)

    def next(self) -> int | None:
        """Goes to the next thing written, on this line or below; its column, None at the end."""
        self.count()
        while True:
            if skipped := _SKIPPED.match(self.text, self.at):
                self.at = skipped.end()
            if self.at >= len(self.text):
                return None
            column = self.column()
            if column or not (mark := _MARK.match(self.text, self.at)):
                return column
            self.at = mark.end()

    def count(self) -> None:
        """Of a text with more values than a file may have, nobody looks at the rest."""
        self.left -= 1
        if self.left < 0:
            self.at = len(self.text)

    def line_end(self, at: int) -> int:
        """The end of a line, without its break."""
        end = self.text.find("\n", at)
        end = len(self.text) if end < 0 else end
        return end - (self.text[end - 1 : end] == "\r" and end > at)

    # Blocks

    def block(self, column: int, depth: int) -> Node:
        """The node that begins here."""
        if depth > MAX_DEPTH:
            return self.dropped(column)
        if _DASH.match(self.text, self.at):
            return self.seq(column, depth)
        if self.key_ahead() is not None or self.bare_ahead(column):
            return self.map(column, depth)
        return self.inline(column - 1, depth, "")

    def dropped(self, column: int) -> Scalar:
        """Nested deeper than anybody reads: passed over."""
        start = self.at
        self.at = self.line_end(start)
        end = self.at
        while (found := self.next()) is not None and found >= column:
            self.at = end = self.line_end(self.at)
        return Scalar("", start, end, refused=True)

    def seq(self, column: int, depth: int) -> Seq:
        items: list[Node] = []
        start = self.at
        end = start + 1
        while (found := self.next()) is not None and found >= column:
            if not _DASH.match(self.text, self.at):
                if found == column and (self.key_ahead() is not None or not items):
                    break  # the list is over: a key of the mapping that the list stands in
                if found == column and self.outer_key(column):
                    break
                items.append(self.bare())  # an item whose dash is not written yet
                end = items[-1].end
                continue
            dash = self.at
            self.at += 1
            items.append(self.value(found, depth, "", dashed=True))
            end = max(items[-1].end, dash + 1)
        return Seq(tuple(items), start, items[-1].end if items else end)

    def outer_key(self, column: int) -> bool:
        """Whether the list stands at the column of its own key, so that a word there belongs to the mapping."""
        return column == 0 or self.columns[-1:] == [column]

    def map(self, column: int, depth: int) -> Map:
        entries: list[tuple[Scalar, Node]] = []
        start = end = self.at
        self.columns.append(column)
        while (found := self.next()) is not None and found >= column:
            if _DASH.match(self.text, self.at):
                stray = self.seq(found, depth + 1)
                if entries and entries[-1][1].start == entries[-1][1].end:
                    entries[-1] = (entries[-1][0], stray)
                end = stray.end
                continue
            if (easy := _EASY_LINE.match(self.text, self.at)) and len(easy[3]) <= found:
                entries.append(self.pair(easy))
                end = easy.end(2)
                continue
            key = self.key()
            if key is None:
                key = self.bare()
                entries.append((key, Scalar("", key.end, key.end)))
            else:
                name = key.value if isinstance(key.value, str) else ""
                entries.append((key, self.value(found, depth, name)))
            end = entries[-1][1].end
        self.columns.pop()
        return Map(tuple(entries), start, end)

    def pair(self, match: re.Match[str]) -> tuple[Scalar, Scalar]:
        """A key and a word that stands for itself, if it does not mean something else."""
        self.at = match.end(2)
        value = self.resolved(match[2], match.start(2), match.end(2))
        return Scalar(match[1], match.start(1), match.end(1)), value

    def bare(self) -> Scalar:
        """A word that nothing says the meaning of: the rest of its line."""
        start = self.at
        end = self.line_end(start)
        written = self.text[start:end]
        if comment := _COMMENT.search(written, 1):
            written = written[: comment.start()]
        written = written.rstrip() or self.text[start : start + 1]
        self.at = end
        return Scalar(written, start, start + len(written))

    def bare_ahead(self, column: int) -> bool:
        """Whether here stands a word without a colon, and below it a key of the same mapping."""
        start = self.at
        if self.text[start] in _NO_KEY:
            return False
        self.at = self.line_end(start)
        found = self.next()
        ahead = found == column and self.key_ahead() is not None
        self.at = start
        return ahead

    def key_ahead(self) -> tuple[int, int] | None:
        """The end of a key that begins here, and where its value may begin; None if none does."""
        text, start = self.text, self.at
        first = text[start]
        if first in _QUOTED:
            quoted = _QUOTED[first].match(text, start, self.line_end(start))
            colon = _ENDS_KEY.match(text, quoted.end()) if quoted else None
            return (quoted.end(), colon.end()) if quoted and colon else None
        if first in _NO_KEY:
            return None
        end = self.line_end(start)
        at = text.find(":", start, end)
        while at >= 0:
            if at + 1 >= len(text) or text[at + 1] in " \t\r\n":
                written = text[start:at]
                return None if _COMMENT.search(written) else (start + len(written.rstrip()), at + 1)
            at = text.find(":", at + 1, end)
        return None

    def key(self) -> Scalar | None:
        ahead = self.key_ahead()
        if ahead is None:
            return None
        start, (end, self.at) = self.at, ahead
        if self.text[start] in _QUOTED:
            return self.unquoted(start, end)
        return Scalar(self.text[start:end], start, end)

    def value(self, column: int, depth: int, key: str, *, dashed: bool = False) -> Node:
        """What stands behind a colon or a dash.

        Args:
            column: of the key or the dash.
        """
        behind = self.at
        space = _SPACE.match(self.text, behind)
        self.at = space.end() if space else behind
        if self.at < self.line_end(behind) and not (self.text[self.at] == "#" and self.at > behind):
            return self.block(self.column(), depth + 1) if dashed else self.inline(column, depth, key)
        found = self.next()
        at_own = found == column and not dashed and _DASH.match(self.text, self.at)
        if found is not None and (found > column or at_own):
            return self.block(found, depth + 1)
        return Scalar("", behind, behind)

    def inline(self, column: int, depth: int, key: str) -> Node:
        """A value that begins here and is no block mapping or list."""
        first = self.text[self.at]
        if first in "[{":
            made: Node = self.flow(column, depth + 1)
        elif first in _QUOTED:
            made = self.quoted(column)
        elif first in "|>" and _BLOCK.match(self.text, self.at):
            return self.block_text(column)
        else:
            return self.plain(column)
        if (found := _SPACE.match(self.text, self.at)) and not self.text[found.end() : found.end() + 1].strip("\r\n#"):
            return made
        self.at = self.line_end(self.at)  # what stands behind it has no meaning
        return made

    def plain(self, column: int) -> Scalar:
        start = self.at
        word = self.bare()
        parts, end = [str(word.value)], word.end
        commented = self.text[word.end : self.line_end(word.end)].strip()
        while not commented:
            here = self.at
            found = self.below_comment_free()
            if found is None or found <= column or self.key_ahead() is not None:
                self.at = here
                break
            breaks = self.text.count("\n", end, self.at)
            more = self.bare()
            parts += ["\n" * (breaks - 1) if breaks > 1 else " ", str(more.value)]
            end = more.end
            commented = self.text[end : self.line_end(end)].strip()
        return self.resolved("".join(parts), start, end, single=len(parts) == 1)

    def below_comment_free(self) -> int | None:
        """Goes to the next line with text; None where a comment comes first, which ends plain text."""
        while self.at < len(self.text) and self.text[self.at] in " \t\r\n":
            self.at += 1
        if self.at >= len(self.text) or self.text[self.at] == "#":
            return None
        return self.column() if self.column() or not _MARK.match(self.text, self.at) else None

    def resolved(self, written: str, start: int, end: int, *, single: bool = True) -> Scalar:
        value = resolve(written)
        if isinstance(value, Refused):
            return Scalar(written, start, end, exact=single, refused=True)
        return Scalar(value, start, end, exact=single)

    def block_text(self, column: int) -> Scalar:
        """Text behind `|` or `>`: every line that is indented deeper."""
        start = self.at
        at = end = self.line_end(start)
        lines: list[str] = []
        while at < len(self.text):
            begins = at + 1 + (self.text[at] == "\r")
            stop = self.line_end(begins) if begins <= len(self.text) else begins
            written = self.text[begins:stop]
            if written.strip() and len(written) - len(written.lstrip(" ")) <= column:
                break
            lines.append(written.strip())
            at = stop
            end = stop if written.strip() else end
            if begins > len(self.text) or stop >= len(self.text):
                break
        self.at = end
        return Scalar("\n".join(lines).strip("\n"), start, end, plain=False, exact=False)

    # Quotes

    def quoted(self, column: int) -> Scalar:
        start = self.at
        match = _QUOTED[self.text[start]].match(self.text, start, min(len(self.text), start + _LONGEST_QUOTE))
        if match and ("\n" not in match[0] or self.may_run_on(start, match.end(), column)):
            self.at = match.end()
            return self.unquoted(start, self.at)
        end = self.line_end(start)
        written = self.text[start + 1 : end].rstrip()
        self.at = end
        return Scalar(written, start, start + 1 + len(written), plain=False, exact=True, refused=True)

    def may_run_on(self, start: int, end: int, column: int) -> bool:
        """Whether quoted text of several lines is one value, not an open quote that the next one closes."""
        if not _BEHIND.match(self.text, end):
            return False
        below = self.text[self.line_end(start) : end].split("\n")[1:]
        return all(not line.strip() or len(line) - len(line.lstrip()) > column for line in below)

    def unquoted(self, start: int, end: int) -> Scalar:
        raw = self.text[start + 1 : end - 1]
        value = _FOLDED.sub(_fold, raw) if "\n" in raw else raw
        value = value.replace("''", "'") if self.text[start] == "'" else _ESCAPE.sub(_unescaped, value)
        return Scalar(value, start, end, plain=False, exact=raw == value)

    # Flow collections

    def flow(self, column: int, depth: int) -> Node:
        start = self.at
        is_map = self.text[start] == "{"
        if depth > MAX_DEPTH:
            self.at = self.line_end(start)
            return Scalar("", start, self.at, refused=True)
        self.at += 1
        self.closers.append("}" if is_map else "]")
        entries: list[tuple[Scalar, Node]] = []
        items: list[Node] = []
        end = self.at
        while self.inside(column):
            char = self.text[self.at]
            if char == ",":
                self.at += 1
            elif char in "]}":
                if char != self.closers[-1] and char in self.closers[:-1]:
                    break  # it closes what this stands in; this was not closed
                self.at += 1
                if char == self.closers[-1]:
                    end = self.at
                    break
            elif is_map:
                entries.append(self.flow_entry(column, depth))
            else:
                items.append(self.flow_item(column, depth))
            end = self.at
        self.closers.pop()
        return Map(tuple(entries), start, end) if is_map else Seq(tuple(items), start, end)

    def inside(self, column: int) -> bool:
        """Goes to the next thing in a flow collection; false where the collection is over without being closed."""
        self.count()
        before = self.at
        if skipped := _SKIPPED.match(self.text, self.at):
            self.at = skipped.end()
        if self.at >= len(self.text):
            self.at = before
            return False
        crossed = "\n" in self.text[before : self.at]
        if crossed and self.column() <= column and _LIKE_KEY.match(self.text, self.at):
            self.at = before
            return False
        return True

    def flow_entry(self, column: int, depth: int) -> tuple[Scalar, Node]:
        if easy := _EASY_PAIR.match(self.text, self.at):
            return self.pair(easy)
        first = self.text[self.at]
        if first in "[{":
            lost = self.flow(column, depth + 1)
            return Scalar("", lost.start, lost.start, refused=True), lost
        key = self.quoted(column) if first in _QUOTED else self.flow_plain(column, "")
        colon = _COLON.match(self.text, key.end)
        if not colon:
            return key, Scalar("", key.end, key.end)
        self.at = colon.end()
        name = key.value if isinstance(key.value, str) else ""
        return key, self.flow_value(column, depth, name)

    def flow_value(self, column: int, depth: int, key: str) -> Node:
        behind = self.at
        if not self.inside(column) or self.text[self.at] in ",]}":
            return Scalar("", behind, behind)
        first = self.text[self.at]
        if first in "[{":
            return self.flow(column, depth + 1)
        return self.quoted(column) if first in _QUOTED else self.flow_plain(column, key)

    def flow_item(self, column: int, depth: int) -> Node:
        item = self.flow_value(column, depth, "")
        colon = _COLON.match(self.text, self.at) if isinstance(item, Scalar) else None
        if not colon or not isinstance(item, Scalar):
            return item
        self.at = colon.end()
        value = self.flow_value(column, depth, str(item.value))
        return Map(((item, value),), item.start, max(value.end, item.end))

    def flow_plain(self, column: int, key: str) -> Scalar:
        start = self.at
        end = self.condition_end(start) if key in CONDITION_KEYS else self.flow_end(start)
        self.at = max(end, start + 1)  # whatever it is, we go on
        parts = [self.text[start:end].rstrip()]
        end = start + len(parts[0])
        while key not in CONDITION_KEYS and self.text[self.at : self.at + 1] in ("\n", "\r"):
            here = self.at
            if not self.inside(column) or self.text[self.at] in ",[]{}\"'" or self.pair_ahead():
                self.at = here
                break
            start_of_more = self.at
            stop = self.flow_end(start_of_more)
            if stop == start_of_more or "#" in self.text[here:start_of_more]:
                self.at = here
                break
            more = self.text[start_of_more:stop].rstrip()
            parts.append(more)
            end, self.at = start_of_more + len(more), stop
        return self.resolved(" ".join(parts), start, end, single=len(parts) == 1)

    def pair_ahead(self) -> bool:
        return _COLON.match(self.text, self.flow_end(self.at)) is not None

    def flow_end(self, start: int) -> int:
        match = _IN_FLOW.match(self.text, start)
        end = match.end() if match else start
        while end > start and self.text[end - 1] in " \t\r":
            end -= 1
        return end

    def condition_end(self, start: int) -> int:
        """Where a condition without quotes was meant to end: its own brackets and quotes are its own."""
        depth, quote = 0, ""
        at = start
        for at in range(start, min(len(self.text), start + MAX_LENGTH)):
            char = self.text[at]
            if char == "\n":
                return at
            if quote:
                quote = "" if char == quote else quote
            elif char in "\"'":
                quote = char
            elif char in "([{":
                depth += 1
            elif char in ")]}":
                if depth == 0 and char != ")":
                    return at
                depth -= 1
            elif (char == "," and depth <= 0) or (char == "#" and self.text[at - 1] in " \t"):
                return at
        return at + 1


def _fold(match: re.Match[str]) -> str:
    return "\n" * match[1].count("\n") or " "


def _unescaped(match: re.Match[str]) -> str:
    code = match[1] or match[2] or match[3]
    if code:
        number = int(code, 16)
        return chr(number) if number <= 0x10FFFF else ""
    return _SHORT.get(match[4], match[4]) if match[4] else ""
