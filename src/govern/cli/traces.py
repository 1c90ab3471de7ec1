"""`govern traces`: lists the traces of an audit store."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from govern.cli.options import Format, ReportFormat
from govern.errors import UsageError


class Verdict(StrEnum):
    """What a check can say."""

    ALLOW = "allow"
    APPROVAL = "approval"
    DENY = "deny"


def traces(
    audit: Annotated[
        str | None, typer.Option("--audit", metavar="DIR", envvar="GOVERN_AUDIT", help="The audit store.")
    ] = None,
    tool: Annotated[str | None, typer.Option("--tool", metavar="TOOL", help="Only those that used this tool.")] = None,
    verdict: Annotated[Verdict | None, typer.Option("--verdict", help="Only those with a check that said so.")] = None,
    agent: Annotated[str | None, typer.Option("--agent", metavar="AGENT", help="Only those of this agent.")] = None,
    limit: Annotated[int, typer.Option("--limit", metavar="N", min=1, help="How many are shown.")] = 50,
    format: Format = ReportFormat.TEXT,
) -> None:
    """List the traces of an audit store, newest first, with their verdicts and gaps.

    \b
    Example:
      govern traces --audit audit
      govern traces --audit audit --tool refund --verdict deny --limit 10

    \b
    Exit codes:
      0  listed (gaps are shown, `govern gaps` judges them)
      2  the command line is wrong
      3  the store is missing, empty or damaged, or has no such tool or agent
    """
    from govern.reconstruct.store import Filter, check_filter, scan, short_id_length
    from govern.reconstruct.summary import line_of, newest_first
    from govern.report import traces_json, traces_text
    from govern.report.console import console, emit_json

    if not audit:
        raise UsageError("no audit store is named", hint="give --audit DIR, or set GOVERN_AUDIT")
    only = Filter(tool, str(verdict) if verdict else None, agent)
    check_filter(audit, only)
    found = newest_first(map(line_of, scan(audit, only)))
    if format is ReportFormat.JSON:
        emit_json(traces_json.document(found[:limit], len(found)))
        return
    out = console()
    for line in traces_text.lines(found[:limit], len(found), short_id_length(audit)):
        out.print(line, soft_wrap=True)
