"""A chain for Timesketch: JSON lines, an event a line, gaps too, at the time at which they happened.

Each line has the three fields that Timesketch asks for (`message`, `datetime` in ISO 8601, `timestamp_desc`), its
`timestamp` in microseconds, and every column of the event that has a value. Source: Timesketch's user guide, "Import
from JSON or CSV". Microseconds are all that Timesketch keeps: `ts_ns` has the rest.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from govern.reconstruct.judge import Gap, Reconstruction
from govern.reconstruct.words import iso
from govern.report import chain_words as words
from govern.report.chain_export import Export
from govern.report.chain_holes import hole
from govern.report.chain_told import Step, told
from govern.report.console import safe


def export(made: Reconstruction) -> Export:
    """The lines of a chain, in the order in which people see it."""
    story = told(made)
    index = {event.event_id: action.index for action in made.chain.actions for event in action.events}
    lines: list[dict[str, Any]] = []
    for block in story.blocks:
        for item in block.items:
            row = (
                _step(item, index.get(item.event.event_id))
                if isinstance(item, Step)
                else _gap(item.gap, made.chain.trace_id)
            )
            if row is not None:
                lines.append(row)
    of = len(made.chain.events) + len(made.gaps)
    said = tuple(json.dumps(row, ensure_ascii=True, allow_nan=False) for row in lines)
    return Export(said, of - len(lines), of, "Timesketch needs a time for each, and they have none")


def _step(step: Step, action: int | None) -> dict[str, Any] | None:
    event = step.event
    if step.again is not None or event.ts_ns is None:
        return None
    tool = f" {event.tool}" if event.tool else ""
    said = f": {step.said}" if step.said else ""
    row: dict[str, Any] = {
        "message": safe(f"{step.lane} {step.what}{tool}{said}"),
        **_time(event.ts_ns),
        "timestamp_desc": words.what(event),
        "lane": str(step.lane),
        "data_type": "govern:event",
    }
    if action is not None:
        row["action"] = action
    columns = {name: value for name, value in asdict(event).items() if value is not None and value != ()}
    return row | {name: list(value) if isinstance(value, tuple) else value for name, value in columns.items()}


def _gap(gap: Gap, trace_id: str) -> dict[str, Any] | None:
    if gap.at_ns is None:
        return None
    found = hole(gap)
    missing = f" missing: {found.missing}." if found.missing else ""
    row: dict[str, Any] = {
        "message": safe(f"gap {gap.id} ({gap.pattern}):{missing} {gap.cause}"),
        **_time(gap.at_ns),
        "timestamp_desc": "gap",
        "lane": str(found.lane),
        "data_type": "govern:gap",
        "trace_id": trace_id,
        "gap": gap.id,
        "pattern": str(gap.pattern),
        "events": list(gap.events),
        "tag": ["gap"],
    }
    return row if gap.action is None else row | {"action": gap.action}


def _time(ts_ns: int) -> dict[str, Any]:
    return {"datetime": iso(ts_ns)[:26] + "+00:00", "timestamp": ts_ns // 1000}
