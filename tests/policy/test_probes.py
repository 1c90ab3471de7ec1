"""Probes: every condition of what is shipped is seen true, false and unknown, and each boundary from both sides."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path

import pytest
from tests.benchmarks.imports import ROOT
from tests.conformance import charters
from tests.conformance.policies import policy as random_policy
from tests.shipped import shipped

from govern.charter.load import load, load_text
from govern.charter.model import Kind
from govern.compile.lower import lower
from govern.conditions import parse_condition
from govern.conditions.tree import fixed
from govern.events.canonical import check, text_of
from govern.policy.derive import with_history
from govern.policy.engine import Engine
from govern.policy.explanation import explanation
from govern.policy.explanation.matching import example
from govern.policy.goals import NEVER, compiled
from govern.policy.probes import About, Probe, probes
from govern.policy.terms import Effect
from govern.policy.verdict import FALSE, TRUE, UNKNOWN

SHIPPED = shipped("charters/*/*.yaml", "samples/*/charter.yaml")
DESK = """
govern: 1
agent: desk
version: 1
purpose: Refunds.
owner: lead
roles: [lead]
approvals:
  lead: {roles: [lead], if_no_answer: [{after: 4h, then: deny}]}
facts:
  order: {from: session, fields: {status: {enum: [paid, delivered, returned]}, total: number}}
tools:
  refund:
    tier: irreversible
    approval: {ask: lead, unless: "order.status == 'returned' && args.amount <= 50"}
    input:
      type: object
      required: [order_id, amount]
      properties: {order_id: {type: string, pattern: "^o-[0-9]{3}$"}, amount: {type: number, exclusiveMinimum: 0}}
    rules:
      - id: office-hours
        only_if: "hour(at) >= 9 && hour(at) < 18"
        otherwise: deny
        because: Somebody is there then.
  post:
    tier: reversible
    input: {type: object, properties: {level: {enum: [1, 2]}, kind: {enum: [a, b]}}}
    rules:
      - {id: either, only_if: "args.level == 3 || args.kind == 'b'", otherwise: deny, because: One of them.}
  tell:
    tier: reversible
    input: {type: object, properties: {who: {type: array, items: {type: string}}}}
    rules:
      - id: known
        only_if: "list(args.who).all(w, domain(w) == 'example.com' || named_by_user(args.who))"
        otherwise: deny
        because: Nobody else.
  send:
    tier: reversible
    input: {type: object, properties: {to: {type: array, items: {type: string}}, path: {type: string}}}
    rules:
      - id: inside
        only_if: "list(args.to).all(t, domain(t) == 'example.com') && (!has(args.path) || within(args.path, '/srv'))"
        otherwise: deny
        because: Mail stays here.
limits:
  - {id: once, tools: [refund], max: 1, within: trace, otherwise: deny}
"""


def engine_of(path: Path) -> Engine | None:
    charter = load(path).charter
    return Engine(lower(charter), "Europe/Berlin") if charter is not None and charter.kind is Kind.CHARTER else None


@pytest.fixture(scope="module")
def desk() -> Engine:
    charter = load_text(DESK, "desk.yaml").charter
    assert charter is not None
    return Engine(lower(charter), "Europe/Berlin")


def seen(engine: Engine, tool: str, found: list[Probe]) -> list[set[int]]:
    """By condition, which outcomes the probes reach."""
    judged = [engine.truths(tool, engine.filled(tool, each.args), given=each.given) for each in found]
    return [set(column) for column in zip(*judged, strict=True)]


def test_every_condition_of_what_is_shipped_is_seen_true_false_and_unknown() -> None:
    outcomes, missed = 0, []
    for engine in filter(None, map(engine_of, SHIPPED)):
        for name, tool in engine.policy.tools.items():
            reached = seen(engine, name, list(probes(engine, name)))
            for condition, found in zip(tool.conditions, reached, strict=True):
                if not fixed(condition.tree):  # `true` in a base is so for every call
                    possible = 2 if condition.text == "!has(args.bcc)" else 3  # there is an object of arguments
                    outcomes += possible
                    missed += [(engine.policy.agent, name, condition.text)] * (possible - len(found))
    assert [] == missed
    assert outcomes > 800


def test_probes_are_data_no_two_alike_and_the_engine_decides_each() -> None:
    decided = valid = 0
    for engine in filter(None, map(engine_of, SHIPPED[:6])):
        for name in engine.policy.tools:
            found = list(probes(engine, name, most=60))
            keys = [text_of([each.args, dict(each.given)]) for each in found]
            assert len(keys) == len(set(keys))
            assert found == list(probes(engine, name, most=60))
            for each in found:
                check(dict(each.given))
                assert each.why
                verdict = engine.decide_value(name, each.args, given=each.given)
                valid += "invalid_input" not in verdict.reasons
                decided += 1
    assert decided > 500
    assert valid > decided / 4


def test_a_boundary_is_met_from_both_sides_where_the_rest_of_the_condition_leaves_it_the_outcome(desk: Engine) -> None:
    found = {
        each.args.get("amount"): each
        for each in probes(desk, "refund")
        if each.why.endswith("which decides `lead`") and each.given.get("order", {}).get("status") == "returned"
    }
    assert {49, 50, 51} <= found.keys()
    assert "args.amount just over 50: 51, which decides `lead`" == found[51].why
    effects = [desk.decide_value("refund", found[x].args, given=found[x].given).effect for x in (49, 50, 51)]
    assert [Effect.ALLOW, Effect.ALLOW, Effect.APPROVAL] == effects


def test_a_time_of_day_is_met_to_the_second(desk: Engine) -> None:
    words = {each.why for each in probes(desk, "refund") if each.why.startswith("at ")}
    expected = {  # in Berlin an hour later
        "at 2026-01-05T07:59:59Z, which decides `office-hours`",
        "at 2026-01-05T08:00:00Z, which decides `office-hours`",
        "at 2026-01-05T16:59:59Z, which decides `office-hours`",
        "at 2026-01-05T17:00:00Z, which decides `office-hours`",
    }
    assert expected <= words


def test_arguments_and_facts_are_left_out_null_and_of_another_kind(desk: Engine) -> None:
    words = [each.why for each in probes(desk, "refund")]
    for expected in (
        "args.amount missing", "args.amount null", "args.order_id missing", "args.order_id null", 'args.amount "x"',
        "order unknown", "order.status unknown", "order.status null", 'order.status "paid"',
        'order.status "delivered"', "exceeded('once') true", "exceeded('once') unknown", "args.amount 0",
        'args.order_id "o-000 x"', 'args.not_in_the_schema "x"',
    ):  # fmt: skip
        assert any(expected in each for each in words), expected


def test_lists_are_empty_of_one_item_and_mixed(desk: Engine) -> None:
    lists = [each.args["to"] for each in probes(desk, "send") if isinstance(each.args.get("to"), list)]
    inside, other = "somebody@example.com", "somebody@something else"
    for expected in ([], [inside], [other], [inside, other]):
        assert expected in lists
    paths = [each.args.get("path") for each in probes(desk, "send")]
    assert any(isinstance(path, str) and path.startswith("/srv/") for path in paths)
    assert any(isinstance(path, str) and not path.startswith("/srv") for path in paths)


def test_the_first_probe_is_a_call_that_asks_for_nothing(desk: Engine) -> None:
    for name in desk.policy.tools:
        first = next(probes(desk, name))
        assert Effect.ALLOW == desk.decide_value(name, first.args, given=first.given).effect


def test_what_is_wanted_is_reached_with_valid_arguments_where_there_are_any(desk: Engine) -> None:
    """`level` could be what the condition asks for, but the schema does not take that."""
    first = next(probes(desk, "post"))
    assert "b" == first.args["kind"]
    assert desk.prepared("post", first.args)[1]


def test_two_inputs_are_changed_where_no_one_of_them_turns_a_condition(desk: Engine) -> None:
    assert [{FALSE, UNKNOWN, TRUE}] == seen(desk, "tell", list(probes(desk, "tell")))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("args.a > 1", (0, 1, 1)),
        ("!(args.a > 1)", (1, 1, 0)),
        ("args.b == 2", (1, 0, 1)),
        ("args.a > 1 && args.b == 2", (0, 1, 2)),
        ("args.a == 1 && args.b == 2", (1, 0, 1)),
        ("args.a > 1 || args.b == 2", (1, 0, 1)),
        ("args.a > 1 || args.a == 5", (0, 1, 1)),
        ("!(args.a > 1 || args.a == 5)", (1, 1, 0)),
        ("args.a == 1 ? args.b == 2 : args.a > 1", (1, 0, 1)),
        ("args.a == 1 && true", (1, 1, 0)),
        ("args.a == 1 && false", (0, NEVER, NEVER)),
    ],
)
def test_a_distance_is_how_many_parts_would_have_to_change(text: str, expected: tuple[int, int, int]) -> None:
    part = compiled(parse_condition(text), tool="t", agent="a")
    assert expected == part.costs({"args": {"a": 1}})
    assert 0 == part.costs({"args": {"a": 1}})[part.truth({"args": {"a": 1}})]


@pytest.mark.parametrize(
    ("text", "leaf", "expected"),
    [
        ("args.a && args.b", "args.a", ((TRUE, "args.b"),)),
        ("args.a || args.b", "args.a", ((FALSE, "args.b"),)),
        ("!(args.a || args.b) && args.c", "args.b", ((TRUE, "args.c"), (FALSE, "args.a"))),
        ("args.a ? args.b : args.c", "args.c", ((FALSE, "args.a"),)),
        ("args.a ? args.b : args.c", "args.a", ((TRUE, "args.b"), (FALSE, "args.c"))),
    ],
)
def test_what_the_rest_must_be_for_a_part_to_decide(
    text: str, leaf: str, expected: tuple[tuple[int, str], ...]
) -> None:
    found = []
    for part, needed in compiled(parse_condition(text), tool="t", agent="a").leaves():
        if text[part.node.start : part.node.end] == leaf:
            found.append({(want, _unwrapped(text[each.node.start : each.node.end])) for each, want in needed})
    assert [set(expected)] == found


def _unwrapped(text: str) -> str:
    return text.strip("!()")


def test_as_many_as_were_asked_for_and_one_of_an_unmapped_tool(desk: Engine) -> None:
    assert 7 == len(list(probes(desk, "refund", most=7)))
    assert [] == list(probes(desk, "refund", most=0))
    assert [Probe("drop", {}, {}, "a tool that is not in the charter", About.UNMAPPED)] == list(probes(desk, "drop"))


@pytest.mark.parametrize("seed", range(8))
def test_any_policy_is_probed(seed: int) -> None:
    """Random conditions, most of them senseless: every probe is decided, and two outcomes of three are reached."""
    engine = Engine(with_history(random_policy(random.Random(seed))), "Europe/Berlin")
    reached = every = 0
    for name, tool in engine.policy.tools.items():
        found = list(probes(engine, name, most=120))
        assert found
        for each in found:
            engine.decide_value(name, each.args, given=each.given)
        open_ones = [not fixed(condition.tree) for condition in tool.conditions]
        for outcomes, counted in zip(seen(engine, name, found), open_ones, strict=True):
            reached, every = reached + len(outcomes) * counted, every + 3 * counted
    assert reached >= every * 2 / 3


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("^h-[0-9]+$", "h-0"),
        ("^[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}$", "AA00AAAAAAAAAAA"),
        ("^(?:select|with)[[:space:]].*$", "select "),
        ("(?is)^a.b$", "axb"),
        ("[^a]", "x"),
        (r"^\d{3}\.(?P<rest>x|y)?$", "000."),
        (r"^[\]\-]$", "]"),
        ("^[ab", None),
        (r"\bok\b", None),
        ("^a$^b$", None),
        ("^(x{400}){400}$", None),
    ],
)
def test_an_example_of_a_pattern_is_one(pattern: str, expected: str | None) -> None:
    assert expected == example(pattern)


def test_outcomes_are_named(desk: Engine) -> None:
    found = list(probes(desk, "refund"))
    assert "the loosest call that was found" == found[0].why  # it waives the gate
    named = {each.why: each for each in found if each.why.startswith("`lead` ")}
    assert ['`lead` false: order.status "paid"', "`lead` unknown: order.status unknown"] == sorted(named)
    for probe, expected in zip([found[0], *(named[why] for why in sorted(named))], (TRUE, FALSE, UNKNOWN), strict=True):
        assert expected == desk.truths("refund", probe.args, given=probe.given)[0]


def test_the_order_is_the_same_in_every_process() -> None:
    program = (
        "from pathlib import Path; from tests.policy.test_probes import engine_of, probes;"
        f"e = engine_of(Path({str(ROOT / 'charters/taubench/retail.yaml')!r}));"
        "print([repr(p) for t in list(e.policy.tools)[-4:] for p in probes(e, t, most=60)])"
    )
    said = [
        subprocess.run(
            [sys.executable, "-c", program], env={**os.environ, "PYTHONHASHSEED": seed}, cwd=ROOT, capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    ]  # fmt: skip
    assert len(said[0]) > 1_000
    assert said[0] == said[1]


def test_times_in_what_is_counted_are_no_sides_of_the_comparison() -> None:
    """A sum of times inside a list that is counted leads to no crash, here or where a verdict is explained."""
    text = """
govern: 1
agent: plan
version: 1
purpose: Plans.
owner: lead
roles: [lead]
tools:
  plan:
    tier: reversible
    input: {type: object, properties: {days: {type: array, items: {type: string}}, first: {type: string}}}
    rules:
      - id: near
        only_if: "size(args.days.filter(d, timestamp(args.first) - duration('1h') >= timestamp(d))) == 1"
        otherwise: deny
        because: One.
"""
    charter = load_text(text, "plan.yaml").charter
    assert charter is not None
    engine = Engine(lower(charter))
    assert list(probes(engine, "plan"))
    args = text_of({"days": ["2026-12-01T00:00:00Z"], "first": "2026-12-24T00:00:00Z"})
    assert explanation(engine, "plan", args, engine.decide_text("plan", args), given={}, first=False).parts


@pytest.mark.parametrize("seed", range(8))
def test_any_policy_of_the_whole_language_is_probed(seed: int) -> None:
    """Random policies over the whole language: every probe is decided, none crashes."""
    engine = Engine(charters.whole(random.Random(f"probes {seed}")), "Europe/Berlin")
    found = [each for tool in engine.policy.tools for each in probes(engine, tool, most=30)]
    assert found
    for each in found:
        engine.decide_value(each.tool, each.args, given=each.given)
