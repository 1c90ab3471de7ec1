"""The JSON of `govern shadow-report`: the contract `govern/shadow-report/v1`."""

from __future__ import annotations

from typing import Any

from govern.ingest import Summary
from govern.replay.shadow import Counts, ShadowReport, instant_text
from govern.report import import_json


def document(shadow: ShadowReport, summary: Summary) -> dict[str, Any]:
    """The report as one JSON document; rates are calls a day, times are ISO 8601 in UTC."""
    totals = summary.totals
    return {
        "schema": "govern/shadow-report/v1",
        "policies": [
            {"agent": agent, "version": version, "digest": digest} for agent, version, digest in shadow.policies
        ],
        "files": [import_json.file(file) for file in summary.files],
        "totals": import_json.counts(totals),
        "refusals": [{"file": r.file, "line": r.line, "reason": r.reason} for r in summary.refusals],
        "refusals_not_listed": summary.refused - len(summary.refusals),
        "verdicts": _counts(shadow.verdicts),
        "malformed_arguments": shadow.malformed,
        "without_charter": [
            {"agent": row.agent, "calls": row.calls, "tools": list(row.tools), "sample_traces": list(row.sample_traces)}
            for row in shadow.without_charter
        ],
        "unmapped": [
            {
                "tool": row.tool,
                "agent": row.agent,
                "calls": row.calls,
                "runs": row.runs,
                "first_seen": instant_text(row.first_seen),
                "last_seen": instant_text(row.last_seen),
                "sample_traces": list(row.sample_traces),
                "suggested_tier": row.suggested_tier.value,
                "why": row.why,
            }
            for row in shadow.unmapped
        ],
        "by_tool": [
            {
                "tool": row.tool,
                "agent": row.agent,
                "mapped": row.mapped,
                "tier": row.tier.value if row.tier else None,
                "calls": row.counts.calls,
                **_counts(row.counts),
                "runs": row.runs,
                "errors": row.errors,
            }
            for row in shadow.by_tool
        ],
        "by_rule": [
            {
                "rule": row.rule,
                "agent": row.agent,
                "effect": row.effect.label,
                "because": row.because,
                "calls": row.calls,
                "unknown": row.unknown,
                "sample_traces": list(row.sample_traces),
            }
            for row in shadow.by_rule
        ],
        "approvals": [
            {
                "role": row.role,
                "gate": row.gate,
                "agent": row.agent,
                "quorum": row.quorum,
                "calls": row.calls,
                "per_day": row.per_day,
            }
            for row in shadow.approvals
        ],
        "undecidable": [
            {
                "tool": row.tool,
                "agent": row.agent,
                "calls": row.calls,
                "from": row.loosest,
                "to": row.strictest,
                "why": row.why,
                "sample_traces": list(row.sample_traces),
            }
            for row in shadow.undecided
        ],
        "days": [{"day": day, "calls": counts.calls, **_counts(counts)} for day, counts in shadow.days],
        "judged": shadow.calls - shadow.not_judged,
        "not_judged": shadow.not_judged,
    }


def _counts(counts: Counts) -> dict[str, int]:
    return {
        "allow": counts.allow,
        "approval": counts.approval,
        "deny": counts.deny,
        "undecidable": counts.undecidable,
    }
