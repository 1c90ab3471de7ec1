"""The replay of one call at a time: any source of events, through the per-call engine."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING

from govern.conditions import Inputs
from govern.events.canonical import Malformed, parse
from govern.events.model import Event, EventType
from govern.policy.history import GOVERNED
from govern.replay.groups import NS_PER_DAY, Key, Kind, Policies, Replayed, Seen
from govern.replay.told import SessionFacts, told

if TYPE_CHECKING:  # Arrow is loaded where a file is written
    from govern.replay.verdicts import Written


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
    found = Replayed()
    traces: dict[tuple[str | None, str], set[str]] = {}
    proposals: dict[tuple[str, str], tuple[int, str | None, str]] = {}
    nameless: list[tuple[str, str]] = []
    errors: Counter[tuple[str | None, str]] = Counter()
    for event, given in told(events, policies, session_facts):
        if event.type is EventType.TOOL_CALL and event.actor_kind in GOVERNED:
            key = key_of(event, given, policies)
            found.groups.setdefault(key, Seen()).add(event.trace_id, event.ts_ns)
            if written is not None:
                written.add(event, key)
            traces.setdefault((key.agent, key.tool), set()).add(event.trace_id)
            if event.span_id is not None:
                proposal = (event.wseq, key.agent, key.tool)
                span = (event.trace_id, event.span_id)
                if span not in proposals or proposal[0] < proposals[span][0]:
                    proposals[span] = proposal
        elif event.type is EventType.TOOL_RESULT and event.status == "error":
            if event.tool is not None:
                errors[event.agent, event.tool] += 1
            elif event.span_id is not None:
                nameless.append((event.trace_id, event.span_id))
    for span in nameless:  # a log may have a result before its call
        if span in proposals:
            errors[proposals[span][1:]] += 1
    found.errors = dict(errors)
    found.runs = {where: len(ids) for where, ids in traces.items()}
    return found


def key_of(event: Event, given: Inputs, policies: Policies) -> Key:
    """The group that a call belongs to.

    Args:
        given: what the log tells of it beside its arguments (`told`).
        policies: to judge by.
    """
    tool = event.tool or ""
    day = None if event.ts_ns is None else event.ts_ns // NS_PER_DAY
    judge = policies.agent_for(event.agent)
    if judge is None:
        return Key(event.agent, tool, Kind.NO_POLICY, day=day)
    if event.args_error is not None:
        return Key(event.agent, tool, Kind.MALFORMED, day=day)
    if event.args is None:
        return Key(event.agent, tool, Kind.UNCAPTURED, day=day)
    engine = policies.engines[judge]
    if tool not in engine.policy.tools:
        return Key(event.agent, tool, Kind.JUDGED, day=day)
    try:
        args = parse(event.args)  # canonical where `import` wrote it; a store may come from anywhere
    except Malformed:
        args = None
    if not isinstance(args, dict):
        return Key(event.agent, tool, Kind.MALFORMED, day=day)
    args, valid = engine.prepared(tool, args)
    truths = engine.recorded_truths(tool, args, given)
    return Key(event.agent, tool, Kind.JUDGED, valid, truths, day)
