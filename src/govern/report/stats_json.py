"""The JSON of `govern audit stats`: `govern/audit-stats/v1`, described by `schemas/audit-stats.v1.json`."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from govern.audit.stats import Stats
from govern.report.chain_json import at
from govern.report.retain_json import hold_document


def document(found: Stats) -> dict[str, Any]:
    """All of it."""
    return {
        "schema": "govern/audit-stats/v1",
        "store": None if found.id is None else {"id": found.id, "origin": found.origin, "records": found.records},
        "events": {"all": found.events, "sealed": found.sealed, "plain": found.plain, "journal": found.journal},
        "files": {"sealed": found.files, "compacted": found.compacted, "plain": found.plain_files},
        "bytes": {
            "sealed": found.bytes,
            "plain": found.plain_bytes,
            "journal": found.journal_bytes,
            "log": found.log_bytes,
            "values": found.values_bytes,
        },
        "sealed_at": at(found.sealed_ns),
        "sealed_to": at(found.sealed_to_ns),
        "checkpoint": found.checkpoint,
        "days": [{"day": day, "types": dict(kinds)} for day, kinds in found.days],
        "writers": [asdict(each) for each in found.writers],
        "anchors": [{"kind": kind, "records": size} for kind, size in found.anchors],
        "holds": [hold_document(each) for each in found.holds],
        "retired": [
            {"rule": each.rule, "by": each.by, "at": at(each.at_ns), "files": each.files, "events": each.events}
            for each in found.retired
        ],
        "leftovers": {"waiting": found.waiting, "strays": found.strays},
        "unfinished_imports": [{"logs": list(mark.logs), "running": mark.running} for mark in found.unfinished],
        "problems": list(found.problems),
    }
