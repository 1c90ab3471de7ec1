"""Random policies, one changed at random, and random calls: what a plain reading finds looser is never called narrower.

The verdicts are those of `tests.conformance`'s reading of the language, which shares no code with the engines; the
order of two verdicts is written again here. `GOVERN_FUZZ_POLICIES` is a count.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from dataclasses import replace

import pytest
from tests.conformance import policies
from tests.conformance.generate import arguments
from tests.conformance.policies import History

from govern.diff.gates import Gates
from govern.diff.inputs import Inputs
from govern.diff.model import LOOSER, Change, ToolChange
from govern.diff.search import Search
from govern.diff.solver import Solver
from govern.diff.tools import Tools
from govern.policy.document import sealed
from govern.policy.engine import Engine
from govern.policy.model import Effect, Policy, Tier, ToolPolicy, When

ROUNDS = int(os.environ.get("GOVERN_FUZZ_POLICIES", "260")) // 2
CALLS = 60


def _policy(rng: random.Random) -> Policy:
    made = policies.policy(rng, rules=4)
    gates = {name: replace(gate, quorum=rng.randint(1, 3)) for name, gate in made.gates.items()}
    return sealed(replace(made, gates=gates))


def _changed(rng: random.Random, policy: Policy) -> Policy:
    """The policy with one to three changes."""
    for _ in range(rng.choice([1, 1, 2, 3])):
        policy = rng.choice(_CHANGES)(rng, policy)
    return sealed(policy)


def _one_tool(change: Callable[[random.Random, ToolPolicy], ToolPolicy]) -> Callable[[random.Random, Policy], Policy]:
    def changed(rng: random.Random, policy: Policy) -> Policy:
        name = rng.choice(sorted(policy.tools))
        tool = policy.tools[name]
        own = replace(tool, rules=tuple(rule for rule in tool.rules if rule.reason == "rule"))
        return replace(policy, tools={**policy.tools, name: change(rng, own)})

    return changed


def _less(rng: random.Random, tool: ToolPolicy) -> ToolPolicy:
    gone = rng.randrange(len(tool.rules)) if tool.rules else 0
    return replace(tool, rules=tool.rules[:gone] + tool.rules[gone + 1 :])


def _more(rng: random.Random, tool: ToolPolicy) -> ToolPolicy:
    rules = [*tool.rules, policies.rule(rng, 90 + len(tool.rules))]
    rng.shuffle(rules)
    return replace(tool, rules=tuple(rules))


def _other_rule(rng: random.Random, tool: ToolPolicy) -> ToolPolicy:
    if not tool.rules:
        return tool
    at = rng.randrange(len(tool.rules))
    rule, other = tool.rules[at], policies.rule(rng, at)
    kinds = [
        replace(rule, condition=other.condition), replace(rule, form=rng.choice(list(When))),
        replace(other, id=rule.id, condition=rule.condition), replace(rule, tiers=other.tiers),
        replace(rule, effect=Effect.DENY, gate=None, tier=None),
    ]  # fmt: skip
    return replace(tool, rules=(*tool.rules[:at], rng.choice(kinds), *tool.rules[at + 1 :]))


def _gate(rng: random.Random, tool: ToolPolicy) -> ToolPolicy:
    if tool.gate is None:
        return tool
    unless = rng.choice([None, tool.unless, policies.condition(rng)])
    return replace(tool, gate=rng.choice(["lead", "finance"]), unless=unless)


def _tier(rng: random.Random, tool: ToolPolicy) -> ToolPolicy:
    return replace(tool, tier=rng.choice([Tier.READ_ONLY, Tier.REVERSIBLE])) if tool.gate is None else tool


def _schema(rng: random.Random, tool: ToolPolicy) -> ToolPolicy:
    return replace(tool, schema=None) if tool.schema else tool


def _quorum(rng: random.Random, policy: Policy) -> Policy:
    name = rng.choice(sorted(policy.gates))
    return replace(policy, gates={**policy.gates, name: replace(policy.gates[name], quorum=rng.randint(1, 3))})


def _limit(rng: random.Random, policy: Policy) -> Policy:
    limits = tuple(replace(each, max=rng.choice([2, 3, 5])) for each in policy.limits)
    return replace(policy, limits=limits[: rng.randint(0, len(limits))] if rng.random() < 0.3 else limits)


def _never(rng: random.Random, policy: Policy) -> Policy:
    return replace(policy, never=())


def _reading(rng: random.Random, policy: Policy) -> Policy:
    if policy.untrusted is None:
        return policy
    after = policy.untrusted.after_reading[:-1]
    return replace(policy, untrusted=replace(policy.untrusted, after_reading=after))


_CHANGES: list[Callable[[random.Random, Policy], Policy]] = [
    *(_one_tool(each) for each in (_less, _more, _other_rule, _other_rule, _other_rule, _gate, _tier, _schema)),
    _quorum, _limit, _never, _reading,
]  # fmt: skip

_OVER = [False, None, True]


def _past(rng: random.Random, old: Policy, new: Policy, known: History) -> History:
    """What one past is under the new policy: a limit that allows more is over later."""
    told = dict(known)
    before = {limit.id: limit.max for limit in old.limits}
    for limit in new.limits:
        key = f"exceeded('{limit.id}')"
        if limit.id in before and before[limit.id] != limit.max and known.get(key) in _OVER:
            at = _OVER.index(known.get(key))
            told[key] = rng.choice(_OVER[: at + 1] if limit.max > before[limit.id] else _OVER[at:])
    return told


def _compared(
    old: Policy, new: Policy, one: tuple[str, set[str], set[str]], other: tuple[str, set[str], set[str]]
) -> str:
    """`looser`, `stricter`, `both` or empty. Gates here ask for a quorum of one role: of as many gates, none may be of
    fewer people."""
    order = ["allow", "approval", "deny"]
    if one[0] != other[0]:
        return "looser" if order.index(other[0]) < order.index(one[0]) else "stricter"
    before = sorted((old.gates[name].quorum for name in one[1]), reverse=True)
    after = sorted((new.gates[name].quorum for name in other[1]), reverse=True)
    looser = len(after) < len(before) or any(b < a for a, b in zip(before, after, strict=False))
    stricter = len(before) < len(after) or any(a < b for a, b in zip(before, after, strict=False))
    return "both" if looser and stricter else "looser" if looser else "stricter" if stricter else ""


def _checked(rng: random.Random, old: Policy, new: Policy, change: ToolChange) -> None:
    ways: set[str] = set()
    engines = Engine(old), Engine(new)
    for _ in range(CALLS):
        args, known = arguments(rng), policies.history(rng)
        told = _past(rng, old, new, known)
        valid = [engine.prepared(change.tool, args)[1] for engine in engines]
        one = policies.expected(old, change.tool, args, valid[0], known)
        other = policies.expected(new, change.tool, args, valid[1], told)
        ways.add(_compared(old, new, one, other))
    if ways & {"looser", "both"}:
        assert change.change in LOOSER, change
    if ways & {"stricter", "both"}:
        assert change.change in {Change.NARROWED, Change.SHIFTED} or not change.proven, change


@pytest.mark.parametrize("solver", [False, True])
def test_what_is_looser_is_never_called_narrower(solver: bool) -> None:
    """Of every tool of both, whatever changed; with a solver, and by form and trying alone."""
    found: dict[Change, int] = {}
    for seed in range(ROUNDS if not solver else ROUNDS // 6):
        rng = random.Random(f"diff {seed}")
        old = _policy(rng)
        new = _changed(rng, old)
        gates, inputs = Gates(old.gates, new.gates), Inputs(old, new, None)
        search = Search(Engine(old), Engine(new), (), gates)
        for change in Tools(inputs, gates, search, Solver(None, 2_000, installed=solver)).changes():
            found[change.change] = found.get(change.change, 0) + 1
            if change.change not in (Change.ADDED, Change.REMOVED):
                _checked(rng, old, new, change)
    # It says something of each: a comparison that calls all of it widened would pass the rest.
    assert {Change.UNCHANGED, Change.NARROWED, Change.WIDENED, Change.SHIFTED} <= found.keys()
    assert found[Change.UNCHANGED] > found[Change.WIDENED] + found[Change.SHIFTED]
