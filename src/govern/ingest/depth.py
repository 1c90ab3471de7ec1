"""Makes JSON readable that is nested deeper than any reader goes, without losing the row around it.

An agent that nests an argument 200,000 levels deep must not make its run unreadable. What lies deeper than
`LIMIT` is replaced by `NaN`, which no canonical form has; since `LIMIT` is beyond `canonical.MAX_DEPTH`, such
arguments are refused for their depth, and the call stays an event.
"""

from __future__ import annotations

import re
from typing import Final

from govern.events.canonical import MAX_DEPTH

LIMIT: Final = MAX_DEPTH + 72
_TOKEN: Final = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)|[\[{]++|[\]}]++', re.DOTALL)
"""A text (one that does not end goes to the end) or a run of brackets; it never tries a place twice."""


def shallow(text: str) -> str:
    """The text with everything below `LIMIT` levels replaced by `NaN`; the same text if nothing is so deep.

    Brackets are counted, not matched: text that is no JSON stays no JSON.
    """
    depth = 0
    kept: list[str] = []
    done = 0
    for token in _TOKEN.finditer(text):
        begin, end = token.span()
        match text[begin]:
            case "[" | "{":
                if depth < LIMIT <= depth + end - begin:
                    kept += [text[done : begin + LIMIT - 1 - depth], "NaN"]
                depth += end - begin
            case "]" | "}":
                if depth >= LIMIT > depth - (end - begin):
                    done = begin + depth - LIMIT + 1
                depth -= end - begin
            case _:
                pass
    if depth >= LIMIT:  # it ends in the depths
        return "".join(kept)
    return "".join([*kept, text[done:]]) if kept else text


def end_of(text: str, at: int) -> int | None:
    """Where the object or list ends that begins at `at`, by its brackets; None where the text ends before."""
    depth = 0
    for token in _TOKEN.finditer(text, at):
        begin, end = token.span()
        match text[begin]:
            case "[" | "{":
                depth += end - begin
            case "]" | "}":
                if depth <= end - begin:
                    return begin + depth
                depth -= end - begin
            case _:
                pass
    return None
