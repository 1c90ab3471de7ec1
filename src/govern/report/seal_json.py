"""The JSON of `govern audit seal`: `govern/audit-seal/v1`."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from govern.audit.sealing_outcome import Sealed


def document(done: Sealed) -> dict[str, Any]:
    """What was done, and what was not."""
    return {
        "schema": "govern/audit-seal/v1",
        "events": done.events,
        "bytes": done.bytes,
        "parts": done.parts,
        "doubled": done.doubled,
        "files": [asdict(each) for each in done.files],
        "writers_recorded": done.writers,
        "ended": [asdict(each) for each in done.ended],
        "open": [{"writer": writer, "events": events} for writer, events in done.open.items()],
        "problems": [asdict(each) for each in done.problems],
        "removed": done.removed,
        "waiting": done.waiting,
        "records": done.records,
        "checkpoint": done.checkpoint,
    }
