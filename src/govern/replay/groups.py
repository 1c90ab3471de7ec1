"""What a replay counts: calls that no report needs to tell apart, with when and where they were seen.

Both engines, one call at a time and SQL, end in these groups; a verdict belongs to a group, and comes from
`policy.verdict` alone.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from govern.conditions.zones import END_S, offsets
from govern.policy.engine import Engine
from govern.policy.model import Effect, Policy, When
from govern.policy.verdict import FALSE, TRUE, UNCAPTURED, Verdict, extremes, outcome
from govern.replay.looked import Held, Looked

SAMPLES = 3
NS_PER_DAY = 86_400 * 10**9
NS_PER_HOUR = 3_600 * 10**9


class Kind(StrEnum):
    """How a call could be judged."""

    JUDGED = "judged"
    MALFORMED = "malformed"  # arguments without a canonical form: invalid input
    UNCAPTURED = "uncaptured"  # the log does not have the arguments
    NO_POLICY = "no_policy"  # no policy speaks for this agent, or none is known of the digest that the call carries


@dataclass(frozen=True, slots=True)
class Key:
    """What the calls of a group have in common.

    Args:
        hour: the first hour of the day, since 1970 on the deployment's wall clock (`Policies.hour`), or None where the
            log has no time; `Seen.hours` tells the hours of the day apart.
        policy: the digest that the call carries, where calls are judged by it (`Recorded`); else None.
    """

    agent: str | None
    tool: str
    kind: Kind
    valid: bool = True
    truths: tuple[int, ...] = ()
    hour: int | None = None
    policy: str | None = None

    @property
    def day(self) -> int | None:
        """Days since 1970 on the same clock."""
        return None if self.hour is None else self.hour // 24

    @property
    def timeless(self) -> Key:
        """The same whenever it was."""
        return self.at(None)

    def at(self, hour: int | None) -> Key:
        """The same at an hour."""
        if self.hour == hour:
            return self
        return Key(self.agent, self.tool, self.kind, self.valid, self.truths, hour, self.policy)

    @property
    def open(self) -> bool:
        """Whether something that the log does not tell may decide."""
        return self.kind in (Kind.UNCAPTURED, Kind.NO_POLICY) or UNCAPTURED in self.truths


@dataclass(slots=True)
class Seen:
    """How often, when and in which traces. Times are UTC nanoseconds since 1970."""

    calls: int = 0
    first_ns: int | None = None
    last_ns: int | None = None
    traces: dict[str, int | None] = field(default_factory=dict)
    hours: dict[int, int] = field(default_factory=dict)  # calls by hour since 1970, as of `Policies.hour`

    @property
    def samples(self) -> tuple[str, ...]:
        """The first traces it was seen in: by time, those without a time last, then by id."""
        found = sorted(self.traces.items(), key=lambda item: (item[1] is None, item[1] or 0, item[0]))
        return tuple(trace for trace, _ in found[:SAMPLES])

    def add(self, trace: str, at_ns: int | None, hour: int | None) -> None:
        self.calls += 1
        if hour is not None:
            self.hours[hour] = self.hours.get(hour, 0) + 1
        before = self.traces.get(trace)
        if trace not in self.traces or (at_ns is not None and (before is None or at_ns < before)):
            self.traces[trace] = at_ns
        if at_ns is not None:
            self.first_ns = at_ns if self.first_ns is None else min(self.first_ns, at_ns)
            self.last_ns = at_ns if self.last_ns is None else max(self.last_ns, at_ns)

    def merge(self, other: Seen) -> None:
        """Adds another group's calls."""
        self.calls += other.calls
        for hour, calls in other.hours.items():
            self.hours[hour] = self.hours.get(hour, 0) + calls
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
        self.zone = zone
        self._starts, self._offsets = offsets(zone) if zone is not None else ((0,), (0,))
        self._known: dict[Key, Judgement | None] = {}

    def hour(self, ts_ns: int | None) -> int | None:
        """Hours since 1970 on the deployment's wall clock; that of UTC without one, and outside 1970 to 2100."""
        if ts_ns is None:
            return None
        second = ts_ns // 10**9
        if self.zone is not None and 0 <= second < END_S:
            second += self._offsets[bisect_right(self._starts, second) - 1]
        return second // 3600

    def day_start(self, ts_ns: int | None) -> int | None:
        """As `hour`, of the first hour of that day."""
        hour = self.hour(ts_ns)
        return None if hour is None else hour // 24 * 24

    def agent_for(self, agent: str | None) -> str | None:
        """Whose policy judges an event of this agent, or None."""
        if agent is None:
            return next(iter(self.by_agent)) if len(self.by_agent) == 1 else None
        return agent if agent in self.by_agent else None

    def judge_of(self, key: Key) -> str | None:
        """Which of the policies judges the calls of a group, or None."""
        return None if key.kind is Kind.NO_POLICY else self.agent_for(key.agent)

    def policy_of(self, key: Key) -> Policy | None:
        """The policy that judges the calls of a group."""
        judge = self.judge_of(key)
        return self.by_agent[judge] if judge is not None else None

    def judge(self, key: Key) -> Judgement | None:
        """The verdict on the calls of a group, the same at every hour; None where no policy speaks for them."""
        same = key.timeless
        if same not in self._known:
            self._known[same] = self._judged(same)
        return self._known[same]

    def maps(self, agent: str | None, tool: str) -> bool:
        """Whether a tool stands in every policy that may judge an agent's calls of it."""
        judge = self.agent_for(agent)
        return judge is None or tool in self.by_agent[judge].tools

    def holds(self, key: Key) -> bool:
        """Whether the calls of a group are held back, or may be."""
        judgement = self.judge(key)
        return judgement is not None and judgement.label != Effect.ALLOW.label

    def _judged(self, key: Key) -> Judgement | None:
        judge = self.judge_of(key)
        if judge is None:
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


class Recorded(Policies):
    """The policies that calls were judged by, as they say themselves: each call by the one whose digest it carries.

    Args:
        policies: by digest; several may be of one agent.
        zone: as of `Policies`.

    A call that carries no digest, an unknown one, or that of another agent's policy is judged by nobody: it counts as
    not judged.
    """

    def agent_for(self, agent: str | None) -> str | None:
        return None  # no policy is an agent's here

    def for_call(self, agent: str | None, digest: str | None) -> str | None:
        """Whose policy judges a call, by its digest, or None."""
        if digest is None or digest not in self.by_agent:
            return None
        return digest if agent is None or self.by_agent[digest].agent == agent else None

    def maps(self, agent: str | None, tool: str) -> bool:
        own = (policy for policy in self.by_agent.values() if agent in (None, policy.agent))
        return all(tool in policy.tools for policy in own)

    def judge_of(self, key: Key) -> str | None:
        return None if key.kind is Kind.NO_POLICY else key.policy

    def alone(self, digest: str, agent: str | None) -> Policies:
        """One of them, as the policy of an agent: it is told what its calls need."""
        name = self.by_agent[digest].agent if agent is None else agent
        return Policies({name: self.by_agent[digest]}, self.zone)


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
        looked: calls whose arguments and neighbours are looked at, by (agent, tool).
        held: one call of each group that is held back or undecided, whatever the hour.
        formats: calls that something may decide which the log does not tell, by group, whatever the hour, and format.

    The order of first appearance does not matter; reports sort.
    """

    groups: dict[Key, Seen] = field(default_factory=dict)
    runs: dict[tuple[str | None, str], int] = field(default_factory=dict)
    errors: dict[tuple[str | None, str], int] = field(default_factory=dict)
    looked: dict[tuple[str | None, str], Looked] = field(default_factory=dict)
    held: dict[Key, Held] = field(default_factory=dict)
    formats: Counter[tuple[Key, str | None]] = field(default_factory=Counter)

    @property
    def calls(self) -> int:
        return sum(seen.calls for seen in self.groups.values())

    def merge(self, other: Replayed) -> None:
        """Adds what was found in other traces by the same policies; no trace may be in both."""
        for key, seen in other.groups.items():
            self.groups.setdefault(key, Seen()).merge(seen)
        for mine, theirs in ((self.runs, other.runs), (self.errors, other.errors)):
            for where, count in theirs.items():
                mine[where] = mine.get(where, 0) + count
        for where, looked in other.looked.items():
            self.looked.setdefault(where, Looked()).merge(looked)
        for key, held in other.held.items():
            self.hold(key, held)
        self.formats.update(other.formats)

    def hold(self, key: Key, held: Held) -> None:
        """Keeps the call that stands for a group: the first of them all."""
        before = self.held.get(key)
        if before is None or held.place < before.place:
            self.held[key] = held
