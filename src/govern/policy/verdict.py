"""The decision: truth values in, a verdict out. The only place where effects are joined.

A call's verdict is the maximum of everything that applies, so order means nothing and nothing ever lowers
it. Both engines end here: one call brings its truth values from closures, a replay brings them from SQL.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from govern.conditions import bound
from govern.conditions.python import decider
from govern.policy.glob import matches
from govern.policy.model import Effect, Policy, Reason, Rule, Tier, ToolPolicy, When

FALSE, UNKNOWN, TRUE = 0, 1, 2
_ORDER = list(Tier)
UNCAPTURED = 3  # unknown, and an input that the condition reads is not in the log


@dataclass(frozen=True, slots=True)
class Verdict:
    """May this call run, and why.

    Args:
        effect: the answer.
        reasons: why, in the order of `Reason`; those of the deciding effect, and `unknown` where an unknown
            condition had a part in it.
        rules: ids of the deciding rules; a `never` entry as `never:PATTERN`.
        gates: for APPROVAL, every gate that must be met.
        unknown: inputs that conditions of deciding rules asked for and did not get, as paths.
        tier: the tool's, raised by the rules that raise it; None where it is unmapped.
        policy_digest: under which policy.
        deployment_digest: under which deployment file; None without one.
        history: what conditions of the tool were told of what came before, by key of `conditions.Inputs`.
        counters: how much of each limit of the tool is used with this call, and how much it has.
    """

    effect: Effect
    reasons: tuple[str, ...]
    rules: tuple[str, ...] = ()
    gates: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    tier: Tier | None = None
    policy_digest: str = ""
    deployment_digest: str | None = None
    history: tuple[tuple[str, Any], ...] = ()
    counters: tuple[Counter, ...] = ()


@dataclass(frozen=True, slots=True)
class Counter:
    """How much of a limit is used.

    Args:
        used: calls, or the sum of an argument, with this call; at least so much where something was not known.
        exact: whether all was known.
    """

    limit: str
    used: Decimal
    max: Decimal
    exact: bool


@dataclass(frozen=True, slots=True)
class _Cause:
    """One thing that applies."""

    effect: Effect
    reason: Reason
    rule: str | None = None
    gate: str | None = None
    condition: int | None = None
    unknown: bool = False


def outcome(policy: Policy, name: str, truths: Sequence[int], *, valid: bool = True) -> Verdict:
    """The verdict on a call of a tool.

    Args:
        policy: in force.
        name: the tool that was called.
        truths: FALSE, UNKNOWN or TRUE for each of `ToolPolicy.conditions`; empty for an unmapped tool.
        valid: whether the arguments are well formed and satisfy the input schema.

    Raises:
        ValueError: the number of truth values is not the number of conditions.
    """
    causes = [*_tool_causes(policy.tools.get(name), truths), *_never_causes(policy, name)]
    if not valid:
        causes.append(_Cause(Effect.DENY, Reason.INVALID_INPUT))
    effect = max(cause.effect for cause in causes)
    deciding = [cause for cause in causes if cause.effect == effect]
    reasons = {cause.reason for cause in deciding}
    if any(cause.unknown for cause in deciding):
        reasons.add(Reason.UNKNOWN)
    tool = policy.tools.get(name)
    return Verdict(
        effect=effect,
        reasons=tuple(reason.value for reason in Reason if reason in reasons),
        rules=_unique(cause.rule for cause in deciding),
        gates=_unique(cause.gate for cause in deciding),
        tier=max(tiers_of(tool, truths), key=_ORDER.index) if tool else None,
        policy_digest=policy.digest,
    )


def deciding_unknowns(policy: Policy, name: str, truths: Sequence[int], effect: Effect) -> tuple[int, ...]:
    """Which conditions (by index) were unknown and had a part in the effect."""
    causes = _tool_causes(policy.tools.get(name), truths)
    return tuple(
        cause.condition for cause in causes if cause.unknown and cause.effect == effect and cause.condition is not None
    )


def extremes(policy: Policy, name: str) -> tuple[Verdict, Verdict]:
    """The loosest and the strictest verdict over all arguments a call might have had.

    For calls whose arguments were not captured. Conditions that read no argument keep their value.
    """
    tool = policy.tools.get(name)
    if tool is None:
        only = outcome(policy, name, ())
        return only, only
    loose: list[int] = []
    strict: list[int] = []
    # The truth values that loosen: a waiver that holds, a `when` that does not apply, an `only_if` that holds.
    forms = [] if tool.unless is None else [When.ONLY_IF]
    forms += [rule.form for rule in tool.rules]
    for form, condition in zip(forms, tool.conditions, strict=True):
        loosening = FALSE if form is When.WHEN else TRUE
        if condition.reads:
            loose.append(loosening)
            strict.append(TRUE - loosening)
        else:
            found = decider(bound(condition, tool=name, agent=policy.agent))({})
            fixed = UNKNOWN if found is None else TRUE if found else FALSE
            loose.append(fixed)
            strict.append(fixed)
    return (
        outcome(policy, name, loose),
        outcome(policy, name, strict, valid=tool.schema is None),
    )


def _rules(tool: ToolPolicy, truths: Sequence[int]) -> list[tuple[int, Rule, int]]:
    """The rules that apply, by their conditions, with the index and the truth value of each."""
    at = 0 if tool.unless is None else 1
    return [
        (index, rule, truth)
        for index, (rule, truth) in enumerate(zip(tool.rules, truths[at:], strict=True), start=at)
        if truth != (FALSE if rule.form is When.WHEN else TRUE)
    ]


def tiers_of(tool: ToolPolicy, truths: Sequence[int]) -> set[Tier]:
    """The written tier and every one that the call is raised to: what is keyed by any of them concerns the call,
    so that raising never takes a rule away."""
    found = {tool.tier}
    while True:
        raised = {
            rule.tier
            for _, rule, _ in _rules(tool, truths)
            if rule.tier is not None and (not rule.tiers or found & set(rule.tiers))
        }
        if raised <= found:
            return found
        found |= raised


def _tool_causes(tool: ToolPolicy | None, truths: Sequence[int]) -> list[_Cause]:
    if tool is None:
        return [_Cause(Effect.DENY, Reason.UNMAPPED)]
    if len(truths) != len(tool.conditions):
        raise ValueError(f"{len(truths)} truth values for {len(tool.conditions)} conditions of {tool.name}")
    causes: list[_Cause] = []
    if tool.gate is None:
        causes.append(_Cause(Effect.ALLOW, Reason.AUTONOMOUS))
    elif tool.unless is not None and truths[0] == TRUE:
        causes.append(_Cause(Effect.ALLOW, Reason.WAIVED))
    else:
        unknown = tool.unless is not None and truths[0] == UNKNOWN
        causes.append(_Cause(Effect.APPROVAL, Reason.GATE, gate=tool.gate, condition=0, unknown=unknown))
    tiers: set[Tier] | None = None
    for index, rule, truth in _rules(tool, truths):
        if rule.tiers:
            tiers = tiers or tiers_of(tool, truths)
            if not tiers & set(rule.tiers):
                continue
        effect = rule.effect
        if effect is Effect.ALLOW and rule.tier is Tier.IRREVERSIBLE and tool.gate is None and not tool.autonomous:
            # What cannot be undone needs somebody's word. Whatever else asks a gate does not stand for it: another
            # rule never loosens this one.
            effect = Effect.DENY
        if effect is not Effect.ALLOW:
            causes.append(_Cause(effect, rule.reason, rule.id, rule.gate, index, truth == UNKNOWN))
    return causes


def _never_causes(policy: Policy, name: str) -> list[_Cause]:
    return [
        _Cause(Effect.DENY, Reason.NEVER, rule=f"never:{pattern}")
        for never in policy.never
        for pattern in never.patterns
        if matches(pattern, name)
    ]


def _unique(names: Iterable[str | None]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for name in names if name is not None))
