"""The JSON of `govern import`: the contract `govern/import/v1`."""

from __future__ import annotations

from typing import Any

from govern.ingest.counts import FileReport, Summary
from govern.ingest.importing import Imported

COUNTS = ("rows", "refused", "duplicates", "headers", "runs", "events", "calls", "results", "errors", "unanswered")


def document(done: Imported) -> dict[str, Any]:
    """The report as one JSON document."""
    summary = done.summary
    totals = summary.totals
    return {
        "schema": "govern/import/v1",
        "store": {"folder": done.folder, "written": done.written, "present": done.present},
        "files": [{**file(report), **kinds(report)} for report in summary.files],
        "totals": {**counts(totals), **kinds(totals)},
        "left_out": left_out(summary),
        "refusals": [
            {"file": refusal.file, "line": refusal.line, "reason": refusal.reason} for refusal in summary.refusals
        ],
        "refusals_not_listed": summary.refused - len(summary.refusals),
        "judged": totals.rows - summary.refused_rows,
        "not_judged": summary.refused,
    }


def file(report: FileReport) -> dict[str, Any]:
    """One input; also used where another report lists what it read."""
    return {"path": report.path, "format": report.format, **counts(report), "lacks": report.lacks}


def left_out(summary: Summary) -> list[dict[str, str]]:
    """Inputs that were not read because the caller said so."""
    return [{"path": report.path, "pattern": report.left_out} for report in summary.left_out]


def counts(report: FileReport) -> dict[str, int]:
    """The counts that every report on logs shows."""
    return {name: getattr(report, name) for name in COUNTS}


def kinds(report: FileReport) -> dict[str, dict[str, int]]:
    """Rows that hold no action, by what they are; and what the source did not say, by what it is."""
    return {"asides": dict(sorted(report.asides.items())), "notes": dict(sorted(report.notes.items()))}
