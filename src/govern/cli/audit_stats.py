"""`govern audit stats`: what a store has."""

from __future__ import annotations

from typing import Annotated

import typer

from govern.cli.options import Format, ReportFormat, store_named
from govern.errors import Exit


def stats(
    audit: Annotated[
        str | None, typer.Option("--audit", metavar="DIR", envvar="GOVERN_AUDIT", help="The audit store.")
    ] = None,
    format: Format = ReportFormat.TEXT,
) -> None:
    """Count what a store has: events by day and type, writers, files, bytes, holds, anchors, what was deleted.

    Events that are not sealed yet are counted too, and said apart. It counts and proves nothing: that is
    `govern audit verify`.

    \b
    Example:
      govern audit stats --audit audit
      govern audit stats --audit audit --format json

    \b
    Exit codes:
      0  counted
      2  no store is named
      3  nothing is there, something cannot be read, or an import into it was not finished
      4  the store cannot be read
    """
    from govern.audit.stats import stats as count
    from govern.report import stats_json, stats_text
    from govern.report.console import console, emit_json, working

    audit = store_named(audit)
    with working("counting"):
        found = count(audit)
    if format is ReportFormat.JSON:
        emit_json(stats_json.document(found))
    else:
        out = console()
        for line in stats_text.lines(found):
            out.print(line, soft_wrap=True)
    if found.problems or found.unfinished:
        raise typer.Exit(Exit.NOT_JUDGED)
