"""What many chains come to: one line a trace, and all gaps of a store, grouped. Memory grows with traces only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from govern.reconstruct.completeness import FIELDS, Count
from govern.reconstruct.gaps.contract import Pattern
from govern.reconstruct.gaps.registry import BY_ID, RANK
from govern.reconstruct.judge import Reconstruction

SAMPLES: Final = 5
"""Sample traces of one gap, each trace once: the first by id."""


@dataclass(frozen=True, slots=True)
class TraceLine:
    """One trace in a list. Times are UTC nanoseconds; `unchecked` counts actions with no check in them."""

    trace_id: str
    agents: tuple[str, ...]
    started_ns: int | None
    ended_ns: int | None
    actions: int
    allow: int
    approval: int
    deny: int
    unchecked: int
    gaps: dict[str, int]

    @property
    def duration_ns(self) -> int | None:
        if self.started_ns is None or self.ended_ns is None:
            return None
        return self.ended_ns - self.started_ns


def line_of(made: Reconstruction) -> TraceLine:
    """One chain as one line."""
    checks = [action.check for action in made.chain.actions]
    verdicts = Counter(check.verdict for check in checks if check is not None)
    return TraceLine(
        trace_id=made.chain.trace_id,
        agents=made.chain.agents,
        started_ns=made.chain.started_ns,
        ended_ns=made.chain.ended_ns,
        actions=len(made.chain.actions),
        allow=verdicts["allow"],
        approval=verdicts["approval"],
        deny=verdicts["deny"],
        unchecked=len(checks) - sum(verdicts[verdict] for verdict in ("allow", "approval", "deny")),
        gaps=dict(Counter(gap.id for gap in made.gaps)),
    )


def newest_first(lines: Iterable[TraceLine]) -> list[TraceLine]:
    """Sorted by start, newest first; those without a time come last, by id."""
    return sorted(lines, key=lambda line: (line.started_ns is None, -(line.started_ns or 0), line.trace_id))


@dataclass(frozen=True, slots=True)
class Sample:
    """Where one gap was seen."""

    trace_id: str
    action: int | None
    tool: str | None
    cause: str


@dataclass(slots=True)
class GapGroup:
    """All gaps of one kind in a store. `last_ns` is when the latest of them happened."""

    id: str
    count: int = 0
    traces: int = 0
    tools: Counter[str] = field(default_factory=Counter)
    samples: list[Sample] = field(default_factory=list)
    last_ns: int | None = None

    @property
    def pattern(self) -> Pattern:
        return BY_ID[self.id].pattern

    @property
    def title(self) -> str:
        return BY_ID[self.id].title

    def sampled(self, more: Iterable[Sample]) -> None:
        """Keeps the first samples by trace id."""
        self.samples = sorted((*self.samples, *more), key=lambda one: one.trace_id)[:SAMPLES]


@dataclass(frozen=True, slots=True)
class StoreGaps:
    """Every hole in every chain, worst first; `not_applicable` counts traces by gap and reason."""

    traces: int
    flawed: int
    actions: int
    groups: tuple[GapGroup, ...]
    not_applicable: dict[tuple[str, str], int]
    completeness: dict[str, Count]

    @property
    def count(self) -> int:
        return sum(group.count for group in self.groups)


@dataclass(slots=True)
class Tally:
    """Counts of many chains, in any order: the samples of a gap are those of its first traces by id.

    Args:
        wanted: the id of a gap: all traces that have it are kept in `having`.
    """

    wanted: str | None = None
    having: list[str] = field(default_factory=list)
    traces: int = 0
    flawed: int = 0
    actions: int = 0
    groups: dict[str, GapGroup] = field(default_factory=dict)
    skipped: Counter[tuple[str, str]] = field(default_factory=Counter)
    fields: dict[str, list[int]] = field(default_factory=lambda: {name: [0, 0, 0] for name, _, _ in FIELDS})

    def add(self, made: Reconstruction) -> None:
        """One chain."""
        self.traces += 1
        self.flawed += bool(made.gaps)
        self.actions += len(made.chain.actions)
        self.skipped.update((one.id, one.why) for one in made.not_applicable)
        for name, count in made.completeness.items():
            self._count(name, (count.present, count.missing, count.na))
        seen: set[str] = set()
        for gap in made.gaps:
            group = self.groups.setdefault(gap.id, GapGroup(gap.id))
            action = made.chain.actions[gap.action - 1] if gap.action is not None else None
            tool = action.tool if action is not None else None
            group.count += 1
            group.tools[tool or "(no tool recorded)"] += 1
            if gap.at_ns is not None:
                group.last_ns = max(gap.at_ns, group.last_ns if group.last_ns is not None else gap.at_ns)
            if gap.id not in seen:
                seen.add(gap.id)
                group.traces += 1
                if gap.id == self.wanted:
                    self.having.append(made.chain.trace_id)
                group.sampled([Sample(made.chain.trace_id, gap.action, tool, gap.cause)])

    def add_alike(
        self, traces: int, actions: int, not_applicable: Iterable[tuple[str, str]], fields: Mapping[str, Count]
    ) -> None:
        """Chains without a gap that are judged alike.

        Args:
            traces: how many.
            actions: of all of them.
            not_applicable: gap and reason, each once for every one of the chains.
            fields: how complete they are, over all their actions.
        """
        self.traces += traces
        self.actions += actions
        for one in not_applicable:
            self.skipped[one] += traces
        for name, count in fields.items():
            self._count(name, (count.present, count.missing, count.na))

    def merge(self, other: Tally) -> None:
        """The chains of another tally, none of which is in this one."""
        self.traces += other.traces
        self.flawed += other.flawed
        self.actions += other.actions
        self.having += other.having
        self.skipped.update(other.skipped)
        for name, counts in other.fields.items():
            self._count(name, counts)
        for key, found in other.groups.items():
            group = self.groups.setdefault(key, GapGroup(key))
            group.count += found.count
            group.traces += found.traces
            group.tools.update(found.tools)
            if found.last_ns is not None:
                group.last_ns = max(found.last_ns, group.last_ns if group.last_ns is not None else found.last_ns)
            group.sampled(found.samples)

    def done(self) -> StoreGaps:
        """All gaps of these chains, grouped by kind: worse kinds first."""
        return StoreGaps(
            traces=self.traces,
            flawed=self.flawed,
            actions=self.actions,
            groups=tuple(sorted(self.groups.values(), key=lambda group: RANK[group.id])),
            not_applicable=dict(sorted(self.skipped.items(), key=lambda item: (RANK[item[0][0]], item[0][1]))),
            completeness={name: Count(*counts) for name, counts in self.fields.items()},
        )

    def _count(self, name: str, counts: Iterable[int]) -> None:
        own = self.fields[name]
        for place, value in enumerate(counts):
            own[place] += value


def gather(chains: Iterable[Reconstruction]) -> StoreGaps:
    """All gaps of these chains, grouped by kind: worse kinds first."""
    tally = Tally()
    for made in chains:
        tally.add(made)
    return tally.done()
