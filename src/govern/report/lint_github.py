"""The findings of `lint` as workflow commands of GitHub Actions, which shows them at their lines in a pull request.

Format and escapes as in GitHub's "Workflow commands for GitHub Actions": `%`, CR and LF are escaped everywhere, `:`
and `,` in properties too; columns are left out where a place has several lines. GitHub shows ten of a kind for each
step, so the worst come first. File names must be seen from the repository's root: run it there.
"""

from __future__ import annotations

from govern.findings import Finding, Severity
from govern.lint.run import LintRun, View
from govern.report.console import safe
from govern.report.lint_text import summary

_COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}


def commands(run: LintRun, view: View) -> str:
    """The commands, one a line, and a summary for the log."""
    shown = [finding for finding in run.findings if view.shows(finding)]
    ordered = sorted(shown, key=lambda finding: -finding.severity.rank)
    lines = [annotation(finding) for finding in ordered]
    return "\n".join([*lines, *(line.plain for line in summary(run, view))]) + "\n"


def annotation(finding: Finding) -> str:
    """One finding as one command."""
    place = finding.location
    properties = {"file": place.file}
    if place.line:
        properties |= {"line": str(place.line), "endLine": str(place.end_line)}
        if place.line == place.end_line:
            properties |= {"col": str(place.column), "endColumn": str(place.end_column)}
    properties["title"] = finding.rule
    given = ",".join(f"{key}={_property(value)}" for key, value in properties.items())
    text = f"{finding.message}\n{finding.hint}" if finding.hint else finding.message
    return f"::{_COMMANDS[finding.severity]} {given}::{_data(safe(text, lines=True))}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(safe(text)).replace(":", "%3A").replace(",", "%2C")
