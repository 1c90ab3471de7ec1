"""Policies a few edits apart, for comparing them over logs: random ones, each with a neighbour."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace

from tests.conformance.charters import SCHEMAS, condition, limit, whole

from govern.conditions import Scope
from govern.events.canonical import text_of
from govern.policy.derive import written
from govern.policy.document import scope_of, sealed
from govern.policy.model import Effect, Policy, ToolPolicy, Untrusted, When


def neighbour(rng: random.Random, policy: Policy) -> Policy:
    """The policy after one to three edits, of which some change no verdict, and some everything's history."""
    made = policy
    for _ in range(rng.choice([1, 1, 2, 3])):
        made = rng.choice(EDITS)(rng, made)
    return sealed(replace(made, version=policy.version + 1))


def pair(rng: random.Random) -> tuple[Policy, Policy]:
    """A policy and its neighbour; now and then two that have nothing to do with one another."""
    old = whole(rng)
    return old, whole(rng) if rng.random() < 0.1 else neighbour(rng, old)


def _tool(rng: random.Random, policy: Policy, edit: Callable[[ToolPolicy], ToolPolicy]) -> Policy:
    name = rng.choice(sorted(policy.tools))
    return replace(policy, tools={**policy.tools, name: edit(policy.tools[name])})


def _scope(policy: Policy) -> Scope:
    return Scope(scope_of(policy.facts).facts, tools=tuple(policy.tools))


def other_condition(rng: random.Random, policy: Policy) -> Policy:
    def edit(tool: ToolPolicy) -> ToolPolicy:
        own = list(written(tool))
        if not own:
            return tool
        at = rng.randrange(len(own))
        own[at] = replace(own[at], condition=condition(rng, _scope(policy)))
        return replace(tool, rules=tuple(own))

    return _tool(rng, policy, edit)


def other_effects(rng: random.Random, policy: Policy) -> Policy:
    """Truth values stay, verdicts do not."""

    def edit(tool: ToolPolicy) -> ToolPolicy:
        gate = rng.choice(["lead", "finance", "owner"])
        own = (
            replace(rule, effect=Effect.APPROVAL, gate=gate, form=rng.choice(list(When)))
            if rng.random() < 0.7
            else rule
            for rule in written(tool)
        )
        return replace(tool, rules=tuple(own), gate=rng.choice([tool.gate, tool.gate and gate]))

    return _tool(rng, policy, edit)


def fewer_rules(rng: random.Random, policy: Policy) -> Policy:
    return _tool(rng, policy, lambda tool: replace(tool, rules=written(tool)[1:]))


def without_a_tool(rng: random.Random, policy: Policy) -> Policy:
    gone = rng.choice(sorted(policy.tools))
    limits = tuple(each for each in policy.limits if {*each.tools} != {gone})
    left = {name: tool for name, tool in policy.tools.items() if name != gone}
    kept = tuple(replace(each, tools=tuple(name for name in each.tools if name in left)) for each in limits)
    return replace(policy, tools=left, limits=kept) if left else policy


def other_schema(rng: random.Random, policy: Policy) -> Policy:
    schema = rng.choice([None, *(text_of({"additionalProperties": False, **each}) for each in SCHEMAS)])
    return _tool(rng, policy, lambda tool: replace(tool, schema=schema))


def other_limits(rng: random.Random, policy: Policy) -> Policy:
    if not policy.limits or rng.random() < 0.3:
        own = limit(rng, f"limit-{len(policy.limits) + 7}", sorted(policy.tools), policy.facts)
        return replace(policy, limits=(*policy.limits, own))
    at = rng.randrange(len(policy.limits))
    one = policy.limits[at]
    edited = rng.choice(
        [
            replace(one, max=one.max + 1), replace(one, counts=rng.choice(["proposed", "executed", "succeeded"])),
            replace(one, effect=Effect.DENY, gate=None, tier=None), replace(one, within_s=None, span="trace"), None,
        ]
    )  # fmt: skip
    return replace(policy, limits=(*policy.limits[:at], *((edited,) if edited else ()), *policy.limits[at + 1 :]))


def other_trust(rng: random.Random, policy: Policy) -> Policy:
    names = sorted(policy.tools)
    trusted = tuple(rng.sample(names, rng.randint(1, len(names))))
    before = policy.untrusted or Untrusted((), "flag", ())
    return replace(policy, untrusted=replace(before, trusted=trusted))


def other_facts(rng: random.Random, policy: Policy) -> Policy:
    name = rng.choice(sorted(policy.facts))
    one = policy.facts[name]
    edited = replace(one, first=not one.first) if rng.random() < 0.6 else replace(one, where=())
    return replace(policy, facts={**policy.facts, name: edited})


def other_gates(rng: random.Random, policy: Policy) -> Policy:
    name = rng.choice(sorted(policy.gates))
    return replace(policy, gates={**policy.gates, name: replace(policy.gates[name], quorum=2)})


def other_words(rng: random.Random, policy: Policy) -> Policy:
    return replace(policy, purpose="said otherwise")


EDITS: tuple[Callable[[random.Random, Policy], Policy], ...] = (
    other_condition, other_condition, other_effects, fewer_rules, without_a_tool, other_schema, other_limits,
    other_limits, other_trust, other_facts, other_gates, other_words,
)  # fmt: skip
