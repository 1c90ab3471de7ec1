"""An escalation that another one already makes."""

from __future__ import annotations

from collections.abc import Iterator

from govern.charter.model import Charter, Escalation, Kind
from govern.charter.vocabulary import ACTIONS
from govern.findings import Confidence, Severity
from govern.lint.hit import Hit

SEVERITY = Severity.WARNING
CONFIDENCE = Confidence.HIGH
KINDS = (Kind.CHARTER, Kind.BASE)


def check(charter: Charter) -> Iterator[Hit]:
    for at, later in enumerate(charter.escalation):
        for earlier_at, other in enumerate(charter.escalation):
            if other is later or not _covers(other, later) or (_covers(later, other) and at < earlier_at):
                continue  # of two that say the same, the second is the one too many
            message = f"`{later.to}` is already called for `{later.event}`, as early and with as much effect"
            yield Hit(message, later.event.at, f"delete one of them; the other: line {other.at.line}")
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
