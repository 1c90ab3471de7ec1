"""The JSON of `govern audit reconcile`: `govern/audit-reconcile/v1`, in `schemas/audit-reconcile.v1.json`."""

from __future__ import annotations

from typing import Any

from govern.evidence.executions import Ran
from govern.evidence.reconcile import Kind, Pair
from govern.evidence.sources import Compared, Source
from govern.report import import_json
from govern.report.chain_json import at, milliseconds


def document(done: Compared) -> dict[str, Any]:
    """The whole comparison; `judged` and `not_judged` count executions of the second source."""
    result, summary = done.result, done.summary
    return {
        "schema": "govern/audit-reconcile/v1",
        "span": {"from": at(result.span.from_ns), "to": at(result.span.to_ns), "asked": done.asked},
        "window_ms": milliseconds(done.window_ns),
        "store": {**_source(done.ours), "outside": result.outside[0]},
        "second": {
            **_source(done.theirs),
            "outside": result.outside[1],
            "files": [import_json.file(report) for report in summary.files],
            "refused": summary.refused,
            "refusals": [
                {"file": refusal.file, "line": refusal.line, "reason": refusal.reason} for refusal in summary.refusals
            ],
        },
        "counts": {
            "pairs": len(result.pairs),
            "ambiguous": result.ambiguous,
            str(Kind.NEVER_WRITTEN): len(result.never_written),
            str(Kind.ONLY_IN_STORE): len(result.only_in_store),
            **{
                str(kind): sum(kind in pair.differs for pair in result.pairs) for kind in (Kind.ARGUMENTS, Kind.OUTCOME)
            },
        },
        "findings": findings(done),
        "not_covered": [{"tool": tool, "executions": count} for tool, count in result.uncovered.items()],
        "judged": result.compared,
        "not_judged": done.unjudged + summary.refused,
    }


def findings(done: Compared) -> list[dict[str, Any]]:
    """All findings, by kind, each in the order of time; what is not in one of the sources is null there."""
    result = done.result
    found = [_finding(Kind.NEVER_WRITTEN, None, each) for each in result.never_written]
    found += [_finding(Kind.ONLY_IN_STORE, each, None) for each in result.only_in_store]
    for kind in (Kind.ARGUMENTS, Kind.OUTCOME):
        found += [_finding(kind, pair.ours, pair.theirs, pair) for pair in result.pairs if kind in pair.differs]
    return found


def _finding(kind: Kind, ours: Ran | None, theirs: Ran | None, pair: Pair | None = None) -> dict[str, Any]:
    one = ours or theirs
    return {
        "kind": str(kind),
        "tool": one.tool if one is not None else None,
        "store": _ran(ours),
        "second": _ran(theirs),
        "basis": str(pair.basis) if pair is not None else None,
        "ambiguous": pair.ambiguous if pair is not None else False,
    }


def _ran(each: Ran | None) -> dict[str, Any] | None:
    if each is None:
        return None
    return {
        "tool": each.tool,
        "trace_id": each.trace_id,
        "event_id": each.event_id,
        "call_id": each.call_id,
        "at": at(each.at_ns),
        "args": each.args,
        "args_digest": each.args_digest,
        "outcome": each.outcome,
        "where": each.where,
    }


def _source(source: Source) -> dict[str, Any]:
    return {
        "events": source.events,
        "executions": len(source.ran),
        "proposals": source.proposals,
        "without_time": source.timeless,
        "from": at(source.first_ns),
        "to": at(source.last_ns),
    }
