"""`govern import`: logs to canonical events in Parquet."""

from __future__ import annotations

from typing import Annotated

import typer

from govern.cli.options import AllowBad, Format, LogAgent, LogFormat, ReportFormat, parse_allowance
from govern.errors import Exit


def import_(
    logs: Annotated[
        list[str],
        typer.Argument(metavar="LOGS…", help="Files, folders, globs, archives, or -; '!PATTERN' leaves files out."),
    ],
    output: Annotated[
        str, typer.Option("--output", "-o", metavar="DIR", help="The store; events are added to what it has.")
    ],
    log_format: LogFormat = None,
    agent: LogAgent = None,
    format: Format = ReportFormat.TEXT,
    typed: Annotated[
        bool | None,
        typer.Option(
            "--typed/--no-typed",
            help="Keep the arguments in typed columns too, in DIR/typed, which replays of the store read sooner. By "
            "itself where the store is large and much of it is new.",
            show_default=False,
        ),
    ] = None,
    allow_bad: AllowBad = None,
) -> None:
    """Read agents' logs and keep them as canonical events in Parquet.

    The format of each input is recognised by its content (--log-format names it instead): JSON lines, one JSON
    array, whole JSON documents; plain, gzip or Zstandard; tar archives, each file in them for itself. Every row
    that cannot be read is counted and named, and the others are kept. A file that is no log is named too, unless
    a pattern leaves it out. Importing the same log again adds nothing.

    \b
    Example:
      govern import logs/ -o audit
      govern import traces.tar.zst '!*.md' '!LICENSE' -o audit
      zstdcat run.json.zst | govern import - -o audit --agent airline

    \b
    Exit codes:
      0  everything was read
      2  the command line is wrong
      3  something was refused beyond --allow-bad, or there was nothing to read
      4  the store cannot be written
      130  interrupted: the store may have a part of the logs; importing them again adds the rest
    """
    from govern.ingest.importing import import_logs
    from govern.replay.typed import after_import
    from govern.report import import_json, import_text
    from govern.report.console import emit_json, safe, working
    from govern.report.reading import reading

    allowance = parse_allowance(allow_bad)
    try:
        with reading("importing") as bar:
            done = import_logs(logs, output, format=log_format, agent=agent, watch=bar.read)
    except KeyboardInterrupt:
        typer.echo(f"{safe(output)} may have a part of these logs; import them again to have all of it", err=True)
        raise
    if done.anything:
        with working("writing typed columns"):
            after_import(output, done.written, asked=typed)
    totals = done.summary.totals
    if format is ReportFormat.JSON:
        emit_json(import_json.document(done))
    else:
        typer.echo(import_text.text(done))
    if not done.anything or not allowance.admits(totals.refused, totals.rows, done.summary.whole):
        raise typer.Exit(Exit.NOT_JUDGED)
