"""Columns of plain text: numbers to the right, words to the left, nothing that only colour says."""

from __future__ import annotations

from collections.abc import Sequence


def columns(rows: Sequence[Sequence[str]], right: str, indent: str = "  ", width: int | None = None) -> list[str]:
    """Lines with aligned columns.

    Args:
        rows: the first is the heading; all as long as `right`.
        right: for each column `>` (to the right) or `<` (to the left); the last is never padded.
        indent: before each line.
        width: cut the last column, where it is words, so that lines fit; None cuts nothing.
    """
    widths = [max(len(row[index]) for row in rows) for index in range(len(right))]
    lines = []
    for row in rows:
        cells = [
            cell.rjust(width) if side == ">" else cell.ljust(width)
            for cell, width, side in zip(row, widths, right, strict=True)
        ]
        line = (indent + "  ".join(cells)).rstrip()
        if width is not None and right[-1] == "<" and len(line) > width:
            line = line[: width - 1].rstrip() + "…"
        lines.append(line)
    return lines


def bar(part: int, whole: int, width: int = 36) -> str:
    """A bar of up to `width` cells; anything at all shows at least an eighth of one."""
    if part <= 0 or whole <= 0:
        return ""
    eighths = max(1, round(part / whole * width * 8))
    full, rest = divmod(eighths, 8)
    return "█" * full + ("", "▏", "▎", "▍", "▌", "▋", "▊", "▉")[rest]
