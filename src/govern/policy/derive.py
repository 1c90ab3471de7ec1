"""Limits and what follows from reading untrusted output, as rules under each tool that they concern.

Their conditions read what only the history knows (`exceeded('budget')`, `tainted('session')`, keys of
`conditions.Inputs` that no charter can write): where nobody says it, it is unknown, and the rule applies. So
every engine judges them as it judges any rule. Leaves out how the history is counted.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from govern.conditions import Condition, Inputs, bound, parse_condition
from govern.conditions.inputs import history_key, outside, reads
from govern.conditions.python import decider
from govern.conditions.tree import Call, Lit, Node, children
from govern.policy.model import AfterReading, Limit, Policy, Reason, Rule, ToolPolicy, When


def with_history(policy: Policy) -> Policy:
    """The policy with a rule for every limit, and every requirement after reading, under each of its tools."""
    return replace(policy, tools={name: _tool(policy, tool) for name, tool in policy.tools.items()})


def written(tool: ToolPolicy) -> tuple[Rule, ...]:
    """The rules of a tool that are not made here."""
    return tuple(rule for rule in tool.rules if rule.reason is Reason.RULE)


def first_call(policy: Policy, tool: str, args: dict[str, Any]) -> Inputs:
    """What the history says of the first call of a session: nothing was called, counted or read before it.

    Args:
        args: of the call, normalised: a sum that they do not have, or that is negative, stays unknown.
    """
    found: dict[str, Any] = {history_key("tainted", "session"): False}
    for limit in policy.limits:
        if limit.sum is None:
            found[history_key("exceeded", limit.id)] = limit.max < 1
        else:
            over = _over(limit.sum, limit.max)({"args": args})
            if over is not None:
                found[history_key("exceeded", limit.id)] = over
    mapped = policy.tools.get(tool)
    for condition in mapped.conditions if mapped else ():
        for key in outside(bound(condition, tool=tool, agent=policy.agent)):
            if key.startswith(("calls(", "succeeded(")):
                found[key] = 0
    return found


def _over(place: str, most: int | float) -> Callable[[Inputs], bool | None]:
    """Whether one term is more than the whole sum may be; unknown of a negative one, which is no term."""
    not_negative = parse_condition(f"{place} >= 0").tree
    fits, over = decider(not_negative), decider(Call(">", (children(not_negative)[0], Lit(most))))
    return lambda inputs: over(inputs) if fits(inputs) else None


def _tool(policy: Policy, tool: ToolPolicy) -> ToolPolicy:
    after = policy.untrusted.after_reading if policy.untrusted else ()
    return replace(
        tool,
        rules=(
            *written(tool),
            *(_limit(limit) for limit in policy.limits if tool.name in limit.tools),
            *(_after(each) for each in after if tool.name in each.tools),
        ),
    )


def _limit(limit: Limit) -> Rule:
    tree = Call("exceeded", (Lit(limit.id),))
    return _rule(limit, tree, history_key("exceeded", limit.id), Reason.LIMIT)


def _after(after: AfterReading) -> Rule:
    tainted = Call("tainted", (Lit("session"),))
    text = history_key("tainted", "session")
    if after.unless is None:
        return _rule(after, tainted, text, Reason.AFTER_READING)
    tree = Call("&&", (tainted, Call("!", (after.unless.tree,))))
    return _rule(after, tree, f"{text} && !({after.unless.text})", Reason.AFTER_READING)


def _rule(source: Limit | AfterReading, tree: Node, text: str, reason: Reason) -> Rule:
    condition = Condition(text, tree, reads(tree))
    return Rule(
        source.id, When.WHEN, condition, source.effect, source.gate, source.because, source.tier, source.tiers, reason
    )
