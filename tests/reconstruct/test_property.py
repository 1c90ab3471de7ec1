"""A good chain has no gap; take away or alter any one event that matters, and the gap that names it appears."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from govern.events.canonical import digest, text_of
from govern.events.model import Event, EventType
from govern.reconstruct.judge import Reconstruction, reconstruct

from .reading import events_of

OTHER = digest(text_of({"amount": "another"}))


@st.composite
def good_chains(draw: st.DrawFn) -> list[Event]:
    """Complete chains: several actions, interleaved, autonomous or approved at one or two gates or denied, with
    retries, repeated call ids, times or none, one writer or a gate of its own."""
    timed = draw(st.booleans())
    gate_writer = draw(st.sampled_from(["gw", "gate"])) if timed else "gw"
    queues = []
    for number in range(draw(st.integers(1, 4))):
        span = f"s{number}"
        args = {"amount": draw(st.integers(0, 2))}
        tool = draw(st.sampled_from(["pay", "mail"]))
        verdict = draw(st.sampled_from(["allow", "approval", "approval", "deny"]))
        gates = [f"g{index}" for index in range(draw(st.integers(1, 2)))] if verdict == "approval" else []
        own = {"span": span, "args": args}
        rows = [
            {"is": "tool_call", "tool": tool, "call_id": draw(st.sampled_from(["c", None])), **own},
            {"is": "policy_check", "tool": tool, "verdict": verdict, "gates": gates, **own},
        ]
        for gate in gates:
            asked = {"id": f"{span}-{gate}", "by": gate_writer, **own}
            rows += [
                {"is": "approval_request", "gates": [gate], **asked},
                {"is": "approval_decision", "decision": "approve", **asked},
            ]
        if verdict != "deny":
            for attempt in range(draw(st.integers(0, 2))):
                rows += [
                    {"is": "tool_start", "tool": tool, "attempt": attempt + 1, **own},
                    {"is": "error", "error": "timed out", "span": span},
                    {"is": "retry", "span": span},
                ]
            rows += [{"is": "tool_start", "tool": tool, **own}, {"is": "tool_result", "tool": tool, "span": span}]
        queues.append(rows)
    line = [{"is": "prompt", "content": "go"}, {"is": "response", "content": "going"}]
    while queues:
        queue = draw(st.sampled_from(queues))
        line.append(queue.pop(0))
        queues = [rest for rest in queues if rest]
    return events_of(line if timed else [{**row, "at": None} for row in line])


def ids(made: Reconstruction, span: str | None = None) -> set[str]:
    spans = {action.index: action.span_id for action in made.chain.actions}
    return {gap.id for gap in made.gaps if span is None or gap.action is None or spans[gap.action] == span}


def action_of(events: list[Event], event: Event) -> list[Event]:
    return [other for other in events if other.span_id == event.span_id]


@given(good_chains())
def test_a_good_chain_is_whole(events: list[Event]) -> None:
    """No gap in a complete chain, whatever its shape."""
    made = reconstruct(events)
    assert [] == list(made.gaps)
    assert all(count.missing == 0 for name, count in made.completeness.items() if name not in ("timing", "output"))


def expected_without(events: list[Event], gone: Event) -> set[str]:
    """What must be reported when one event is not there; empty where its loss leaves a whole chain."""
    own = action_of(events, gone)
    starts = [event for event in own if event.type is EventType.TOOL_START]
    verdict = next((event.verdict for event in own if event.type is EventType.POLICY_CHECK), None)
    match gone.type:
        case EventType.TOOL_CALL:
            return {"result-without-call"} if starts else set()
        case EventType.POLICY_CHECK:
            return {"unchecked-execution"} if starts else {"call-without-outcome"}
        case EventType.APPROVAL_REQUEST:
            return {"approval-disconnected"}
        case EventType.APPROVAL_DECISION:
            return {"gate-did-not-hold"}
        case EventType.TOOL_RESULT:
            return {"call-without-outcome"}
        case EventType.TOOL_START | EventType.ERROR | EventType.RETRY | EventType.PROMPT | EventType.RESPONSE:
            return set()  # the run still shows by its result; a lost attempt by what is left of it
        case _:
            raise AssertionError(f"{gone.type} with {verdict} is not part of a generated chain")


@given(good_chains(), st.data())
def test_a_lost_event_is_named(events: list[Event], data: st.DataObject) -> None:
    """Without any one event that matters, its action has exactly the gap that names the loss; the others none."""
    gone = data.draw(st.sampled_from(events))
    made = reconstruct([event for event in events if event is not gone])
    assert expected_without(events, gone) == ids(made)


ALTERED: dict[EventType, list[tuple[dict[str, object], set[str]]]] = {
    EventType.POLICY_CHECK: [
        ({"args_digest": OTHER}, {"unchecked-execution"}),
        ({"args_digest": None}, {"unchecked-execution"}),
        ({"verdict": None}, {"unchecked-execution"}),
        ({"verdict": "deny"}, {"executed-after-deny"}),
        ({"tool": "another"}, {"unchecked-execution"}),
        ({"span_id": "elsewhere"}, {"unchecked-execution"}),
    ],
    EventType.APPROVAL_DECISION: [
        ({"decision": "deny"}, {"gate-did-not-hold"}),
        ({"decision": "expired"}, {"gate-did-not-hold"}),
        ({"decision": None}, {"gate-did-not-hold"}),
        ({"args_digest": OTHER}, {"approval-disconnected", "gate-did-not-hold"}),
        ({"approval_id": "another"}, {"approval-disconnected", "gate-did-not-hold"}),
        ({"span_id": "elsewhere"}, {"approval-disconnected", "gate-did-not-hold"}),
    ],
    EventType.APPROVAL_REQUEST: [
        ({"args_digest": OTHER}, {"approval-disconnected", "gate-did-not-hold"}),
        ({"approval_id": "another"}, {"approval-disconnected", "gate-did-not-hold"}),
    ],
    EventType.TOOL_START: [
        ({"args_digest": OTHER}, {"unchecked-execution"}),
        ({"args_digest": None}, {"unchecked-execution"}),
        ({"tool": "another"}, {"unchecked-execution"}),
    ],
    EventType.TOOL_RESULT: [({"span_id": "elsewhere"}, {"result-without-call"})],
}


@given(good_chains(), st.data())
def test_an_altered_event_is_named(events: list[Event], data: st.DataObject) -> None:
    """An event that says something else than the rest of its action brings one of the gaps that name it."""
    changeable = [event for event in events if event.type in ALTERED and _ran(events, event)]
    if not changeable:
        return
    event = data.draw(st.sampled_from(changeable))
    change, names = data.draw(st.sampled_from(ALTERED[event.type]))
    altered = [replace(other, **change) if other is event else other for other in events]
    assert names & ids(reconstruct(altered)), (event.type, change)


@given(good_chains(), st.data())
def test_an_event_that_came_too_late_is_named(events: list[Event], data: st.DataObject) -> None:
    """A check or an approval moved behind the run, in time and in its writer's sequence, covers it no more."""
    movable = [
        event
        for event in events
        if event.type in (EventType.POLICY_CHECK, EventType.APPROVAL_DECISION) and _ran(events, event)
    ]
    if not movable:
        return
    event = data.draw(st.sampled_from(movable))
    late = replace(event, wseq=10_000, ts_ns=None if event.ts_ns is None else event.ts_ns + 10**15)
    made = reconstruct([late if other is event else other for other in events])
    names = {"unchecked-execution"} if event.type is EventType.POLICY_CHECK else {"gate-did-not-hold"}
    assert names <= ids(made, event.span_id)


@given(good_chains())
def test_another_traces_approvals_change_nothing(events: list[Event]) -> None:
    """Decisions of other traces under the same ids neither approve a call nor spoil a good one."""
    elsewhere: dict[str, list[Event]] = {}
    for event in events:
        if event.type is EventType.APPROVAL_DECISION and event.approval_id:
            elsewhere[event.approval_id] = [replace(event, trace_id="u", event_id=event.event_id + "-u")]
    assert reconstruct(events) == reconstruct(events, elsewhere=elsewhere)
    unapproved = [event for event in events if event.type is not EventType.APPROVAL_DECISION]
    expected = {"approval-disconnected"} if len(unapproved) < len(events) else set()
    assert expected == ids(reconstruct(unapproved, elsewhere=elsewhere))


def _ran(events: list[Event], event: Event) -> bool:
    return any(other.type is EventType.TOOL_START for other in action_of(events, event))
