"""What many chains come to: one line a trace, and all gaps of a store, grouped. Memory grows with traces only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from govern.reconstruct.completeness import FIELDS, Count
from govern.reconstruct.gaps.contract import Pattern
from govern.reconstruct.gaps.registry import BY_ID, RANK
from govern.reconstruct.judge import Reconstruction

SAMPLES: Final = 5
"""Sample traces of one gap, each trace once."""


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


def gather(chains: Iterable[Reconstruction]) -> StoreGaps:
    """All gaps of these chains, grouped by kind: worse kinds first."""
    groups: dict[str, GapGroup] = {}
    skipped: Counter[tuple[str, str]] = Counter()
    fields = {name: [0, 0, 0] for name, _, _ in FIELDS}
    traces = flawed = actions = 0
    for made in chains:
        traces += 1
        flawed += bool(made.gaps)
        actions += len(made.chain.actions)
        skipped.update((one.id, one.why) for one in made.not_applicable)
        for name, count in made.completeness.items():
            for place, value in enumerate((count.present, count.missing, count.na)):
                fields[name][place] += value
        _add(groups, made)
    return StoreGaps(
        traces=traces,
        flawed=flawed,
        actions=actions,
        groups=tuple(sorted(groups.values(), key=lambda group: RANK[group.id])),
        not_applicable=dict(sorted(skipped.items(), key=lambda item: (RANK[item[0][0]], item[0][1]))),
        completeness={name: Count(*counts) for name, counts in fields.items()},
    )


def _add(groups: dict[str, GapGroup], made: Reconstruction) -> None:
    seen: set[str] = set()
    for gap in made.gaps:
        group = groups.setdefault(gap.id, GapGroup(gap.id))
        action = made.chain.actions[gap.action - 1] if gap.action is not None else None
        tool = action.tool if action is not None else None
        group.count += 1
        group.tools[tool or "(no tool recorded)"] += 1
        if gap.at_ns is not None:
            group.last_ns = max(gap.at_ns, group.last_ns if group.last_ns is not None else gap.at_ns)
        if gap.id not in seen:
            seen.add(gap.id)
            group.traces += 1
            if len(group.samples) < SAMPLES:
                group.samples.append(Sample(made.chain.trace_id, gap.action, tool, gap.cause))
