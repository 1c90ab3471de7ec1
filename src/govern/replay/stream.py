"""The replay of one call at a time: any source of events, through the per-call engine."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from govern.conditions import Inputs
from govern.events.canonical import Malformed, parse
from govern.events.model import Event, EventType
from govern.policy.history import GOVERNED
from govern.replay.details import order_of
from govern.replay.groups import NS_PER_DAY, Key, Kind, Policies, Recorded, Replayed, Seen
from govern.replay.looked import Held, Look, Looked, arguments
from govern.replay.told import SessionFacts, told

if TYPE_CHECKING:  # Arrow is loaded where a file is written
    from govern.replay.verdicts import Written

_Where = tuple[str | None, str]  # agent, tool


def replay(
    events: Iterable[Event],
    policies: Policies,
    session_facts: SessionFacts | None = None,
    written: Written | None = None,
) -> Replayed:
    """Judges every tool call of an agent.

    Args:
        events: in any order. Where a policy asks for the history, they are kept until the last is there.
        policies: to judge by.
        session_facts: what the host asserted, by session or trace; None where nobody captured it.
        written: takes the verdict on every call.
    """
    found = _Found(policies, written)
    for event, key in judged(events, policies, session_facts):
        if key is not None:
            found.call(event, key)
        else:
            found.other(event)
    return found.end()


def judged(
    events: Iterable[Event], policies: Policies, session_facts: SessionFacts | None = None
) -> Iterator[tuple[Event, Key | None]]:
    """Every event; the tool calls of an agent with the group that tells how they are judged (`Policies.judge`).

    Args:
        events, policies, session_facts: as of `replay`.
    """
    if isinstance(policies, Recorded):
        yield from _recorded(_by_their_checks(list(events)), policies, session_facts)
        return
    for event, given in told(events, policies, session_facts):
        if event.type is EventType.TOOL_CALL and event.actor_kind in GOVERNED:
            yield event, key_of(event, given, policies)
        else:
            yield event, None


def _by_their_checks(events: list[Event]) -> list[Event]:
    """The events, each call that carries no digest with that of the first check of its span."""
    checks = [event for event in events if event.type is EventType.POLICY_CHECK and event.policy_digest is not None]
    checks.sort(key=lambda check: (check.ts_ns is None, check.ts_ns or 0, check.wseq, check.writer_id))
    first: dict[tuple[str, str | None], str | None] = {}
    for check in checks:
        if check.span_id is not None:
            first.setdefault((check.trace_id, check.span_id), check.policy_digest)
    return [
        replace(event, policy_digest=first[event.trace_id, event.span_id])
        if event.type is EventType.TOOL_CALL
        and event.policy_digest is None
        and (event.trace_id, event.span_id) in first
        else event
        for event in events
    ]


def _recorded(
    events: list[Event], policies: Recorded, session_facts: SessionFacts | None
) -> Iterator[tuple[Event, Key | None]]:
    """Judges each call by the policy whose digest it carries: for each of them the log is read once more, since each
    asks of the history in its own way."""
    asked: dict[tuple[str, str | None], set[str]] = {}
    for event in events:
        if event.type is EventType.TOOL_CALL and event.actor_kind in GOVERNED:
            digest = policies.for_call(event.agent, event.policy_digest)
            if digest is not None:
                asked.setdefault((digest, event.agent), set()).add(event.event_id)
            else:
                hour = policies.day_start(event.ts_ns)
                yield event, Key(event.agent, event.tool or "", Kind.NO_POLICY, hour=hour, policy=event.policy_digest)
        else:
            yield event, None
    for (digest, agent), calls in asked.items():
        alone = policies.alone(digest, agent)
        for event, given in told(events, alone, session_facts):
            if event.event_id in calls and event.agent == agent and event.type is EventType.TOOL_CALL:
                yield event, key_of(event, given, alone, policy=digest)


class _Found:
    """What a replay found so far."""

    def __init__(self, policies: Policies, written: Written | None) -> None:
        self._policies, self._written = policies, written
        self._made = Replayed()
        self._traces: dict[_Where, set[str]] = {}
        self._proposals: dict[tuple[str, str], tuple[int, str | None, str]] = {}
        self._nameless: list[tuple[str, str]] = []
        self._errors: Counter[_Where] = Counter()
        self._calls: dict[tuple[str | None, str], list[_Step]] = {}

    def call(self, event: Event, key: Key) -> None:
        """A call of an agent, and the group that it belongs to."""
        self._made.groups.setdefault(key, Seen()).add(event.trace_id, event.ts_ns, self._policies.hour(event.ts_ns))
        if self._written is not None:
            self._written.add(event, key)
        self._traces.setdefault((key.agent, key.tool), set()).add(event.trace_id)
        if event.span_id is not None:
            proposal = (event.wseq, key.agent, key.tool)
            span = (event.trace_id, event.span_id)
            if span not in self._proposals or proposal[0] < self._proposals[span][0]:
                self._proposals[span] = proposal
        if key.open:
            self._made.formats[key.timeless, event.source_format] += 1
        step = (event.ts_ns, event.writer_id, event.wseq, event.event_id, key.tool)
        self._calls.setdefault((key.agent, event.trace_id), []).append(step)
        if key.kind is not Kind.NO_POLICY:
            self._look(event, key)

    def other(self, event: Event) -> None:
        """Any other event."""
        if event.type is EventType.TOOL_RESULT and event.status == "error":
            if event.tool is not None:
                self._errors[event.agent, event.tool] += 1
            elif event.span_id is not None:
                self._nameless.append((event.trace_id, event.span_id))

    def end(self) -> Replayed:
        """All of it."""
        made = self._made
        for span in self._nameless:  # a log may have a result before its call
            if span in self._proposals:
                self._errors[self._proposals[span][1:]] += 1
        made.errors = dict(self._errors)
        made.runs = {where: len(ids) for where, ids in self._traces.items()}
        wanted = {
            each for where, looked in made.looked.items() if not self._policies.maps(*where) for each in looked.ids
        }
        neighbours = _neighbours(self._calls, wanted)
        for looked in made.looked.values():
            looked.beside(neighbours)
        return made

    def _look(self, event: Event, key: Key) -> None:
        made = self._made
        looked = made.looked.get((key.agent, key.tool))
        if looked is None:
            looked = made.looked[key.agent, key.tool] = Looked()
        order = order_of(event.ts_ns, event.wseq)
        if looked.wants(key.day, order):
            looked.add(key.day, Look(order, event.event_id, *arguments(event.args, event.args_error)))
        same = key.timeless
        place = (key.hour is None, key.hour or 0, event.trace_id, event.event_id)
        before = made.held.get(same)
        if (before is None or place < before.place) and self._policies.holds(same):
            made.held[same] = Held(
                key.hour, event.trace_id, event.event_id, event.ts_ns, *arguments(event.args, event.args_error)
            )


_Step = tuple[int | None, str, int, str, str]  # time, writer, its sequence, event id, tool


def _neighbours(
    calls: dict[tuple[str | None, str], list[_Step]], wanted: set[str]
) -> dict[str, tuple[str | None, str | None]]:
    """The tools that an agent called before and after each of some calls, in the same trace: by time where all of its
    calls there have one, else by writer and sequence."""
    found: dict[str, tuple[str | None, str | None]] = {}
    for steps in calls.values():
        if not any(step[3] in wanted for step in steps):
            continue
        timed = all(step[0] is not None for step in steps)
        steps.sort(key=lambda step: (step[0] or 0 if timed else 0, *step[1:4]))
        tools = [None, *(step[4] for step in steps), None]
        for place, step in enumerate(steps):
            if step[3] in wanted:
                found[step[3]] = (tools[place], tools[place + 2])
    return found


def key_of(event: Event, given: Inputs, policies: Policies, *, policy: str | None = None, utc: bool = False) -> Key:
    """The group that a call belongs to.

    Args:
        given: what the log tells of it beside its arguments (`told`).
        policies: to judge by.
        policy: as of `Key`.
        utc: whether days are those of UTC, whatever the deployment's clock says.
    """
    tool = event.tool or ""
    hour = policies.day_start(event.ts_ns)
    if utc:
        hour = None if event.ts_ns is None else event.ts_ns // NS_PER_DAY * 24
    judge = policies.agent_for(event.agent)
    if judge is None:
        return Key(event.agent, tool, Kind.NO_POLICY, hour=hour, policy=policy)
    if event.args_error is not None:
        return Key(event.agent, tool, Kind.MALFORMED, hour=hour, policy=policy)
    if event.args is None:
        return Key(event.agent, tool, Kind.UNCAPTURED, hour=hour, policy=policy)
    engine = policies.engines[judge]
    if tool not in engine.policy.tools:
        return Key(event.agent, tool, Kind.JUDGED, hour=hour, policy=policy)
    try:
        args = parse(event.args)  # canonical where `import` wrote it; a store may come from anywhere
    except Malformed:
        args = None
    if not isinstance(args, dict):
        return Key(event.agent, tool, Kind.MALFORMED, hour=hour, policy=policy)
    args, valid = engine.prepared(tool, args)
    truths = engine.recorded_truths(tool, args, given)
    return Key(event.agent, tool, Kind.JUDGED, valid, truths, hour, policy)
