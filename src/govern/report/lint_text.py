"""The findings of `lint` for people: each with its line, a caret under the place, and what to do.

Everything that stands in a charter passes `safe` first. Nothing is said by colour alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from govern.charter.source import Source
from govern.findings import Confidence, Finding, Severity
from govern.lint.run import LintRun, View
from govern.report.console import safe
from govern.report.lines import Line, columns

_STYLES = {Severity.ERROR: "bold red", Severity.WARNING: "bold yellow", Severity.NOTE: "bold cyan"}
# 80 columns are enough: of a source line so many characters, a longer one is shown around the place; a hint
# that does not fit beside its caret stands below it.
_WIDEST = 72
_COLUMNS = 80


def show(run: LintRun, write: Callable[[Line], None], view: View, *, suppressed: bool = False) -> None:
    """Writes the findings and a summary.

    Args:
        view: findings that it does not show are counted and left out.
        suppressed: show the suppressed ones too, with the reason.
    """
    for file in run.files:
        for finding in file.findings:
            if view.shows(finding):
                show_finding(finding, file.text_of(finding), write)
        for one in file.suppressed if suppressed else ():
            show_finding(one.finding, file.text_of(one.finding), write, because=one.reason)
    if run.mending and run.mending.write:
        for line in _fixed(run):
            write(line)
    for line in summary(run, view):
        write(line)


def show_finding(finding: Finding, source: Source | None, write: Callable[[Line], None], because: str = "") -> None:
    """Writes one finding with its line and a caret.

    Args:
        source: the text that it stands in; None if it could not be read.
        because: why it is suppressed; empty where it is not.
    """
    style = "dim" if because else _STYLES[finding.severity]
    word = "suppressed" if because else finding.severity.value
    head = (f"{word}[{finding.rule}]", style)
    write(Line(head, (f": {safe(finding.message)}", "" if because else "bold")))
    write(Line((f"  {safe(str(finding.location))}", "dim")))
    hint = f"because: {safe(because)}" if because else safe(finding.hint)
    if source is None or not finding.location.line:
        if hint:
            write(Line(f"  {hint}"))
    else:
        for line in _snippet(finding, source, hint, style):
            write(line)
    write(Line())


def _snippet(finding: Finding, source: Source, hint: str, style: str) -> list[Line]:
    place = finding.location
    margin = max(4, len(str(place.line)) + 1)
    lines: list[Line] = []
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
    caret = Line((" " * margin + " | ", "dim"), " " * columns(before))
    caret.append("^" * max(columns(within), 1), style)
    if hint and caret.columns + 1 + columns(hint) <= _COLUMNS:
        caret.append(f" {hint}", style.removeprefix("bold "))
        hint = ""
    lines.append(caret)
    if hint:
        lines.append(Line((" " * margin + " = ", "dim"), (hint, style.removeprefix("bold "))))
    return lines


def _numbered(number: int, text: str, margin: int) -> Line:
    return Line((f"{number:>{margin}} | ", "dim"), text)


def _fixed(run: LintRun) -> list[Line]:
    """What was mended, a line for each file."""
    lines = []
    for file in run.files:
        if file.mended:
            rules = Counter(finding.rule for finding in file.mended.fixed)
            told = ", ".join(f"{count} {rule}" for rule, count in sorted(rules.items()))
            lines.append(Line(("fixed", "bold green"), f" {safe(file.file)}: {told}"))
    return [*lines, Line()] if lines else []


def summary(run: LintRun, view: View) -> list[Line]:
    """What was found in one line, then what can be done about it."""
    shown = [finding for finding in run.findings if view.shows(finding)]
    counts = [_count(count, severity.value) for severity, count in run.counts().items() if count]
    told = counts or ["no findings"]
    if run.mending and run.mending.write and run.fixed:
        told.append(f"{run.fixed:,} fixed")
    told += [
        f"{count:,} {what}"
        for count, what in ((run.suppressed, "suppressed"), (run.known, "in the baseline"), (run.off, "turned off"))
        if count
    ]
    line = Line(f"{', '.join(told)} in {_count(run.judged, 'charter')}")
    if len(shown) < len(run.findings):
        line.append(f", {len(run.findings) - len(shown):,} not shown ({_hiding(view)})")
    if run.not_judged:
        line.append(f"; {run.not_judged} could not be judged", "bold red")
    line.append(".")
    if shown:  # the first of the worst: `max` keeps the first of equals
        example = max(shown, key=lambda finding: finding.severity.rank).rule
        line.append(f"  govern explain {example}", "dim")
    return [line, *_next(run, view)]


def would(run: LintRun, view: View) -> list[Line]:
    """What fixes would mend, and what was found before them: what stands beside a diff."""
    files = sum(file.mended is not None for file in run.files)
    line = (
        f"{_count(run.fixed, 'finding')} would be fixed in {_count(files, 'charter')}." if files else "nothing to fix."
    )
    return [Line((line, "bold")), *summary(run, view)]


def _hiding(view: View) -> str:
    options = []
    if view.severity is not Severity.NOTE:
        options.append("--min-severity")
    if view.confidence is not Confidence.LOW:
        options.append("--min-confidence")
    return ", ".join(options)


def _next(run: LintRun, view: View) -> list[Line]:
    """What can be done at once: fixes, and entries of the baseline that nobody needs."""
    lines = []
    safely, unsafely = run.fixable(view, safe=True), run.fixable(view, safe=False)
    if run.mending is None and safely:
        more = f", {unsafely:,} more with --unsafe-fixes" if unsafely else ""
        lines.append(Line((f"{safely:,} can be fixed with --fix{more}; --diff shows how.", "dim")))
    elif unsafely and (run.mending is None or not run.mending.unsafe):
        lines.append(Line((f"{unsafely:,} can be fixed with --fix --unsafe-fixes; look with --diff first.", "dim")))
    if run.unproven:
        asked = _count(run.unproven, "question")
        lines.append(Line((f"{asked} to the solver not decided: what it might have found there is not shown.", "dim")))
    if run.gone:
        lines.append(Line((f"{run.gone:,} of the baseline found no more; --write-baseline drops them.", "dim")))
    return lines


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'s' if number != 1 else ''}"
