"""The JSON of `govern audit verify`: `govern/audit-verify/v1`, described by `schemas/audit-verify.v1.json`."""

from __future__ import annotations

from typing import Any

from govern.audit.verifying.contract import Finding, Verified
from govern.report.chain_json import at


def document(found: Verified) -> dict[str, Any]:
    """Everything that the text has, and every finding."""
    return {
        "schema": "govern/audit-verify/v1",
        "status": str(found.status),
        "events": found.events,
        "anchored": found.anchored,
        "self_consistent": found.self_consistent,
        "unsealed": found.unsealed,
        "judged": found.events,
        "not_judged": found.plain + found.unread,
        "retired": found.retired,
        "redacted": found.redacted,
        "writers_without_end": found.unended,
        "writers_running": found.running,
        "findings": [_finding(each, step.name) for step in found.steps for each in step.findings],
        "steps": [
            {"number": number, "name": step.name, "said": step.said, "ran": step.ran, "findings": len(step.findings)}
            for number, step in enumerate(found.steps, 1)
        ],
        "checkpoint": None if found.head is None else {
            "origin": found.head.origin, "size": found.head.size, "root": found.head.root, "at": at(found.head.at_ns),
        },
        "anchor": None if found.anchor is None else {
            "size": found.anchor.size, "until": at(found.anchor.until_ns),
        },
        "key": {"id": found.keyid, "trusted": list(found.trusted)},
        "notes": list(found.notes),
    }  # fmt: skip


def _finding(found: Finding, step: str) -> dict[str, Any]:
    return {
        "kind": str(found.kind), "file": found.file, "row": found.row, "event_id": found.event_id,
        "detail": found.detail, "step": step,
    }  # fmt: skip
