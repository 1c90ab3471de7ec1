"""Reads the cases in `cases/`: each file is about one gap, each document in it is one trace.

A row says what an event is, and only what matters of it. What is not said: span `s1`, tool `pay`, arguments
`{amount: 5}` (on a call the arguments, on a check, request, decision and start their digest), writer `gw`, a
second after the row before it. `at` is in seconds, null for no time; `digest: null` for no digest.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from govern.events.canonical import digest, text_of
from govern.events.model import Event, EventType, Mode

HERE = Path(__file__).parent / "cases"
BASE = 1_700_000_000
DIGESTED = {"policy_check", "approval_request", "approval_decision", "tool_start"}
Row = dict[str, Any]


@dataclass(frozen=True)
class Case:
    """One trace and what is expected of it. `others` are events of other traces."""

    name: str
    what: str
    events: list[Event]
    others: list[Event]
    expect: Row
    carries: frozenset[str] | None  # instead of what the format carries, where no format of today does so


def cases() -> list[Case]:
    """All cases of all files."""
    found = []
    for file in sorted(HERE.glob("*.yaml")):
        for document in yaml.safe_load_all(file.read_text("utf-8")):
            name = f"{file.stem}-{document['case']}"
            events = events_of(document["events"], document.get("format", "canonical"))
            fields = frozenset(document["carries"]) if "carries" in document else None
            own = [event for event in events if event.trace_id == "t"]
            others = [event for event in events if event.trace_id != "t"]
            found.append(Case(name, document["what"], own, others, document["expect"], fields))
    return found


def events_of(rows: list[Row], source_format: str | None = "canonical") -> list[Event]:
    """The events that rows stand for."""
    numbers: dict[str, Any] = defaultdict(itertools.count)
    clock = 0
    made = []
    for place, given in enumerate(rows):
        row = dict(given)
        kind = row.pop("is")
        clock = row.get("at", clock + 1) if row.get("at", 0) is not None else clock
        at = row.pop("at", clock)
        writer = row.pop("by", "gw")
        args = row.pop("args", {"amount": 5})
        columns: Row = {"tool": row.pop("tool", "pay")} if kind.startswith(("tool_", "policy_check")) else {}
        if kind in DIGESTED or "digest" in row:
            columns["args_digest"] = row.pop("digest", digest(text_of(args)))
        if kind == "tool_call":
            columns["args"] = text_of(args) if args is not None else None
        if kind == "tool_result":
            columns["status"] = "ok"
        span = row.pop("span", "s1")
        columns["span_id"] = None if kind in ("prompt", "response", "session_start", "policy_loaded") else span
        if "id" in row:
            columns["approval_id"] = row.pop("id")
        if "mode" in row:
            row["mode"] = Mode(row["mode"])
        for name in ("gates", "reasons", "rules"):
            if name in row:
                row[name] = tuple(row[name])
        made.append(
            Event(
                event_id=row.pop("event", f"e{place + 1}"),
                trace_id=row.pop("trace", "t"),
                type=EventType(kind),
                writer_id=writer,
                wseq=row.pop("wseq", next(numbers[writer])),
                ts_ns=None if at is None else (BASE + at) * 1_000_000_000,
                source_format=row.pop("format", source_format),
                **{**columns, **row},
            )
        )
    return made
