"""What stands between a call and a looser verdict: conditions that would have to come out otherwise, and causes that
no call and no fact changes. The joining of effects is `verdict.outcome`'s; here it is asked what it would say.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from govern.conditions import bound
from govern.conditions.tree import fixed
from govern.policy.model import Effect, Policy, Reason, Rule, ToolPolicy, When
from govern.policy.verdict import FALSE, TRUE, outcome


class Fixed(StrEnum):
    """Why a looser verdict is out of reach, whatever is called with."""

    UNMAPPED = "unmapped"
    NEVER = "never"
    ALWAYS_ASKED = "always_asked"  # the tool's own gate, which nothing waives
    CONSTANT = "constant"  # a rule whose condition has one value


@dataclass(frozen=True, slots=True)
class Obstacles:
    """What would have to go.

    Args:
        conditions: by index in `ToolPolicy.conditions`, in that order.
        fixed: what cannot go, each with its name (a rule, a pattern, a gate).
        effect: the verdict once all conditions are gone; stricter than asked only where something is fixed.
    """

    conditions: tuple[int, ...]
    fixed: tuple[tuple[Fixed, str], ...]
    effect: Effect


def obstacles(policy: Policy, name: str, truths: Sequence[int], target: Effect) -> Obstacles:
    """What stands between a call with valid arguments and a verdict that is at most `target`.

    Args:
        truths: of the tool's conditions, as `Engine.truths` gives them.
    """
    tool = policy.tools.get(name)
    if tool is None:
        never = [(Fixed.NEVER, rule.removeprefix("never:")) for rule in outcome(policy, name, ()).rules]
        return Obstacles((), ((Fixed.UNMAPPED, name), *never), Effect.DENY)
    now = list(truths)
    gone: list[int] = []
    kept: dict[tuple[Fixed, str], None] = {}
    while True:
        verdict = outcome(policy, name, now)
        if verdict.effect <= target:
            break
        for rule in verdict.rules:
            if rule.startswith("never:"):
                kept[Fixed.NEVER, rule.removeprefix("never:")] = None
        if Reason.GATE in verdict.reasons and tool.unless is None and tool.gate is not None:
            kept[Fixed.ALWAYS_ASKED, tool.gate] = None
        deciding = [
            index
            for index, rule in enumerate(forms(tool))
            if now[index] != loosening(tool)[index] and _decides(rule, verdict.reasons, verdict.rules)
        ]
        changeable: dict[int, None] = {}
        for index in deciding:
            found = [index] if not constant(policy, tool, index) else _raising(policy, tool, now, index)
            if not found:
                kept[Fixed.CONSTANT, _id(tool, index)] = None
            changeable.update(dict.fromkeys(found))
        if not changeable:
            break
        for index in changeable:
            now[index] = loosening(tool)[index]
            gone.append(index)
    return Obstacles(tuple(sorted(gone)), tuple(kept), verdict.effect)


def forms(tool: ToolPolicy) -> tuple[Rule | None, ...]:
    """The rule of each condition; None for the one that waives the tool's own gate."""
    return (*(() if tool.unless is None else (None,)), *tool.rules)


def loosening(tool: ToolPolicy) -> tuple[int, ...]:
    """The truth value of each condition with which it asks for nothing."""
    return tuple(FALSE if rule is not None and rule.form is When.WHEN else TRUE for rule in forms(tool))


def _decides(rule: Rule | None, reasons: Sequence[str], rules: Sequence[str]) -> bool:
    return Reason.GATE in reasons if rule is None else rule.id in rules


def _id(tool: ToolPolicy, index: int) -> str:
    rule = forms(tool)[index]
    return tool.gate or "" if rule is None else rule.id


def constant(policy: Policy, tool: ToolPolicy, index: int) -> bool:
    """Whether a condition has the same value for every call."""
    return fixed(bound(tool.conditions[index], tool=tool.name, agent=policy.agent))


def _raising(policy: Policy, tool: ToolPolicy, now: Sequence[int], index: int) -> list[int]:
    """The conditions that raise a call into the tiers which a rule is for; none where the tool is of them itself, or
    is raised whatever is called with."""
    rule = forms(tool)[index]
    if rule is None or not rule.tiers or tool.tier in rule.tiers:
        return []
    raising = [
        other
        for other, each in enumerate(forms(tool))
        if each is not None and each.tier in rule.tiers and now[other] != loosening(tool)[other]
    ]
    return [] if any(constant(policy, tool, other) for other in raising) else raising
