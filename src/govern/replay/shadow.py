"""The shadow report of a replay: what a charter would have said to a log, and what nobody mapped.

The value is `shadow_model`; what is new, what could not be judged and what may be shown of arguments have modules of
their own (`shadow_new`, `shadow_lacking`, `redaction`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from govern.policy.glob import matches
from govern.policy.model import Effect, Gate, Policy, Reason, Tier
from govern.policy.verbs import guess
from govern.replay.calendar import Calendar, Coverage, Needed, Signed, coverage
from govern.replay.groups import Judgement, Key, Kind, Policies, Recorded, Replayed, Seen
from govern.replay.looked import Held, Looked, around
from govern.replay.redaction import sample, shown
from govern.replay.shadow_lacking import undecided, unjudged
from govern.replay.shadow_model import (
    LABELS,
    ApprovalRow,
    Counts,
    Forecast,
    RuleRow,
    ShadowReport,
    ToolRow,
    Undecided,
    Unmapped,
    WithoutCharter,
)
from govern.replay.shadow_new import appeared
from govern.replay.shapes import shapes

__all__ = [
    "LABELS", "ApprovalRow", "Counts", "Forecast", "RuleRow", "ShadowReport", "ToolRow", "Undecided", "Unmapped",
    "WithoutCharter", "day_text", "instant_text", "report",
]  # fmt: skip

_NEVER = "never:"
_Where = tuple[str | None, str]  # agent, tool


@dataclass(frozen=True, slots=True)
class Days:
    """What is known of the shadow days of an agent; all of it as of `calendar.coverage`."""

    signed: Sequence[Signed] = ()
    logs: Mapping[date, str] = field(default_factory=dict)
    restarts: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class _Rule:
    policy: Policy
    seen: Seen = field(default_factory=Seen)
    unknown: int = 0
    held: tuple[Held, str, Policy] | None = None  # the call, its tool, who judged it

    def add(self, seen: Seen, held: Held | None, tool: str, policy: Policy, *, unknown: bool) -> None:
        self.seen.merge(seen)
        self.unknown += seen.calls if unknown else 0
        self.policy = max(self.policy, policy, key=_age)
        if held is not None and (self.held is None or held.place < self.held[0].place):
            self.held = (held, tool, policy)


@dataclass(slots=True)
class _Builder:
    verdicts: Counts = field(default_factory=Counts)
    tools: dict[_Where, Counts] = field(default_factory=dict)
    mapped: dict[_Where, Policy] = field(default_factory=dict)  # the newest that maps it
    unmapped: dict[_Where, Seen] = field(default_factory=dict)
    without: dict[_Where, Policy] = field(default_factory=dict)  # the newest that does not
    rules: dict[tuple[str | None, str, Effect], _Rule] = field(default_factory=dict)
    gates: dict[tuple[str | None, Gate], dict[int | None, int]] = field(default_factory=dict)
    days: dict[int, Counts] = field(default_factory=dict)
    by_agent: dict[str, dict[int | None, int]] = field(default_factory=dict)
    timeless: int = 0
    malformed: int = 0


def report(
    replayed: Replayed,
    policies: Policies,
    *,
    calendar: Calendar | None = None,
    days: Mapping[str, Days] | None = None,
    values: bool = False,
) -> ShadowReport:
    """Builds the report of a replay.

    Args:
        replayed: what either engine found.
        policies: the same that it judged by.
        calendar: of the deployment; from Monday to Friday where there is none.
        days: what was signed off, by agent.
        values: whether values of unmapped actions stand in it; what a charter calls sensitive or secret never does.
    """
    made = _Builder()
    open_calls: dict[tuple[str, str | None], list[tuple[Key, Seen, Judgement]]] = {}
    missing: dict[tuple[str | None, str | None], list[tuple[Key, Seen]]] = {}
    for key, seen in replayed.groups.items():
        judgement, policy = policies.judge(key), policies.policy_of(key)
        if judgement is None or policy is None:
            missing.setdefault((key.agent, key.policy), []).append((key, seen))
            continue
        _count(made, key, seen, judgement, policy, replayed.held.get(key.timeless))
        if not judgement.decided:
            open_calls.setdefault((key.tool, key.agent), []).append((key, seen, judgement))
    new = appeared(replayed, policies)
    fresh = {(row.agent, row.tool) for row in new.rows if row.what == "tool"}
    fresh |= {where for where in made.unmapped if any(r.what == "agent" and r.agent == where[0] for r in new.rows)}
    return ShadowReport(
        verdicts=made.verdicts,
        unmapped=_unmapped(made, replayed, fresh, values=values),
        by_tool=_by_tool(made, replayed),
        by_rule=_by_rule(made, values=values),
        approvals=_approvals(made),
        undecided=undecided(open_calls, policies),
        without_charter=tuple(_without(*who, rows) for who, rows in sorted(missing.items(), key=_none_last)),
        days=tuple((day_text(day), counts) for day, counts in sorted(made.days.items())),
        malformed=made.malformed,
        policies=tuple(sorted((p.agent, p.version, p.digest) for p in policies.by_agent.values())),
        forecast=_forecast(made),
        appeared=new,
        unjudged=unjudged(replayed, policies),
        calendar=_calendar(made, policies, calendar or Calendar(), days or {}),
        zone=policies.zone,
        shows_values=values,
        as_recorded=isinstance(policies, Recorded),
    )


def _age(policy: Policy) -> tuple[int, str]:
    """What tells the newest of several."""
    return policy.version, policy.digest


def _count(made: _Builder, key: Key, seen: Seen, judgement: Judgement, policy: Policy, held: Held | None) -> None:
    where = (key.agent, key.tool)
    made.verdicts.add(judgement.label, seen.calls)
    made.tools.setdefault(where, Counts()).add(judgement.label, seen.calls)
    tool = policy.tools.get(key.tool)
    if tool is None:
        made.unmapped.setdefault(where, Seen()).merge(seen)
    side = made.without if tool is None else made.mapped
    side[where] = max(side.get(where, policy), policy, key=_age)
    of_agent = made.by_agent.setdefault(policy.agent, {})
    of_agent[key.day] = of_agent.get(key.day, 0) + seen.calls
    if key.day is not None:
        made.days.setdefault(key.day, Counts()).add(judgement.label, seen.calls)
    else:
        made.timeless += seen.calls
    if key.kind is Kind.MALFORMED:
        made.malformed += seen.calls
    if not judgement.decided:
        return
    verdict = judgement.loosest  # its causes hold whatever the log does not tell
    names = list(verdict.rules)
    if Reason.GATE in verdict.reasons:
        names.append(f"gate:{policy.tools[key.tool].gate}")
    names += [reason for reason in verdict.reasons if reason in (Reason.UNMAPPED, Reason.INVALID_INPUT, Reason.WAIVED)]
    for name in names:
        rule = made.rules.setdefault((key.agent, name, verdict.effect), _Rule(policy))
        rule.add(seen, held, key.tool, policy, unknown=Reason.UNKNOWN in verdict.reasons)
    if verdict.effect is Effect.APPROVAL:
        for gate in verdict.gates:
            hours = made.gates.setdefault((key.agent, policy.gates[gate]), {})
            timeless = seen.calls - sum(seen.hours.values())
            for hour, calls in ((None, timeless), *seen.hours.items()):
                if calls:
                    hours[hour] = hours.get(hour, 0) + calls


def _unmapped(made: _Builder, replayed: Replayed, fresh: set[_Where], *, values: bool) -> tuple[Unmapped, ...]:
    """What a human must decide first: what looks worst, then what is called most; what `never` names already, last."""
    rows = []
    for (agent, tool), seen in made.unmapped.items():
        policy = made.without[agent, tool]
        tier, why = guess(tool)
        named = [pattern for never in policy.never for pattern in never.patterns if matches(pattern, tool)]
        new = (agent, tool) in fresh
        rank = (
            f"looks {tier.value}, {seen.calls:,} call{'s' * (seen.calls != 1)}" + ", new in the last seven days" * new
        )
        if named:
            why = f"`never` names it: {named[0]}"
            rank = "nothing to decide: `never` names it"
        looked = replayed.looked.get((agent, tool), Looked())
        looks = looked.chosen()
        rows.append(
            Unmapped(
                tool, agent, seen.calls, replayed.runs.get((agent, tool), 0), seen.first_ns, seen.last_ns,
                seen.samples, tier, why, replayed.errors.get((agent, tool), 0),
                shown(shapes(looks, seen.calls), policy, values=values), around(looks), rank, new,
            )
        )  # fmt: skip
    risk = {Tier.IRREVERSIBLE: 0, Tier.REVERSIBLE: 1, Tier.READ_ONLY: 2}
    return tuple(
        sorted(
            rows,
            key=lambda row: (
                row.rank.startswith("nothing"), risk[row.suggested_tier], -row.calls, row.tool, row.agent or "",
            ),
        )
    )  # fmt: skip


def _by_tool(made: _Builder, replayed: Replayed) -> tuple[ToolRow, ...]:
    rows = []
    for (agent, tool), counts in made.tools.items():
        where = (agent, tool)
        tier = made.mapped[where].tools[tool].tier if where in made.mapped else None
        rows.append(
            ToolRow(
                tool, agent, where not in made.unmapped, tier, counts, replayed.runs.get(where, 0),
                replayed.errors.get(where, 0),
            )
        )  # fmt: skip
    return tuple(sorted(rows, key=lambda row: (row.agent or "", -row.counts.calls, row.tool)))


def _by_rule(made: _Builder, *, values: bool) -> tuple[RuleRow, ...]:
    rows = []
    for (agent, name, effect), rule in made.rules.items():
        held = sample(*rule.held, values=values) if rule.held is not None and effect is not Effect.ALLOW else None
        because = _because(rule.policy, name)
        rows.append(RuleRow(name, agent, effect, because, rule.seen.calls, rule.unknown, rule.seen.samples, held))
    return tuple(sorted(rows, key=lambda row: (-row.effect, -row.calls, row.agent or "", row.rule)))


def _because(policy: Policy, name: str) -> str:
    if name.startswith(_NEVER):
        pattern = name.removeprefix(_NEVER)
        return next((never.because for never in policy.never if pattern in never.patterns), "")
    if name.startswith("gate:"):
        return "the tool asks for it"
    rules = (rule for tool in policy.tools.values() for rule in tool.rules if rule.id == name)
    found = next(rules, None)
    if found is not None:
        return found.because
    return {
        Reason.UNMAPPED.value: "no line of the charter is about this tool",
        Reason.INVALID_INPUT.value: "the arguments do not fit the tool's input schema, or have no one meaning",
        Reason.WAIVED.value: "the condition that waives the gate holds",
    }.get(name, "")


def _approvals(made: _Builder) -> tuple[ApprovalRow, ...]:
    days = len(made.days)
    rows = []
    for agent, gate in _gates(made):
        calls = sum(made.gates[agent, gate].values())
        per_day = calls / days if days and not made.timeless else None
        rows.append(ApprovalRow(_role(gate), gate.name, agent, gate.quorum, calls, per_day))
    return tuple(rows)


def _forecast(made: _Builder) -> tuple[Forecast, ...]:
    rows = []
    for agent, gate in _gates(made):
        hours = made.gates[agent, gate]
        timed = tuple(sorted((hour, calls) for hour, calls in hours.items() if hour is not None))
        rows.append(Forecast(_role(gate), gate.name, agent, gate.quorum, timed, len(made.days), hours.get(None, 0)))
    return tuple(rows)


def _gates(made: _Builder) -> list[tuple[str | None, Gate]]:
    """The most asked first."""
    return sorted(
        made.gates, key=lambda each: (-sum(made.gates[each].values()), each[0] or "", each[1].name, str(each))
    )


def _role(gate: Gate) -> str:
    return " or ".join(gate.roles) or "the person served"


def _calendar(made: _Builder, policies: Policies, calendar: Calendar, days: Mapping[str, Days]) -> tuple[Coverage, ...]:
    rows = []
    newest = {policy.agent: policy for policy in sorted(policies.by_agent.values(), key=_age)}
    for agent, policy in sorted(newest.items()):
        known = days.get(agent, Days())
        if agent not in made.by_agent and not known.signed:
            continue
        counts = dict(made.by_agent.get(agent, {}))
        timeless = counts.pop(None, 0)
        asked = policy.shadow
        needed = Needed(asked.business_days, asked.reviewer, asked.least_calls) if asked is not None else None
        rows.append(
            coverage(
                agent, {_date(day): calls for day, calls in counts.items() if day is not None}, calendar, needed,
                signed=known.signed, logs=known.logs, restarts=known.restarts, timeless=timeless,
            )
        )  # fmt: skip
    return tuple(rows)


def _without(agent: str | None, digest: str | None, rows: list[tuple[Key, Seen]]) -> WithoutCharter:
    together = Seen()
    for _, seen in rows:
        together.merge(seen)
    tools = sorted({key.tool for key, _ in rows})
    return WithoutCharter(agent, together.calls, tuple(tools), together.samples, digest)


def _none_last(item: tuple[tuple[str | None, str | None], object]) -> tuple[bool, str, bool, str]:
    (agent, digest), _ = item
    return (agent is None, agent or "", digest is None, digest or "")


def _date(day: int) -> date:
    return date(1970, 1, 1) + timedelta(days=day)


def day_text(day: int) -> str:
    """A day since 1970 as YYYY-MM-DD."""
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=day)).date().isoformat()


def instant_text(at_ns: int | None) -> str | None:
    """A time as ISO 8601 in UTC, to the millisecond; None stays None."""
    if at_ns is None:
        return None
    seconds, rest = divmod(at_ns, 10**9)
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{rest // 10**6:03d}Z"
