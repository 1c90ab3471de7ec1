"""`govern traces`: lists and searches the traces of an audit store."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from govern.cli.options import Format, ReportFormat, store_named
from govern.errors import Exit, UsageError


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
    approver: Annotated[
        str | None, typer.Option("--approver", metavar="WHO", help="Only those in which WHO decided an approval.")
    ] = None,
    text: Annotated[
        str | None,
        typer.Option(
            "--text",
            metavar="WORDS",
            help="Only those with these words, as they stand, in a prompt, response, output, argument, reason or "
            "error; upper and lower case are alike.",
        ),
    ] = None,
    since: Annotated[
        str | None,
        typer.Option("--since", metavar="TIME", help="Only those with an event on or after this day or time."),
    ] = None,
    until: Annotated[
        str | None, typer.Option("--until", metavar="TIME", help="Only those with an event before this day or time.")
    ] = None,
    gap: Annotated[str | None, typer.Option("--gap", metavar="GAP", help="Only those with a gap of this id.")] = None,
    limit: Annotated[int, typer.Option("--limit", metavar="N", min=1, help="How many are shown.")] = 50,
    format: Format = ReportFormat.TEXT,
) -> None:
    """List the traces of an audit store, newest first, with their verdicts and gaps.

    A trace is listed where all that is asked is found in it. Times are UTC: `2026-11-18` is the beginning of that
    day, `2026-11-18T14:00:00Z` a moment.

    \b
    Example:
      govern traces --audit audit
      govern traces --audit audit --tool refund --verdict deny --limit 10
      govern traces --audit audit --approver lead-2 --since 2026-11-16 --until 2026-11-20
      govern traces --audit audit --text "order 92365" --gap gate-did-not-hold

    \b
    Exit codes:
      0  listed, be it none (gaps are shown, `govern gaps` judges them)
      2  the command line is wrong
      3  the store is missing, empty or damaged, or has no such tool, agent or approver;
         or an import into it was not finished
    """
    audit = store_named(audit)
    since_ns, until_ns = _moment(since, "--since"), _moment(until, "--until")
    if since_ns is not None and until_ns is not None and until_ns <= since_ns:
        raise UsageError(f"no time lies between `{since}` and `{until}`", hint="--until is after --since")
    if text is not None and not text.strip():
        raise UsageError("--text has no words")
    from govern.reconstruct.gaps.registry import BY_ID
    from govern.reconstruct.search import Filter, search
    from govern.report import traces_json, traces_text
    from govern.report.console import console, emit_json, working
    from govern.report.unfinished import told

    if gap is not None and gap not in BY_ID:
        from govern.findings import did_you_mean

        raise UsageError(f"`{gap}` is no gap", hint=did_you_mean(gap, BY_ID))
    only = Filter(tool, str(verdict) if verdict else None, agent, approver, text, since_ns, until_ns, gap)
    with working("looking for traces"):
        found = search(audit, only, limit)
    if format is ReportFormat.JSON:
        emit_json(traces_json.document(found.lines, found.matching))
    else:
        out = console()
        for line in traces_text.lines(found.lines, found.matching, found.id_length):
            out.print(line, soft_wrap=True)
    if told(audit):
        raise typer.Exit(Exit.NOT_JUDGED)


def _moment(text: str | None, option: str) -> int | None:
    """UTC nanoseconds of a day or a time."""
    if text is None:
        return None
    from datetime import UTC, datetime

    form = "%Y-%m-%d" if len(text) == 10 else "%Y-%m-%dT%H:%M:%SZ"
    try:
        return int(datetime.strptime(text, form).replace(tzinfo=UTC).timestamp()) * 10**9
    except ValueError:
        raise UsageError(
            f"`{text[:40]}` is no time for {option}", hint="`2026-11-18` or `2026-11-18T14:00:00Z`"
        ) from None
