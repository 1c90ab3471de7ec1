"""`govern shadow-report`: logs against a charter, before it is enforced."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from govern.cli.options import (
    AllowBad,
    AllowUndecidable,
    AsOf,
    DeploymentFile,
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
    from collections.abc import Iterable

    from govern.charter.deployment import Deployment
    from govern.events.model import Event
    from govern.ingest import Summary
    from govern.replay.calendar import Calendar
    from govern.replay.groups import Policies
    from govern.replay.means import Partial
    from govern.replay.shadow_model import ShadowReport
    from govern.review.signed_days import SignedDays


class ShadowFormat(StrEnum):
    """How the report is shown."""

    TEXT = "text"
    JSON = "json"
    HTML = "html"
    MD = "md"


class ReplayEngine(StrEnum):
    """Which engine replays; all give the same report."""

    AUTO = "auto"
    CALLS = "calls"
    SQL = "sql"
    SPARK = "spark"


class FailOn(StrEnum):
    """What makes the exit code 1."""

    UNMAPPED = "unmapped"
    DENY = "deny"
    APPROVAL = "approval"
    NOTHING = "nothing"


def shadow_report(
    logs: Annotated[
        list[str],
        typer.Argument(
            metavar="LOGS…", help="Files, folders, globs, archives, stores, or -; '!PATTERN' leaves files out."
        ),
    ],
    charter: Annotated[
        str,
        typer.Option(
            "--charter",
            metavar="C",
            help="A charter, a bundle, or a folder of them: each agent is judged by its own. Or `as-recorded`: each "
            "call is judged by the policy whose digest it carries, of --bundles.",
        ),
    ],
    bundles: Annotated[
        str | None,
        typer.Option("--bundles", metavar="DIR", help="With `as-recorded`: the bundles that were in force."),
    ] = None,
    deployment: DeploymentFile = None,
    log_format: LogFormat = None,
    agent: LogAgent = None,
    format: Annotated[ShadowFormat, typer.Option("--format", help="How the report is shown.")] = ShadowFormat.TEXT,
    output: Annotated[
        str | None, typer.Option("--output", "-o", metavar="FILE", help="Write the report there instead.")
    ] = None,
    show_values: Annotated[
        bool,
        typer.Option(
            "--show-values",
            help="Show values of unmapped actions, not their shapes alone. What a charter calls sensitive or secret "
            "stays masked.",
        ),
    ] = False,
    fail_on: Annotated[FailOn, typer.Option("--fail-on", help="What makes the exit code 1.")] = FailOn.UNMAPPED,
    audit: Annotated[
        str | None,
        typer.Option(
            "--audit",
            metavar="DIR",
            help="The audit store with the sign-offs (`govern sign-off`): shows which business days still are signed "
            "off. Needs --deployment.",
        ),
    ] = None,
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
    engine: Annotated[
        ReplayEngine, typer.Option("--engine", help="One call at a time, SQL, or SQL on Spark (extra `spark`).")
    ] = ReplayEngine.AUTO,
    spark_master: Annotated[
        str | None,
        typer.Option("--spark-master", metavar="URL", help="Where Spark runs; this machine where it is not said."),
    ] = None,
) -> None:
    """Say what a charter would have said to past calls, and name what nobody mapped.

    Reads logs directly, or a store that `govern import` wrote. Every call of an agent is counted once: allow,
    approval, deny, undecidable (the log lacks what decides), or without a charter for its agent.

    Facts from results, limits, counts and what was read are worked out of the log, as recorded. What a host alone
    knows (facts `from: session`) is joined with --session-facts, as in {"session-7": {"customer": {"id": "c1"}}}.

    \b
    Example:
      govern shadow-report samples/code-review/log.jsonl --charter samples/code-review/charter.yaml
      govern shadow-report logs/ --charter charters/agentdojo --format html -o report.html
      govern shadow-report store/ --charter as-recorded --bundles bundles/ --verdicts verdicts.parquet

    \b
    Exit codes:
      0  everything was judged, and nothing of --fail-on was found
      1  something of --fail-on was found
      2  the command line is wrong
      3  not everything was judged: rows refused, calls undecidable or without a charter (or without a known
         digest), no calls at all, stopped before the end, or the charter has errors
      4  a file cannot be written
    """
    from govern.charter.deployment import deployment_or_raise
    from govern.policy.given import session_facts as read_session_facts
    from govern.replay.run import EngineChoice, run
    from govern.replay.shadow import report
    from govern.replay.stopping import Stopping
    from govern.report.reading import reading

    if spark_master is not None and engine is not ReplayEngine.SPARK:
        raise UsageError("--spark-master goes with `--engine spark`")
    size = parse_size(memory_limit)
    bad, undecided = parse_allowance(allow_bad), parse_allowance(allow_undecidable, "--allow-undecidable")
    deployed = deployment_or_raise(deployment) if deployment is not None else None
    judges = _judges(charter, bundles, deployed, as_of)
    if audit is not None:
        _countable(deployed, bundles, logs)
    told = None
    if session_facts is not None:
        told = read_session_facts(judges.by_agent.values(), bytes_of(session_facts), session_facts)
    with reading("replaying") as bar, Stopping() as stopping:
        done = run(
            logs,
            judges,
            format=log_format,
            agent=agent,
            engine=EngineChoice(engine.value),
            session_facts=told,
            verdicts=verdicts,
            sidecar=sidecar,
            memory_limit=size,
            stopping=stopping,
            progress=bar.judged,
            watch=bar.read,
            spark_master=spark_master,
        )
        signed = None
        if audit is not None and deployed is not None:
            signed = _signed(audit, charter, deployed, judges, logs, log_format, agent)
        days = signed.days if signed is not None else None
        shadow = report(done.replayed, judges, calendar=_calendar(deployed), days=days, values=show_values)
    doubts = [f"a sign-off cannot be read: {why}" for why in signed.unreadable] if signed is not None else []
    _show(shadow, done.summary, done.partial, doubts, format, output, charter)
    totals = done.summary.totals
    found = {
        FailOn.UNMAPPED: len(shadow.unmapped),
        FailOn.DENY: shadow.verdicts.deny,
        FailOn.APPROVAL: shadow.verdicts.deny + shadow.verdicts.approval,
        FailOn.NOTHING: 0,
    }[fail_on]
    if (
        not shadow.calls
        or done.partial is not None
        or not bad.admits(totals.refused, totals.rows, done.summary.whole)
        or not undecided.admits(shadow.not_judged, shadow.calls)
    ):
        raise typer.Exit(Exit.NOT_JUDGED)
    if found:
        raise typer.Exit(Exit.FOUND)


def _judges(charter: str, bundles: str | None, deployed: Deployment | None, as_of: str | None) -> Policies:
    """The policies that judge."""
    from govern.compile.recorded import AS_RECORDED, recorded
    from govern.compile.sources import policies
    from govern.compile.validity import asked
    from govern.replay.groups import Policies, Recorded

    zone = deployed.time_zone if deployed else None
    if charter == AS_RECORDED:
        if bundles is None:
            raise UsageError("`--charter as-recorded` needs the policies that calls name", hint="--bundles DIR")
        if as_of is not None:
            raise UsageError("--as-of chooses a bundle, and `as-recorded` has each call choose its own")
        return Recorded(recorded(bundles), zone)
    if bundles is not None:
        raise UsageError("--bundles goes with `--charter as-recorded`")
    moment = asked(as_of, "--as-of") if as_of is not None else None
    return Policies(policies(charter, deployed, now=moment), zone)


def _countable(deployed: Deployment | None, bundles: str | None, logs: list[str]) -> None:
    """Whether sign-offs can be counted; an error where not, before anything is read."""
    if deployed is None:
        raise UsageError("--audit needs the deployment: who may sign, with which key", hint="--deployment FILE")
    if bundles is not None:
        raise UsageError("--audit counts the days of a charter, and `as-recorded` names none")
    if "-" in logs:
        raise UsageError("--audit reads the logs once more, and standard input can be read once")


def _signed(
    audit: str,
    charter: str,
    deployed: Deployment,
    judges: Policies,
    logs: list[str],
    log_format: str | None,
    agent: str | None,
) -> SignedDays:
    """What the store says of shadow days."""
    from govern.ingest import Summary, read
    from govern.review.charters import charters
    from govern.review.signed_days import signed_days

    def again() -> Iterable[Event]:
        return Summary().events(read(logs, format=log_format, agent=agent))

    return signed_days(Path(audit), charters(charter, deployed), deployed, judges, again)


def _calendar(deployed: Deployment | None) -> Calendar | None:
    from govern.replay.calendar import Calendar

    return None if deployed is None else Calendar(deployed.business_days, deployed.holidays)


def _show(
    shadow: ShadowReport,
    summary: Summary,
    partial: Partial | None,
    doubts: list[str],
    format: ShadowFormat,
    output: str | None,
    charter: str,
) -> None:
    from govern.report import shadow_text
    from govern.report.console import console, emit_json, json_text

    doubts = [*([shadow_text.stopped(partial)] if partial is not None else []), *doubts]
    match format:
        case ShadowFormat.JSON:
            from govern.report import shadow_json

            document = shadow_json.document(shadow, summary, partial, doubts)
            if output is None:
                emit_json(document)
                return
            said = json_text(document)
        case ShadowFormat.TEXT:
            width = console().width if output is None else 120
            said = shadow_text.text(shadow, summary, charter=charter, width=width, doubts=doubts) + "\n"
        case ShadowFormat.HTML:
            from govern.report import shadow_html

            said = shadow_html.page(shadow, summary, charter=charter, doubts=doubts)
        case ShadowFormat.MD:
            from govern.report import shadow_markdown

            said = shadow_markdown.markdown(shadow, summary, charter=charter, doubts=doubts)
    if output is None:
        typer.echo(said, nl=False)
        return
    try:
        with open(output, "w", encoding="utf-8") as file:
            file.write(said)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        reason = (getattr(error, "strerror", None) or str(error)).lower()
        raise EnvironmentFailed(f"cannot be written: {reason}", where=output) from None
    typer.echo(f"written to {output}", err=True)
