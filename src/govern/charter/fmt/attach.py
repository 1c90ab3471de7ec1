"""Comments and blank lines, each given to the part of the tree that it belongs to.

A comment above a key or an item belongs to it, so does one beside it. One behind the last part of a block, and
indented like it, belongs to the block's end. What stands at the head of the file stays there. Leaves out where
a comment is written then (`write`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from govern.charter.comments import Comment
from govern.charter.source import Source
from govern.charter.yaml_tree import Map, Node, Scalar, Seq

# Read by editors at the very top, also without an empty line behind it.
_FOR_EDITORS = re.compile(r"#\s*(?:yaml-language-server\s*:|-\*-|vim?\s*:|!)")
# The `-` of an item, in what stands between two items: blanks, line breaks and comments.
_DASH = re.compile(r"^[ ]*-(?=\s|$)", re.MULTILINE)
_KEEPS_BREAKS = re.compile(r"[|>][0-9]?\+")


@dataclass(frozen=True, slots=True)
class Beside:
    """A comment behind something on its line.

    Args:
        column: where it stood, counted from 0, if its author has aligned it; None where it followed close behind.
    """

    text: str
    column: int | None


@dataclass(slots=True)
class Part:
    """An entry of a mapping or an item of a list, with what stands around it.

    Args:
        key: None for an item of a list.
        flow: the node is a collection within brackets.
        within: it stands within the brackets of another.
        blank: an empty line stands above it all.
        above: comments on lines of their own, None for an empty line between them.
        parts: of a collection, in the order of the file until `order` has been here.
        tail: comments behind the last part, None for an empty line.
        condition: a condition belongs here; said by `order`.
        bare: quotes that do nothing are dropped; said by `write`.
    """

    key: Scalar | None
    node: Node
    flow: bool = False
    within: bool = False
    blank: bool = False
    above: list[str | None] = field(default_factory=list)
    beside: list[Beside] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)
    tail: list[str | None] = field(default_factory=list)
    condition: bool = False
    bare: bool = True


def attach(source: Source, root: Map, comments: tuple[Comment, ...]) -> tuple[list[str | None], Part]:
    """The comments at the head of a file, and its tree with all others.

    Args:
        source: with line feeds as its only line breaks.
        root: its tree.
        comments: all of its comments.
    """
    return _Attach(source, comments).whole(root)


class _Attach:
    def __init__(self, source: Source, comments: tuple[Comment, ...]) -> None:
        self.source = source
        self.text = source.text
        self.comments = comments
        self.at = 0
        self.kept_until = 0  # empty lines before this belong to a text that keeps its line breaks

    def whole(self, root: Map) -> tuple[list[str | None], Part]:
        whole = Part(None, root)
        self.collection(whole, root, False, -1, len(self.text) + 1)
        while self.at < len(self.comments):
            self.add(whole.tail, self.next())
        first = whole.parts[0].above if whole.parts else whole.tail
        cut = _head(first)
        head, first[:] = first[:cut], first[cut:]
        return [*[beside.text for beside in whole.beside], *whole.above, *head], whole

    def collection(self, owner: Part, node: Map | Seq, in_flow: bool, column: int, limit: int) -> None:
        """Reads the parts of a collection.

        Args:
            column: where the block around it stands.
            limit: where the next thing behind it begins.
        """
        owner.flow = in_flow or self.text[node.start : node.start + 1] in ("{", "[")
        own = max(self.column(node.start), column + 1)
        pairs = node.entries if isinstance(node, Map) else tuple((None, item) for item in node.items)
        places = list(self.places(node, pairs, owner.flow))
        for index, (key, child) in enumerate(pairs):
            place, begins = places[index], key.start if key is not None else child.start
            above: list[str | None] = []
            blank = self.blank_above(place)
            while self.before(place):
                comment = self.next()
                if not self.alone(comment) and not owner.parts:
                    self.behind(owner, comment, None if owner.flow or owner.key is None else owner.key.start)
                elif above:
                    self.add(above, comment)
                else:
                    blank = self.blank_above(comment.start)
                    above.append(comment.text.rstrip())
            if above and self.blank_above(place):
                above.append(None)
            part = Part(key, child, within=owner.flow, blank=blank, above=above)
            opens = _opens_block(child, self.text, owner.flow)
            while self.before(begins) and not (opens and self.alone(self.comments[self.at])):
                self.behind(part, self.next())  # behind `-`
            self.part(part, owner.flow, own, places[index + 1] if index + 1 < len(places) else limit)
            owner.parts.append(part)
        if owner.flow:
            while self.before(node.end):
                comment = self.next()
                if owner.parts:
                    self.add(owner.tail, comment)
                else:
                    self.behind(owner, comment)
        else:
            while self.before(limit) and self.indented(self.comments[self.at], own):
                self.add(owner.tail, self.next())

    def places(self, node: Node, pairs: tuple[tuple[Scalar | None, Node], ...], flow: bool) -> Iterator[int]:
        """Where each part begins: with its key, or with its `-`."""
        end = -1
        for key, child in pairs:
            if key is not None:
                yield key.start
            elif flow:
                yield child.start
            elif end == -1:
                yield node.start
            else:
                dash = _DASH.search(self.text, end, child.start)
                yield dash.end() - 1 if dash else child.start
            end = child.end

    def part(self, part: Part, in_flow: bool, column: int, limit: int) -> None:
        """Reads what stands in and beside one part."""
        node, begins = part.node, part.key.start if part.key is not None else part.node.start
        opens = _opens_block(node, self.text, in_flow)
        while not opens and self.before(node.start):
            self.behind(part, self.next(), begins)
        if not isinstance(node, Scalar):
            self.collection(part, node, in_flow, column, limit)
        elif not node.plain and self.text[node.start] in "|>":
            while self.before(node.end):
                self.behind(part, self.next(), begins)
            if _KEEPS_BREAKS.match(self.text, node.start):
                self.kept_until = node.end
            return
        if not opens and self.before(self.end_of_line(node.end)):
            comment = self.comments[self.at]
            if not self.text[node.end : comment.start].strip(" \t,"):
                self.behind(part, self.next(), None if in_flow else begins)

    def behind(self, part: Part, comment: Comment, begins: int | None = None) -> None:
        """Gives a part a comment that stands behind it, behind its `-`, or between its key and its value.

        Args:
            begins: where the part begins, if the comment may be aligned with others.
        """
        text = comment.text.rstrip()
        if self.alone(comment):
            part.above.append(text)
            return
        aligned = begins is not None and self.line(begins) == self.line(comment.start) and self.aligned(comment)
        part.beside.append(Beside(text, self.column(comment.start) if aligned else None))

    def aligned(self, comment: Comment) -> bool:
        """Whether its author put a comment in a column of his: far behind, or below or above another."""
        line, column = self.source.position(comment.start)
        before = self.source.line(line)[: column - 1]
        if len(before) - len(before.rstrip(" \t")) > 2:
            return True
        near = self.comments[max(self.at - 2, 0) : self.at + 1]
        places = [self.source.position(each.start) for each in near if not self.alone(each)]
        return (line - 1, column) in places or (line + 1, column) in places

    def add(self, lines: list[str | None], comment: Comment) -> None:
        if self.blank_above(comment.start):
            lines.append(None)
        lines.append(comment.text.rstrip())

    def indented(self, comment: Comment, column: int) -> bool:
        return self.alone(comment) and self.column(comment.start) >= column

    # Places

    def next(self) -> Comment:
        self.at += 1
        return self.comments[self.at - 1]

    def before(self, offset: int) -> bool:
        return self.at < len(self.comments) and self.comments[self.at].start < offset

    def line(self, offset: int) -> int:
        return self.source.position(offset)[0]

    def column(self, offset: int) -> int:
        return self.source.position(offset)[1] - 1

    def end_of_line(self, offset: int) -> int:
        end = self.text.find("\n", offset)
        return end if end != -1 else len(self.text)

    def alone(self, comment: Comment) -> bool:
        start = self.source.starts[self.line(comment.start) - 1]
        return not self.text[start : comment.start].strip()

    def blank_above(self, offset: int) -> bool:
        number = self.line(offset) - 1
        return number > 0 and self.source.starts[number - 1] >= self.kept_until and not self.source.line(number).strip()


def _opens_block(node: Node, text: str, in_flow: bool) -> bool:
    """Whether a node is a block, whose first part takes the comments above it."""
    return not isinstance(node, Scalar) and not in_flow and text[node.start : node.start + 1] not in ("{", "[")


def _head(lines: list[str | None]) -> int:
    """How many of the lines above the first key belong to the file: those up to the last empty one."""
    for index in range(len(lines) - 1, -1, -1):
        line = lines[index]
        if line is None or _FOR_EDITORS.match(line):
            return index + 1
    return 0
