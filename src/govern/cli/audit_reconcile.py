"""`govern audit reconcile`: what a second source saw, beside what the store says."""

from __future__ import annotations

from typing import Annotated

import typer

from govern.cli.options import AllowBad, Format, LogAgent, LogFormat, ReportFormat, parse_allowance, store_named
from govern.errors import Exit, UsageError


def reconcile(
    with_: Annotated[
        list[str] | None,
        typer.Option("--with", metavar="LOG", help="The second source: a file, a folder, a glob; repeatable."),
    ] = None,
    audit: Annotated[
        str | None, typer.Option("--audit", metavar="DIR", envvar="GOVERN_AUDIT", help="The audit store.")
    ] = None,
    window: Annotated[
        str, typer.Option("--window", metavar="DURATION", help="How far two times of one execution may lie apart.")
    ] = "10s",
    from_: Annotated[
        str | None,
        typer.Option(
            "--from", metavar="TIME", help="Compare from here on, as 2026-11-23T14:00:00Z; else where both are."
        ),
    ] = None,
    to: Annotated[str | None, typer.Option("--to", metavar="TIME", help="Compare up to here.")] = None,
    same_tool: Annotated[
        list[str] | None,
        typer.Option(
            "--same-tool", metavar="THEIRS=OURS", help="The second source calls a tool otherwise; repeatable."
        ),
    ] = None,
    log_format: LogFormat = None,
    agent: LogAgent = None,
    allow_bad: AllowBad = None,
    format: Format = ReportFormat.TEXT,
) -> None:
    """Compare the store with a second source: what a writer never wrote can be found no other way.

    The second source is a log of who executed: an MCP server's messages, CloudTrail, OTLP, a server's own events, any
    format that `govern import` reads. Executions of tools are paired by call id where both agree, else by tool,
    arguments and nearness in time, each at most once. Found are: `never-written` (in the second source alone),
    `only-in-store`, `arguments-differ`, `outcome-differs`. Compared is the time that both sources cover, or what
    --from and --to say: what lies outside is counted. Tools that the second source never names are not judged.

    \b
    Example:
      govern audit reconcile --audit audit --with server.jsonl
      govern audit reconcile --audit audit --with trail/ --same-tool s3/DeleteObject=delete_file --window 2m

    \b
    Exit codes:
      0  everything that the second source executed stands in the store, and the other way round
      1  something differs
      2  the command line is wrong
      3  not all could be judged: the second source is empty, unreadable beyond --allow-bad, or has executions where the
         store has no events (a cut store looks like that; --from and --to say that they are to be judged or left out)
    """
    from govern.conditions.times import duration_ns, timestamp_ns
    from govern.evidence.reconcile import Span
    from govern.evidence.sources import compare, of_logs, of_store
    from govern.report import reconcile_json, reconcile_text
    from govern.report.console import emit_json
    from govern.report.reading import reading

    audit = store_named(audit)
    if not with_:
        raise UsageError("no second source is named", hint="give --with LOG")
    allowance = parse_allowance(allow_bad)
    window_ns = duration_ns(window)
    if window_ns is None or window_ns < 0:
        raise UsageError(f"`{window[:40]}` is no duration", where="--window", hint="as in `10s`, `2m`, `1h`")
    ends: list[int | None] = []
    for option, given in (("--from", from_), ("--to", to)):
        at = None if given is None else timestamp_ns(given)
        if given is not None and at is None:
            raise UsageError(f"`{given[:80]}` is no time", where=option, hint="as in `2026-11-23T14:00:00Z`")
        ends.append(at)
    if None not in ends and ends[0] > ends[1]:  # type: ignore[operator]
        raise UsageError("it begins after it ends", where="--from")
    pairs = [pair.partition("=") for pair in same_tool or ()]
    for theirs, _, ours in pairs:
        if not theirs or not ours:
            raise UsageError(
                f"`{theirs[:80]}` is no pair of tools", where="--same-tool", hint="as in `s3/Get=read_file`"
            )
    store = of_store(audit)
    with reading("reading the second source") as bar:
        second, summary = of_logs(
            with_, format=log_format, agent=agent, same={theirs: ours for theirs, _, ours in pairs}, watch=bar.read
        )
    span = Span(*ends) if from_ is not None or to is not None else None
    done = compare(store, second, summary, window_ns=window_ns, span=span)
    if format is ReportFormat.JSON:
        emit_json(reconcile_json.document(done))
    else:
        typer.echo(reconcile_text.text(done))
    totals = summary.totals
    refused = not allowance.admits(totals.refused, totals.rows, summary.whole)
    if refused or done.unjudged or not done.result.compared:
        raise typer.Exit(Exit.NOT_JUDGED)
    if done.result.findings:
        raise typer.Exit(Exit.FOUND)
