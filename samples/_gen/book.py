"""Dice, the calendar week, and the book that collects rows and writes them as canonical JSONL.

Leaves out: what an action consists of (`run.py`), what happened in a story (one module each).
"""

from __future__ import annotations

import hashlib
import json
import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from govern.events.canonical import text_of

T = TypeVar("T")
SECOND, MINUTE, HOUR = 1_000_000, 60_000_000, 3_600_000_000  # microseconds
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MONDAY = datetime(2026, 11, 16, tzinfo=UTC)
DAYS = ("mon", "tue", "wed", "thu", "fri")


def at(day: str, clock: str) -> int:
    """Microseconds since 1970 of a time of the sample week, say `at("wed", "14:02:07.5")`, in UTC."""
    hours, minutes, seconds = (clock + ":0").split(":")[:3]
    delta = timedelta(days=DAYS.index(day), hours=int(hours), minutes=int(minutes), seconds=float(seconds))
    return (_MONDAY + delta - _EPOCH) // timedelta(microseconds=1)


def stamp(moment: int) -> str:
    """ISO 8601 in UTC with microseconds and `Z`."""
    return (_EPOCH + timedelta(microseconds=moment)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def fold(*parts: object) -> str:
    """64 hex digits that depend on the parts only."""
    return hashlib.sha256("/".join(map(str, parts)).encode()).hexdigest()


class Dice:
    """Chance from a seed. Only `random()` is used: its sequence is what Python promises to keep."""

    def __init__(self, *seed: object) -> None:
        self._random = random.Random(fold(*seed))

    def chance(self, probability: float) -> bool:
        return self._random.random() < probability

    def between(self, low: int, high: int) -> int:
        """An integer from low to high, both included."""
        return low + int(self._random.random() * (high - low + 1))

    def skewed(self, low: int, high: int) -> int:
        """As `between`, but mostly near the low end, as waiting times are."""
        return low + int(self._random.random() ** 3 * (high - low + 1))

    def pick(self, items: Sequence[T]) -> T:
        return items[self.between(0, len(items) - 1)]


@dataclass(frozen=True)
class Outage:
    """A writer that stops at `down` and is back, under a new writer id, at `up` (microseconds)."""

    writer: str
    down: int
    up: int

    @property
    def successor(self) -> str:
        return f"{self.writer}-r2"


@dataclass
class Book:
    """Two records of one week: `log` is the agent's own, `audit` what the boundary wrote."""

    story: str
    agent: str
    version: str
    policy: str
    outages: list[Outage] = field(default_factory=list)
    incidents: dict[str, list[dict[str, str]]] = field(default_factory=lambda: defaultdict(list))
    _rows: list[tuple[str, int, int, dict[str, Any]]] = field(default_factory=list)

    def add(self, view: str, moment: int, writer: str, row: dict[str, Any]) -> None:
        """Adds a row to a view; empty columns are left out."""
        kept = {key: value for key, value in row.items() if value not in (None, [], ())}
        self._rows.append((view, moment, len(self._rows), {**kept, "writer_id": writer}))

    def awake(self, writer: str, moment: int) -> int:
        """The moment, or where the writer was down then, a little after its return."""
        for outage in self.outages:
            if outage.writer == writer and outage.down <= moment < outage.up:
                return outage.up + 40_000 + (moment - outage.down) // 50
        return moment

    def writer_at(self, writer: str, moment: int) -> str:
        """The id under which a replica wrote at that moment."""
        for outage in self.outages:
            if outage.writer == writer and moment >= outage.up:
                return outage.successor
        return writer

    def incident(self, gap: str, trace_id: str, call_id: str, what: str) -> None:
        """Notes a flaw where it is made, so that `incidents.json` is true by construction."""
        self.incidents[gap].append({"trace_id": trace_id, "call_id": call_id, "what": what})

    def lines(self, view: str) -> bytes:
        """One view as canonical JSONL, in order of time, with contiguous numbers per writer."""
        sequence: dict[str, int] = defaultdict(int)
        out = []
        for _, moment, _, row in sorted(
            (entry for entry in self._rows if entry[0] == view), key=lambda entry: entry[1:3]
        ):
            number = sequence[row["writer_id"]]
            sequence[row["writer_id"]] += 1
            rest = fold(self.story, view, row["writer_id"], number)
            event_id = f"{moment // 1000:012x}7{rest[:3]}8{rest[3:18]}"
            event_id = "-".join((event_id[:8], event_id[8:12], event_id[12:16], event_id[16:20], event_id[20:]))
            out.append(text_of({**row, "event_id": event_id, "ts": stamp(moment), "wseq": number}) + "\n")
        return "".join(out).encode()

    def truth(self) -> bytes:
        """`incidents.json`: which traces are flawed, by gap, and how many traces there are in all."""
        audited = {row["trace_id"] for view, _, _, row in self._rows if view == "audit"}
        gaps = {gap: sorted(found, key=lambda one: one["trace_id"]) for gap, found in self.incidents.items()}
        document = {
            "schema": "govern/sample-incidents/v1",
            "story": self.story,
            "traces": len(audited),
            "flawed_traces": len({one["trace_id"] for found in gaps.values() for one in found}),
            "gaps": dict(sorted(gaps.items())),
        }
        return (json.dumps(document, indent=2, ensure_ascii=False) + "\n").encode()
