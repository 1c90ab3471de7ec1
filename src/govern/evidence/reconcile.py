"""Compares what a store says was done with what a second source saw: the only way to find what was never written.

Executions are paired, each at most once, in these rounds, of which the earlier is the surer:

1. the same call id, tool and arguments;
2. the same tool and arguments: as many pairs as there can be, and the nearest in time;
3. the same call id and tool, with other arguments, or where one side has none;
4. one side has no arguments: the same tool, the nearest in time.

A pair lies within the window, where both have times. Where one that is left over is as near, which of them is meant
cannot be told, and it is said. What is left over in the time that both sources cover is a finding. Pure.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from govern.evidence.executions import Ran, same_arguments

MANY: Final = 250_000
"""Where more pairs than this are possible among like executions, a quicker way finds as many, if not the nearest."""


class Kind(StrEnum):
    """What can be found."""

    NEVER_WRITTEN = "never-written"
    ONLY_IN_STORE = "only-in-store"
    ARGUMENTS = "arguments-differ"
    OUTCOME = "outcome-differs"


class Basis(StrEnum):
    """What a pair rests on."""

    ID = "call id, tool and arguments"
    ARGUMENTS = "tool, arguments and time"
    ID_ONLY = "call id and tool"
    TIME = "tool and time"


@dataclass(frozen=True, slots=True)
class Pair:
    """One execution in both sources.

    Args:
        ambiguous: another one would have fitted as well.
    """

    ours: Ran
    theirs: Ran
    basis: Basis
    ambiguous: bool

    @property
    def off_ns(self) -> int | None:
        """How much later the second source says it was; None without times."""
        one, other = self.ours.at_ns, self.theirs.at_ns
        return None if one is None or other is None else other - one

    @property
    def differs(self) -> tuple[Kind, ...]:
        found = []
        if same_arguments(self.ours, self.theirs) is False:
            found.append(Kind.ARGUMENTS)
        if None not in (self.ours.outcome, self.theirs.outcome) and self.ours.outcome != self.theirs.outcome:
            found.append(Kind.OUTCOME)
        return tuple(found)


@dataclass(frozen=True, slots=True)
class Span:
    """A time that is compared, ends included; UTC nanoseconds, None where a source has no times at all."""

    from_ns: int | None
    to_ns: int | None

    def holds(self, at_ns: int | None) -> bool:
        """Whether a time is in it; what has no time is."""
        if at_ns is None:
            return True
        if self.from_ns is not None and at_ns < self.from_ns:
            return False
        return self.to_ns is None or at_ns <= self.to_ns


@dataclass(frozen=True, slots=True)
class Reconciled:
    """What came of it.

    Args:
        span: the time that was compared.
        pairs: in both, in the order of time.
        never_written: in the second source alone, within the span.
        only_in_store: in the store alone, within the span, of tools that the second source knows.
        outside: executions before and after the span: of the store, of the second source.
        uncovered: executions in the store, within the span, of tools that the second source never names, by tool.
    """

    span: Span
    pairs: tuple[Pair, ...]
    never_written: tuple[Ran, ...]
    only_in_store: tuple[Ran, ...]
    outside: tuple[int, int]
    uncovered: dict[str, int]

    @property
    def compared(self) -> int:
        """Executions of the second source that were judged."""
        return len(self.pairs) + len(self.never_written)

    @property
    def findings(self) -> int:
        return len(self.never_written) + len(self.only_in_store) + sum(len(pair.differs) for pair in self.pairs)

    @property
    def ambiguous(self) -> int:
        return sum(pair.ambiguous for pair in self.pairs)


def overlap(ours: tuple[int | None, int | None], theirs: tuple[int | None, int | None]) -> Span:
    """The time that both sources cover.

    Args:
        ours, theirs: the first and the last time of any event of each.
    """
    starts = [first for first, _ in (ours, theirs) if first is not None]
    ends = [last for _, last in (ours, theirs) if last is not None]
    return Span(max(starts), min(ends)) if len(starts) == 2 and len(ends) == 2 else Span(None, None)


def reconcile(
    ours: Sequence[Ran], theirs: Sequence[Ran], span: Span, *, window_ns: int, known: Iterable[str] = ()
) -> Reconciled:
    """Compares the executions of a store with those of a second source.

    Args:
        span: what is compared; what lies outside may still be the other half of a pair near its ends.
        window_ns: how far the two times of one execution may lie apart.
        known: further tools that the second source could have shown, without their server.
    """
    matching = _Matching(ours, theirs, window_ns)
    matching.run()
    tools = {each.name for each in theirs} | set(known)
    pairs = [pair for pair in matching.pairs if span.holds(pair.theirs.at_ns) or span.holds(pair.ours.at_ns)]
    mine = [ours[place] for place in sorted(matching.ours)]
    others = [theirs[place] for place in sorted(matching.theirs)]
    uncovered: dict[str, int] = defaultdict(int)
    for each in mine:
        if span.holds(each.at_ns) and each.name not in tools:
            uncovered[each.tool] += 1
    apart = len(matching.pairs) - len(pairs)
    return Reconciled(
        span=span,
        pairs=tuple(sorted(pairs, key=lambda pair: _when(pair.theirs))),
        never_written=tuple(sorted((each for each in others if span.holds(each.at_ns)), key=_when)),
        only_in_store=tuple(
            sorted((each for each in mine if span.holds(each.at_ns) and each.name in tools), key=_when)
        ),
        outside=(
            apart + sum(not span.holds(each.at_ns) for each in mine),
            apart + sum(not span.holds(each.at_ns) for each in others),
        ),
        uncovered=dict(sorted(uncovered.items())),
    )


def _when(each: Ran) -> tuple[bool, int, str]:
    return each.at_ns is None, each.at_ns or 0, each.event_id


_Key = tuple[object, ...]
Fits = Callable[[Ran, Ran], bool]
Near = Callable[[Ran, Ran], int | None]
"""The distance of two that may be a pair, in nanoseconds; None of two that may not."""


@dataclass(slots=True)
class _Matching:
    """The rounds; `ours` and `theirs` are in the end what is left over, as places in what was given."""

    given_ours: Sequence[Ran]
    given_theirs: Sequence[Ran]
    window_ns: int
    ours: set[int] = field(init=False)
    theirs: set[int] = field(init=False)
    pairs: list[Pair] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.ours = set(range(len(self.given_ours)))
        self.theirs = set(range(len(self.given_theirs)))

    def run(self) -> None:
        self._round(Basis.ID, lambda each: (each.name, each.call_id, each.args_digest), _agree)
        self._round(Basis.ID, lambda each: (each.name, each.call_id), _agree)
        self._round(Basis.ARGUMENTS, lambda each: (each.name, None, each.args_digest), _agree, without=True)
        self._round(Basis.ARGUMENTS, lambda each: (each.name, None), _agree, without=True)
        self._round(Basis.ID_ONLY, lambda each: (each.name, each.call_id), lambda one, other: True)
        self._round(
            Basis.TIME,
            lambda each: (each.name, None),
            lambda one, other: same_arguments(one, other) is None,
            without=True,
        )

    def _round(
        self,
        basis: Basis,
        key: Callable[[Ran], _Key],
        fits: Fits,
        *,
        without: bool = False,
    ) -> None:
        """Pairs what has the same key and fits, the nearest first.

        Args:
            without: the key leaves the call id out; else what has none takes no part.
        """
        groups: dict[_Key, tuple[list[int], list[int]]] = {}
        for side, (places, given) in enumerate(((self.ours, self.given_ours), (self.theirs, self.given_theirs))):
            for place in sorted(places):
                if without or given[place].call_id is not None:
                    groups.setdefault(key(given[place]), ([], []))[side].append(place)
        for mine, others in groups.values():
            if mine and others:
                self._group(basis, mine, others, fits)

    def _group(self, basis: Basis, mine: list[int], others: list[int], fits: Fits) -> None:
        ours = sorted(((place, self.given_ours[place]) for place in mine), key=_in_line)
        theirs = sorted(((place, self.given_theirs[place]) for place in others), key=_in_line)

        def near(one: Ran, other: Ran) -> int | None:
            distance = _distance(one, other)
            return distance if distance <= self.window_ns and fits(one, other) else None

        found = _line_up([ran for _, ran in ours], [ran for _, ran in theirs], near)
        self.ours -= {ours[one][0] for one, _ in found}
        self.theirs -= {theirs[other][0] for _, other in found}
        left = (
            [ran for place, ran in ours if place in self.ours],
            [ran for place, ran in theirs if place in self.theirs],
        )
        for one, other in found:
            mine_one, their_one = ours[one][1], theirs[other][1]
            distance = _distance(mine_one, their_one)
            rivals = [near(each, their_one) for each in left[0]] + [near(mine_one, each) for each in left[1]]
            tied = any(rival is not None and rival <= distance for rival in rivals)
            self.pairs.append(Pair(mine_one, their_one, basis, tied))


def _in_line(placed: tuple[int, Ran]) -> tuple[bool, int, str, int]:
    """Time, then how it ended, so that of those at one time the like ones are paired."""
    place, each = placed
    return each.at_ns is None, each.at_ns or 0, each.outcome or "", place


def _line_up(ours: list[Ran], theirs: list[Ran], near: Near) -> list[tuple[int, int]]:
    """The most pairs that there can be in the order of time, and of these the nearest: an alignment. So a clock that is
    wrong by more than the calls lie apart costs none of them its partner."""
    if len(ours) * len(theirs) > MANY:
        return _walk(ours, theirs, near)
    alone = 1 << 80  # more than any sum of distances
    costs = [[other * alone for other in range(len(theirs) + 1)]]
    for number, one in enumerate(ours, start=1):
        above, row = costs[-1], [number * alone]
        for place, other in enumerate(theirs):
            best = min(above[place + 1], row[place]) + alone
            distance = near(one, other) if above[place] < best else None
            row.append(best if distance is None else min(best, above[place] + distance))
        costs.append(row)
    found: list[tuple[int, int]] = []
    one_end, other_end = len(ours), len(theirs)
    while one_end and other_end:
        cost = costs[one_end][other_end]
        if cost == costs[one_end][other_end - 1] + alone:
            other_end -= 1
        elif cost == costs[one_end - 1][other_end] + alone:
            one_end -= 1
        else:
            one_end, other_end = one_end - 1, other_end - 1
            found.append((one_end, other_end))
    return found[::-1]


def _walk(ours: list[Ran], theirs: list[Ran], near: Near) -> list[tuple[int, int]]:
    """As `_line_up`, of very many: as many pairs, in one walk, not always the nearest."""
    found: list[tuple[int, int]] = []
    one = other = 0
    while one < len(ours) and other < len(theirs):
        if near(ours[one], theirs[other]) is not None:
            found.append((one, other))
            one, other = one + 1, other + 1
        elif _when(ours[one])[:2] <= _when(theirs[other])[:2]:
            one += 1
        else:
            other += 1
    return found


def _distance(one: Ran, other: Ran) -> int:
    """In nanoseconds; 0 where one has no time: nothing speaks against them."""
    return 0 if one.at_ns is None or other.at_ns is None else abs(one.at_ns - other.at_ns)


def _agree(one: Ran, other: Ran) -> bool:
    return same_arguments(one, other) is True
