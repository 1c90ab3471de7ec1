"""Explanations hold: named changes were decided so, what is called out of reach is, nothing hidden leaks."""

from __future__ import annotations

import json
import random
from typing import Any

import jsonschema
import pytest
from tests.conformance.generate import arguments
from tests.conformance.policies import AGENT, TOOLS, expected, history, policy

from govern.conditions import parse_condition
from govern.conditions.python import decider
from govern.conditions.scope import FieldType, Scope
from govern.events.canonical import parse, text_of
from govern.policy.derive import with_history
from govern.policy.document import sealed
from govern.policy.engine import Engine
from govern.policy.explanation import Explanation, explanation
from govern.policy.explanation.candidates import REMOVED, Proposal
from govern.policy.explanation.needs import How, Need
from govern.policy.explanation.obstacles import Fixed
from govern.policy.given import given
from govern.policy.model import (
    Deadline,
    Effect,
    Fact,
    FactField,
    Gate,
    Limit,
    Never,
    Policy,
    Rule,
    Tier,
    ToolPolicy,
    When,
)
from govern.policy.verdict import TRUE, UNKNOWN, outcome

SCOPE = Scope(
    (
        ("customer", (("id", FieldType("string")),)),
        ("order", (("status", FieldType("string", ("paid", "returned"))), ("total", FieldType("number")))),
    )
)
FACTS = {
    "customer": Fact("customer", (), (), False, (FactField("id", "string", (), ""),)),
    "order": Fact(
        "order",
        ("get_order",),
        (("order_id", "args.order_id"),),
        False,
        (
            FactField("status", "string", ("paid", "returned"), "result.status"),
            FactField("total", "number", (), "result.total"),
        ),
    ),
}


def rule(id: str, text: str, form: When = When.ONLY_IF, effect: Effect = Effect.DENY, gate: str | None = None) -> Rule:
    return Rule(id, form, parse_condition(text, SCOPE), effect, gate, "because")


def tool(*rules: Rule, name: str = "refund", **more: Any) -> ToolPolicy:
    return ToolPolicy(name, more.pop("tier", Tier.REVERSIBLE), rules=rules, **more)


def engine(*tools: ToolPolicy, **more: Any) -> Engine:
    gates = {name: Gate(name, ("r",), 1, (Deadline(60, then=Effect.DENY),)) for name in ("lead", "finance")}
    named = {each.name: each for each in tools}
    return Engine(sealed(with_history(Policy("a", 1, "", "r", ("r",), gates, named, more.pop("never", ()), **more))))


def explained(
    found: Engine, args: str, name: str = "refund", facts: str | None = None, first: bool = False, at: str | None = None
) -> Explanation:
    known = given(found.history, name, args, facts=facts, at=at, first=first)
    verdict = found.decide_text(name, args, given=known)
    return explanation(found, name, args, verdict, given=known, first=first)


def changes(made: Explanation, effect: Effect) -> list[dict[str, Any]]:
    """What was found to lead to an effect, each as the values of inputs."""
    ways = [trial for way in made.looser if way.effect is effect and not way.gates for trial in way.trials]
    return [
        {".".join(map(str, each.path)): each.value for each in trial.changes}
        for trial in (*ways, *(trial for trial in made.stricter if trial.verdict.effect is effect))
    ]


def said(need: Need) -> Any:
    return need.text if need.how is How.FACT else (need.how.value, *map(said, need.parts))


def needs(made: Explanation, effect: Effect) -> list[Any]:
    return [said(need) for way in made.looser if way.effect is effect and not way.gates for _, need in way.needs]


# --- random policies ----------------------------------------------------------------------------------------


def valid_for(found: Policy, name: str, args: dict[str, Any]) -> bool:
    """By another library than the engine's."""
    mapped = found.tools.get(name)
    return not mapped or not mapped.schema or jsonschema.Draft202012Validator(parse(mapped.schema)).is_valid(args)


def applied(args: dict[str, Any], known: dict[str, Any], made: tuple[Proposal, ...]) -> tuple[Any, dict[str, Any]]:
    """The call with changes, by another hand than the search's."""
    args, known = parse(text_of(args)), dict(known)  # type: ignore[assignment]
    for change in made:
        if change.path[0] != "args":
            known[str(change.path[0])] = change.value
            continue
        at: Any = args
        for step in change.path[1:-1]:
            if isinstance(step, str) and not isinstance(at.get(step), dict | list):
                at[step] = {}
            at = at[step]
        if change.value is REMOVED:
            at.pop(change.path[-1], None)
        else:
            at[change.path[-1]] = change.value
    return args, known


def test_every_change_that_is_named_leads_where_it_is_said_to() -> None:
    """The reference, which knows neither engine nor search, gives the same effect, gates and rules."""
    rng = random.Random(5)
    count = dict.fromkeys(Effect, 0)
    for _ in range(80):
        found = policy(rng)
        judged = Engine(found)
        for _ in range(6):
            name, args, known = rng.choice(TOOLS), arguments(rng), history(rng)
            verdict = judged.decide(name, args, given=known)
            made = explanation(judged, name, text_of(args), verdict, given=known, first=False)
            for trial in (*made.stricter, *(trial for way in made.looser for trial in way.trials)):
                changed, then = applied(args, known, trial.changes)
                now = expected(found, name, changed, valid_for(found, name, changed), then)
                got = trial.verdict
                assert now == (got.effect.label, set(got.gates), set(got.rules)), trial.changes
                assert got.effect != verdict.effect or set(got.gates) < set(verdict.gates)
                count[got.effect] += 1
    assert min(count.values()) > 10


def test_parts_are_the_truth_values_that_were_decided_on() -> None:
    """Of every condition, with whether it applies and whether it is a cause."""
    rng = random.Random(6)
    decided = 0
    for _ in range(60):
        judged = Engine(policy(rng))
        for name in judged.policy.tools:
            args, known = arguments(rng), history(rng)
            verdict = judged.decide(name, args, given=known)
            made = explanation(judged, name, text_of(args), verdict, given=known, first=False)
            truths = judged.truths(name, args, given=known)
            assert list(truths) == [
                UNKNOWN if part.root.truth is None else TRUE if part.root.truth else 0 for part in made.parts
            ]
            for part in made.parts:
                if part.rule is not None:
                    loose = 0 if part.rule.form is When.WHEN else TRUE
                    assert part.applies == (truths[made.parts.index(part)] != loose)
                    assert part.decides == (part.applies and part.rule.id in verdict.rules)
                    decided += part.decides
    assert decided > 50


def test_what_is_called_out_of_reach_is() -> None:
    """No other arguments and no other history of the same tool give that effect, or a looser one."""
    rng = random.Random(8)
    kinds: set[Fixed] = set()
    for _ in range(150):
        judged = Engine(policy(rng))
        name = rng.choice(TOOLS)
        args, known = arguments(rng), history(rng)
        verdict = judged.decide(name, args, given=known)
        made = explanation(judged, name, text_of(args), verdict, given=known, first=False)
        for way in made.looser:
            if way.fixed:
                kinds |= {why for why, _ in way.fixed}
                assert not way.trials
                others = (judged.decide(name, arguments(rng), given=history(rng)) for _ in range(80))
                assert all(other.effect > way.effect for other in others), (name, way.fixed)
    assert {Fixed.UNMAPPED, Fixed.NEVER, Fixed.ALWAYS_ASKED, Fixed.CONSTANT} == kinds


def test_needs_are_enough_and_none_is_needless() -> None:
    """With all of them met the verdict is at most that; with one not met it is stricter (where no tier is raised)."""
    rng = random.Random(9)
    enough = needless = 0
    for _ in range(50):
        judged = Engine(policy(rng))
        for name, mapped in judged.policy.tools.items():
            known, args = history(rng), arguments(rng)
            verdict = judged.decide(name, args, given=known)
            truths = judged.truths(name, args, given=known)
            made = explanation(judged, name, text_of(args), verdict, given=known, first=False)
            for way in made.looser:
                if way.fixed or way.gates:
                    continue
                wanted = {index: TRUE if asks(made, index) is When.ONLY_IF else 0 for index, _ in way.needs}
                met = [wanted.get(index, truth) for index, truth in enumerate(truths)]
                then = outcome(judged.policy, name, met).effect
                assert then == way.effect or (then < way.effect and way.trials)
                enough += 1
                for index in wanted if not any(each.tier or each.tiers for each in mapped.rules) else ():
                    left = [truths[index] if index == place else truth for place, truth in enumerate(met)]
                    assert outcome(judged.policy, name, left).effect > way.effect
                    needless += 1
    assert min(enough, needless) > 20


def asks(made: Explanation, index: int) -> When:
    found = made.parts[index].rule
    return found.form if found is not None else When.ONLY_IF


# --- what it would take -------------------------------------------------------------------------------------


def test_the_nearest_value_that_gives_another_verdict() -> None:
    """The value at which a comparison turns, not any value beyond it."""
    found = engine(
        tool(
            rule("most", "args.amount < 100"),
            rule("much", "args.amount > 50", When.WHEN, Effect.APPROVAL, "lead"),
        )
    )
    made = explained(found, '{"amount": 180}')
    assert [{"args.amount": 50}] == changes(made, Effect.ALLOW)
    assert [{"args.amount": 99}] == changes(made, Effect.APPROVAL)
    assert ["args.amount < 100", "args.amount <= 50"] == needs(made, Effect.ALLOW)
    assert ["args.amount < 100"] == needs(made, Effect.APPROVAL)
    made = explained(found, '{"amount": 20}')
    assert [{"args.amount": 51}] == changes(made, Effect.APPROVAL)
    assert [{"args.amount": 100}] == changes(made, Effect.DENY)


def test_two_changes_where_one_is_not_enough() -> None:
    found = engine(tool(rule("both", "order.status == 'returned' && args.amount <= 50")), facts=FACTS)
    facts = '{"order": {"status": "paid", "total": 5}}'
    made = explained(found, '{"amount": 80, "order_id": "7"}', facts=facts)
    assert [{"order.status": "returned", "args.amount": 50}] == changes(made, Effect.ALLOW)
    assert [("all", "order.status == 'returned'", "args.amount <= 50")] == needs(made, Effect.ALLOW)


def test_many_changes_step_by_step() -> None:
    """Where nothing is known all that is missing is found, and nothing needless stays in."""
    found = engine(
        tool(
            rule("known", "has(customer.id)"),
            rule("own", "args.by == customer.id"),
            rule("back", "order.status == 'returned'"),
            rule("paid", "args.amount <= order.total"),
            rule("none", "succeeded('refund') == 0"),
        ),
        facts=FACTS,
    )
    made = explained(found, '{"amount": 80, "by": "c1"}')
    assert [{"customer.id": "c1", "order.status": "returned", "order.total": 80, "succeeded('refund')": 0}] == changes(
        made, Effect.ALLOW
    )


def test_ways_through_an_or() -> None:
    """Each of them is named; of what is negated the opposite."""
    found = engine(tool(rule("r", "args.a == 1 || !(args.b in ['x', 'y']) && size(args.c) > 2")))
    made = explained(found, '{"a": 2, "b": "x", "c": "no"}')
    assert [("any", "args.a == 1", ("all", "!(args.b in ['x', 'y'])", "size(args.c) > 2"))] == needs(made, Effect.ALLOW)
    assert {"args.a": 1} == changes(made, Effect.ALLOW)[0]


@pytest.mark.parametrize(
    ("text", "args", "expected"),
    [
        ("args.to.endsWith('@corp.com')", {"to": "x@evil.com"}, {"args.to": "x@evil.com@corp.com"}),
        ("domain(args.to) == 'corp.com'", {"to": "x@evil.com"}, {"args.to": "somebody@corp.com"}),
        ("url(args.u).host in ['a.com', 'b.com']", {"u": "https://c.com/"}, {"args.u": "https://a.com/"}),
        ("args.a.matches('^x{3}$')", {"a": "y"}, {"args.a": "xxx"}),
        ("url(args.u).host == 'a.com'", {"u": "https://c.com/"}, {"args.u": "https://a.com/"}),
        ("url(args.u).host.endsWith('.a.com')", {"u": "https://c.com/"}, {"args.u": "https://x.a.com/"}),
        ("lower(args.a).startsWith('de')", {"a": "FR"}, {"args.a": "deFR"}),
        ("within(args.p, '/srv')", {"p": "/etc/passwd"}, {"args.p": "/srv/passwd"}),
        ("!args.p.contains('..')", {"p": "a/../b"}, {"args.p": "a//b"}),
        ("size(list(args.cc)) == 0", {"cc": ["a", "b"]}, {"args.cc": []}),
        ("size(args.xs) == size(args.ys)", {"xs": ["a"], "ys": ["b", "c"]}, {"args.xs": ["a", "a"]}),
        ("args.xs.all(x, x < 3)", {"xs": [1, 5, 2]}, {"args.xs": [1, 2]}),
        ("args.xs.exists(x, x == 'ok')", {"xs": ["no"]}, {"args.xs": ["ok"]}),
        ("args.a + args.b <= 10", {"a": 8, "b": 5}, {"args.a": 5}),
        ("args.amount <= order.total", {"amount": 90}, {"args.amount": 70}),
        ("!has(args.x)", {"x": 1}, {"args.x": REMOVED}),
        ("has(args.x)", {}, {"args.x": "x"}),
        ("args.dry", {"dry": False}, {"args.dry": True}),
        ("args.a != 'x'", {"a": "x"}, {"args.a": "something else"}),
        ("hour(at) < 9", {}, {"at": 1_795_510_800_000_000_000 - 11 * 3600 * 10**9 + 7 * 3600 * 10**9}),
        ("args.o.k == 3", {}, {"args.o.k": 3}),
        ("origin(args.to) == 'user'", {"to": "a"}, {"origin(args.to)": "user"}),
    ],
)
def test_values_are_made_from_the_conditions(text: str, args: dict[str, Any], expected: dict[str, Any] | None) -> None:
    """Whatever a condition does with an input, a value is found for it; what is too odd is said to be not found."""
    found = Engine(engine(tool(rule("r", text)), facts=FACTS).policy, "UTC")
    facts, at = '{"order": {"total": 70}}', "2026-11-24T09:00:00Z"
    made = explained(found, json.dumps(args), facts=facts, at=at)
    got = changes(made, Effect.ALLOW)
    if expected is None:
        assert [] == got
    elif "at" in expected:
        assert ["at"] == list(got[0])
    else:
        assert expected == got[0]


def test_invalid_input_names_keywords_and_finds_what_is_valid() -> None:
    """An enum's word, a bound, a missing field, one too many: each by its keyword, together repaired."""
    schema = {
        "type": "object", "required": ["reason", "n"], "additionalProperties": False,
        "properties": {"reason": {"enum": ["late", "broken"]}, "n": {"type": "integer", "minimum": 1}},
    }  # fmt: skip
    found = engine(tool(schema=json.dumps(schema, separators=(",", ":"), sort_keys=True)))
    made = explained(found, '{"reason": "hm", "n": 0, "x": 1}')
    assert {("args.reason", "enum"), ("args.n", "minimum"), ("args", "additionalProperties")} == {
        (each.place, each.keyword) for each in made.problems
    }
    assert [False] == [way.valid for way in made.looser]
    assert [{"args.reason": "late", "args.n": 1, "args.x": REMOVED}] == changes(made, Effect.ALLOW)
    assert [{"args.n": 1}] == changes(explained(found, '{"reason": "late"}'), Effect.ALLOW)


def test_defaults_are_what_is_judged() -> None:
    """What a call leaves out has the schema's value: it is shown, and changed like any other."""
    schema = {"type": "object", "properties": {"n": {"type": "integer", "default": 80}}, "additionalProperties": False}
    found = engine(tool(rule("r", "args.n <= 50"), schema=json.dumps(schema, separators=(",", ":"), sort_keys=True)))
    made = explained(found, "{}")
    assert [80] == [value.value for value in made.parts[0].root.values]
    assert [{"args.n": 50}] == changes(made, Effect.ALLOW)
    assert [{"args.n": 51}] == changes(explained(found, '{"n": 9}'), Effect.DENY)


# --- what is fixed ------------------------------------------------------------------------------------------


def test_what_no_call_changes() -> None:
    """Unmapped tools, `never`, a gate that nothing waives, a condition that is the same for all."""
    never = (Never(("delete_*",), "no"),)
    found = engine(
        tool(name="delete_x"),
        tool(name="pay", gate="lead"),
        tool(rule("all", "tool == 'x'"), name="odd"),
        never=never,
    )

    def fixed(name: str) -> list[tuple[str, list[tuple[str, str]]]]:
        return [
            (way.effect.label, [(why.value, of) for why, of in way.fixed])
            for way in explained(found, "{}", name).looser
        ]

    assert [("allow", [("unmapped", "pya")])] == fixed("pya")
    assert ("pay",) == explained(found, "{}", "pya").nearest
    for effect, why in fixed("delete_x"):
        assert [("never", "delete_*")] == why, effect
    assert [("allow", [("always_asked", "lead")])] == fixed("pay")
    assert ("allow", [("constant", "all")]) == fixed("odd")[0]


def test_a_rule_of_a_raised_tier_can_go_with_what_raises() -> None:
    """A rule for irreversible calls, whatever they are: not out of reach where the call need not be raised."""
    raises = Rule("wipe", When.WHEN, parse_condition("args.m == 'wipe'"), Effect.ALLOW, None, "", Tier.IRREVERSIBLE)
    asks = Rule("asks", When.WHEN, parse_condition("true"), Effect.APPROVAL, "finance", "", None, (Tier.IRREVERSIBLE,))
    made = explained(engine(tool(raises, asks, autonomous="x")), '{"m": "wipe"}')
    assert [()] == [way.fixed for way in made.looser]
    assert ["args.m != 'wipe'"] == needs(made, Effect.ALLOW)
    assert [{"args.m": "something else"}] == changes(made, Effect.ALLOW)


def test_fewer_gates() -> None:
    found = engine(
        tool(rule("much", "args.amount <= 10", effect=Effect.APPROVAL, gate="finance"), gate="lead"),
    )
    made = explained(found, '{"amount": 80}')
    alone = [way for way in made.looser if way.gates]
    assert [("lead",)] == [way.gates for way in alone]
    assert [("lead",)] == [trial.verdict.gates for trial in alone[0].trials]
    assert [10] == [change.value for trial in alone[0].trials for change in trial.changes]


def test_a_gate_that_is_asked_about_every_call_has_no_way_around_it() -> None:
    found = engine(tool(rule("all", "true", When.WHEN, Effect.APPROVAL, "finance"), gate="lead"))
    assert [] == [way.gates for way in explained(found, "{}").looser if way.gates]


@pytest.mark.parametrize("op", ["==", "!=", "<", "<=", ">", ">="])
@pytest.mark.parametrize("n", [4, 5, 6])
def test_the_opposite_of_a_comparison_is_true_where_it_is_false(op: str, n: int) -> None:
    """Of a `when` that applies, what would have to be so is exactly that it does not."""
    for args in ({"n": n}, {"n": 5}):
        made = explained(engine(tool(rule("r", f"args.n {op} 5", When.WHEN))), json.dumps(args))
        for text in needs(made, Effect.ALLOW):
            for other in (4, 5, 6):
                inputs = {"args": {"n": other}}
                truth = decider(parse_condition(text).tree)(inputs)
                assert truth is not decider(parse_condition(f"args.n {op} 5").tree)(inputs)


# --- what is no longer known after a change -----------------------------------------------------------------


def test_a_fact_of_another_order_is_not_taken_for_this_one() -> None:
    """Facts looked up by an argument are unknown for another value of it: no change says otherwise."""
    found = engine(tool(rule("own", "args.order_id != '7'"), rule("back", "order.status == 'returned'")), facts=FACTS)
    made = explained(found, '{"order_id": "7"}', facts='{"order": {"status": "returned"}}')
    assert [] == changes(made, Effect.ALLOW)


def test_the_first_call_is_counted_anew() -> None:
    """More than a limit allows is over it from the first call on, whatever else is said of the history."""
    limit = Limit(
        "budget", ("refund",), (), "args.amount", 100, None, "forever", (), "executed", Effect.DENY, None, None, ""
    )
    found = engine(tool(rule("least", "args.amount >= 500", effect=Effect.APPROVAL, gate="lead")), limits=(limit,))
    made = explained(found, '{"amount": 80}', first=True)
    assert [] == changes(made, Effect.ALLOW)
    assert [] == changes(explained(found, '{"amount": 80}'), Effect.ALLOW)
    assert explained(found, '{"amount": 500}', first=True).parts[1].root.truth is True


def test_what_a_host_said_of_a_limit_is_not_said_of_another_amount() -> None:
    """Nobody knows whether another amount is over it: no change of the amount alone is said to be enough."""
    limit = Limit(
        "budget", ("refund",), (), "args.amount", 100, None, "forever", (), "executed", Effect.DENY, None, None, ""
    )
    found = engine(tool(rule("most", "args.amount <= 50"), rule("typed", "named_by_user(args.to)")), limits=(limit,))
    known = {"exceeded('budget')": False, "named_by_user(args.to)": True}
    args = '{"amount": 80, "to": "a"}'
    verdict = found.decide_text("refund", args, given=known)
    made = explanation(found, "refund", args, verdict, given=known, first=False)
    assert [] == changes(made, Effect.ALLOW)
    assert made.tried


# --- what is not shown --------------------------------------------------------------------------------------


def test_nothing_is_made_from_what_is_hidden() -> None:
    """A value that another input was compared with is hidden with it."""
    found = engine(
        tool(rule("r", "args.amount <= order.total && args.card == customer.id"), secret=("args.card",)),
        tool(name="get_order", sensitive=("result.total",)),
        facts=FACTS,
    )
    facts = '{"order": {"total": 4711}, "customer": {"id": "C-4712"}}'
    made = explained(found, '{"amount": 9000, "card": "4713-4713"}', facts=facts)
    assert changes(made, Effect.ALLOW)
    for way in made.looser:
        for trial in way.trials:
            assert all(change.hidden for change in trial.changes)
    assert made.hidden.hides((("args", "card"),))
    assert made.hidden.hides((("args",),))
    assert made.hidden.hides((("args", "card", "number"),))
    assert made.hidden.hides((("order", "total"),))
    assert not made.hidden.hides((("order", "status"), ("args", "amount")))


def test_the_same_every_time() -> None:
    rng = random.Random(3)
    for _ in range(20):
        found = policy(rng)
        name, args, known = rng.choice(TOOLS), arguments(rng), history(rng)
        made = []
        for _ in range(2):
            judged = Engine(found)
            verdict = judged.decide(name, args, given=known)
            made.append(repr(explanation(judged, name, text_of(args), verdict, given=known, first=False)))
        assert made[0] == made[1]
    assert AGENT
