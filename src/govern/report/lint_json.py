"""The findings of `lint` as the JSON contract `govern/lint/v1` (`schemas/lint.v1.json`)."""

from __future__ import annotations

from typing import Any

from govern.charter.source import Source
from govern.findings import Finding
from govern.lint.run import LintRun, View

SCHEMA = "govern/lint/v1"


def document(run: LintRun, view: View) -> dict[str, Any]:
    """The document.

    Args:
        view: findings that it does not show are counted and left out.
    """
    shown = [(finding, file.source) for file in run.files for finding in file.findings if view.shows(finding)]
    baseline = run.configuration.baseline
    revision = run.configuration.revision
    return {
        "schema": SCHEMA,
        "findings": [_finding(finding, source) for finding, source in shown],
        "counts": {severity.value: count for severity, count in run.counts().items()},
        "hidden": len(run.findings) - len(shown),
        "suppressed": [
            {**_finding(one.finding, file.source), "reason": one.reason}
            for file in run.files
            for one in file.suppressed
        ],
        "fixed": [
            _placed(finding) for file in run.files if file.mended and _wrote(run) for finding in file.mended.fixed
        ],
        "fixable": {"safe": run.fixable(view, safe=True), "unsafe": run.fixable(view, safe=False)},
        "off": run.off,
        "unproven": run.unproven,
        "baseline": {"file": baseline.name, "known": run.known, "gone": run.gone} if baseline else None,
        "config": run.configuration.settings.name or None,
        "config_from": revision.name if revision else None,
        "judged": run.judged,
        "not_judged": run.not_judged,
        "files": [{"file": file.file, "judged": file.judged, "findings": len(file.findings)} for file in run.files],
    }


def _wrote(run: LintRun) -> bool:
    return run.mending is not None and run.mending.write


def _placed(finding: Finding) -> dict[str, Any]:
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


def _finding(finding: Finding, source: Source | None) -> dict[str, Any]:
    return {**_placed(finding), "confidence": finding.confidence.value, "fix": _fix(finding, source)}


def _fix(finding: Finding, source: Source | None) -> dict[str, Any] | None:
    if finding.fix is None or source is None:
        return None
    edits = []
    for edit in finding.fix.edits:
        place = source.locate(edit.start, edit.end)
        edits.append(
            {
                "line": place.line,
                "column": place.column,
                "end_line": place.end_line,
                "end_column": place.end_column,
                "text": edit.text,
            }
        )
    return {"message": finding.fix.message, "safe": finding.fix.safe, "edits": edits}
