"""Logs that are no store, on their way to a replay: held in memory where they are short, else put into a temporary
store, so that memory stays bounded. Leaves out the reading itself (`ingest`) and the judging."""

from __future__ import annotations

import shutil
import tempfile
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import Final

from govern.events.model import Event
from govern.ingest import FileReport, Summary
from govern.ingest.counts import Tally
from govern.ingest.paths import Store
from govern.ingest.source import Refusal
from govern.replay.groups import Replayed
from govern.replay.means import Partial, limit_bytes
from govern.replay.stopping import Stopping

WEIGHT: Final = 1_200
"""Bytes that an event takes in memory beside its texts, about; measured on chat logs."""


class Reading:
    """The events of logs.

    Args:
        items: what `ingest.read` gives.
        summary: takes all that are no events.
        stopping: where something asks, reading ends, and what was read is all there is.
    """

    def __init__(self, items: Iterable[Event | Refusal | FileReport], summary: Summary, stopping: Stopping) -> None:
        self.summary = summary
        self._stopping = stopping
        self._read = 0
        self._cut = False
        self._events = summary.events(self._until(items))
        self._held: deque[Event] = deque()

    def events(self) -> Iterator[Event]:
        """All of them."""
        return self._events

    def held(self, most: int, memory_limit: str | None) -> Iterator[Event] | None:
        """All of them, where they are less than so many and fit into half of the memory; else None, and those read so
        far are kept for `spooled`.

        Args:
            most: events.
            memory_limit: such as `1GB`; None for a quarter of the machine's.
        """
        room = limit_bytes(memory_limit) // 2
        for event in self._events:
            self._held.append(event)
            room -= WEIGHT + len(event.args or "") + len(event.content or "")
            if len(self._held) >= most or room < 0:
                return None
        return self._drained()

    @contextmanager
    def spooled(self) -> Iterator[Store]:
        """All of them, in a store that is gone afterwards.

        Raises:
            EnvironmentFailed: there is no room for it.
        """
        from govern.audit import read, store

        folder = Path(tempfile.mkdtemp(prefix="log-", dir=read.spill()))
        try:
            done = store.write(chain(self._drained(), self._events), folder, durable=False)
            yield Store(str(folder), tuple(done.parts))
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def partial(self, replayed: Replayed) -> Partial | None:
        """How far it came, where it was stopped."""
        if not self._cut or self._stopping.asked is None:
            return None
        return Partial(self._stopping.asked, 0, 1, replayed.calls, self._read, None)

    def _drained(self) -> Iterator[Event]:
        """Each is let go as it is taken."""
        while self._held:
            yield self._held.popleft()

    def _until(self, items: Iterable[Event | Refusal | FileReport]) -> Iterator[Event | Refusal | FileReport]:
        """What is read until the end, or until it is asked to stop: then with a report of what was read of the last
        input."""
        tally = Tally()
        for item in items:
            if isinstance(item, FileReport):
                tally = Tally()
            elif isinstance(item, Event):
                if self._stopping.asked is not None:
                    self._cut = True
                    yield _cut(tally)
                    return
                self._read += 1
                tally.add((item,))
            yield item


def _cut(tally: Tally) -> FileReport:
    return FileReport(
        path="(stopped here)", format=None, rows=0, refused=0, duplicates=0, asides={}, notes={},
        runs=len(tally.traces), events=tally.events, calls=tally.calls, results=tally.results, errors=tally.errors,
        unanswered=tally.unanswered, tally=tally,
    )  # fmt: skip
