"""A line of a charter with marks below it, each with what is said of its place.

Knows nothing of what is said; a finding has its own form (`lint_text`).
"""

from __future__ import annotations

from collections.abc import Sequence

from govern.charter.source import Source
from govern.findings import Location
from govern.report.console import safe
from govern.report.lines import Line, columns

_WIDEST = 72
_STYLE = "yellow"


def margin(last: int) -> int:
    """The columns that line numbers up to one take."""
    return max(4, len(str(last)) + 1)


def marked(source: Source, number: int, marks: Sequence[tuple[Location, str]], margin: int) -> list[Line]:
    """The line, shown around its first mark where it is long, and a line for each mark.

    Args:
        marks: places on the line, with words; what stands on several lines is shown so.
        margin: columns of the line number.
    """
    text = source.line(number)
    first = min(at.column for at, _ in marks) - 1
    cut = max(0, first - _WIDEST // 3) if columns(text) > _WIDEST else 0
    shown = ("…" if cut else "") + safe(text[cut : cut + _WIDEST]) + ("…" if len(text) > cut + _WIDEST else "")
    lines = [Line((f"{number:>{margin}} | ", "dim"), shown)]
    for at, said in marks:
        start = at.column - 1
        stop = max(at.end_column - 1 if at.end_line == at.line else len(text), start + 1)
        words, *more = [safe(each) for each in said.split("\n")]
        mark = Line((" " * margin + " | ", "dim"))
        if start >= cut + _WIDEST:
            lines.append(mark.append(f"{words} (column {start + 1})", _STYLE))
            continue
        before = ("…" if cut else "") + safe(text[cut:start])
        within = max(columns(safe(text[start : min(stop, cut + _WIDEST)])), 1)
        mark.append(" " * columns(before) + "^" * within, _STYLE)
        if not more and mark.columns + 1 + columns(words) <= _WIDEST + margin + 6:
            lines.append(mark.append(f" {words}", _STYLE))
        else:
            lines.append(mark)
            lines += [Line((" " * margin + " = ", "dim"), (each, _STYLE)) for each in (words, *more)]
    return lines
