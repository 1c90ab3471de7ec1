"""Random policies, and what a verdict on them must be: written from the language's text, without the engine."""

from __future__ import annotations

import json
import random
from typing import Any

from govern.conditions import Condition, ConditionError, bound, parse_condition
from govern.policy.document import sealed
from govern.policy.model import (
    AfterReading,
    Deadline,
    Effect,
    Gate,
    Limit,
    Never,
    Policy,
    Reason,
    Rule,
    Tier,
    ToolPolicy,
    Untrusted,
    When,
)

from . import reference
from .generate import Conditions

AGENT = "agent-a"
TOOLS = ["refund", "send_email", "get_order", "srv/delete_repo", "a'b", "run"]
SCHEMAS = [
    {"type": "object", "properties": {"a": {"type": "number"}, "to": {"type": "string"}}},
    {"type": "object", "required": ["a"], "additionalProperties": True},
    {"type": "object", "properties": {"xs": {"type": "array", "items": {"type": "string"}}}},
]


def condition(rng: random.Random) -> Condition:
    writer = Conditions(rng)
    while True:
        text = writer.text()
        if rng.random() < 0.1:
            text = rng.choice(["tool == 'refund'", f"agent == '{AGENT}'", "true", "false", "tool.startsWith('g')"])
        try:
            return parse_condition(text)
        except ConditionError:
            continue


def policy(rng: random.Random, *, rules: int = 5) -> Policy:
    """A policy over some of TOOLS, with up to `rules` rules a tool."""
    gates = {
        name: Gate(name, ("lead",), 1, (Deadline(3600, then=Effect.DENY),)) for name in ("lead", "finance", "owner")
    }
    tools = {}
    for name in rng.sample(TOOLS, rng.randint(3, len(TOOLS))):
        gate = rng.choice([None, "lead", "finance"])
        tier = Tier.IRREVERSIBLE if gate else rng.choice([Tier.READ_ONLY, Tier.REVERSIBLE])
        tools[name] = ToolPolicy(
            name,
            tier,
            gate=gate,
            unless=condition(rng) if gate and rng.random() < 0.6 else None,
            schema=json.dumps(rng.choice(SCHEMAS), sort_keys=True, separators=(",", ":"))
            if rng.random() < 0.25
            else None,
            rules=tuple(rule(rng, index) for index in range(rng.choice([0, 0, 1, 1, 2, rules]))),
        )
    limits = tuple(limit(rng, index, list(tools)) for index in range(rng.choice([0, 0, 1, 2])))
    never = (Never((rng.choice(["delete_*", "run", "send_?mail", "*"[: rng.random() < 0.02] or "zzz"]),), "x"),)
    never = never if rng.random() < 0.5 else ()
    untrusted = None
    if rng.random() < 0.4:
        after = tuple(after_reading(rng, index, list(tools)) for index in range(rng.randint(1, 2)))
        untrusted = Untrusted((), "flag", after)
    return sealed(Policy(AGENT, 1, "p", "lead", ("lead",), gates, tools, never, limits=limits, untrusted=untrusted))


def effect_of(rng: random.Random) -> tuple[Effect, str | None, Tier | None]:
    return rng.choice(
        [(Effect.DENY, None, None), (Effect.APPROVAL, "owner", None), (Effect.ALLOW, None, Tier.IRREVERSIBLE)]
    )


def limit(rng: random.Random, index: int, tools: list[str]) -> Limit:
    chosen = tuple(rng.sample(tools, rng.randint(1, len(tools))))
    tiers = (Tier.IRREVERSIBLE,) if rng.random() < 0.3 else ()
    return Limit(f"l{index}", chosen, tiers, None, 3, None, "trace", (), "proposed", *effect_of(rng), "because")


def after_reading(rng: random.Random, index: int, tools: list[str]) -> AfterReading:
    chosen = tuple(rng.sample(tools, rng.randint(1, len(tools))))
    unless = condition(rng) if rng.random() < 0.6 else None
    return AfterReading(f"a{index}", chosen, (), unless, *effect_of(rng), "because")


# What the history may say of a call: each limit exceeded or not, the session tainted or not, None where it cannot
# be known; a key that is missing was not captured.
History = dict[str, bool | None]


def history(rng: random.Random) -> History:
    return {key: rng.choice([True, False, None]) for key in HISTORY_KEYS if rng.random() < 0.8}


HISTORY_KEYS = ("exceeded('l0')", "exceeded('l1')", "tainted('session')")


def rule(rng: random.Random, index: int) -> Rule:
    effect = rng.choice([Effect.DENY, Effect.APPROVAL, Effect.APPROVAL])
    gate = rng.choice(["lead", "finance", "owner"]) if effect is Effect.APPROVAL else None
    tier = None
    if rng.random() < 0.2:
        tier = rng.choice([Tier.REVERSIBLE, Tier.IRREVERSIBLE])
        effect = Effect.ALLOW if effect is Effect.DENY else effect
    tiers = tuple(rng.sample(list(Tier), rng.randint(1, 2))) if rng.random() < 0.25 else ()
    return Rule(f"r{index}", rng.choice(list(When)), condition(rng), effect, gate, "because", tier, tiers)


def expected(
    policy: Policy, name: str, args: dict[str, Any], valid: bool, known: History
) -> tuple[str, set[str], set[str]]:
    """Effect, gates and deciding rules of a call, by the reference evaluator and the text of the language."""
    tool = policy.tools.get(name)
    if tool is None:
        return joined(policy, name, [], valid)
    said = {False: "F", None: "U", True: "T"}
    truths = [truth(tool.unless, name, args)] if tool.unless is not None else []
    truths += [truth(rule.condition, name, args) for rule in tool.rules if rule.reason is Reason.RULE]
    truths += [said[known.get(f"exceeded('{each.id}')")] for each in policy.limits if name in each.tools]
    for each in requirements(policy, name):
        unless = "F" if each.unless is None else truth(each.unless, name, args)
        truths.append(both(said[known.get("tainted('session')")], NOT[unless]))
    return joined(policy, name, truths, valid)


NOT = {"T": "F", "F": "T", "U": "U"}


def both(one: str, other: str) -> str:
    return "F" if "F" in (one, other) else "U" if "U" in (one, other) else "T"


def requirements(policy: Policy, name: str) -> list[AfterReading]:
    """What a tool needs after reading."""
    return [] if policy.untrusted is None else [each for each in policy.untrusted.after_reading if name in each.tools]


def joined(policy: Policy, name: str, truths: list[str], valid: bool) -> tuple[str, set[str], set[str]]:
    """Effect, gates and deciding rules, by the text of the language.

    Args:
        truths: T, F or U: whether the gate is waived where the tool has such a condition, then of each rule, each
            limit, and what each requirement after reading asks.
    """
    asked: list[tuple[str, str | None, str | None]] = []
    for never in policy.never:
        for pattern in never.patterns:
            if glob(pattern, name) or ("/" not in pattern and glob(pattern, name.rsplit("/", 1)[-1])):
                asked.append(("deny", f"never:{pattern}", None))
    tool = policy.tools.get(name)
    if tool is None:
        asked.append(("deny", None, None))
    else:
        if not valid:
            asked.append(("deny", None, None))
        answers = iter(truths)
        if tool.gate is None or (tool.unless is not None and next(answers) == "T"):
            asked.append(("allow", None, None))
        else:
            asked.append(("approval", None, tool.gate))
        limits = [each for each in policy.limits if name in each.tools]
        rules = [one for one in tool.rules if one.reason is Reason.RULE]
        applying: list[Any] = [one for one in rules if next(answers) != ("F" if one.form is When.WHEN else "T")]
        applying += [one for one in [*limits, *requirements(policy, name)] if next(answers) != "F"]
        assert next(answers, None) is None
        tiers = {tool.tier}
        for _ in Tier:  # a raised tier may bring a rule that raises it again
            tiers |= {one.tier for one in applying if one.tier and (not one.tiers or tiers.intersection(one.tiers))}
        for one in applying:
            if one.tiers and not tiers.intersection(one.tiers):
                continue
            if one.effect is not Effect.ALLOW:
                asked.append((one.effect.label, one.id, one.gate))
            elif one.tier is Tier.IRREVERSIBLE and tool.gate is None and not tool.autonomous:
                asked.append(("deny", one.id, None))  # raised to what needs somebody's word, and nobody gives it
    worst = max((effect for effect, _, _ in asked), key=["allow", "approval", "deny"].index)
    deciding = [row for row in asked if row[0] == worst]
    return (
        worst,
        {gate for _, _, gate in deciding if gate is not None},
        {rule for _, rule, _ in deciding if rule is not None},
    )


def truth(found: Condition, tool: str, args: dict[str, Any]) -> str:
    return reference.evaluate(bound(found, tool=tool, agent=AGENT), args)


def glob(pattern: str, name: str) -> bool:
    """`*` and `?` by recursion."""
    if not pattern:
        return not name
    if pattern[0] == "*":
        return glob(pattern[1:], name) or (bool(name) and glob(pattern, name[1:]))
    return bool(name) and pattern[0] in ("?", name[0]) and glob(pattern[1:], name[1:])
