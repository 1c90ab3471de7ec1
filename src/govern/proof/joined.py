"""A verdict as terms of a solver, joined as `policy.verdict` joins it: the maximum of everything that applies.

With truth values that are known it folds to constants; so the same reading says which rules apply to one call.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

from govern.conditions.smt.given import Pair
from govern.conditions.smt.terms import Bool, Terms
from govern.policy.glob import matches
from govern.policy.model import Effect, Policy, Rule, Tier, When


class Joined:
    """The verdict of one policy on calls of one tool.

    Args:
        truths: of the tool's conditions, in the order of `ToolPolicy.conditions`; empty for an unmapped tool.
        valid: whether the arguments are valid input.
    """

    def __init__(self, terms: Terms, policy: Policy, name: str, truths: Sequence[Pair], valid: Bool) -> None:
        self.terms = terms
        self.name = name
        self.tool = policy.tools.get(name)
        self.valid = valid
        self.never = [f"never:{each}" for never in policy.never for each in never.patterns if matches(each, name)]
        waived: Bool = False
        rest = list(truths)
        if self.tool is not None and self.tool.unless is not None:
            waived = rest.pop(0).true
        self.gated: Bool = False if self.tool is None or self.tool.gate is None else terms.no(waived)
        self.rules = list(zip(self.tool.rules if self.tool else (), rest, strict=True))

    def _meets(self, rule: Rule, truth: Pair) -> Bool:
        return self.terms.no(truth.false if rule.form is When.WHEN else truth.true)

    @cached_property
    def tiers(self) -> dict[Tier, Bool]:
        """Which tiers the call counts as of: the written one, and every one that it is raised to."""
        terms = self.terms
        found: dict[Tier, Bool] = {tier: self.tool is not None and tier is self.tool.tier for tier in Tier}
        for _ in Tier:
            raised = [
                (rule.tier, terms.both(self._meets(rule, truth), self._concerns(rule, found)))
                for rule, truth in self.rules
                if rule.tier
            ]
            found = {
                tier: terms.some((held, *(to for other, to in raised if other is tier))) for tier, held in found.items()
            }
        return found

    def _concerns(self, rule: Rule, tiers: dict[Tier, Bool]) -> Bool:
        return not rule.tiers or self.terms.some(tiers[tier] for tier in rule.tiers)

    @cached_property
    def applying(self) -> list[tuple[Rule, Effect, Bool]]:
        """The rules, each with its effect and whether it applies."""
        raises = any(rule.tiers for rule, _ in self.rules)
        return [
            (
                rule,
                self._effect(rule),
                self.terms.both(self._meets(rule, truth), not raises or self._concerns(rule, self.tiers)),
            )
            for rule, truth in self.rules
        ]

    def _effect(self, rule: Rule) -> Effect:
        tool = self.tool
        if tool is not None and rule.effect is Effect.ALLOW and rule.tier is Tier.IRREVERSIBLE:
            return Effect.DENY if tool.gate is None and not tool.autonomous else Effect.ALLOW
        return rule.effect

    @cached_property
    def denied(self) -> Bool:
        if self.tool is None or self.never:
            return True
        return self.terms.some(
            (self.terms.no(self.valid), *(to for _, effect, to in self.applying if effect is Effect.DENY))
        )

    def at_least(self, effect: Effect) -> Bool:
        if effect is Effect.ALLOW:
            return True
        if effect is Effect.DENY:
            return self.denied
        asking = (to for _, each, to in self.applying if each is Effect.APPROVAL)
        return self.terms.some((self.denied, self.gated, *asking))

    def asks(self, gate: str) -> Bool:
        own = self.gated if self.tool is not None and self.tool.gate == gate else False
        rules = (to for rule, effect, to in self.applying if effect is Effect.APPROVAL and rule.gate == gate)
        return self.terms.both(self.terms.no(self.denied), self.terms.some((own, *rules)))

    def applies(self, rule: str) -> Bool:
        if not rule:
            return self.gated
        return self.terms.some(to for each, _, to in self.applying if each.id == rule)

    def decides(self, rule: str) -> Bool:
        not_denied = self.terms.no(self.denied)
        if not rule:
            return self.terms.both(not_denied, self.gated)
        if rule in self.never:
            return True
        return self.terms.some(
            to if effect is Effect.DENY else self.terms.both(not_denied, to)
            for each, effect, to in self.applying
            if each.id == rule and effect is not Effect.ALLOW
        )
