"""`govern import`: logs to canonical events in Parquet."""

from __future__ import annotations

from typing import Annotated

import typer

from govern.cli.options import AllowBad, Format, LogAgent, LogFormat, ReportFormat, parse_allowance
from govern.errors import Exit


def import_(
    logs: Annotated[list[str], typer.Argument(metavar="LOGS…", help="Files, folders, globs, or - for standard input.")],
    output: Annotated[
        str, typer.Option("--output", "-o", metavar="DIR", help="The store; events are added to what it has.")
    ],
    log_format: LogFormat = None,
    agent: LogAgent = None,
    format: Format = ReportFormat.TEXT,
    allow_bad: AllowBad = None,
) -> None:
    """Read agents' logs and keep them as canonical events in Parquet.

    Reads canonical JSON lines, AgentDojo runs and tau-bench runs, plain or packed (zstd, gzip), recognised by
    content. Every row that cannot be read is counted and named, and the others are kept. Importing the same
    log again adds nothing.

    \b
    Example:
      govern import logs/ -o audit
      zstdcat run.json.zst | govern import - -o audit --agent airline

    \b
    Exit codes:
      0  everything was read
      2  the command line is wrong
      3  something was refused beyond --allow-bad, or there was nothing to read
      4  the store cannot be written
    """
    from govern.ingest.importing import import_logs
    from govern.report import import_json, import_text
    from govern.report.console import emit_json, working

    allowance = parse_allowance(allow_bad)
    with working("importing the logs"):
        done = import_logs(logs, output, format=log_format, agent=agent)
    totals = done.summary.totals
    if format is ReportFormat.JSON:
        emit_json(import_json.document(done))
    else:
        typer.echo(import_text.text(done))
    if not done.anything or not allowance.admits(totals.refused, totals.rows, done.summary.whole):
        raise typer.Exit(Exit.NOT_JUDGED)
