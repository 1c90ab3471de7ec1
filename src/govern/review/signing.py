"""Signing off days: what must agree before anybody may sign, and the statements that are then signed.

Pure: takes values and gives statements. Leaves out files, keys on disk and the audit store (`cli.sign_off`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from govern.charter.deployment import Deployment
from govern.compile.sign_off import Statement, whose
from govern.errors import AuthorError, EvidenceError, UsageError
from govern.replay.calendar import Calendar
from govern.replay.day_logs import DayLog
from govern.review.charters import Kept
from govern.review.people import authors, refusal
from govern.review.reported import Reported
from govern.signing.keys import PublicKey


def signer(
    key: PublicKey, kept: Kept, deployed: Deployment, people: Mapping[str, Sequence[PublicKey]], where: str
) -> str:
    """Who signs, by the key.

    Args:
        people: keys by identity, of the deployment.
        where: the deployment file, for messages.

    Raises:
        UsageError: the key is nobody's, or the person may not sign.
        AuthorError: the charter asks for no shadow days.
    """
    if kept.charter.shadow is None:
        message = f"`{kept.charter.agent}` has no `shadow`: it asks for no days, and names nobody who signs them off"
        raise AuthorError(
            message, where=kept.charter.source.file, hint="add `shadow: {business_days: 5, reviewer: ROLE}`"
        )
    person = whose(key, people)
    if person is None:
        hint = "name it under `keys`: the line between BEGIN and END of the public key"
        raise UsageError(f"the key `{key.keyid}` belongs to nobody", where=where, hint=hint)
    wrote = authors(kept.charter, deployed, kept.bundle.envelope, people)
    if why := refusal(person, kept.charter, deployed, wrote):
        hint = "a bundle that its author signed (`govern compile --sign`) says who that is"
        raise UsageError(why, where=where, hint=hint if person in wrote.people and not wrote.signed else "")
    return person


def agrees(report: Reported, kept: Kept, zone: str, where: str) -> None:
    """Refuses a report that was made with another policy, or by another clock.

    Raises:
        EvidenceError: it was.
    """
    agent = kept.policy.agent
    again = "run `govern shadow-report` again with this charter and deployment"
    if report.policies.get(agent, frozenset()) != frozenset((kept.policy.digest,)):
        raise EvidenceError(f"the report was made with another policy of `{agent}`", where=where, hint=again)
    if report.zone != zone:
        message = f"the report's days are those of {report.zone}, the deployment's of {zone}"
        raise EvidenceError(message, where=where, hint=again)


def days_of(
    report: Reported, agent: str, asked: Sequence[date], calendar: Calendar, least: int, today: date, where: str
) -> tuple[date, ...]:
    """The days to sign off.

    Args:
        asked: those that were named; none for every day of the report that counts and is over.
        least: calls that a day needs.
        today: on the deployment's wall clock.

    Raises:
        UsageError: a day that was named cannot be signed off.
        EvidenceError: there is none to sign off.
    """
    known = report.days.get(agent, {})
    reasons = {day: _not(day, calls, calendar, least, today) for day, calls in known.items()}
    for day in asked:
        why = reasons.get(day, "the report has nothing of that day")
        if why:
            raise UsageError(f"{day.isoformat()} cannot be signed off: {why}", where="--day")
    days = tuple(sorted(set(asked) or {day for day, why in reasons.items() if not why}))
    if not days:
        said = "; ".join(f"{day.isoformat()}: {why}" for day, why in sorted(reasons.items())[:7])
        raise EvidenceError(f"no day to sign off{': ' + said if said else ''}", where=where)
    return days


def _not(day: date, calls: int, calendar: Calendar, least: int, today: date) -> str:
    if why := calendar.why_not(day):
        return why
    if not calls or calls < least:
        return f"{calls:,} calls, at least {max(least, 1):,} are needed"
    return f"the day is not over in the deployment's time zone before {day + timedelta(1)}" if day >= today else ""


def statements(
    report: Reported, kept: Kept, deployed: Deployment, days: Sequence[date], logs: Mapping[date, DayLog], *,
    person: str, at_ns: int, reason: str, where: str,
) -> tuple[Statement, ...]:  # fmt: skip
    """What is signed, a statement a day.

    Args:
        logs: of each day, read again from what the report was made of.
        person: as `signer` gives it.
        at_ns: now, UTC nanoseconds since 1970.
        where: the report, for messages.

    Raises:
        EvidenceError: a day's log has other calls than the report says.
    """
    policy, shadow = kept.policy, kept.charter.shadow
    if shadow is None:  # `signer` refused it
        raise AuthorError(f"`{policy.agent}` has no `shadow`", where=kept.charter.source.file)
    made = []
    for day in days:
        log, said = logs.get(day, DayLog()), report.days[policy.agent][day]
        if log.calls != said:
            message = f"the report has {said:,} calls on {day.isoformat()}, these logs have {log.calls:,}"
            hint = "name the logs that the report was made of, or run `govern shadow-report` again"
            raise EvidenceError(message, where=where, hint=hint)
        made.append(
            Statement(
                policy.agent, policy.version, policy.digest, kept.bundle.digest, deployed.digest, report.digest, day,
                log.digest, log.calls, report.unmapped.get(policy.agent, 0), report.not_judged, person,
                shadow.reviewer.name, at_ns, reason,
            )
        )  # fmt: skip
    return tuple(made)
