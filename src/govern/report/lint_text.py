"""The findings of `lint` for people: each with its line, a caret under the place, and what to do.

Everything that stands in a charter passes `safe` first. Nothing is said by colour alone.
"""

from __future__ import annotations

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from govern.charter.source import Source
from govern.findings import Finding, Severity
from govern.lint.run import LintRun
from govern.report.console import safe

_STYLES = {Severity.ERROR: "bold red", Severity.WARNING: "bold yellow", Severity.NOTE: "bold cyan"}
# 80 columns are enough: of a source line so many characters, a longer one is shown around the place; a hint
# that does not fit beside its caret stands below it.
_WIDEST = 72
_COLUMNS = 80


def show(run: LintRun, console: Console, least: Severity) -> None:
    """Writes the findings and a summary.

    Args:
        least: findings below this severity are counted and left out.
    """
    shown: list[Finding] = []
    for file in run.files:
        for finding in file.findings:
            if finding.severity.rank >= least.rank:
                _finding(finding, file.source, console)
                shown.append(finding)
    # The first of the worst: `max` keeps the first of equals.
    example = max(shown, key=lambda finding: finding.severity.rank).rule if shown else ""
    console.print(_summary(run, len(run.findings) - len(shown), example))


def _finding(finding: Finding, source: Source | None, console: Console) -> None:
    style = _STYLES[finding.severity]
    head = Text(f"{finding.severity.value}[{finding.rule}]", style=style)
    console.print(head.append(f": {safe(finding.message)}", style="bold"))
    console.print(Text(f"  {safe(str(finding.location))}"))
    hint = safe(finding.hint)
    if source is None or not finding.location.line:
        if hint:
            console.print(Text(f"  {hint}"))
    else:
        for line in _snippet(finding, source, hint, style):
            console.print(line)
    console.print()


def _snippet(finding: Finding, source: Source, hint: str, style: str) -> list[Text]:
    place = finding.location
    margin = max(4, len(str(place.line)) + 1)
    lines: list[Text] = []
    if place.line > 1 and source.line(place.line - 1).strip():
        lines.append(_numbered(place.line - 1, safe(source.line(place.line - 1), _WIDEST), margin))
    text = source.line(place.line)
    stop = place.end_column if place.end_line == place.line else len(text) + 1
    start, stop = place.column - 1, max(stop, place.column + 1) - 1
    cut = max(0, start - _WIDEST // 2) if len(text) > _WIDEST else 0
    window = text[cut : cut + _WIDEST]
    before = ("…" if cut else "") + safe(window[: start - cut])
    within = safe(window[start - cut : stop - cut])
    after = safe(window[max(stop - cut, 0) :]) + ("…" if cut + _WIDEST < len(text) else "")
    lines.append(_numbered(place.line, before + within + after, margin))
    caret = Text(" " * margin + " | " + " " * cell_len(before))
    caret.append("^" * max(cell_len(within), 1), style=style)
    if hint and caret.cell_len + 1 + cell_len(hint) <= _COLUMNS:
        caret.append(f" {hint}")
        hint = ""
    lines.append(caret)
    if hint:
        lines.append(Text(" " * margin + f" = {hint}"))
    return lines


def _numbered(number: int, text: str, margin: int) -> Text:
    return Text(f"{number:>{margin}}", style="dim").append(f" | {text}", style="none")


def _summary(run: LintRun, hidden: int, example: str) -> Text:
    counts = [_count(count, severity.value) for severity, count in run.counts().items() if count]
    found = ", ".join(counts) if counts else "no findings"
    line = Text(f"{found} in {_count(run.judged, 'charter')}")
    if hidden:
        line.append(f", {hidden} not shown (--min-severity)")
    if run.not_judged:
        line.append(f"; {run.not_judged} could not be judged", style="bold red")
    line.append(".")
    return line.append(f"  govern explain {example}", style="dim") if example else line


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'s' if number != 1 else ''}"
