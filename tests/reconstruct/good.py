"""Good chains, of every kind that a boundary writes: nothing is missing in them and nothing is out of order.

A chain stands in a store whose writers wrote before it and go on after it, as any but the last one does: the very last
event of a writer can be missed by its end statement and by a checkpoint only, which is `verify`'s.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import strategies as st

from govern.events.model import Event

from .reading import Row, events_of

POLICY, NEXT_POLICY, HELPERS = "sha256:p1", "sha256:p2", "sha256:h1"
PEOPLE = ("robin", "sasha", "kim", "noor")
KINDS = ("allow", "allow", "approve", "approve", "deny", "denied", "expired", "escalated", "confirm", "silence")
WRITERS = ("host", "gw", "gw-2", "gate")


@st.composite
def good_stores(draw: st.DrawFn) -> list[Event]:
    """All events of a store whose trace `t` is a good chain; the other trace is `u`."""
    live = draw(st.booleans())
    gate = draw(st.sampled_from(["gw", "gate"]))
    rows = _rounds(draw, gate)
    rows = _restarted(draw, rows) if draw(st.booleans()) else rows
    opening: list[Row] = [
        {"is": "session_start", "span": "root", "agent": "clerk"},
        {"is": "policy_loaded", "policy_digest": POLICY, "agent": "clerk"},
        {"is": "prompt", "content": "go", "actor": "alex", "actor_kind": "human", "span_id": "root", "by": "host"},
    ]
    rows = [*opening, *rows, {"is": "session_end", "span": "root"}]
    rows = [row if row["is"] == "session_start" else {"session_id": "s", **row} for row in rows]
    rows[0]["session_id"] = "s"
    around = [{"is": "memory_read", "trace": "u", "span": "m", "by": writer} for writer in WRITERS]
    events = events_of([*around, *rows, *around], None if live else "canonical")
    if live:
        events = [replace(event, recorded_ns=event.ts_ns) for event in events]
    return events


def _rounds(draw: st.DrawFn, gate: str) -> list[Row]:
    rows: list[Row] = []
    number = 0
    for turn in range(draw(st.integers(1, 3))):
        if turn and draw(st.booleans()):
            rows.append({"is": "prompt", "content": "and", "actor": "alex", "actor_kind": "human", "by": "host"})
        agent, policy = "clerk", POLICY
        if draw(st.sampled_from([False, False, True])):
            agent, policy = "helper", HELPERS
            rows.append({"is": "delegation", "span": f"d{turn}", "parent_span_id": "root", "agent": "clerk"})
            rows.append({"is": "policy_loaded", "policy_digest": HELPERS, "agent": "helper"})
        say = f"say-{turn}"
        words = {"content": "doing", "span_id": say, "parent_span_id": "root", "agent": agent, "by": "host"}
        rows.append({"is": "response", **words})
        queues = []
        for _ in range(draw(st.integers(1, 3))):
            queues.append(_action(draw, f"s{number}", say, agent, policy, gate))
            number += 1
        while queues:
            rows.append(queues[draw(st.integers(0, len(queues) - 1))].pop(0))
            queues = [rest for rest in queues if rest]
        if draw(st.booleans()):
            kind = draw(st.sampled_from(["memory_read", "memory_write", "instructions_found"]))
            rows.append({"is": kind, "span": f"m{turn}", "parent_span_id": say})
    return rows


def _action(draw: st.DrawFn, span: str, say: str, agent: str, policy: str, gate: str) -> list[Row]:
    kind = draw(st.sampled_from(KINDS))
    tool = draw(st.sampled_from(["pay", "mail"]))
    own: Row = {"span": span, "args": {"amount": draw(st.integers(0, 2))}, "agent": agent}
    tier = "reversible" if kind == "silence" else draw(st.sampled_from(["read_only", "reversible", "irreversible"]))
    verdict = kind if kind in ("allow", "deny") else "approval"
    asked, answers = _asked(draw, kind, span)
    gates = list(dict.fromkeys(name for row in asked for name in row["gates"]))
    call_id = draw(st.sampled_from(["c", None]))
    judged = {"verdict": verdict, "tier": tier, "gates": gates, "policy_digest": policy}
    rows = [
        {"is": "tool_call", "tool": tool, "call_id": call_id, "parent_span_id": say, **own},
        {"is": "policy_check", "tool": tool, **judged, **own},
    ]
    rows += [{"by": gate, **own, **row} for row in (*asked, *answers)]
    if kind not in ("deny", "denied", "expired"):
        rows += _runs(draw, tool, own)
    return rows


def _asked(draw: st.DrawFn, kind: str, span: str) -> tuple[list[Row], list[Row]]:
    """The requests of an action, each with its gates, and what came of them."""
    request: Row = {"is": "approval_request", "id": f"{span}-a", "gates": ["lead"], "duration_ns": 10**12}
    answer: Row = {"is": "approval_decision", "id": f"{span}-a", "decision": "approve", "role": "lead"}
    match kind:
        case "allow" | "deny":
            return [], []
        case "denied":
            return [request], [{**answer, "decision": "deny", "actor": draw(st.sampled_from([*PEOPLE, "alex"]))}]
        case "expired":
            steps = [{"is": "escalation", "id": f"{span}-a", "gates": ["office"]}] if draw(st.booleans()) else []
            return [request], [*steps, {**answer, "decision": "expired", "role": None}]
        case "escalated":
            many = draw(st.integers(1, 2))
            step = {"is": "escalation", "id": f"{span}-a", "gates": ["office"], "reasons": [f"quorum:{many}"]}
            people = draw(st.permutations(PEOPLE))[:many]
            return [request], [step, *({**answer, "gates": ["office"], "actor": person} for person in people)]
        case "confirm":
            ask = {**request, "gates": ["customer"], "reasons": ["confirm"]}
            return [ask], [{**answer, "actor": "alex", "role": None}]
        case "silence":
            return [request], [{**answer, "actor": "clock", "actor_kind": "service", "role": None}]
    if draw(st.booleans()):
        terms = ["quorum:2"] if draw(st.booleans()) else []
        people = draw(st.permutations(PEOPLE))[: 2 if terms else 1]
        use = {"duration_ns": 10**12}
        return [{**request, "reasons": terms}], [{**answer, **use, "actor": person} for person in people]
    shared = draw(st.booleans())
    other = {"id": f"{span}-b", "gates": ["finance"], "reasons": ["shared"] if shared else []}
    first, second = draw(st.permutations(PEOPLE))[:2]
    answers = [{**answer, "actor": first}, {**answer, "id": f"{span}-b", "actor": first if shared else second}]
    return [request, {**request, **other}], draw(st.permutations(answers))


def _runs(draw: st.DrawFn, tool: str, own: Row) -> list[Row]:
    rows: list[Row] = []
    tries = draw(st.sampled_from([1, 1, 2, 3]))
    took: dict[str, Any] = {"duration_ns": 10**9} if draw(st.booleans()) else {}
    for attempt in range(1, tries + 1):
        rows.append({"is": "tool_start", "tool": tool, "attempt": attempt, **own})
        if attempt < tries:
            if draw(st.booleans()):
                rows.append({"is": "error", "error": "timed out", "span": own["span"]})
            else:
                failed = {"status": "error", "error": "refused", **took}
                rows.append({"is": "tool_result", "tool": tool, "span": own["span"], **failed})
            rows.append({"is": "retry", "attempt": attempt + 1, "span": own["span"]})
    end: Row = {"status": "error", "error": "refused"} if draw(st.booleans()) else {"content": "done"}
    return [*rows, {"is": "tool_result", "tool": tool, "span": own["span"], **end, **took}]


def _restarted(draw: st.DrawFn, rows: list[Row]) -> list[Row]:
    """The gateway goes down at some point, and another process takes everything over, under the next policy."""
    place = draw(st.integers(0, len(rows)))
    load = {"is": "policy_loaded", "policy_digest": NEXT_POLICY, "agent": "clerk", "by": "gw-2"}
    again = {"is": "policy_loaded", "policy_digest": HELPERS, "agent": "helper", "by": "gw-2"}
    after = []
    for row in rows[place:]:
        moved = {**row, "by": "gw-2"} if row.get("by", "gw") == "gw" else dict(row)
        if moved.get("policy_digest") == POLICY:
            moved["policy_digest"] = NEXT_POLICY
        after.append(moved)
    return [*rows[:place], load, again, *after]
