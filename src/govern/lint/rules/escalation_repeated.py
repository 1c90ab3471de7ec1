"""An escalation that another one already makes."""

from __future__ import annotations

from collections.abc import Iterator

from govern.charter.model import Charter, Escalation
from govern.charter.vocabulary import ACTIONS
from govern.findings import Confidence, Severity
from govern.lint.hit import Hit

SEVERITY = Severity.WARNING
CONFIDENCE = Confidence.HIGH


def check(charter: Charter) -> Iterator[Hit]:
    for at, one in enumerate(charter.escalation):
        if not charter.here(one.at):
            continue
        for other_at, other in enumerate(charter.escalation):
            # Of two of this file that say the same, the second is the one too many.
            twice = _covers(one, other) and at < other_at
            # A base that says the same may change: what a file says itself stays said.
            if other is not one and charter.here(other.at) and _covers(other, one) and not twice:
                message = f"`{one.to}` is already called for `{one.event}`, as early and with as much effect"
                yield Hit(message, one.event.at, f"delete it; the other: {other.at}")
                break


def _covers(one: Escalation, other: Escalation) -> bool:
    """Whether one happens whenever the other would, with the same person and at least its action."""
    sooner = one.times == 1 or (
        one.times <= other.times
        and one.within_s is not None
        and other.within_s is not None
        and one.within_s >= other.within_s
    )
    same = (one.event.name, one.to.name) == (other.event.name, other.to.name)
    return same and sooner and ACTIONS.index(one.then) >= ACTIONS.index(other.then)
