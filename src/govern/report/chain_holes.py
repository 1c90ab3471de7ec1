"""Where in its chain a gap belongs: at the place where the missing event should stand, or beside the one that is wrong.

Leaves out finding gaps (`reconstruct.gaps`). A gap that this table does not know stands after the last event that it
names.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from govern.events.model import Event, EventType
from govern.reconstruct.judge import Gap
from govern.report.chain_words import Lane


class Spot(StrEnum):
    """Where a hole stands among the events of its block."""

    BEFORE_RUN = "before the run"
    BEFORE_LAST = "before the last event it names"
    AT_WORDS = "after the words that are not whole, or before what they should have led to"
    AFTER_LAST = "after the last event it names"
    END = "at the end"


@dataclass(frozen=True, slots=True)
class Hole:
    """One gap at its place.

    Args:
        lane: whose step is missing or wrong.
        missing: what should stand here, in words; empty where nothing is missing, but something is wrong.
    """

    gap: Gap
    lane: Lane
    missing: str


_KNOWN: Final[dict[str, tuple[Lane, str, Spot]]] = {
    "result-without-call": (Lane.MODEL, "the call that this is the result of", Spot.BEFORE_RUN),
    "call-without-outcome": (Lane.TOOL, "a denial, or a start and a result", Spot.END),
    "unchecked-execution": (Lane.POLICY, "a policy check on these arguments", Spot.BEFORE_RUN),
    "gate-did-not-hold": (Lane.HUMAN, "an approving decision", Spot.BEFORE_RUN),
    "approval-disconnected": (Lane.HUMAN, "an approving decision on this very call", Spot.BEFORE_RUN),
    "approved-not-executed-args": (Lane.HUMAN, "an approving decision on the arguments that ran", Spot.BEFORE_RUN),
    "approval-after-execution": (Lane.HUMAN, "the approving decision, which came later", Spot.BEFORE_RUN),
    "approval-expired": (Lane.HUMAN, "an approving decision that was still good", Spot.BEFORE_RUN),
    "approval-reused": (Lane.HUMAN, "an approving decision of its own", Spot.BEFORE_RUN),
    "approver-unknown": (Lane.HUMAN, "who decided, in which role", Spot.AFTER_LAST),
    "self-approval": (Lane.HUMAN, "a decision of somebody else", Spot.AFTER_LAST),
    "executed-after-deny": (Lane.TOOL, "", Spot.BEFORE_RUN),
    "request-undecided": (Lane.HUMAN, "a decision, or the end of its time", Spot.END),
    "policy-not-in-force": (Lane.POLICY, "", Spot.AFTER_LAST),
    "retry-unexplained": (Lane.TOOL, "what explains that it was tried again", Spot.BEFORE_LAST),
    "orphan-span": (Lane.MODEL, "the step that this one belongs to", Spot.BEFORE_LAST),
    "sequence-gap": (Lane.POLICY, "events of this writer", Spot.BEFORE_LAST),
    "clock-regression": (Lane.POLICY, "", Spot.BEFORE_LAST),
    "prompt-not-verbatim": (Lane.MODEL, "the prompt as it was", Spot.AT_WORDS),
    "response-not-verbatim": (Lane.MODEL, "the response as it was", Spot.AT_WORDS),
    "timing-missing": (Lane.TOOL, "times", Spot.AFTER_LAST),
    "no-session-end": (Lane.MODEL, "the end of the session", Spot.END),
}
_RUNS: Final = frozenset({EventType.TOOL_START, EventType.TOOL_RESULT})


def hole(gap: Gap) -> Hole:
    """A gap with what is missing."""
    lane, missing, _ = _KNOWN.get(gap.id, (Lane.POLICY, "", Spot.AFTER_LAST))
    return Hole(gap, lane, missing)


def place(gap: Gap, line: Sequence[Event]) -> int:
    """How many events of a block stand before a gap.

    Args:
        line: the events of the block, in the order they are shown.
    """
    named = set(gap.events)
    mine = [(number, event) for number, event in enumerate(line) if event.event_id in named]
    spot = _KNOWN[gap.id][2] if gap.id in _KNOWN else Spot.AFTER_LAST
    if not mine or spot is Spot.END:
        return len(line)
    match spot:
        case Spot.BEFORE_RUN:
            # The events of a run are named last; one that was tried before is not what the gap is about.
            runs = [number for number, event in mine if event.type in _RUNS]
            starts = [number for number, event in mine if event.type is EventType.TOOL_START]
            return (starts or runs or [mine[-1][0]])[-1]
        case Spot.BEFORE_LAST:
            return mine[-1][0]
        case Spot.AT_WORDS:
            number, event = mine[0]
            return number + (event.type in (EventType.PROMPT, EventType.RESPONSE))
        case Spot.AFTER_LAST:
            return mine[-1][0] + 1
