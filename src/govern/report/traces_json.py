"""The JSON of `govern traces`: `govern/traces/v1`, described by `schemas/traces.v1.json`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from govern.reconstruct.summary import TraceLine
from govern.report.chain_json import at, milliseconds


def document(lines: Sequence[TraceLine], matching: int) -> dict[str, Any]:
    """The listed traces.

    Args:
        lines: those that are shown.
        matching: how many there are.
    """
    return {
        "schema": "govern/traces/v1",
        "matching": matching,
        "shown": len(lines),
        "traces": [
            {
                "trace_id": line.trace_id,
                "agents": list(line.agents),
                "started": at(line.started_ns),
                "ended": at(line.ended_ns),
                "duration_ms": milliseconds(line.duration_ns),
                "actions": line.actions,
                "verdicts": {
                    "allow": line.allow,
                    "approval": line.approval,
                    "deny": line.deny,
                    "unchecked": line.unchecked,
                },
                "gaps": line.gaps,
            }
            for line in lines
        ],
    }
