"""The text of `govern import`: the answer first, then every input, then what was refused."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from govern.ingest import formats
from govern.ingest.counts import FileReport, Summary
from govern.ingest.importing import Imported
from govern.ingest.reader import UNKNOWN
from govern.report.console import safe
from govern.report.layout import aligned

REFUSALS_SHOWN = 20
FILES_SHOWN = 50
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
        if (Path(done.folder) / "log").is_dir():
            lines.append(f"Not sealed yet: govern audit seal --audit {safe(done.folder)} --sign KEY")
    return "\n".join(lines)


def table(summary: Summary) -> list[str]:
    """One line an input, numbers aligned; then what rows were that are in none of the columns, and what is missing."""
    lines: list[str] = []
    if summary.files:
        shown = summary.files[:FILES_SHOWN]
        common = _common([file.path for file in summary.files])
        rows = [
            [
                file.format or "unknown",
                *(f"{getattr(file, name):,}" for name in _COLUMNS),
                safe(file.path.removeprefix(common)),
            ]
            for file in shown
        ]
        if len(summary.files) > 1:
            rows.append(["", *(f"{getattr(summary.totals, name):,}" for name in _COLUMNS), "in all"])
        lines += aligned(
            [["format", *_COLUMNS, f"below {safe(common)}" if common else "input"], *rows], (0, len(_COLUMNS) + 1)
        )
        if more := len(summary.files) - len(shown):
            lines.append(f"… and {plural(more, 'more input')}, which are in the sum (--format json lists all)")
    totals = summary.totals
    if totals.duplicates:
        lines.append(f"{plural(totals.duplicates, 'duplicate row')}: read before, word for word; dropped")
    if totals.asides:
        lines.append(f"no actions in {plural(sum(totals.asides.values()), 'row')}: {_listed(totals.asides)}")
    if totals.notes:
        lines.append(f"noted: {_listed(totals.notes)}")
    for format_id, lacks in sorted({(file.format, file.lacks) for file in summary.files if file.lacks}, key=str):
        lines.append(f"{format_id} logs carry no {lacks}")
    return lines + left_out(summary)


def left_out(summary: Summary) -> list[str]:
    """How many inputs were not read because the caller said so."""
    if not summary.left_out:
        return []
    patterns = sorted({file.left_out for file in summary.left_out})
    return [f"left out: {plural(len(summary.left_out), 'input')} by {', '.join(map(safe, patterns))}"]


def _counts(report: FileReport) -> list[str]:
    return [f"{getattr(report, name):,}" for name in _COLUMNS]


def _listed(counts: Mapping[str, int]) -> str:
    """`2,931 progress, 31 snapshot`: the most frequent first."""
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{count:,} {safe(what)}" for what, count in ranked)


def _common(paths: Sequence[str]) -> str:
    """The folder, or the archive, in which all of several inputs are, with its last sign; else nothing."""
    shared = os.path.commonprefix(list(paths)) if len(paths) > 1 else ""  # noqa: RUF071 - cut below
    return shared[: max(shared.rfind("/"), shared.rfind("!")) + 1]


def refusals(summary: Summary) -> list[str]:
    """What was refused, with its place; the first ones, and how many more."""
    if not summary.refused:
        return []
    lines = ["", "Refused"]
    lines += [f"  {safe(str(refusal), 400)}" for refusal in summary.refusals[:REFUSALS_SHOWN]]
    if any(UNKNOWN in refusal.reason for refusal in summary.refusals):
        lines.append(f"  known formats: {', '.join(formats.ADAPTERS)}; '!PATTERN' leaves out files that are no logs")
    if (more := summary.refused - min(len(summary.refusals), REFUSALS_SHOWN)) > 0:
        lines.append(f"  … and {more:,} more (--format json lists the first {len(summary.refusals):,})")
    return lines


def plural(count: int, noun: str) -> str:
    """`1 run`, `2 runs`."""
    return f"{count:,} {noun}" + ("" if count == 1 else "s")


__all__: Sequence[str] = ("plural", "refusals", "table", "text")
