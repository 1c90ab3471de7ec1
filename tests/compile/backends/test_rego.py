"""`rego`, run in two engines: the verdict is the per-call engine's, or stricter where a gap or the page says so."""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import groupby, islice
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.conformance import charters, policies
from tests.conformance.generate import Conditions
from tests.conformance.outside import SCOPE, ZONES, Outside

from govern.compile.backends import rego
from govern.compile.backends.rego_terms import readable
from govern.conditions import Condition, Scope, parse_condition
from govern.conditions.tree import Call, walk
from govern.events.canonical import Malformed, parse, text_of
from govern.policy import engine as per_call
from govern.policy.model import Policy, ToolPolicy

from . import comparing
from .comparing import EQUAL, TIGHTER, compared, some_of_each
from .rego_engines import ENGINES, REGOPY, REGORUS, Engine


def batched(rows: Iterable[dict[str, Any]], size: int) -> Iterator[list[dict[str, Any]]]:
    """The rows some at a time."""
    waiting = iter(rows)
    while some := list(islice(waiting, size)):
        yield some


CONFORMANCE = Path(__file__).parents[2] / "conformance"
TRAPS = yaml.safe_load((CONFORMANCE / "traps.yaml").read_text(encoding="utf-8"))
OUTSIDE = yaml.safe_load((CONFORMANCE / "conditions" / "outside.yaml").read_text(encoding="utf-8"))
TRUTH: dict[Any, str] = {True: "T", False: "F", None: "U"}
LETTERS = "FUT"  # by `policy.verdict`
MODULES = int(os.environ.get("GOVERN_FUZZ_POLICIES", "16"))
ROWS = 10
any_engine = pytest.mark.parametrize("engine", ENGINES, ids=lambda engine: engine.name)


def module(policy: Policy, zone: str | None = None) -> tuple[str, set[str]]:
    """The module of a policy, and where it is stricter."""
    made = rego.export(policy, tighter=True, zone=zone)
    (text,) = made.files.values()
    return text, {gap.where for gap in made.gaps}


def asked(engine: Engine, policy: Policy, rule: str, documents: list[str], zone: str | None = None) -> list[Any]:
    return engine.answers(module(policy, zone)[0], f"data.{rego.package(policy)}.{rule}", documents)


def tame(engine: Engine, data: Any) -> Any:
    """The same data without what the page says that this engine cannot be given."""

    def keep(leaf: Any) -> bool:
        if isinstance(leaf, float):
            return readable(leaf)
        return engine.escapes or not isinstance(leaf, str) or text_of(leaf) == f'"{leaf}"'

    return comparing.tamed(data, keep, lambda leaf: 7 if isinstance(leaf, float) else "plain")


def uses_patterns(condition: Condition) -> bool:
    return any(isinstance(node, Call) and node.fn == "matches" for node in walk(condition.tree))


# -- conditions ------------------------------------------------------------------------------------------


@any_engine
def test_cases(engine: Engine) -> None:
    """Every case of the conformance table and of the traps has its value; what an engine is not given is denied."""
    rows = [row for row in [*TRAPS, *OUTSIDE] if "condition" in row and "expect" in row and "nested" not in row]
    rows = rows if engine is not REGOPY else rows[::2]  # rego-cpp takes a second for ten of them
    rows.sort(key=lambda row: row.get("zone", ""))
    tally: Counter[str] = Counter()
    for zone, group in ((zone, list(some)) for zone, all_ in groupby(rows, key=lambda row: row.get("zone"))
                        for some in batched(all_, 15)):  # fmt: skip
        conditions = [parse_condition(row["condition"], SCOPE) for row in group]
        policy = comparing.rules_of(conditions)
        text, gaps = module(policy, zone)
        documents = [
            engine.input_of("t", parse(str(row.get("args", "{}"))), parse(str(row.get("given", "{}")))) for row in group
        ]
        found = engine.answers(text, f"data.{rego.package(policy)}.known_truths", documents)
        for index, (row, document, truths) in enumerate(zip(group, documents, found, strict=True)):
            if TRUTH[truths[index]] == row["expect"]:
                tally[EQUAL] += 1
                continue
            said = f"t: r{index}" in gaps or "malformed" in document
            assert truths[index] is None, row
            assert said or (not engine.re2 and uses_patterns(conditions[index])), row
            tally[TIGHTER] += 1
    assert tally[EQUAL] > len(rows) * (0.98 if engine.re2 else 0.85), tally
    assert engine.re2 or tally[TIGHTER] > 0


@any_engine
@pytest.mark.parametrize(("writer", "scope"), [(Conditions, Scope()), (Outside, SCOPE)], ids=["arguments", "given"])
def test_random_conditions(engine: Engine, writer: type[Conditions], scope: Scope) -> None:
    """Random conditions on hostile calls have the per-call engine's value, or are unknown where a gap says so."""
    rng = random.Random(5)
    tally: Counter[str] = Counter()
    for _ in range(MODULES if engine is not REGOPY else MODULES // 8):
        zone = rng.choice(ZONES)
        conditions = comparing.written(rng, writer, scope, 25)
        policy = comparing.rules_of(conditions)
        rows: list[comparing.Row] = [tame(engine, comparing.row(rng)) for _ in range(ROWS)]
        judge = per_call.Engine(policy, zone)
        text, gaps = module(policy, zone)
        documents = [engine.input_of("t", *row) for row in rows]
        found = engine.answers(text, f"data.{rego.package(policy)}.known_truths", documents)
        for (args, given), truths in zip(rows, found, strict=True):
            expected = [LETTERS[truth] for truth in judge.truths("t", args, given=given)]
            for index, (one, truth) in enumerate(zip(expected, truths, strict=True)):
                tally[one] += 1
                if TRUTH[truth] == one:
                    tally[EQUAL] += 1
                    continue
                said = f"t: r{index}" in gaps or (not engine.re2 and uses_patterns(conditions[index]))
                assert (True, None) == (said, truth), f"{conditions[index].text}\n{text_of(args)} {given} {one} {truth}"
                tally[TIGHTER] += 1
    some_of_each(tally, EQUAL, TIGHTER, "T", "F", "U")
    assert tally[EQUAL] > tally[TIGHTER] * 5, tally


@any_engine
def test_places(engine: Engine) -> None:
    """What is absent, null, or below something that has no such place is told apart as the per-call engine does."""
    policy = comparing.rules_of([parse_condition(text, SCOPE) for text in comparing.PLACES])
    judge = per_call.Engine(policy)
    calls = [(args, given) for args in comparing.HELD for given in comparing.FACTS]
    calls = calls if engine is not REGOPY else calls[::7]
    found = asked(engine, policy, "known_truths", [engine.input_of("t", *call) for call in calls])
    for (args, given), truths in zip(calls, found, strict=True):
        expected = [LETTERS[truth] for truth in judge.truths("t", args, given=given)]
        assert expected == [TRUTH[truth] for truth in truths], f"{args} {given}"


# -- verdicts --------------------------------------------------------------------------------------------


def may_be_stricter(engine: Engine, tool: ToolPolicy | None, name: str, gaps: set[str]) -> bool:
    """Whether a gap concerns a tool, or the engine lacks what one of its conditions or its schema needs."""
    if any(gap == name or gap.startswith(f"{name}: ") for gap in gaps):
        return True
    if engine.re2 or tool is None:
        return False
    return any(map(uses_patterns, tool.conditions)) or "attern" in (tool.schema or "")


@any_engine
def test_random_policies(engine: Engine) -> None:
    """Random policies of the whole language give every random call its verdict, rules and gates."""
    rng = random.Random(11)
    tally: Counter[str] = Counter()
    for policy, call in comparing.random_policies(rng, MODULES * 2 if engine is not REGOPY else MODULES // 4):
        zone = rng.choice(ZONES)
        text, gaps = module(policy, zone)
        judge = per_call.Engine(policy, zone)
        names = [*policy.tools, *charters.TOOLS, policies.TOOLS[4]]
        calls = [(rng.choice(names), *tame(engine, call())) for _ in range(ROWS * 2)]
        documents = [engine.input_of(*each) for each in calls]
        found = engine.answers(text, f"data.{rego.package(policy)}.verdict", documents)
        for (tool, args, given), verdict in zip(calls, found, strict=True):
            expected = judge.decide(tool, args, given=given)
            outcome = compared(expected, verdict["effect"], verdict["gates"])
            tally[outcome] += 1
            tally[verdict["effect"]] += 1
            if outcome is EQUAL and not gaps and engine.re2:
                assert set(expected.rules) == set(verdict["rules"])
                assert list(expected.reasons) == verdict["reasons"]
                assert expected.tier == verdict["tier"]
                tally["in full"] += 1
            if outcome is TIGHTER:
                assert may_be_stricter(engine, policy.tools.get(tool), tool, gaps), f"{tool} {args} {given}\n{expected}"
    some_of_each(tally, EQUAL, "allow", "approval", "deny")
    assert tally[EQUAL] > tally[TIGHTER] * 5, tally
    assert not engine.re2 or tally["in full"] > 50, tally


@any_engine
def test_tiers_are_raised_step_by_step(engine: Engine) -> None:
    """A rule that is keyed by a tier concerns a call that other rules raise to it one after the other."""
    documents = [engine.input_of("t", {"a": 1}), engine.input_of("t", {"a": 2}), engine.input_of("t", {})]
    found = asked(engine, comparing.raised_twice(), "verdict", documents)
    assert [["lead", "owner"], [], ["lead", "owner"]] == [each["gates"] for each in found]
    assert ["irreversible", "read_only", "irreversible"] == [each["tier"] for each in found]


@pytest.mark.parametrize("text", [row["args"] for row in TRAPS if "refused" in row and "nested" not in row])
def test_what_has_two_meanings_is_denied(text: str) -> None:
    """Arguments without a canonical form are marked malformed by the host, and denied as invalid input."""
    with pytest.raises(Malformed):
        parse(text)
    policy = comparing.rules_of([parse_condition("args.a == 1")])
    (verdict,) = asked(REGORUS, policy, "verdict", [text_of({"tool": "t", "malformed": True})])
    assert ("deny", ["invalid_input"]) == (verdict["effect"], [r for r in verdict["reasons"] if r == "invalid_input"])


@any_engine
def test_what_an_engine_reads_otherwise(engine: Engine) -> None:
    """Arguments with a number that engines round are denied; an input beside them with one is unknown, and so is what
    is no JSON. A name that is no text is no tool."""
    policy = comparing.rules_of([parse_condition("order.total > 5", SCOPE)])
    calls: list[tuple[str, Any, dict[str, Any]]] = [
        ("t", {"a": 1}, {"order": {"total": 4}}),
        ("t", {"a": 1}, {"order": {"total": 1.2345678901234567}}),
        ("t", {"a": 1}, {"order": {"total": 4}, "counter('x')": object()}),
        ("t", {"a": 1.2345678901234567}, {"order": {"total": 4}}),
        ("t", {"a": 1, "A": 2}, {"order": {"total": 4}}),
        ("t", [1], {"order": {"total": 4}}),
        ("\ud800", {"a": 1}, {}),
    ]
    found = asked(engine, policy, "verdict", [engine.input_of(*call) for call in calls])
    assert ["allow", "deny", "allow", "deny", "deny", "deny", "deny"] == [each["effect"] for each in found]
    assert ["rule", "unknown"] == found[1]["reasons"]
    assert ["unmapped"] == found[6]["reasons"][:1]
