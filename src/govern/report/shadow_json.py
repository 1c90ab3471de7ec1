"""The JSON of `govern shadow-report`: the contract `govern/shadow-report/v1`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from govern.ingest import Summary
from govern.replay.calendar import Coverage
from govern.replay.details import Place, Shapes
from govern.replay.means import Partial
from govern.replay.shadow import Counts, ShadowReport, day_text, instant_text
from govern.replay.shadow_model import Forecast, Sample
from govern.report import import_json
from govern.report import shadow_words as words


def document(
    shadow: ShadowReport, summary: Summary, partial: Partial | None = None, doubts: Sequence[str] = ()
) -> dict[str, Any]:
    """The report as one JSON document; rates are calls a day, times are ISO 8601 in UTC.

    Args:
        partial: how far the replay came, where it was stopped.
        doubts: what else a reader must know before believing it, in sentences.
    """
    totals = summary.totals
    return {
        "schema": "govern/shadow-report/v1",
        "policies": [
            {"agent": agent, "version": version, "digest": digest} for agent, version, digest in shadow.policies
        ],
        "files": [{**import_json.file(file), **import_json.kinds(file)} for file in summary.files],
        "totals": {**import_json.counts(totals), **import_json.kinds(totals)},
        "left_out": import_json.left_out(summary),
        "refusals": [{"file": r.file, "line": r.line, "reason": r.reason} for r in summary.refusals],
        "refusals_not_listed": summary.refused - len(summary.refusals),
        "verdicts": _counts(shadow.verdicts),
        "malformed_arguments": shadow.malformed,
        "without_charter": [
            {
                "agent": row.agent,
                "policy_digest": row.digest,
                "calls": row.calls,
                "tools": list(row.tools),
                "sample_traces": list(row.sample_traces),
            }
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
                "errors": row.errors,
                "rank": row.rank,
                "new": row.new,
                "arguments": _shapes(row.shapes),
                "before": _near(row.around.before),
                "after": _near(row.around.after),
            }
            for row in shadow.unmapped
        ],
        "shows_values": shadow.shows_values,
        "as_recorded": shadow.as_recorded,
        "time_zone": shadow.zone or "UTC",
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
                "sample": _sample(row.sample),
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
        "forecast": [_forecast(row) for row in shadow.forecast],
        "appeared": {
            "since": shadow.appeared.since.isoformat() if shadow.appeared.since is not None else None,
            "why_not": shadow.appeared.why_not,
            "rows": [
                {
                    "what": row.what.value,
                    "agent": row.agent,
                    "tool": row.tool,
                    "name": row.name,
                    "mapped": row.mapped,
                    "calls": row.calls,
                    "of": row.of,
                    "before": row.before,
                    "first_seen": instant_text(row.first_seen),
                    "sample_traces": list(row.sample_traces),
                }
                for row in shadow.appeared.rows
            ],
        },
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
        "unjudged": [
            {"lacks": row.lacks, "format": row.format, "calls": row.calls, "tools": list(row.tools), "fix": row.fix}
            for row in shadow.unjudged
        ],
        "calendar": [_calendar(row) for row in shadow.calendar],
        "days": [{"day": day, "calls": counts.calls, **_counts(counts)} for day, counts in shadow.days],
        "doubts": [*doubts, *words.doubts(shadow, summary)],
        "partial": None if partial is None else _partial(partial),
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


def _partial(partial: Partial) -> dict[str, Any]:
    return {
        "signal": partial.signal,
        "parts": partial.parts,
        "of_parts": partial.of_parts,
        "calls": partial.calls,
        "events": partial.events,
        "of_events": partial.of_events,
    }


def _shapes(shapes: Shapes) -> dict[str, Any]:
    return {
        "looked_at": shapes.looked_at,
        "malformed": shapes.malformed,
        "uncaptured": shapes.uncaptured,
        "too_long": shapes.long,
        "places": [_place(each) for each in shapes.places],
        "more_places": shapes.more_places,
    }


def _place(of: Place) -> dict[str, Any]:
    return {
        "path": of.path,
        "kinds": [{"kind": kind, "count": count} for kind, count in of.kinds],
        "present": of.present,
        "low": of.low,
        "high": of.high,
        "shortest": of.shortest,
        "longest": of.longest,
        "form": of.form,
        "distinct": of.distinct,
        "values": [{"value": value, "count": count} for value, count in of.values],
        "hidden": of.hidden,
    }


def _near(steps: tuple[tuple[str | None, int], ...]) -> list[dict[str, Any]]:
    return [{"tool": tool, "count": count} for tool, count in steps]


def _sample(sample: Sample | None) -> dict[str, Any] | None:
    if sample is None:
        return None
    return {
        "event_id": sample.event_id,
        "trace_id": sample.trace_id,
        "tool": sample.tool,
        "at": instant_text(sample.at_ns),
        "args": sample.args,
        "why_not": sample.why_not,
    }


def _forecast(row: Forecast) -> dict[str, Any]:
    return {
        "role": row.role,
        "gate": row.gate,
        "agent": row.agent,
        "quorum": row.quorum,
        "calls": row.calls,
        "timeless": row.timeless,
        "per_day": row.per_day,
        "days": [{"day": day_text(day), "calls": calls} for day, calls in row.by_day],
        "hours": [{"hour": _hour(hour), "calls": calls} for hour, calls in row.hours],
        "by_clock": list(row.by_clock),
        "busiest_day": None
        if row.busiest_day is None
        else _busiest("day", day_text(row.busiest_day[0]), row.busiest_day),
        "busiest_hour": None if row.busiest is None else _busiest("hour", _hour(row.busiest[0]), row.busiest),
    }


def _busiest(name: str, at: str, found: tuple[int, int]) -> dict[str, Any]:
    return {name: at, "calls": found[1]}


def _hour(hour: int) -> str:
    """An hour since 1970 as the wall clock shows it: `2026-11-16T09`."""
    return f"{day_text(hour // 24)}T{hour % 24:02d}"


def _calendar(found: Coverage) -> dict[str, Any]:
    needed = found.needed
    return {
        "agent": found.agent,
        "needed": needed.business_days if needed is not None else None,
        "reviewer": needed.reviewer if needed is not None else None,
        "least_calls": needed.least_calls if needed is not None else None,
        "covered": len(found.covered),
        "signed_off": len(found.signed),
        "complete": found.complete,
        "timeless": found.timeless,
        "days": [
            {
                "day": each.day.isoformat(),
                "calls": each.calls,
                "state": each.state.value,
                "by": each.by.person if each.by is not None else None,
                "why": each.why,
            }
            for each in found.days
        ],
    }
