"""One chain with its holes: what `reconstruct`, `traces` and `gaps` all show.

Whether a gap can show at all is decided by what the trace's sources can carry. A field counts as carried as
soon as one event of the trace comes from a source that carries it, and live and canonical events carry every
field, as does a format nobody knows. So a canonical trace with no check in it is never excused: it may be an
agent's own log, which has none by nature, but nothing in a record can prove that of itself, and an excuse
that a record gives itself would hide the very hole that is looked for. The cause says so in words instead.

Sources that carry no checks (imported chat logs) give `n/a` where the whole trace comes from them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from govern.events.model import Event
from govern.reconstruct import completeness
from govern.reconstruct.approvals import Elsewhere
from govern.reconstruct.build import build
from govern.reconstruct.chain import Chain
from govern.reconstruct.completeness import Count
from govern.reconstruct.gaps.contract import Pattern, Scene
from govern.reconstruct.gaps.registry import KINDS

Carries = Callable[[str | None], frozenset[str]]
"""What a source format can carry, of `completeness.CARRIED`; `govern.ingest.formats.carries`."""


def carries_all(_: str | None) -> frozenset[str]:
    """As if every source could carry everything: excuses nothing."""
    return completeness.CARRIED


@dataclass(frozen=True, slots=True)
class Gap:
    """One hole of a chain.

    Args:
        id: which gap; `govern explain ID` says how to close it.
        pattern: which of the three failures it is a sign of.
        action: index of the action, from 1; None where it is in none.
        events: ids of the events it concerns.
        at_ns: when what it names happened (a run, else the latest of those events), None where no time is recorded.
        cause: the likely cause, in words; may hold text of the record.
    """

    id: str
    pattern: Pattern
    action: int | None
    events: tuple[str, ...]
    at_ns: int | None
    cause: str


@dataclass(frozen=True, slots=True)
class NotApplicable:
    """A gap that could not show here, and why: neither a failure nor a pass."""

    id: str
    why: str


@dataclass(frozen=True, slots=True)
class Reconstruction:
    """A chain, its holes in the order of the actions, what could not be judged, and how complete it is."""

    chain: Chain
    gaps: tuple[Gap, ...]
    not_applicable: tuple[NotApplicable, ...]
    completeness: dict[str, Count]


def reconstruct(
    events: Iterable[Event], *, elsewhere: Elsewhere | None = None, carries: Carries = carries_all
) -> Reconstruction:
    """The chain of one trace, with its gaps.

    Args:
        events: all events of exactly one trace, in any order.
        elsewhere: decisions of other traces, by the approval ids that this trace asks for.
        carries: what a source format can carry.

    Raises:
        ValueError: no event, or events of several traces.
    """
    chain = build(events)
    scene = Scene(chain, elsewhere or {})
    formats = {event.source_format for event in chain.events}
    carried = frozenset().union(*(carries(name) for name in formats))
    gaps: list[tuple[int, int, Gap]] = []
    skipped: list[NotApplicable] = []
    for rank, kind in enumerate(KINDS):
        if lacking := kind.needs - carried:
            named = ", ".join(sorted(name or "live" for name in formats))
            skipped.append(NotApplicable(kind.id, f"{named} carries no {' and no '.join(sorted(lacking))}"))
            continue
        if excused := kind.relaxed(scene):
            skipped.append(NotApplicable(kind.id, f"{excused} excused by shadow mode"))
        for found in kind.find(scene):
            timed = found.events if found.at is None else (found.at,)
            times = [event.ts_ns for event in timed if event.ts_ns is not None]
            index = found.action.index if found.action is not None else None
            gap = Gap(
                id=kind.id,
                pattern=kind.pattern,
                action=index,
                events=tuple(dict.fromkeys(event.event_id for event in found.events)),
                at_ns=max(times, default=None),
                cause=found.cause,
            )
            gaps.append((index if index is not None else len(chain.actions) + 1, rank, gap))
    gaps.sort(key=lambda item: item[:2])
    return Reconstruction(
        chain=chain,
        gaps=tuple(gap for _, _, gap in gaps),
        not_applicable=tuple(skipped),
        completeness=completeness.count(chain, carried),
    )
