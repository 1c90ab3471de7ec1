"""The layout: two columns a level, lists below their key, one line for what was on one line and fits.

A collection in brackets stays so if its author wrote it on one line and it fits; else it becomes a block. A
block stays a block. Leaves out the order of keys (`order`) and quotes (`quoting`).
"""

from __future__ import annotations

from govern.charter.broken import CONDITION_KEYS
from govern.charter.fmt import lines
from govern.charter.fmt.attach import Part
from govern.charter.fmt.quoting import are_words, on_one_line
from govern.charter.yaml_tree import Map, Node, Scalar, Seq

# Columns of a collection in brackets, what stands before it included, a comment behind it not.
WIDEST = 120
# YAML finds the `:` of a key at most 1,024 characters behind the key's beginning.
_LONGEST_KEY = 1000
_STEP = 2


def write(text: str, head: list[str | None], whole: Part) -> str:
    """The canonical text of a file.

    Args:
        text: the file's text, which the nodes' offsets point into.
        head: comments at the head of the file.
        whole: the file's mapping, in order.
    """
    writer = _Writer(text)
    writer.comments(head, 0)
    writer.sections(whole)
    writer.comments(whole.tail, 0)
    return "\n".join(writer.lines) + "\n"


class _Writer:
    def __init__(self, text: str) -> None:
        self.text = text
        self.lines: list[str] = []
        self.keys: dict[str, str] = {}  # by how they are written in the file

    def sections(self, whole: Part) -> None:
        """The parts of the file's mapping; an empty line between two that run over several lines."""
        long = False
        for part in whole.parts[:1]:  # a comment apart from the first key would be one of the whole file
            part.above = [comment for comment in part.above if comment is not None]
        for index, part in enumerate(whole.parts):
            start = len(self.lines)
            begins = self.part(part, "", first=index == 0)
            body = len(self.lines) - begins
            # An empty line before it belongs to a text that keeps its line breaks, and would keep another.
            if long and body > 1 and self.lines[start] and self.lines[start - 1]:
                self.lines.insert(start, "")
            long = body > 1

    def part(self, part: Part, lead: str, *, first: bool, hoisted: bool = False) -> int:
        """Writes one part.

        Args:
            lead: what its line begins with: blanks, or the `- ` of the item that it is the first part of.
            first: it is the first of its collection, above which no line is empty.
            hoisted: the comments above it are written already.

        Returns:
            The number of lines before its own first one.
        """
        column = len(lead)
        if not hoisted:
            if part.blank and not first:
                self.blank()
            self.comments(self.over(part, column), column)
        start = len(self.lines)
        name = self.key(part)
        if len(name) > _LONGEST_KEY:
            self.lines.append(f"{lead}? {name}")
            lead, name = " " * column, ""
        mark = "- " if part.key is None else f"{name}: "
        if isinstance(part.node, Scalar):
            self.scalar(part, part.node, lead + mark, column)
        elif (text := self.inline(part, column + len(mark))) is not None:
            self.lines.extend((lead + mark + text).split("\n"))
            # Behind the last of several rows a comment belongs to none of them, and is aligned with nothing.
            self.lines[-1] = self.beside(self.lines[-1], part, close="\n" in text)
        elif part.key is not None:
            self.lines.append(self.beside(f"{lead}{name}:", part, head=True))
            self.parts(part, " " * (column + _STEP), hoisted=False)
        else:
            self.parts(part, lead + mark, hoisted=True)
        return start

    def parts(self, part: Part, lead: str, *, hoisted: bool) -> None:
        self.settle_quotes(part)
        for index, below in enumerate(part.parts):
            first = index == 0
            self.part(below, lead if first else " " * len(lead), first=first, hoisted=first and hoisted)
        self.comments(part.tail, len(lead))

    # Scalars and brackets

    def key(self, part: Part) -> str:
        """A key, the same in a block and within brackets; empty for an item."""
        if part.key is None:
            return ""
        source = self.source(part.key)
        if source not in self.keys:
            self.keys[source] = on_one_line(str(part.key.value), source, flow=True)
        return self.keys[source]

    def source(self, node: Node) -> str:
        return self.text[node.start : node.end]

    def scalar(self, part: Part, node: Scalar, start: str, column: int) -> None:
        source = self.source(node)
        if not node.plain and source[0] in "|>":
            written = lines.block(str(node.value), source, column + _STEP)
            self.lines.append(self.beside(start + written[0], part))
            self.lines.extend(written[1:])
        elif "\n" in source:
            written = lines.broken(source, column + _STEP, condition=_is_condition(part))
            self.lines.extend([start + written[0], *written[1:]])
            self.lines[-1] = self.beside(self.lines[-1], part)
        else:
            self.lines.append(self.beside(start + self.word(part, node, flow=False), part))

    def word(self, part: Part, node: Scalar, *, flow: bool) -> str:
        source = self.source(node)
        if not isinstance(node.value, str):
            return source
        return on_one_line(node.value, source, flow=flow, condition=_is_condition(part), bare=part.bare)

    def inline(self, part: Part, column: int) -> str | None:
        """A collection in brackets from a column on; None where it is to be a block."""
        if not part.flow:
            return None
        if not part.parts:
            return "{}" if isinstance(part.node, Map) else "[]"
        self.settle_quotes(part)
        if not self.spread(part) and (text := self.brackets(part, WIDEST - column)) is not None:
            return text
        return self.rows(part, column) if isinstance(part.node, Seq) else None

    def spread(self, part: Part) -> bool:
        """Whether its author spread a collection in brackets over lines: then it is not put on one.

        Within other brackets, which are no longer on one line either, a line break behind the opening bracket
        says so; any other is where a long line was broken.
        """
        source = self.source(part.node)
        if "\n" not in source:
            return False
        if not part.within or source[1:].lstrip(" \t")[:1] in ("\n", "#") or part.tail:
            return True
        return any(
            below.above or below.beside or (isinstance(below.node, Scalar) and "\n" in self.source(below.node))
            or self.spread(below)
            for below in part.parts
        )  # fmt: skip

    def rows(self, part: Part, column: int) -> str | None:
        """A list of words over several lines, in its author's rows if they fit.

        None where it is no list of words, or each row would have but one: then it is better as a block.
        """
        rows: dict[int, list[str]] = {}
        for below in part.parts:
            node = below.node
            if not isinstance(node, Scalar) or below.above or below.beside or "\n" in self.source(node):
                return None
            row = self.text.rfind("\n", 0, node.start)
            rows.setdefault(row, []).append(self.word(below, node, flow=True))
        found = [", ".join(row) for row in rows.values()]
        room = WIDEST - column - 2
        if part.tail or (len(rows) == len(part.parts) and len(rows) > 1):
            return None
        if any(len(row) > room for row in found):
            found = _filled([word for row in rows.values() for word in row], room)
            if len(found) == len(part.parts):
                return None
        return "[" + (",\n" + " " * (column + 1)).join(found) + "]"

    def settle_quotes(self, part: Part) -> None:
        """Quotes in a list go together: none is dropped where another item needs them."""
        if not isinstance(part.node, Seq):
            return
        quoted = [
            below.node.value
            for below in part.parts
            if isinstance(below.node, Scalar) and self.text[below.node.start : below.node.start + 1] in ("'", '"')
        ]
        bare = all(are_words(str(value), commas=False) for value in quoted)
        for below in part.parts:
            below.bare = bare

    def brackets(self, part: Part, room: int) -> str | None:
        """A collection within brackets on one line; None where it needs more columns than there are."""
        self.settle_quotes(part)
        found: list[str] = []
        room -= 2
        for below in part.parts:
            name = "" if below.key is None else self.key(below) + ": "
            left = room - len(name)
            text = (
                self.word(below, below.node, flow=True)
                if isinstance(below.node, Scalar)
                else self.brackets(below, left)
            )
            if text is None or len(text) > left:
                return None
            found.append(name + text)
            room = left - len(text) - 2
        inner = ", ".join(found)
        return "{" + inner + "}" if isinstance(part.node, Map) else "[" + inner + "]"

    # Comments and empty lines

    def over(self, part: Part, column: int) -> list[str | None]:
        """The comments that are written above a part."""
        item = part.key is None and not isinstance(part.node, Scalar)
        if not item and len(part.beside) < 2:  # nearly always: it stands beside its part, wherever that is
            return part.above
        beside: list[str | None] = [beside.text for beside in part.beside]
        mark = _STEP if part.key is None else len(self.key(part)) + 2
        if isinstance(part.node, Scalar) or self.inline(part, column + mark) is not None:
            return [*part.above, *beside[:-1]]
        if part.key is not None:
            return [*part.above, *beside[1:]]
        # A comment above the first part of an item has no place but above the item's `-`.
        return [*part.above, *beside, *self.over(part.parts[0], column + mark)]

    def comments(self, comments: list[str | None], column: int) -> None:
        for comment in comments:
            if comment is None:
                self.blank()
            else:
                self.lines.append(" " * column + comment)

    def blank(self) -> None:
        if self.lines and self.lines[-1]:
            self.lines.append("")

    def beside(self, line: str, part: Part, *, head: bool = False, close: bool = False) -> str:
        """A line with the comment beside its part, in the column where its author had aligned it.

        Args:
            head: the line is but the key of a block.
            close: the comment follows close behind, wherever it was.
        """
        if not part.beside:
            return line
        beside = part.beside[0 if head else -1]
        if beside.column is None or close or (head and part.flow):
            return f"{line}  {beside.text}"
        return line.ljust(beside.column - 2) + "  " + beside.text


def _is_condition(part: Part) -> bool:
    """Whether it is a condition by its place, or YAML's reader takes it for one by its key."""
    return part.condition or (part.key is not None and part.key.value in CONDITION_KEYS)


def _filled(words: list[str], room: int) -> list[str]:
    """Words in as few rows as they need."""
    rows: list[str] = []
    for word in words:
        if rows and len(rows[-1]) + 2 + len(word) <= room:
            rows[-1] += f", {word}"
        else:
            rows.append(word)
    return rows
