"""A deadline that nobody can meet, or that holds a call for longer than anybody remembers it."""

from __future__ import annotations

from collections.abc import Iterator

from govern.charter.model import Charter, Gate, Verdict
from govern.findings import Confidence, Severity
from govern.lint.hit import Hit

SEVERITY = Severity.WARNING
CONFIDENCE = Confidence.MEDIUM

_SOON_S = 60
_FAR_S = 30 * 86400


def check(charter: Charter) -> Iterator[Hit]:
    for gate in charter.gates.values():
        yield from _gate(gate)


def _gate(gate: Gate) -> Iterator[Hit]:
    times = [0, *(step.after_s for step in gate.steps), gate.end.after_s]
    places = [*(step.gate.at for step in gate.steps), gate.end.at]
    who = [gate.name, *(step.gate.name for step in gate.steps)]
    what = "denies" if gate.end.verdict is Verdict.DENY else "allows"
    for name, since, until, place in zip(who, times, times[1:], places, strict=False):
        if until - since < _SOON_S:
            if until == gate.end.after_s:
                then = f"then silence {what} every call"
            else:
                then = f"then `{who[who.index(name) + 1]}` is asked every time"
            message = f"`{name}` has {_span(until - since)} to answer: nobody reads and decides in that, {then}"
            yield Hit(message, place, "give people at least a minute")
    if gate.end.after_s > _FAR_S:
        message = (
            f"a call waits {_span(gate.end.after_s)} for `{gate.name}`: what was true when it was proposed no longer is"
        )
        yield Hit(message, gate.end.at, "end it within 30 days; the agent can propose it again", Severity.NOTE)


def _span(seconds: int) -> str:
    if seconds % 86400 == 0:
        return f"{seconds // 86400} days"
    return f"{seconds} second{'s' * (seconds != 1)}" if seconds < 3600 else f"{seconds // 3600} hours"
