"""The findings of `lint` as the JSON contract `govern/lint/v1` (`schemas/lint.v1.json`)."""

from __future__ import annotations

from typing import Any

from govern.findings import Finding, Severity
from govern.lint.run import LintRun

SCHEMA = "govern/lint/v1"


def document(run: LintRun, least: Severity) -> dict[str, Any]:
    """The document.

    Args:
        least: findings below this severity are counted and left out.
    """
    shown = [finding for finding in run.findings if finding.severity.rank >= least.rank]
    return {
        "schema": SCHEMA,
        "findings": [_finding(finding) for finding in shown],
        "counts": {severity.value: count for severity, count in run.counts().items()},
        "hidden": len(run.findings) - len(shown),
        "judged": run.judged,
        "not_judged": run.not_judged,
        "files": [{"file": file.file, "judged": file.judged, "findings": len(file.findings)} for file in run.files],
    }


def _finding(finding: Finding) -> dict[str, Any]:
    place = finding.location
    return {
        "rule": finding.rule,
        "severity": finding.severity.value,
        "message": finding.message,
        "hint": finding.hint,
        "file": place.file,
        "line": place.line,
        "column": place.column,
        "end_line": place.end_line,
        "end_column": place.end_column,
    }
