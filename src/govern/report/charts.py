"""Charts of a page, as SVG inside of it: columns over time, and a heat map of hours.

Every chart is an image with a name and a description for those who do not see it, every mark has its numbers as a
title, and colours come from the page's style (classes `v-allow`, `heat-3`), so that dark pages and print have theirs.
Numbers that matter stand in the chart too: colour says nothing alone. Leaves out the tables beside charts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from math import ceil, log10

from govern.report.page import text

WIDTH = 720
STEPS = 5
_TALL, _LEFT, _TOP, _BELOW = 170, 56, 8, 24
_CELL, _ROW_HEAD, _HOURS_HEAD = 26, 96, 20


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a chart.

    Args:
        label: below it, where there is room.
        title: all of it in words.
        parts: counts, from the bottom up, in the order of the chart's kinds.
    """

    label: str
    title: str
    parts: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class HeatRow:
    """One row of a heat map: a label, and a count for each of 24 hours."""

    label: str
    hours: tuple[int, ...]


def columns(rows: Sequence[Column], kinds: Sequence[str], name: str, told: str, at: str) -> str:
    """Stacked columns.

    Args:
        rows: in order, at most about a hundred.
        kinds: class names of the parts, from the bottom up.
        name, told: the chart's name and description.
        at: an id that no other chart of the page has.
    """
    most = max((sum(row.parts) for row in rows), default=0)
    top = round_up(most)
    step = (WIDTH - _LEFT) / max(len(rows), 1)
    wide = min(max(step * 0.76, 1.0), 56.0)
    made = []
    for line in sorted({0, top // 2 if top % 2 == 0 else 0, top}):
        y = _TOP + _TALL * (1 - line / top)
        made.append(f'<line class="grid" x1="{_LEFT}" x2="{WIDTH}" y1="{y:.1f}" y2="{y:.1f}"/>')
        made.append(f'<text class="axis" x="{_LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{short(line)}</text>')
    every = ceil(len(rows) * 64 / (WIDTH - _LEFT)) or 1
    for place, row in enumerate(rows):
        middle = _LEFT + step * (place + 0.5)
        bars, bottom = "", float(_TOP + _TALL)
        for kind, number in zip(kinds, row.parts, strict=True):
            if number:
                tall = max(_TALL * number / top, 2.0)  # one denial among a thousand calls is what is looked for
                bottom -= tall
                bars += (
                    f'<rect class="v-{kind}" x="{middle - wide / 2:.1f}" y="{bottom:.1f}" width="{wide:.1f}" '
                    f'height="{tall:.1f}"/>'
                )
        made.append(f"<g><title>{text(row.title)}</title>{bars}</g>")
        if place % every == 0:
            y = _TOP + _TALL + 17
            made.append(f'<text class="axis" x="{middle:.1f}" y="{y}" text-anchor="middle">{text(row.label)}</text>')
    return _svg("".join(made), WIDTH, _TOP + _TALL + _BELOW, name, told, at)


def heat(rows: Sequence[HeatRow], name: str, told: str, at: str) -> str:
    """A heat map: a row a day, a column an hour, the number in every field that has any.

    Args:
        rows: in order, at most about forty.
        name, told, at: as for `columns`.
    """
    most = max((number for row in rows for number in row.hours), default=0)
    made = []
    for hour in range(0, 24, 3):
        x = _ROW_HEAD + hour * _CELL + _CELL / 2
        made.append(f'<text class="axis" x="{x}" y="13" text-anchor="middle">{hour:02d}</text>')
    for place, row in enumerate(rows):
        y = _HOURS_HEAD + place * _CELL
        made.append(f'<text class="axis" x="{_ROW_HEAD - 8}" y="{y + 17}" text-anchor="end">{text(row.label)}</text>')
        for hour, number in enumerate(row.hours):
            x = _ROW_HEAD + hour * _CELL
            level = ceil(STEPS * number / most) if number else 0
            said = f"{row.label}, {hour:02d} to {(hour + 1) % 24:02d}: {number:,}"
            shown = f'<text x="{x + _CELL / 2 - 1}" y="{y + 17}">{short(number)}</text>' if number else ""
            made.append(
                f'<g class="heat-{level}"><title>{text(said)}</title><rect x="{x}" y="{y}" width="{_CELL - 2}" '
                f'height="{_CELL - 2}" rx="3"/>{shown}</g>'
            )
    return _svg("".join(made), _ROW_HEAD + 24 * _CELL, _HOURS_HEAD + len(rows) * _CELL, name, told, at)


def _svg(inner: str, wide: int, tall: int, name: str, told: str, at: str) -> str:
    return (
        f'<svg viewBox="0 0 {wide} {tall}" role="img" aria-labelledby="{at}-name {at}-told">'
        f'<title id="{at}-name">{text(name)}</title><desc id="{at}-told">{text(told)}</desc>{inner}</svg>'
    )


def round_up(number: int) -> int:
    """The next number that makes a good end of an axis: 1, 2, 4, 5, 10, 20, …"""
    if number <= 1:
        return 1
    size = 10 ** int(log10(number))
    for times in count(1):
        if times in (1, 2, 4, 5, 6, 8, 10) and times * size >= number:
            return int(times * size)
    raise AssertionError("unreachable")


def short(number: int) -> str:
    """A count in at most four characters: `987`, `12k`, `3.4M`."""
    for size, unit in ((10**9, "G"), (10**6, "M"), (10**3, "k")):
        if number >= size * 0.9995:
            times = number / size
            return f"{times:.1f}{unit}".replace(".0", "") if times < 9.95 else f"{times:.0f}{unit}"
    return str(number)
