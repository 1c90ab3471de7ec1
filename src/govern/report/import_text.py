"""The text of `govern import`: the answer first, then every input, then what was refused."""

from __future__ import annotations

from collections.abc import Sequence

from govern.ingest.counts import Summary
from govern.ingest.importing import Imported
from govern.report.console import safe
from govern.report.layout import aligned

REFUSALS_SHOWN = 20
_COLUMNS = ("rows", "refused", "runs", "events", "calls", "results", "errors", "unanswered")


def text(done: Imported) -> str:
    """The report for a terminal; what stood in a log is made harmless."""
    totals = done.summary.totals
    read = (
        f"{plural(totals.events, 'event')} and {plural(totals.calls, 'call')} in {plural(totals.runs, 'run')} "
        f"of {plural(len(done.summary.files), 'input')}; {plural(totals.refused, 'refusal')}"
    )
    kept = (
        f"{done.written:,} written to {safe(done.folder)}, {done.present:,} were there already"
        if done.anything
        else "nothing was read, and nothing written"
    )
    lines = [read, kept, "", *table(done.summary), *refusals(done.summary)]
    if done.anything:
        lines += ["", f"Next: govern shadow-report {safe(done.folder)} --charter CHARTER"]
    return "\n".join(lines)


def table(summary: Summary) -> list[str]:
    """One line an input, numbers aligned, and what its format cannot carry."""
    if not summary.files:
        return []
    rows = [
        [file.format or "unknown", *(f"{getattr(file, name):,}" for name in _COLUMNS), safe(file.path)]
        for file in summary.files
    ]
    if len(rows) > 1:
        rows.append(["", *(f"{getattr(summary.totals, name):,}" for name in _COLUMNS), "in all"])
    lines = list(aligned([["format", *_COLUMNS, "input"], *rows], (0, len(_COLUMNS) + 1)))
    totals = summary.totals
    if totals.duplicates:
        lines.append(f"{plural(totals.duplicates, 'duplicate row')}: read before, word for word; dropped")
    lines += [f"{plural(count, f'{safe(what)} row')}: no action in it" for what, count in sorted(totals.asides.items())]
    lines += [f"{count:,} {safe(what)}" for what, count in sorted(totals.notes.items())]
    for format_id, lacks in sorted({(file.format, file.lacks) for file in summary.files if file.lacks}, key=str):
        lines.append(f"{format_id} logs carry no {lacks}")
    return lines


def refusals(summary: Summary) -> list[str]:
    """What was refused, with its place; the first ones, and how many more."""
    if not summary.refused:
        return []
    lines = ["", "Refused"]
    lines += [f"  {safe(str(refusal), 400)}" for refusal in summary.refusals[:REFUSALS_SHOWN]]
    if (more := summary.refused - min(len(summary.refusals), REFUSALS_SHOWN)) > 0:
        lines.append(f"  … and {more:,} more (--format json lists the first {len(summary.refusals):,})")
    return lines


def plural(count: int, noun: str) -> str:
    """`1 run`, `2 runs`."""
    return f"{count:,} {noun}" + ("" if count == 1 else "s")


__all__: Sequence[str] = ("plural", "refusals", "table", "text")
