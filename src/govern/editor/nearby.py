"""A large text with everything blank that is far from the cursor: what completion reads at every keystroke.

Sections and their entries keep the lines that they begin with, so that the tree around the cursor is the same and
every offset stays what it is. Names come from a reading of the whole text instead, which may be a moment old.
"""

from __future__ import annotations

import re

# Below this, reading all of it takes no time that anybody feels.
LARGE = 40_000
_LINE = re.compile(r"^( *)([^\s#])?[^\n]*", re.MULTILINE)


def nearby(text: str, at: int) -> str:
    """The text with the bodies blank of all sections, and of all entries of its own section, that `at` is not in."""
    lines = [(match.start(), match.end(), len(match[1]), match[2] is not None) for match in _LINE.finditer(text)]
    here = next((index for index in range(len(lines) - 1, -1, -1) if lines[index][0] <= at), 0)
    first = here
    while first > 0 and not (lines[first][3] and lines[first][2] == 0):
        first -= 1
    last = here + 1
    while last < len(lines) and not (lines[last][3] and lines[last][2] == 0):
        last += 1
    inner = next((lines[index][2] for index in range(first + 1, last) if lines[index][3]), 0)
    begin = end = here
    if here > first:
        while begin > first + 1 and not (lines[begin][3] and lines[begin][2] <= inner):
            begin -= 1
        end = here + 1
        while end < last and not (lines[end][3] and lines[end][2] <= inner):
            end += 1
    made: list[str] = []
    for index, (start, stop, indent, written) in enumerate(lines):
        kept = begin <= index <= end or not written
        kept = kept or (indent <= inner if first <= index < last else indent == 0)
        made.append(text[start:stop] if kept else " " * (stop - start))
    return "\n".join(made)
