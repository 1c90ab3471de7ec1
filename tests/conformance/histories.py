"""Random logs and policies that ask what came before, and what one event at a time says of each call.

Everything that may go wrong in a log is frequent here: equal and missing times, several writers, repeated spans,
results without a call or before it, shadow, people, other agents, arguments and amounts that are missing or odd.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import duckdb

from govern.audit import schema
from govern.conditions import parse_condition
from govern.events.canonical import text_of
from govern.events.model import ActorKind, Event, EventType, Mode
from govern.policy.derive import with_history
from govern.policy.history import LIFECYCLE, History
from govern.policy.model import AfterReading, Effect, Limit, Policy, Rule, Tier, ToolPolicy, Untrusted, When
from govern.replay.order import Order
from govern.replay.told import remembered
from govern.replay.windows import covers, history_columns

AGENT = "shop"
TOOLS = ["refund", "send", "look/up", "it's"]
SECOND = 10**9
WITHIN_S = 5
HOUR = 3600 * SECOND
VERDICTS = ["allow", "deny", "deny", "approval", None]
DECISIONS = ["approve", "approve", "reject", None]
STEPS = {
    "seconds": [
        0,
        SECOND,
        2 * SECOND,
        5 * SECOND,
        5 * SECOND - 1,
        5 * SECOND + 1,
        6 * SECOND,
        10 * SECOND,
        11 * SECOND,
    ],
    # Around a night in March 2026 on which the clocks of Berlin go forward, and beyond the times that have a day.
    "days": [1774735200 * SECOND + k * 6 * HOUR for k in range(12)] + [-1, -(2**63), 2**63 - 1, 4102444800 * SECOND],
    "one": [7],
}
ZONES = [None, "UTC", "Europe/Berlin", "Pacific/Apia"]
AMOUNTS: list[Any] = [
    1, 2, 3, 5, 0.1, 0.2, 2.5, 10, 0.000001, 0.0000001, 10**16, 1e20, 2**53 + 1, 2**63 - 1,
    -1, -0.5, None, "5", True, [], {}, 1e300, 0,
]  # fmt: skip
KEYS: list[Any] = [
    "c1",
    "c1",
    "c1",
    "c2",
    None,
    1,
    1.5,
    {"id": 1},
    {"id": 2},
    ["c1"],
    "ü",
    "u\u0308",
    "",
    "a'\"\\\n",
    True,
]
PLACES = ["args.customer", "args.customer.id", "args.customer[0]", 'args["0"]', 'args["ü"]']


def limits() -> list[Limit]:
    """Every span, by everything that is counted, for each of every kind of key."""
    made: list[Limit] = []
    for span in ("trace", "day", "forever", None):
        for counts in ("proposed", "executed", "succeeded"):
            for keys in ((), ("agent",), ("session",), ("trace", "tool"), (PLACES[0],), ("session", PLACES[1])):
                for amount in (None, "args.amount"):
                    made.append(
                        Limit(
                            f"l{len(made)}", (), (), amount, 2 if amount is None else 10.5,
                            WITHIN_S if span is None else None, span, keys, counts, Effect.DENY, None, None, "x",
                        )
                    )  # fmt: skip
    return made


LIMITS = limits()


def policy(rng: random.Random, of: Sequence[Limit] = LIMITS) -> Policy:
    """A policy with some of the limits, over some of TOOLS, after reading, and conditions that count."""
    chosen = []
    for limit in rng.sample(of, min(len(of), 6)):
        keys = tuple(
            rng.choice(PLACES) if key.startswith("args") and rng.random() < 0.3 else key for key in limit.for_each
        )
        most = rng.choice([0, 1, 2, 4, 9, 25]) if limit.sum is None else rng.choice([0.3, 3, 7.5, 40, 10**16, 2**64])
        tools = tuple(rng.sample(TOOLS, rng.randint(1, 3)))
        chosen.append(replace(limit, tools=tools, for_each=keys, max=most))
    tools = {}
    for name in TOOLS[: rng.randint(2, 4)]:
        rules = tuple(
            Rule(
                f"r{index}", When.WHEN, parse_condition(f"{fn}({text_of(other)}) > 1"), Effect.DENY, None, "x"
            )
            for index, (fn, other) in enumerate(
                (rng.choice(["calls", "succeeded"]), rng.choice(TOOLS)) for _ in range(2)
            )
        )  # fmt: skip
        tools[name] = ToolPolicy(name, Tier.REVERSIBLE, rules=rules if rng.random() < 0.7 else ())
    untrusted = None
    if rng.random() < 0.7:
        after = AfterReading("read", tuple(rng.sample(list(tools), 1)), (), None, Effect.DENY, None, None, "x")
        untrusted = Untrusted(tuple(rng.sample(["", "other", *TOOLS], rng.randint(2, 6))), "flag", (after,))
    return with_history(
        Policy(AGENT, 1, "p", "o", (), {}, tools, (), limits=tuple(chosen), untrusted=untrusted)
    )  # fmt: skip


def arguments(rng: random.Random) -> str | None:
    if rng.random() < 0.08:
        return None
    found: dict[str, Any] = {}
    if rng.random() < 0.85:
        found["amount"] = rng.choice(AMOUNTS[: rng.choice([4, 8, len(AMOUNTS)])])
    if rng.random() < 0.85:
        found["customer"] = rng.choice(KEYS[: rng.choice([4, len(KEYS)])])
    if rng.random() < 0.1:
        found[rng.choice(["0", "ü"])] = 1
    return text_of(found)


def events(rng: random.Random, count: int, *, mixed: bool = False) -> list[Event]:
    """A log of a few traces, in any order.

    Args:
        mixed: whether the events of one call may name several agents and sessions.
    """
    clock = rng.choice(["seconds", "seconds", "days", "one"])
    untimed, writers = rng.choice([0, 0, 0.02, 0.2]), rng.choice([["w"], ["w"], ["w", "v"], ["w", "v", "ü"]])
    # Most logs are of one kind: with or without what was decided, with spans of one call or of anything.
    kinds = list(EventType) if rng.random() < 0.3 else rng.choice([_PLAIN, _PLAIN, _ENFORCED, _ENFORCED[:-6]])
    spans = rng.choice([["a", "b", None, ""], ["a", "b", "c", "d"], [str(each) for each in range(count)], [None, "a"]])
    odd = rng.choice([0, 0.1])
    texts = [arguments(rng) for _ in range(rng.choice([2, 5, 20, 40]))]
    traces = max(3, count // 12)
    shared = ["s1", "s1", None, "", "t1", *(f"s{each}" for each in range(2, 1 + traces // 3))]
    sessions = {f"t{each}": rng.choice(shared) for each in range(traces)}
    agents = rng.choice([[AGENT], [AGENT, None, "other"]])
    calls: dict[tuple[str, str | None], tuple[str | None, str | None]] = {}
    made: list[Event] = []
    for index in range(count):
        trace, span = f"t{rng.randrange(traces)}", rng.choice(spans)
        session = rng.choice(["s1", "s2", None]) if rng.random() < odd else sessions[trace]
        of = (rng.choice(agents), session)
        agent, session = of if mixed or span is None else calls.setdefault((trace, span), of)
        kind = rng.choice(kinds)
        at = None if rng.random() < untimed else rng.choice(STEPS[clock])
        tool = rng.choice(TOOLS[:2] if rng.random() < 0.7 else [*TOOLS, None, "other"])
        said = kind is EventType.TOOL_CALL or rng.random() < 0.1
        made.append(
            Event(
                event_id=f"e{rng.randrange(10**6):06}-{index}", trace_id=trace, type=kind,
                writer_id=rng.choice(writers), wseq=index if rng.random() < 0.95 else 3, span_id=span,
                session_id=session, ts_ns=at, agent=agent,
                actor_kind=rng.choice(list(ActorKind)) if rng.random() < odd else rng.choice([None, ActorKind.AGENT]),
                tool=tool, args=rng.choice(texts) if said else None,
                args_error="bad" if rng.random() < odd / 2 else None,
                verdict=rng.choice(VERDICTS) if kind is EventType.POLICY_CHECK else None,
                decision=rng.choice(DECISIONS) if kind is EventType.APPROVAL_DECISION else None,
                status=rng.choice(["ok", "ok", "error", None]) if kind is EventType.TOOL_RESULT else None,
                error="x" if kind is EventType.TOOL_RESULT and rng.random() < 0.1 else None,
                mode=rng.choice([None, None, Mode.ENFORCE, Mode.SHADOW]),
            )
        )  # fmt: skip
    return made


_PLAIN = [EventType.TOOL_CALL, EventType.TOOL_CALL, EventType.TOOL_RESULT]
_ENFORCED = [
    EventType.TOOL_CALL, EventType.TOOL_CALL, EventType.TOOL_CALL, EventType.POLICY_CHECK, EventType.TOOL_START,
    EventType.TOOL_RESULT, EventType.APPROVAL_REQUEST, EventType.APPROVAL_DECISION, EventType.TOOL_CALL,
    EventType.POLICY_CHECK, EventType.POLICY_CHECK, EventType.TOOL_START,
]  # fmt: skip


def one_at_a_time(log: Sequence[Event], history: History, agent: str | None) -> dict[str, dict[str, int | None]]:
    """By call and key: 0 false, 1 unknown, 2 true, or a count; None what was not captured."""
    keys = covers(history)
    kept = [event for event in log if event.type in LIFECYCLE]
    found: dict[str, dict[str, int | None]] = {}
    for event, told in remembered(Order(kept), history, lambda event: event.agent == agent):
        asked = history.asked(event.tool or "") & keys
        if asked and _is_judged(event, agent):
            found[event.event_id] = {key: _held(told, key) for key in asked}
    return found


def in_bulk(log: Sequence[Event], history: History, agent: str | None) -> dict[str, dict[str, int | None]]:
    """The same out of SQL."""
    con = duckdb.connect(config={"threads": 1})
    con.register("gv_log", schema.table(list(log)))
    con.execute("CREATE TEMP VIEW gv_events AS SELECT * FROM gv_log")
    made = history_columns(con, history, agent)
    if made is None:
        return {}
    names = list(made.columns)
    rows = con.execute(f"SELECT event_id, {', '.join(made.columns.values())} FROM {made.table}").fetchall()
    tools = {event.event_id: event.tool or "" for event in log}
    found: dict[str, dict[str, int | None]] = {}
    for event_id, *values in rows:
        assert event_id not in found
        asked = history.asked(tools[event_id])
        found[event_id] = {key: value for key, value in zip(names, values, strict=True) if key in asked}
    return found


def _is_judged(event: Event, agent: str | None) -> bool:
    return (
        event.type is EventType.TOOL_CALL
        and event.actor_kind in (None, ActorKind.AGENT)
        and event.agent == agent
        and event.args is not None
        and event.args_error is None
    )


def _held(told: dict[str, Any], key: str) -> int | None:
    if key not in told:
        return None
    value = told[key]
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    return 1 if value is None else 2 if value else 0
