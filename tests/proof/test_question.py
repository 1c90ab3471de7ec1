"""Questions over random policies: what is found is so, what is proven no call contradicts."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.conformance import charters, policies
from tests.conformance.generate import arguments, some_value
from tests.conformance.outside import INSTANTS, STATUSES, TIMES, ZONES, timed_arguments

from govern.conditions import parse_condition
from govern.conditions.inputs import outside
from govern.conditions.scope import is_of
from govern.errors import EnvironmentFailed
from govern.policy.document import sealed
from govern.policy.engine import Engine
from govern.policy.model import Effect, Policy, Rule, Tier, ToolPolicy, When
from govern.proof.question import Call, Found, Proven, Question, Term, Undecided

SCHEMAS = yaml.safe_load((Path(__file__).parent / "question_schemas.yaml").read_text(encoding="utf-8"))
POLICIES = int(os.environ.get("GOVERN_FUZZ_POLICIES", "260")) // 20
CALLS = 120


def fitting(rng: random.Random, policy: Policy) -> dict[str, Any]:
    """Inputs beside the arguments as a host or a history gives them: facts of their kinds, or missing."""
    made: dict[str, Any] = {}
    for name, fact in policy.facts.items():
        if rng.random() < 0.25:
            continue
        values: dict[str, Any] = {}
        for field in fact.fields:
            pool = [*field.values] or [
                *TIMES,
                *STATUSES,
                "a",
                "paid",
                0,
                5,
                750,
                19.99,
                True,
                False,
                [],
                ["a", 5],
                {"to": "a"},
            ]
            pool = [value for value in pool if is_of(value, field.kind)] or [some_value(rng, 1)]
            value = rng.choice([*pool, *pool, None])
            if rng.random() < 0.8 and (value is None or is_of(value, field.kind)):
                values[field.name] = value
        made[name] = values
    keys = {key for tool in policy.tools.values() for each in tool.conditions for key in outside(each.tree)}
    keys |= {f"{fn}('{tool}')" for fn in ("calls", "succeeded") for tool in policy.tools}
    for key in sorted(keys - set(policy.facts)):
        if rng.random() < 0.3:
            continue
        fn = key.partition("(")[0]
        pool = {"at": INSTANTS, "calls": [0, 1, 2, 3, 5], "succeeded": [0, 1, 2, 3],
                "origin": ["user", "trusted", "none", "untrusted"]}.get(fn, [True, False])  # fmt: skip
        made[key] = rng.choice(pool)
    return made


def call(rng: random.Random, policy: Policy, tool: str) -> Call:
    return Call(tool, timed_arguments(rng, arguments(rng)), fitting(rng, policy))


def asked(rng: random.Random, question: Question, policy: Policy, tool: str) -> Term:
    """A random statement on verdicts."""
    mapped = policy.tools.get(tool)
    rules = [rule.id for rule in mapped.rules] if mapped else []
    gate = rng.choice(["lead", "finance", "owner"])
    atoms = [
        question.at_least(rng.choice(list(Effect))),
        question.at_least(Effect.DENY),
        question.asks(gate),
        question.valid(),
        question.applies(rng.choice([*rules, ""])),
        question.decides(rng.choice([*rules, ""])),
    ]
    if mapped and mapped.conditions:
        condition = rng.choice(mapped.conditions)
        atoms.append(rng.choice([question.true, question.false, question.unknown])(condition))
    one, two = rng.sample(atoms, 2)
    if rng.random() < 0.5:
        one = ~one
    return rng.choice([one, one & two, one | two, one & ~two])


@pytest.mark.parametrize("whole", [False, True])
def test_random_policies(whole: bool) -> None:
    """What is found, the engine says of the call; what is proven, no random call contradicts."""
    rng = random.Random(51 + whole)
    seen: Counter[str] = Counter()
    for _ in range(POLICIES):
        policy = charters.whole(rng) if whole else policies.policy(rng)
        zone = rng.choice(ZONES)
        for tool in [*policy.tools, "unheard_of"]:
            question = Question(tool, [policy], zone=zone, timeout_ms=20_000)
            calls = [call(rng, policy, tool) for _ in range(CALLS)]
            for _ in range(3):
                term = asked(rng, question, policy, tool)
                answer = question.solve(term)
                seen[type(answer).__name__] += 1
                match answer:
                    case Found(found):
                        assert question.holds(found, term)
                    case Proven():
                        assert not [each for each in calls if question.holds(each, term)], f"{tool} {term}\n{policy}"
                    case Undecided(why):
                        seen[why] += 1
    assert seen["Found"] > 20, seen
    assert seen["Proven"] > 10, seen
    assert seen["Undecided"] < 0.05 * (seen["Found"] + seen["Proven"]), seen


def test_what_a_question_says_of_a_call_is_what_the_engine_says() -> None:
    """`holds` of effect, gates and rules is the verdict's own."""
    rng = random.Random(61)
    for _ in range(POLICIES):
        policy = charters.whole(rng)
        engine = Engine(policy)
        for tool in [*policy.tools, "unheard_of"]:
            question = Question(tool, [policy])
            for _ in range(20):
                one = call(rng, policy, tool)
                verdict = engine.decide_value(tool, one.args, given=one.given)
                for effect in Effect:
                    assert (verdict.effect >= effect) is question.holds(one, question.at_least(effect))
                for gate in policy.gates:
                    assert (gate in verdict.gates) is question.holds(one, question.asks(gate))
                for rule in policy.tools[tool].rules if tool in policy.tools else ():
                    decides = question.holds(one, question.decides(rule.id))
                    assert (rule.id in verdict.rules) is decides
                    assert not decides or question.holds(one, question.applies(rule.id))


def of(*rules: Rule, schema: dict[str, Any] | None = None, **more: Any) -> Policy:
    text = json.dumps(schema, sort_keys=True, separators=(",", ":")) if schema is not None else None
    tool = ToolPolicy("pay", Tier.REVERSIBLE, schema=text, rules=rules, **more)
    return sealed(Policy("a", 1, "p", "lead", ("lead",), {}, {"pay": tool}, ()))


def deny(text: str, form: When = When.WHEN) -> Rule:
    return Rule("r", form, parse_condition(text), Effect.DENY, None, "x")


@pytest.mark.parametrize("case", SCHEMAS, ids=lambda case: f"{case['condition']} {case['expect']}")
def test_schemas(case: dict[str, str]) -> None:
    """Of valid calls, what a schema leaves out is proven, and what it allows is found."""
    schema = json.loads(case["schema"]) if "schema" in case else None
    question = Question("pay", [of(deny(case["condition"]), schema=schema)])
    answer = question.solve(question.applies("r"), question.valid())
    assert case["expect"] == type(answer).__name__.lower(), answer
    assert not isinstance(answer, Proven) or () == answer.bounds


def test_two_policies() -> None:
    """A call that one policy denies and the other does not; none where the second is the stricter."""
    old, new = of(deny("args.amount > 50")), of(deny("args.amount > 40"))
    question = Question("pay", [old, new])
    looser = question.solve(~question.at_least(Effect.DENY, 0), question.at_least(Effect.DENY, 1))
    assert isinstance(looser, Found)
    assert 40 < looser.call.args["amount"] <= 50
    assert Proven() == question.solve(question.at_least(Effect.DENY, 0), ~question.at_least(Effect.DENY, 1))


def test_defaults_differ() -> None:
    """Conditions of each policy see the arguments with its own defaults."""
    schema = {"type": "object", "properties": {"amount": {"type": "number", "default": 60}}}
    question = Question(
        "pay", [of(deny("args.amount > 50", When.ONLY_IF), schema=schema), of(deny("args.amount > 50", When.ONLY_IF))]
    )
    answer = question.solve(~question.at_least(Effect.DENY, 0), question.at_least(Effect.DENY, 1))
    assert Found(Call("pay", {}, {})) == answer


def test_a_twin_of_a_default_is_invalid() -> None:
    """A key that differs from a filled one only by case makes the call invalid, and nothing is filled in."""
    schema = {"type": "object", "additionalProperties": True, "properties": {"amount": {"default": 60}}}
    question = Question("pay", [of(deny("args.amount > 50", When.ONLY_IF), schema=schema)])
    answer = question.solve(~question.valid())
    assert isinstance(answer, Found)
    assert ["amount"] == [key.lower() for key in answer.call.args]
    assert isinstance(question.solve(~question.valid(), ~question.applies("r")), Proven)


def test_conditions_that_come_later() -> None:
    """A condition that asks more of a list than those before is not answered with too few items."""
    question = Question("pay", [of(deny("args.xs.exists(x, x == 1)"))])
    assert isinstance(question.solve(question.applies("r")), Found)
    parts = [question.true(parse_condition(f"args.xs.exists(x, x == {number})")) for number in range(2, 6)]
    assert isinstance(question.solve(~question.applies("r"), *parts), Found)


def test_bounds_are_said() -> None:
    """Where a proof needs more items than it looks at, it says so."""
    text = " && ".join(f"args.xs.exists(x, x == {number})" for number in range(12))
    question = Question("pay", [of(deny(text))])
    condition = parse_condition("args.xs.all(x, x == 0)")
    answer = question.solve(question.true(parse_condition(text)), question.true(condition))
    assert Proven(("`args.xs` with up to 6 different items",)) == answer


def test_out_of_time() -> None:
    """A question that takes longer than it may is undecided, and says so."""
    question = Question(
        "pay", [of(deny("args.a * args.b * args.c == 1001 && args.a > 1 && args.b > 1 && args.c > 1"))], timeout_ms=1
    )
    assert Undecided("no answer within 1 ms") == question.solve(question.true(parse_condition("args.a * args.b == 7")))


def test_the_same_question_has_the_same_answer() -> None:
    """Answers do not hang on chance."""
    policy = charters.whole(random.Random(5))
    tool = next(name for name, each in policy.tools.items() if each.rules)
    answers = set()
    for _ in range(3):
        question = Question(tool, [replace(policy)])
        answers.add(repr([question.solve(question.applies(rule.id)) for rule in policy.tools[tool].rules]))
    assert 1 == len(answers)


def test_the_solver_is_not_loaded_before_it_is_asked() -> None:
    """Whoever imports questions does not wait for the solver."""
    code = "import sys; import govern.proof.question; sys.exit('z3' in sys.modules)"
    assert 0 == subprocess.run([sys.executable, "-c", code], check=False).returncode


def test_without_the_solver(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the extra is not installed, the error says how to get it."""
    monkeypatch.setattr("govern.proof.question.find_spec", lambda name: None)
    with pytest.raises(EnvironmentFailed) as caught:
        Question("pay", [of()])
    assert "govern[prove]" in caught.value.hint
