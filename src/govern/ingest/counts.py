"""Counts what was read, per file and in all, so that nothing disappears between a log and a report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from govern.events.model import ActorKind, Event, EventType
from govern.ingest.source import Refusal

SHOWN: Final = 1_000
"""A summary keeps so many refusals; further ones are counted."""

_Key = tuple[str, str]


@dataclass(slots=True)
class Tally:
    """Counts events. A result answers the open call of its trace with the same span, else the same call id,
    else the same tool; a call id that comes again is another call."""

    events: int = 0
    calls: int = 0
    results: int = 0
    errors: int = 0
    traces: set[str] = field(default_factory=set)
    _open: Counter[_Key] = field(default_factory=Counter)
    _spare: Counter[_Key] = field(default_factory=Counter)

    def add(self, events: Iterable[Event]) -> None:
        last = None
        for event in events:
            self.events += 1
            if event.trace_id is not last:
                self.traces.add(event.trace_id)
                last = event.trace_id
            kind = event.type
            if kind is EventType.TOOL_CALL:
                if event.actor_kind in (ActorKind.AGENT, None):  # a charter governs the agent
                    self.calls += 1
                    self._open[_key(event)] += 1
            elif kind is EventType.TOOL_RESULT:
                self.results += 1
                if event.status == "error":
                    self.errors += 1
                key = _key(event)
                if self._open.get(key):
                    self._open[key] -= 1
                    if not self._open[key]:
                        del self._open[key]
                else:
                    self._spare[key] += 1

    @property
    def unanswered(self) -> int:
        """Calls with no result."""
        return self._open.total()

    def merge(self, other: Tally) -> None:
        """Adds the counts of another part of the same import; a trace may go on from one to the other."""
        self.events += other.events
        self.calls += other.calls
        self.results += other.results
        self.errors += other.errors
        self.traces |= other.traces
        self._open += other._open
        self._spare += other._spare
        for key in [key for key in other._spare if key in self._open]:
            met = min(self._open[key], self._spare[key])
            self._open[key] -= met
            self._spare[key] -= met


def _key(event: Event) -> _Key:
    return (event.trace_id, event.span_id or event.call_id or f"tool {event.tool}")


@dataclass(frozen=True, slots=True, kw_only=True)
class FileReport:
    """What one input gave.

    `rows` are the lines, array elements or whole documents that were seen: every one became events, or is refused, a
    duplicate or an aside, or waits for another (a span for its log records). `refused` counts refusals: of rows, of
    parts of a row (a record of a document), of the file as a whole. A row that is read but for some parts is no refused
    row, and each of these parts is one refusal: so `refused` may be more than `rows`.

    Args:
        format: id of the format, or None where none was recognised.
        duplicates: rows that had been read before in this import, word for word; dropped.
        asides: rows that hold nothing an agent did, by what they are.
        notes: what the source does not say and its format could, in words, with how often.
        runs: distinct traces.
        calls: proposals by the agent.
        unanswered: calls with no result.
        lacks: what the format cannot carry, in words.
        left_out: the pattern by which the caller left the whole input out; it was not read.
        tally: for adding up files.
    """

    path: str
    format: str | None
    rows: int
    refused: int
    duplicates: int
    asides: Mapping[str, int]
    notes: Mapping[str, int]
    runs: int
    events: int
    calls: int
    results: int
    errors: int
    unanswered: int
    lacks: str = ""
    left_out: str = ""
    tally: Tally = field(default_factory=Tally, repr=False, compare=False)

    @property
    def headers(self) -> int:
        """Rows that describe the file and hold no run."""
        return self.asides.get("header", 0)


@dataclass(slots=True)
class Summary:
    """Collects the reports and refusals of one import on its way to whoever uses the events.

    Args:
        files: what was read, or could not be.
        left_out: what was not read because the caller said so.
        refused: all refusals.
        refused_rows: rows that are lost with them.
        whole: those of which nobody knows how much is lost.
        stated: totals that were counted elsewhere, by SQL over a store; None where events passed here.
    """

    files: list[FileReport] = field(default_factory=list)
    left_out: list[FileReport] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    refused: int = 0
    refused_rows: int = 0
    whole: int = 0
    stated: FileReport | None = None
    _total: Tally = field(default_factory=Tally)

    def events(self, items: Iterable[Event | Refusal | FileReport]) -> Iterator[Event]:
        """Passes the events on and keeps the rest."""
        for item in items:
            match item:
                case Event():
                    yield item
                case Refusal():
                    self.refuse(item)
                case FileReport(left_out=pattern) if pattern:
                    self.left_out.append(item)
                case FileReport():
                    self._total.merge(item.tally)
                    self.files.append(replace(item, tally=Tally()))

    def refuse(self, refusal: Refusal) -> None:
        """Counts a refusal; the first `SHOWN` are kept."""
        self.refused += 1
        if refusal.rows is None:
            self.whole += 1
        else:
            self.refused_rows += refusal.rows
        if len(self.refusals) < SHOWN:
            self.refusals.append(refusal)

    @property
    def totals(self) -> FileReport:
        """All inputs together; its `refused` counts refusals that belong to no input too."""
        if self.stated is not None:
            return replace(self.stated, path="", format=None, refused=self.refused)
        total = self._total
        return FileReport(
            path="",
            format=None,
            rows=sum(file.rows for file in self.files),
            refused=self.refused,
            duplicates=sum(file.duplicates for file in self.files),
            asides=dict(sum((Counter(file.asides) for file in self.files), Counter[str]())),
            notes=dict(sum((Counter(file.notes) for file in self.files), Counter[str]())),
            runs=len(total.traces),
            events=total.events,
            calls=total.calls,
            results=total.results,
            errors=total.errors,
            unanswered=total.unanswered,
        )
