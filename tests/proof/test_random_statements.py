"""Random statements: what the solver says of them agrees with every call that the engine was asked about.

`GOVERN_FUZZ_STATEMENTS` is how many.
"""

from __future__ import annotations

import os
import random
from functools import cache
from typing import Any

import pytest

from govern.policy.probes import probes
from govern.proof.ask import Broken, Holds, Prover, Unknown, Vacuous, sayable
from govern.proof.statement import All, Not, Statement
from govern.proof.statement_text import read_statements
from govern.proof.statement_truth import Judged, Truth, judged

from .charters import policy

pytest.importorskip("z3", reason="the extra `prove` is not installed")

COUNT = int(os.environ.get("GOVERN_FUZZ_STATEMENTS", "60"))
PARTS = [
    "allow", "approval", "deny", "ask lead", "ask head", "ask a gate", "rule removes applies", "rule not-dry applies",
    "rule for-good applies", "rule for-good decides", "rule daily applies", "rule read-before decides",
    "after untrusted content", "over limit daily", "args.dry", "args.dry or unknown", "!args.dry", "has(args.dry)",
    "args.command == 'ls'", "args.command.startsWith('rm')", "args.command.startsWith('r') or unknown",
    "size(args.command) > 2", "args.to == 'ann'", "args.to == args.command or unknown", "tool == 'run'", "true",
]  # fmt: skip
TOOLS = ["run", "look", "mail", "run, mail", "tier irreversible", "tier reversible", "external tools", "every tool"]


def formula(chance: random.Random, depth: int = 2) -> str:
    if depth and chance.random() < 0.4:
        parts = [formula(chance, 0) for _ in range(chance.randint(2, 3))]
        return chance.choice((" and ", " or ")).join(parts)
    return chance.choice(("", "", "not ")) + chance.choice(PARTS)


def statement(chance: random.Random) -> str:
    tools = chance.choice(TOOLS)
    tail = chance.choice(("", f" when {formula(chance)}", f" unless {formula(chance)}", " after untrusted content"))
    return chance.choice(
        (
            f"never allow {tools}{tail}",
            f"always deny {tools}{tail}",
            f"always allow {tools}{tail}",
            f"always ask {chance.choice(('lead', 'head', 'a gate'))} for {tools}{tail}",
            f"{formula(chance)} implies {formula(chance)} for {tools}",
            f"{chance.choice(('reachable', 'unreachable'))} {chance.choice(('removes', 'for-good', 'daily'))}",
        )
    )


def readable(chance: random.Random) -> Statement:
    """One that asks for no argument that none of its tools has."""
    while True:
        (line,) = read_statements([statement(chance)], None, prover().policy)
        if isinstance(line.read, Statement):
            return line.read
        assert "is no argument of" in str(line.read)


@cache
def calls() -> tuple[Judged, ...]:
    """Calls at the boundaries of the charter, each with all that could be known of its history."""
    engine = prover().engine
    known: list[dict[str, Any]] = [{}]
    for key in ("tainted('session')", "exceeded('daily')"):
        known = [{**one, **more} for one in known for more in ({}, {key: True}, {key: False})]
    return tuple(
        judged(engine, tool, probe.args, sayable(probe.given) | more)
        for tool in engine.policy.tools
        for probe in probes(engine, tool)
        for more in known
    )


@cache
def prover() -> Prover:
    return Prover(policy(), timeout_ms=30_000)


@pytest.mark.parametrize("seed", range(COUNT))
def test_a_random_statement(seed: int) -> None:
    """No call breaks what holds or is meant by what is vacuous; what does not hold is broken by the call shown."""
    one = prover()
    made = readable(random.Random(seed))
    answer, truth = one.ask(made), Truth(one.engine)
    which = {tool.name: formula for tool, formula in made.chosen(one.policy)}
    meant = [
        call
        for call in calls()
        if call.tool.name in which
        and (call.valid or not made.valid)
        and truth.of(All((which[call.tool.name], made.premise)), call)
    ]
    shows = made.conclusion if made.exists else Not(made.conclusion)
    found = [call for call in meant if truth.of(shows, call)]
    match answer:
        case Holds(witness=None):
            assert [] == found, made.text
        case Broken(None):
            assert [] == found, made.text
        case Vacuous():
            assert [] == meant, made.text
        case Holds(witness=shown) | Broken(call=shown):
            assert shown is not None
            assert not shown.searched, made.text
            again = judged(one.engine, shown.tool, shown.args, shown.given)
            assert truth.of(All((which[shown.tool], made.premise, shows)), again), made.text
        case Unknown(why):
            pytest.fail(f"{made.text}: {why}")
