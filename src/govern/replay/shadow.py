"""The shadow report as a value: what a charter would have said to a log, and what nobody mapped.

Every call of an agent stands in exactly one of: allow, approval, deny, undecidable, without a charter.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from govern.policy.glob import matches
from govern.policy.model import Effect, Policy, Reason, Tier
from govern.policy.verbs import guess
from govern.policy.verdict import UNCAPTURED, Verdict
from govern.replay.groups import Judgement, Key, Kind, Policies, Replayed, Seen

LABELS = ("allow", "approval", "deny", "undecidable")
_NEVER = "never:"


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
    """An action that no charter line is about: what a human must decide first."""

    tool: str
    agent: str | None
    calls: int
    runs: int
    first_seen: int | None
    last_seen: int | None
    sample_traces: tuple[str, ...]
    suggested_tier: Tier
    why: str


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
class RuleRow:
    """Calls that a rule, a gate, `never` or another reason decided. A call may stand under several."""

    rule: str
    agent: str | None
    effect: Effect
    because: str
    calls: int
    unknown: int
    sample_traces: tuple[str, ...]


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
class WithoutCharter:
    """Calls of an agent that no charter is for."""

    agent: str | None
    calls: int
    tools: tuple[str, ...]
    sample_traces: tuple[str, ...]


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
        days: calls by verdict for each day (UTC) that was seen; empty where the log has no times.
        malformed: calls whose arguments have no canonical form; they count as denied.
        policies: agent, version and digest of every policy used.
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

    @property
    def calls(self) -> int:
        return self.verdicts.calls + sum(row.calls for row in self.without_charter)

    @property
    def not_judged(self) -> int:
        """Calls that nothing could be said about."""
        return self.verdicts.undecidable + sum(row.calls for row in self.without_charter)


@dataclass(slots=True)
class _Builder:
    verdicts: Counts = field(default_factory=Counts)
    tools: dict[tuple[str | None, str], Counts] = field(default_factory=dict)
    seen: dict[tuple[str | None, str], Seen] = field(default_factory=dict)
    rules: dict[tuple[str | None, str, Effect], tuple[Seen, list[int]]] = field(default_factory=dict)
    gates: dict[tuple[str, str | None, str], int] = field(default_factory=dict)
    days: dict[int, Counts] = field(default_factory=dict)
    timeless: int = 0
    malformed: int = 0


def report(replayed: Replayed, policies: Policies) -> ShadowReport:
    """Builds the report of a replay.

    Args:
        replayed: what either engine found.
        policies: the same that it judged by.
    """
    made = _Builder()
    undecided: dict[tuple[str, str | None], list[tuple[Key, Seen, Judgement]]] = {}
    missing: dict[str | None, list[tuple[Key, Seen]]] = {}
    for key, seen in replayed.groups.items():
        judgement = policies.judge(key)
        if judgement is None:
            missing.setdefault(key.agent, []).append((key, seen))
            continue
        _count(made, key, seen, judgement, policies)
        if not judgement.decided:
            undecided.setdefault((key.tool, key.agent), []).append((key, seen, judgement))
    return ShadowReport(
        verdicts=made.verdicts,
        unmapped=_unmapped(made, replayed, policies),
        by_tool=_by_tool(made, replayed, policies),
        by_rule=_by_rule(made, policies),
        approvals=_approvals(made, policies),
        undecided=_undecided(undecided, policies),
        without_charter=tuple(_without(agent, rows) for agent, rows in sorted(missing.items(), key=_none_last)),
        days=tuple((day_text(day), counts) for day, counts in sorted(made.days.items())),
        malformed=made.malformed,
        policies=tuple((p.agent, p.version, p.digest) for _, p in sorted(policies.by_agent.items())),
    )


def _count(made: _Builder, key: Key, seen: Seen, judgement: Judgement, policies: Policies) -> None:
    where = (key.agent, key.tool)
    made.verdicts.add(judgement.label, seen.calls)
    made.tools.setdefault(where, Counts()).add(judgement.label, seen.calls)
    made.seen.setdefault(where, Seen()).merge(seen)
    if key.day is not None:
        made.days.setdefault(key.day, Counts()).add(judgement.label, seen.calls)
    else:
        made.timeless += seen.calls
    if key.kind is Kind.MALFORMED:
        made.malformed += seen.calls
    if not judgement.decided:
        return
    verdict = judgement.loosest  # its causes hold whatever the log does not tell
    judge = policies.agent_for(key.agent)
    names = list(verdict.rules)
    if Reason.GATE in verdict.reasons and judge is not None:
        names.append(f"gate:{policies.by_agent[judge].tools[key.tool].gate}")
    names += [reason for reason in verdict.reasons if reason in (Reason.UNMAPPED, Reason.INVALID_INPUT, Reason.WAIVED)]
    for name in names:
        rule_seen, unknown = made.rules.setdefault((key.agent, name, verdict.effect), (Seen(), [0]))
        rule_seen.merge(seen)
        unknown[0] += seen.calls if Reason.UNKNOWN in verdict.reasons else 0
    if verdict.effect is Effect.APPROVAL and judge is not None:
        for gate in verdict.gates:
            asked = (judge, key.agent, gate)
            made.gates[asked] = made.gates.get(asked, 0) + seen.calls


def _undecided(
    open_calls: Mapping[tuple[str, str | None], list[tuple[Key, Seen, Judgement]]], policies: Policies
) -> tuple[Undecided, ...]:
    """One row a tool: from the loosest verdict that any of its calls may have had to the strictest, and all that the
    log does not tell of them. The same in whatever order the groups come."""
    rows = []
    for (tool, agent), groups in open_calls.items():
        together = Seen()
        lacking: set[str] = set()
        for key, seen, _ in groups:
            together.merge(seen)
            lacking |= _lacking(key, policies)
        loosest = min((judgement.loosest for _, _, judgement in groups), key=_strictness)
        strictest = max((judgement.strictest for _, _, judgement in groups), key=_strictness)
        same = loosest.effect == strictest.effect  # they ask different people
        rows.append(
            Undecided(
                tool, agent, together.calls, _side(loosest, gates=same), _side(strictest, gates=same),
                f"the log does not tell {', '.join(sorted(lacking))}", together.samples,
            )
        )  # fmt: skip
    return tuple(sorted(rows, key=lambda row: (-row.calls, row.tool, row.agent or "")))


def _strictness(verdict: Verdict) -> tuple[Effect, int, tuple[str, ...]]:
    return verdict.effect, len(verdict.gates), verdict.gates


def _side(verdict: Verdict, *, gates: bool) -> str:
    return f"{verdict.effect.label} ({', '.join(verdict.gates)})" if gates else verdict.effect.label


def _lacking(key: Key, policies: Policies) -> set[str]:
    """What the log does not tell, and the verdict hangs on."""
    judge = policies.agent_for(key.agent)
    policy = policies.by_agent[judge] if judge is not None else None
    tool = policy.tools.get(key.tool) if policy is not None else None
    if key.kind is Kind.UNCAPTURED or tool is None or policy is None:
        return {"the arguments"}
    names: set[str] = set()
    for condition, truth in zip(tool.conditions, key.truths, strict=True):
        if truth == UNCAPTURED:
            names |= condition.outside
    # A fact from results is seldom what is lacking: only where nothing else can be.
    names = {name for name in names if not (name in policy.facts and policy.facts[name].result_of)} or names
    return {_told(policy, name) for name in names}


def _told(policy: Policy, name: str) -> str:
    """An input in words."""
    fact = policy.facts.get(name)
    if fact is not None:
        return f"`{name}`" if fact.result_of else f"`{name}` (of the session: --session-facts)"
    words = {"at": "the time", "exceeded": "what limits count", "tainted": "what was read before"}
    return words.get(name, "what the user typed" if name in ("origin", "named_by_user") else f"`{name}`")


def _unmapped(made: _Builder, replayed: Replayed, policies: Policies) -> tuple[Unmapped, ...]:
    rows = []
    for (agent, tool), seen in made.seen.items():
        judge = policies.agent_for(agent)
        if judge is None or tool in policies.by_agent[judge].tools:
            continue
        tier, why = guess(tool)
        named = [p for never in policies.by_agent[judge].never for p in never.patterns if matches(p, tool)]
        if named:
            why = f"`never` names it: {named[0]}"
        rows.append(
            Unmapped(
                tool, agent, seen.calls, replayed.runs.get((agent, tool), 0), seen.first_ns, seen.last_ns,
                seen.samples, tier, why,
            )
        )  # fmt: skip
    risk = {Tier.IRREVERSIBLE: 0, Tier.REVERSIBLE: 1, Tier.READ_ONLY: 2}
    return tuple(sorted(rows, key=lambda row: (risk[row.suggested_tier], -row.calls, row.tool, row.agent or "")))


def _by_tool(made: _Builder, replayed: Replayed, policies: Policies) -> tuple[ToolRow, ...]:
    rows = []
    for (agent, tool), counts in made.tools.items():
        judge = policies.agent_for(agent)
        mapped = policies.by_agent[judge].tools.get(tool) if judge is not None else None
        rows.append(
            ToolRow(
                tool, agent, mapped is not None, mapped.tier if mapped else None, counts,
                replayed.runs.get((agent, tool), 0), replayed.errors.get((agent, tool), 0),
            )
        )  # fmt: skip
    return tuple(sorted(rows, key=lambda row: (row.agent or "", -row.counts.calls, row.tool)))


def _by_rule(made: _Builder, policies: Policies) -> tuple[RuleRow, ...]:
    rows = []
    for (agent, name, effect), (seen, unknown) in made.rules.items():
        judge = policies.agent_for(agent)
        because = _because(policies.by_agent[judge], name) if judge is not None else ""
        rows.append(RuleRow(name, agent, effect, because, seen.calls, unknown[0], seen.samples))
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


def _approvals(made: _Builder, policies: Policies) -> tuple[ApprovalRow, ...]:
    rows = []
    days = len(made.days)
    for (judge, agent, name), calls in made.gates.items():
        gate = policies.by_agent[judge].gates[name]
        per_day = calls / days if days and not made.timeless else None
        rows.append(ApprovalRow(" or ".join(gate.roles), name, agent, gate.quorum, calls, per_day))
    return tuple(sorted(rows, key=lambda row: (-row.calls, row.agent or "", row.gate)))


def _without(agent: str | None, rows: list[tuple[Key, Seen]]) -> WithoutCharter:
    together = Seen()
    for _, seen in rows:
        together.merge(seen)
    tools = sorted({key.tool for key, _ in rows})
    return WithoutCharter(agent, together.calls, tuple(tools), together.samples)


def _none_last(item: tuple[str | None, object]) -> tuple[bool, str]:
    return (item[0] is None, item[0] or "")


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
