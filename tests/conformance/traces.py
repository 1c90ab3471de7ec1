"""Random logs as real ones are and as an attacker would have them, and what a host may assert beside them.

Everything that may go wrong in a log is frequent: equal, missing and extreme times, several writers, spans that come
again or have no call, results before their call, shadow, people, other agents, approvals in any order; arguments that
are missing, null, of another kind, out of range, or have two meanings. Most logs are of few kinds, so that not all of
them are hopeless. Leaves out reading logs (`ingest`): what it makes of malformed text is made here by the same parser.
"""

from __future__ import annotations

import json
import random
from dataclasses import dataclass, replace
from typing import Any

from govern.events.canonical import Malformed, parse, text_of
from govern.events.model import ActorKind, Event, EventType, Fidelity, Mode

from .charters import AGENT, ODD, TOOLS
from .generate import NUMBERS, arguments, some_value, usual_value
from .outside import INSTANTS, some_text
from .outside import order as some_order

SECOND = 10**9
HOUR = 3600 * SECOND
CLOCKS: dict[str, list[int]] = {
    "seconds": [k * SECOND for k in (0, 1, 2, 3, 5, 6, 7, 10, 11)] + [k * SECOND + d for k in (1, 5) for d in (-1, 1)],
    "one": [1_795_424_400 * SECOND],
    # Around a night in which the clocks of Berlin go forward, hour by hour.
    "hours": [1_774_735_200 * SECOND + k * HOUR for k in range(60)],
    "wild": INSTANTS,
}  # fmt: skip
NAMES = ["a", "main", "ok", "a@corp.com", "C1"]
AMOUNTS: list[Any] = [
    0,
    1,
    1,
    2,
    5,
    500,
    0.1,
    0.2,
    0.3,
    750.25,
    1e-7,
    -1,
    -0.5,
    2**53 + 1,
    2**63 - 1,
    1e300,
    None,
    "5",
    True,
    [],
    {},
]
TWO_MEANINGS = [
    '{"a":1,"a":2}', '{"amount":5,"Amount":9}', '{"a":NaN}', '{"a":Infinity}', '{"a":1e400}',
    '{"a":9223372036854775808}', '{"a":01}', '{"a":1,}', '{"to":"\\ud800"}', '{"K":1,"\u212a":2}', "",
    "\ufeff{}", "[1]", '"text"', "null", "{" * 200,
    '{"o":' * 200 + "1" + "}" * 200, '{"a":-0.0,"a":0}', "{'a':1}", '{"a":1}{"a":2}',
    '{"a":0.1000000000000000055511151231257827}',
]  # fmt: skip
TEXTS = [
    "done",
    "'; DROP TABLE orders; --",
    "^a.b$",
    "/srv/data/../x",
    "2026-11-23T09:00:00Z",
    "Error: no such order",
    "",
    "NaN",
    "{",
]
SAYING = [EventType.PROMPT, EventType.RESPONSE, EventType.MEMORY_READ, EventType.DELEGATION, EventType.ERROR]
PLAIN = [EventType.TOOL_CALL, EventType.TOOL_CALL, EventType.TOOL_RESULT]
DECIDED = [
    EventType.TOOL_CALL, EventType.TOOL_CALL, EventType.TOOL_CALL, EventType.POLICY_CHECK, EventType.TOOL_START,
    EventType.TOOL_RESULT, EventType.TOOL_RESULT, EventType.APPROVAL_REQUEST, EventType.APPROVAL_DECISION,
]  # fmt: skip


@dataclass(frozen=True)
class Trace:
    """A log, with what the host asserted beside it.

    Args:
        session_facts: by session or trace; None where nobody captured them.
    """

    events: tuple[Event, ...]
    session_facts: dict[str, dict[str, Any]] | None


def log(rng: random.Random, count: int) -> Trace:
    """A log of about `count` events, in any order."""
    clock = CLOCKS[rng.choice(["seconds", "seconds", "hours", "hours", "wild", "one"])]
    untimed = rng.choice([0, 0, 0, 0.02, 0.5])
    writers = rng.choice([["w"], ["w"], ["w", "v"], ["w", "v", "ü"]])
    traces = [f"t{index}" for index in range(max(2, count // rng.choice([3, 6, 12, 40])))]
    mixed = rng.random() < 0.7  # whether traces share sessions
    sessions = {
        trace: rng.choice(["s1", f"s{rng.randrange(6)}", trace, None, None, ""] if mixed else [trace, None])
        for trace in traces
    }
    agents = rng.choice([[AGENT], [AGENT], [AGENT, None, "other"]])
    kinds = rng.choice([PLAIN, PLAIN, DECIDED, [*DECIDED, *SAYING], [*PLAIN, *SAYING], list(EventType)])
    odd = rng.choice([0, 0, 0.1])
    texts = [argument_text(rng) for _ in range(rng.choice([4, 12, count]))]
    polls = rng.choice([0.05, 0.15, 0.4])
    near = rng.random() < 0.6  # whether the events of a trace stand close together
    made: list[Event] = []
    open_calls: list[Event] = []
    for index in range(count):
        kind = rng.choice(kinds)
        before = (
            rng.choice(open_calls) if open_calls and kind is not EventType.TOOL_CALL and rng.random() < 0.85 else None
        )
        trace = before.trace_id if before is not None else rng.choice(traces)
        span = (
            before.span_id
            if before is not None
            else rng.choice([f"sp{index}", f"sp{index}", f"sp{rng.randrange(4)}", None])
        )
        again = None
        if kind is EventType.TOOL_CALL and open_calls and rng.random() < polls:  # asked again
            again = rng.choice(open_calls)
            trace, span = again.trace_id, again.span_id
        session = rng.choice(["s1", "s2", None]) if rng.random() < odd else sessions[trace]
        agent = rng.choice(agents) if before is None or rng.random() < odd else before.agent
        at = None if rng.random() < untimed else rng.choice(clock)
        if near and at is not None and before is not None and before.ts_ns is not None and before.ts_ns < 2**62:
            at = before.ts_ns + rng.choice([0, 1, SECOND, 2 * SECOND])
        event = Event(
            event_id=f"{rng.randrange(10**6):06}-{index}", trace_id=trace, type=kind, writer_id=rng.choice(writers),
            wseq=index if rng.random() < 0.97 else 3, span_id=span, session_id=session, ts_ns=at, agent=agent,
            actor_kind=_actor(rng, kind, odd), actor=rng.choice([None, "system"]) if kind is EventType.PROMPT else None,
            tool=_tool(rng, kind, before, odd), mode=rng.choice([None, None, Mode.ENFORCE, Mode.SHADOW]),
            **_said(rng, kind, texts),
        )  # fmt: skip
        if again is not None and rng.random() < 0.8:  # a poll, or a retry
            event = replace(event, tool=again.tool, args=again.args, args_error=again.args_error, agent=again.agent)
        made.append(event)
        if kind is EventType.TOOL_CALL:
            open_calls = [*open_calls[-12:], event]
    if rng.random() < 0.3:
        rng.shuffle(made)
    return Trace(tuple(made), session_facts(rng, sessions))


def _actor(rng: random.Random, kind: EventType, odd: float) -> ActorKind | None:
    if kind is EventType.PROMPT:
        return rng.choice([ActorKind.HUMAN, ActorKind.HUMAN, ActorKind.SERVICE, ActorKind.AGENT, None])
    return rng.choice(list(ActorKind)) if rng.random() < odd else rng.choice([None, ActorKind.AGENT])


def _tool(rng: random.Random, kind: EventType, before: Event | None, odd: float) -> str | None:
    if before is not None and rng.random() > odd:
        return before.tool if rng.random() < 0.8 else None
    if kind in (EventType.PROMPT, EventType.RESPONSE):
        return None
    return rng.choice(
        [*TOOLS[:4], *TOOLS, ODD, "unheard/of", None] if rng.random() < 0.5 else ["get_order", "refund", "run"]
    )


def _said(rng: random.Random, kind: EventType, texts: list[str | None]) -> dict[str, Any]:
    match kind:
        case EventType.TOOL_CALL:
            return argument_fields(rng.choice(texts))
        case EventType.POLICY_CHECK:
            return {"verdict": rng.choice(["allow", "deny", "deny", "approval", None])}
        case EventType.APPROVAL_DECISION:
            return {"decision": rng.choice(["approve", "approve", "reject", "Approve", None])}
        case EventType.TOOL_START if rng.random() < 0.1:
            return argument_fields(rng.choice(texts))
        case EventType.TOOL_RESULT:
            status = rng.choice(["ok", "ok", "ok", "error", None])
            less = rng.random() < 0.1
            return {
                "status": status, "error": "it broke" if status == "error" or rng.random() < 0.04 else None,
                "content": None if rng.random() < 0.05 else result_text(rng),
                "fidelity": rng.choice(list(Fidelity)) if less else rng.choice([None, Fidelity.VERBATIM]),
            }  # fmt: skip
        case _ if kind in SAYING:
            return {
                "content": f"please {rng.choice(NAMES)} and {rng.choice(TEXTS)}",
                "fidelity": rng.choice([None, Fidelity.VERBATIM]),
            }
        case _:
            return {}


def argument_text(rng: random.Random) -> str | None:
    """What stands in a log as a call's arguments; None where it has none."""
    roll = rng.random()
    if roll < 0.05:
        return None
    if roll < 0.1:
        return rng.choice(TWO_MEANINGS)
    args = arguments(rng)
    for key, pool in (("a", AMOUNTS), ("to", NAMES), ("b", [*NAMES, 1, 2, None, 0.5])):
        if rng.random() < 0.7:
            args[key] = rng.choice(pool)
        elif rng.random() < 0.3:
            args.pop(key, None)
    if rng.random() < 0.5:
        args["o"] = {"to": rng.choice(NAMES), "a": rng.choice(AMOUNTS)}
    if rng.random() < 0.2:
        args["to"] = some_text(rng)
    if rng.random() < 0.02:
        # A plain reading goes through it three macros deep.
        args["xs"] = [rng.choice([*NAMES, 5]) for _ in range(2_000)][:150]
    if rng.random() < 0.02:
        deep: Any = rng.choice(NUMBERS)
        for _ in range(rng.choice([20, 120])):
            deep = {"o": deep} if rng.random() < 0.5 else [deep]
        args["o"] = deep
    return json.dumps(args, ensure_ascii=rng.random() < 0.5, indent=rng.choice([None, None, 1]))


def argument_fields(text: str | None) -> dict[str, Any]:
    """The same as an event has it: canonical, or why it has no meaning."""
    if text is None:
        return {}
    try:
        value = parse(text)
    except Malformed as problem:
        return {"args_error": str(problem)}
    return {"args": text_of(value)} if isinstance(value, dict) else {"args_error": "arguments are no object"}


def result_text(rng: random.Random) -> str:
    roll = rng.random()
    if roll < 0.1:
        return rng.choice([*TEXTS, *(each for each in TWO_MEANINGS if each.isascii() and "\\u" not in each)])
    if roll < 0.15:
        return text_of(some_value(rng, 0))
    value = some_order(rng)
    for key, pool in (("note", NAMES), ("to", NAMES), ("status", ["paid", "returned", "lost"]), ("total", AMOUNTS)):
        if rng.random() < 0.8:
            value[key] = rng.choice(pool)
    value["o"] = usual_value(rng, "o") if rng.random() < 0.5 else {"to": rng.choice(NAMES)}
    if rng.random() < 0.5:
        value["xs"] = [rng.choice(NAMES)]
    return text_of(value) if rng.random() < 0.8 else json.dumps(value)


def session_facts(rng: random.Random, sessions: dict[str, str | None]) -> dict[str, dict[str, Any]] | None:
    """What the host asserts: of some sessions, some facts; some are none, or of another kind than declared."""
    if rng.random() < 0.3:
        return None
    found: dict[str, dict[str, Any]] = {}
    for name in sorted({*sessions, *(session for session in sessions.values() if session)}):
        if rng.random() < 0.25:
            continue
        facts: dict[str, Any] = {}
        if rng.random() < 0.85:
            facts["customer"] = rng.choice(
                [
                    {"id": rng.choice(NAMES), "level": rng.choice([1, 2, 3, "1"]), "since": some_text(rng)},
                    {"id": rng.choice(NAMES)}, {"id": None, "level": 1}, {"id": 5}, {}, None,
                ]
            )  # fmt: skip
        if rng.random() < 0.05:
            facts["order"] = rng.choice([None, {"status": "paid", "total": 5, "note": rng.choice(NAMES)}])
        found[name] = facts
    return found
