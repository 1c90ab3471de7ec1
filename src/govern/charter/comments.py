"""The comments of a YAML text, each where it stands: what suppressions and the formatter read.

A `#` inside quoted text or a block is no comment. Where YAML's own parser saw values is the measure, so that a
comment is here exactly what the loader skipped. Leaves out what a comment says.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import yaml

from govern.charter.source import Source

# What ends a comment for YAML: `source` refuses all but the first two, and nobody may hide text behind them.
_BREAK = re.compile("[\r\n\x85\u2028\u2029]")
_BLOCK_STYLES = ("|", ">")


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment: from its `#` to the end of its line, line break excluded.

    Args:
        start, end: offsets in code points into the source's text, the end exclusive.
        text: as written, the `#` included, trailing space too.
    """

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Trivia:
    """What YAML reads past, and values that run over several lines, where no comment can stand.

    Args:
        comments: in the file's order.
        long: start and end offset of every scalar of more than one line.
    """

    comments: tuple[Comment, ...]
    long: tuple[tuple[int, int], ...]


def comments(source: Source) -> tuple[Comment, ...]:
    """Every comment of a text, in its order; of a text that is no YAML, those before the error."""
    return trivia(source).comments if "#" in source.text else ()


def trivia(source: Source) -> Trivia:
    """Comments and long scalars; of a text that is no YAML, those before the error."""
    text = source.text
    marks = [match.start() for match in re.finditer("#", text)]
    found: list[Comment] = []
    long: list[tuple[int, int]] = []
    at = 0
    next_mark = marks[0] if marks else len(text)
    ended = False

    def until(limit: int) -> None:
        """Takes the comments that begin before an offset; nothing else that holds a `#` stands before it."""
        nonlocal at, next_mark
        while next_mark < limit:
            stop = _BREAK.search(text, next_mark)
            end = stop.start() if stop else len(text)
            found.append(Comment(next_mark, end, text[next_mark:end]))
            skip(end)

    def skip(limit: int) -> None:
        nonlocal at, next_mark
        while at < len(marks) and marks[at] < limit:
            at += 1
        next_mark = marks[at] if at < len(marks) else len(text)

    scalar, ends = yaml.ScalarEvent, (yaml.MappingEndEvent, yaml.SequenceEndEvent)
    try:
        for event in yaml.parse(text, Loader=yaml.CSafeLoader):
            first, last = event.start_mark, event.end_mark
            if first is None or last is None or isinstance(event, ends):
                continue
            start, end = first.index, last.index
            if isinstance(event, scalar) and first.line != last.line:
                long.append((start, end))
                if event.style in _BLOCK_STYLES:  # its first line may end in a comment
                    until(start)
                    head = text.find("\n", start, end)
                    start = head if head != -1 else end
            if next_mark < start:
                until(start)
            if next_mark < end:
                skip(end)
        ended = True
    except yaml.YAMLError:
        pass  # what stands behind the error is not YAML: nobody knows what of it is a comment
    if ended:
        until(len(text))
    return Trivia(tuple(found), tuple(long))
