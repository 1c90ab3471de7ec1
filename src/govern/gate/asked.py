"""Whom a gate asks when, and when silence ends it: deadlines are data, worked out of the request and the time.

A gate of a verdict asks from the request on. A step `ask` asks another gate too, whose answer counts in its place. Of
the gate itself, further asks and a denial count from the request, whether or not anything runs or anybody was told.
What loosens, an allowance by silence, counts from the recorded delivery of its notification, and so does every
deadline of a gate that was asked by escalation. Such a gate's own silence ends the request where it denies, and means
nothing where it allows: only the gate that the verdict asks may allow by silence.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from heapq import heappop, heappush

from govern.gate.model import Standing
from govern.policy.model import Deadline
from govern.policy.terms import Effect

NS = 10**9


@dataclass(frozen=True, slots=True)
class Asking:
    """A gate that is asked for a gate of the verdict, from a time on."""

    gate: str
    at_ns: int


@dataclass(frozen=True, slots=True)
class End:
    """What silence means for a gate of the verdict, and from which nanosecond on.

    Args:
        allows: else it denies.
    """

    root: str
    at_ns: int
    allows: bool


def askings(standing: Standing, root: str) -> tuple[Asking, ...]:
    """Every gate that is asked for a gate of the verdict, each once, in order of time; those to come too."""
    request = standing.request
    found: dict[str, int] = {}
    waiting: list[tuple[int, str]] = [(request.at_ns, root)]
    while waiting:
        at_ns, name = heappop(waiting)
        if name in found:
            continue
        found[name] = at_ns
        since = request.at_ns if name == root else _told(standing, name, at_ns)
        for step in request.gates[name].if_no_answer:
            if step.ask is not None and since is not None:
                heappush(waiting, (since + step.after_s * NS, step.ask))
    return tuple(Asking(gate, at_ns) for gate, at_ns in found.items())


def end(standing: Standing, root: str) -> End | None:
    """When silence ends a gate of the verdict; a denial before an allowance at the same time. None where nothing does
    yet: a deadline that loosens, and nobody was told."""
    return min(_ends(standing, root), key=lambda each: (each.at_ns, each.allows), default=None)


def _ends(standing: Standing, root: str) -> Iterator[End]:
    request = standing.request
    for asking in askings(standing, root):
        last = _last(request.gates[asking.gate].if_no_answer)
        told = _told(standing, asking.gate, asking.at_ns)
        loosens = last.then is Effect.ALLOW
        if asking.gate == root and not (loosens and request.silence_allows):
            yield End(root, request.at_ns + last.after_s * NS, False)
        elif told is not None and (asking.gate == root or not loosens):
            yield End(root, told + last.after_s * NS, loosens)


def _last(steps: tuple[Deadline, ...]) -> Deadline:
    if not steps or steps[-1].then is None:
        raise ValueError("a gate without a last word on silence")
    return steps[-1]


def _told(standing: Standing, gate: str, asked_ns: int) -> int | None:
    """When a gate's notification was delivered; None if it was not, for all that is recorded."""
    if standing.request.told_at_once:
        return asked_ns
    recorded = standing.delivered.get(gate)
    return None if recorded is None else max(recorded, asked_ns)
