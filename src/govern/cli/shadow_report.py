"""`govern shadow-report`: logs against a charter, before it is enforced."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from govern.cli.options import (
    AllowBad,
    AllowUndecidable,
    AsOf,
    DeploymentFile,
    EngineName,
    Format,
    LogAgent,
    LogFormat,
    MemoryLimit,
    ReportFormat,
    SessionFactsFile,
    bytes_of,
    parse_allowance,
    parse_size,
)
from govern.errors import Exit


class FailOn(StrEnum):
    """What makes the exit code 1."""

    UNMAPPED = "unmapped"
    DENY = "deny"
    APPROVAL = "approval"
    NOTHING = "nothing"


def shadow_report(
    logs: Annotated[
        list[str], typer.Argument(metavar="LOGS…", help="Files, folders, globs, stores, or - for standard input.")
    ],
    charter: Annotated[
        str,
        typer.Option(
            "--charter", metavar="C", help="A charter, a bundle, or a folder of them: each agent is judged by its own."
        ),
    ],
    deployment: DeploymentFile = None,
    log_format: LogFormat = None,
    agent: LogAgent = None,
    format: Format = ReportFormat.TEXT,
    fail_on: Annotated[FailOn, typer.Option("--fail-on", help="What makes the exit code 1.")] = FailOn.UNMAPPED,
    allow_bad: AllowBad = None,
    allow_undecidable: AllowUndecidable = None,
    session_facts: SessionFactsFile = None,
    as_of: AsOf = None,
    verdicts: Annotated[
        Path | None,
        typer.Option("--verdicts", metavar="FILE", help="Write the verdict on every call to a Parquet file."),
    ] = None,
    sidecar: Annotated[
        Path | None,
        typer.Option(
            "--sidecar",
            metavar="DIR",
            help="Keep the arguments of large stores there in typed columns, made once and read by every later replay. "
            "Derived: it may be deleted at any time.",
        ),
    ] = None,
    memory_limit: MemoryLimit = None,
    engine: Annotated[EngineName, typer.Option("--engine", help="One call at a time, or SQL.")] = EngineName.AUTO,
) -> None:
    """Say what a charter would have said to past calls, and name what nobody mapped.

    Reads logs directly, or a store that `govern import` wrote. Every call of an agent is counted once: allow,
    approval, deny, undecidable (the log lacks what decides), or without a charter for its agent.

    Facts from results, limits, counts and what was read are worked out of the log, as recorded. What a host alone
    knows (facts `from: session`) is joined with --session-facts, as in {"session-7": {"customer": {"id": "c1"}}}.

    \b
    Example:
      govern shadow-report samples/code-review/log.jsonl --charter samples/code-review/charter.yaml
      govern shadow-report logs/ --charter charters/agentdojo --format json --verdicts verdicts.parquet

    \b
    Exit codes:
      0  everything was judged, and nothing of --fail-on was found
      1  something of --fail-on was found
      2  the command line is wrong
      3  not everything was judged: rows refused, calls undecidable or without a charter, no calls at all,
         or the charter has errors
    """
    from govern.charter.deployment import deployment_or_raise
    from govern.compile.sources import policies
    from govern.compile.validity import asked
    from govern.policy.given import session_facts as read_session_facts
    from govern.replay.groups import Policies
    from govern.replay.run import EngineChoice, run
    from govern.replay.shadow import report
    from govern.report import shadow_json, shadow_text
    from govern.report.console import console, emit_json, working

    size = parse_size(memory_limit)
    bad, undecided = parse_allowance(allow_bad), parse_allowance(allow_undecidable, "--allow-undecidable")
    deployed = deployment_or_raise(deployment) if deployment is not None else None
    moment = asked(as_of, "--as-of") if as_of is not None else None
    judges = Policies(policies(charter, deployed, now=moment), deployed.time_zone if deployed else None)
    told = None
    if session_facts is not None:
        told = read_session_facts(judges.by_agent.values(), bytes_of(session_facts), session_facts)
    with working("replaying the logs"):
        choice = EngineChoice(engine.value)
        done = run(
            logs,
            judges,
            format=log_format,
            agent=agent,
            engine=choice,
            session_facts=told,
            verdicts=verdicts,
            sidecar=sidecar,
            memory_limit=size,
        )
        shadow = report(done.replayed, judges)
    if format is ReportFormat.JSON:
        emit_json(shadow_json.document(shadow, done.summary))
    else:
        typer.echo(shadow_text.text(shadow, done.summary, charter=charter, width=console().width))
    totals = done.summary.totals
    found = {
        FailOn.UNMAPPED: len(shadow.unmapped),
        FailOn.DENY: shadow.verdicts.deny,
        FailOn.APPROVAL: shadow.verdicts.deny + shadow.verdicts.approval,
        FailOn.NOTHING: 0,
    }[fail_on]
    if (
        not shadow.calls
        or not bad.admits(totals.refused, totals.rows, done.summary.whole)
        or not undecided.admits(shadow.not_judged, shadow.calls)
    ):
        raise typer.Exit(Exit.NOT_JUDGED)
    if found:
        raise typer.Exit(Exit.FOUND)
