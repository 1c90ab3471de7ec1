"""What happened to a writer while something waited: the likeliest cause of most holes."""

from __future__ import annotations

from govern.events.model import Event, EventType
from govern.reconstruct.chain import Action, Chain
from govern.reconstruct.order import shown_before
from govern.reconstruct.words import clock

_RESTARTS = (EventType.SESSION_START, EventType.POLICY_LOADED)


def restart_between(chain: Chain, waiting: Event, then: Event) -> str:
    """In words, how the writer of `waiting` was replaced or restarted before `then`; empty where it was not."""
    mark = next(
        (e for e in chain.events if e.type in _RESTARTS and shown_before(waiting, e) and shown_before(e, then)), None
    )
    gone = waiting.writer_id != then.writer_id and not any(
        event.writer_id == waiting.writer_id and not shown_before(event, then) for event in chain.events
    )
    names = f"{waiting.writer_id} became {then.writer_id}"
    if gone and mark is not None and mark.writer_id == then.writer_id:
        return f"the writer restarted{_at(mark)} ({names})"
    if gone:
        return f"the writer changed ({names})"
    if mark is None:
        return ""
    what = "session was started" if mark.type is EventType.SESSION_START else "policy was loaded"
    return f"the {what} again{_at(mark)} by {mark.writer_id}"


def silence_after(chain: Chain, action: Action) -> str:
    """In words, what the record does after an action's last event; empty where nothing strikes."""
    last = action.events[-1]
    if chain.events and chain.events[-1].event_id == last.event_id:
        return "the record of this trace ends here"
    own = [e for e in chain.events if e.writer_id == last.writer_id]
    if own[-1].event_id == last.event_id:
        return f"the writer {last.writer_id} wrote nothing after it: it stopped, or what it wrote is lost"
    return ""


def _at(event: Event) -> str:
    return "" if event.ts_ns is None else f" at {clock(event.ts_ns)}"
