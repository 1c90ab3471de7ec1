"""What lint claims of conditions, held against what they give: random conditions on random arguments.

`possible` may never rule out a value that a condition takes, and `guard-loosens` reports exactly the guards that
let a call pass. The random numbers have a seed, so that a failure comes again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from itertools import product
from random import Random
from typing import Any

import pytest

from govern.charter.load import load_text
from govern.conditions import ConditionError, parse_condition
from govern.conditions.python import decider
from govern.lint.engine import lint
from govern.lint.logic import EVERY, possible

from .fragments import whole

PATHS = ["args.n", "args.s", "args.b", "args.l", "args.o.k"]
LITERALS = ["1", "2", "5", "'a'", "'b'", "true", "null", "-3", "5.5", "''"]
COMPARE = ["==", "!=", "<", "<=", ">", ">="]
WHOLE = [
    "true",
    "false",
    "1 == 1",
    "null == null",
    "args.l.all(x, x > 1)",
    "args.l.exists(x, x == x)",
    "size(args.l) >= 0",
]
VALUES = [
    1,
    2,
    5,
    -3,
    5.5,
    0,
    3,
    10,
    "a",
    "b",
    "ab",
    "",
    True,
    False,
    None,
    [],
    [1],
    ["a", 1],
    [2, 3],
    {"k": 1},
    {"k": "a"},
]


def atom(random: Random) -> str:
    path, literal, fn = random.choice(PATHS), random.choice(LITERALS), random.choice(COMPARE)
    return random.choice(
        [
            f"{path} {fn} {literal}",
            f"{literal} {fn} {path}",
            f"{path} {fn} {random.choice(PATHS)}",
            f"{path} in [{', '.join(random.sample(LITERALS, random.randrange(3)))}]",
            f"has({path})",
            path,
            random.choice(WHOLE),
        ]
    )


def joined(random: Random, of: Callable[[Random], str], depth: int = 0) -> str:
    """Atoms joined by `&&`, `||`, `!` and `? :`, at most four deep."""

    def inner() -> str:
        return joined(random, of, depth + 1)

    match random.randrange(7 if depth < 3 else 3):
        case 0 | 1 | 2:
            return of(random)
        case 3:
            return f"({inner()} && {inner()})"
        case 4:
            return f"({inner()} || {inner()})"
        case 5:
            return f"!({inner()})"
        case _:
            return f"({inner()} ? {inner()} : {inner()})"


def arguments(random: Random) -> dict[str, Any]:
    return {key: random.choice(VALUES) for key in "nsblo" if random.random() < 0.85}


def test_what_is_called_impossible_never_happens() -> None:
    """A condition never takes a value that lint ruled out; enough conditions are ruled on to say so."""
    random = Random(7)
    ruled = 0
    seen = Counter[bool | None]()
    for _ in range(1500):
        text = joined(random, atom)
        try:
            tree = parse_condition(text).tree
        except ConditionError:
            continue  # an order between a number and a truth value is refused when it is read
        values, judge = possible(tree), decider(tree)
        ruled += len(values) < 3
        for _ in range(25):
            args = arguments(random)
            taken = judge({"args": args})
            seen[taken] += 1
            assert taken in values, (text, args)
    assert ruled > 60
    assert min(seen[value] for value in EVERY) > 1000


# Atoms on arguments of their own, so that each can be true, false or unknown whatever the others are.
OTHERS = {"args.s == 'a'": [{"s": "a"}, {"s": "b"}, {}], "args.b": [{"b": True}, {"b": False}, {}]}


def guarded(random: Random) -> str:
    return random.choice(["has(args.n)", "has(args.n)", "args.n > 5", "args.n <= 9", *OTHERS, "true", "false"])


def loosens(text: str, permits: bool) -> bool:
    """Whether some call without `n` passes as the condition is written and not with its guards unknown."""
    written = decider(parse_condition(text).tree)
    plain = decider(parse_condition(text.replace("has(args.n)", "args.nothing == 1")).tree)
    calls = [{key: value for part in parts for key, value in part.items()} for parts in product(*OTHERS.values())]
    return any(written({"args": args}) is permits and plain({"args": args}) is not permits for args in calls)


@pytest.mark.parametrize("form", ["when", "only_if", "unless"])
def test_guards_that_loosen_are_exactly_those_reported(form: str) -> None:
    """In each form, a guard is reported where some call without the argument passes because of it, and only there."""
    random = Random(11)
    seen = {True: 0, False: 0}
    while min(seen.values()) < 25:
        text = joined(random, guarded)
        if "has(args.n)" not in text or "args.n " not in text:
            continue
        if form == "unless":
            authority, rules = f'approval: {{ask: lead, unless: "{text}"}}', ""
        else:
            effect = "then" if form == "when" else "otherwise"
            authority, rules = "approval: {ask: lead}", f'\n    rules: [{{id: a, {form}: "{text}", {effect}: deny}}]'
        loaded = load_text(
            whole(
                f"tools:\n  pay:\n    tier: irreversible\n    {authority}\n    input: {{type: object, properties: "
                f"{{n: {{type: number}}, s: {{type: string}}, b: {{type: boolean}}}}}}{rules}\n"
            )
        )
        assert () == loaded.findings, text
        expected = loosens(text, permits=form != "when")
        seen[expected] += 1
        assert expected == any(finding.rule == "guard-loosens" for finding in lint(loaded)), text
