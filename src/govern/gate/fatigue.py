"""How many requests people are shown: over it, a gate denies by itself, so that nobody approves to be left alone.

Counted for each session and gate. Leaves out who is told (`escalation`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from govern.gate.asked import NS
from govern.policy.model import Fatigue

HOUR_NS = 3600 * NS


class Tired(StrEnum):
    """Which bound a further request is over."""

    PENDING = "max_pending"
    HOURLY = "per_hour"
    DENIED = "cool_down"


@dataclass(frozen=True, slots=True)
class Earlier:
    """A request that the same session made of the same gate before.

    Args:
        at_ns: when it was asked.
        open: whether it is pending now.
        denied_ns: when a person denied it; None where nobody did.
    """

    at_ns: int
    open: bool
    denied_ns: int | None = None


def tired(fatigue: Fatigue | None, earlier: Sequence[Earlier], now_ns: int) -> Tired | None:
    """Which bound one more request now is over; None where it may be asked.

    An hour is half-open: a request exactly an hour ago is none of this hour's, and a cool-down is over at its
    nanosecond. Requests that were denied for this count as well: a loop of them does not become free by itself.
    """
    if fatigue is None:
        return None
    if fatigue.cool_down_s is not None and any(
        each.denied_ns is not None and now_ns < each.denied_ns + fatigue.cool_down_s * NS for each in earlier
    ):
        return Tired.DENIED
    if fatigue.max_pending is not None and sum(each.open for each in earlier) >= fatigue.max_pending:
        return Tired.PENDING
    if fatigue.per_hour is not None and sum(each.at_ns > now_ns - HOUR_NS for each in earlier) >= fatigue.per_hour:
        return Tired.HOURLY
    return None
