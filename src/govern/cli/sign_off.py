"""`govern sign-off`: a reviewer's signature under the days of a shadow report."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from govern.cli.options import LogAgent, LogFormat, SessionFactsFile, bytes_of, store_named
from govern.errors import EvidenceError, UsageError

if TYPE_CHECKING:
    from datetime import date


def sign_off(
    report: Annotated[
        str, typer.Argument(metavar="REPORT", help="The report, as `govern shadow-report --format json` wrote it.")
    ],
    logs: Annotated[list[str], typer.Argument(metavar="LOGS…", help="The logs that it was made of.")],
    charter: Annotated[
        str, typer.Option("--charter", metavar="C", help="The charter or bundle that it was made with.")
    ],
    deployment: Annotated[
        str,
        typer.Option(
            "--deployment",
            metavar="FILE",
            help="The deployment file: who holds the reviewer's role, whose key is whose, the calendar.",
        ),
    ],
    key: Annotated[str, typer.Option("--key", metavar="KEY", help="Your private key (`govern key new`).")],
    audit: Annotated[
        str | None,
        typer.Option("--audit", metavar="DIR", envvar="GOVERN_AUDIT", help="The audit store that keeps the sign-off."),
    ] = None,
    day: Annotated[
        list[str] | None,
        typer.Option(
            "--day",
            metavar="DAY",
            help="Only this day, as 2026-11-17; repeatable. Without it, every business day of the report that is over "
            "and has calls enough.",
        ),
    ] = None,
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="What you have to say about it.")] = "",
    for_agent: Annotated[
        str | None,
        typer.Option("--of", metavar="AGENT", help="Whose days, where --charter is a folder of several charters."),
    ] = None,
    session_facts: SessionFactsFile = None,
    log_format: LogFormat = None,
    agent: LogAgent = None,
) -> None:
    """Sign off the days of a shadow report, as the reviewer that the charter names.

    The key says who you are: the deployment file names it under `keys`. You must hold the role `shadow: reviewer` of
    the charter and must not be its author: who signed its bundle, or else whoever holds the role `owner`. What you
    sign names the report, the policy, the deployment and each day's log by digest, and becomes an event of the audit
    store. The logs are read and judged again for that: the report must say of them what this charter says.

    A row that comes later voids the day it belongs to, as does one that is gone or changed. A charter that becomes
    wider restarts the count, a narrower one does not. `govern shadow-report --audit DIR` shows what still stands.

    \b
    Example:
      govern shadow-report logs/ --charter desk.yaml --deployment production.yaml --format json > monday.json
      govern sign-off monday.json logs/ --charter desk.yaml --deployment production.yaml --key mara.key --audit audit

    \b
    Exit codes:
      0  every day is signed off
      2  the command line is wrong, the key is nobody's, or you may not sign; nothing is signed
      3  the report is of another charter or of other logs, or has no day to sign off; nothing is signed
      4  the key cannot be read, or the store cannot be written
    """
    import time
    from datetime import date, timedelta
    from pathlib import Path

    from govern.audit.store import write
    from govern.charter.deployment import deployment_or_raise
    from govern.compile.sign_off import event_of, keys_of
    from govern.ingest import Summary
    from govern.ingest.reader import read
    from govern.policy.given import session_facts as read_session_facts
    from govern.replay.calendar import Calendar
    from govern.replay.day_logs import day_logs
    from govern.replay.groups import Policies
    from govern.replay.run import run
    from govern.replay.shadow import report as shadow
    from govern.report import shadow_json, sign_off_text
    from govern.report.console import working
    from govern.review.charters import charters, keep
    from govern.review.reported import differing, reported
    from govern.review.signing import agrees, days_of, signer, statements
    from govern.signing.key_files import read_private

    audit = store_named(audit)
    now = time.time_ns()
    deployed = deployment_or_raise(deployment)
    private = read_private(key)
    found = charters(charter, deployed)
    kept = found.get(for_agent or next(iter(found)))
    if kept is None or (for_agent is None and len(found) > 1):
        raise UsageError("whose days?", where=charter, hint=f"--of one of: {', '.join(sorted(found))}")
    person = signer(private.public, kept, deployed, keys_of(deployed.keys), deployment)
    read_report = reported(bytes_of(report), report)
    agrees(read_report, kept, deployed.time_zone, report)
    policies = Policies({name: each.policy for name, each in found.items()}, deployed.time_zone)
    today = date(1970, 1, 1) + timedelta(days=(policies.hour(now) or 0) // 24)
    calendar = Calendar(deployed.business_days, deployed.holidays)
    least = kept.charter.shadow.least_calls if kept.charter.shadow is not None else 0
    days = days_of(read_report, kept.policy.agent, [_day(text) for text in day or ()], calendar, least, today, report)
    summary = Summary()
    with working("reading the logs"):
        logged = day_logs(summary.events(read(logs, format=log_format, agent=agent)), policies, days)
    if not summary.totals.events:
        raise EvidenceError("nothing could be read in these logs", where=", ".join(logs[:3]))
    made = statements(
        read_report,
        kept,
        deployed,
        days,
        logged[kept.policy.agent],
        person=person,
        at_ns=now,
        reason=reason,
        where=report,
    )
    told = None
    if session_facts is not None:
        told = read_session_facts(policies.by_agent.values(), bytes_of(session_facts), session_facts)
    with working("judging them again"):
        done = run(logs, policies, format=log_format, agent=agent, session_facts=told)
        again = shadow_json.document(shadow(done.replayed, policies, calendar=calendar), done.summary)
    if (part := differing(read_report.said, again)) is not None:
        raise EvidenceError(
            f"the report's `{part}` is not what these logs and this charter give",
            where=report,
            hint="make the report again, of these logs; with --session-facts if it was made with them",
        )
    keep(Path(audit), kept.bundle)
    write([event_of(each, private) for each in made], audit)
    typer.echo(sign_off_text.text(made, private.public.keyid, audit, refused=summary.refused))


def _day(text: str) -> date:
    from datetime import date

    try:
        return date.fromisoformat(text)
    except ValueError:
        raise UsageError(f"`{text[:40]}` is no day", where="--day", hint="as 2026-11-17") from None
