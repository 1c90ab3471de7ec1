"""Over a bound a gate denies by itself: so many pending, so many an hour, none for a while after a denial."""

from __future__ import annotations

import pytest

from govern.gate import Earlier, State, opened, tired
from govern.policy.model import Fatigue

from .requests import T0, H, gate, request

PENDING = Fatigue(2, None, None)
HOURLY = Fatigue(None, 2, None)
COOL = Fatigue(None, None, 600)


def open_(ago: int) -> Earlier:
    return Earlier(T0 - ago, True)


def done(ago: int, denied: int | None = None) -> Earlier:
    return Earlier(T0 - ago, False, None if denied is None else T0 - denied)


@pytest.mark.parametrize(
    ("fatigue", "earlier", "why"),
    [
        (None, [open_(1)] * 50, None),
        (PENDING, [open_(5 * H)], None),
        (PENDING, [open_(5 * H), done(1)], None),
        (PENDING, [open_(5 * H), open_(1)], "max_pending"),
        (HOURLY, [done(1)], None),
        (HOURLY, [done(1), done(H - 1)], "per_hour"),
        (HOURLY, [done(1), done(H)], None),
        (HOURLY, [done(1), open_(0)], "per_hour"),
        (COOL, [done(H, 600 * 10**9 - 1)], "cool_down"),
        (COOL, [done(H, 600 * 10**9)], None),
        (COOL, [done(1)], None),
        (Fatigue(1, 1, 600), [done(2, 1), open_(1)], "cool_down"),
    ],
)
def test_bounds(fatigue: Fatigue | None, earlier: list[Earlier], why: str | None) -> None:
    """To the nanosecond, and each by itself."""
    assert why == tired(fatigue, earlier, T0)


def test_a_tired_gate_denies_at_once() -> None:
    standing = opened(request(gate("lead"), gate("other")), frozenset({"lead"}))
    assert (State.DENIED, State.DENIED, State.PENDING) == (standing.state, standing.of("lead"), standing.of("other"))
