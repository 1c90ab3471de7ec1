"""What a log tells of each call beside its arguments: its time, and what the policies ask of the history.

One event at a time, through `policy.history`. Leaves out the judging (`stream`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from govern.conditions import Inputs
from govern.events.canonical import Malformed, parse, text_of
from govern.events.model import Event, EventType
from govern.policy.history import GOVERNED, LIFECYCLE, History, session_of
from govern.policy.origin.hearing import SAYING, asked, trusted_tools
from govern.replay.groups import Policies
from govern.replay.order import Order, Placed
from govern.replay.sayings import answered

SessionFacts = Mapping[str, Inputs]
"""Facts by name, by the session or trace they were asserted for."""


def told(
    events: Iterable[Event], policies: Policies, session_facts: SessionFacts | None = None
) -> Iterator[tuple[Event, Inputs]]:
    """Every event, with what the log tells of it if it is a call.

    Args:
        events: in any order. Where no policy asks for the history they are handed through, else kept until the end.
        policies: each call is told what its agent's policy asks for.
        session_facts: what the host asserted; None where nobody captured it.
    """
    histories = {agent: each.history for agent, each in policies.engines.items() if each.history.asks}
    hears = {agent: keys for agent in histories if (keys := asked(policies.by_agent[agent]))}
    kept: list[Event] = []
    spoken: dict[str, list[Event]] = {}
    for event in events:
        if hears and (event.type in SAYING or event.type is EventType.TOOL_CALL):
            spoken.setdefault(session_of(event), []).append(event)
        if histories and event.type in LIFECYCLE:
            kept.append(event)
        else:
            yield event, _time(event)
    order = Order(kept)

    def of(agent: str) -> Callable[[Event], bool]:
        return lambda event: policies.agent_for(event.agent) == agent

    # One agent's name after the other, as the replay in SQL does: whose calls ask decides what is in order.
    origins = {
        event_id: answers
        for agent, keys in hears.items()
        for session in spoken.values()
        for name in {event.agent for event in session if event.type is EventType.TOOL_CALL}
        if policies.agent_for(name) == agent
        for event_id, answers in answered(
            session,
            keys,
            trusted_tools(policies.by_agent[agent]),
            asks=_judged(_named(name)),
            fill=histories[agent].filled,
        )
    }
    told_by = [remembered(order, history, of(agent), session_facts) for agent, history in histories.items()]
    for together in zip(*told_by, strict=True):
        event = together[0][0]
        given = _time(event)
        for _, found in together:
            given |= found
        yield event, given | origins.get(event.event_id, {})


def remembered(
    order: Order, history: History, mine: Callable[[Event], bool], session_facts: SessionFacts | None = None
) -> Iterator[tuple[Event, dict[str, Any]]]:
    """Every event in order, with what the history says of it if it is a call that the policy judges.

    Args:
        mine: whether a call is of the policy's agent.
        session_facts: as of `told`.
    """
    states: dict[Any, Any] = {}
    for placed in order:
        event = placed.event
        session = _of_session(session_facts, event)
        found: dict[str, Any] = {}
        if _judged(mine)(event):
            found = _inputs(history, states, order, placed, session)
        yield event, found
        states.update(history.changes(states, event, placed.at_ns, session, ordered=placed.ordered))


def _judged(mine: Callable[[Event], bool]) -> Callable[[Event], bool]:
    return lambda event: event.type is EventType.TOOL_CALL and event.actor_kind in GOVERNED and mine(event)


def _named(name: str | None) -> Callable[[Event], bool]:
    return lambda event: event.agent == name


def _of_session(session_facts: SessionFacts | None, event: Event) -> Inputs | None:
    """The facts that the host asserted for an event's session and its trace; None where it says nothing of either.

    Where both are said, each fact counts of which they do not contradict each other: nobody knows which was true.
    """
    if session_facts is None:
        return None
    session = None if event.session_id is None else session_facts.get(event.session_id)
    trace = session_facts.get(event.trace_id)
    if session is None or trace is None or session is trace:
        return trace if session is None else session
    contradicted = {name for name in session if name in trace and text_of(session[name]) != text_of(trace[name])}
    return {name: fact for name, fact in {**session, **trace}.items() if name not in contradicted}


def _time(event: Event) -> dict[str, Any]:
    return {} if event.ts_ns is None else {"at": event.ts_ns}


def _inputs(
    history: History, states: Mapping[Any, Any], order: Order, placed: Placed, session: Inputs | None
) -> dict[str, Any]:
    event = placed.event
    if not history.asked(event.tool or "") or event.args is None or event.args_error is not None:
        return {}
    try:
        args = parse(event.args)
    except Malformed:
        return {}
    if not isinstance(args, dict):
        return {}
    return history.inputs(
        states,
        event,
        history.filled(event.tool or "", args),
        at_ns=placed.at_ns,
        ordered=placed.ordered,
        rival=order.rival(event, history.is_trusted),
        session=session,
    )
