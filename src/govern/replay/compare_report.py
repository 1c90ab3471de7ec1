"""Counts two charters over the same calls: pairs of groups in, a `Comparison` out. Leaves out words (`report`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from govern.policy.glob import matches
from govern.policy.model import Effect, Gate, Policy
from govern.replay.compare import Compared, First, common
from govern.replay.comparison import (
    LABELS,
    NO_CHARTER,
    Approvals,
    Cell,
    Comparison,
    Cost,
    Event,
    GateChange,
    ToolRow,
    Way,
)
from govern.replay.groups import Judgement, Key, Kind, Policies
from govern.replay.shadow import day_text


@dataclass(slots=True)
class _Seen:
    calls: int
    first: Event

    def add(self, calls: int, first: Event) -> None:
        self.calls += calls
        if first.place < self.first.place:
            self.first = first


_Moved = tuple[tuple[str, ...], tuple[str, ...], Way]
_K = TypeVar("_K")


@dataclass(slots=True)
class _Tool:
    ways: dict[Way, int] = field(default_factory=dict)
    cells: dict[tuple[str, str], _Seen] = field(default_factory=dict)
    gates: dict[_Moved, _Seen] = field(default_factory=dict)


@dataclass(slots=True)
class _Builder:
    cells: dict[tuple[str, str], _Seen] = field(default_factory=dict)
    gates: dict[_Moved, _Seen] = field(default_factory=dict)
    tools: dict[tuple[str | None, str], _Tool] = field(default_factory=dict)
    asked: dict[tuple[str | None, str], dict[int | None, list[int]]] = field(default_factory=dict)
    days: set[int] = field(default_factory=set)
    timeless: bool = False
    undecided: int = 0
    undecided_same: int = 0
    unheard: int = 0
    malformed: int = 0


def report(compared: Compared, old: Policies, new: Policies) -> Comparison:
    """Counts a comparison.

    Args:
        compared: what either engine found.
        old, new: the same that it judged by.
    """
    made = _Builder()
    judges = (_Judge(old), _Judge(new))
    alike = _Alike(old, new)
    for (was, now), seen in compared.pairs.items():
        _count(made, was, judges[0].of(was), judges[1].of(now), seen.calls, seen.first)
        if not (judges[0].of(was).decided and judges[1].of(now).decided) and alike.of(was.agent, was.tool):
            made.undecided_same += seen.calls
    rows = [_tool_row(agent, tool, each) for (agent, tool), each in made.tools.items()]
    ways: dict[Way, int] = {}
    for row in rows:
        for way, calls in row.ways.items():
            ways[way] = ways.get(way, 0) + calls
    return Comparison(
        cells=_cells(made.cells),
        gates=_gates(made.gates),
        ways=ways,
        by_tool=tuple(sorted(rows, key=_by_weight)),
        approvals=_approvals(made, old, new),
        undecided=made.undecided,
        undecided_same=made.undecided_same,
        unheard=made.unheard,
        malformed=made.malformed,
        days=tuple(day_text(day) for day in sorted(made.days)),
        old=_named(old),
        new=_named(new),
    )


@dataclass(frozen=True, slots=True)
class _Said:
    """What one side says of a call.

    Args:
        gates: of the loosest verdict it may have, by name.
        asks: of the loosest and the strictest: what is asked of whom.
    """

    label: str
    decided: bool
    effect: Effect | None = None
    gates: tuple[str, ...] = ()
    asks: tuple[tuple[Effect, frozenset[Gate]], ...] = ()


class _Judge:
    """Judges groups, those of different days once."""

    def __init__(self, policies: Policies) -> None:
        self._policies = policies
        self._known: dict[tuple[object, ...], _Said] = {}

    def of(self, key: Key) -> _Said:
        same = (key.agent, key.tool, key.kind, key.valid, key.truths)
        found = self._known.get(same)
        if found is None:
            found = self._known[same] = self._said(key, self._policies.judge(key))
        return found

    def _said(self, key: Key, judgement: Judgement | None) -> _Said:
        if judgement is None:
            return _Said(NO_CHARTER, decided=True)
        judge = self._policies.agent_for(key.agent)
        gates = self._policies.by_agent[judge].gates if judge is not None else {}
        asks = tuple(
            (verdict.effect, frozenset(gates[name] for name in verdict.gates))
            for verdict in (judgement.loosest, judgement.strictest)
        )
        loosest = judgement.loosest
        return _Said(judgement.label, judgement.decided, loosest.effect, tuple(sorted(loosest.gates)), asks)


class _Alike:
    """Which tools have the same verdict under both whatever a call is: what is said of them is the same, and what came
    before means the same."""

    def __init__(self, old: Policies, new: Policies) -> None:
        self._policies = (old, new)
        self._known: dict[tuple[str, str], frozenset[str]] = {}

    def of(self, agent: str | None, tool: str) -> bool:
        was, now = (policies.agent_for(agent) for policies in self._policies)
        if was is None or now is None:
            return False
        found = self._known.get((was, now))
        if found is None:
            old, new = self._policies[0].engines[was], self._policies[1].engines[now]
            found = self._known[was, now] = frozenset(
                name for name in common(old, new).tools if _said_of(old.policy, name) == _said_of(new.policy, name)
            )
        return tool in found


def _said_of(policy: Policy, name: str) -> object:
    tool = policy.tools[name]
    gates = {gate for gate in (tool.gate, *(rule.gate for rule in tool.rules)) if gate is not None}
    never = [pattern for each in policy.never for pattern in each.patterns if matches(pattern, name)]
    return tool, {gate: policy.gates[gate] for gate in gates}, never


def _way(old: _Said, new: _Said) -> Way:
    if not new.asks:
        return Way.UNDECIDED
    if old.asks:
        (loosest, _), (strictest, _) = old.asks
        if new.asks[1][0] < loosest:  # whatever the log does not tell
            return Way.LOOSER
        if new.asks[0][0] > strictest:
            return Way.STRICTER
    if not (old.decided and new.decided):
        return Way.UNDECIDED
    if not old.asks:  # nobody said anything of these calls before
        return Way.STRICTER if new.effect is Effect.DENY else Way.LOOSER
    before, after = old.asks[0][1], new.asks[0][1]
    if before == after:
        return Way.SAME
    return Way.LOOSER if after < before else Way.STRICTER if after > before else Way.OTHER


def _count(made: _Builder, key: Key, old: _Said, new: _Said, calls: int, first: First) -> None:
    event = Event(key.tool, key.agent, first.ts_ns, first.trace_id, first.event_id)
    tool = made.tools.setdefault((key.agent, key.tool), _Tool())
    way = _way(old, new)
    tool.ways[way] = tool.ways.get(way, 0) + calls
    for cells in (made.cells, tool.cells):
        _add(cells, (old.label, new.label), calls, event)
    if way is not Way.SAME and old.effect is new.effect is Effect.APPROVAL and old.decided and new.decided:
        for gates in (made.gates, tool.gates):
            _add(gates, (old.gates, new.gates, way), calls, event)
    if new.effect is None:
        made.unheard += calls
    elif not (old.decided and new.decided):
        made.undecided += calls
    if key.kind is Kind.MALFORMED:
        made.malformed += calls
    if old.effect is not None or new.effect is not None:
        if key.day is None:
            made.timeless = True
        else:
            made.days.add(key.day)
    for side, said in enumerate((old, new)):
        if said.decided and said.effect is Effect.APPROVAL:
            for gate in said.gates:
                of_day = made.asked.setdefault((key.agent, gate), {}).setdefault(key.day, [0, 0])
                of_day[side] += calls


def _add(found: dict[_K, _Seen], key: _K, calls: int, first: Event) -> None:
    if key in found:
        found[key].add(calls, first)
    else:
        found[key] = _Seen(calls, first)


def _cells(found: Mapping[tuple[str, str], _Seen]) -> tuple[Cell, ...]:
    cells = (Cell(old, new, seen.calls, seen.first) for (old, new), seen in found.items())
    return tuple(sorted(cells, key=lambda cell: (LABELS.index(cell.old), LABELS.index(cell.new))))


def _gates(found: Mapping[_Moved, _Seen]) -> tuple[GateChange, ...]:
    rows = (GateChange(old, new, way, seen.calls, seen.first) for (old, new, way), seen in found.items())
    return tuple(sorted(rows, key=lambda row: (-row.calls, row.old, row.new, row.way)))


def _tool_row(agent: str | None, tool: str, found: _Tool) -> ToolRow:
    changed = tuple(cell for cell in _cells(found.cells) if cell.old != cell.new)
    return ToolRow(tool, agent, found.ways, changed, _gates(found.gates))


def _by_weight(row: ToolRow) -> tuple[int, int, int, str, str]:
    return (-row.ways.get(Way.LOOSER, 0), -row.moved, -row.calls, row.tool, row.agent or "")


def _approvals(made: _Builder, old: Policies, new: Policies) -> tuple[Approvals, ...]:
    rows = []
    days = None if made.timeless or not made.days else len(made.days)
    for (agent, gate), by_day in made.asked.items():
        before, after = (sum(counts[side] for counts in by_day.values()) for side in (0, 1))
        listed = sorted((day, counts[0], counts[1]) for day, counts in by_day.items() if day is not None)
        rows.append(
            Approvals(
                gate, agent, _cost(old, agent, gate, before, days), _cost(new, agent, gate, after, days),
                tuple((day_text(day), was, now) for day, was, now in listed),
            )
        )  # fmt: skip
    return tuple(sorted(rows, key=lambda row: (-max(_calls(row.old), _calls(row.new)), row.agent or "", row.gate)))


def _calls(cost: Cost | None) -> int:
    return cost.calls if cost is not None else 0


def _cost(policies: Policies, agent: str | None, name: str, calls: int, days: int | None) -> Cost | None:
    judge = policies.agent_for(agent)
    gate = policies.by_agent[judge].gates.get(name) if judge is not None else None
    if gate is None:
        return None
    return Cost(gate.roles, gate.quorum, calls, calls / days if days is not None else None)


def _named(policies: Policies) -> tuple[tuple[str, int, str], ...]:
    return tuple((each.agent, each.version, each.digest) for _, each in sorted(policies.by_agent.items()))
