"""Spans to delete so that an item of a list, or an entry of a mapping, is gone and the rest stays as it is laid out.

Works on the text, from the place of a name; where the layout is not plain enough to be sure, there is no cut. Leaves
out whether the charter may do without it.
"""

from __future__ import annotations

import re

from govern.charter.source import Source
from govern.findings import Edit, Location

_REST = re.compile(r"[ \t]*(?:#[^\n]*)?\r?(?:\n|$)")


def item(source: Source, at: Location) -> Edit | None:
    """Deletes an item of a list: its line in a block, its text and one comma between brackets."""
    text = source.text
    start, end = _span(source, at)
    line = source.starts[at.line - 1]
    before = text[line:start]
    rest = _REST.match(text, end)
    if rest and re.fullmatch(r"[ \t]*-[ \t]+", before):
        return Edit(line, rest.end(), "")
    following = re.match(r"[ \t]*,[ \t]*", text[end:])
    if re.search(r",[ \t]*$", before):
        return Edit(start - len(before) + len(before.rstrip(" \t")) - 1, end, "")
    if before.rstrip(" \t").endswith("[") and following:
        return Edit(start, end + following.end(), "")
    return None


def entry(source: Source, at: Location) -> Edit | None:
    """Deletes an entry of a block mapping: from its key's line to before the next line that is not below it.

    Comments between it and what follows stay: they are about what follows.
    """
    text = source.text
    start, end = _span(source, at)
    first = source.starts[at.line - 1]
    indent = text[first:start]
    if indent.strip(" ") or not re.match(r"[ \t]*:(?:\s|$)", text[end:]):
        return None
    stop, number = at.line + 1, at.line + 1
    while number <= len(source.starts):
        line = source.line(number)
        bare = line.lstrip(" ")
        if bare and not bare.startswith("#"):
            if len(line) - len(bare) <= len(indent):
                break
            stop = number + 1
        number += 1
    return Edit(first, source.starts[stop - 1] if stop <= len(source.starts) else len(text), "")


def _span(source: Source, at: Location) -> tuple[int, int]:
    start = source.starts[at.line - 1] + at.column - 1
    return start, source.starts[at.end_line - 1] + at.end_column - 1
