"""The order of a log's events, as far as it is known: one total order, and where it says more than the log does.

A trace is timed where all of its events have a time. Timed events stand by time, then writer, then the writer's own
sequence; events of a trace that is not timed stand before them, by writer and sequence. What that order cannot know:

- an untimed trace of several writers: nothing is known to come before (`ordered` is false);
- two events of a session are in known order where both are timed and their times differ, or where one writer wrote
  both and they are both timed or both not. An untrusted tool's event that is in no known order may have come before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from govern.events.model import Event, EventType
from govern.policy.history import GOVERNED, session_of

_RELEASES = (EventType.TOOL_CALL, EventType.TOOL_START, EventType.TOOL_RESULT)


@dataclass(frozen=True, slots=True)
class Placed:
    """An event in its place.

    Args:
        at_ns: its time; None where its trace is not timed.
        ordered: whether it is known what came before it in its trace.
    """

    event: Event
    at_ns: int | None
    ordered: bool


class Order:
    """All events that a history is made of, in the total order.

    Args:
        events: those of `policy.history.LIFECYCLE`, of whole traces, in any order.
    """

    def __init__(self, events: Iterable[Event]) -> None:
        self._events = list(events)
        self._untimed: set[str] = {event.trace_id for event in self._events if event.ts_ns is None}
        self._writers: dict[str, set[str]] = {}
        self._sessions: dict[str, list[Event]] = {}
        for event in self._events:
            if event.trace_id in self._untimed:
                self._writers.setdefault(event.trace_id, set()).add(event.writer_id)
            if event.type in _RELEASES:
                self._sessions.setdefault(session_of(event), []).append(event)
        self._plain: dict[str, bool] = {}

    def __iter__(self) -> Iterator[Placed]:
        for event in sorted(self._events, key=self._key):
            at_ns = self._at(event)
            ordered = at_ns is not None or len(self._writers[event.trace_id]) == 1
            yield Placed(event, at_ns, ordered)

    def rival(self, call: Event, trusted: Callable[[str], bool]) -> bool:
        """Whether an untrusted tool's event of the call's session is in no known order with it.

        Args:
            trusted: whether a tool's output is believed.
        """
        session = session_of(call)
        if self._is_plain(session):
            return False
        at_ns = self._at(call)
        for event in self._sessions[session]:
            if event is call or (call.span_id is not None and _span(event) == _span(call)) or trusted(event.tool or ""):
                continue
            if event.type is EventType.TOOL_CALL and event.actor_kind not in GOVERNED:
                continue
            other = self._at(event)
            same_kind = (other is None) is (at_ns is None)
            if same_kind and (event.writer_id == call.writer_id or (at_ns is not None and other != at_ns)):
                continue
            return True
        return False

    def _is_plain(self, session: str) -> bool:
        """Whether one writer wrote all of a session, all of it timed or none: nothing in it is out of order."""
        found = self._plain.get(session)
        if found is None:
            events = self._sessions.get(session, ())
            found = (
                len({event.writer_id for event in events}) <= 1
                and len({event.trace_id in self._untimed for event in events}) <= 1
            )
            self._plain[session] = found
        return found

    def _at(self, event: Event) -> int | None:
        return None if event.trace_id in self._untimed else event.ts_ns

    def _key(self, event: Event) -> tuple[bool, int, str, int, str]:
        at_ns = self._at(event)
        return (at_ns is not None, at_ns or 0, event.writer_id, event.wseq, event.event_id)


def _span(event: Event) -> tuple[str, str | None]:
    return (event.trace_id, event.span_id)
