"""Calls that a trace holds twice: in the model's answers as proposals, and as records of what ran.

What ran is the call. A proposal that no record answers was stopped, or its tool was not traced: it is a call too, with
no result. The two are matched within a trace, by the call's id, else by tool and arguments, else by tool in order.

Leaves out: what an answer or a record looks like (`answers`, `adapters`).
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict, deque
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from govern.events.canonical import Json
from govern.events.model import ActorKind, Event, EventType
from govern.ingest.adapter import Row
from govern.ingest.answers import Proposed, meaning
from govern.ingest.arguments import Arguments
from govern.ingest.making import Maker

OPEN: Final = 20_000
"""So many traces are held open, the latest; an older one is closed, and what comes later stands on its own."""
UNANSWERED: Final = "calls in an answer that no record of a tool answers"


_Ran = tuple[str, tuple[str, str]]
"""A record of a call: its id, the tool, the arguments."""


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A proposal, and what it takes to make a call of it."""

    call: Proposed
    row: Row
    columns: dict[str, Any]
    event_id: str


@dataclass(slots=True)
class _Trace:
    waiting: list[_Waiting] = field(default_factory=list)
    ran: list[_Ran] = field(default_factory=list)
    seen: set[tuple[str, tuple[str, str]]] = field(default_factory=set)


class Record(Maker):
    """The events of one record of a trace: an answer of a model, or a call of a tool. Ids are made from its own.

    Args:
        row: where it stands.
        source_format: the adapter's id.
        name: of `digest`; what names the record wherever it stands.
        start: UTC nanoseconds since 1970; None where the record does not say it.
        end: the same.
        common: columns of every event.
    """

    def __init__(
        self, row: Row, source_format: str, name: str, start: int | None, end: int | None, **common: Any
    ) -> None:
        super().__init__(row, source_format, **common)
        self._name, self._start, self._end = name, start, end
        self._took = end - start if start is not None and end is not None and end >= start else None

    def add(self, kind: EventType, **columns: Any) -> None:
        if kind in (EventType.RESPONSE, EventType.TOOL_RESULT):
            columns["duration_ns"] = self._took
        super().add(kind, **{"event_id": f"{self._name}-{kind}", **columns})

    def answer(self, asked: Json, output: Json, problem: str | None) -> None:
        """What the model was asked and what it answered; `problem` where it failed."""
        late = self._start if self._end is None else self._end
        if asked is not None:
            content, fidelity = self.content(asked)
            about = {"actor_kind": ActorKind.SERVICE, "ts_ns": self._start}
            self.add(EventType.PROMPT, content=content, fidelity=fidelity, **about)
        if problem is not None:
            self.add(EventType.ERROR, error=problem, actor_kind=ActorKind.SERVICE, ts_ns=late)
        if problem is None or output is not None:
            content, fidelity = self.content(output)
            self.add(EventType.RESPONSE, content=content, fidelity=fidelity, actor_kind=ActorKind.AGENT, ts_ns=late)

    def tool(
        self, tool: str, call_id: str, arguments: Arguments, output: Json, problem: str | None, *, done: bool
    ) -> None:
        """A call, and its result where it is `done`."""
        about: dict[str, Any] = {"tool": tool, "call_id": call_id or None}
        self.call(arguments, **about, actor_kind=ActorKind.AGENT, ts_ns=self._start)
        if done:
            content, fidelity = self.content(output)
            about |= {"status": "ok" if problem is None else "error", "error": problem, "ts_ns": self._end}
            self.add(EventType.TOOL_RESULT, content=content, fidelity=fidelity, actor_kind=ActorKind.SERVICE, **about)


class Traces:
    """The calls of one source's traces.

    Args:
        source_format: the adapter's id.
    """

    def __init__(self, source_format: str) -> None:
        self._format = source_format
        self._open: OrderedDict[str, _Trace] = OrderedDict()
        self._said: list[tuple[str, Sequence[_Waiting], Sequence[_Ran]]] = []
        self._next = 0

    def propose(self, row: Row, trace: str, answer: str, calls: Sequence[Proposed], **columns: Any) -> None:
        """Keeps the calls of an answer until it is known which of them ran.

        Args:
            answer: what names the answer in its trace.
            columns: of the calls (`ts_ns`, `parent_span_id`, `agent`, `session_id`).
        """
        row = replace(row, value=None, raw=b"\\ud" if row.has_surrogates else b"")  # the rest is not needed any more
        waiting = [
            _Waiting(
                call, row, {"trace_id": trace, **columns}, f"{digest(self._format, trace, answer)}-call{number:04d}"
            )
            for number, call in enumerate(calls)
        ]
        self._said.append((trace, waiting, ()))

    def ran(self, trace: str, tool: str, call_id: str, arguments: Json) -> None:
        """A record of a call that ran."""
        self._said.append((trace, (), ((call_id, (tool, meaning(arguments))),)))

    def begin(self) -> None:
        """A row begins; what was said by one that was refused is forgotten."""
        self._said.clear()

    def settle(self) -> None:
        """What was said since `begin` holds: its row was read."""
        for trace, waiting, ran in self._said:
            held = self._open.setdefault(trace, _Trace())
            self._open.move_to_end(trace)
            held.ran += ran
            for each in waiting:
                seen = (each.call.id, each.call.key)
                if not each.call.id or seen not in held.seen:  # else two libraries recorded one answer
                    held.waiting.append(each)
                    held.seen.add(seen)
        self._said.clear()

    def written(self, row: Row, events: int) -> None:
        """How far the writer's sequence is, for events that come at the end."""
        self._next = row.wseq + events

    def overflow(self, wseq: int) -> list[Event]:
        """The calls of traces that are closed because too many are open."""
        made: list[Event] = []
        while len(self._open) > OPEN:
            made += self._closed(self._open.popitem(last=False)[1], wseq + len(made))
        return made

    def end(self) -> list[Event]:
        """The calls that never ran, of all traces that are open."""
        made: list[Event] = []
        for held in self._open.values():
            made += self._closed(held, self._next + len(made))
        self._open.clear()
        return made

    def close(self, trace: str, wseq: int) -> list[Event]:
        """The calls of a trace that never ran, where the whole trace was seen."""
        held = self._open.pop(trace, None)
        return [] if held is None else self._closed(held, wseq)

    def _closed(self, held: _Trace, wseq: int) -> list[Event]:
        made: list[Event] = []
        for each in _unanswered(held):
            each.row.notes[UNANSWERED] += 1
            made += self._call(each, wseq + len(made))
        return made

    def _call(self, each: _Waiting, wseq: int) -> list[Event]:
        maker = Maker(each.row, self._format)
        arguments = maker.arguments(each.call.arguments) if each.call.given else maker.arguments()
        span = digest(each.event_id)[:16]
        columns = {"span_id": span, "actor_kind": ActorKind.AGENT, **each.columns}
        maker.call(
            arguments, tool=each.call.name, call_id=each.call.id or None, event_id=each.event_id, wseq=wseq, **columns
        )
        return maker.events


def _unanswered(held: _Trace) -> list[_Waiting]:
    """The proposals that no record answers. Each record answers one; where both have ids, only the ids count."""
    used: set[int] = set()
    left = held.waiting
    for same in (_ids, _keys, _tools):
        records: dict[Hashable, deque[int]] = {}
        for number, (call_id, key) in enumerate(held.ran):
            for place in same(call_id, key, True):
                records.setdefault(place, deque()).append(number)
        missed = []
        for each in left:
            (place,) = same(each.call.id, each.call.key, False) or (None,)
            found = records.get(place, deque())
            while found and found[0] in used:
                found.popleft()
            if found:
                used.add(found.popleft())
            else:
                missed.append(each)
        left = missed
    return left


def _ids(call_id: str, key: tuple[str, str], record: bool) -> tuple[Hashable, ...]:
    return ((call_id, key[0]),) if call_id else ()


def _keys(call_id: str, key: tuple[str, str], record: bool) -> tuple[Hashable, ...]:
    """Where a record stands, and where a proposal looks: one with an id only among the records without."""
    if record:
        return ((key, False),) if call_id else ((key, False), (key, True))
    return ((key, bool(call_id)),)


def _tools(call_id: str, key: tuple[str, str], record: bool) -> tuple[Hashable, ...]:
    return _keys(call_id, (key[0], ""), record)


def digest(*parts: str) -> str:
    """32 hex digits for something that the source names itself."""
    return hashlib.sha256("\0".join(parts).encode("utf-8", "backslashreplace")).hexdigest()[:32]
