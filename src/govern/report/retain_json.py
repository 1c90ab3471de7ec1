"""The JSON of `govern audit retain` (`govern/audit-retain/v1`) and of a hold."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from govern.audit.records import Hold
from govern.audit.retention import Retained
from govern.report.chain_json import at


def document(done: Retained, before_ns: int, dry_run: bool) -> dict[str, Any]:
    """What was deleted, or would be."""
    return {
        "schema": "govern/audit-retain/v1",
        "dry_run": dry_run,
        "before": at(before_ns),
        "events": done.rows,
        "bytes": done.bytes,
        "from": at(done.from_ns),
        "to": at(done.to_ns),
        "deleted": list(done.deleted),
        "kept": [asdict(each) for each in done.kept],
        "younger_files": done.younger,
        "waiting": list(done.waiting),
        "side_tables": done.values,
        "record": done.index,
    }


def hold_document(hold: Hold) -> dict[str, Any]:
    """A hold in force."""
    return {
        "id": hold.id,
        "reason": hold.reason,
        "by": hold.by,
        "traces": hold.traces,
        "from": at(hold.from_ns),
        "to": at(hold.to_ns),
        "since": at(hold.at_ns),
    }
