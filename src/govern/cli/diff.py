"""`govern diff`: what a change of a charter does, in calls."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from govern.cli.options import (
    AllowBad,
    AllowUndecidable,
    AsOf,
    DeploymentFile,
    EngineName,
    LogAgent,
    LogFormat,
    MemoryLimit,
    SessionFactsFile,
    bytes_of,
    parse_allowance,
    parse_size,
)
from govern.errors import EnvironmentFailed, Exit, UsageError

if TYPE_CHECKING:
    from govern.diff.result import Diff, OverLogs
    from govern.diff.revisions import Side


class DiffFormat(StrEnum):
    """How the report is shown."""

    TEXT = "text"
    JSON = "json"
    MARKDOWN = "markdown"
    HTML = "html"


class FailOn(StrEnum):
    """What makes the exit code 1."""

    WIDENED = "widened"
    NARROWED = "narrowed"
    ANY = "any"
    NEVER = "never"


def diff(
    old: Annotated[
        str, typer.Argument(metavar="OLD", help="A charter, a bundle, a folder of them, or REV:PATH of a git revision.")
    ],
    new: Annotated[str, typer.Argument(metavar="NEW", help="The same, as it is to be.")],
    logs: Annotated[
        list[str] | None,
        typer.Option(
            "--logs",
            metavar="LOGS",
            help="Replay past calls under both: a file, folder, glob or store. May be given several times.",
        ),
    ] = None,
    deployment: DeploymentFile = None,
    fail_on: Annotated[
        FailOn,
        typer.Option(
            "--fail-on",
            help="What makes the exit code 1. What is not shown to be narrower counts as widened, and so do tools and "
            "charters that were added.",
        ),
    ] = FailOn.NEVER,
    format: Annotated[DiffFormat, typer.Option("--format", help="How the report is shown.")] = DiffFormat.TEXT,
    output: Annotated[
        str | None, typer.Option("--output", "-o", metavar="FILE", help="Write the report there instead.")
    ] = None,
    log_format: LogFormat = None,
    agent: LogAgent = None,
    session_facts: SessionFactsFile = None,
    allow_bad: AllowBad = None,
    allow_undecidable: AllowUndecidable = None,
    as_of: AsOf = None,
    memory_limit: MemoryLimit = None,
    engine: Annotated[EngineName, typer.Option("--engine", help="One call at a time, or SQL.")] = EngineName.AUTO,
) -> None:
    """Say what a change of a charter lets through and what it holds back, each with a call that shows it.

    Every tool is unchanged, narrowed, widened, shifted (both), added or removed: proven over all calls where the
    extra `prove` is installed. `govern decide` under both charters gives the verdicts that are shown. What a charter
    says beside verdicts (who approves, limits, credentials, records) is compared key by key.

    REV:PATH is a file or a folder of a git revision: `main:charters/desk.yaml` from the repository's folder,
    `main:./desk.yaml` from here. What it is composed of is read from the same revision. Folders are compared charter
    by charter, each with that of the same agent.

    With --logs, every past call is judged by both: what moved, the first event of each kind, approvals a day before
    and after.

    \b
    Example:
      govern diff main:charters/code-review.yaml charters/code-review.yaml --logs logs/ --fail-on widened
      govern diff origin/main:charters charters --format markdown -o comment.md

    \b
    Exit codes:
      0  both were compared, and nothing of --fail-on was found
      1  something of --fail-on was found
      2  the command line is wrong, or there is no such git revision
      3  not everything was judged: a charter is missing or has errors, rows refused, calls undecidable or of an agent
         without a charter after the change, no calls at all
      4  git cannot be run, or the report cannot be written
    """
    from govern.charter.deployment import deployment_or_raise
    from govern.compile.validity import asked
    from govern.diff.compare import compare
    from govern.diff.result import CharterChange, Diff
    from govern.diff.revisions import pairs, sides
    from govern.report.console import working

    size = parse_size(memory_limit)
    bad, undecided = parse_allowance(allow_bad), parse_allowance(allow_undecidable, "--allow-undecidable")
    if not logs and (session_facts or allow_bad or allow_undecidable or memory_limit or log_format or agent):
        raise UsageError("an option for logs without --logs", hint="name the logs with --logs, or leave it out")
    deployed = deployment_or_raise(deployment) if deployment is not None else None
    moment = asked(as_of, "--as-of") if as_of is not None else None
    zone = deployed.time_zone if deployed is not None else None
    was, now = sides(old, new, deployed, now=moment)
    with working("comparing the charters"):
        changes = tuple(
            CharterChange(
                pair,
                compare(pair.old.charter, pair.new.charter, zone=zone)
                if pair.old is not None and pair.new is not None
                else None,
            )
            for pair in pairs(was, now)
        )
    replayed = None
    if logs:
        with working("replaying the logs"):
            replayed = _replayed(logs, was, now, zone, log_format, agent, session_facts, engine, size)
    found = Diff(was, now, changes, replayed)
    code = _code(found, fail_on)
    if replayed is not None:
        totals, comparison = replayed.summary.totals, replayed.comparison
        if (
            not comparison.calls
            or not bad.admits(totals.refused, totals.rows, replayed.summary.whole)
            or not undecided.admits(comparison.not_judged, comparison.calls)
        ):
            code = Exit.NOT_JUDGED
    _show(found, format, output, fail_on, code)
    if code:
        raise typer.Exit(code)


def _replayed(
    logs: list[str],
    old: Side,
    new: Side,
    zone: str | None,
    log_format: str | None,
    agent: str | None,
    session_facts: str | None,
    engine: EngineName,
    memory_limit: str | None,
) -> OverLogs:
    from govern.diff.result import OverLogs
    from govern.policy.given import session_facts as read_session_facts
    from govern.replay.compare import run
    from govern.replay.compare_report import report
    from govern.replay.groups import Policies
    from govern.replay.run import EngineChoice

    was, now = Policies(old.policies, zone), Policies(new.policies, zone)
    told = None
    if session_facts is not None:
        policies = (*was.by_agent.values(), *now.by_agent.values())
        told = read_session_facts(policies, bytes_of(session_facts), session_facts)
    done = run(
        logs,
        was,
        now,
        format=log_format,
        agent=agent,
        engine=EngineChoice(engine.value),
        session_facts=told,
        memory_limit=memory_limit,
    )
    return OverLogs(report(done.compared, was, now), done.summary)


def _code(found: Diff, fail_on: FailOn) -> Exit:
    match fail_on:
        case FailOn.WIDENED:
            wanted = found.widened
        case FailOn.NARROWED:
            wanted = found.narrowed
        case FailOn.ANY:
            wanted = found.changed
        case FailOn.NEVER:
            wanted = False
    return Exit.FOUND if wanted else Exit.OK


def _show(found: Diff, format: DiffFormat, output: str | None, fail_on: FailOn, code: Exit) -> None:
    match format:
        case DiffFormat.TEXT:
            from govern.report import diff_text
            from govern.report.console import console

            said = diff_text.text(found, width=console().width if output is None else 120) + "\n"
        case DiffFormat.JSON:
            from govern.report import diff_json
            from govern.report.console import json_text

            said = json_text(diff_json.document(found, fail_on=fail_on.value, code=code))
        case DiffFormat.MARKDOWN:
            from govern.report import diff_markdown

            said = diff_markdown.text(found)
        case DiffFormat.HTML:
            from govern.report import diff_html

            said = diff_html.page(found)
    if output is None:
        typer.echo(said, nl=False)
        return
    try:
        with open(output, "w", encoding="utf-8") as file:
            file.write(said)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise EnvironmentFailed(f"cannot be written: {reason}", where=output) from None
