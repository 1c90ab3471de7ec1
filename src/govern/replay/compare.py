"""Two charters over the same logs: every call with what the old one and the new one say of it, in one reading.

Both engines end in the same pairs of groups; verdicts come from `policy.verdict` alone, as in every replay. What the
charters have in common is judged once: a tool whose conditions, input schema and history are the same under both has
the same truth values, whatever its gates, effects and tiers have become. Leaves out the counting of verdicts
(`compare_report`) and the reading of charters (`diff.revisions`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from govern.conditions.inputs import history_key
from govern.ingest import Summary, read
from govern.policy.engine import Engine
from govern.policy.model import Effect, Policy
from govern.policy.origin.hearing import trusted_tools
from govern.replay.groups import Key, Policies
from govern.replay.run import EngineChoice, inputs_of, judged_in_sql
from govern.replay.stores import counted, parts_of
from govern.replay.told import SessionFacts


@dataclass(frozen=True, slots=True)
class First:
    """An event that stands for the calls of a pair: the first by time, those without a time last, then by trace and id.

    Args:
        ts_ns: UTC nanoseconds since 1970; None where the log has no time.
    """

    ts_ns: int | None
    trace_id: str
    event_id: str

    @property
    def place(self) -> tuple[bool, int, str, str]:
        """What the first is told by."""
        return (self.ts_ns is None, self.ts_ns or 0, self.trace_id, self.event_id)


@dataclass(slots=True)
class Calls:
    """How many calls, and the first of them."""

    calls: int
    first: First

    def add(self, first: First, calls: int = 1) -> None:
        """Adds other calls, of which `first` is the first."""
        self.calls += calls
        if first.place < self.first.place:
            self.first = first


@dataclass(slots=True)
class Compared:
    """Every call of an agent, once, by the groups it belongs to under the old charter and under the new one."""

    pairs: dict[tuple[Key, Key], Calls] = field(default_factory=dict)

    def add(self, old: Key, new: Key, first: First, calls: int = 1) -> None:
        found = self.pairs.get((old, new))
        if found is None:
            self.pairs[old, new] = Calls(calls, first)
        else:
            found.add(first, calls)


@dataclass(frozen=True, slots=True)
class Common:
    """What two policies have in common, so that it is judged once.

    Args:
        tools: those of which a call has the same truth values and validity under both.
        told: whether all that other tools ask of the history under the new policy is told under the old one.
    """

    tools: frozenset[str]
    told: bool


def common(old: Engine, new: Engine) -> Common:
    """What two policies have in common.

    Args:
        old, new: engines of the same deployment.
    """
    was, now = old.policy, new.policy
    if was.agent != now.agent or old.zone != new.zone:
        return Common(frozenset(), told=not new.history.asks)
    fills = _defaults(was) == _defaults(now)

    def same(name: str) -> bool:
        """Whether all that a tool asks of the history under the new policy is asked and means the same under the
        old."""
        asked = new.history.asked(name)
        return asked <= old.history.asked(name) and all(fills and _meaning(was, k) == _meaning(now, k) for k in asked)

    tools = frozenset(
        name
        for name, tool in now.tools.items()
        if (before := was.tools.get(name)) is not None
        and (before.conditions, before.schema) == (tool.conditions, tool.schema)
        and same(name)
    )
    return Common(tools, told=all(map(same, now.tools.keys() - tools)))


def _defaults(policy: Policy) -> dict[str, str]:
    """What a history reads of input schemas: the defaults of any tool that calls were made of."""
    return {name: tool.schema for name, tool in policy.tools.items() if tool.schema and '"default"' in tool.schema}


def _meaning(policy: Policy, key: str) -> object:
    """All that an input of the history hangs on, but the facts it is found by: a tool asks for those too."""
    if key in policy.facts:
        return policy.facts[key]
    if key.startswith("exceeded("):
        (limit,) = (each for each in policy.limits if history_key("exceeded", each.id) == key)
        return replace(limit, effect=Effect.DENY, gate=None, tier=None, because="")
    if key.startswith(("calls(", "succeeded(")):
        return None
    return trusted_tools(policy)


@dataclass(frozen=True, slots=True)
class Run:
    """A comparison and what it was of.

    Args:
        engine: the one that was used, CALLS or SQL.
    """

    compared: Compared
    summary: Summary
    engine: EngineChoice


def run(
    paths: Sequence[str],
    old: Policies,
    new: Policies,
    *,
    format: str | None = None,
    agent: str | None = None,
    engine: EngineChoice = EngineChoice.AUTO,
    session_facts: SessionFacts | None = None,
    memory_limit: str | None = None,
) -> Run:
    """Judges the calls of logs by two sets of policies, of the same deployment.

    Args:
        paths, format, agent, engine, session_facts, memory_limit: as of `replay.run.run`.
        old, new: to judge by; an agent that one of them has no policy for is judged by the other alone.

    Raises:
        UsageError: `format` is unknown, or with SQL: a path is no store.
        EvidenceError: with SQL: a file of a store is damaged.
    """
    inputs = inputs_of(paths)
    if not judged_in_sql(inputs, format, engine):
        from govern.replay import compare_calls

        summary = Summary()
        events = summary.events(read(paths, format=format, agent=agent))
        return Run(compare_calls.compare(events, old, new, session_facts), summary, EngineChoice.CALLS)
    from govern.audit.read import open_parts
    from govern.replay import compare_bulk

    con = open_parts(parts_of(inputs), memory_limit=memory_limit)
    try:
        compared = compare_bulk.compare(con, old, new, agent=agent, session_facts=session_facts)
        return Run(compared, counted(con, inputs), EngineChoice.SQL)
    finally:
        con.close()
