"""Remembers which events an import has seen, in bounded memory: a dictionary, then a temporary file."""

from __future__ import annotations

import sqlite3
from enum import Enum
from operator import attrgetter
from typing import Final

from govern.events.model import COLUMNS, Event

IN_MEMORY: Final = 1_000_000
_PROVENANCE: Final = frozenset({"writer_id", "wseq", "source_ref", "recorded_ns"})
_meaning = attrgetter(*(name for name in COLUMNS if name not in _PROVENANCE))


class Met(Enum):
    NEW = "new"
    SAME = "same"
    OTHER = "other"


class Identities:
    """Ids of events, with what the events said. Both are kept as keyed 64-bit hashes, fresh in each process."""

    def __init__(self, in_memory: int = IN_MEMORY) -> None:
        self._limit = in_memory
        self._seen: dict[int, int] = {}
        self._file: sqlite3.Connection | None = None

    def meet(self, event: Event) -> Met:
        """Remembers an event: new, the same as one before (wherever it stood), or another under its id."""
        key, meaning = hash(event.event_id), hash(_meaning(event))
        before = self._seen.get(key)
        if before is None and self._file is not None:
            found = self._file.execute("SELECT meaning FROM seen WHERE id = ?", (key,)).fetchone()
            before = None if found is None else found[0]
        if before is not None:
            return Met.SAME if before == meaning else Met.OTHER
        if len(self._seen) < self._limit:
            self._seen[key] = meaning
        else:
            self._spill(key, meaning)
        return Met.NEW

    def _spill(self, key: int, meaning: int) -> None:
        if self._file is None:
            self._file = sqlite3.connect("", isolation_level=None)  # a private temporary file
            self._file.execute("PRAGMA journal_mode = OFF")
            self._file.execute("CREATE TABLE seen (id INTEGER PRIMARY KEY, meaning INTEGER)")
        self._file.execute("INSERT INTO seen VALUES (?, ?)", (key, meaning))

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
