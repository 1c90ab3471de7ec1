"""The findings of `lint` as SARIF 2.1.0 (OASIS), for code scanning and editors.

A file that could not be read is a notification, not a result: nothing is known of it. Paths are relative to the
folder that `govern` runs in (`SRCROOT`), columns count code points.
"""

from __future__ import annotations

import os
from typing import Any
from urllib.parse import quote

from govern import __version__
from govern.charter.source import Source
from govern.errors import Exit
from govern.findings import Confidence, Finding, Location, Severity
from govern.lint.baseline import entries_of, named
from govern.lint.engine import lint_rules, page
from govern.lint.run import Linted, LintRun, View
from govern.lint.suppress import SEVERITIES
from govern.report.console import safe

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "note"}
_ROOT = "SRCROOT"


def document(run: LintRun, view: View, code: Exit) -> dict[str, Any]:
    """The document.

    Args:
        view: findings that it does not show are left out.
        code: the exit code.
    """
    rules = _Rules()
    results = [
        result
        for file in run.files
        if file.judged
        for result in _results(file, view, rules, run.configuration.baseline is not None)
    ]
    unread = [finding for file in run.files if not file.judged for finding in file.findings]
    return {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "govern",
                        "semanticVersion": __version__,
                        "rules": [rules.described(id) for id in rules.index],
                        "notifications": [{"id": id} for id in sorted({finding.rule for finding in unread})],
                    }
                },
                "automationDetails": {"id": "govern-lint/"},
                "columnKind": "unicodeCodePoints",
                "originalUriBaseIds": {_ROOT: {"description": {"text": "The folder that govern ran in."}}},
                "invocations": [
                    {
                        "executionSuccessful": run.not_judged == 0,
                        "exitCode": int(code),
                        "toolExecutionNotifications": [_notification(finding) for finding in unread],
                    }
                ],
                "results": results,
            }
        ],
    }


class _Rules:
    """The rules that results name, in the order in which they come up."""

    def __init__(self) -> None:
        self.index: dict[str, int] = {}
        self._rules = {rule.id: rule for rule in lint_rules()}

    def number(self, id: str) -> int:
        return self.index.setdefault(id, len(self.index))

    def described(self, id: str) -> dict[str, Any]:
        rule = self._rules.get(id)
        severity = rule.severity if rule else SEVERITIES.get(id, Severity.ERROR)
        confidence = rule.confidence if rule else Confidence.HIGH
        kind = "rule" if rule else "suppression" if id in SEVERITIES else "loading"
        text = page(id) or f"# {id}\n"
        lines = text.splitlines()
        summary = lines[2].split("* ", 1)[-1] if len(lines) > 2 else id
        return {
            "id": id,
            "shortDescription": {"text": summary},
            "help": {"text": text, "markdown": text},
            "defaultConfiguration": {"level": _LEVELS[severity]},
            "properties": {
                "tags": ["charter", kind],
                "precision": {"high": "very-high", "medium": "high", "low": "medium"}[confidence.value],
                "problem.severity": {"note": "recommendation"}.get(severity.value, severity.value),
            },
        }


def _results(file: Linted, view: View, rules: _Rules, compared: bool) -> list[dict[str, Any]]:
    open_, known = list(file.findings), list(file.known)
    loud = sorted([*open_, *known], key=lambda finding: finding.sort_key)
    quiet = [one.finding for one in file.suppressed]
    entries = entries_of(named(file.file, os.getcwd()), [*loud, *quiet], file.text_of)
    reasons = {id(one.finding): one.reason for one in file.suppressed}
    is_known = {id(finding) for finding in known}
    found = []
    for finding, entry in zip([*loud, *quiet], entries, strict=True):
        if not view.shows(finding):
            continue
        result: dict[str, Any] = {
            "ruleId": finding.rule,
            "ruleIndex": rules.number(finding.rule),
            "level": _LEVELS[finding.severity],
            "message": {"text": safe(f"{finding.message}; {finding.hint}" if finding.hint else finding.message)},
            "locations": [{"physicalLocation": _physical(finding.location)}],
            "partialFingerprints": {"governFinding/v1": entry.fingerprint},
            "properties": {"confidence": finding.confidence.value},
        }
        if compared:
            result["baselineState"] = "unchanged" if id(finding) in is_known else "new"
        if finding.fix and file.source:
            result["fixes"] = [_fix(finding, file.source)]
        suppression: list[dict[str, Any]] = []
        if id(finding) in reasons:
            suppression = [{"kind": "inSource", "status": "accepted", "justification": reasons[id(finding)]}]
        elif id(finding) in is_known:
            suppression = [{"kind": "external", "status": "accepted", "justification": "it is in the baseline"}]
        # Where any result has the property, each must (SARIF 3.27.23): empty says that it is not suppressed.
        result["suppressions"] = suppression
        found.append(result)
    return found


def _physical(place: Location) -> dict[str, Any]:
    physical: dict[str, Any] = {"artifactLocation": artifact(place.file)}
    if place.line:
        physical["region"] = _region(place)
    return physical


def _region(place: Location) -> dict[str, int]:
    return {
        "startLine": place.line,
        "startColumn": place.column,
        "endLine": place.end_line,
        "endColumn": place.end_column,
    }


def artifact(file: str) -> dict[str, str]:
    """A file's name as a URI: relative to the folder `govern` runs in, absolute if it is not below it."""
    if file == "standard input":
        return {"uri": "stdin:"}
    inside = os.path.relpath(os.path.abspath(file))
    if inside.split(os.sep, 1)[0] == os.pardir:
        return {"uri": "file://" + _encoded(os.path.abspath(file))}
    return {"uri": _encoded(inside), "uriBaseId": _ROOT}


def _encoded(path: str) -> str:
    return quote(os.fsencode(path.replace(os.sep, "/")), safe="/")


def _fix(finding: Finding, source: Source) -> dict[str, Any]:
    fix = finding.fix
    replacements = [
        {"deletedRegion": _region(source.locate(edit.start, edit.end)), "insertedContent": {"text": edit.text}}
        for edit in (fix.edits if fix else ())
    ]
    change = {"artifactLocation": artifact(finding.location.file), "replacements": replacements}
    described = f"{fix.message}{'' if fix.safe else ' (look at it first)'}" if fix else ""
    return {"description": {"text": described}, "artifactChanges": [change]}


def _notification(finding: Finding) -> dict[str, Any]:
    return {
        "level": "error",
        "descriptor": {"id": finding.rule},
        "message": {"text": safe(finding.message)},
        "locations": [{"physicalLocation": _physical(finding.location)}],
    }
