"""What every export is compared on: random calls, and whether a verdict is the same, stricter, or looser."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

from tests.conformance import charters, outside, policies
from tests.conformance.generate import Conditions, arguments

from govern.conditions import Condition, ConditionError, Scope, parse_condition
from govern.policy.derive import with_history
from govern.policy.document import sealed
from govern.policy.model import EFFECTS, Deadline, Effect, Gate, Policy, Rule, Tier, ToolPolicy, When
from govern.policy.verdict import Verdict

Row = tuple[dict[str, Any], dict[str, Any]]
EQUAL, TIGHTER = "equal", "tighter"


def compared(expected: Verdict, effect: str, gates: Sequence[str]) -> str:
    """EQUAL or TIGHTER.

    Raises:
        AssertionError: the other engine's verdict is looser, or no verdict.
    """
    found = EFFECTS[effect]
    if (found, set(gates)) == (expected.effect, set(expected.gates)):
        return EQUAL
    stricter = found > expected.effect or (
        found == expected.effect == Effect.APPROVAL and set(gates) > set(expected.gates)
    )
    assert stricter, f"LOOSER: {effect} {list(gates)} for {expected}"
    return TIGHTER


def rules_of(conditions: Sequence[Condition]) -> Policy:
    """A policy of one tool `t` with a rule on each of some conditions."""
    made = tuple(
        Rule(f"r{index}", When.WHEN, condition, Effect.DENY, None, "because")
        for index, condition in enumerate(conditions)
    )
    return sealed(Policy("a", 1, "p", "o", ("o",), {}, {"t": ToolPolicy("t", Tier.READ_ONLY, rules=made)}, ()))


def written(rng: random.Random, writer: type[Conditions], scope: Scope, count: int) -> list[Condition]:
    """Random conditions that the checker takes."""
    found: list[Condition] = []
    while len(found) < count:
        try:
            found.append(parse_condition(writer(rng).text(), scope))
        except ConditionError:
            continue
    return found


PLACES = [
    "has(args.o.a)", "has(args.o.a.b)", "has(args.o[0].a)", "args.o.a == null", "args.o == null", "args.o.a != 'x'",
    "list(args.o.a).all(x, x == 1)", "list(args.o).exists(x, x == 1)", "size(list(args.o.a)) == 0", "1 in list(args.o)",
    "has(order.note)", "has(order.note.a)", "list(order.note).all(x, x == 'x')", "order.note == null",
]  # fmt: skip
"""Conditions that tell what is absent from what is null and what is wrong; each is asked of HELD."""
HELD: list[Any] = [
    {}, *({"o": value} for value in (
        None, {}, "x", 5, True, [], [None], [{}], [{"a": 1}], {"a": None}, {"a": "x"}, {"a": [1]}, {"a": {"b": 1}},
        {"a": {"b": None}}, {"a": {}},
    )),
]  # fmt: skip
FACTS: list[Any] = [{}, {"order": None}, *({"order": {"note": each["o"]} if each else {}} for each in HELD)]


def raised_twice() -> Policy:
    """A policy whose rules raise a tool's tier in two steps; what is keyed by the last asks the gate `lead`."""
    always = parse_condition("args.a == 1")
    rules = tuple(
        Rule(f"r{number}", When.WHEN, always, effect, gate, "because", tier, tiers)
        for number, (effect, gate, tier, tiers) in enumerate([
            (Effect.APPROVAL, "lead", None, (Tier.IRREVERSIBLE,)),
            (Effect.APPROVAL, "owner", Tier.IRREVERSIBLE, (Tier.REVERSIBLE,)),
            (Effect.ALLOW, None, Tier.REVERSIBLE, ()),
        ])
    )  # fmt: skip
    gates = {name: Gate(name, ("o",), 1, (Deadline(60, then=Effect.DENY),)) for name in ("lead", "owner")}
    return sealed(Policy("a", 1, "p", "o", ("o",), gates, {"t": ToolPolicy("t", Tier.READ_ONLY, rules=rules)}, ()))


def row(rng: random.Random) -> Row:
    """Hostile arguments and what is given beside them."""
    return outside.timed_arguments(rng, arguments(rng)) if rng.random() < 0.5 else arguments(rng), outside.beside(rng)


def tamed(value: Any, keep: Callable[[Any], bool], instead: Callable[[Any], Any]) -> Any:
    """The same data with every leaf and key that an engine cannot be given replaced."""
    match value:
        case list() | tuple():
            return type(value)(tamed(each, keep, instead) for each in value)
        case dict():
            return {tamed(key, keep, instead): tamed(each, keep, instead) for key, each in value.items()}
        case _:
            return value if keep(value) else instead(value)


def random_policies(rng: random.Random, count: int) -> Iterator[tuple[Policy, Callable[[], Row]]]:
    """Policies over the whole language, each with calls of it: what is given is of its facts and its history."""
    for number in range(count):
        if number % 2:
            yield policies.policy(rng), lambda: (arguments(rng), {**policies.history(rng)})
        else:
            policy = with_history(charters.whole(rng))
            keys = sorted({key for tool in policy.tools.values() for key in _history_keys(tool)})
            yield policy, partial(_call, rng, keys)


def _call(rng: random.Random, keys: Sequence[str]) -> Row:
    args, given = row(rng)
    return args, {**given, **_history(rng, keys)}


def _history_keys(tool: ToolPolicy) -> set[str]:
    return {
        str(read.path[0]) for condition in tool.conditions for read in condition.reads
        if str(read.path[0]).startswith(("exceeded", "tainted", "calls", "succeeded"))
    }  # fmt: skip


def _history(rng: random.Random, keys: Sequence[str]) -> dict[str, Any]:
    return {
        key: rng.choice([True, False, False, None] if key.startswith(("exceeded", "tainted")) else [0, 1, 2, 3])
        for key in keys
        if rng.random() < 0.9
    }


def some_of_each(tally: Counter[str], *kinds: str) -> None:
    """A comparison that met nothing of a kind has not looked."""
    assert all(tally[kind] > 0 for kind in kinds), tally
