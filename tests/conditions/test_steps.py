"""What is shown of a condition's parts is what the engine made of them."""

from __future__ import annotations

import random
from typing import Any

import pytest
from tests.conformance import reference
from tests.conformance.generate import Conditions, arguments

from govern.conditions import Condition, ConditionError, FieldType, Scope, parse_condition
from govern.conditions.python import decider
from govern.conditions.spans import located
from govern.conditions.steps import SHOWN, State, Step, steps
from govern.conditions.tree import Call, Macro, walk
from govern.policy.derive import with_history
from govern.policy.model import AfterReading, Effect, Limit, Policy, Tier, ToolPolicy, Untrusted

LETTER = {True: "T", False: "F", None: "U"}
FACTS = Scope((("order", (("total", FieldType("number")), ("due", FieldType("timestamp")))),))


def apart(text: str, args: dict[str, Any], scope: Scope = FACTS, zone: str | None = None, **given: Any) -> Step:
    return steps(parse_condition(text, scope), {**given, "args": args}, tool="t", agent="a", zone=zone)


def read(text: str, args: dict[str, Any], **given: Any) -> list[tuple[str, str, Any]]:
    """Text, state and value of what the first part without parts asked for."""
    return [(each.text, each.state.value, each.value) for each in leaf(apart(text, args, **given)).values]


def leaf(step: Step) -> Step:
    return leaf(step.parts[0]) if step.parts else step


def random_conditions(seed: int, count: int) -> list[Condition]:
    rng = random.Random(seed)
    writer, found = Conditions(rng), []
    while len(found) < count:
        try:
            texts = [writer.text() for _ in range(rng.choice([1, 1, 2, 3]))]
            grouped = [rng.choice(["({})", "!({})", "( {} )"]).format(text) for text in texts]
            found.append(parse_condition(rng.choice([" && ", " || "]).join(grouped)))
        except ConditionError:
            continue
    return found


def joined(fn: str, parts: list[bool | None]) -> bool | None:
    """The three-valued table, written out."""
    if fn == "!":
        return None if parts[0] is None else not parts[0]
    if fn == "?:":
        return None if parts[0] is None else parts[1] if parts[0] else parts[2]
    settled = fn == "||"
    return settled if settled in parts else None if None in parts else not settled


def test_parts_have_the_values_of_the_engine() -> None:
    """The whole is what the engine decides and what the reference says; what is joined follows from its parts."""
    rng = random.Random(41)
    seen: set[tuple[str, bool | None]] = set()
    for condition in random_conditions(7, 250):
        run = decider(condition.tree)
        for _ in range(8):
            args = arguments(rng)
            root = steps(condition, {"args": args}, tool="t", agent="a")
            assert root.truth == run({"args": args})
            assert reference.evaluate(condition.tree, args) == LETTER[root.truth]
            for step in root.walk():
                if step.parts:
                    assert isinstance(step.node, Call)
                    assert step.truth == joined(step.node.fn, [part.truth for part in step.parts]), step.text
                    seen.add((step.node.fn, step.truth))
    assert {(fn, truth) for fn in ("&&", "||", "!") for truth in (True, False, None)} <= seen


def test_a_part_is_written_with_what_belongs_to_it() -> None:
    """The text of every part is a condition of its own, with the same value; it stands where it says."""
    rng = random.Random(43)
    count = 0
    for condition in random_conditions(11, 250):
        args = arguments(rng)
        todo = [steps(condition, {"args": args}, tool="t", agent="a")]
        while todo:
            step = todo.pop()
            assert condition.text[step.start : step.end] == step.text
            assert step.truth == decider(parse_condition(step.text).tree)({"args": args}), step.text
            todo += step.parts
            count += 1
    assert count > 700


def test_elements_are_those_that_decide() -> None:
    """Of `all` and `exists` the shown item has the value that the whole has, and it is the first that does."""
    rng = random.Random(47)
    seen: set[tuple[str, bool | None]] = set()
    for condition in random_conditions(13, 400):
        for _ in range(4):
            root = steps(condition, {"args": arguments(rng)}, tool="t", agent="a")
            for step in root.walk():
                if not isinstance(step.node, Macro) or step.items is None or step.node.fn not in ("all", "exists"):
                    continue
                truths = [each.step.truth for each in step.elements]
                settled = step.node.fn == "exists"
                if step.truth is not settled and step.truth is not None:
                    assert [not settled] * min(step.items, SHOWN) == truths
                else:
                    assert [step.truth] == truths
                seen.add((step.node.fn, step.truth))
    assert {(fn, truth) for fn in ("all", "exists") for truth in (True, False, None)} == seen


def test_the_first_item_that_decides_is_shown() -> None:
    step = apart("args.xs.all(x, x < 3)", {"xs": [1, "a", 5, 7]})
    assert (False, 4, [(2, 5)]) == (step.truth, step.items, [(e.index, e.item.value) for e in step.elements])
    step = apart("args.xs.all(x, x < 3)", {"xs": [1, "a", 2]})
    assert (None, [(1, "a")]) == (step.truth, [(e.index, e.item.value) for e in step.elements])
    step = apart("count(args.xs, x, x > 2) == 4", {"xs": [3, 1, 4, 5, 6]})
    assert (True, [0, 2, 3]) == (step.truth, [e.index for e in step.elements])
    assert ("count(args.xs, x, x > 2)", 4) == (step.values[-1].text, step.values[-1].value)
    step = apart("[1, 2].exists(x, args.a == x)", {"a": 2})
    assert [(1, 2, True)] == [(e.index, e.item.value, e.step.truth) for e in step.elements]


def test_items_of_lists_in_lists() -> None:
    """Both variables have their items; what was read knows which inputs it came from."""
    step = apart("args.xs.all(x, args.ys.exists(y, y.k == x))", {"xs": ["a", "b"], "ys": [{"k": "a"}]})
    inner = step.elements[0].step.elements[0].step
    assert [("y.k", "a", (("args", "ys"),)), ("x", "b", (("args", "xs"),))] == [
        (each.text, each.value, each.of) for each in inner.values
    ]


@pytest.mark.parametrize(
    ("text", "args", "given", "expected"),
    [
        ("args.a > 1", {"a": 5}, {}, [("args.a", "value", 5)]),
        ("args.a > 1", {"a": None}, {}, [("args.a", "null", None)]),
        ("args.a > 1", {}, {}, [("args.a", "absent", None)]),
        ("args.a.b > 1", {"a": 5}, {}, [("args.a.b", "wrong_kind", None)]),
        ("args.a.b > 1", {}, {}, [("args.a.b", "absent", None)]),
        ("order.total > 1", {}, {}, [("order.total", "not_given", None)]),
        ("order.total > 1", {}, {"order": None}, [("order.total", "not_given", None)]),
        ("order.total > 1", {}, {"order": {}}, [("order.total", "absent", None)]),
        ("calls('t') > 1", {}, {}, [("calls('t')", "not_given", None)]),
        ("calls('t') > 1", {}, {"calls('t')": 3}, [("calls('t')", "value", 3)]),
        ("lower(args.a) == 'x'", {"a": "X"}, {}, [("args.a", "value", "X"), ("lower(args.a)", "value", "x")]),
        ("domain(args.a) == 'x'", {"a": "X"}, {}, [("args.a", "value", "X"), ("domain(args.a)", "unknown", None)]),
        ("args.a + 0.5 > 1", {"a": 1}, {}, [("args.a", "value", 1), ("args.a + 0.5", "value", 1.5)]),
        ("at < timestamp('2026-01-01T00:00:00Z')", {}, {"at": 0}, [("at", "value", "1970-01-01T00:00:00Z")]),
        ("at > timestamp('2026-01-01T00:00:00Z')", {}, {}, [("at", "not_given", None)]),
        ("size(list(args.a)) == 0", {}, {}, [("args.a", "absent", None), ("size(list(args.a))", "value", 0)]),
    ],
)
def test_what_was_read(text: str, args: dict[str, Any], given: Any, expected: list[tuple[str, str, Any]]) -> None:
    """Each kind of nothing has its own name; what is computed stands behind what it is made of."""
    assert expected == read(text, args, **given)


def test_local_time_is_that_of_the_zone() -> None:
    noon = 1_795_521_600 * 10**9  # 2026-11-24T12:00:00Z
    step = apart("hour(at) >= 13", {}, zone="Europe/Berlin", at=noon)
    assert (True, ("hour(at)", 13)) == (step.truth, (step.values[-1].text, step.values[-1].value))
    step = apart("hour(at) >= 13", {}, at=noon)
    assert (None, State.UNKNOWN) == (step.truth, step.values[-1].state)


def test_conditions_that_no_charter_writes_have_places_in_their_text() -> None:
    """Those of limits, and of what was read with an exception to it."""
    unless = parse_condition("(args.a > 1 || has(args.b)) && args.c")
    after = AfterReading("r", ("t",), (), unless, Effect.DENY, None, None, "")
    limit = Limit("it's", ("t",), (), None, 3, None, "trace", (), "proposed", Effect.DENY, None, None, "")
    policy = Policy(
        "a", 1, "", "", (), {}, {"t": ToolPolicy("t", Tier.READ_ONLY)}, (),
        limits=(limit,), untrusted=Untrusted((), "flag", (after,)),
    )  # fmt: skip
    rules = with_history(policy).tools["t"].rules
    texts = []
    for rule in rules:
        root = steps(rule.condition, {"args": {"a": 5, "c": True}, "tainted('session')": True}, tool="t", agent="a")
        texts.append([step.text for step in root.walk()])
        for node in walk(located(rule.condition)):
            assert 0 <= node.start < node.end <= len(rule.condition.text)
    assert ["exceeded('it\\'s')"] == texts[0]
    assert [
        "tainted('session') && !((args.a > 1 || has(args.b)) && args.c)",
        "tainted('session')",
        "!((args.a > 1 || has(args.b)) && args.c)",
        "(args.a > 1 || has(args.b)) && args.c",
        "args.a > 1 || has(args.b)",
        "args.a > 1",
        "has(args.b)",
        "args.c",
    ] == texts[1]
