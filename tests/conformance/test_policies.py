"""One call gets one verdict: reference, per call, bulk SQL, and the replay of a store."""

from __future__ import annotations

import os
import random
from pathlib import Path
from typing import Any

import duckdb
import jsonschema
import pytest

from govern.audit import read, store
from govern.events.canonical import parse, text_of
from govern.events.model import ActorKind, Event, EventType
from govern.policy import engine as policy_engine
from govern.policy import sql as policy_sql
from govern.policy.document import from_document, from_text, sealed, to_document
from govern.policy.engine import Engine
from govern.policy.model import Policy, Rule, Tier, ToolPolicy, When
from govern.policy.sql import code_columns, decision_sql, truths_of
from govern.policy.verdict import UNCAPTURED, UNKNOWN, extremes, outcome
from govern.replay import bulk, stream
from govern.replay.groups import Kind, Policies
from govern.replay.run import EngineChoice, run

from . import policies
from .generate import arguments
from .policies import AGENT, TOOLS, condition, expected, history, policy

POLICIES = int(os.environ.get("GOVERN_FUZZ_POLICIES", "260"))
ROWS = 400  # 260 policies on 400 calls are 104,000 verdicts, each from the reference, alone and in SQL


def valid_for(found: Policy, tool: str, args: dict[str, Any]) -> bool:
    """Validity by another library than the engine's."""
    mapped = found.tools.get(tool)
    if mapped is None or mapped.schema is None:
        return True
    return jsonschema.Draft202012Validator(parse(mapped.schema)).is_valid(args)


def compare(seed: int, count: int, *, rules: int = 5) -> dict[str, int]:
    """Row by row, never by totals: the number of calls by effect."""
    rng = random.Random(seed)
    seen = {"allow": 0, "approval": 0, "deny": 0}
    for _ in range(count):
        found = policy(rng, rules=rules)
        rows = [(rng.choice(TOOLS), arguments(rng)) for _ in range(ROWS)]
        known = [history(rng) for _ in rows]
        engine = Engine(found)
        by_id = codes(found, rows, known)
        for index, (tool, args) in enumerate(rows):
            valid = valid_for(found, tool, args)
            effect, gates, deciding = expected(found, tool, args, valid, known[index])
            alone = engine.decide(tool, args, given=known[index])
            mapped = found.tools.get(tool)
            # What no column says is uncaptured in a log; of one call it is unknown, and the rule applies.
            found_truths = truths_of(by_id[index], mapped) if mapped else ()
            recorded = engine.recorded_truths(tool, args, known[index]) if mapped else ()
            assert recorded == found_truths, f"{tool} {text_of(args)} {known[index]}\n{to_document(found)}"
            truths = tuple(UNKNOWN if truth == UNCAPTURED else truth for truth in found_truths)
            many = outcome(found, tool, truths, valid=engine.prepared(tool, args)[1])
            for verdict in (alone, many):
                got = (verdict.effect.label, set(verdict.gates), set(verdict.rules))
                assert (effect, gates, deciding) == got, f"{tool} {text_of(args)}\n{to_document(found)}"
            seen[effect] += 1
    return seen


def codes(
    found: Policy, rows: list[tuple[str, dict[str, Any]]], known: list[policies.History]
) -> dict[int, tuple[int, ...]]:
    con = duckdb.connect()
    con.execute(bulk.TUNING)
    columns = {key: f"h{index}" for index, key in enumerate(policies.HISTORY_KEYS)}
    con.execute("CREATE TABLE calls (event_id INTEGER, tool VARCHAR, args VARCHAR, h0 TINYINT, h1 TINYINT, h2 TINYINT)")
    con.executemany(
        "INSERT INTO calls VALUES (?, ?, ?, ?, ?, ?)",
        [(i, tool, text_of(args), *(held(known[i], key) for key in columns)) for i, (tool, args) in enumerate(rows)],
    )
    wide = code_columns(found)
    return {row[0]: row[2 : 2 + wide] for row in con.execute(decision_sql(found, given=columns)).fetchall()}


def held(known: policies.History, key: str) -> int | None:
    """A column of the history: NULL where it was not captured, 1 where it is unknown."""
    return {False: 0, None: 1, True: 2}[known[key]] if key in known else None


def test_one_verdict() -> None:
    """Reference, per call and SQL agree on effect, gates and deciding rules of every call."""
    seen = compare(seed=4, count=POLICIES)
    assert min(seen.values()) > sum(seen.values()) * 0.05, seen


def test_many_rules_do_not_overflow() -> None:
    """Trap 36: seventeen rules and more on one tool, also across code columns."""
    compare(seed=36, count=4, rules=70)


@pytest.mark.parametrize("engine", ["sql", "calls", "reference"])
def test_a_planted_fault_is_caught(engine: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The comparison fails when any one of the three takes unknown for false."""
    if engine == "sql":
        monkeypatch.setattr(policy_sql, "trit", lambda truth: f"coalesce(2 * CAST({truth} AS TINYINT), 0)")
    elif engine == "calls":
        monkeypatch.setattr(policy_engine, "UNKNOWN", 0)
    else:
        honest = policies.truth
        monkeypatch.setattr(policies, "truth", lambda *call: honest(*call).replace("U", "F"))
    with pytest.raises(AssertionError):
        compare(seed=4, count=POLICIES)


def test_replay_engines_agree(tmp_path: Path) -> None:
    """A store replayed event by event and in SQL gives the same groups, runs and errors."""
    rng = random.Random(5)
    for round_ in range(3):
        found = policy(rng)
        folder = tmp_path / str(round_)
        store.write(iter(list(events(rng, 400))), folder)
        judges = Policies({AGENT: found})
        one = stream.replay(read.read_events(folder), judges)
        many = bulk.replay(read.open_events(folder), judges)
        assert one.runs == many.runs
        assert one.errors == many.errors
        assert set(one.groups) == set(many.groups)
        for key, seen in one.groups.items():
            other = many.groups[key]
            assert (seen.calls, seen.first_ns, seen.last_ns, seen.samples) == (
                other.calls,
                other.first_ns,
                other.last_ns,
                other.samples,
            )
        assert {Kind.JUDGED, Kind.MALFORMED, Kind.UNCAPTURED, Kind.NO_POLICY} == {key.kind for key in one.groups}


def events(rng: random.Random, count: int) -> list[Event]:
    """Calls and results with and without times, arguments, agents."""
    made = []
    for index in range(count):
        trace = f"{rng.randint(0, 40):032x}"
        roll = rng.random()
        args = text_of(arguments(rng)) if roll > 0.12 else None
        made.append(
            Event(
                event_id=f"{index:032x}",
                trace_id=trace,
                span_id=f"{index:016x}" if rng.random() < 0.9 else None,
                type=EventType.TOOL_CALL,
                writer_id="w",
                wseq=2 * index,
                ts_ns=rng.choice([None, rng.randint(-(10**15), 10**18), 1763964000 * 10**9]),
                agent=rng.choice([AGENT, AGENT, AGENT, "other", None]),
                actor_kind=rng.choice([ActorKind.AGENT, ActorKind.AGENT, None, ActorKind.HUMAN]),
                tool=rng.choice([*TOOLS, "unheard_of", None]),
                args=args,
                args_error="duplicate_key: `a`" if args is None and rng.random() < 0.5 else None,
            )
        )
        last = made[-1]
        made.append(
            Event(
                event_id=f"r{index:031x}",
                trace_id=trace,
                span_id=last.span_id,
                type=EventType.TOOL_RESULT,
                writer_id="w",
                wseq=2 * index + 1,
                agent=last.agent,
                tool=rng.choice([last.tool, None]),
                status=rng.choice(["ok", "error"]),
            )
        )
    return made


def test_extremes_hold_every_verdict() -> None:
    """For uncaptured arguments, no call a policy can judge lies outside its two extremes (trap 35)."""
    rng = random.Random(9)
    for _ in range(40):
        found = policy(rng)
        engine = Engine(found)
        for tool in [*found.tools, "unheard_of"]:
            loosest, strictest = extremes(found, tool)
            for _ in range(40):
                effect = engine.decide(tool, arguments(rng)).effect
                assert loosest.effect <= effect <= strictest.effect


@pytest.mark.parametrize(
    ("tool", "low", "high"),
    [
        ("ruled", "allow", "deny"),
        ("plain", "allow", "allow"),
        ("unheard_of", "deny", "deny"),
        ("never", "deny", "deny"),
    ],
)
def test_uncaptured_arguments(tool: str, low: str, high: str) -> None:
    """Trap 35: undecidable only where arguments can matter; unmapped and `never` are denied all the same."""
    rng = random.Random(1)
    rule = Rule("r", When.WHEN, condition(rng), policies.Effect.DENY, None, "x")
    while not rule.condition.reads:
        rule = Rule("r", When.WHEN, condition(rng), policies.Effect.DENY, None, "x")
    tools = {
        "ruled": ToolPolicy("ruled", Tier.REVERSIBLE, rules=(rule,)),
        "plain": ToolPolicy("plain", Tier.REVERSIBLE),
        "never": ToolPolicy("never", Tier.REVERSIBLE, rules=(rule,)),
    }
    found = sealed(Policy(AGENT, 1, "p", "o", ("o",), {}, tools, (policies.Never(("never",), "x"),)))
    loosest, strictest = extremes(found, tool)
    assert (low, high) == (loosest.effect.label, strictest.effect.label)


def test_a_policy_survives_its_document() -> None:
    """Policy → canonical JSON → policy is the same policy with the same digest."""
    rng = random.Random(3)
    for _ in range(30):
        found = policy(rng)
        again = from_text(text_of(to_document(found)))
        assert (found, found.digest) == (again, again.digest)


def test_no_document_with_a_slip_is_a_policy() -> None:
    """Dropping or renaming any key of a policy's document is an error, never a looser policy."""
    from govern.errors import AuthorError

    rng = random.Random(8)
    found = policy(rng)
    while len(found.tools) < 3 or not any(tool.rules for tool in found.tools.values()):
        found = policy(rng)

    def objects(value: Any) -> list[dict[str, Any]]:
        if isinstance(value, list):
            return [made for item in value for made in objects(item)]
        if not isinstance(value, dict):
            return []
        return [value, *(made for key, item in value.items() if key != "input" for made in objects(item))]

    count = len(objects(to_document(found)))
    slips = 0
    for index in range(count):
        names = [k for k in objects(to_document(found))[index] if k not in found.tools and k not in found.gates]
        for name in names:
            for change in ("drop", "rename"):
                document = to_document(found)
                place = objects(document)[index]
                value = place.pop(name)
                if change == "rename":
                    place[name + "x"] = value
                with pytest.raises(AuthorError):
                    from_document(document)
                slips += 1
    assert slips > 50


@pytest.mark.parametrize("engine", list(EngineChoice)[1:])
def test_a_name_for_logs_that_carry_none(engine: EngineChoice, tmp_path: Path) -> None:
    """`--agent` names the agent of a store's nameless events, in both engines alike, and renames nobody."""
    rng = random.Random(6)
    found = policy(rng)
    made = list(events(rng, 200))
    store.write(iter(made), tmp_path / "store")
    done = run([str(tmp_path / "store")], Policies({AGENT: found, "b": found}), agent=AGENT, engine=engine)
    calls = [e for e in made if e.type is EventType.TOOL_CALL and e.actor_kind is not ActorKind.HUMAN]
    by_agent: dict[str | None, int] = {}
    for key, seen in done.replayed.groups.items():
        by_agent[key.agent] = by_agent.get(key.agent, 0) + seen.calls
    others = sum(e.agent == "other" for e in calls)
    assert {AGENT: len(calls) - others, "other": others} == by_agent
