"""What tests showed of a charter, by the lines of its files: what every output of coverage is made of.

A line has the parts that begin on it. Files are those that are composed, where something of them counts in this
charter.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from govern.charter.source import Source
from govern.scenario.coverage import CONDITIONS, Coverage, Item, Part, Share, merged
from govern.scenario.mutants.places import sources


@dataclass(frozen=True, slots=True)
class LineItems:
    """A line with the parts that begin on it.

    Args:
        hits: how often tests came by any of them.
    """

    number: int
    items: tuple[Item, ...]

    @property
    def hits(self) -> int:
        return max((point.seen for item in self.items for point in item.counted), default=0)

    @property
    def unseen(self) -> tuple[Item, ...]:
        return tuple(item for item in self.items if item.unseen)


@dataclass(frozen=True, slots=True)
class FileLines:
    """A file with its lines that have something that counts."""

    source: Source
    lines: tuple[LineItems, ...]

    @property
    def share(self) -> Share:
        points = [point for line in self.lines for item in line.items for point in item.counted]
        return Share(sum(point.seen > 0 for point in points), len(points))


def files(several: Iterable[Coverage]) -> Iterator[FileLines]:
    """The files of charters, the charters' own first; of a file that several are composed with, what any showed."""
    every = list(several)
    texts: dict[str, Source] = {each.charter.source.file: each.charter.source for each in every}
    for each in every:
        texts = {**sources(each.charter), **texts}
    own = [each.charter.source.file for each in every]
    items = merged(every)
    names = dict.fromkeys([*own, *(item.at.file for item in items)])
    for name in names:
        by_line: dict[int, list[Item]] = {}
        for item in items:
            if item.at.file == name and item.counted:
                by_line.setdefault(item.at.line, []).append(item)
        if name in texts and by_line:
            lines = (LineItems(number, tuple(by_line[number])) for number in sorted(by_line))
            yield FileLines(texts[name], tuple(lines))


def subject(item: Item) -> str:
    """A part in words, as authors would call it."""
    match item.part:
        case Part.WAIVER:
            return f"`unless` of `{item.name}`"
        case Part.INPUT:
            return f"`input` of `{item.name}`"
        case Part.AFTER_READING:
            return f"`after_reading` `{item.name}`"
        case _:
            return f"{item.part.value} `{item.name}`"


_SAID = {
    "asked": "never asked", "approved": "never approved", "denied": "never denied", "expired": "never expired",
    "called": "never called", "hit": "never hit", "passed": "every call hit it",
    "valid": "no valid input", "invalid": "no invalid input",
}  # fmt: skip


def missing(item: Item) -> str:
    """What no test showed of a part, in words; empty where nothing is missing."""
    unseen = item.unseen
    if item.part in CONDITIONS and item.part is not Part.NEVER:
        if len(unseen) == len(item.counted):
            return "never judged"
        return f"never {' or '.join(unseen)}" if unseen else ""
    if item.part is Part.GATE and "asked" in unseen:
        return "never asked"
    return ", ".join(_SAID[outcome] for outcome in unseen)


def told(share: Share) -> str:
    return f"{share.seen:,} of {share.of:,}"
