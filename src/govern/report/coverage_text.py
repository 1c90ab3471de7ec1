"""Coverage for a terminal: shares, then every line of the charter of which no test showed something."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from govern.report.console import safe
from govern.report.coverage_lines import FileLines, files, missing, subject, told
from govern.report.lines import Line
from govern.report.marks import margin, marked
from govern.scenario.coverage import CONDITIONS, Coverage, Part, counted, rules, total

_SHARES = (("outcomes", CONDITIONS), ("gates", (Part.GATE,)), ("tools", (Part.TOOL,)), ("inputs", (Part.INPUT,)))


def show(several: Sequence[Coverage], write: Callable[[Line], None]) -> None:
    """Writes what tests of charters showed, and what they did not, on the charters' own lines."""
    whole = total(several)
    line = Line(("coverage ", "bold"), (f"{whole.percent}%", "bold" if whole.seen == whole.of else "bold yellow"))
    write(line.append(f"  {told(whole)}: rules {told(rules(several))}, {_shares(several)}"))
    for file in files(several):
        if any(each.unseen for each in file.lines):
            write(Line())
            _file(file, write)


def _shares(several: Sequence[Coverage]) -> str:
    return ", ".join(f"{name} {told(counted(several, *parts))}" for name, parts in _SHARES)


def _file(file: FileLines, write: Callable[[Line], None]) -> None:
    write(Line((f"  {safe(file.source.file)}", "dim"), (f"  {file.share.percent}%", "dim")))
    for each in file.lines:
        marks = [(item.at, f"{subject(item)}: {missing(item)}") for item in each.unseen]
        if marks:
            for line in marked(file.source, each.number, marks, margin(file.lines[-1].number)):
                write(line)
