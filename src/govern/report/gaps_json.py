"""The JSON of `govern gaps`: `govern/gaps/v1`, described by `schemas/gaps.v1.json`."""

from __future__ import annotations

from typing import Any

from govern.reconstruct.summary import StoreGaps
from govern.report.chain_json import at, completeness


def document(found: StoreGaps) -> dict[str, Any]:
    """All gaps of a store, worst kind first."""
    return {
        "schema": "govern/gaps/v1",
        "gaps": [
            {
                "id": group.id,
                "pattern": str(group.pattern),
                "count": group.count,
                "traces": group.traces,
                "last": at(group.last_ns),
                "tools": [{"tool": tool, "count": count} for tool, count in group.tools.most_common()],
                "sample_traces": [sample.trace_id for sample in group.samples],
                "samples": [
                    {"trace_id": one.trace_id, "action": one.action, "tool": one.tool, "cause": one.cause}
                    for one in group.samples
                ],
            }
            for group in found.groups
        ],
        "traces": found.traces,
        "flawed_traces": found.flawed,
        "actions": found.actions,
        "not_applicable": [
            {"id": gap, "why": why, "traces": count} for (gap, why), count in found.not_applicable.items()
        ],
        "completeness": completeness(found.completeness),
    }
