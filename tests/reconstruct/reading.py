"""Reads the cases in `cases/`: each file is about one gap, each document in it is one trace.

A row says what an event is, and only what matters of it. What is not said: span `s1`, tool `pay`, arguments
`{amount: 5}` (on a call the arguments, on a check, request, decision and start their digest), writer `gw`, a
second after the row before it; a prompt and a response are verbatim, a decision is of a person of its own with the
role `lead`. `at` is in seconds, null for no time; `digest: null` for no digest.

A prompt and the response that proposed what follows stand before the rows, written by `host`, unless the case is
`bare`, has some of its own, or is of a format or of sources of its own.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from govern.events.canonical import digest, text_of
from govern.events.model import ActorKind, Event, EventType, Fidelity, Mode
from govern.ingest.formats import carries

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
    facts: Row  # what the store knows beside its events: `alive` (writer to seconds), `crashed`


def cases() -> list[Case]:
    """All cases of all files."""
    found = []
    for file in sorted(HERE.glob("*.yaml")):
        for document in yaml.safe_load_all(file.read_text("utf-8")):
            name = f"{file.stem}-{document['case']}"
            rows, words = document["events"], words_before(document)
            if rows[0].get("at", 0) is None:  # with no times, only the sequence of one writer says what came before
                own = {"at": None, "by": rows[0].get("by", "gw")}
                events = events_of([{**word, **own} for word in words] + rows, document.get("format", "canonical"))
            else:
                source_format = document.get("format", "canonical")
                events = events_of(words, source_format) + events_of(rows, source_format)
            fields = frozenset(document["carries"]) if "carries" in document else None
            own = [event for event in events if event.trace_id == "t"]
            others = [event for event in events if event.trace_id != "t"]
            facts = facts_of_store(document.get("store", {}))
            found.append(Case(name, document["what"], own, others, document["expect"], fields, facts))
    return found


def facts_of_store(given: Row) -> Row:
    """What a case says of its store, as columns of `StoreFacts`."""
    made: Row = {}
    if "alive" in given:
        made["alive"] = {
            writer: None if at is None else (BASE + at) * 1_000_000_000 for writer, at in given["alive"].items()
        }
    if "crashed" in given:
        made["crashed"] = frozenset(given["crashed"])
    return made


def words_before(document: Row) -> list[Row]:
    """The prompt and the response that a case does not write down."""
    said = {row["is"] for row in document["events"] if row.get("trace", "t") == "t"}
    foreign = "verbatim" not in carries(document.get("format"))
    if document.get("bare") or foreign or "carries" in document or "prompt" in said:
        return []
    rows: list[Row] = [{"is": "prompt", "content": "go on", "event": "p", "by": "host", "at": -2}]
    if "response" not in said:
        rows.append({"is": "response", "content": "I will", "event": "r", "by": "host", "at": -1})
    return rows


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
        if kind in ("prompt", "response"):
            fidelity = row.pop("fidelity", "verbatim")
            columns["fidelity"] = None if fidelity is None else Fidelity(fidelity)
        if kind == "approval_decision":
            human = row.get("decision") != "expired"
            columns |= {"actor": f"person-{place}", "role": "lead"} if human else {"actor": "clock"}
            columns["actor_kind"] = ActorKind(row.pop("actor_kind", "human" if human else "service"))
        span = row.pop("span", "s1")
        columns["span_id"] = None if kind in ("prompt", "response", "session_start", "policy_loaded") else span
        if "id" in row:
            columns["approval_id"] = row.pop("id")
        if "mode" in row:
            row["mode"] = Mode(row["mode"])
        for name in ("gates", "reasons", "rules", "commitments"):
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
