"""Rows that are good JSON and wrong in their types: every adapter reads, refuses or sets aside, and never breaks.

The rows are those of each format's cases, with values in random places replaced by ones of other types.
"""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from govern.events.model import Event
from govern.ingest import Summary, formats, read

HERE = Path(__file__).parent
TRIES = 60
VALUES: tuple[Any, ...] = (
    None, True, 0, -1, 1.5, 10**30, "", "x", "\ud800", "tool_use", "{}", '{"jsonrpc":', "2026-01-01T00:00:00Z",
    [], [1], [[]], {}, {"a": 1}, {"type": "tool_use"}, {"type": "text", "text": 7}, {"jsonrpc": "2.0"},
)  # fmt: skip


def rows_of(case: Path) -> list[Any]:
    """The rows of a case that are JSON."""
    text = case.read_text(errors="replace")
    try:
        value = json.loads(text)
    except ValueError:
        return [row for line in text.splitlines() for row in _loaded(line)]
    return value if isinstance(value, list) else [value]


def _loaded(line: str) -> Iterator[Any]:
    try:
        yield json.loads(line)
    except ValueError:
        return


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, part in inside:
        yield from places(part, (*path, step))


def broken(row: Any, chance: random.Random) -> Any:
    """The row with another value in one place, or nothing there."""
    path = chance.choice(list(places(row)))
    value = chance.choice(VALUES)
    if not path:
        return value
    made = copy.deepcopy(row)
    inner = made
    for step in path[:-1]:
        inner = inner[step]
    if chance.random() < 0.2:
        del inner[path[-1]]
    else:
        inner[path[-1]] = value
    return made


@pytest.mark.parametrize("format_id", formats.ADAPTERS)
def test_wrong_types(format_id: str, tmp_path: Path) -> None:
    """Every row is counted, every text can be stored, events are in order, and no adapter breaks on recognising."""
    chance = random.Random(format_id)
    cases = [rows for path in sorted(HERE.glob(f"{format_id}/*/in.*")) if (rows := rows_of(path))]
    log = tmp_path / "log.jsonl"
    for _ in range(TRIES):
        rows = list(chance.choice(cases))
        for _ in range(chance.randint(1, 3)):
            place = chance.randrange(len(rows))
            rows[place] = broken(rows[place], chance)
        for row in rows:
            assert all(adapter.claims(row) in (True, False) for adapter in formats.ADAPTERS.values())
        log.write_text("null\n" + "".join(json.dumps(row) + "\n" for row in rows))
        summary = Summary()
        events = list(summary.events(read([str(log)], format=format_id)))
        (report,) = summary.files
        assert 1 + len(rows) == report.rows
        assert list(range(len(events))) == [event.wseq for event in events if event.source_format == format_id]
        assert len(events) == len({event.event_id for event in events})
        for text in (value for event in events for value in texts(event)):
            text.encode("utf-8")


def texts(event: Event) -> Iterator[str]:
    for column in fields(Event):
        value = getattr(event, column.name)
        if isinstance(value, str):
            yield value
