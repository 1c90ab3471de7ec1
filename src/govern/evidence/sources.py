"""Reads the two sources that are compared: a store, and logs of somebody else, of any format that can be imported.

Leaves out comparing them (`reconcile`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from itertools import groupby
from operator import attrgetter
from pathlib import Path

from govern.audit.read import open_events, read_events
from govern.errors import UsageError
from govern.events.model import Event, EventType
from govern.evidence.executions import KEPT, Ran, Told, by_trace, told
from govern.evidence.reconcile import Reconciled, Span, overlap, reconcile
from govern.findings import did_you_mean
from govern.ingest.counts import Summary
from govern.ingest.progress import Watch
from govern.ingest.reader import read


@dataclass(frozen=True, slots=True)
class Source:
    """One source as it was read.

    Args:
        ran: executions.
        proposals: calls that nothing shows to have run; not compared.
        events: of any type.
        first_ns, last_ns: of any event, UTC nanoseconds; None where no event has a time.
        tools: names of tools that it defines, without their server.
    """

    ran: tuple[Ran, ...]
    proposals: int
    events: int
    first_ns: int | None
    last_ns: int | None
    tools: frozenset[str] = frozenset()

    @property
    def timeless(self) -> int:
        """Executions without a time."""
        return sum(each.at_ns is None for each in self.ran)


@dataclass(frozen=True, slots=True)
class Compared:
    """A store beside a second source.

    Args:
        summary: how the second source was read.
        asked: whether the span was given, and is not that which both cover.
        window_ns: how far two times of one execution may lie apart.
    """

    ours: Source
    theirs: Source
    summary: Summary
    result: Reconciled
    asked: bool
    window_ns: int

    @property
    def unjudged(self) -> int:
        """Executions of the second source that nobody asked to leave out, and that lie where the store has no events:
        the store may have been cut, or not begun."""
        return 0 if self.asked else self.result.outside[1]


def of_store(folder: str | Path) -> Source:
    """The executions that a store tells.

    Raises:
        EvidenceError: no events there, or the store is damaged.
    """
    with closing(open_events(folder)) as con:
        row = con.execute("SELECT count(*), min(ts_ns), max(ts_ns) FROM events").fetchone()
    events, first, last = row if row is not None else (0, None, None)
    marks = ", ".join("?" * len(KEPT))
    stream = read_events(folder, f"type IN ({marks})", [str(each) for each in KEPT])
    found = [told(list(group)) for _, group in groupby(map(_lean, stream), key=attrgetter("trace_id"))]
    return _source(found, events, first, last)


def of_logs(
    paths: Sequence[str],
    *,
    format: str | None = None,
    agent: str | None = None,
    same: Mapping[str, str] | None = None,
    watch: Watch | None = None,
) -> tuple[Source, Summary]:
    """The executions that logs tell, held in memory, and how they were read.

    Args:
        paths, format, agent, watch: as `govern.ingest.read`.
        same: what the store calls a tool, by what the logs call it.

    Raises:
        UsageError: `format` is unknown, or `same` names a tool that the logs do not have.
    """
    summary = Summary()
    counted = _Counted()
    kept = [_lean(e) for e in counted.all(summary.events(read(paths, format=format, agent=agent, watch=watch)))]
    found = [told(events) for events in by_trace(kept)]
    source = _source(found, counted.events, counted.first, counted.last, frozenset(counted.tools))
    return _renamed(source, same or {}), summary


def _lean(event: Event) -> Event:
    """Without what was said: outputs are not compared, and may be long."""
    return replace(event, content=None) if event.type is not EventType.TOOL_DEFINITION else event


@dataclass(slots=True)
class _Counted:
    """Passes on what executions are told from; counts all."""

    events: int = 0
    first: int | None = None
    last: int | None = None
    tools: set[str] = field(default_factory=set)

    def all(self, events: Iterable[Event]) -> Iterator[Event]:
        for event in events:
            self.events += 1
            if (at := event.ts_ns) is not None:
                self.first = at if self.first is None else min(at, self.first)
                self.last = at if self.last is None else max(at, self.last)
            if event.type is EventType.TOOL_DEFINITION and event.tool:
                self.tools.add(event.tool)
            if event.type in KEPT:
                yield event


def _source(
    found: Sequence[Told], events: int, first: int | None, last: int | None, tools: frozenset[str] = frozenset()
) -> Source:
    ran = tuple(each for trace in found for each in trace.ran)
    return Source(ran, sum(trace.proposals for trace in found), events, first, last, tools)


def _renamed(source: Source, same: Mapping[str, str]) -> Source:
    there = {each.tool for each in source.ran} | source.tools
    for name in same:
        if name not in there:
            hint = did_you_mean(name, sorted(there))
            raise UsageError(f"`{name[:80]}` is no tool of the second source", where="--same-tool", hint=hint)
    ran = tuple(replace(each, tool=same.get(each.tool, each.tool)) for each in source.ran)
    return replace(source, ran=ran, tools=frozenset(same.get(tool, tool) for tool in source.tools))


def compare(ours: Source, theirs: Source, summary: Summary, *, window_ns: int, span: Span | None = None) -> Compared:
    """A store beside a second source.

    Args:
        window_ns: as `reconcile`.
        span: what is compared; None for the time that both cover.
    """
    both = overlap((ours.first_ns, ours.last_ns), (theirs.first_ns, theirs.last_ns))
    result = reconcile(ours.ran, theirs.ran, span or both, window_ns=window_ns, known=theirs.tools)
    return Compared(ours, theirs, summary, result, span is not None, window_ns)
