"""What came before a call, one event at a time and by windows in SQL: the same of every call."""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from govern.events.canonical import text_of
from govern.events.model import ActorKind, Event, EventType, Mode
from govern.policy.derive import with_history
from govern.policy.history import History
from govern.policy.model import AfterReading, Effect, Limit, Policy, Tier, ToolPolicy, Untrusted
from govern.replay import windows_limits, windows_moves, windows_reading

from .faults import edited
from .histories import AGENT, LIMITS, SECOND, ZONES, events, in_bulk, one_at_a_time, policy

LOGS = int(os.environ.get("GOVERN_FUZZ_HISTORIES", "96"))
SLICES = 24  # of 144 limits: six in each policy, and each limit in every twenty-fourth log


def compare(seed: int, *, sizes: tuple[int, ...] = (60, 600, 3000)) -> Counter[tuple[str, int | None]]:
    """Row by row, and how often each answer was given."""
    rng = random.Random(seed)
    found = History(policy(rng, LIMITS[seed % SLICES :: SLICES]), ZONES[seed % len(ZONES)])
    log = events(rng, rng.choice(sizes), mixed=seed % 2 == 1)
    seen: Counter[tuple[str, int | None]] = Counter()
    for agent in (AGENT, None) if seed % 5 == 0 else (AGENT,):
        expected = one_at_a_time(log, found, agent)
        assert expected == in_bulk(log, found, agent), f"log {seed} of {agent}"
        for told in expected.values():
            seen["", len(told)] += 1
            seen.update((key.partition("(")[0], value) for key, value in told.items())
    return seen


def test_windows_say_what_one_event_at_a_time_says() -> None:
    """Limits of every span, by everything that is counted, for each of every key; taint; counts: on random logs."""
    seen: Counter[tuple[str, int | None]] = Counter()
    for seed in range(LOGS):
        seen += compare(seed)
    # Each answer is frequent, or the comparison would say little.
    answers = {fn: sum(count for (of, _), count in seen.items() if of == fn) for fn in ("exceeded", "tainted", "calls")}
    for value in (0, 1, 2, None):
        assert seen["exceeded", value] > answers["exceeded"] * 0.05, seen
    for value in (0, 2):
        assert seen["tainted", value] > answers["tainted"] * 0.05, seen
    for value in (0, 1, None):
        assert seen["calls", value] > answers["calls"] * 0.01, seen


def later_ones_of_the_same_time(patch: pytest.MonkeyPatch) -> None:
    """Trap 28: peers."""
    patch.setattr(windows_limits, "ORDER", "at_ns NULLS FIRST")
    patch.setattr(windows_limits, "_BEFORE", "RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW EXCLUDE CURRENT ROW")


def replaced(patch: pytest.MonkeyPatch, columns: str) -> None:
    honest = windows_limits._rows
    patch.setattr(windows_limits, "_rows", lambda *of: f"SELECT * REPLACE ({columns}) FROM ({honest(*of)})")


FAULTS: dict[str, Callable[[pytest.MonkeyPatch], None]] = {
    "later ones of the same time": later_ones_of_the_same_time,
    "a nanosecond more": lambda patch: patch.setattr(windows_limits, "_NS", SECOND + 1),
    "a sum that skips null": lambda patch: replaced(patch, "0 AS unknown"),
    "no time is no call": lambda patch: replaced(patch, "0 AS uncaptured"),
    "a stopped call never comes off": lambda patch: replaced(patch, "greatest(g, 0) AS g"),
    "what was stopped leaves a duration once more": lambda patch: replaced(patch, "g AS off"),
    "a poll is a call": lambda patch: patch.setattr(windows_moves, "_has_other_spans", lambda *of: False),
    "any order is known": lambda patch: patch.setattr(
        windows_reading, "_rivals", lambda *of: "SELECT NULL::VARCHAR AS event_id WHERE FALSE"
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_caught(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The comparison fails for each of the ways in which windows have been wrong."""
    FAULTS[fault](monkeypatch)
    for seed in range(LOGS):
        try:
            compare(seed, sizes=(1500,))
        except AssertionError:
            return
    pytest.fail(f"{LOGS} logs do not tell `{fault}`")


# -- single cases, by both --


def limit(most: int | float, **of: Any) -> Limit:
    given = {"sum": None, "within_s": None, "span": None, "for_each": (), "counts": "proposed", **of}
    if given["within_s"] is None and given["span"] is None:
        given["span"] = "forever"
    return Limit(
        "x", ("refund",), (), given["sum"], most, given["within_s"], given["span"], given["for_each"], given["counts"],
        Effect.DENY, None, None, "because",
    )  # fmt: skip


def told(
    log: list[Event], *limits: Limit, key: str = "exceeded('x')", trusted: tuple[str, ...] = ()
) -> list[int | None]:
    """What both say of the calls of `refund`, in the order of the log."""
    after = AfterReading("read", ("refund",), (), None, Effect.DENY, None, None, "because")
    tools = {name: ToolPolicy(name, Tier.REVERSIBLE) for name in ("refund", "fetch")}
    untrusted = Untrusted(trusted, "flag", (after,))
    found = History(
        with_history(Policy(AGENT, 1, "", "", (), {}, tools, (), limits=limits, untrusted=untrusted)), "UTC"
    )
    expected = one_at_a_time(log, found, AGENT)
    assert expected == in_bulk(log, found, AGENT)
    return [expected[event.event_id][key] for event in log if event.event_id in expected]


def call(number: int, at_ns: int | None, amount: Any = 1, **of: Any) -> Event:
    made = {
        "trace_id": "t", "type": EventType.TOOL_CALL, "writer_id": "w", "span_id": f"s{number}", "tool": "refund",
        "agent": AGENT, "session_id": "s", "args": text_of({} if amount is None else {"amount": amount}), **of,
    }  # fmt: skip
    return Event(event_id=f"e{number}", wseq=number, ts_ns=at_ns, **made)


def after(number: int, of: Event, at_ns: int | None, kind: EventType, **more: Any) -> Event:
    """An event of a call's span."""
    return call(number, at_ns, type=kind, span_id=of.span_id, trace_id=of.trace_id, **{"args": None, **more})


FALSE, UNKNOWN, TRUE = 0, 1, 2


def test_trap_28_equal_times() -> None:
    """Of three calls with the same time only the earlier ones of the total order count."""
    log = [call(1, 7), call(2, 7), call(3, 7)]
    assert [FALSE, FALSE, TRUE] == told(log, limit(2))
    assert [FALSE, FALSE, TRUE] == told(log, limit(2, within_s=5))


def test_trap_29_no_time() -> None:
    """Without a time a duration is not captured, and a call without one may be within any."""
    log = [call(1, None), call(2, None), call(3, 10, trace_id="u"), call(4, 11, trace_id="u")]
    assert [None, None, None, None] == told(log, limit(2, within_s=5))
    assert [None, None, FALSE, None] == told(log, limit(3, within_s=5))
    assert [FALSE, FALSE, FALSE, FALSE] == told(log, limit(2, span="trace"))


def test_trap_30_exact_sums() -> None:
    """Sums are exact, in any order; an amount below zero, or beyond six places, is none."""
    at = {"sum": "args.amount"}
    large = [call(1, 1, 10**16), call(2, 2, 0.1), call(3, 3, 0.9), call(4, 4, 0.000001)]
    assert [FALSE, FALSE, FALSE, TRUE] == told(large, limit(10**16 + 1, **at))
    tenths = [call(number, number, 0.1) for number in range(1, 5)]
    assert [FALSE, FALSE, FALSE, TRUE] == told(tenths, limit(0.3, **at))
    assert [FALSE, UNKNOWN, UNKNOWN] == told([call(1, 1, 1), call(2, 2, -1), call(3, 3, 0.0000001)], limit(5, **at))


def test_trap_31_an_amount_is_missing() -> None:
    """A sum with one amount missing is unknown, unless it is over without it."""
    log = [call(1, 1, 3), call(2, 2, None), call(3, 3, 1), call(4, 4, 3)]
    assert [FALSE, UNKNOWN, UNKNOWN, TRUE] == told(log, limit(5, sum="args.amount"))


def test_trap_32_exactly_one_window_later() -> None:
    """A duration is half open: a call exactly so much later no longer counts the first."""
    length = 5 * SECOND
    assert [FALSE, TRUE] == told([call(1, 0), call(2, length - 1)], limit(1, within_s=5))
    assert [FALSE, FALSE] == told([call(1, 0), call(2, length)], limit(1, within_s=5))
    lowest = -(2**63)
    assert [FALSE, TRUE, FALSE] == told(
        [call(1, lowest), call(2, lowest + 1), call(3, lowest + length + 1)], limit(1, within_s=5)
    )


def test_trap_33_read_at_the_same_time() -> None:
    """A source released and a call at the same time stand by sequence; where that is not known, it is tainted."""
    tainted = {"key": "tainted('session')", "trusted": ("refund",)}
    before, later = call(1, 7, tool="fetch", args="{}"), call(3, 7, tool="fetch", args="{}")
    assert [FALSE] == told([call(2, 7), later], **tainted)[:1]
    assert [TRUE] == told([before, call(2, 7)], **tainted)[-1:]
    assert [TRUE] == told([call(2, 7), call(3, 7, tool="fetch", writer_id="other")], **tainted)[:1]
    assert [FALSE] == told([call(2, 7), call(3, 8, tool="fetch", writer_id="other")], **tainted)[:1]
    assert [TRUE] == told([call(2, 7), call(3, None, tool="fetch", trace_id="u")], **tainted)[:1]


def test_what_was_stopped() -> None:
    """A denial in force takes a call off, a start gives it back, shadow and people do nothing."""
    first = call(1, 0)
    denied = after(2, first, 1, EventType.POLICY_CHECK, verdict="deny")
    over = limit(1, counts="executed")
    assert [FALSE, FALSE] == told([first, denied, call(5, 9)], over)
    assert [FALSE, TRUE] == told([first, after(2, first, 1, EventType.POLICY_CHECK, verdict="allow"), call(5, 9)], over)
    assert [FALSE, TRUE] == told([first, denied, after(3, first, 2, EventType.TOOL_START), call(5, 9)], over)
    shadow = after(2, first, 1, EventType.POLICY_CHECK, verdict="deny", mode=Mode.SHADOW)
    assert [FALSE, TRUE] == told([first, shadow, call(5, 9)], over)
    assert [FALSE, TRUE] == told([call(1, 0), call(4, 8, actor_kind=ActorKind.HUMAN), call(5, 9)], over)


def test_stopped_within_a_duration() -> None:
    """What was stopped, or started again, after it had left the duration changes nothing in it."""
    first = call(1, 0)
    over = limit(1, counts="executed", within_s=5)
    for stop_s, start_s, next_s, expected in (
        (1, None, 3, FALSE), (1, 2, 3, TRUE), (1, 4, 3, FALSE), (4, None, 3, TRUE), (6, None, 7, FALSE),
        (1, 6, 7, FALSE), (1, 2, 7, FALSE), (6, 7, 8, FALSE),
    ):  # fmt: skip
        log = [first, after(2, first, stop_s * SECOND, EventType.POLICY_CHECK, verdict="deny")]
        if start_s is not None:
            log.append(after(3, first, start_s * SECOND, EventType.TOOL_START))
        assert [FALSE, expected] == told([*log, call(9, next_s * SECOND)], over), (stop_s, start_s, next_s)


def test_a_poll_is_no_call() -> None:
    """The same tool and arguments under the same span again: not counted, and its own contribution not twice."""
    first = call(1, 0)
    again = call(2, 1, span_id=first.span_id)
    other = call(3, 2, 2, span_id=first.span_id)
    assert [FALSE, FALSE, TRUE, TRUE] == told([first, again, other, call(4, 3)], limit(1))


def test_a_result_alone_stands_for_a_call() -> None:
    """A start or result whose span has no call counts as one, also where the call comes later."""
    first = call(1, 5)
    result = after(2, first, 4, EventType.TOOL_RESULT, status="ok")
    assert [TRUE] == told([first, result], limit(1))
    assert [FALSE] == told([first, after(2, first, 5, EventType.TOOL_RESULT, status="ok")], limit(1))
    assert [TRUE] == told([first, result], limit(1, counts="succeeded"))
    assert [TRUE] == told([call(1, 5), after(2, call(9, 0), 4, EventType.TOOL_RESULT, status="ok")], limit(1))


def test_a_result_that_does_not_say_whether_it_is_an_error() -> None:
    """What it adds to what succeeded is not captured."""
    first = call(1, 0)
    silent = after(2, first, 1, EventType.TOOL_RESULT)
    assert [FALSE, None] == told([first, silent, call(3, 2)], limit(1, counts="succeeded"))
    failed = after(2, first, 1, EventType.TOOL_RESULT, status="error")
    assert [FALSE, FALSE] == told([first, failed, call(3, 2)], limit(1, counts="succeeded"))


def test_stopped_on_another_day() -> None:
    """What is taken back belongs to the day of its call, not to that of the denial."""
    day = 86_400 * SECOND
    first, second = call(1, day - 1, 4), call(2, day + 1, 4)
    denied = after(3, first, day + 2, EventType.POLICY_CHECK, verdict="deny")
    over = limit(8, sum="args.amount", span="day", counts="executed")
    assert [FALSE, FALSE, FALSE, TRUE] == told([first, second, denied, call(4, day + 3, 4), call(5, day + 4, 1)], over)


def test_a_poll_on_another_day() -> None:
    """A call is counted for the day of its proposal; asked again on the next day, it is one more there."""
    day = 86_400 * SECOND
    first = call(1, day - 1, 4)
    again = call(2, day + 1, 4, span_id=first.span_id)
    assert [FALSE, FALSE, FALSE] == told([first, again, call(3, day + 2, 4)], limit(4, sum="args.amount", span="day"))
    assert [FALSE, TRUE] == told([call(3, day, 4), call(2, day + 1, 1)], limit(4, sum="args.amount", span="day"))


def test_a_result_without_a_span_was_released() -> None:
    """Nobody knows of which call it is, so no denial takes it off again."""
    fetch = call(1, 1, tool="fetch", args="{}")
    denied = after(2, fetch, 2, EventType.POLICY_CHECK, verdict="deny", tool="fetch")
    alone = call(3, 3, tool="fetch", type=EventType.TOOL_RESULT, span_id=None, args=None, status="ok")
    tainted = {"key": "tainted('session')", "trusted": ("refund",)}
    assert [FALSE] == told([fetch, denied, call(5, 5)], **tainted)
    assert [TRUE] == told([fetch, denied, alone, call(5, 5)], **tainted)


def test_a_poll_of_what_succeeded_since() -> None:
    """A success is as old as its result, not as its proposal: asked again, it is counted once."""
    first = call(1, 0)
    result = after(2, first, 4 * SECOND, EventType.TOOL_RESULT, status="ok")
    again = call(3, 6 * SECOND, span_id=first.span_id)
    assert [FALSE, FALSE] == told([first, result, again], limit(1, counts="succeeded", within_s=5))


def shadowed() -> list[Event]:
    """A call that was only said to be denied, and a second one."""
    first = call(1, 1)
    denied = after(2, first, 2, EventType.POLICY_CHECK, verdict="deny", mode=Mode.SHADOW)
    return [first, denied, call(3, 3)]


def test_a_denial_in_shadow_stops_nothing() -> None:
    """The call went on, so it counts; where the denial was enforced, it does not."""
    once = limit(1, counts="executed")
    assert [FALSE, TRUE] == told(shadowed(), once)
    enforced = [replace(event, mode=None) for event in shadowed()]
    assert [FALSE, FALSE] == told(enforced, once)


def test_a_poll_exactly_one_window_later_counts_anew() -> None:
    """What the call itself used is past by then: with another call of the same time, two are too many."""
    length = 5 * SECOND
    first = call(1, 0)
    other, poll = call(2, length), call(3, length, span_id=first.span_id)
    assert [FALSE, FALSE, TRUE] == told([first, other, poll], limit(1, within_s=5))
    sooner = [first, call(2, length - 1), call(3, length - 1, span_id=first.span_id)]
    assert [FALSE, TRUE, TRUE] == told(sooner, limit(1, within_s=5))
    assert [FALSE, FALSE, FALSE] == told(sooner, limit(2, within_s=5))


def test_what_was_stopped_exactly_one_window_ago_is_past() -> None:
    """Neither the call nor its being stopped counts any more, so the two since then are too many."""
    first, length = call(1, 0), 5 * SECOND
    denied = after(2, first, 1, EventType.POLICY_CHECK, verdict="deny")
    log = [first, denied, call(3, 3 * SECOND), call(4, length)]
    assert [FALSE, FALSE, TRUE] == told(log, limit(1, within_s=5, counts="executed"))


@pytest.mark.parametrize(
    ("place", "old", "new", "case"),
    [
        ("history", "enforced = event.mode is not Mode.SHADOW", "enforced = True",
         test_a_denial_in_shadow_stops_nothing),
        ("limits", "mine is not None and mine > after", "mine is not None and mine >= after",
         test_a_poll_exactly_one_window_later_counts_anew),
        ("tally", "if at_ns > after_ns:", "if at_ns >= after_ns:",
         test_what_was_stopped_exactly_one_window_ago_is_past),
        ("moves", "\"coalesce(mode, '') <> 'shadow'\"", '"TRUE"', test_a_denial_in_shadow_stops_nothing),
    ],
)  # fmt: skip
def test_these_cases_catch_faults(
    place: str, old: str, new: str, case: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each by itself, in the one implementation."""
    modules = {"history": "govern.policy.history", "limits": "govern.policy.history.limits",
               "tally": "govern.policy.history.tally", "moves": "govern.replay.windows_moves"}  # fmt: skip
    edited(modules[place], old, new)(monkeypatch)
    with pytest.raises(AssertionError):
        case()
