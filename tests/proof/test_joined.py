"""The solver's reading of a verdict joins as the verdict does, for all truth values."""

from __future__ import annotations

import random

from tests.conformance import charters, policies

from govern.conditions.smt.given import Pair
from govern.conditions.smt.terms import Terms
from govern.policy.model import Effect, Reason, Tier
from govern.policy.verdict import FALSE, TRUE, UNKNOWN, outcome
from govern.proof.joined import Joined

POLICIES, TRUTHS = 60, 60


def test_a_verdict_is_joined_as_the_engine_joins_it() -> None:
    """Effect, gates and deciding rules, of random policies with tiers raised, are the verdict's own."""
    rng = random.Random(71)
    terms = Terms()
    raised = seen = 0
    for index in range(POLICIES):
        policy = (charters.whole if index % 2 else policies.policy)(rng)
        for name in [*policy.tools, "unheard_of"]:
            tool = policy.tools.get(name)
            for _ in range(TRUTHS):
                truths = [rng.choice([FALSE, UNKNOWN, TRUE]) for _ in (tool.conditions if tool else ())]
                valid = rng.random() < 0.8
                verdict = outcome(policy, name, truths, valid=valid)
                pairs = [Pair(truth == TRUE, truth == FALSE) for truth in truths]
                found = Joined(terms, policy, name, pairs, valid)
                assert verdict.effect == max(effect for effect in Effect if found.at_least(effect))
                assert set(verdict.gates) == {gate for gate in policy.gates if found.asks(gate)}
                rules = [rule.id for rule in tool.rules] if tool else []
                assert set(verdict.rules) == {rule for rule in [*rules, *found.never] if found.decides(rule)}
                own = Reason.GATE in verdict.reasons and verdict.effect is Effect.APPROVAL
                assert own is found.decides("")
                if tool is not None:
                    assert verdict.tier == max((t for t, held in found.tiers.items() if held), key=list(Tier).index)
                    raised += verdict.tier is not tool.tier
                seen += 1
    assert raised > seen * 0.05
