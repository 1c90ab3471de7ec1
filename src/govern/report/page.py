"""The frame of a page: one file that loads nothing, for every report that has one, and the pieces pages are made of.

    document("Coverage", style=…, body=…)   # the whole file

Whatever others wrote passes `text` or `code`: markup in it is text, marks that hide or turn text are shown. The content
policy of a page allows no address at all; a script runs only where its digest stands in the policy, and a page says
everything without it. Leaves out what the reports say, and charts (`charts`).
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Sequence
from hashlib import sha256
from html import escape

from govern.report.console import safe


def document(title: str, *, style: str, body: str, script: str = "") -> str:
    """A whole page.

    Args:
        title: plain text.
        style: CSS, our own.
        body: HTML in which what others wrote has passed `text`.
        script: our own, the same for every report; nothing of the report stands in it.
    """
    digest = b64encode(sha256(script.encode()).digest()).decode()
    allowed = "default-src 'none'; style-src 'unsafe-inline'" + (f"; script-src 'sha256-{digest}'" if script else "")
    code = f"<script>{script}</script>\n" if script else ""
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{allowed}">\n'
        f"<title>{text(title)}</title>\n<style>{style}</style>\n</head>\n<body>\n<main>\n{body}\n</main>\n{code}</body>\n"
        "</html>\n"
    )


def text(words: str, limit: int | None = None) -> str:
    """What somebody wrote, harmless in a page, in text and in an attribute's quotes.

    Args:
        limit: cut to so many characters, with an ellipsis.
    """
    return escape(safe(words, limit), quote=True)


def code(words: str, limit: int | None = None) -> str:
    """As `text`, in a fixed width."""
    return f"<code>{text(words, limit)}</code>"


def marked(sentence: str) -> str:
    """A sentence with its words in backticks in a fixed width; harmless as `text` is."""
    parts = sentence.split("`")
    return "".join(code(part) if place % 2 else text(part) for place, part in enumerate(parts))


def cell(inner: str, *, number: bool = False, kind: str = "", order: int | float | str | None = None) -> str:
    """A cell of a table.

    Args:
        inner: HTML.
        number: stands to the right.
        kind: a class of the page's style.
        order: what the column sorts by where its text is written otherwise.
    """
    classes = " ".join(part for part in ("n" if number else "", kind) if part)
    by = f' data-order="{text(str(order))}"' if order is not None else ""
    return f"<td{f' class={_quoted(classes)}' if classes else ''}{by}>{inner}</td>"


def count(number: int) -> str:
    """A cell with a count; a zero is a dot, which lets the others be seen."""
    return cell(f"{number:,}" if number else "·", number=True, order=number)


def _quoted(words: str) -> str:
    return f'"{words}"'


def table(
    head: Sequence[str], rows: Iterable[Sequence[str]], sides: str, *, label: str = "", sorts: bool = False
) -> list[str]:
    """Lines of a table that scrolls by itself where the page is too narrow.

    Args:
        head: plain text.
        rows: cells, as `cell` makes them.
        sides: for each column `<` (words, to the left) or `>` (numbers, to the right).
        label: what it is, for those who do not see it.
        sorts: a script may offer to sort it.
    """
    heads = "".join(
        f'<th scope="col"{" class=n" if side == ">" else ""}>{text(name)}</th>'
        for name, side in zip(head, sides, strict=True)
    )
    named = f' role="region" aria-label="{text(label)}"' if label else ""
    return [
        f'<div class="wide" tabindex="0"{named}><table{" data-sorts" if sorts else ""}>',
        f"<thead><tr>{heads}</tr></thead>",
        "<tbody>",
        *(f"<tr>{''.join(cells)}</tr>" for cells in rows),
        "</tbody></table></div>",
    ]
