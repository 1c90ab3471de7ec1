"""What a tool's policy asks for, cause by cause, and whether one policy asks at least for all that another does.

A verdict is the maximum of everything that applies. So a policy is no wider where each cause of the old one has a
cause of the new one that applies whenever it does and asks for at least as much. A claim is certain and needs no
solver; no claim says nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

from govern.conditions.tree import Node
from govern.diff.gates import Gates
from govern.diff.schemas import accepts_no_more, defaults
from govern.diff.truth import ALWAYS, applies_too, applying, asking
from govern.lint.logic import key
from govern.policy.glob import matches
from govern.policy.model import Effect, Policy, Tier, ToolPolicy
from govern.policy.schema_tree import read

_TIERS = list(Tier)


@dataclass(frozen=True, slots=True)
class Cause:
    """One thing that applies where a condition is true or unknown.

    Args:
        tier: that the call is raised to.
        tiers: only for calls of these tiers.
    """

    where: Node
    effect: Effect
    gate: str | None = None
    tier: Tier | None = None
    tiers: tuple[Tier, ...] = ()

    @property
    def form(self) -> object:
        """What its condition says, wherever it is written."""
        return key(self.where)


def causes(policy: Policy, name: str) -> tuple[Cause, ...]:
    """Every cause of a tool's verdicts but its schema: its gate, its rules, `never`."""
    tool = policy.tools[name]
    found: list[Cause] = []
    if tool.gate is not None:
        found.append(Cause(asking(tool.unless, name, policy.agent), Effect.APPROVAL, tool.gate))
    for rule in tool.rules:
        effect = rule.effect
        if effect is Effect.ALLOW and rule.tier is Tier.IRREVERSIBLE and tool.gate is None and not tool.autonomous:
            effect = Effect.DENY  # as `verdict` has it
        # A call always counts as of the written tier.
        tiers = () if tool.tier in rule.tiers else rule.tiers
        found.append(Cause(applying(rule, name, policy.agent), effect, rule.gate, rule.tier, tiers))
    if never(policy, name):
        found.append(Cause(ALWAYS, Effect.DENY))
    return tuple(found)


def never(policy: Policy, tool: str) -> bool:
    """Whether a tool is never released."""
    return any(matches(pattern, tool) for each in policy.never for pattern in each.patterns)


def no_wider(old: Policy, new: Policy, tool: str, gates: Gates) -> bool:
    """Whether the new policy asks for at least as much of every call; False where that is not plain.

    Args:
        old, new: over the same inputs, with the tool.
        gates: of old and new.
    """
    before, after = old.tools[tool], new.tools[tool]
    if never(new, tool):
        return True
    if _defaults(before) != _defaults(after):
        return False  # the conditions are asked of other arguments
    if not no_wider_schema(before, after):
        return False
    want, have = causes(old, tool), causes(new, tool)
    tiers = _Tiers(before.tier, after.tier, _raises(want) <= _raises(have))
    stands_for: dict[str, str] = {}
    for one in want:
        # The same condition first: reading truth tables of others takes longer.
        alike = sorted(have, key=lambda cause: cause.form != one.form)
        if not any(_covers(cause, one, gates, stands_for, tiers) for cause in alike):
            return False
    return True


def _raises(causes: tuple[Cause, ...]) -> set[object]:
    return {(cause.form, cause.tier) for cause in causes if cause.tier is not None}


@dataclass(frozen=True, slots=True)
class _Tiers:
    """Which tiers calls count as of under both policies.

    Args:
        same_raises: whether each is raised to the same tiers at least.
    """

    old: Tier
    new: Tier
    same_raises: bool

    def follow(self, cause: Cause, one: Cause) -> bool:
        """Whether the new cause concerns every call that the old one concerns, given that no tier went down."""
        if not cause.tiers:
            return True
        if not one.tiers or not set(one.tiers) <= set(cause.tiers):
            return False
        least = min(_TIERS.index(tier) for tier in cause.tiers)
        upwards = set(_TIERS[least:]) <= set(cause.tiers) and _TIERS.index(self.new) >= _TIERS.index(self.old)
        return upwards or (self.old is self.new and self.same_raises)


def no_wider_schema(old: ToolPolicy, new: ToolPolicy) -> bool:
    """Whether the new input schema accepts no more than the old one; False where that is not plain."""
    if old.schema is None or old.schema == new.schema:
        return True
    return new.schema is not None and accepts_no_more(read(new.schema), read(old.schema))


def _defaults(tool: ToolPolicy) -> dict[str, str]:
    return defaults(read(tool.schema)) if tool.schema is not None else {}


def _covers(cause: Cause, one: Cause, gates: Gates, stands_for: dict[str, str], tiers: _Tiers) -> bool:
    if not tiers.follow(cause, one) or cause.effect < one.effect:
        return False
    raised = -1 if cause.tier is None else _TIERS.index(cause.tier)
    if cause.effect is not Effect.DENY and one.tier is not None and raised < _TIERS.index(one.tier):
        return False
    if one.effect is Effect.APPROVAL and cause.effect is Effect.APPROVAL:
        if one.gate is None or cause.gate is None or not gates.covers(cause.gate, one.gate):
            return False
        # Two gates that are asked at once are met by different people: one does not stand for both.
        if stands_for.get(cause.gate, one.gate) != one.gate:
            return False
    if not applies_too(one.where, cause.where):
        return False
    if one.effect is Effect.APPROVAL and cause.effect is Effect.APPROVAL and one.gate and cause.gate:
        stands_for[cause.gate] = one.gate
    return True
