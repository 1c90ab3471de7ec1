"""Stores of many traces that are much alike, most of them with something that is not as it should be; seeded.

A few plans are made for a store, and each plan gives several traces: so there are traces of one shape, whole ones and
ones that differ in one word, one name or one place. What is altered is drawn from all columns.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from govern.events.canonical import digest, text_of
from govern.events.model import ActorKind, Event, EventType, Fidelity, Mode

BASE = 1_700_000_000 * 10**9
Row = dict[str, Any]
T = EventType

WORDS: dict[str, list[Any]] = {
    "verdict": [None, "allow", "approval", "deny", "maybe"],
    "decision": [None, "approve", "deny", "expired", "withdrawn"],
    "tier": [None, "read_only", "reversible", "irreversible", "other"],
    "mode": [None, Mode.SHADOW, Mode.ENFORCE],
    "fidelity": [None, *Fidelity],
    "actor_kind": [None, *ActorKind],
    "actor": [None, "lead-1", "DESK", "customer", "Lead-1", "", "\u212a"],
    "role": [None, "lead", ""],
    "status": [None, "ok", "error", "", "done"],
    "error": [None, "", "timed out"],
    "content": [None, "", "words"],
    "tool": [None, "pay", "mail", ""],
    "args": [None, text_of({"amount": 1}), text_of({"amount": 2})],
    "args_error": [None, "duplicate key"],
    "args_digest": [None, digest(text_of({"amount": 1})), digest(text_of({"amount": 2})), "x"],
    "attempt": [None, 0, 1, 2, 3, 500],
    "duration_ns": [None, 0, 10**9, 10**12],
    "approval_id": [None, "ap", "ap-1", ""],
    "agent": [None, "desk", "other"],
    "session_id": [None, "s", "other"],
    "policy_digest": [None, "sha256:p", "sha256:q"],
    "deployment_digest": [None, "sha256:d", "sha256:e"],
    "gates": [(), ("lead",), ("finance",), ("lead", "finance")],
    "reasons": [(), ("limit",), ("gate",), ("quorum:2",), ("confirm",), ("limit", "never")],
    "commitments": [(), ("hmac-sha256:00",)],
    "parent_span_id": [None, "nowhere", "root"],
    "span_id": [None, "root", "a0", "r0", "elsewhere", ""],
    "writer_id": ["gw-1", "gw-2", "import:x"],
    "source_format": [None, "canonical", "openai_chat", "otlp"],
    "recorded_ns": [None, BASE, BASE + 10**13],
    "type": list(T),
}


def store(seed: int, traces: int = 40) -> list[Event]:
    """The events of a store, in the order in which they were written."""
    rng = random.Random(seed)
    plans = [_plan(rng) for _ in range(rng.randint(1, 4))]
    rough = rng.random() * 0.8
    rows: list[Row] = []
    begin = 0
    for number in range(traces):
        made = _trace(rng, rng.choice(plans), f"t{number:03d}", begin)
        for _ in range(rng.choice((1, 1, 1, 2, 3)) if rng.random() < rough else 0):
            if made:
                rng.choice(BEFORE)(rng, made)
        rows += made
        begin += rng.choice((10**8, 10**10))
    rows.sort(key=lambda row: row["at"])
    numbers: dict[str, int] = {}
    for place, row in enumerate(rows):
        writer = row["writer_id"]
        row["wseq"] = numbers[writer] = numbers.get(writer, -1) + 1
        row["event_id"] = f"e{place:05d}"
    for _ in range(rng.choice((0, 0, 1, 3, 9))):
        rng.choice(AFTER)(rng, rows)
    step = rng.choice((1, 1, 10**6, 10**9))  # what the source's clock can tell apart
    timed = rng.random() < 0.85
    for row in rows:
        at = row.pop("at")
        row.setdefault("ts_ns", (BASE + at) // step * step if timed else None)
    return [Event(**row) for row in rows]


def _plan(rng: random.Random) -> Row:
    return {
        "actions": rng.randint(0, 3),
        "kinds": [rng.choice(("free", "free", "gated", "refused", "denied", "retried")) for _ in range(3)],
        "session": rng.random() < 0.8,
        "loaded": rng.random() < 0.7,
        "prompts": rng.choice((0, 1, 1, 1, 2)),
        "named": rng.random() < 0.6,
        "answers": rng.random() < 0.8,
        "starts": rng.random() < 0.8,
        "parallel": rng.random() < 0.3,
        "writer": rng.choice(("gw-1", "gw-2")),
        "gate": rng.choice((None, None, "gate")),
        "format": rng.choice((None, None, "canonical", "openai_chat")),
        "mode": rng.choice((None, Mode.ENFORCE, Mode.SHADOW)),
        "tier": rng.choice(("irreversible", "reversible")),
        "fidelity": rng.choice((Fidelity.VERBATIM, Fidelity.VERBATIM, None)),
        "term": rng.choice((None, 10**9, 10**12)),
        "recorded": rng.random() < 0.3,
    }


def _trace(rng: random.Random, plan: Row, trace: str, begin: int) -> list[Row]:
    rows: list[Row] = []
    shared = {
        "trace_id": trace, "writer_id": plan["writer"], "agent": "desk", "session_id": f"s-{trace}",
        "policy_digest": "sha256:p", "source_format": plan["format"],
    }  # fmt: skip

    def add(kind: T, **columns: Any) -> None:
        rows.append({**shared, "type": kind, **columns})

    words = {"content": "words", "fidelity": plan["fidelity"]}
    if plan["session"]:
        add(T.SESSION_START, span_id="root", actor_kind=ActorKind.SERVICE)
    if plan["loaded"]:
        add(T.POLICY_LOADED, span_id="root")
    if plan["prompts"]:
        add(T.PROMPT, span_id="root", actor="customer", **words)
    queues = []
    for number in range(plan["actions"]):
        before = len(rows)
        _action(add, plan, trace, number, plan["kinds"][number], words)
        queues.append(rows[before:])
        del rows[before:]
    while queues:
        queue = rng.choice(queues) if plan["parallel"] else queues[0]
        rows.append(queue.pop(0))
        queues = [rest for rest in queues if rest]
    if plan["prompts"] > 1:
        add(T.PROMPT, span_id="root", actor="customer", **words)
        add(T.RESPONSE, span_id="last", parent_span_id="root", **words)
    if plan["session"]:
        add(T.SESSION_END, span_id="root", status="ok")
    at = begin
    for row in rows:
        at += rng.randint(1, 3 * 10**9)
        row["at"] = at
        if plan["recorded"]:
            row["recorded_ns"] = BASE + at + 10**6
    return rows


def _action(add: Callable[..., None], plan: Row, trace: str, number: int, kind: str, words: Row) -> None:
    span, said = f"{trace}-a{number}", f"{trace}-r{number}"
    args = text_of({"amount": number})
    own = {"span_id": span, "tool": "pay"}
    judged = {**own, "args_digest": digest(args)}
    if plan["answers"]:
        add(T.RESPONSE, span_id=said, parent_span_id="root" if plan["session"] else None, **words)
    parent = {"parent_span_id": said} if plan["named"] and plan["answers"] else {}
    add(T.TOOL_CALL, **own, args=args, **parent)
    gated = kind in ("gated", "refused")
    add(
        T.POLICY_CHECK, **judged, verdict="approval" if gated else "deny" if kind == "denied" else "allow",
        reasons=("limit",) if kind == "denied" else ("gate",), gates=("lead",) if gated else (), tier=plan["tier"],
        mode=plan["mode"],
    )  # fmt: skip
    if gated:
        by = {"writer_id": plan["gate"]} if plan["gate"] else {}
        approval = {**judged, "approval_id": f"ap-{span}", "gates": ("lead",), **by}
        add(T.APPROVAL_REQUEST, **approval, duration_ns=plan["term"])
        add(
            T.APPROVAL_DECISION, **approval, decision="approve" if kind == "gated" else "deny", actor="lead-1",
            role="lead", actor_kind=ActorKind.HUMAN,
        )  # fmt: skip
    if kind in ("denied", "refused"):
        return
    if kind == "retried":
        add(T.TOOL_START, **judged, attempt=1)
        add(T.ERROR, span_id=span, error="timed out")
        add(T.RETRY, span_id=span)
    if plan["starts"] or kind == "retried":
        add(T.TOOL_START, **judged, attempt=2 if kind == "retried" else 1)
    add(T.TOOL_RESULT, **own, status="ok", duration_ns=5, **words)


def _drop(rng: random.Random, rows: list[Row]) -> None:
    rows.pop(rng.randrange(len(rows)))


def _alter(rng: random.Random, rows: list[Row]) -> None:
    column = rng.choice(list(WORDS))
    rng.choice(rows)[column] = rng.choice(WORDS[column])


AIMED: list[tuple[T, str, list[Any]]] = [
    (T.APPROVAL_REQUEST, "reasons", [("quorum:2",), ("confirm",), ("shared",)]),
    (T.APPROVAL_REQUEST, "duration_ns", [1, 10**9, 10**12]),
    (T.APPROVAL_REQUEST, "gates", [("finance",), ("lead", "finance"), ()]),
    (T.APPROVAL_REQUEST, "approval_id", ["other", None]),
    (T.APPROVAL_DECISION, "duration_ns", [1, 10**9, 10**12]),
    (T.APPROVAL_DECISION, "actor", ["customer", "desk", "DESK", "Customer", "\u212a"]),
    (T.APPROVAL_DECISION, "gates", [("finance",), ("lead", "finance"), ()]),
    (T.APPROVAL_DECISION, "args_digest", [digest(text_of({"amount": 9})), None]),
    (T.POLICY_CHECK, "gates", [("finance",), ("lead", "finance")]),
    (T.POLICY_CHECK, "tool", ["mail"]),
    (T.POLICY_CHECK, "policy_digest", ["sha256:q", None]),
    (T.POLICY_CHECK, "deployment_digest", ["sha256:d"]),
    (T.POLICY_LOADED, "deployment_digest", ["sha256:d", "sha256:e"]),
    (T.POLICY_LOADED, "policy_digest", ["sha256:q"]),
    (T.TOOL_START, "args_digest", [digest(text_of({"amount": 9}))]),
    (T.TOOL_START, "attempt", [1, 2, 3, 101]),
    (T.TOOL_CALL, "args", [text_of({"amount": 9})]),
    (T.TOOL_CALL, "parent_span_id", ["nowhere", "root", None]),
    (T.RESPONSE, "parent_span_id", ["nowhere", None]),
    (T.RESPONSE, "agent", ["other", None]),
    (T.RESPONSE, "fidelity", [Fidelity.ABSENT, Fidelity.REDACTED]),
    (T.PROMPT, "session_id", ["other", None]),
    (T.PROMPT, "fidelity", [Fidelity.DIGEST, None]),
    (T.SESSION_END, "session_id", ["other", None]),
]
"""Fields of which much depends, by the events that have them."""


def _aim(rng: random.Random, rows: list[Row]) -> None:
    kind, column, values = rng.choice(AIMED)
    fitting = [row for row in rows if row["type"] is kind]
    if fitting:
        rng.choice(fitting)[column] = rng.choice(values)


def _ahead(rng: random.Random, rows: list[Row]) -> None:
    """Recorded before it happened, or long after."""
    row = rng.choice(rows)
    row["recorded_ns"] = BASE + row["at"] + rng.choice((-(10**12), 10**6, 10**12))


def _move(rng: random.Random, rows: list[Row]) -> None:
    rng.choice(rows)["at"] = rng.choice(rows)["at"] + rng.choice((-1, 0, 1))


def _repeat(rng: random.Random, rows: list[Row]) -> None:
    rows.append({**rng.choice(rows), "at": rng.choice(rows)["at"] + 1})


def _borrow(rng: random.Random, rows: list[Row]) -> None:
    """One event says of itself what another does."""
    column = rng.choice(("span_id", "parent_span_id", "approval_id", "args_digest", "tool", "actor", "agent"))
    rng.choice(rows)[column] = rng.choice(rows).get(column)


def _untime(rng: random.Random, rows: list[Row]) -> None:
    rng.choice(rows)["ts_ns"] = None


def _late(rng: random.Random, rows: list[Row]) -> None:
    """The clock of one event is wrong, not its number."""
    row = rng.choice(rows)
    row["ts_ns"] = BASE + row["at"] + rng.choice((-1, 1)) * rng.choice((1, 10**9, 10**11))


def _same_id(rng: random.Random, rows: list[Row]) -> None:
    rows.append({**rng.choice(rows), "event_id": rng.choice(rows)["event_id"]})


def _same_number(rng: random.Random, rows: list[Row]) -> None:
    rng.choice(rows)["wseq"] = rng.choice(rows)["wseq"]


def _swap_traces(rng: random.Random, rows: list[Row]) -> None:
    rng.choice(rows)["trace_id"] = rng.choice(rows)["trace_id"]


def _share_approval(rng: random.Random, rows: list[Row]) -> None:
    asked = [row for row in rows if row.get("approval_id")]
    if asked:
        rng.choice(asked)["approval_id"] = rng.choice(asked)["approval_id"]


BEFORE = (_drop, _alter, _alter, _aim, _aim, _aim, _aim, _ahead, _move, _repeat, _borrow, _untime, _late)
AFTER = (_drop, _alter, _same_id, _same_number, _swap_traces, _share_approval, _late)
