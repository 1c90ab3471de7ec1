"""Two charters over the same events, one call at a time: any source of events, through the per-call engine.

The log is read once. It is kept in memory where the two ask of what came before in different ways, since each works
out its own history of the same events; a charter that asks nothing of it keeps nothing. Leaves out SQL
(`compare_bulk`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from govern.conditions import Inputs
from govern.events.model import Event, EventType
from govern.policy.history import GOVERNED
from govern.replay.compare import Common, Compared, First, common
from govern.replay.groups import Policies
from govern.replay.stream import key_of
from govern.replay.told import SessionFacts, told

_NOTHING = Common(frozenset(), told=False)


def compare(
    events: Iterable[Event], old: Policies, new: Policies, session_facts: SessionFacts | None = None
) -> Compared:
    """Judges every tool call of an agent by both.

    Args:
        events: in any order.
        old, new: to judge by.
        session_facts: what the host asserted, by session or trace; None where nobody captured it.
    """
    shared = _shared(old, new)
    found = Compared()
    for event, given_old, given_new in _told(events, old, new, session_facts, shared):
        if event.type is not EventType.TOOL_CALL or event.actor_kind not in GOVERNED:
            continue
        was = key_of(event, given_old, old, utc=True)
        same = _of(shared, old, new, event.agent)
        now = was if event.tool in same.tools else key_of(event, given_new, new, utc=True)
        found.add(was, now, First(event.ts_ns, event.trace_id, event.event_id))
    return found


def _shared(old: Policies, new: Policies) -> dict[tuple[str, str], Common]:
    return {
        (was, now): common(old.engines[was], new.engines[now])
        for was in old.engines
        for now in new.engines
        if was == now or (len(old.engines) == 1 and len(new.engines) == 1)
    }


def _of(shared: dict[tuple[str, str], Common], old: Policies, new: Policies, agent: str | None) -> Common:
    was, now = old.agent_for(agent), new.agent_for(agent)
    return _NOTHING if was is None or now is None else shared.get((was, now), _NOTHING)


def _told(
    events: Iterable[Event],
    old: Policies,
    new: Policies,
    session_facts: SessionFacts | None,
    shared: dict[tuple[str, str], Common],
) -> Iterator[tuple[Event, Inputs, Inputs]]:
    """Every event, with what the log tells of it under either."""
    if _told_once(old, new, shared):
        for event, given in told(events, old, session_facts):
            yield event, given, given
        return
    kept = list(events)
    under_new: dict[int, Inputs] = {
        id(event): given for event, given in told(kept, new, session_facts) if event.type is EventType.TOOL_CALL
    }
    for event, given in told(kept, old, session_facts):
        yield event, given, under_new.get(id(event), {})


def _told_once(old: Policies, new: Policies, shared: dict[tuple[str, str], Common]) -> bool:
    """Whether what the old policies are told is all that the new ones ask. Calls of no named agent are the only
    policy's, so that both must have one of them, or neither."""
    if (len(old.engines) == 1) != (len(new.engines) == 1):
        return not any(engine.history.asks for engine in new.engines.values())
    return all(
        not engine.history.asks or ((agent, agent) in shared and shared[agent, agent].told)
        for agent, engine in new.engines.items()
    )
