"""`govern gaps`: every hole in every chain of an audit store."""

from __future__ import annotations

from typing import Annotated

import typer

from govern.cli.options import Format, ReportFormat, store_named
from govern.errors import EvidenceError, Exit


def gaps(
    audit: Annotated[
        str | None, typer.Option("--audit", metavar="DIR", envvar="GOVERN_AUDIT", help="The audit store.")
    ] = None,
    format: Format = ReportFormat.TEXT,
) -> None:
    """Find every hole in every decision chain of an audit store.

    Grouped by kind, worst first, with counts, tools, sample traces and the likely cause. A gap that a source
    cannot show (an imported chat log has no approvals by nature) is counted as not judged: neither a failure
    nor a pass. Canonical events can carry everything, so what they lack is a gap.

    \b
    Example:
      govern gaps --audit audit
      govern gaps --audit audit --format json

    \b
    Exit codes:
      0  every chain was judged, and none has a gap
      1  there are gaps
      2  the command line is wrong
      3  the store is missing, damaged, or has no action to judge; or an import into it was not finished
    """
    from govern.reconstruct import bulk
    from govern.reconstruct.store import short_id_length
    from govern.report import gaps_json, gaps_text
    from govern.report.console import console, emit_json, working
    from govern.report.unfinished import told

    audit = store_named(audit)
    with working("judging every chain"):
        found = bulk.gaps(audit)
    if format is ReportFormat.JSON:
        emit_json(gaps_json.document(found))
    else:
        out = console()
        samples = [sample.trace_id for group in found.groups for sample in group.samples]
        for line in gaps_text.lines(found, short_id_length(audit, samples), out.width):
            out.print(line, soft_wrap=True)
    if told(audit):
        raise typer.Exit(Exit.NOT_JUDGED)
    if not found.actions:
        raise EvidenceError("no action in this store, so nothing was judged", where=audit)
    if found.groups:
        raise typer.Exit(Exit.FOUND)
