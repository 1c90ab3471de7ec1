"""`govern lint`: what is wrong, or doubtful, in charters."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from govern.cli.options import Format, ReportFormat
from govern.errors import Exit


class Level(StrEnum):
    """A severity, as an option."""

    NOTE = "note"
    WARNING = "warning"
    ERROR = "error"


def lint(
    files: Annotated[
        list[str],
        typer.Argument(metavar="FILE…", help="Charters, folders of them (*.yaml, *.yml), or - for standard input."),
    ],
    format: Format = ReportFormat.TEXT,
    min_severity: Annotated[
        Level, typer.Option("--min-severity", help="Show no finding below this severity; all are counted.")
    ] = Level.NOTE,
    fail_on: Annotated[
        Level, typer.Option("--fail-on", help="Exit with 1 if there is a finding of this severity or above.")
    ] = Level.WARNING,
) -> None:
    """Check charters: every error that keeps one from loading, then advice on what it says.

    Below a folder, every .yaml and .yml file is a charter, except where a name begins with a dot.
    `govern explain ID` tells what a finding means and what to write instead.

    \b
    Example:
      govern lint charters/
      govern lint charters/code-review.yaml --format json --fail-on error

    \b
    Exit codes:
      0  every file was read, and nothing at or above --fail-on was found
      1  something was found
      2  the command line is wrong
      3  a file is missing, empty or unreadable, or a folder has no charter; its findings say which
    """
    from govern.findings import Severity
    from govern.lint.run import lint_paths

    run = lint_paths(files)
    least = Severity(min_severity.value)
    if format is ReportFormat.JSON:
        from govern.report import lint_json
        from govern.report.console import emit_json

        emit_json(lint_json.document(run, least))
    else:
        from govern.report import lint_text
        from govern.report.console import console

        lint_text.show(run, console(), least)
    if run.not_judged:
        raise typer.Exit(Exit.NOT_JUDGED)
    if run.found(Severity(fail_on.value)):
        raise typer.Exit(Exit.FOUND)
