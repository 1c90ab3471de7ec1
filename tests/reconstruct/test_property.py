"""A good chain has no gap; take away or alter any one event of it, and the gap that names it appears."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from govern.events.canonical import digest, text_of
from govern.events.model import Event, EventType
from govern.ingest.formats import carries
from govern.reconstruct.gaps.facts import facts_of
from govern.reconstruct.judge import Reconstruction, reconstruct

from .good import good_stores

OTHER = digest(text_of({"amount": "another"}))
HOUR = 3600 * 10**9
SEQUENCE = "sequence-gap"


def judged(store: list[Event], trace: str = "t") -> Reconstruction:
    """The chain of a trace, as the whole store shows it."""
    events = [event for event in store if event.trace_id == trace]
    return reconstruct(events, carries=carries, store=facts_of(store))


def ids(made: Reconstruction) -> set[str]:
    return {gap.id for gap in made.gaps}


def chain_of(store: list[Event]) -> list[Event]:
    return [event for event in store if event.trace_id == "t"]


def own(store: list[Event], event: Event) -> list[Event]:
    """The events of the action that an event belongs to."""
    return [other for other in chain_of(store) if other.span_id == event.span_id]


def one_of(data: st.DataObject, events: list[Event]) -> Event:
    """One of these very objects: `sampled_from` may give an equal one of an earlier example."""
    return events[data.draw(st.integers(0, len(events) - 1))]


def of(events: list[Event], kind: EventType) -> list[Event]:
    return [event for event in events if event.type is kind]


def ran(store: list[Event], event: Event) -> bool:
    return bool(of(own(store, event), EventType.TOOL_START))


@given(good_stores())
def test_a_good_chain_is_whole(store: list[Event]) -> None:
    """No gap in a complete chain, whatever its shape, nothing that could not be judged, and nothing missing."""
    made = judged(store)
    assert [] == [(gap.id, gap.cause) for gap in made.gaps]
    assert () == made.not_applicable
    assert {name: 0 for name in made.completeness if name != "output"} == {
        name: count.missing for name, count in made.completeness.items() if name != "output"
    }


@given(good_stores())
def test_every_trace_of_a_good_store_is_whole(store: list[Event]) -> None:
    """The other trace, written by the same writers, has no gap either."""
    assert set() == ids(judged(store, "u"))


def names_of_loss(store: list[Event], gone: Event) -> set[str]:
    """The gaps, beside the lost number, that the loss of one event must bring: what is left says so by itself."""
    rest = [event for event in own(store, gone) if event is not gone]
    decisions = of(rest, EventType.APPROVAL_DECISION)
    match gone.type:
        case EventType.SESSION_END:
            return {"no-session-end"}
        case EventType.PROMPT:
            return {"prompt-not-verbatim"} if _first(store, gone) else set()
        case EventType.RESPONSE:
            return {"orphan-span"}
        case EventType.POLICY_LOADED:
            return {"policy-not-in-force"} if _decided_by(store, gone) else set()
        case EventType.TOOL_CALL:
            return {"result-without-call"} if ran(store, gone) else set()
        case EventType.POLICY_CHECK if ran(store, gone):
            return {"unchecked-execution"}
        case EventType.POLICY_CHECK:
            return set() if decisions else {"call-without-outcome"}
        case EventType.APPROVAL_REQUEST:
            return {"approval-disconnected"}
        case EventType.APPROVAL_DECISION:
            return {"gate-did-not-hold"} if ran(store, gone) else {"request-undecided"}
        case EventType.ESCALATION:
            return {"gate-did-not-hold"} if ran(store, gone) else set()
        case EventType.TOOL_START | EventType.TOOL_RESULT | EventType.ERROR:
            return _names_of_run(rest, gone)
        case _:
            return set()  # nothing else tells of it: a session's start, a retry, a step of its own


def _first(store: list[Event], prompt: Event) -> bool:
    """Whether it is the only prompt before the first action."""
    call = next((e for e in chain_of(store) if e.type is EventType.TOOL_CALL), None)
    prompts = of(chain_of(store), EventType.PROMPT)
    return call is not None and prompt is prompts[0]


def _decided_by(store: list[Event], load: Event) -> bool:
    """Whether a check stands under this load, and, without it, under another one of another policy."""
    loads = [e for e in of(chain_of(store), EventType.POLICY_LOADED) if e.agent == load.agent]
    at = loads.index(load)
    until = next((e.ts_ns for e in loads[at + 1 :] if e.writer_id == load.writer_id), None) or 2**63
    for check in of(chain_of(store), EventType.POLICY_CHECK):
        under = check.agent == load.agent and check.writer_id == load.writer_id
        if under and (load.ts_ns or 0) < (check.ts_ns or 0) < until:
            earlier = [e for e in loads if e is not load and (e.ts_ns or 0) < (check.ts_ns or 0)]
            same = [e for e in earlier if e.writer_id == check.writer_id] or earlier
            if same and same[-1].policy_digest != load.policy_digest:
                return True
    return False


def _names_of_run(rest: list[Event], gone: Event) -> set[str]:
    starts, results = of(rest, EventType.TOOL_START), of(rest, EventType.TOOL_RESULT)
    number = gone.attempt or 1
    match gone.type:
        case EventType.TOOL_START:
            skipped = {"retry-unexplained"} if any(s.attempt == number + 1 for s in starts) else set()
            after = next((r for r in results if (r.ts_ns or 0) > (gone.ts_ns or 0)), None)
            follows = min((s.ts_ns or 0 for s in starts if (s.ts_ns or 0) > (gone.ts_ns or 0)), default=2**63)
            ended = after is not None and (after.ts_ns or 0) < follows
            unstarted = {"timing-missing"} if ended and after is not None and after.duration_ns is None else set()
            return skipped | unstarted
        case EventType.TOOL_RESULT if any((s.ts_ns or 0) > (gone.ts_ns or 0) for s in starts):
            approved = bool(of(rest, EventType.APPROVAL_DECISION))
            return {"approval-reused"} if approved else {"retry-unexplained"}
        case EventType.TOOL_RESULT:
            return {"call-without-outcome"}
        case _:
            approved = bool(of(rest, EventType.APPROVAL_DECISION))
            return {"approval-reused"} if approved else {"retry-unexplained"}


@given(good_stores(), st.data())
def test_a_lost_event_is_named(store: list[Event], data: st.DataObject) -> None:
    """Without any one event, its number is lost, and exactly the gaps appear that name what is missing."""
    gone = one_of(data, chain_of(store))
    made = judged([event for event in store if event is not gone])
    assert {SEQUENCE} | names_of_loss(store, gone) == ids(made), (gone.type, [gap.cause for gap in made.gaps])


@given(good_stores(), st.data())
def test_a_lost_event_of_another_trace_is_no_hole_of_this_one(store: list[Event], data: st.DataObject) -> None:
    """Whatever is lost of another trace, this one shows a lost number at most, and only right beside it."""
    gone = one_of(data, [event for event in store if event.trace_id == "u"])
    assert ids(judged([event for event in store if event is not gone])) <= {SEQUENCE}


Change = tuple[dict[str, Any], set[str]]
ALWAYS: list[Change] = [
    ({"wseq": 10_000}, {SEQUENCE}),
    ({"writer_id": "somebody"}, {SEQUENCE}),
    ({"ts_ns": None}, {"timing-missing"}),
]
RUN: dict[EventType, list[Change]] = {
    EventType.TOOL_CALL: [
        ({"tool": "another"}, {"result-without-call"}),
        ({"span_id": "elsewhere"}, {"result-without-call"}),
    ],
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
        ({"decision": "expired"}, {"gate-did-not-hold", "approval-expired"}),
        ({"decision": None}, {"gate-did-not-hold"}),
        ({"args_digest": OTHER}, {"approval-disconnected", "gate-did-not-hold"}),
        ({"approval_id": "another"}, {"approval-disconnected", "gate-did-not-hold"}),
        ({"span_id": "elsewhere"}, {"approval-disconnected", "gate-did-not-hold"}),
        ({"duration_ns": 0}, {"approval-expired"}),
    ],
    EventType.APPROVAL_REQUEST: [
        ({"args_digest": OTHER}, {"approval-disconnected", "approved-not-executed-args"}),
        ({"approval_id": "another"}, {"approval-disconnected", "gate-did-not-hold"}),
        ({"gates": ("another",)}, {"gate-did-not-hold"}),
        ({"reasons": ("quorum:3",)}, {"gate-did-not-hold", "approver-unknown", "self-approval"}),
        ({"duration_ns": 0}, {"approval-expired"}),
    ],
    EventType.TOOL_START: [
        ({"args_digest": OTHER}, {"unchecked-execution", "approved-not-executed-args"}),
        ({"args_digest": None}, {"unchecked-execution"}),
        ({"tool": "another"}, {"unchecked-execution"}),
        ({"attempt": 9}, {"retry-unexplained"}),
    ],
    EventType.TOOL_RESULT: [({"span_id": "elsewhere"}, {"result-without-call"})],
    EventType.ERROR: [({"span_id": "elsewhere"}, {"retry-unexplained", "approval-reused"})],
}
ANY: dict[EventType, list[Change]] = {
    EventType.POLICY_CHECK: [
        ({"policy_digest": "sha256:unheard"}, {"policy-not-in-force"}),
        ({"policy_digest": None}, {"policy-not-in-force"}),
    ],
    EventType.POLICY_LOADED: [],
    EventType.PROMPT: [({"fidelity": None}, {"prompt-not-verbatim"})],
    EventType.RESPONSE: [
        ({"fidelity": None}, {"response-not-verbatim"}),
        ({"span_id": "elsewhere"}, {"orphan-span"}),
        ({"parent_span_id": "elsewhere"}, {"orphan-span"}),
    ],
    EventType.DELEGATION: [({"parent_span_id": "elsewhere"}, {"orphan-span"})],
    EventType.TOOL_CALL: [({"parent_span_id": "elsewhere"}, {"orphan-span"})],
    EventType.SESSION_END: [({"session_id": "another"}, {"no-session-end"})],
    EventType.SESSION_START: [({"session_id": "another"}, {"no-session-end"})],
}


def altered(store: list[Event], event: Event, change: dict[str, Any]) -> set[str]:
    return ids(judged([replace(other, **change) if other is event else other for other in store]))


@given(good_stores(), st.data())
def test_an_altered_event_is_named(store: list[Event], data: st.DataObject) -> None:
    """An event that says something else than the rest of the chain brings one of the gaps that name it."""
    event = one_of(data, chain_of(store))
    changes = [*ALWAYS, *ANY.get(event.type, []), *(RUN.get(event.type, []) if ran(store, event) else [])]
    change, names = data.draw(st.sampled_from(changes))
    assert names & altered(store, event, change), (event.type, change)


@given(good_stores(), st.data())
def test_an_approval_must_say_who(store: list[Event], data: st.DataObject) -> None:
    """An approval of an executed call that names nobody, the person who asked, or a machine, is named."""
    found = [
        event
        for event in of(chain_of(store), EventType.APPROVAL_DECISION)
        if event.decision == "approve" and ran(store, event) and event.actor not in ("alex", "clock")
    ]
    if not found:
        return
    event = one_of(data, found)
    assert "approver-unknown" in altered(store, event, {"actor": None, "role": None})
    assert "approver-unknown" in altered(store, event, {"role": None})
    assert "self-approval" in altered(store, event, {"actor": "Alex"})
    assert "self-approval" in altered(store, event, {"actor": "CLERK"})


@given(good_stores(), st.data())
def test_a_clock_that_is_set_is_named(store: list[Event], data: st.DataObject) -> None:
    """An event that is dated back by an hour, behind what its writer had written, is named."""
    line = chain_of(store)
    later = [event for event in line if any(e.writer_id == event.writer_id and e.wseq < event.wseq for e in line)]
    event = one_of(data, later)
    back = (event.ts_ns or 0) - HOUR
    recorded = None if event.recorded_ns is None else back
    assert "clock-regression" in altered(store, event, {"ts_ns": back, "recorded_ns": recorded})


@given(good_stores(), st.data())
def test_an_event_that_came_too_late_is_named(store: list[Event], data: st.DataObject) -> None:
    """A check or an approval that was written after the run covers it no more, whatever else is there."""
    late: dict[EventType, Callable[[set[str]], bool]] = {
        EventType.POLICY_CHECK: lambda found: "unchecked-execution" in found,
        EventType.APPROVAL_DECISION: lambda found: "approval-after-execution" in found,
    }
    movable = [event for event in chain_of(store) if event.type in late and ran(store, event)]
    if not movable:
        return
    event = one_of(data, movable)
    at = max(other.ts_ns or 0 for other in store) + HOUR
    recorded = None if event.recorded_ns is None else at
    found = altered(store, event, {"wseq": 10_000, "ts_ns": at, "recorded_ns": recorded})
    assert late[event.type](found), found


@given(good_stores())
def test_another_traces_approvals_change_nothing(store: list[Event]) -> None:
    """Decisions of other traces under the same ids neither approve a call nor spoil a good one."""
    chain, facts = chain_of(store), facts_of(store)
    elsewhere: dict[str, list[Event]] = {}
    for event in of(chain, EventType.APPROVAL_DECISION):
        copy = replace(event, trace_id="v", event_id=event.event_id + "-v")
        elsewhere.setdefault(event.approval_id or "", []).append(copy)
    whole = reconstruct(chain, store=facts, carries=carries)
    assert whole == reconstruct(chain, elsewhere=elsewhere, store=facts, carries=carries)


@given(good_stores(), st.data())
def test_the_order_of_reading_changes_nothing(store: list[Event], data: st.DataObject) -> None:
    """The same events in any order are the same chain."""
    assert judged(store) == judged(data.draw(st.permutations(store)))
