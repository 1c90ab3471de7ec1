"""What a measurement is, how it is taken, and the table it is printed in.

A line says what was done, how large an argument is, our figure, that of what one would write by hand, the ratio of
the times, the target, and whether it is met. A target that falls short is printed as such; only answers that
disagree are an error.
"""

from __future__ import annotations

import statistics
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

HEAD = ("what", "B/arg", "ours", "by hand", "ratio", "target", "")


class DisagreementError(Exception):
    """Ours, the one by hand or a peer counted something else: no figure of the part counts."""


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured.

    Args:
        calls: decided one by one, as Python data.
        rows: replayed in bulk.
        rounds: of which the median counts.
        growth: events of the stores that show how time grows.
        starts: lines of the charters that are linted.
    """

    calls: int
    rows: int
    rounds: int
    growth: tuple[int, ...]
    starts: tuple[int, ...] = (500, 5000)


NORMAL = Size(20_000, 1_000_000, 3, (1_000_000, 10_000_000))
FULL = Size(20_000, 10_000_000, 5, (1_000_000, 10_000_000, 50_000_000))
QUICK = Size(200, 1_000, 1, (1_000, 2_000), (60,))


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the table; `met` is None where no target is stated."""

    what: str
    size: float | None = None
    ours: str = ""
    hand: str = ""
    ratio: float | None = None
    target: str = ""
    met: bool | None = None

    @property
    def cells(self) -> tuple[str, ...]:
        return (
            self.what,
            "" if self.size is None else f"{self.size:.0f}",
            self.ours,
            self.hand,
            "" if self.ratio is None else f"{self.ratio:.2f}",
            self.target,
            "" if self.met is None else "met" if self.met else "SHORT",
        )


def seconds(work: Callable[[], Any], rounds: int) -> float:
    """The median of several runs, in seconds."""
    return side_by_side(rounds, work)[0]


def side_by_side(rounds: int, *works: Callable[[], Any]) -> list[float]:
    """The medians of several runs in turn, in seconds: what disturbs the machine disturbs all of them."""
    taken: list[list[float]] = [[] for _ in works]
    for _ in range(rounds):
        for work, times in zip(works, taken, strict=True):
            start = time.perf_counter()
            work()
            times.append(time.perf_counter() - start)
    return [statistics.median(times) for times in taken]


def agree(what: str, counts: Mapping[str, Mapping[Any, int]]) -> None:
    """Compares counts by verdict, by who counted.

    Raises:
        DisagreementError: any two differ, or nothing was counted.
    """
    first, *others = counts.items()
    if not sum(first[1].values()):
        raise DisagreementError(f"{what}: nothing was counted")
    for name, found in others:
        if Counter(found) != Counter(first[1]):
            raise DisagreementError(f"{what}: {first[0]} {dict(first[1])}, {name} {dict(found)}")


def per_second(rows: int, taken: float) -> str:
    rate = rows / taken
    return f"{rate / 1e6:.2f} M/s" if rate >= 100_000 else f"{rate / 1e3:.1f} k/s"


def rate_line(
    what: str, rows: int, ours: float, hand: float | None, *,
    size: float | None = None, least: float | None = None, most_ratio: float | None = None,
) -> Line:  # fmt: skip
    """A line of events a second.

    Args:
        rows: events.
        ours, hand: seconds.
        least: the target, in events a second.
        most_ratio: the target, of our time by that by hand.
    """
    ratio = None if hand is None else ours / hand
    targets, met = [], []
    if least is not None:
        targets.append(f"≥ {least / 1e6:g} M/s")
        met.append(rows / ours >= least)
    if most_ratio is not None and ratio is not None:
        targets.append(f"≤ {most_ratio:g} ×")
        met.append(ratio <= most_ratio)
    return Line(
        what, size, per_second(rows, ours), "" if hand is None else per_second(rows, hand), ratio,
        ", ".join(targets), all(met) if met else None,
    )  # fmt: skip


def table(lines: Sequence[Line]) -> list[str]:
    """The lines of text, columns aligned."""
    cells = [HEAD, *(line.cells for line in lines)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(HEAD))]
    return [
        "  ".join(
            cell.ljust(width) if column in (0, 5) else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in cells
    ]
