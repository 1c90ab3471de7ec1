"""Token-exact: whether a text has a value as a thing of its own, character by character.

`bob@x.com` is such a thing in `Write to <bob@x.com>.`, and is none in `bob@x.com.evil`, in `mailto:bob@x.com` or in
`BOB@X.COM`; `100` is none in `1000`, `100,000`, `1 100`, `-100` or `100.5`. This is what `user` and `trusted` rest on,
so whatever is not listed here as an end is none: a letter of any script (`100万` is another number), a mark, an
invisible character, a slash, a sign.

Leaves out any normalisation; that is `folding`, and only finds what is not to be trusted.
"""

from __future__ import annotations

import unicodedata
from typing import Final

LEAST: Final = 4
"""Letters and digits that a value must have: shorter ones (`7`, `EUR`) stand in many texts by chance."""
TRIES: Final = 10_000
"""Places where a value stands within something else; after so many of them nothing is said."""

_RUN: Final = 8  # punctuation between a value and the white space beside it
_HARD: Final = frozenset(',;"`<>()[]{}|')
_OPENS: Final = frozenset("'*#¿¡")
_CLOSES: Final = frozenset(".!?:'…。！？：、，")


def tellable(text: str) -> bool:
    """Whether a value is long enough to be told from chance."""
    count = 0
    for char in text:
        count += char.isalnum()
        if count == LEAST:
            return True
    return False


def search(text: str, value: str, tries: int = 0) -> tuple[bool | None, int]:
    """Whether a value stands in a text as a thing of its own.

    Args:
        value: not empty.
        tries: how many places had it within something else, in earlier texts.

    Returns:
        true, false, or None where it was given up; and the tries so far.
    """
    at = text.find(value)
    while at >= 0:
        if _begins(text, at) and _ends(text, at + len(value)):
            return True, tries
        tries += 1
        if tries >= TRIES:
            return None, tries
        at = text.find(value, at + 1)
    return False, tries


def _begins(text: str, at: int) -> bool:
    """Whether a token may begin here."""
    number = text[at].isdigit()
    for place in range(at - 1, max(at - 1 - _RUN, -1), -1):
        char = text[place]
        if _is_hard(char):
            return not (number and _groups(text, place, at))
        if char not in _OPENS and unicodedata.category(char) != "Sc":
            return False
    return at <= _RUN


def _ends(text: str, end: int) -> bool:
    """Whether a token may end before this place."""
    number = text[end - 1].isdigit()
    for place in range(end, min(end + _RUN, len(text))):
        char = text[place]
        if _is_hard(char):
            return not (number and _groups(text, place, place + 1))
        if char not in _CLOSES and unicodedata.category(char) != "Sc":
            return False
    return len(text) <= end + _RUN


def _is_hard(char: str) -> bool:
    return char in _HARD or char.isspace() or unicodedata.category(char) in ("Ps", "Pe", "Pi", "Pf")


def _groups(text: str, place: int, right: int) -> bool:
    """Whether a comma stands within a number, or a single space between groups of digits: `1,5`, `1 000 000`.

    Args:
        place: of the comma or the space.
        right: where the value begins, or what follows it.
    """
    if right != place + 1 or place == 0 or not text[place - 1].isdigit():
        return False
    if text[place] == ",":
        return text[right : right + 1].isdigit()
    group = text[right : right + 4]
    return (
        unicodedata.category(text[place]) == "Zs"
        and len(group) >= 3
        and group[:3].isdigit()
        and not group[3:].isdigit()
    )
