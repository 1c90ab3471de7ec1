"""Two policies over one log: one call at a time and SQL give the same pairs, those of two separate replays."""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import duckdb
import pytest
from tests.conformance.charters import AGENT
from tests.conformance.faults import edited
from tests.conformance.outside import ZONES
from tests.conformance.traces import Trace, log
from tests.replay.neighbours import pair

from govern.audit import read, schema
from govern.charter.load import charter_or_raise, load_text
from govern.compile.lower import lower
from govern.events.model import Event, EventType
from govern.policy.history import GOVERNED
from govern.policy.model import Policy
from govern.replay import compare, compare_bulk, compare_calls
from govern.replay import told as history
from govern.replay.compare import Calls, Compared, First, common
from govern.replay.compare_report import report
from govern.replay.comparison import Comparison
from govern.replay.groups import Key, Policies
from govern.replay.stream import key_of
from govern.replay.told import SessionFacts

CASES = int(os.environ.get("GOVERN_FUZZ_COMPARISONS", "24"))


def in_sql(events: Iterable[Event], old: Policies, new: Policies, facts: SessionFacts | None) -> Compared:
    con = read.connect(threads=1)
    try:
        con.register("gv_log", schema.table(list(events)))
        con.execute("CREATE TEMP VIEW events AS SELECT * FROM gv_log")
        return compare_bulk.compare(con, old, new, session_facts=facts)
    finally:
        con.close()


def apart(events: Iterable[Event], old: Policies, new: Policies, facts: SessionFacts | None) -> dict[object, Calls]:
    """By two replays that know nothing of each other, joined by the event's id."""
    log = list(events)
    said: list[dict[str, Key]] = []
    for judges in (old, new):
        said.append(
            {
                event.event_id: key_of(event, given, judges, utc=True)
                for event, given in history.told(log, judges, facts)
                if event.type is EventType.TOOL_CALL and event.actor_kind in GOVERNED
            }
        )
    by_id = {event.event_id: event for event in log}
    found: dict[object, Calls] = {}
    for event_id, was in said[0].items():
        event = by_id[event_id]
        first = First(event.ts_ns, event.trace_id, event_id)
        key = (was, said[1][event_id])
        if key in found:
            found[key].add(first)
        else:
            found[key] = Calls(1, first)
    return found


def case(number: int) -> tuple[Policy, Policy, Trace, str | None]:
    rng = random.Random(f"compare:{number}")
    old, new = pair(rng)
    return old, new, log(rng, rng.choice([60, 250])), ZONES[number % len(ZONES)]


def test_both_engines_give_the_pairs_of_two_separate_replays() -> None:
    """Of random policies a few edits apart on hostile logs, pair by pair, with the first event of each."""
    seen: Counter[str] = Counter()
    for number in range(CASES):
        old, new, trace, zone = case(number)
        was, now = Policies({AGENT: old}, zone), Policies({AGENT: new}, zone)
        expected = apart(trace.events, was, now, trace.session_facts)
        one_by_one = compare_calls.compare(trace.events, was, now, trace.session_facts)
        assert expected == one_by_one.pairs, number
        assert expected == in_sql(trace.events, was, now, trace.session_facts).pairs, number
        shared = common(was.engines[AGENT], now.engines[AGENT])
        seen["pairs"] += len(expected)
        seen["differ"] += sum(a != b for a, b in one_by_one.pairs)
        seen["told once"] += shared.told
        seen["told twice"] += not shared.told
        seen["judged once"] += bool(shared.tools)
        seen["judged once, of the history"] += any(now.engines[AGENT].history.asked(tool) for tool in shared.tools)
    # Or the comparison would say little of what is shared and what is not.
    assert all(seen[what] > CASES // 8 for what in ("told once", "told twice", "judged once")), seen
    assert seen["judged once, of the history"] > CASES // 8, seen
    assert seen["differ"] > seen["pairs"] // 10, seen


def told(events: list[Event], old: Policy, new: Policy, facts: SessionFacts | None = None) -> Comparison:
    """What both engines say, counted; the same."""
    was, now = (Policies({policy.agent: policy}) for policy in (old, new))
    found = compare_calls.compare(events, was, now, facts)
    assert found.pairs == in_sql(events, was, now, facts).pairs
    return report(found, was, now)


def pay(number: int, args: str | None = '{"a":5}', **of: Any) -> Event:
    made = {
        "trace_id": "t", "type": EventType.TOOL_CALL, "writer_id": "w", "span_id": f"s{number}", "tool": "pay",
        "agent": "desk", "args": args, "ts_ns": number * 10**9, **of,
    }  # fmt: skip
    return Event(event_id=f"e{number}", wseq=number, **made)


CHARTER = """govern: 1
agent: desk
version: 1
purpose: Pays.
owner: lead
roles: [lead, boss]
approvals:
  lead: {roles: [lead], if_no_answer: [{after: 1h, then: deny}]}
  boss: {roles: [boss], if_no_answer: [{after: 1h, then: deny}]}
tools:
  pay: {tier: reversible, input: {type: object, properties: {a: {type: number}, b: {type: number}}}}
  look: {tier: read_only}
"""
ONCE = "  - {id: few, tools: [pay], max: 2, within: trace, otherwise: {approval: lead}}\n"


def loaded(text: str) -> Policy:
    return lower(charter_or_raise(load_text(text), "charter"))


def cells(found: Comparison) -> dict[tuple[str, str], tuple[int, str]]:
    return {(cell.old, cell.new): (cell.calls, cell.first.event_id) for cell in found.cells}


def test_each_has_its_own_history_of_the_same_events() -> None:
    """A limit that only one has, or that counts further, is worked out for its own side."""
    calls = [pay(number) for number in range(5)]
    old, new = loaded(f"{CHARTER}limits:\n{ONCE}"), loaded(f"{CHARTER}limits:\n{ONCE.replace('max: 2', 'max: 3')}")
    assert {
        ("allow", "allow"): (3 - 1, "e0"),
        ("approval", "allow"): (1, "e2"),
        ("approval", "approval"): (2, "e3"),
    } == (cells(told(calls, old, new)))
    assert {("allow", "allow"): (2, "e0"), ("approval", "allow"): (3, "e2")} == cells(told(calls, old, loaded(CHARTER)))
    assert {("allow", "allow"): (2, "e0"), ("allow", "approval"): (3, "e2")} == cells(told(calls, loaded(CHARTER), old))


def test_the_same_condition_may_mean_another_history() -> None:
    """A rule that reads as before is judged again where the fact behind it is another."""
    text = CHARTER + "facts:\n  seen: {from: {result_of: [look]}, fields: {n: number}}\n"
    text = text.replace(
        "b: {type: number}}}}",
        "b: {type: number}}}, rules: [{id: r, only_if: seen.n > 1, otherwise: deny, because: x}]}",
    )
    events = []
    for number, n in enumerate((2, 0)):
        look = replace(pay(number), tool="look", args="{}")
        done = replace(look, event_id=f"r{number}", type=EventType.TOOL_RESULT, args=None, content=f'{{"n":{n}}}')
        events += [look, replace(done, status="ok", ts_ns=number * 10**9 + 1, actor_kind=None)]
    events.append(pay(9))
    first = text.replace("result_of: [look]}", "result_of: [look]}, take: first")
    assert ("deny", "allow") in cells(told(events, loaded(text), loaded(first)))


def test_defaults_of_a_schema_are_judged_on_their_own_side() -> None:
    """A default that only the new schema has is applied for the new verdict alone."""
    text = CHARTER.replace(
        "b: {type: number}}}}", "b: {type: number}}}, rules: [{id: r, when: args.b > 1, then: deny, because: x}]}"
    )
    new = text.replace("b: {type: number}", "b: {type: number, default: 0}")
    assert {("deny", "allow"): (1, "e0"), ("deny", "deny"): (1, "e1")} == cells(
        told([pay(0), pay(1, '{"a":5,"b":3}')], loaded(text), loaded(new))
    )
    assert {("deny", "deny"): (1, "e1"), ("allow", "deny"): (1, "e0")} == cells(
        told([pay(0), pay(1, '{"a":5,"b":3}')], loaded(new), loaded(text))
    )


def test_a_default_of_another_tool_may_count() -> None:
    """A tool that did not change shares a limit with one whose schema has a default now: its history is another."""
    limit = "{id: much, tools: [pay, give], sum: args.a, counts: proposed, max: 10, within: trace, otherwise: deny}"
    give = "  give: {tier: reversible, input: {type: object, properties: {a: {type: number}}}}\n"
    text = f"{CHARTER}{give}limits:\n  - {limit}\n"
    new = text.replace(give, give.replace("a: {type: number}", "a: {type: number, default: 8}"))
    assert new != text
    events = [pay(0, "{}", tool="give"), pay(1)]
    expected = {("deny", "allow"): (1, "e0"), ("deny", "deny"): (1, "e1")}
    assert expected == cells(told(events, loaded(text), loaded(new)))


def test_what_neither_log_nor_verdict_tells_apart_is_undecidable() -> None:
    """A call without arguments; the strictest verdict before is looser than any after: that much is certain."""
    gone = loaded(CHARTER.replace("  pay: ", "  paid: "))
    found = told([pay(0, None)], loaded(CHARTER), gone)
    assert {("undecidable", "deny"): (1, "e0")} == cells(found)
    assert (1, 0) == (found.undecided, found.stricter)
    asked = CHARTER.replace("tier: reversible,", "tier: reversible, approval: {ask: lead},")
    free = asked.replace(", input: {type: object, properties: {a: {type: number}, b: {type: number}}}", "")
    never = loaded(asked.replace("tools:\n", "never: [{tools: [pay], because: x}]\ntools:\n"))
    found = told([pay(0, None)], loaded(free), never)
    assert ({("approval", "deny"): (1, "e0")}, 1, 0) == (cells(found), found.stricter, found.undecided)


def test_the_first_is_the_first_by_time_then_by_trace_and_id() -> None:
    """Whatever order the log has; what has no time comes last."""
    new = loaded(CHARTER.replace("tier: reversible,", "tier: reversible, approval: {ask: lead},"))
    same = {"ts_ns": 7 * 10**9}
    calls = [
        pay(1, ts_ns=None),
        pay(9, trace_id="b", **same),
        pay(8, trace_id="a", **same),
        pay(7, trace_id="a", **same),
    ]
    for events in (calls, calls[::-1]):
        assert {("allow", "approval"): (4, "e7")} == cells(told(events, loaded(CHARTER), new))
    assert {("allow", "approval"): (1, "e1")} == cells(told(calls[:1], loaded(CHARTER), new))


def test_calls_of_no_agent_are_the_only_charters() -> None:
    """Where one side has one charter and the other two, they are judged by the one alone."""
    one, two = loaded(CHARTER), loaded(CHARTER.replace("agent: desk", "agent: other"))
    was, now = Policies({"desk": one}), Policies({"desk": one, "other": two})
    log = [pay(0, agent=None), pay(1)]
    for old, new, cell in ((was, now, ("allow", "no charter")), (now, was, ("no charter", "allow"))):
        found = compare_calls.compare(log, old, new)
        assert found.pairs == in_sql(log, old, new, None).pairs
        assert {cell: (1, "e0"), ("allow", "allow"): (1, "e1")} == cells(report(found, old, new))


def test_gates_that_are_dropped_loosen_and_gates_that_are_added_tighten() -> None:
    """Of a call that needs two approvals; other people are neither."""
    rule = ", rules: [{id: r, when: args.a > 1, then: {approval: boss}, because: x}]}\n"
    both = CHARTER.replace("tier: reversible,", "tier: reversible, approval: {ask: lead},").replace(
        "}}}}\n", "}}}" + rule
    )
    lead = loaded(both.replace("args.a > 1", "args.a > 9"))
    boss = loaded(both.replace("approval: {ask: lead}, ", ""))
    calls = [pay(0)]
    for old, new, way in ((loaded(both), lead, "looser"), (lead, loaded(both), "stricter"), (lead, boss, "other")):
        found = told(calls, old, new)
        assert {("approval", "approval"): (1, "e0")} == cells(found)
        assert [way] == [row.way for row in found.gates]
        assert {way: 1} == found.ways


CASES_BY_HAND = (
    test_each_has_its_own_history_of_the_same_events, test_the_same_condition_may_mean_another_history,
    test_defaults_of_a_schema_are_judged_on_their_own_side, test_a_default_of_another_tool_may_count,
)  # fmt: skip
FAULTS: dict[str, Callable[[pytest.MonkeyPatch], None]] = {
    "what came before means the same always": lambda patch: patch.setattr(compare, "_meaning", lambda *of: None),
    "defaults are nothing to a history": lambda patch: patch.setattr(compare, "_defaults", lambda policy: {}),
    "all is told once": lambda patch: patch.setattr(compare_calls, "_told_once", lambda *of: True),
    "a schema is no part of a tool": edited(
        "govern.replay.compare", "(before.conditions, before.schema) == (tool.conditions, tool.schema)",
        "before.conditions == tool.conditions",
    ),
    "conditions are no part of a tool": edited(
        "govern.replay.compare", "(before.conditions, before.schema) == (tool.conditions, tool.schema)", "True"
    ),
    "the new arguments are the old": edited("govern.replay.compare_bulk", "{new_args} AS n_args", "{args} AS n_args"),
    "the new history is the old": edited("govern.replay.compare_bulk", "not shared.told", "False"),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_caught(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Some case above fails for each way of sharing too much; a wrong answer, or one that an engine refuses to give."""
    FAULTS[fault](monkeypatch)
    with pytest.raises((AssertionError, ValueError, duckdb.Error)):
        every_case()


def every_case() -> None:
    for each in CASES_BY_HAND:
        each()
