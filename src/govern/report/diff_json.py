"""The JSON of `govern diff`: the contract `govern/diff/v1`."""

from __future__ import annotations

from typing import Any

from govern.diff.model import Change, SectionChange, ToolChange, Witness
from govern.diff.model import Side as Written
from govern.diff.result import CharterChange, Diff, OverLogs
from govern.diff.revisions import Given
from govern.errors import Exit
from govern.policy.verdict import Verdict
from govern.replay.comparison import LABELS, Approvals, Comparison, Cost, Event, GateChange, ToolRow, Way
from govern.replay.shadow import instant_text
from govern.report import import_json


def document(diff: Diff, *, fail_on: str, code: Exit) -> dict[str, Any]:
    """The diff as one JSON document; rates are calls a day, times are ISO 8601 in UTC.

    Args:
        fail_on: what was asked to make the exit code 1.
        code: the exit code.
    """
    comparison = diff.replay.comparison if diff.replay is not None else None
    return {
        "schema": "govern/diff/v1",
        "old": diff.old.name,
        "new": diff.new.name,
        "changed": diff.changed,
        "widened": diff.widened,
        "narrowed": diff.narrowed,
        "fail_on": fail_on,
        "exit_code": int(code),
        "charters": [_charter(each) for each in diff.charters],
        "tools": [{"agent": each.agent, **_tool(tool)} for each in diff.charters for tool in each.tools],
        "sections": [{"agent": each.agent, **_section(section)} for each in diff.charters for section in each.sections],
        "counts": {
            change.value: sum(tool.change is change for each in diff.charters for tool in each.tools)
            for change in Change
        },
        "replay": _replay(diff.replay) if diff.replay is not None else None,
        "approvals_per_day": [_approvals(row) for row in comparison.approvals] if comparison is not None else [],
        "unexplained": diff.unexplained,
        "judged": comparison.calls - comparison.not_judged if comparison is not None else None,
        "not_judged": comparison.not_judged if comparison is not None else None,
    }


def _charter(charter: CharterChange) -> dict[str, Any]:
    return {
        "agent": charter.agent,
        "change": charter.change.value,
        "old": _given(charter.pair.old),
        "new": _given(charter.pair.new),
        "solver": charter.difference.solver if charter.difference is not None else None,
    }


def _given(given: Given | None) -> dict[str, Any] | None:
    if given is None:
        return None
    policy = given.policy
    return {"file": given.name, "agent": policy.agent, "version": policy.version, "digest": policy.digest}


def _tool(tool: ToolChange) -> dict[str, Any]:
    return {
        "tool": tool.tool,
        "change": tool.change.value,
        "old": tool.old,
        "new": tool.new,
        "witness": _witness(tool.witness) if tool.witness is not None else None,
        "witnesses": [_witness(each) for each in tool.witnesses],
        "proven": tool.proven,
        "why": list(tool.why),
    }


def _witness(found: Witness) -> dict[str, Any]:
    return {
        "way": found.way.value,
        "args": dict(found.args),
        "given_old": dict(found.given_old),
        "given_new": dict(found.given_new),
        "old": _verdict(found.old),
        "new": _verdict(found.new),
        "why": found.why,
    }


def _verdict(said: Verdict) -> dict[str, Any]:
    return {
        "effect": said.effect.label,
        "reasons": list(said.reasons),
        "rules": list(said.rules),
        "gates": list(said.gates),
    }


def _section(section: SectionChange) -> dict[str, Any]:
    return {
        "path": section.path,
        "change": section.change.value,
        "direction": section.direction.value,
        "old": _written(section.old),
        "new": _written(section.new),
        "why": section.why,
        "key": section.key,
        "shown_by_tools": section.by_verdicts,
        "proven": section.proven,
    }


def _written(side: Written | None) -> dict[str, Any] | None:
    if side is None:
        return None
    at = side.at
    return {"text": side.text, "file": at.file, "line": at.line or None, "column": at.column or None}


def _replay(over: OverLogs) -> dict[str, Any]:
    found, summary = over.comparison, over.summary
    return {
        "files": [import_json.file(file) for file in summary.files],
        "totals": import_json.counts(summary.totals),
        "refusals": [{"file": r.file, "line": r.line, "reason": r.reason} for r in summary.refusals],
        "refusals_not_listed": summary.refused - len(summary.refusals),
        "calls": found.calls,
        "days": list(found.days),
        "matrix": {_name(old): {_name(new): found.count(old, new) for new in LABELS} for old in LABELS},
        "first_events": [
            {"old": _name(cell.old), "new": _name(cell.new), "calls": cell.calls, **_event(cell.first)}
            for cell in found.cells
            if cell.old != cell.new
        ],
        "gates": [_gates(row) for row in found.gates],
        **_ways(found),
        "by_tool": [_by_tool(row) for row in found.by_tool],
        "undecidable": found.undecided,
        "undecidable_same": found.undecided_same,
        "without_charter": found.unheard,
        "malformed_arguments": found.malformed,
    }


def _name(label: str) -> str:
    return label.replace(" ", "_")


def _ways(found: Comparison | ToolRow) -> dict[str, int]:
    return {way.value: found.ways.get(way, 0) for way in Way}


def _event(event: Event) -> dict[str, Any]:
    return {
        "tool": event.tool,
        "agent": event.agent,
        "time": instant_text(event.ts_ns),
        "trace_id": event.trace_id,
        "event_id": event.event_id,
    }


def _gates(row: GateChange) -> dict[str, Any]:
    return {
        "old": list(row.old),
        "new": list(row.new),
        "way": row.way.value,
        "calls": row.calls,
        "first": _event(row.first),
    }


def _by_tool(row: ToolRow) -> dict[str, Any]:
    return {
        "tool": row.tool,
        "agent": row.agent,
        "calls": row.calls,
        **_ways(row),
        "cells": [
            {"old": _name(cell.old), "new": _name(cell.new), "calls": cell.calls, "first": _event(cell.first)}
            for cell in row.cells
        ],
        "gates": [_gates(each) for each in row.gates],
    }


def _approvals(row: Approvals) -> dict[str, Any]:
    return {
        "gate": row.gate,
        "agent": row.agent,
        "old": _cost(row.old),
        "new": _cost(row.new),
        "days": [{"day": day, "old": old, "new": new} for day, old, new in row.days],
    }


def _cost(cost: Cost | None) -> dict[str, Any] | None:
    if cost is None:
        return None
    return {"roles": list(cost.roles), "quorum": cost.quorum, "calls": cost.calls, "per_day": cost.per_day}
