"""`cedar`, run in Cedar itself: effect and gates are the per-call engine's, or stricter where a gap says so."""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.conformance import charters
from tests.conformance.generate import Conditions, quote
from tests.conformance.outside import SCOPE, ZONES, Outside

from govern.compile.backends import cedar
from govern.compile.backends.cedar_patterns import listed
from govern.compile.backends.cedar_terms import Terms
from govern.conditions import Condition, Scope, bound, parse_condition
from govern.conditions.values import micro, searcher
from govern.conditions.zones import zoned
from govern.events.canonical import parse, text_of
from govern.policy.engine import Engine
from govern.policy.model import Policy

from . import comparing
from .comparing import EQUAL, TIGHTER, compared, some_of_each

cedarpy = pytest.importorskip("cedarpy", reason="the engine is in the extra `dev`")

CONFORMANCE = Path(__file__).parents[2] / "conformance"
TRAPS = yaml.safe_load((CONFORMANCE / "traps.yaml").read_text(encoding="utf-8"))
OUTSIDE = yaml.safe_load((CONFORMANCE / "conditions" / "outside.yaml").read_text(encoding="utf-8"))
POLICIES = int(os.environ.get("GOVERN_FUZZ_POLICIES", "40"))
LETTERS = "FUT"  # by `policy.verdict`
ROWS = 20


def asked(engine: Engine, policies: Any, tool: str, args: Any, given: Any, approved: Iterable[str]) -> bool:
    """Whether Cedar allows a call; nothing may fail in it."""
    result = cedarpy.is_authorized(cedar.request_of(engine, tool, args, given, approved), policies, [])
    assert [] == result.diagnostics.errors
    return bool(result.allowed)


def verdict(engine: Engine, policies: Any, tool: str, args: Any, given: Any) -> tuple[str, tuple[str, ...]]:
    mapped = engine.policy.tools.get(tool)
    effect, gates = cedar.verdict_of(
        lambda approved: asked(engine, policies, tool, args, given, approved), cedar.gates(mapped) if mapped else ()
    )
    return effect.label, gates


def exported(policy: Policy, zone: str | None = None) -> tuple[Any, set[str]]:
    made = cedar.export(policy, tighter=True, zone=zone)
    return cedarpy.PolicySet.from_str(made.files["policy.cedar"]), {gap.where for gap in made.gaps}


class Truths:
    """What Cedar finds true and false of several conditions; each is two policies, so all are asked at once."""

    def __init__(self, conditions: list[Condition], zone: str | None, numbers: frozenset[str] = frozenset()) -> None:
        lines, self.gaps = [], []
        for condition in conditions:
            terms = Terms(numbers)
            pair = terms.condition(zoned(bound(condition, tool="t", agent="a"), zone), "t")
            lines += [f"permit(principal, action, resource) when {{ {side} }};" for side in (pair.true, pair.false)]
            self.gaps.append(bool(terms.gaps))
        self.policies = cedarpy.PolicySet.from_str("\n".join(lines))
        self.engine = Engine(comparing.rules_of(conditions), zone)
        self.count = len(conditions)

    def of(self, args: Any, given: Any) -> list[str] | None:
        """T, F or U of each; None where the arguments have no form in Cedar."""
        request = cedar.request_of(self.engine, "t", args, given)
        if not request["context"]["valid"]:
            return None
        result = cedarpy.is_authorized(request, self.policies, [])
        assert [] == result.diagnostics.errors
        met = set(result.diagnostics.reasons)
        sides = [(f"policy{2 * index}" in met, f"policy{2 * index + 1}" in met) for index in range(self.count)]
        assert (True, True) not in sides
        return ["T" if true else "F" if false else "U" for true, false in sides]


# -- conditions ------------------------------------------------------------------------------------------


def test_cases() -> None:
    """Every case of the conformance table and of the traps has its value, or is unknown where Cedar cannot say it."""
    tally: Counter[str] = Counter()
    for row in [*TRAPS, *OUTSIDE]:
        if "condition" not in row or "expect" not in row or "nested" in row:
            continue
        truths = Truths([parse_condition(row["condition"], SCOPE)], row.get("zone"))
        found = truths.of(parse(str(row.get("args", "{}"))), parse(str(row.get("given", "{}"))))
        if found is None:
            tally["refused"] += 1
        elif found == [row["expect"]]:
            tally[EQUAL] += 1
        else:
            assert (["U"], [True]) == (found, truths.gaps), row
            tally[TIGHTER] += 1
    some_of_each(tally, EQUAL, TIGHTER)
    assert tally[EQUAL] > tally[TIGHTER], tally


@pytest.mark.parametrize(("writer", "scope"), [(Conditions, Scope()), (Outside, SCOPE)], ids=["arguments", "given"])
def test_random_conditions(writer: type[Conditions], scope: Scope) -> None:
    """Random conditions on hostile calls: nothing fails in Cedar, and only a gap makes anything unknown."""
    rng = random.Random(9)
    tally: Counter[str] = Counter()
    for _ in range(POLICIES):
        zone = rng.choice(ZONES)
        conditions = comparing.written(rng, writer, scope, 25)
        truths = Truths(conditions, zone)
        for _ in range(ROWS):
            args, given = comparing.tamed(comparing.row(rng), _is_translatable, lambda leaf: 7)
            found = truths.of(args, given)
            assert found is not None
            expected = [LETTERS[truth] for truth in truths.engine.truths("t", args, given=given)]
            for condition, gap, one, other in zip(conditions, truths.gaps, expected, found, strict=True):
                tally[one] += not gap
                if one == other:
                    tally[EQUAL] += not gap
                    continue
                assert (True, "U") == (gap, other), f"{condition.text}\n{text_of(args)}\n{given}\n{one} {other}"
                tally[TIGHTER] += 1
    some_of_each(tally, EQUAL, TIGHTER, "T", "F", "U")


def _is_translatable(leaf: Any) -> bool:
    return not isinstance(leaf, float) or micro(leaf) is not None


def test_places() -> None:
    """What is absent, null, or below something that has no such place is told apart as the per-call engine does."""
    truths = Truths([parse_condition(text, SCOPE) for text in comparing.PLACES], None)
    assert not any(truths.gaps)
    for args in comparing.HELD:
        for given in comparing.FACTS:
            expected = [LETTERS[truth] for truth in truths.engine.truths("t", args, given=given)]
            assert expected == truths.of(args, given), f"{args} {given}"


def test_items() -> None:
    """What is asked of the items of lists of every kind has the per-call engine's value, without a gap."""
    sources = ("args.xs", "list(args.xs)", "keys(args.xs)")
    bodies = ["x in args.ys", "!(x in args.ys)", "x in list(args.ys)", "x in keys(args.ys)", "x == 'a'", "x != 1",
              "x in ['a', 'b']", "!(x in [1, 2.5])", "x == true", "x in [true, false]"]  # fmt: skip
    written = [f"{source}.{fn}(x, {body})" for source in sources for fn in ("all", "exists") for body in bodies]
    written += ["args.zs in args.xs", "'a' in args.xs", "null in args.xs", "args.zs in keys(args.ys)", "2.5 in args.ys"]
    written += [f"size({place}) == 1" for place in (*sources, "args.zs")] + [
        "args.xs[0] == args.ys[1]",
        "has(args.xs[1].k)",
    ]
    truths = Truths([parse_condition(text) for text in written], None)
    assert not any(truths.gaps)
    items: list[Any] = [1, 2.5, "a", "c", None, True, [1], {"k": 1}]
    lists: list[Any] = [[], *([one] for one in items), *([one, two] for one in items for two in items[::2])]
    values = [*lists, None, "a", 1, {"a": 1}, {"a": 1, "c": 2}, {}]
    rng = random.Random(1)
    tally: Counter[str] = Counter()
    for left in values:
        for right in rng.sample(values, 12):
            args = {"xs": left, "ys": right, "zs": rng.choice([*items, [], "xy"])}
            for key in rng.sample(sorted(args), rng.choice([0, 0, 0, 1])):
                del args[key]
            expected = [LETTERS[truth] for truth in truths.engine.truths("t", args)]
            found = truths.of(args, {}) or []
            for text, one, other in zip(written, expected, found, strict=True):
                assert one == other, f"{text} {args}"
                tally[one] += 1
    some_of_each(tally, "T", "F", "U")


@pytest.mark.parametrize("part", ["a*", "*", "**b", "\\", '"', "a\nb", "\x00", "é\U0001f600", "\u202e", "{x}", "\\*"])
def test_texts_are_taken_as_written(part: str) -> None:
    """No character of a written text is special to Cedar, a wildcard included."""
    tests = ["startsWith", "endsWith", "contains"]
    condition = [parse_condition(f"args.a.{test}({quote(part)})") for test in tests]
    condition.append(parse_condition(f"args.a == {quote(part)}"))
    truths = Truths(condition, None)
    for text in (part, f"x{part}", f"{part}x", f"x{part}x", "ab", "axb", "a", "", "x", "\\", "nb"):
        expected = [text.startswith(part), text.endswith(part), part in text, text == part]
        assert ["T" if one else "F" for one in expected] == truths.of({"a": text}, {})


# -- verdicts --------------------------------------------------------------------------------------------


def test_random_policies() -> None:
    """Random policies of the whole language give every random call its effect and its gates."""
    rng = random.Random(12)
    tally: Counter[str] = Counter()
    for policy, call in comparing.random_policies(rng, POLICIES * 2):
        policies, gaps = exported(policy)
        engine = Engine(policy)
        for _ in range(ROWS):
            tool = rng.choice([*policy.tools, *charters.TOOLS])
            args, given = comparing.tamed(call(), _is_translatable, lambda leaf: 7)
            effect, gates = verdict(engine, policies, tool, args, given)
            expected = engine.decide(tool, args, given=given)
            outcome = compared(expected, effect, gates)
            tally[outcome] += 1
            tally[effect] += 1
            if outcome is TIGHTER:
                assert any(gap.startswith(f"{tool}: ") for gap in gaps), f"{tool} {args} {given}\n{expected}"
    some_of_each(tally, EQUAL, TIGHTER, "allow", "approval", "deny")
    assert tally[EQUAL] > tally[TIGHTER] * 2, tally


def test_tiers_are_raised_step_by_step() -> None:
    """A rule that is keyed by a tier concerns a call that other rules raise to it one after the other."""
    policy = comparing.raised_twice()
    policies, _ = exported(policy)
    engine = Engine(policy)
    for args, expected in (({"a": 1}, ("approval", ("lead", "owner"))), ({"a": 2}, ("allow", ()))):
        assert expected == (engine.decide("t", args).effect.label, tuple(sorted(engine.decide("t", args).gates)))
        assert expected == verdict(engine, policies, "t", args, {})


# -- what a context may be -------------------------------------------------------------------------------

ALLOWED = comparing.rules_of([parse_condition("args.a > 5 || args.to == 'x' || args.xs.exists(x, x == 1)")])


@pytest.mark.parametrize(
    "args",
    [{"a": 1e-7}, {"a": 1e300}, {"xs": [0.1234567]}, {"__entity": 1}, {"o": {"__extn": {"fn": "ip", "arg": "::1"}}},
     {"__expr": "true"}, [], None, {"a": float("nan")}, {"a": 2**63}, {"a": 1, "A": 2}, {"a": "\ud800"}],
    ids=repr,
)  # fmt: skip
def test_what_has_no_form_is_denied(args: Any) -> None:
    """Arguments that Cedar's data cannot hold make the call invalid, whatever the rules say; so does deep nesting."""
    policies, _ = exported(ALLOWED)
    engine = Engine(ALLOWED)
    deep: Any = 1
    for _ in range(40):
        deep = [deep]
    for one in (args, {"a": 1, "to": "", "xs": [], "deep": deep}):
        assert not cedar.context_of(engine, "t", one)["valid"]
        assert not asked(engine, policies, "t", one, {}, ())
    assert asked(engine, policies, "t", {"a": 1, "to": "", "xs": []}, {}, ())


@pytest.mark.parametrize("broken", ["valid", "args", "given", "approved"])
def test_a_context_that_is_wrong_is_denied(broken: str) -> None:
    """Where a part of the context is missing or of another kind, nothing is permitted, though evaluation may fail."""
    policy = three_rules()
    policies, _ = exported(policy)
    engine = Engine(policy)
    request = cedar.request_of(engine, "t", {"a": 1, "to": "y"}, {"order": {"total": 5}})
    assert cedarpy.is_authorized(request, policies, []).allowed
    for wrong in (None, 5, "x", True, [], {}, {"string": 5}, {"object": 5}, {"object": {"a": 5}}):
        context = dict(request["context"])
        if wrong is None:
            del context[broken]
        else:
            context[broken] = wrong
        if (broken, wrong) in (("valid", True), ("approved", [])):
            continue
        found = cedarpy.is_authorized({**request, "context": context}, policies, [])
        # No gate is asked for here, so `approved` is never read.
        assert found.allowed is (broken == "approved"), wrong


def three_rules() -> Policy:
    conditions = ["args.a > 5", "args.to == 'x'", "order.total > 100"]
    return comparing.rules_of([parse_condition(text, SCOPE) for text in conditions])


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("^main$", [("main", True, True)]),
        ("^(?:main|release-)x", [("mainx", True, False), ("release-x", True, False)]),
        ("a|^b$|c$", [("a", False, False), ("b", True, True), ("c", False, True)]),
        (r"^a\.b\*$", [("a.b*", True, True)]),
        ("", [("", False, False)]),
        ("^$", [("", True, True)]),
        *((pattern, None) for pattern in ("a.b", "a*", "(a|b)+", "[ab]", "(?i)a", r"\d", "a{2}", "(^a)", "a$b", "a)",
                                          "x?", "(a", r"\Qa\E", r"\_", "(?P<n>a)", "(a{2})", "^*")),
    ],
)  # fmt: skip
def test_patterns(pattern: str, expected: list[tuple[str, bool, bool]] | None) -> None:
    """Only a pattern that lists texts is one for `like`; those that RE2 takes mean the same there."""
    found = listed(pattern)
    assert expected == (None if found is None else [(one.text, one.start, one.end) for one in found])


def test_random_patterns_mean_what_re2_says() -> None:
    """What is taken for a list of texts matches the same texts in RE2."""
    rng = random.Random(8)
    taken = 0
    for _ in range(4000):
        pattern = "".join(
            rng.choices(["a", "b", "|", "(", ")", "(?:", "^", "$", ".", "\\.", "*", "é"], k=rng.randint(1, 7))
        )
        found = listed(pattern)
        try:
            search = searcher(pattern)
        except Exception:  # no pattern of RE2: no condition has it
            continue
        if found is None:
            continue
        taken += 1
        for text in ("", "a", "b", "ab", "ba", "aab", ".", "a.b", "é", "aé", "a\n", "b\na"):
            by_like = any(
                text == one.text if one.start and one.end else text.startswith(one.text) if one.start
                else text.endswith(one.text) if one.end else one.text in text
                for one in found
            )  # fmt: skip
            assert search(text) == by_like, (pattern, text)
    assert taken > 500
