"""Markdown in which nothing that others wrote is anything but text: no markup, no mention, no link, no table cell.

A name in a pull request's comment would otherwise call people (`@security`), close issues, or draw a table of its own.
Leaves out what is said.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from govern.report.console import safe

# What a code span in a table cannot hold as it is; `\|` would be read twice.
_AWKWARD = re.compile(r"[`|\\]|\A\s|\s\Z|\A\Z")
_MARKUP = re.compile(r"[\\`*_\[\]#|<>&~$]")
_LINKS = re.compile(r"@|#|(?<=:)(?=//)|(?<=w)(?=\.)|(?i:(?<=\bGH)(?=-))")
_ZERO = "&#8203;"


def code(text: str, limit: int | None = None) -> str:
    """Text as it is, in a code span: nothing in one is markup, a mention or a link.

    Args:
        limit: of characters.
    """
    shown = safe(text, limit)
    if _AWKWARD.search(shown):
        return f"<code>{_entities(shown)}</code>"
    return f"`{shown}`"


def _entities(text: str) -> str:
    return "".join(char if char.isalnum() or char == " " else f"&#{ord(char)};" for char in text)


def prose(text: str, limit: int | None = None) -> str:
    """Text in a sentence: markup in it is shown, mentions, references and links are broken by a space of no width."""
    shown = safe(text, limit)
    broken = _LINKS.sub(lambda found: found[0] + "\0", shown)
    return _MARKUP.sub(lambda found: f"&#{ord(found[0])};", broken).replace("\0", _ZERO)


def fenced(text: str, language: str = "") -> list[str]:
    """Lines of a code block that nothing in the text ends."""
    shown = safe(text, lines=True)
    longest = max((len(run) for run in re.findall("`+", shown)), default=0)
    fence = "`" * max(3, longest + 1)
    return [fence + language, *shown.split("\n"), fence]


def table(head: Sequence[str], rows: Iterable[Sequence[str]], sides: str) -> list[str]:
    """Lines of a table; the cells have passed `code` or `prose`.

    Args:
        sides: for each column `<` (words, to the left) or `>` (numbers, to the right).
    """
    rule = ["---:" if side == ">" else ":---" for side in sides]
    return [_row(head), _row(rule), *map(_row, rows)]


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def details(summary: str, lines: Iterable[str]) -> list[str]:
    """Lines that are folded away; the summary has passed `prose`."""
    return ["<details>", f"<summary>{summary}</summary>", "", *lines, "", "</details>"]
