"""A chain as events of the Open Cybersecurity Schema Framework (OCSF 1.3.0), one JSON object a line.

Each action is one event of the class API Activity (6003): an operation with its request, its response and its actor.
OCSF has no words for a verdict, an approval or a gap: these stay in `unmapped`, with every step of the action as it is
recorded. What is part of no action (sessions, prompts, loaded policies) is a Base Event (class 0). Severity is
informational; high where an action has a gap by which something was let through, medium for a gap of the record alone.

Sources: ocsf-schema (`events/application/api_activity.json`, `events/base_event.json`, `objects/{actor,api,metadata}`).
Leaves out network endpoints, of which a chain knows nothing but a name.
"""

from __future__ import annotations

import json
from typing import Any, Final

from govern import __version__
from govern.events.canonical import Malformed, parse
from govern.events.model import Event
from govern.reconstruct.chain import Action
from govern.reconstruct.gaps.contract import Pattern
from govern.reconstruct.judge import Gap, Reconstruction
from govern.reconstruct.words import iso
from govern.report import chain_words as words
from govern.report.chain_export import Export
from govern.report.chain_json import step as json_step
from govern.report.console import safe

VERSION: Final = "1.3.0"
_API, _APPLICATION = 6003, 6
_READ, _OTHER = 2, 99
_UNKNOWN, _SUCCESS, _FAILURE = 0, 1, 2
_INFORMATIONAL, _MEDIUM, _HIGH = 1, 3, 4


def export(made: Reconstruction) -> Export:
    """The lines of a chain in the order of its events."""
    chain = made.chain
    in_actions = {event.event_id for action in chain.actions for event in action.events}
    rows: list[tuple[int, int, dict[str, Any]]] = []
    left = 0
    homes = _homes(made)
    for action in chain.actions:
        gaps = [gap for gap in made.gaps if homes.get(id(gap)) == action.index]
        at = next((event.ts_ns for event in (*action.calls, *action.events) if event.ts_ns is not None), None)
        if at is None:
            left += len(action.events) + len(gaps)
            continue
        rows.append((at, len(rows), _call(chain.trace_id, action, at, gaps)))
    for event in chain.events:
        if event.event_id in in_actions:
            continue
        own = [gap for gap in made.gaps if homes.get(id(gap)) == event.event_id]
        if event.ts_ns is None:
            left += 1 + len(own)
            continue
        rows.append((event.ts_ns, len(rows), _base(chain.trace_id, event, event.ts_ns, own)))
    rows.sort(key=lambda row: row[:2])
    lines = tuple(json.dumps(row, ensure_ascii=True, allow_nan=False) for _, _, row in rows)
    of = len(chain.events) + len(made.gaps)
    return Export(lines, left, of, "OCSF needs a time for each, and they have none")


def _homes(made: Reconstruction) -> dict[int, int | str]:
    """For each gap, by identity, what it is told with: an action by its index, else an event by its id."""
    action_of = {event.event_id: action.index for action in made.chain.actions for event in action.events}
    found: dict[int, int | str] = {}
    for gap in made.gaps:
        last = gap.events[-1]
        found[id(gap)] = gap.action if gap.action is not None else action_of.get(last, last)
    return found


def _call(trace_id: str, action: Action, at: int, gaps: list[Gap]) -> dict[str, Any]:
    first = action.calls[0] if action.calls else action.events[0]
    check = action.check
    reading = check is not None and check.tier == "read_only"
    activity = _READ if reading else _OTHER
    status, detail = _status(action)
    ended = action.ended_ns
    row: dict[str, Any] = {
        **_classified(_API, _APPLICATION, activity, "Read" if reading else "Tool call", "API Activity"),
        **_severity(gaps),
        "time": at // 1_000_000,
        "status_id": status,
        "message": safe(words.call(action, {}), 500),
        "metadata": _metadata(trace_id, first, at),
        "actor": _actor(first),
        "src_endpoint": {"svc_name": first.agent} if first.agent else {"name": first.writer_id},
        "api": _api(action),
        "unmapped": _unmapped(action.events, gaps) | {"action": action.index},
    }
    if action.started_ns is not None:
        row["start_time"] = action.started_ns // 1_000_000
    if ended is not None:
        row["end_time"] = ended // 1_000_000
    if action.duration_ns is not None and action.duration_ns >= 0:
        row["duration"] = action.duration_ns // 1_000_000
    if detail:
        row["status_detail"] = safe(detail, 2_000)
    return row


def _base(trace_id: str, event: Event, at: int, gaps: list[Gap]) -> dict[str, Any]:
    said = words.line(event, {})
    return {
        **_classified(0, 0, _OTHER, words.what(event), "Base Event"),
        **_severity(gaps),
        "time": at // 1_000_000,
        "message": safe(f"{words.what(event)}: {said}" if said else words.what(event), 500),
        "metadata": _metadata(trace_id, event, at),
        "unmapped": _unmapped((event,), gaps),
    }


def _classified(class_uid: int, category: int, activity: int, name: str, class_name: str) -> dict[str, Any]:
    return {
        "class_uid": class_uid,
        "class_name": class_name,
        "category_uid": category,
        "activity_id": activity,
        "activity_name": name,
        "type_uid": class_uid * 100 + activity,
    }


def _severity(gaps: list[Gap]) -> dict[str, Any]:
    if any(gap.pattern is not Pattern.TRAIL for gap in gaps):
        return {"severity_id": _HIGH, "severity": "High"}
    return {"severity_id": _MEDIUM, "severity": "Medium"} if gaps else {
        "severity_id": _INFORMATIONAL, "severity": "Informational",
    }  # fmt: skip


def _status(action: Action) -> tuple[int, str]:
    """How a call ended, and why; unknown where the record does not say."""
    if action.executions:
        if action.error is not None:
            return _FAILURE, action.error
        last = action.executions[-1].result
        return (_SUCCESS, "") if last is not None and last.status is not None else (_UNKNOWN, "no end is recorded")
    check = action.check
    if check is not None and check.verdict == "deny":
        return _FAILURE, f"denied: {', '.join(check.reasons)}" if check.reasons else "denied"
    refused = [each for each in action.decisions if each.decision not in (None, "approve")]
    if refused:
        return _FAILURE, f"approval: {refused[-1].decision}"
    return _UNKNOWN, "not executed, as far as is recorded"


def _api(action: Action) -> dict[str, Any]:
    given = action.input
    request: dict[str, Any] = {"uid": action.call_id or action.events[0].event_id}
    if given is not None and given.args is not None:
        try:
            request["data"] = parse(given.args)
        except Malformed:
            request["data"] = {"text": given.args}
    made: dict[str, Any] = {"operation": action.tool or "unknown", "request": request}
    output = action.output
    if output is not None or action.error is not None:
        response: dict[str, Any] = {}
        if action.error is not None:
            response["error"] = action.error
        if output is not None and output.text is not None:
            response["data"] = {"text": output.text}
        made["response"] = response
    return made


def _actor(event: Event) -> dict[str, Any]:
    made: dict[str, Any] = {"app_name": event.agent} if event.agent else {"app_uid": event.writer_id}
    if event.session_id:
        made["session"] = {"uid": event.session_id}
    return made


def _metadata(trace_id: str, event: Event, at: int) -> dict[str, Any]:
    made: dict[str, Any] = {
        "version": VERSION,
        "product": {"name": "govern", "vendor_name": "govern", "version": __version__},
        "uid": event.event_id,
        "correlation_uid": trace_id,
        "original_time": iso(at),
        "log_name": event.source_format or "govern",
        "sequence": event.wseq,
    }
    if event.recorded_ns is not None:
        made["logged_time"] = event.recorded_ns // 1_000_000
    return made


def _unmapped(events: tuple[Event, ...], gaps: list[Gap]) -> dict[str, Any]:
    """Everything else, under the names of the event model."""
    steps = [{name: value for name, value in json_step(event).items() if value not in (None, [])} for event in events]
    made: dict[str, Any] = {"steps": steps}
    if gaps:
        made["gaps"] = [{"id": gap.id, "pattern": str(gap.pattern), "cause": gap.cause} for gap in gaps]
    return made
