"""Approval gates as pure functions of their answers and the time. Leaves out stores, people and notifications.

A request is `opened` for the gates of a verdict; `answered`, `told`, `claimed` and `at` a time give the next standing.
A store keeps a standing and moves it by compare-and-set; a test moves it on a clock of its own.
"""

from __future__ import annotations

from govern.gate.fatigue import Earlier, Tired, tired
from govern.gate.model import Again, Answer, Met, Refused, Request, Standing, State, Vote, Why, silence_may_allow
from govern.gate.transitions import answered, asked_now, at, claimed, next_ns, opened, told

__all__ = [
    "Again",
    "Answer",
    "Earlier",
    "Met",
    "Refused",
    "Request",
    "Standing",
    "State",
    "Tired",
    "Vote",
    "Why",
    "answered",
    "asked_now",
    "at",
    "claimed",
    "next_ns",
    "opened",
    "silence_may_allow",
    "tired",
    "told",
]
