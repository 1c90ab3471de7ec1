"""`govern lint`: what is wrong, or doubtful, in charters; and mending what can be mended."""

from __future__ import annotations

import os
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from govern.cli.options import DeploymentFile
from govern.errors import Exit, UsageError

if TYPE_CHECKING:
    from govern.findings import Severity
    from govern.lint.run import LintRun, View


class LintFormat(StrEnum):
    """How findings are shown."""

    TEXT = "text"
    JSON = "json"
    SARIF = "sarif"
    JUNIT = "junit"
    GITHUB = "github"


class Level(StrEnum):
    """A severity, as an option."""

    NOTE = "note"
    WARNING = "warning"
    ERROR = "error"


class Sureness(StrEnum):
    """A confidence, as an option."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


def lint(
    files: Annotated[
        list[str],
        typer.Argument(metavar="FILE…", help="Charters, folders of them (*.yaml, *.yml), or - for standard input."),
    ],
    format: Annotated[LintFormat, typer.Option("--format", help="How findings are shown.")] = LintFormat.TEXT,
    fix: Annotated[bool, typer.Option("--fix", help="Write the safe fixes into the files; comments stay.")] = False,
    diff: Annotated[bool, typer.Option("--diff", help="Show what --fix would write, and write nothing.")] = False,
    unsafe_fixes: Annotated[
        bool, typer.Option("--unsafe-fixes", help="With --fix or --diff: fixes too that need a look at the diff.")
    ] = False,
    fail_on: Annotated[
        Level | None,
        typer.Option("--fail-on", help="Exit with 1 if there is a finding of this severity or above.  [warning]"),
    ] = None,
    min_severity: Annotated[
        Level | None,
        typer.Option("--min-severity", help="Show no finding below this severity; all are counted.  [note]"),
    ] = None,
    min_confidence: Annotated[
        Sureness | None,
        typer.Option("--min-confidence", help="Show no finding that is less sure; all are counted.  [low]"),
    ] = None,
    show_suppressed: Annotated[
        bool, typer.Option("--show-suppressed", help="Show suppressed findings too, each with its reason.")
    ] = False,
    baseline: Annotated[
        str | None, typer.Option("--baseline", metavar="FILE", help="Leave the findings out that this file has.")
    ] = None,
    write_baseline: Annotated[
        str | None,
        typer.Option("--write-baseline", metavar="FILE", help="Write all findings into this file, as known from now."),
    ] = None,
    config: Annotated[
        str | None,
        typer.Option("--config", metavar="FILE", help="Configuration, instead of govern.toml here or above."),
    ] = None,
    deployment: DeploymentFile = None,
    prove: Annotated[
        bool,
        typer.Option(
            "--prove",
            help="Ask the solver too (`pip install govern[prove]`): rules that others cover, conditions that are "
            "constant, tools of which every call is denied. Up to 5 s a charter.",
        ),
    ] = False,
    config_from: Annotated[
        str | None,
        typer.Option(
            "--config-from",
            metavar="REF",
            help="Take configuration and baseline from this git revision, and count only suppressions that stand "
            "there too: a change cannot excuse itself.",
        ),
    ] = None,
) -> None:
    """Check charters: every error that keeps one from loading, then advice on what it says.

    Below a folder, every .yaml and .yml file is a charter, base, library or deployment file, except where a name
    begins with a dot. With --deployment the charters are judged as they would run there: its minimums apply, and
    roles are compared with the people who hold them.
    `govern explain ID` tells what a finding means and what to write instead.

    A comment at the end of a line, or on a line of its own above it, suppresses a finding:
    `# govern: ignore[gate-unused] the night shift starts in March`. A reason is required. An error that keeps
    a charter from loading is never suppressed, known or turned off. What is only not shown counts all the same.

    \b
    govern.toml:
      [lint]
      severity = {gate-unused = "note", role-unused = "off"}
      fail-on = "warning"
      baseline = "lint-baseline.json"
      deployment = "deployment.yaml"
      prove = true

    \b
    Example:
      govern lint charters/
      govern lint charters/ --fix
      govern lint charters/code-review.yaml --format json --fail-on error
      govern lint charters/ --format sarif --config-from origin/main

    \b
    Exit codes:
      0  every file was read, and nothing at or above --fail-on was found, or is left after --fix
      1  something was found
      2  the command line is wrong
      3  a file is missing, empty or unreadable, or a folder has no charter; its findings say which;
         or the configuration or the baseline is missing or wrong
      4  a file or the baseline cannot be written, git cannot be run, or --prove has no solver
    """
    from govern.findings import Confidence, Severity
    from govern.lint.config import configure
    from govern.lint.run import Mending, View, lint_paths

    _together(files, fix, diff, unsafe_fixes, format, baseline, write_baseline)
    configuration = configure(config, baseline, config_from, known=write_baseline is None, deployment=deployment)
    settings = configuration.settings
    if prove or settings.prove:
        from dataclasses import replace

        from govern.compile.lower import lower

        configuration = replace(configuration, lowered=lower)
    view = View(
        Severity(min_severity) if min_severity else settings.min_severity or Severity.NOTE,
        Confidence(min_confidence) if min_confidence else settings.min_confidence or Confidence.LOW,
    )
    limit = Severity(fail_on) if fail_on else settings.fail_on or Severity.WARNING
    run = lint_paths(files, configuration, Mending(fix, unsafe_fixes, view) if fix or diff else None)
    if write_baseline is not None:
        run = _written(run, write_baseline)
    code = Exit.NOT_JUDGED if run.not_judged else Exit.FOUND if run.found(limit) else Exit.OK
    if diff:
        _diff(run, view)
    else:
        _show(run, view, limit, code, format, show_suppressed)
    if code:
        raise typer.Exit(code)


def _together(
    files: list[str],
    fix: bool,
    diff: bool,
    unsafe: bool,
    format: LintFormat,
    baseline: str | None,
    write_baseline: str | None,
) -> None:
    """Options that do not go together are an error, before anything is read or written."""
    if fix and diff:
        raise UsageError("--fix writes and --diff does not", hint="leave one of them out")
    if unsafe and not (fix or diff):
        raise UsageError("--unsafe-fixes needs --fix or --diff")
    if fix and "-" in files:
        raise UsageError("--fix cannot write to standard input", hint="--diff shows what it would write")
    if diff and format is not LintFormat.TEXT:
        raise UsageError(f"--diff is text, not {format.value}", hint="JSON and SARIF have the fix of each finding")
    if write_baseline is not None and os.path.exists(write_baseline):
        _is_baseline(write_baseline)
    if write_baseline is not None and (baseline is not None or fix or diff):
        raise UsageError("--write-baseline writes all findings: it goes with no --baseline, --fix or --diff")


def _is_baseline(file: str) -> None:
    """Only a baseline is overwritten: any other file was named by mistake."""
    from govern.lint.baseline import SCHEMA

    try:
        with open(file, encoding="utf-8") as stream:
            begins = stream.read(200)
    except (OSError, ValueError):
        begins = ""
    if SCHEMA not in begins:
        raise UsageError(f"`{file}` exists and is no baseline", hint="name another file, or delete it first")


def _written(run: LintRun, file: str) -> LintRun:
    """The run after its findings became known."""
    from govern.lint.run import baseline_of, with_baseline
    from govern.lint.write import write

    baseline = baseline_of(run, file)
    write(file, baseline.text.encode())
    return with_baseline(run, baseline)


def _diff(run: LintRun, view: View) -> None:
    from govern.report import lint_diff, lint_text
    from govern.report.lines import writer

    typer.echo(lint_diff.unified(run), nl=False)
    write = writer(stderr=True)
    for line in lint_text.would(run, view):
        write(line)


def _show(run: LintRun, view: View, limit: Severity, code: Exit, format: LintFormat, show_suppressed: bool) -> None:
    match format:
        case LintFormat.TEXT:
            from govern.report import lint_text
            from govern.report.lines import writer

            lint_text.show(run, writer(), view, suppressed=show_suppressed)
        case LintFormat.JSON:
            from govern.report import lint_json
            from govern.report.console import emit_json

            emit_json(lint_json.document(run, view))
        case LintFormat.SARIF:
            from govern.report import lint_sarif
            from govern.report.console import emit_json

            emit_json(lint_sarif.document(run, view, code))
        case LintFormat.JUNIT:
            from govern.report import lint_junit

            typer.echo(lint_junit.document(run, view, limit), nl=False)
        case LintFormat.GITHUB:
            from govern.report import lint_github

            typer.echo(lint_github.commands(run, view), nl=False)
