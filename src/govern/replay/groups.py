"""What a replay counts: calls that no report needs to tell apart, with when and where they were seen.

Both engines, one call at a time and SQL, end in these groups; a verdict belongs to a group, and comes from
`policy.verdict` alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from govern.policy.engine import Engine
from govern.policy.model import Effect, Policy, When
from govern.policy.verdict import FALSE, TRUE, UNCAPTURED, Verdict, extremes, outcome

SAMPLES = 3
NS_PER_DAY = 86_400 * 10**9


class Kind(StrEnum):
    """How a call could be judged."""

    JUDGED = "judged"
    MALFORMED = "malformed"  # arguments without a canonical form: invalid input
    UNCAPTURED = "uncaptured"  # the log does not have the arguments
    NO_POLICY = "no_policy"  # no policy speaks for this agent


@dataclass(frozen=True, slots=True)
class Key:
    """What the calls of a group have in common.

    Args:
        day: days since 1970 (UTC), or None where the log has no time.
    """

    agent: str | None
    tool: str
    kind: Kind
    valid: bool = True
    truths: tuple[int, ...] = ()
    day: int | None = None


@dataclass(slots=True)
class Seen:
    """How often, when and in which traces. Times are UTC nanoseconds since 1970."""

    calls: int = 0
    first_ns: int | None = None
    last_ns: int | None = None
    traces: dict[str, int | None] = field(default_factory=dict)

    @property
    def samples(self) -> tuple[str, ...]:
        """The first traces it was seen in: by time, those without a time last, then by id."""
        found = sorted(self.traces.items(), key=lambda item: (item[1] is None, item[1] or 0, item[0]))
        return tuple(trace for trace, _ in found[:SAMPLES])

    def add(self, trace: str, at_ns: int | None) -> None:
        self.calls += 1
        before = self.traces.get(trace)
        if trace not in self.traces or (at_ns is not None and (before is None or at_ns < before)):
            self.traces[trace] = at_ns
        if at_ns is not None:
            self.first_ns = at_ns if self.first_ns is None else min(self.first_ns, at_ns)
            self.last_ns = at_ns if self.last_ns is None else max(self.last_ns, at_ns)

    def merge(self, other: Seen) -> None:
        """Adds another group's calls."""
        self.calls += other.calls
        for trace, at_ns in other.traces.items():
            before = self.traces.get(trace)
            if trace not in self.traces or (at_ns is not None and (before is None or at_ns < before)):
                self.traces[trace] = at_ns
        for at_ns in (other.first_ns, other.last_ns):
            if at_ns is not None:
                self.first_ns = at_ns if self.first_ns is None else min(self.first_ns, at_ns)
                self.last_ns = at_ns if self.last_ns is None else max(self.last_ns, at_ns)


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict, or for calls without arguments the range of verdicts they may have had.

    Args:
        loosest, strictest: equal where the call is decided.
    """

    loosest: Verdict
    strictest: Verdict

    @property
    def decided(self) -> bool:
        """Undecidable only where the extremes ask for different things; undecidable is never allow."""
        loosest, strictest = self.loosest, self.strictest
        return loosest.effect == strictest.effect and {*loosest.gates} == {*strictest.gates}

    @property
    def label(self) -> str:
        return self.strictest.effect.label if self.decided else "undecidable"

    @property
    def effect(self) -> Effect:
        return self.strictest.effect


class Policies:
    """The policies of a replay: each event is judged by its agent's.

    Args:
        policies: one for each agent.
        zone: the deployment's time zone by its IANA name.

    A log that names no agent is judged by the only policy, where there is only one.
    """

    def __init__(self, policies: Mapping[str, Policy], zone: str | None = None) -> None:
        self.by_agent = dict(policies)
        self.engines = {agent: Engine(policy, zone) for agent, policy in policies.items()}

    def agent_for(self, agent: str | None) -> str | None:
        """Whose policy judges an event of this agent, or None."""
        if agent is None:
            return next(iter(self.by_agent)) if len(self.by_agent) == 1 else None
        return agent if agent in self.by_agent else None

    def judge(self, key: Key) -> Judgement | None:
        """The verdict on the calls of a group; None where no policy speaks for them."""
        judge = self.agent_for(key.agent)
        if judge is None or key.kind is Kind.NO_POLICY:
            return None
        policy = self.by_agent[judge]
        match key.kind:
            case Kind.UNCAPTURED:
                return Judgement(*extremes(policy, key.tool))
            case Kind.MALFORMED:
                verdict = self.engines[judge].decide_malformed(key.tool)
            case _ if UNCAPTURED in key.truths:
                loosest, strictest = (
                    outcome(policy, key.tool, truths, valid=key.valid) for truths in _sides(policy, key)
                )
                return Judgement(loosest, strictest)
            case _:
                verdict = outcome(policy, key.tool, key.truths, valid=key.valid)
        return Judgement(verdict, verdict)


def _sides(policy: Policy, key: Key) -> tuple[list[int], list[int]]:
    """Truth values with what was not captured taken for what loosens, and for what tightens."""
    tool = policy.tools[key.tool]
    forms = ([] if tool.unless is None else [When.ONLY_IF]) + [rule.form for rule in tool.rules]
    passing = [FALSE if form is When.WHEN else TRUE for form in forms]
    loose = [side if truth == UNCAPTURED else truth for side, truth in zip(passing, key.truths, strict=True)]
    tight = [TRUE - side if truth == UNCAPTURED else truth for side, truth in zip(passing, key.truths, strict=True)]
    return loose, tight


@dataclass(slots=True)
class Replayed:
    """What a replay found.

    Args:
        groups: every call of an agent, once.
        runs: traces by (agent, tool).
        errors: results that were errors, by (agent, tool).
        order: first appearance of agents and tools does not matter; reports sort.
    """

    groups: dict[Key, Seen] = field(default_factory=dict)
    runs: dict[tuple[str | None, str], int] = field(default_factory=dict)
    errors: dict[tuple[str | None, str], int] = field(default_factory=dict)

    @property
    def calls(self) -> int:
        return sum(seen.calls for seen in self.groups.values())
