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
from typing import Final

from govern.events.model import Event
from govern.reconstruct import completeness
from govern.reconstruct.approvals import Elsewhere
from govern.reconstruct.build import build
from govern.reconstruct.chain import Chain
from govern.reconstruct.completeness import Count
from govern.reconstruct.gaps.contract import Found, Pattern, Scene
from govern.reconstruct.gaps.facts import StoreFacts
from govern.reconstruct.gaps.registry import KINDS
from govern.reconstruct.gaps.sequence_gap import said
from govern.reconstruct.order import is_numbered

Carries = Callable[[str | None], frozenset[str]]
"""What a source format can carry, of `EVERYTHING`; `govern.ingest.formats.carries`."""
EVERYTHING: Final = completeness.CARRIED | frozenset(need for kind in KINDS for need in kind.needs)


def carries_all(_: str | None) -> frozenset[str]:
    """As if every source could carry everything: excuses nothing."""
    return EVERYTHING


_IN_WORDS: Final = {
    "sequence": "numbers of its writers",
    "spans": "spans of its own",
    "sessions": "ends of sessions",
    "verbatim": "word of what is verbatim",
}


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
    events: Iterable[Event],
    *,
    elsewhere: Elsewhere | None = None,
    carries: Carries = carries_all,
    store: StoreFacts | None = None,
) -> Reconstruction:
    """The chain of one trace, with its gaps.

    Args:
        events: all events of exactly one trace, in any order.
        elsewhere: decisions of other traces, by the approval ids that this trace asks for.
        carries: what a source format can carry.
        store: what the trace cannot know of its writers; None where it is judged without its store.

    Raises:
        ValueError: no event, or events of several traces.
    """
    chain = build(events)
    scene = Scene(chain, elsewhere or {}, store, carries)
    formats = {event.source_format for event in chain.events}
    carried = frozenset().union(*(carries(name) for name in formats))
    gaps: list[tuple[int, int, Gap]] = []
    skipped: list[NotApplicable] = []
    for rank, kind in enumerate(KINDS):
        if lacking := kind.needs - carried:
            named = ", ".join(sorted(name or "live" for name in formats))
            words = " and no ".join(_IN_WORDS.get(name, name) for name in sorted(lacking))
            skipped.append(NotApplicable(kind.id, f"{named} carries no {words}"))
            continue
        if store is None and kind.needs_store:
            skipped.append(NotApplicable(kind.id, "judged without its store"))
            continue
        if excused := kind.relaxed(scene):
            skipped.append(NotApplicable(kind.id, f"{excused} {kind.excuse}"))
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
                cause=found.cause + (_lost_there(scene, found) if kind.absence else ""),
            )
            gaps.append((index if index is not None else len(chain.actions) + 1, rank, gap))
    gaps.sort(key=lambda item: item[:2])
    return Reconstruction(
        chain=chain,
        gaps=tuple(gap for _, _, gap in gaps),
        not_applicable=tuple(skipped),
        completeness=completeness.count(chain, carried),
    )


def _lost_there(scene: Scene, found: Found) -> str:
    """In words, what the writers of a hole lost just there: the likeliest cause of something missing."""
    if scene.store is None:
        return ""
    places: dict[str, list[int]] = {}
    for event in found.events if found.action is None else found.action.events:
        if is_numbered(event):
            places.setdefault(event.writer_id, []).append(event.wseq)
    for writer, numbers in places.items():
        for lost in scene.store.lost_of(writer, min(numbers), max(numbers)):
            are = "is" if lost.count == 1 else "are"
            words = said(lost)
            return f". {words[0].upper()}{words[1:]} {are} lost there: what is missing may be among them"
    return ""
