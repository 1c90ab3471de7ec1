"""The contract of one gap: what it needs from a source, and how it is found in a chain.

A gap's module states only what is special to it; `registry` adds its id and pattern to what it finds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property

from govern.events.model import Event, EventType
from govern.reconstruct.approvals import Elsewhere, Judged, judged
from govern.reconstruct.chain import Action, Chain
from govern.reconstruct.gaps.facts import OPEN_NS, StoreFacts


class Pattern(StrEnum):
    """The three ways in which a governed agent fails, as every output names them."""

    SCOPE = "action outside intended scope"
    GATE = "approval gate that did not hold"
    TRAIL = "audit trail with gaps"


@dataclass(frozen=True)
class Scene:
    """What a gap is looked for in.

    Args:
        chain: one trace.
        elsewhere: decisions of other traces under the approval ids that it asked for.
        store: what the trace cannot know of its writers; None where it is judged without its store.
        carries: what a source format can carry.
    """

    chain: Chain
    elsewhere: Elsewhere = field(default_factory=dict)
    store: StoreFacts | None = None
    carries: Callable[[str | None], frozenset[str]] = lambda _: frozenset()

    @cached_property
    def runs(self) -> tuple[Judged, ...]:
        """Every run of a tool, judged once for all gaps."""
        return tuple(judged(self.chain, self.elsewhere))

    def carry(self, event: Event, name: str) -> bool:
        """Whether the source of an event can carry a field."""
        return name in self.carries(event.source_format)

    @cached_property
    def still_open(self) -> bool:
        """Whether the run may still go on: it has not ended, and the writer of its last event is alive and has not
        written anything else for a day since."""
        if self.store is None or any(event.type is EventType.SESSION_END for event in self.chain.events):
            return False
        last = self.chain.events[-1]
        if last.writer_id not in self.store.alive:
            return False
        latest = self.store.alive[last.writer_id]
        return latest is None or last.ts_ns is None or latest - last.ts_ns <= OPEN_NS


@dataclass(frozen=True, slots=True)
class Found:
    """One hole.

    Args:
        action: the one it is in; None where it is in none.
        events: those it concerns.
        cause: the likely one, in words.
        at: the event that should not have happened as it did; None for the latest of `events`.
    """

    action: Action | None
    events: tuple[Event, ...]
    cause: str
    at: Event | None = None


@dataclass(frozen=True, slots=True)
class GapKind:
    """One kind of gap.

    Args:
        id: also the name of its page and of its cases; its module has `_` for `-`.
        title: in a few words.
        pattern: which of the three failures it is a sign of.
        needs: the fields that a source must carry for this gap to show; where it does not, the gap is `n/a`.
        find: every instance in one chain, in order.
        relaxed: how many instances are excused; these are `n/a` too.
        excuse: by what, in words.
        absence: whether it may come of events that are not in the record: then its cause says where numbers are lost.
        needs_store: whether a chain alone cannot show it: judged without its store it is `n/a`.
    """

    id: str
    title: str
    pattern: Pattern
    needs: frozenset[str]
    find: Callable[[Scene], Iterator[Found]]
    relaxed: Callable[[Scene], int] = lambda _: 0
    excuse: str = "excused by shadow mode"
    absence: bool = False
    needs_store: bool = False
