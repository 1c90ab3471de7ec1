"""Two verdicts of one call as requirements: is the new one looser, stricter, both? And in words.

A denial asks for most. Of two approvals, the one whose gates ask for at least all that the other's ask for. A lower
tier is looser, where the call may run: shadow mode and the boundary go by it.
"""

from __future__ import annotations

from govern.diff.gates import Gates
from govern.diff.order import EQUAL, Order
from govern.policy.model import Effect, Tier
from govern.policy.verdict import Verdict

_TIERS = list(Tier)


def compared(old: Verdict, new: Verdict, gates: Gates) -> Order:
    """How the requirement of a call compares.

    Args:
        gates: of both policies.
    """
    if old.effect is new.effect is Effect.DENY:
        return EQUAL
    wider = new.effect < old.effect
    narrower = new.effect > old.effect
    if old.effect is new.effect is Effect.APPROVAL:
        wider = not gates.met(old.gates, new.gates)
        narrower = not gates.reverse.met(new.gates, old.gates)
    if Effect.DENY not in (old.effect, new.effect):
        wider |= _tier(new) < _tier(old)
        narrower |= _tier(new) > _tier(old)
    return Order(narrower=narrower, wider=wider)


def _tier(verdict: Verdict) -> int:
    return _TIERS.index(verdict.tier) if verdict.tier is not None else len(_TIERS)


def in_words(old: Verdict, new: Verdict, gates: Gates) -> str:
    """What changed for the call, as in `needed team-lead, is now allowed`."""
    if old.effect is new.effect is Effect.APPROVAL:
        if set(old.gates) != set(new.gates):
            return f"needed {_listed(old.gates)}, now needs {_listed(new.gates)}"
        reasons = [
            f"{name}: {'; '.join(order.why)}" for name in new.gates if not (order := gates.order(name, name)).equal
        ]
        if reasons:
            return f"needs {_listed(new.gates)} as before, which changed ({', '.join(reasons)})"
    if old.effect is new.effect:
        if old.tier is not new.tier:
            return f"counted as {old.tier}, now counts as {new.tier}"
        return f"{_now(new)} as before"
    return f"{_before(old)}, {_now(new)}"


def _before(verdict: Verdict) -> str:
    match verdict.effect:
        case Effect.ALLOW:
            return "was allowed"
        case Effect.APPROVAL:
            return f"needed {_listed(verdict.gates)}"
        case Effect.DENY:
            return f"was denied ({_listed(verdict.rules or verdict.reasons)})"


def _now(verdict: Verdict) -> str:
    match verdict.effect:
        case Effect.ALLOW:
            return "is now allowed"
        case Effect.APPROVAL:
            return f"now needs {_listed(verdict.gates)}"
        case Effect.DENY:
            return f"is now denied ({_listed(verdict.rules or verdict.reasons)})"


def _listed(names: tuple[str, ...]) -> str:
    return " and ".join((", ".join(names[:-1]), names[-1]) if len(names) > 1 else names)
