"""Limits and what follows from reading untrusted output, as rules under each tool that they concern.

Their conditions read what only the history knows (`exceeded('budget')`, `tainted('session')`, keys of
`conditions.Inputs` that no charter can write): where nobody says it, it is unknown, and the rule applies. So
every engine judges them as it judges any rule. Leaves out how the history is counted.
"""

from __future__ import annotations

from dataclasses import replace

from govern.conditions import Condition
from govern.conditions.inputs import history_key, reads
from govern.conditions.tree import Call, Lit, Node
from govern.policy.model import AfterReading, Limit, Policy, Reason, Rule, ToolPolicy, When


def with_history(policy: Policy) -> Policy:
    """The policy with a rule for every limit, and every requirement after reading, under each of its tools."""
    return replace(policy, tools={name: _tool(policy, tool) for name, tool in policy.tools.items()})


def written(tool: ToolPolicy) -> tuple[Rule, ...]:
    """The rules of a tool that are not made here."""
    return tuple(rule for rule in tool.rules if rule.reason is Reason.RULE)


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
