"""Holds the spans of a source until their traces can be read.

Spans come in any order, children before parents, and one trace may be spread over many rows. So spans wait until their
source ends, or until too much waits; which events arise does not depend on how they were spread.

Leaves out: how a format writes spans (`spans_otlp`, `adapters`), which events a trace gives (`spans_events`).
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from govern.events.model import Event
from govern.ingest import spans_answers, spans_calls
from govern.ingest.adapter import Row
from govern.ingest.spans import Log, Part, Parts, Span, Trace
from govern.ingest.spans_calls import CLAUDE, IDS
from govern.ingest.spans_events import AGENT_NAMES, SESSIONS, Closing
from govern.ingest.spans_logs import session, spans

WAITING: Final = 32 * 1024 * 1024
"""Bytes of source text whose spans wait; above it the traces that were silent longest are closed."""
OF_OTHERS: Final = frozenset({*SESSIONS, *AGENT_NAMES, "decision", "source", "success", "error", "error_class"})
"""What a span that is no call and no answer may say of one."""
TWICE: Final = "spans that stand twice"
EARLY: Final = "traces closed before the end of the source, because too many were open"
LOOSE: Final = "log records outside of a trace"


class Spans:
    """One source of spans: a `Reading`.

    Args:
        source_format: the adapter's id.
        parts: gives the spans and log records of a row; raises as `Reading.events` does.
        waiting: as `WAITING`.
    """

    def __init__(self, source_format: str, parts: Parts, waiting: int = WAITING) -> None:
        self._format = source_format
        self._parts = parts
        self._limit = waiting
        self._open: OrderedDict[str, Trace] = OrderedDict()
        self._weight = 0
        self._next = 0
        self._met: set[str] = set()

    def events(self, row: Row) -> Sequence[Event]:
        found = self._parts(row)
        share = len(row.raw) // max(len(found), 1) + 1
        for part in found:
            name = part.trace or (session(part) if isinstance(part, Log) else None)
            if name is None:
                row.notes[LOOSE] += 1
                continue
            if isinstance(part, Span) and part.name == CLAUDE:
                self._met.add(part.text(*IDS) or "")
            held = self._open.setdefault(name, Trace())
            self._open.move_to_end(name)
            held.weight += share
            self._weight += share
            _keep(held, part)
        made: list[Event] = []
        while self._weight > self._limit and len(self._open) > 1:
            row.notes[EARLY] += 1
            made += self._close(next(iter(self._open)), row.wseq + len(made))
        self._next = row.wseq + len(made)
        return made

    def end(self) -> Sequence[Event]:
        made: list[Event] = []
        for name in list(self._open):
            made += self._close(name, self._next + len(made))
        return made

    def _close(self, name: str, wseq: int) -> list[Event]:
        held = self._open.pop(name)
        self._weight -= held.weight
        for span in list(spans(name, held.spans, held.logs, self._met)):
            _keep(held, span)
        return Closing(self._format, name, held).events(wseq)


def _keep(held: Trace, part: Part) -> None:
    if isinstance(part, Log):
        held.logs.setdefault(part.span or "", []).append(part)
        return
    if not (spans_calls.tool(part) or spans_answers.model(part) or spans_answers.agent(part)):
        part = _slim(part)
    known = held.spans.setdefault(part.id, part)
    if known is part:
        return
    if known == part or (whole := part.whole()) in held.again:
        part.row.notes[TWICE] += 1
    else:
        held.again[whole] = part  # some systems give the two sides of a request one id


def _slim(span: Span) -> Span:
    """A span that is no call and no answer: what it says of those inside it."""
    kept = {key: value for key, value in span.attributes.items() if key in OF_OTHERS}
    return replace(span, attributes=kept, events=())
