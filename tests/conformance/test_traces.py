"""Whole-language policies on hostile logs: all engines say the same of every call, and a fault in any one is caught.

`make fuzz` runs the same comparison on a million pairs. Beside it stand what the history promises of itself: its states
never change, and the order in which events come in says nothing.
"""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from govern.events.canonical import parse
from govern.events.model import EventType
from govern.policy.engine import Engine
from govern.policy.history.tally import NOTHING, Amount, Grown, Tally
from govern.replay.groups import Policies
from govern.replay.order import Order
from govern.replay.told import told

from . import fuzz
from .charters import AGENT, charter_of, loaded, whole
from .faults import edited
from .history_reference import LIFE

PAIRS = int(os.environ.get("GOVERN_FUZZ_PAIRS", "2000"))


def test_all_engines_say_the_same_of_every_call() -> None:
    """Reference, one call at a time and SQL agree row by row, and every answer there is comes up."""
    done, effects, truths = 0, Counter[str](), Counter[str]()
    for number in count():
        made = fuzz.run(20261123, number)
        assert made.failed is None, made.failed
        done += made.pairs
        effects.update(made.by_effect)
        truths.update(made.truths)
        if done >= PAIRS:
            break
    assert {"allow", "approval", "deny"} <= effects.keys()
    assert any(effect.endswith("…") for effect in effects), "nothing was undecidable"
    assert min(truths[each] for each in "TFUC") > 0.02 * truths.total(), truths


def test_a_charter_means_the_policy_that_it_was_written_from() -> None:
    """Through the loader and down to a policy, whatever of the language it uses."""
    rng = random.Random(7)
    read = 0
    while read < 40:
        policy = whole(rng)
        text = charter_of(policy)
        if text is not None:
            assert policy == loaded(text), text
            read += 1


def test_a_disagreement_is_made_small_and_comes_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is shown still fails, has few events, and is the same whenever the case is made again."""
    edited("govern.policy.history.limits", "if used.low > plan.most:", "if used.low >= plan.most:")(monkeypatch)
    number = next(n for n in count() if fuzz.attempt(fuzz.case(random.Random(f"3:{n}"), 200))[0] is not None)
    one, two = (fuzz.run(3, number, 200, shrink=5) for _ in range(2))
    assert one.failed is not None
    assert two.failed is not None
    assert f"seed 3, case {number}" in one.failed
    assert one.failed.splitlines()[1] == two.failed.splitlines()[1]
    assert one.failed.count("EventType.TOOL_CALL") < 8


# -- what the history promises of itself -----------------------------------------------------------------


def answers(case: fuzz.Case, events: Any) -> dict[str, dict[str, Any]]:
    judges = Policies({AGENT: case.policy}, zone=case.zone)
    return {event.event_id: dict(given) for event, given in told(events, judges, case.trace.session_facts)}


def test_the_order_in_which_events_come_says_nothing() -> None:
    """A log and the same log shuffled tell of each call the same."""
    for number in range(12):
        case = fuzz.case(random.Random(f"order:{number}"), 250)
        shuffled = list(case.trace.events)
        random.Random(number).shuffle(shuffled)
        assert answers(case, case.trace.events) == answers(case, shuffled)


def test_states_never_change() -> None:
    """What a history said of a call it says again from the states of then, whatever came since; and asking changes
    nothing."""
    asked_again = 0
    for number in range(12):
        case = fuzz.case(random.Random(f"pure:{number}"), 250)
        history = Engine(case.policy, case.zone).history
        states: dict[Any, Any] = {}
        seen = []
        for placed in Order(event for event in case.trace.events if event.type in LIFE):
            event = placed.event
            if event.type is EventType.TOOL_CALL and event.args is not None and history.asked(event.tool or ""):
                ask: dict[str, Any] = {"at_ns": placed.at_ns, "ordered": placed.ordered, "session": {}}
                args = parse(event.args)
                before = dict(states)
                seen.append((before, event, args, ask, history.inputs(states, event, args, **ask)))
                assert before == states
            states.update(history.changes(states, event, placed.at_ns, {}, ordered=placed.ordered))
        for before, event, args, ask, said in seen:
            assert said == history.inputs(before, event, args, **ask)
            asked_again += 1
    assert asked_again > 200


@given(st.lists(st.tuples(st.integers(0, 30), st.integers())))
def test_a_grown_list_is_a_value(steps: list[tuple[int, int]]) -> None:
    """Growing any of many lists that share storage gives a longer one, and leaves all others as they were."""
    found: list[tuple[Grown[int], list[int]]] = [(Grown(), [])]
    for at, item in steps:
        grown, plain = found[at % len(found)]
        found.append((grown.plus(item), [*plain, item]))
    for grown, plain in found:
        assert plain == list(grown)
        assert plain[::-1] == list(grown.latest_first())
        assert plain == [grown[index] for index in range(len(grown))]


AMOUNTS = st.builds(Amount, st.integers(0, 5), st.integers(0, 2), st.integers(0, 2))


@settings(deadline=None)
@given(st.lists(st.tuples(st.one_of(st.none(), st.integers(0, 12)), AMOUNTS, st.booleans())), st.integers(-1, 13))
def test_a_tally_is_the_sum_of_what_was_counted(steps: list[tuple[int | None, Amount, bool]], after: int) -> None:
    """By a plain sum over the list of contributions, also where some were taken back and where a clock went back."""
    tally, plain = Tally(), list[tuple[int | None, Amount]]()
    for at, amount, back in steps:
        if back and plain:
            at, amount = plain.pop(0)
            tally = tally.corrected(NOTHING.minus(amount), at, windowed=True)
        else:
            plain.append((at, amount))
            tally = tally.counted(amount, at, windowed=True)
    total = since = NOTHING
    for at, amount in plain:
        total = total.plus(amount)
        if at is None:
            since = since.plus(Amount(uncaptured=amount.uncaptured))
        elif at > after:
            since = since.plus(amount)
    assert total == tally.total
    assert since == tally.since(after)


# -- the comparison can fail -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Fault:
    """An edit of one fragment of one function."""

    place: str
    old: str
    new: str


HISTORY, LIMITS, FACTS = "govern.policy.history", "govern.policy.history.limits", "govern.policy.history.facts"
RECORDS, TALLY, ORDER = "govern.policy.history.records", "govern.policy.history.tally", "govern.replay.order"
FAULTS = [
    Fault(LIMITS, "if used.low > plan.most:", "if used.low >= plan.most:"),
    Fault(LIMITS, "if used.low + used.unknown > plan.most:", "if used.unknown > plan.most:"),
    Fault(LIMITS, "value is None or value < 0", "value is None"),
    Fault(LIMITS, "if own is not None and _counted(limit, own):", "if False:"),
    Fault(LIMITS, 'if limit.span == "trace":', 'if limit.span == "never":'),
    Fault(LIMITS, 'clock("date", at_ns, self.zone)', 'clock("weekday", at_ns, self.zone)'),
    Fault(LIMITS, "made.append(session)", "made.append(agent)"),
    Fault(LIMITS, "at_ns - limit.within_s * 10**9", "at_ns - limit.within_s * 10**9 - 1"),
    Fault(LIMITS, "None if lacking else tuple(made)", "tuple(made)"),
    Fault(LIMITS, "return own.done if", "return True if"),
    Fault(TALLY, "bisect_right(self.times, after_ns)", "bisect_right(self.times, after_ns - 1)"),
    Fault(TALLY, "Amount(uncaptured=self.untimed)", "Amount()"),
    Fault(FACTS, "iter(results) if fact.first else results.latest_first()", "results.latest_first()"),
    Fault(FACTS, "if tool not in fact.result_of:", "if False:"),
    Fault(FACTS, "found is ABSENT or found is WRONG or text_of(found) != value", "found is ABSENT or found is WRONG"),
    Fault(FACTS, "captured = event.status is not None and", "captured = True and"),
    Fault(FACTS, "return not field.values or", "return True or"),
    Fault(FACTS, "elif ordered:", "elif True:"),
    Fault(FACTS, "return True if sure else None", "return True"),
    Fault(RECORDS, "return not self.stopped or self.executed", "return not self.stopped"),
    Fault(RECORDS, "return not self.held or self.freed", "return not self.held"),
    Fault(HISTORY, "others -= 1", "others -= 0"),
    Fault(HISTORY, "rival or others > 0", "others > 0"),
    Fault(HISTORY, "if not record.done:", "if True:"),
    Fault(HISTORY, "if not self.is_trusted(record.tool):", "if True:"),
    Fault(HISTORY, 'event.status == "error" or', "False or"),
    Fault(HISTORY, 'if not record.foreign:', 'if True:'),
    Fault(HISTORY, "if any(same_call(record, each) for each in records):", "if False:"),
    Fault(ORDER, "(at_ns is not None, at_ns or 0, event.writer_id", "(at_ns is None, at_ns or 0, event.writer_id"),
    Fault(ORDER, "event.writer_id, event.wseq, event.event_id", "event.wseq, event.writer_id, event.event_id"),
    Fault(ORDER, "at_ns is not None or len(", "True or len("),
    Fault(ORDER, "at_ns is not None and other != at_ns", "at_ns is not None"),
    Fault("govern.policy.engine", "else UNKNOWN if asked <= given.keys()", "else UNKNOWN if True"),
]  # fmt: skip
IN_SQL = [
    Fault("govern.replay.columns", "1 if value is None", "0 if value is None"),
    Fault("govern.policy.sql", "ELSE {UNKNOWN} END", "ELSE {UNCAPTURED} END"),
    Fault("govern.replay.windows_limits", "WHEN {sure} > {most} THEN {over}", "WHEN {sure} >= {most} THEN {over}"),
    Fault("govern.replay.windows_limits", "CASE WHEN micro >= 0 THEN micro END", "micro"),
    Fault("govern.replay.windows_reading", "{before} > mine AS over", "{before} >= mine AS over"),
    Fault("govern.replay.windows_reading", '"c" if kind == "calls" else "d"', '"d" if kind == "calls" else "c"'),
]


def noticed(cases: int, engines: dict[str, Callable[[fuzz.Case, Policies], fuzz.Rows]]) -> bool:
    """Whether a comparison of the size that CI runs shows a disagreement."""
    return any(
        fuzz.attempt(fuzz.case(random.Random(f"faults:{number}"), 160), engines)[0] is not None
        for number in range(cases)
    )


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: f"{fault.place}: {fault.new}")
def test_a_planted_fault_of_the_history_is_caught(fault: Fault, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of one call at a time, against the reference."""
    edited(fault.place, fault.old, fault.new)(monkeypatch)
    assert noticed(240, {})


@pytest.mark.parametrize("fault", IN_SQL, ids=lambda fault: f"{fault.place}: {fault.new}")
def test_a_planted_fault_of_the_columns_is_caught(fault: Fault, monkeypatch: pytest.MonkeyPatch) -> None:
    edited(fault.place, fault.old, fault.new)(monkeypatch)
    assert noticed(120, fuzz.ENGINES)


def test_without_a_fault_nothing_is_noticed() -> None:
    """The same comparison passes where nothing is wrong."""
    assert not noticed(60, {})
