"""Business days in shadow: which are covered by calls, which of them are signed off, and which do not count, and why.

Days are those of the deployment's wall clock. A pure function of counts: leaves out reading logs (`replay`), whether a
signature is good and its signer may sign (`Signed.refused` says), and where sign-offs are kept.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Final

WEEKDAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
LONGEST: Final = 3_700
"""Days between the first and the last call over which days without calls are listed; a log with one call in 1970 and
the rest today has others, of which only those with calls are."""


@dataclass(frozen=True, slots=True)
class Calendar:
    """Which days count.

    Args:
        business_days: weekdays in lower case, as a deployment writes them.
        holidays: days that do not count.
    """

    business_days: tuple[str, ...] = WEEKDAYS[:5]
    holidays: tuple[date, ...] = ()

    def why_not(self, day: date) -> str:
        """Why a day is no business day, in words; empty where it is one."""
        weekday = WEEKDAYS[day.weekday()]
        if weekday not in self.business_days:
            return f"{weekday.capitalize()} is no business day"
        return "a holiday" if day in self.holidays else ""


@dataclass(frozen=True, slots=True)
class Needed:
    """What a charter's `shadow` asks for.

    Args:
        business_days: so many, each signed off.
        reviewer: the role that signs.
        least_calls: a day with fewer calls does not count.
    """

    business_days: int
    reviewer: str
    least_calls: int = 0


@dataclass(frozen=True, slots=True)
class Signed:
    """One sign-off of one day, as it was found.

    Args:
        at_ns: when it was signed, UTC nanoseconds since 1970.
        person, role: who signed.
        charter: the digest of the charter, with all that it is composed of, that the report was made with.
        log: the digest of the day's log as it was then.
        calls: the calls of that day as they were then.
        refused: why it never counted (a signature that is not good, a signer who may not sign); empty if it did.
        reference: its event id.
    """

    day: date
    at_ns: int
    person: str
    role: str
    charter: str
    log: str
    calls: int
    refused: str = ""
    reference: str = ""


class State(StrEnum):
    """What a day is worth."""

    SIGNED = "signed_off"
    OPEN = "not_signed_off"
    VOID = "void"
    TOO_FEW = "too_few_calls"
    NO_CALLS = "no_calls"
    NOT_BUSINESS = "no_business_day"


COVERED: Final = (State.SIGNED, State.OPEN, State.VOID)


@dataclass(frozen=True, slots=True)
class Day:
    """One day.

    Args:
        by: the sign-off that stands; None where none does.
        why: in words, why it is not signed off or does not count; empty where it is.
        void: those that were signed and do not count, each with the reason.
    """

    day: date
    calls: int
    state: State
    by: Signed | None = None
    why: str = ""
    void: tuple[tuple[Signed, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Coverage:
    """The shadow days of one agent.

    Args:
        needed: None where its charter asks for none.
        days: in order, from the first day with calls or a sign-off to the last.
        timeless: calls without a time, which belong to no day.
    """

    agent: str
    needed: Needed | None
    days: tuple[Day, ...]
    timeless: int = 0

    def of(self, *states: State) -> tuple[date, ...]:
        """The days in one of these states."""
        return tuple(each.day for each in self.days if each.state in states)

    @property
    def covered(self) -> tuple[date, ...]:
        """Business days with enough calls, signed off or not."""
        return self.of(*COVERED)

    @property
    def signed(self) -> tuple[date, ...]:
        return self.of(State.SIGNED)

    @property
    def to_sign(self) -> tuple[date, ...]:
        """Covered days without a sign-off that stands."""
        return self.of(State.OPEN, State.VOID)

    @property
    def lacking(self) -> int:
        """How many more signed days are needed; 0 where the charter asks for none."""
        return max(self.needed.business_days - len(self.signed), 0) if self.needed is not None else 0

    @property
    def complete(self) -> bool:
        """Whether the charter's shadow days are done; never where it asks for none."""
        return self.needed is not None and self.lacking == 0


def coverage(
    agent: str,
    calls: Mapping[date, int],
    calendar: Calendar,
    needed: Needed | None,
    *,
    signed: Sequence[Signed] = (),
    logs: Mapping[date, str] | None = None,
    restarts: Mapping[str, str] | None = None,
    timeless: int = 0,
) -> Coverage:
    """Which days are covered and signed off.

    Args:
        calls: calls of the agent by local day.
        signed: every sign-off found for the agent, in any order.
        logs: the digest of each day's log as it is now; a sign-off over another is void. A day that is not there
            has no log, so that nothing signed for it stands.
        restarts: of digests of charters under which days were signed, those that do not count any longer, each with
            the reason in words ("the charter was widened since: …").
        timeless: calls without a time.
    """
    now, wider = logs or {}, restarts or {}
    of: dict[date, list[Signed]] = {}
    for each in sorted(signed, key=lambda one: (one.at_ns, one.reference)):
        of.setdefault(each.day, []).append(each)
    days = []
    for day in _span(calls, of):
        judged = [(each, _void(each, calls.get(day, 0), now, wider)) for each in of.get(day, ())]
        days.append(_day(day, calls.get(day, 0), calendar, needed, judged))
    return Coverage(agent, needed, tuple(days), timeless)


def _span(calls: Mapping[date, int], signed: Mapping[date, object]) -> list[date]:
    """Every day from the first to the last that something is known of."""
    known = sorted({day for day, count in calls.items() if count} | set(signed))
    if not known or (known[-1] - known[0]).days > LONGEST:
        return known
    return [known[0] + timedelta(days=number) for number in range((known[-1] - known[0]).days + 1)]


def _void(each: Signed, calls: int, logs: Mapping[date, str], restarts: Mapping[str, str]) -> str:
    """Why a sign-off does not count; empty where it does."""
    if each.refused:
        return each.refused
    if each.charter in restarts:
        return restarts[each.charter]
    log = logs.get(each.day)
    if log == each.log:
        return ""
    if log is None:
        return "the log of that day is not here"
    more = calls - each.calls
    if more > 0:
        return f"{more:,} call{'s' if more > 1 else ''} of that day came after it was signed"
    if more < 0:
        return f"{-more:,} call{'s' if more < -1 else ''} that it was signed over are not in the log"
    return "the log of that day changed after it was signed"


def _day(day: date, calls: int, calendar: Calendar, needed: Needed | None, judged: list[tuple[Signed, str]]) -> Day:
    void = tuple((each, why) for each, why in judged if why)
    if why := calendar.why_not(day):
        return Day(day, calls, State.NOT_BUSINESS, why=why, void=void)
    if not calls:
        return Day(day, 0, State.NO_CALLS, why="no calls", void=void)
    least = needed.least_calls if needed is not None else 0
    if calls < least:
        return Day(day, calls, State.TOO_FEW, why=f"{calls:,} of at least {least:,} calls", void=void)
    standing = [each for each, why in judged if not why]
    if standing:
        return Day(day, calls, State.SIGNED, standing[-1], void=void)
    if void:
        return Day(day, calls, State.VOID, why=void[-1][1], void=void)
    return Day(day, calls, State.OPEN, why="not signed off")
