"""Coverage as an LCOV tracefile, which editors, code forges and `genhtml` read.

Source of the format: geninfo(1), "FILES" (lcov 1.x and 2.x). A line counts where a part of the charter begins on it;
each of its outcomes is a branch: the block is the part's place on the line, the branch the outcome's place in the part,
both from 0. Where no test came by a part its branches are `-`. Function records are left out: a charter has none.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from govern.report.coverage_lines import FileLines, files
from govern.scenario.coverage import Coverage


def text(several: Sequence[Coverage]) -> str:
    """The tracefile of charters' tests; file names as they were given on the command line."""
    return "".join(f"{line}\n" for file in files(several) for line in _file(file))


def _file(file: FileLines) -> Iterator[str]:
    yield "TN:"
    yield f"SF:{_name(file.source.file)}"
    branches = hit = 0
    for line in file.lines:
        for block, item in enumerate(line.items):
            came = any(point.seen for point in item.counted)
            for branch, point in enumerate(item.counted):
                yield f"BRDA:{line.number},{block},{branch},{point.seen if came else '-'}"
                branches += 1
                hit += point.seen > 0
    yield f"BRF:{branches}"
    yield f"BRH:{hit}"
    for line in file.lines:
        yield f"DA:{line.number},{line.hits}"
    yield f"LF:{len(file.lines)}"
    yield f"LH:{sum(line.hits > 0 for line in file.lines)}"
    yield "end_of_record"


def _name(file: str) -> str:
    """A file's name on one line: a name with a line break in it would end the record's line."""
    return "".join(char if char.isprintable() else "?" for char in file)
