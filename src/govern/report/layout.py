"""Laying out lines for a terminal: widths, wrapping under a margin, columns. Knows nothing of what they say."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from textwrap import wrap

from rich.cells import cell_len, set_cell_size
from rich.text import Text


def cut(text: str, cells: int) -> str:
    """The text in at most so many terminal cells, with an ellipsis where it was cut."""
    if cell_len(text) <= cells:
        return text
    return set_cell_size(text, max(cells - 1, 0)).rstrip() + "…"


def wrapped(first: Text, text: str, width: int, style: str = "") -> Iterator[Text]:
    """Text that starts behind `first` and goes on below its own beginning.

    Args:
        first: what stands before it on the first line.
        width: cells of the terminal; at least 24 are left for the text.
    """
    margin = first.cell_len
    lines = wrap(text, max(width - margin, 24), break_long_words=True, break_on_hyphens=False) or [""]
    for place, line in enumerate(lines):
        yield Text.assemble(first if place == 0 else " " * margin, (line, style))


def aligned(rows: Sequence[Sequence[str]], left: Iterable[int] = (0,), gap: str = "  ") -> Iterator[str]:
    """Rows in columns: those numbered in `left` to the left, the others, which hold numbers, to the right."""
    lefts = set(left)
    widths = [max(map(cell_len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (
            text + " " * (width - cell_len(text)) if place in lefts else " " * (width - cell_len(text)) + text
            for place, (text, width) in enumerate(zip(row, widths, strict=True))
        )
        yield gap.join(cells).rstrip()


def columns(rows: Sequence[Sequence[str]], sides: str, indent: str = "  ", width: int | None = None) -> list[str]:
    """Indented rows in columns.

    Args:
        rows: the first is the heading.
        sides: for each column `<` (words, to the left) or `>` (numbers, to the right).
        indent: before each line.
        width: cut lines that end in words to so many cells; None cuts nothing.
    """
    left = [place for place, side in enumerate(sides) if side == "<"]
    lines = [indent + line for line in aligned(rows, left)]
    return [cut(line, width) for line in lines] if width is not None and sides.endswith("<") else lines


def bar(part: int, whole: int, width: int = 36) -> str:
    """A bar of up to `width` cells; anything at all shows at least an eighth of one."""
    if part <= 0 or whole <= 0:
        return ""
    full, rest = divmod(max(1, round(part / whole * width * 8)), 8)
    return "█" * full + ("", "▏", "▎", "▍", "▌", "▋", "▊", "▉")[rest]
