"""What the tests of a charter exercised, and what they did not: rules by outcome, gates, tools, input schemas.

A point is one thing that a test can show: the condition of a rule (or of an `unless`, a limit, an `after_reading`)
true, false or unknown; a pattern of `never` hit and passed by; a gate asked, approved, denied, expired; a tool called;
an input schema satisfied and broken. A condition counts only for valid input and for calls that the rule concerns, by
tool and tier: a call that is denied for its input shows nothing of a rule. Points that no test can show (`possible`)
do not count.

Everything that a test decides counts, also where the test expects nothing of it: whether anybody would notice a change
is what `mutation` asks. Leaves out words and pages (`report`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from govern.charter.model import Charter, Clause, Input, Limit
from govern.conditions import bound
from govern.findings import Location
from govern.policy.glob import matches
from govern.policy.model import Effect, Policy, Reason, Rule, ToolPolicy, When
from govern.policy.verdict import FALSE, TRUE, UNKNOWN, tiers_of
from govern.scenario.mutants.judged import asked
from govern.scenario.outcome import Decision, Outcome, State
from govern.scenario.possible import outcomes as possible
from govern.scenario.possible import place_certain

NAMES = {TRUE: "true", FALSE: "false", UNKNOWN: "unknown"}
_VALUES = {TRUE: True, FALSE: False, UNKNOWN: None}
ANSWERS = ("asked", "approved", "denied", "expired")


class Part(StrEnum):
    """What a point is of."""

    RULE = "rule"
    WAIVER = "unless"
    LIMIT = "limit"
    AFTER_READING = "after_reading"
    NEVER = "never"
    GATE = "gate"
    TOOL = "tool"
    INPUT = "input"


CONDITIONS = (Part.RULE, Part.WAIVER, Part.LIMIT, Part.AFTER_READING, Part.NEVER)


@dataclass(frozen=True, slots=True)
class Point:
    """One thing that a test can show.

    Args:
        outcome: `true`, `false`, `unknown`; `hit`, `passed`; `asked`, `approved`, `denied`, `expired`; `called`;
            `valid`, `invalid`.
        seen: in how many decisions (of gates: requests) of tests.
        possible: whether any test could show it.
        tools: how often by tool, where it concerns several.
    """

    outcome: str
    seen: int
    possible: bool = True
    tools: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Item:
    """A part of a charter with what tests showed of it.

    Args:
        name: the rule's id, the tool of an `unless`, the pattern of a `never`, a gate, a tool.
        at: its condition, pattern or key.
        points: in the order of `Point.outcome`.
        applied: of rules: in how many decisions it applied.
    """

    part: Part
    name: str
    at: Location
    points: tuple[Point, ...]
    applied: int = 0

    @property
    def counted(self) -> tuple[Point, ...]:
        return tuple(point for point in self.points if point.possible)

    @property
    def unseen(self) -> tuple[str, ...]:
        return tuple(point.outcome for point in self.counted if not point.seen)


@dataclass(frozen=True, slots=True)
class Share:
    """How many of how many."""

    seen: int
    of: int

    @property
    def percent(self) -> int:
        """Rounded down; of nothing it is all."""
        return 100 * self.seen // self.of if self.of else 100


@dataclass(frozen=True, slots=True)
class Coverage:
    """What the tests of one charter exercised.

    Args:
        charter: its file.
        items: in the order of the charter's sections.
        decisions: how many calls the tests decided.
    """

    charter: Charter
    items: tuple[Item, ...]
    decisions: int


def merged(several: Sequence[Coverage]) -> tuple[Item, ...]:
    """The parts of charters; what stands at one place of a file that several are composed with is one part, and what
    tests of any of them showed is shown."""
    found: dict[tuple[Part, str, Location], Item] = {}
    for coverage in several:
        for item in coverage.items:
            key = item.part, item.name, item.at
            found[key] = _joined(found[key], item) if key in found else item
    return tuple(found.values())


def _joined(one: Item, two: Item) -> Item:
    points = []
    for left, right in zip(one.points, two.points, strict=True):
        tools = Counter(dict(left.tools)) + Counter(dict(right.tools))
        seen, possible = left.seen + right.seen, left.possible or right.possible
        points.append(Point(left.outcome, seen, possible, tuple(tools.items())))
    return Item(one.part, one.name, one.at, tuple(points), one.applied + two.applied)


def total(several: Sequence[Coverage]) -> Share:
    """Of all points that count, of several charters together."""
    return counted(several, *Part)


def counted(several: Sequence[Coverage], *parts: Part) -> Share:
    """Of the points of some parts."""
    points = [point for item in merged(several) if item.part in parts for point in item.counted]
    return Share(sum(point.seen > 0 for point in points), len(points))


def rules(several: Sequence[Coverage]) -> Share:
    """Of rules, limits, `after_reading`, waivers and `never`: those that applied in some test."""
    every = [item for item in merged(several) if item.part in CONDITIONS and item.counted]
    return Share(sum(item.applied > 0 for item in every), len(every))


def reaches(several: Sequence[Coverage], percent: float | int | str) -> bool:
    """Whether so much was exercised, compared exactly: 89.99 % does not reach 90."""
    share = total(several)
    return share.seen * 100 >= Fraction(str(percent)) * share.of


def measured(charter: Charter, policy: Policy, outcomes: Sequence[Outcome]) -> Coverage:
    """What tests exercised of a charter.

    Args:
        charter: with its places.
        policy: what it means, under which the tests were run.
        outcomes: of the tests; what was skipped shows nothing.
    """
    run = [outcome for outcome in outcomes if outcome.state is not State.SKIPPED]
    return Coverage(charter, tuple(_Measuring(charter, policy, run).items()), sum(len(each.decisions) for each in run))


@dataclass(slots=True)
class _Seen:
    """Counts of one item by outcome and tool."""

    at: Location
    part: Part
    seen: Counter[tuple[str, str]]
    can: set[str]
    applied: int = 0


class _Measuring:
    def __init__(self, charter: Charter, policy: Policy, outcomes: Sequence[Outcome]) -> None:
        self.charter, self.policy = charter, policy
        self.outcomes = outcomes
        self.decisions = [decision for outcome in outcomes for decision in outcome.decisions]
        self.called = Counter(decision.tool for decision in self.decisions)
        self.conditions: dict[tuple[Part, str], _Seen] = {}

    def items(self) -> Iterator[Item]:
        self.judge()
        yield from self.gates()
        for name, tool in self.charter.tools.items():
            yield Item(Part.TOOL, name, tool.at, (Point("called", self.called[name]),))
            if self.policy.tools[name].schema is not None and tool.input is not None:
                yield self.input(name, tool.input)
        for (part, name), seen in self.conditions.items():
            yield Item(part, name, seen.at, tuple(_points(seen, NAMES.values())), seen.applied)
        yield from self.never()

    def input(self, name: str, written: Input) -> Item:
        valid = Counter(decision.valid for decision in self.decisions if decision.tool == name)
        return Item(Part.INPUT, name, written.at, (Point("valid", valid[True]), Point("invalid", valid[False])))

    # -- conditions --

    def judge(self) -> None:
        """Every condition of every tool, in the charter's order; then what the tests' calls gave them."""
        for name in self.charter.tools:
            for part, id, rule in _forms(self.policy.tools[name]):
                self.declare(part, id, self.policy.tools[name], rule)
        for decision in self.decisions:
            tool = self.policy.tools.get(decision.tool)
            if tool is not None and decision.valid:
                self.count(tool, decision)

    def declare(self, part: Part, id: str, tool: ToolPolicy, rule: Rule | None) -> None:
        condition = tool.unless if rule is None else rule.condition
        if condition is None or (rule is not None and not self.concerns(tool, rule)):
            return
        seen = self.conditions.get((part, id))
        if seen is None:
            seen = self.conditions[part, id] = _Seen(self.place(part, id), part, Counter(), set())
        written = self.charter.tools[tool.name].input
        tree = bound(condition, tool=tool.name, agent=self.policy.agent)
        names = {name for value, name in NAMES.items() if _VALUES[value] in possible(tree, written)}
        if part is Part.LIMIT and not self.kept_by_certain(id, written):
            names.add("unknown")
        seen.can |= names

    def concerns(self, tool: ToolPolicy, rule: Rule) -> bool:
        """Whether some call of a tool may be of a rule's tiers."""
        raised = {each.tier for each in tool.rules if each.tier is not None}
        return not rule.tiers or bool({tool.tier, *raised} & set(rule.tiers))

    def kept_by_certain(self, id: str, written: Input | None) -> bool:
        """Whether every valid call says what a limit is kept by."""
        limit: Limit = next(each for each in self.charter.limits if each.id.name == id)
        places = [word.name for word in limit.for_each if "." in word.name or "[" in word.name]
        return all(place_certain(each, written) for each in (*places, *([limit.sum.name] if limit.sum else [])))

    def count(self, tool: ToolPolicy, decision: Decision) -> None:
        of = tiers_of(tool, decision.truths)
        for (part, id, rule), truth in zip(_forms(tool), decision.truths, strict=True):
            if rule is not None and rule.tiers and not of & set(rule.tiers):
                continue
            seen = self.conditions[part, id]
            seen.seen[NAMES[truth], tool.name] += 1
            spares = TRUE if rule is None or rule.form is When.ONLY_IF else FALSE
            # A waiver applies where it waives.
            seen.applied += (truth == TRUE) if rule is None else (truth != spares)

    def place(self, part: Part, id: str) -> Location:
        clause: Clause | None = None
        match part:
            case Part.WAIVER:
                tool = self.charter.tools[id]
                clause, at = tool.approval.unless if tool.approval else None, tool.at
            case Part.LIMIT:
                at = next(limit.at for limit in self.charter.limits if limit.id.name == id)
            case Part.AFTER_READING:
                every = self.charter.untrusted.after_reading if self.charter.untrusted else ()
                names = [each.id.name if each.id else f"after_reading:{n}" for n, each in enumerate(every, start=1)]
                after = every[names.index(id)]
                clause, at = after.unless, after.id.at if after.id else after.effect.at
            case _:
                rule = next(rule for rule in self.charter.every_rule if rule.id.name == id)
                clause, at = rule.clause, rule.at
        return clause.at if clause is not None else at

    # -- names and gates --

    def never(self) -> Iterator[Item]:
        for never in self.charter.never:
            for word in never.tools:
                hit = Counter({name: count for name, count in self.called.items() if matches(word.name, name)})
                hits, all_calls = hit.total(), self.called.total()
                points = (Point("hit", hits, tools=tuple(hit.items())), Point("passed", all_calls - hits))
                yield Item(Part.NEVER, word.name, word.at, points, hits)

    def gates(self) -> Iterator[Item]:
        reached = asked(self.policy)
        counts: Counter[tuple[str, str]] = Counter()
        for outcome in self.outcomes:
            waiting = {(each.gate, each.step) for each in outcome.answers}
            waiting |= {
                (gate, decision.step)
                for decision in outcome.decisions
                if decision.verdict.effect is Effect.APPROVAL
                for gate in decision.verdict.gates
            }
            counts.update((gate, "asked") for gate, _ in waiting)
            counts.update((each.gate, each.state) for each in outcome.answers if each.state in ANSWERS)
        for name, gate in self.charter.gates.items():
            points = (Point(each, counts[name, each], name in reached) for each in ANSWERS)
            yield Item(Part.GATE, name, gate.at, tuple(points))


def _points(seen: _Seen, names: Iterable[str]) -> Iterator[Point]:
    for name in names:
        tools = tuple((tool, count) for (outcome, tool), count in seen.seen.items() if outcome == name)
        count = sum(count for _, count in tools)
        yield Point(name, count, name in seen.can or count > 0, tools)


_PARTS = {Reason.LIMIT: Part.LIMIT, Reason.AFTER_READING: Part.AFTER_READING}


def _forms(tool: ToolPolicy) -> Iterator[tuple[Part, str, Rule | None]]:
    """What each condition of a tool belongs to, in the order of its truth values; None is the waiver of its gate."""
    if tool.unless is not None:
        yield Part.WAIVER, tool.name, None
    for rule in tool.rules:
        yield _PARTS.get(rule.reason, Part.RULE), rule.id, rule
