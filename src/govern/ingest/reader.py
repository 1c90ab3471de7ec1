"""Reads logs: a stream of events, refusals and, at the end of each input, its report.

What is special to a format is its adapter's. Here is what every input goes through: opened and unpacked,
split into rows, recognised by content, read as JSON, turned into events, met before or not, counted. A bad
row never stops the rest, and is never left out of the counts.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path
from typing import Final

from govern.errors import EvidenceError
from govern.events import canonical
from govern.events.canonical import Json, Malformed
from govern.events.model import Event
from govern.ingest import formats
from govern.ingest.adapter import Adapter, Aside, Row, Unusable
from govern.ingest.arguments import kind, storable
from govern.ingest.counts import FileReport, Tally
from govern.ingest.depth import shallow
from govern.ingest.identity import Identities, Met
from govern.ingest.paths import File, Store, expand, left_out, matching
from govern.ingest.progress import Pace, Watch
from govern.ingest.rows import Lost, RawRow, split
from govern.ingest.source import PARQUET_MAGIC, Refusal, Source, open_sources

SNIFFED: Final = 64
"""So many rows are looked at to recognise a format: the first ones may be damaged."""

UNKNOWN: Final = "no known log format"
"""What the refusal of a file begins with in which no row was recognised."""
_TOLD_EVERY: Final = 64  # rows

_CLASH: Final = "the event id `{}` was read before, with other content"

Item = Event | Refusal | FileReport


def read(
    paths: Sequence[str],
    *,
    format: str | None = None,
    agent: str | None = None,
    watch: Watch | None = None,
) -> Iterator[Item]:
    """Reads logs, in the order of the paths; within a file in the order of the file.

    Memory is bounded by one row (a line, an element of an array, a whole document), and a few bytes an event for
    finding duplicates and unanswered calls.

    Args:
        paths: files, folders, globs, archives, stores, `-` for standard input, `!PATTERN` for what is left out.
        format: id of the format of all of them; None recognises each by its content.
        agent: the agent's name where the source carries none.
        watch: told how far reading is.

    Yields:
        Events; a `Refusal` for everything that was not read; a `FileReport` at the end of each input.

    Raises:
        UsageError: `format` is unknown.
        EnvironmentFailed: no space to unpack.
    """
    adapter = None if format is None else formats.named(format)
    return _read(paths, adapter, agent, watch)


def _read(paths: Sequence[str], adapter: Adapter | None, agent: str | None, watch: Watch | None) -> Iterator[Item]:
    met = Identities()
    found = list(expand(paths))
    patterns = left_out(paths)
    pace = Pace(watch, [each for each in found if not isinstance(each, Refusal)])
    try:
        for each in found:
            match each:
                case Refusal():
                    yield each
                    continue
                case Store():
                    yield from _Reading(each.name, met, adapter, agent, pace).store(each.parts, each.lacks)
                case File():
                    yield from _file(each, patterns, met, adapter, agent, pace)
            pace.finished(each)
    finally:
        met.close()


def _file(
    file: File, patterns: Sequence[str], met: Identities, adapter: Adapter | None, agent: str | None, pace: Pace
) -> Iterator[Item]:
    """A file, or the files of an archive."""
    if file.left_out:
        yield _Reading(file.name, met, None, agent, pace, left_out=file.left_out).report()
        return
    empty = True
    sources = open_sources(file.name, lambda name: not matching(name, patterns))
    while True:
        found: Source | Refusal | str | None
        try:
            found = next(sources, None)
        except OSError as error:
            found = Refusal(file.name, 0, f"cannot be read: {(error.strerror or str(error)).lower()}", None)
            sources = iter(())
        if found is None:
            if not empty:
                return
            found = Refusal(file.name, 0, "no files in this archive", None)
        empty = False
        match found:
            case Refusal():
                reading = _Reading(found.file, met, adapter, agent, pace)
                yield reading.refuse(0, found.reason, found.rows)
                yield reading.report()
            case str():
                yield _Reading(found, met, None, agent, pace, left_out=matching(found, patterns)).report()
            case Source():
                yield from _Reading(found.name, met, adapter, agent, pace).source(found)


@dataclass(slots=True)
class _Reading:
    """One input on its way through."""

    name: str
    met: Identities
    adapter: Adapter | None
    agent: str | None
    pace: Pace
    left_out: str = ""
    rows: int = 0
    refused: int = 0
    duplicates: int = 0
    asides: Counter[str] = field(default_factory=Counter)
    notes: Counter[str] = field(default_factory=Counter)
    tally: Tally = field(default_factory=Tally)

    def source(self, source: Source) -> Iterator[Item]:
        with source.file:
            if source.file.read(len(PARQUET_MAGIC)) == PARQUET_MAGIC:
                yield from self.store((Path(self.name),))
                return
            source.file.seek(0)
            try:
                yield from self._text(source)
            except OSError as error:
                yield self.refuse(0, f"cannot be read on: {(error.strerror or str(error)).lower()}", None)
        yield self.report()

    def _text(self, source: Source) -> Iterator[Event | Refusal]:
        found = split(source)
        if self.adapter is None:
            first: list[RawRow | Lost] = []
            for row in found:
                first.append(row)
                if isinstance(row, RawRow) and (adapter := _claimed(row)) is not None:
                    self.adapter = adapter
                    break
                if len(first) == SNIFFED:
                    break
            if self.adapter is None:
                yield self.refuse(0, _unknown(first, source), None)
                return
            found = chain(first, found)
        yield from self._rows(found, source, self.adapter)
        if source.trouble:
            yield self.refuse(0, f"{source.trouble}; the rest is missing", None)
        elif not self.rows and not self.refused:
            yield self.refuse(0, "empty: no rows", None)

    def _rows(self, found: Iterator[RawRow | Lost], source: Source, adapter: Adapter) -> Iterator[Event | Refusal]:
        short = source.digest[:16]
        writer = f"import:{short}"
        salt = f"{adapter.info.id}\0".encode()
        reading = adapter.reading()
        for number, raw in enumerate(found):
            if not number % _TOLD_EVERY:
                self.pace.at(source)
            if isinstance(raw, Lost):
                self.rows += raw.rows or 0
                yield self.refuse(raw.line, raw.reason, raw.rows)
                continue
            self.rows += 1
            text = raw.raw
            try:
                value, text = _loaded(text)
            except Malformed as error:
                # The last line of a cut source is lost with the rest, which the source's trouble says.
                yield self.refuse(raw.line, f"{error}" + (" (cut short here)" if raw.cut else ""))
                continue
            row = Row(
                value=value,
                raw=text,
                digest=hashlib.sha256(salt + raw.raw).hexdigest()[:32],
                ref=f"{short}:{raw.place}",
                writer=writer,
                wseq=self.tally.events,
                agent=self.agent,
                notes=self.notes,
            )
            try:
                events = reading.events(row)
            except Aside as aside:
                if not row.refused:
                    self.asides[str(aside)] += 1
                yield from self._parts(row, raw.line, left=False)
                continue
            except Unusable as error:
                yield self.refuse(raw.line, str(error))
                continue
            yield from self._new(events, raw.line)
            yield from self._parts(row, raw.line, left=True)
        try:
            waited = reading.end()
        except Unusable as error:
            yield self.refuse(0, f"what waited for the end of the file: {error}", None)
            return
        yield from self._new(waited, 0)

    def _parts(self, row: Row, line: int, *, left: bool) -> Iterator[Refusal]:
        """A refusal for each refused part of a row; the row is lost with them where nothing is `left` of it."""
        for number, reason in enumerate(row.refused):
            yield self.refuse(line, reason, 0 if left or number else 1)

    def _new(self, events: Sequence[Event], line: int) -> Sequence[Event | Refusal]:
        """The events of a row that were not met before, and a refusal for each that was met otherwise."""
        meet = self.met.meet
        met = [meet(event) for event in events]
        if met.count(Met.NEW) == len(met):
            self.tally.add(events)
            return events
        if met.count(Met.SAME) == len(met):
            self.duplicates += 1
            return ()
        fresh = [event for event, how in zip(events, met, strict=True) if how is Met.NEW]
        self.tally.add(fresh)
        clashes = [event.event_id for event, how in zip(events, met, strict=True) if how is Met.OTHER]
        return [*fresh, *(self.refuse(line, _CLASH.format(storable(event_id))) for event_id in clashes)]

    def store(self, parts: tuple[Path, ...], lacks: Sequence[str] = ()) -> Iterator[Item]:
        """Events of a store, in the total order; a damaged part is refused and the others are read.

        Args:
            lacks: why there may be more events than these: each is a refusal, for nobody knows how many.
        """
        from govern.audit import read  # duckdb: only where there is Parquet

        self.adapter = formats.named("canonical")
        for why in lacks:
            yield self.refuse(0, why, None)
        good = list(parts)
        while good:
            try:
                for event in read.read_parts(good):
                    self.rows += 1
                    if event.agent is None and self.agent is not None:
                        event = replace(event, agent=self.agent)
                    yield from self._new((event,), 0)
                break
            except EvidenceError as error:
                bad = next((part for part in good if str(part) == error.where), None)
                yield self.refuse(0, f"{error.where}: {error.message}", None)
                if bad is None or self.rows:  # sorting reads all parts before the first event
                    break
                good.remove(bad)
        yield self.report()

    def refuse(self, line: int, reason: str, rows: int | None = 1) -> Refusal:
        self.refused += 1
        return Refusal(self.name, line, reason, rows)

    def report(self) -> FileReport:
        tally = self.tally
        info = None if self.adapter is None else self.adapter.info
        return FileReport(
            path=self.name,
            format=None if info is None else info.id,
            rows=self.rows,
            refused=self.refused,
            duplicates=self.duplicates,
            asides=dict(self.asides),
            notes=dict(self.notes),
            runs=len(tally.traces),
            events=tally.events,
            calls=tally.calls,
            results=tally.results,
            errors=tally.errors,
            unanswered=tally.unanswered,
            lacks="" if info is None else info.lacks,
            left_out=self.left_out,
            tally=tally,
        )


def _loaded(raw: bytes) -> tuple[Json, bytes]:
    """The value of a row, and the text that it was read from: what is nested too deep is cut."""
    try:
        return canonical.load(raw), raw
    except Malformed as error:
        if error.code != "depth":
            raise
    text = shallow(raw.decode("utf-8")).encode("utf-8")
    return canonical.load(text), text


def _claimed(row: RawRow) -> Adapter | None:
    try:
        return formats.recognise(_loaded(row.raw)[0])
    except Malformed:
        return None


def _unknown(first: list[RawRow | Lost], source: Source) -> str:
    """Why no format was recognised, from the first row that says something."""
    trouble = f"; {source.trouble}" if source.trouble else ""
    if not first:
        return f"empty: no rows{trouble}"
    for row in first:
        if isinstance(row, RawRow):
            try:
                return f"{UNKNOWN}: {_shape(_loaded(row.raw)[0])}{trouble}"
            except Malformed:
                continue
    row = first[0]
    why = row.reason if isinstance(row, Lost) else _problem(row)
    return f"{UNKNOWN}: row 1 is no JSON, {why}{trouble}"


def _problem(row: RawRow) -> str:
    try:
        _loaded(row.raw)
    except Malformed as error:
        return str(error)
    return ""


def _shape(value: Json) -> str:
    if not isinstance(value, dict):
        return f"a row is {kind(value)}"
    keys = ", ".join(f"`{storable(key)[:40]}`" for key in list(value)[:6])
    return f"a row has the keys {keys}" + (", …" if len(value) > 6 else "") if value else "a row is an empty object"
