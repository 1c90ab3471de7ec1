"""What a log does not have: both engines tell it apart from what a call did not say, and no verdict hides it."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import duckdb
import pytest

from govern.audit import read, store
from govern.conditions import Condition, ConditionError, parse_condition
from govern.conditions.sql import text_literal
from govern.events.canonical import text_of
from govern.events.model import Event, EventType
from govern.policy.engine import Engine
from govern.policy.model import Deadline, Effect, Gate, Policy, Rule, Tier, ToolPolicy, When
from govern.policy.sql import decision_sql, truths_of
from govern.policy.verdict import FALSE, TRUE, UNCAPTURED, UNKNOWN, outcome
from govern.replay import bulk, stream
from govern.replay.groups import Kind, Policies

from .generate import arguments
from .outside import INSTANTS, SCOPE, ZONES, Outside, beside, timed_arguments

AGENT = "agent-a"
TOOLS = ["refund", "a'b", "get_order"]


def condition(rng: random.Random) -> Condition:
    writer = Outside(rng)
    while True:
        try:
            return parse_condition(writer.text() if rng.random() < 0.8 else "calls(tool) < 3 || args.a > 2", SCOPE)
        except ConditionError:
            continue


def policy(*rules: tuple[str, Condition, When], unless: Condition | None = None) -> Policy:
    """One gated tool a name, each with the rules given for it."""
    gate = Gate("lead", ("lead",), 1, (Deadline(3600, then=Effect.DENY),))
    tools = {
        name: ToolPolicy(
            name, Tier.IRREVERSIBLE, gate="lead", unless=unless,
            rules=tuple(
                Rule(f"r{index}", form, found, Effect.DENY, None, "x")
                for index, (tool, found, form) in enumerate(rules) if tool == name
            ),
        )
        for name in TOOLS
    }  # fmt: skip
    return Policy(AGENT, 1, "p", "lead", ("lead",), {"lead": gate}, tools, ())


def random_policy(rng: random.Random) -> Policy:
    rules = [(rng.choice(TOOLS), condition(rng), rng.choice(list(When))) for _ in range(rng.choice([2, 5, 40]))]
    return policy(*rules, unless=condition(rng))


def test_replay_engines_agree(tmp_path: Path) -> None:
    """Event by event and in SQL, with and without times: the same truth values, uncaptured ones included."""
    rng = random.Random(17)
    seen: set[int] = set()
    for round_ in range(4):
        judges = Policies({AGENT: random_policy(rng)}, zone=rng.choice(ZONES))
        made = [
            Event(
                event_id=f"{index:032x}",
                trace_id=f"{rng.randint(0, 40):032x}",
                type=EventType.TOOL_CALL,
                writer_id="w",
                wseq=index,
                ts_ns=rng.choice([None, *INSTANTS]),
                agent=AGENT,
                tool=rng.choice(TOOLS),
                args=text_of(timed_arguments(rng, arguments(rng))),
            )
            for index in range(400)
        ]
        folder = tmp_path / str(round_)
        store.write(iter(made), folder)
        one = stream.replay(read.read_events(folder), judges)
        many = bulk.replay(read.open_events(folder), judges)
        assert {key: group.calls for key, group in one.groups.items()} == {
            key: group.calls for key, group in many.groups.items()
        }
        seen |= {truth for key in one.groups for truth in key.truths}
    assert {FALSE, UNKNOWN, TRUE, UNCAPTURED} == seen


def test_engines_agree_on_what_is_given() -> None:
    """The same for facts and history where they are columns: an input that a row lacks is uncaptured there."""
    rng = random.Random(18)
    for _ in range(6):
        found, zone = random_policy(rng), rng.choice(ZONES)
        engine = Engine(found, zone)
        rows = [(rng.choice(TOOLS), timed_arguments(rng, arguments(rng)), some(beside(rng))) for _ in range(150)]
        con = duckdb.connect()
        con.execute("CREATE TABLE calls (event_id INTEGER, tool VARCHAR, args VARCHAR, t BIGINT, o VARCHAR, n BIGINT)")
        con.executemany(
            "INSERT INTO calls VALUES (?, ?, ?, ?, ?, ?)",
            [
                (i, tool, text_of(args), inputs.get("at"),
                 text_of(inputs["order"]) if "order" in inputs else None, inputs.get("calls('get_order')"))
                for i, (tool, args, inputs) in enumerate(rows)
            ],
        )  # fmt: skip
        columns = {"at": "t", "order": "o", "calls('get_order')": "n"}
        for index, tool, *codes in con.execute(decision_sql(found, given=columns, zone=zone)).fetchall():
            alone = engine.recorded_truths(tool, rows[index][1], rows[index][2])
            assert alone == truths_of(tuple(codes), found.tools[tool])


def some(inputs: dict[str, Any]) -> dict[str, Any]:
    """Those that are columns in the test above; a BIGINT has no value for what was looked for and is not known."""
    kept = {key: inputs[key] for key in ("order", "at", "calls('get_order')") if key in inputs}
    return {key: value for key, value in kept.items() if key == "order" or value is not None}


@pytest.mark.parametrize(
    ("text", "args", "inputs", "expected"),
    [
        ("order.total > 5", {}, {}, UNCAPTURED),
        ("order.total > 5", {}, {"order": {}}, UNKNOWN),
        ("order.total > 5 && args.a > 1", {"a": 0}, {}, FALSE),
        ("order.total > 5 || args.a > 1", {"a": 2}, {}, TRUE),
        ("args.a > 1", {}, {}, UNKNOWN),
        ("at > timestamp(args.t)", {"t": "2026-11-23T09:00:00Z"}, {}, UNCAPTURED),
        ("at > timestamp(args.t)", {"t": "yesterday"}, {"at": 5}, UNKNOWN),
        ("hour(at) > 8", {}, {"at": 5}, UNKNOWN),
        ("calls(tool) > 1", {}, {"calls('refund')": 2}, TRUE),
        ("calls(tool) > 1", {}, {"calls('get_order')": 2}, UNCAPTURED),
        ("named_by_user(args.to)", {"to": "x"}, {}, UNCAPTURED),
        ("named_by_user(args.to)", {"to": "x"}, {"named_by_user(args.to)": None}, UNKNOWN),
        ("origin(args.to) == 'user'", {"to": "x"}, {}, UNCAPTURED),
        ("origin(args.to) == 'user'", {"to": "x"}, {"origin(args.to)": None}, UNKNOWN),
        ("order.total > 5", {}, {"order": None}, UNKNOWN),
        ("has(order.total)", {}, {"order": None}, UNKNOWN),
        ("has(order.address.city)", {}, {"order": None}, UNKNOWN),
        ("size(list(order.items)) == 0", {}, {"order": None}, UNKNOWN),
    ],
)
def test_uncaptured_is_what_the_log_lacks(
    text: str, args: dict[str, Any], inputs: dict[str, Any], expected: int
) -> None:
    """Unknown for want of an input of the source is uncaptured, for want of an argument it is not; one call alone is
    just unknown."""
    found = policy(("refund", parse_condition(text, SCOPE), When.WHEN))
    engine = Engine(found)
    assert (expected,) == engine.recorded_truths("refund", args, inputs)
    columns = {key: f"CAST({cell(key, inputs)} AS {kind})" for key, kind in KINDS.items()}
    con = duckdb.connect()
    con.execute("CREATE TABLE calls AS SELECT 0 AS event_id, 'refund' AS tool, ? AS args", [text_of(args)])
    row = con.execute(decision_sql(found, given=columns)).fetchone()
    assert row is not None
    assert (expected,) == truths_of(row[2:], found.tools["refund"])
    assert (UNKNOWN if expected == UNCAPTURED else expected,) == engine.truths("refund", args, given=inputs)


KINDS = {
    "at": "BIGINT", "order": "VARCHAR", "calls('refund')": "BIGINT", "named_by_user(args.to)": "TINYINT",
    "origin(args.to)": "VARCHAR",
}  # fmt: skip


def cell(key: str, inputs: dict[str, Any]) -> str:
    """SQL of what a column holds: NULL is what was not captured, and each kind has a value of its own for unknown."""
    if key not in inputs:
        return "NULL"
    match key.split("(")[0]:
        case "named_by_user":
            return {False: "0", None: "1", True: "2"}[inputs[key]]
        case "origin":
            return text_literal(inputs[key] or "")
        case "order":
            return text_literal(text_of(inputs[key]))
        case _:
            return str(inputs[key])


def test_uncaptured_is_a_range() -> None:
    """The loosest and the strictest verdict over what the log might have said; a call is undecidable if they differ."""
    rng = random.Random(19)
    undecidable = 0
    for _ in range(60):
        found = random_policy(rng)
        judges = Policies({AGENT: found})
        tool = rng.choice(TOOLS)
        truths = judges.engines[AGENT].recorded_truths(tool, arguments(rng), {})
        judged = judges.judge(stream.Key(AGENT, tool, Kind.JUDGED, True, truths))
        assert judged is not None
        for _ in range(20):
            full = [rng.choice([FALSE, TRUE]) if truth == UNCAPTURED else truth for truth in truths]
            assert judged.loosest.effect <= outcome(found, tool, full).effect <= judged.strictest.effect
        undecidable += judged.label == "undecidable"
        if UNCAPTURED not in truths:
            assert judged.decided
    assert undecidable > 5


def test_a_verdict_names_the_input_that_is_missing() -> None:
    """Facts, history and time stand among the unknown inputs under the words a condition uses."""
    text = "order.total < args.amount || calls('get_order') > 2 || origin(args.to) != 'user' || at < order.created"
    engine = Engine(policy(("refund", parse_condition(text, SCOPE), When.WHEN)))
    verdict = engine.decide("refund", {"amount": 5})
    assert (Effect.DENY, ("order.total", "calls('get_order')", "origin(args.to)", "at", "order.created")) == (
        verdict.effect,
        verdict.unknown,
    )
    partly = engine.decide("refund", {"amount": 5}, given={"order": {"total": 9}, "at": 7, "calls('get_order')": 0})
    assert ("origin(args.to)", "order.created") == partly.unknown
    whole = {"order": {"total": 9, "created": "1970-01-01T00:00:00Z"}, "at": 7, "calls('get_order')": 0}
    assert Effect.APPROVAL is engine.decide("refund", {"amount": 5}, given={**whole, "origin(args.to)": "user"}).effect
