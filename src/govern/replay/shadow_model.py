"""The shadow report as a value: what a charter would have said to a log, and what nobody mapped.

Every call of an agent stands in exactly one of: allow, approval, deny, undecidable, without a charter. Times are UTC
nanoseconds since 1970; days and hours are those of the deployment's wall clock, UTC without one. Leaves out how it is
made (`shadow`) and words for people (`report`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from govern.policy.model import Effect, Tier
from govern.replay.calendar import Coverage
from govern.replay.details import Around, Shapes

LABELS = ("allow", "approval", "deny", "undecidable")


@dataclass(slots=True)
class Counts:
    """Calls by verdict."""

    allow: int = 0
    approval: int = 0
    deny: int = 0
    undecidable: int = 0

    def add(self, label: str, calls: int) -> None:
        setattr(self, label, getattr(self, label) + calls)

    @property
    def calls(self) -> int:
        return self.allow + self.approval + self.deny + self.undecidable


@dataclass(frozen=True, slots=True)
class Unmapped:
    """An action that no charter line is about: what a human must decide first.

    Args:
        errors: results that the tool itself called errors.
        shapes, around: of the calls that were looked at; values are left out unless they were asked for.
        rank: why it stands where it stands, in words: the first of what it was ranked by.
        new: whether it appeared in the last seven days of the log.
    """

    tool: str
    agent: str | None
    calls: int
    runs: int
    first_seen: int | None
    last_seen: int | None
    sample_traces: tuple[str, ...]
    suggested_tier: Tier
    why: str
    errors: int = 0
    shapes: Shapes = field(default_factory=Shapes)
    around: Around = field(default_factory=Around)
    rank: str = ""
    new: bool = False


@dataclass(frozen=True, slots=True)
class ToolRow:
    """One tool of one agent; `errors` are results that the tool itself called errors."""

    tool: str
    agent: str | None
    mapped: bool
    tier: Tier | None
    counts: Counts
    runs: int
    errors: int


@dataclass(frozen=True, slots=True)
class Sample:
    """One call that stands for others: of their first hour the smallest trace and event id.

    Args:
        args: its arguments as JSON text, with what a charter calls sensitive or secret masked, cut where they are
            long; None where there are none to show.
        why_not: why there are none, in words; empty where there are.
    """

    event_id: str
    trace_id: str
    tool: str
    at_ns: int | None
    args: str | None
    why_not: str = ""


@dataclass(frozen=True, slots=True)
class RuleRow:
    """Calls that a rule, a gate, `never` or another reason decided. A call may stand under several.

    Args:
        sample: one of them, where they were held back.
    """

    rule: str
    agent: str | None
    effect: Effect
    because: str
    calls: int
    unknown: int
    sample_traces: tuple[str, ...]
    sample: Sample | None = None


@dataclass(frozen=True, slots=True)
class ApprovalRow:
    """What a gate would have cost: any of its roles may answer, `quorum` people each time."""

    role: str
    gate: str
    agent: str | None
    quorum: int
    calls: int
    per_day: float | None


@dataclass(frozen=True, slots=True)
class Forecast:
    """The requests of a gate over time: what its people must expect if the days to come are like those of the log.

    Args:
        role, gate, agent, quorum: as of `ApprovalRow`.
        hours: requests by hour since 1970 on the deployment's wall clock, in order; hours without any are left out.
        days: days of the log with calls of any kind.
        timeless: requests without a time, which stand in no hour.
    """

    role: str
    gate: str
    agent: str | None
    quorum: int
    hours: tuple[tuple[int, int], ...]
    days: int
    timeless: int = 0

    @property
    def calls(self) -> int:
        return sum(calls for _, calls in self.hours) + self.timeless

    @property
    def per_day(self) -> float | None:
        """A mean day; None where some requests have no time."""
        return None if self.timeless or not self.days else self.calls / self.days

    @property
    def by_day(self) -> tuple[tuple[int, int], ...]:
        """Requests by day since 1970, in order."""
        found: dict[int, int] = {}
        for hour, calls in self.hours:
            found[hour // 24] = found.get(hour // 24, 0) + calls
        return tuple(found.items())

    @property
    def by_clock(self) -> tuple[int, ...]:
        """Requests by hour of the day, 0 to 23."""
        found = [0] * 24
        for hour, calls in self.hours:
            found[hour % 24] += calls
        return tuple(found)

    @property
    def busiest(self) -> tuple[int, int] | None:
        """The hour since 1970 with the most requests, the first of them, and how many; None where none has a time."""
        return max(self.hours, key=lambda each: (each[1], -each[0]), default=None)

    @property
    def busiest_day(self) -> tuple[int, int] | None:
        """As `busiest`, of days."""
        return max(self.by_day, key=lambda each: (each[1], -each[0]), default=None)


class What(StrEnum):
    """What is new."""

    AGENT = "agent"  # an agent that did not act before
    TOOL = "tool"  # a tool that the agent did not call before
    VERDICT = "verdict"  # a verdict that its calls did not have before
    ARGUMENT = "argument"  # a place that arguments did not have before
    KIND = "kind"  # a kind of value that the place did not have before


@dataclass(frozen=True, slots=True)
class Appeared:
    """Behaviour of the last seven days of a log that was not there before.

    Args:
        name: what appeared: the verdict, the place, or `place: kind`; empty for an agent and a tool.
        calls: that show it, of `of` calls that were looked at in these days; all are for agents, tools and verdicts.
        before: calls of the tool that were looked at before, and none of which shows it; 0 for agents and tools.
        first_seen: None for arguments and kinds, of which only some calls are looked at.
    """

    what: What
    agent: str | None
    tool: str
    name: str
    calls: int
    of: int
    before: int
    first_seen: int | None
    sample_traces: tuple[str, ...]
    mapped: bool


@dataclass(frozen=True, slots=True)
class New:
    """What appeared, and since when that is.

    Args:
        since: the first of the last seven days, on the deployment's wall clock; None where it cannot be said.
        why_not: why it cannot be said, in words; empty where it can.
    """

    rows: tuple[Appeared, ...] = ()
    since: date | None = None
    why_not: str = ""


@dataclass(frozen=True, slots=True)
class Unjudged:
    """Why calls could not be judged, and what to do.

    Args:
        lacks: what the log does not tell, in words.
        format: of the logs, None where they do not say.
        tools: whose calls they are, by name.
        fix: what closes it, in words.
    """

    lacks: str
    format: str | None
    calls: int
    tools: tuple[str, ...]
    fix: str


@dataclass(frozen=True, slots=True)
class WithoutCharter:
    """Calls that no charter is for.

    Args:
        digest: of the policy that they say they were judged by, where that was asked for (`as-recorded`); empty where
            they say none.
    """

    agent: str | None
    calls: int
    tools: tuple[str, ...]
    sample_traces: tuple[str, ...]
    digest: str | None = None


@dataclass(frozen=True, slots=True)
class Undecided:
    """Calls that could not be decided, and why."""

    tool: str
    agent: str | None
    calls: int
    loosest: str
    strictest: str
    why: str
    sample_traces: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ShadowReport:
    """What a charter would have said.

    Args:
        unmapped: what a human must decide first stands first.
        days: calls by verdict for each day that was seen; empty where the log has no times.
        malformed: calls whose arguments have no canonical form; they count as denied.
        policies: agent, version and digest of every policy used.
        forecast: of every gate of `approvals`, in that order.
        calendar: business days covered and signed off, by agent.
        zone: whose wall clock days and hours are; None is UTC.
        shows_values: whether values of unmapped actions stand in it.
        as_recorded: whether each call was judged by the policy whose digest it carries.
    """

    verdicts: Counts
    unmapped: tuple[Unmapped, ...]
    by_tool: tuple[ToolRow, ...]
    by_rule: tuple[RuleRow, ...]
    approvals: tuple[ApprovalRow, ...]
    undecided: tuple[Undecided, ...]
    without_charter: tuple[WithoutCharter, ...]
    days: tuple[tuple[str, Counts], ...]
    malformed: int
    policies: tuple[tuple[str, int, str], ...]
    forecast: tuple[Forecast, ...] = ()
    appeared: New = field(default_factory=New)
    unjudged: tuple[Unjudged, ...] = ()
    calendar: tuple[Coverage, ...] = ()
    zone: str | None = None
    shows_values: bool = False
    as_recorded: bool = False

    @property
    def calls(self) -> int:
        return self.verdicts.calls + sum(row.calls for row in self.without_charter)

    @property
    def not_judged(self) -> int:
        """Calls that nothing could be said about."""
        return self.verdicts.undecidable + sum(row.calls for row in self.without_charter)
