"""What a log tells of each call beside its arguments: its time, and what the policies ask of the history.

One event at a time, through `policy.history`. Leaves out the judging (`stream`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from govern.conditions import Inputs
from govern.events.canonical import Malformed, parse
from govern.events.model import Event, EventType
from govern.policy.history import GOVERNED, LIFECYCLE, History
from govern.replay.groups import Policies
from govern.replay.order import Order, Placed

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
    kept: list[Event] = []
    for event in events:
        if histories and event.type in LIFECYCLE:
            kept.append(event)
        else:
            yield event, _time(event)
    order = Order(kept)
    states: dict[str, dict[Any, Any]] = {agent: {} for agent in histories}
    for placed in order:
        event = placed.event
        session = session_of_host(session_facts, event)
        given = _time(event)
        judge = policies.agent_for(event.agent)
        if judge in histories and event.type is EventType.TOOL_CALL and event.actor_kind in GOVERNED:
            given |= _history(histories[judge], states[judge], order, placed, session)
        yield event, given
        for agent, history in histories.items():
            states[agent].update(history.changes(states[agent], event, placed.at_ns, session))


def session_of_host(session_facts: SessionFacts | None, event: Event) -> Inputs | None:
    """The facts that the host asserted for an event's session, or its trace; of one that it says nothing of, none."""
    if session_facts is None:
        return None
    if event.session_id is not None and event.session_id in session_facts:
        return session_facts[event.session_id]
    return session_facts.get(event.trace_id)


def _time(event: Event) -> dict[str, Any]:
    return {} if event.ts_ns is None else {"at": event.ts_ns}


def _history(
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
        args,
        at_ns=placed.at_ns,
        ordered=placed.ordered,
        rival=order.rival(event, history.is_trusted),
        session=session,
    )
