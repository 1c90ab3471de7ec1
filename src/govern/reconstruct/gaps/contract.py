"""The contract of one gap: what it needs from a source, and how it is found in a chain.

A gap's module states only what is special to it; `registry` adds its id and pattern to what it finds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from govern.events.model import Event
from govern.reconstruct.approvals import Elsewhere
from govern.reconstruct.chain import Action, Chain


class Pattern(StrEnum):
    """The three ways in which a governed agent fails, as every output names them."""

    SCOPE = "action outside intended scope"
    GATE = "approval gate that did not hold"
    TRAIL = "audit trail with gaps"


@dataclass(frozen=True, slots=True)
class Scene:
    """What a gap is looked for in: one chain, and decisions of other traces under the ids it asked for."""

    chain: Chain
    elsewhere: Elsewhere = field(default_factory=dict)


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
        relaxed: how many instances are excused by shadow mode; these are `n/a` too.
    """

    id: str
    title: str
    pattern: Pattern
    needs: frozenset[str]
    find: Callable[[Scene], Iterator[Found]]
    relaxed: Callable[[Scene], int] = lambda _: 0
