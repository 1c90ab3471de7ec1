"""Calls at the boundaries of a tool's conditions: what a search tries where nothing proves, what tests are made of.

For every condition one call each that makes it true, false and unknown; for every comparison in it, where the rest of
the condition leaves the outcome to it, the values at, just below and just above, null, missing and of another kind;
for every argument and fact what it is to be left out. Values are those of `explanation.candidates`; the engine says
what each does. Leaves out proof: what no probe reaches may be reachable.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice, pairwise, zip_longest
from typing import Any, Final

from govern.conditions import Inputs
from govern.conditions.inputs import ORIGINS, Path, path_text, reads
from govern.conditions.python import ABSENT, WRONG, place
from govern.conditions.steps import moment
from govern.conditions.times import NS
from govern.conditions.tree import Call, ListLit, Lit, walk
from govern.events.canonical import Malformed, check, normalise, text_of
from govern.policy.engine import Engine
from govern.policy.explanation import examples
from govern.policy.explanation.candidates import REMOVED, Proposal
from govern.policy.explanation.obstacles import forms
from govern.policy.goals import Part, distance
from govern.policy.model import ToolPolicy
from govern.policy.probe_search import NOON, Search, of_another_kind, touches
from govern.policy.verdict import FALSE, TRUE, UNKNOWN

__all__ = ["MOST", "NOON", "About", "Probe", "probes"]

MOST: Final = 200
_AT: Final = ("at",)
_NESTED: Final = 4  # arguments in arguments that are left out
_MOST_WORDS: Final = 3
_SHOWN: Final = 60  # characters of a value in words
_WORDS: Final = {FALSE: "false", UNKNOWN: "unknown", TRUE: "true"}


class About(StrEnum):
    """What a probe is for."""

    LOOSEST = "loosest"
    OUTCOME = "outcome"  # of a condition: true, false, unknown
    BOUNDARY = "boundary"  # of a comparison, from either side
    GONE = "gone"  # an argument that is missing, or null
    INPUT = "input"  # a fact, the time or the history, in all that they can be
    KIND = "kind"  # an argument of another kind, a list of another length
    SCHEMA = "schema"  # just outside the input schema
    UNMAPPED = "unmapped"


@dataclass(frozen=True, slots=True)
class Probe:
    """A call worth deciding.

    Args:
        args: normalised, as a caller would send them; they need not satisfy the input schema.
        given: all inputs beside the arguments (`conditions.Inputs`), for `Engine.decide_value(…, given=…)`.
        why: what is special about it, in words: `args.amount just over 50`.
        about: what it is for.
        condition: the index of the condition that an OUTCOME or a BOUNDARY is of.
    """

    tool: str
    args: dict[str, Any]
    given: Inputs
    why: str
    about: About = About.INPUT
    condition: int | None = None


def probes(engine: Engine, tool: str, *, most: int = MOST) -> Iterator[Probe]:
    """Calls at a tool's boundaries, no two alike, in an order that depends on the policy alone.

    The first is the loosest that was found; then come those that make each condition true, false and unknown, then
    boundaries of every kind by turns. Of a tool that is not in the policy there is one.

    Args:
        tool: by name.
        most: how many at most.
    """
    mapped = engine.policy.tools.get(tool)
    if mapped is None:
        yield from islice((Probe(tool, {}, {}, "a tool that is not in the charter", About.UNMAPPED),), most)
        return
    seen: set[str] = set()
    found = (probe for probe in _Probing(engine, mapped).all() if _new(probe, seen))
    yield from islice(found, max(most, 0))


def _new(probe: Probe, seen: set[str]) -> bool:
    """Whether no probe before was the same call; what has no canonical form is none."""
    try:
        check(probe.args)
        key = text_of([probe.args, dict(probe.given)])
    except Malformed:
        return False
    known = key in seen
    seen.add(key)
    return not known


class _Probing:
    def __init__(self, engine: Engine, tool: ToolPolicy) -> None:
        self.search = Search(engine, tool)
        self.policy, self.tool = engine.policy, tool
        self.parts, self.paths, self.base = self.search.parts, self.search.paths, self.search.base
        self.names = [tool.gate or "" if rule is None else rule.id for rule in forms(tool)]
        self.literals = _literals(self.parts)

    def all(self) -> Iterator[Probe]:
        yield self.probe(self.base, "the loosest call that was found", About.LOOSEST)
        for index in range(len(self.parts)):
            yield from self.outcomes(index)
        streams: list[Iterator[Probe]] = [self.boundaries(index) for index in range(len(self.parts))]
        streams += [self.without(), self.outside(), self.beyond()]
        for turn in zip_longest(*streams):
            yield from (probe for probe in turn if probe is not None)

    def probe(self, inputs: Inputs, why: str, about: About, condition: int | None = None) -> Probe:
        given = {key: normalise(value) for key, value in inputs.items() if key != "args"}
        return Probe(self.tool.name, normalise(inputs["args"]), given, why, about, condition)

    # -- conditions --

    def outcomes(self, index: int) -> Iterator[Probe]:
        """The condition true, false and unknown, as far as a call was found for it."""
        part = self.parts[index]
        for want in (TRUE, FALSE, UNKNOWN):
            found = self.search.reach(((part, want),), [index], gone=want == UNKNOWN)
            if found is not None:
                what = ", ".join(self.apart(found)[:_MOST_WORDS])
                yield self.probe(
                    found, f"`{self.names[index]}` {_WORDS[want]}" + (f": {what}" if what else ""), About.OUTCOME, index
                )

    def apart(self, inputs: Inputs) -> list[str]:
        """What is other than in the loosest call, in words."""
        found: dict[str, None] = {}
        for path in self.paths:
            # Of a fact that is not known at all, no field is named.
            path = path if path[0] in inputs else path[:1]
            before, now = place(self.base, path), place(inputs, path)
            gone = now is ABSENT or now is WRONG
            if gone != (before is ABSENT or before is WRONG) or (not gone and text_of(before) != text_of(now)):
                found[self.words(Proposal(path, REMOVED if gone else now))] = None
        return list(found)

    def boundaries(self, index: int) -> Iterator[Probe]:
        """For each comparison: the values around it, where the rest of the condition leaves the outcome to it."""
        where = self.names[index]
        streams: list[Iterator[Probe]] = []
        for leaf, needed in self.parts[index].leaves():
            paths = list(dict.fromkeys(read.path for read in reads(leaf.node)))
            start = self.search.reach(needed, [index], gone=False) if needed else self.base
            if start is None or not paths:
                continue
            streams.append(self.around(leaf, start, index, paths, where))
        for turn in zip_longest(*streams):
            yield from (probe for probe in turn if probe is not None)

    def around(self, leaf: Part, start: Inputs, index: int, paths: list[Path], where: str) -> Iterator[Probe]:
        tried: set[str] = set()
        pivots = [start]
        for want in (TRUE, FALSE):
            moved = self.search.toward(((leaf, want),), start, [index])
            if distance(((leaf, want),), self.search.filled(moved)) == 0:
                pivots.append(moved)
        for pivot in pivots:
            near = [each for each in self.search.proposals(pivot, [index]) if touches(each.path, paths)]
            times = self.turning(leaf, pivot, [each.value for each in near if each.path == _AT])
            near = [each for each in near if each.path != _AT] + [Proposal(_AT, at) for at in times]
            near += [Proposal(path, place(pivot, path)) for path in paths if place(pivot, path) not in (ABSENT, WRONG)]
            for change in [*near, *self.search.gone(pivot, paths)]:
                words = self.words(change)
                if words not in tried:
                    tried.add(words)
                    why = f"{words}, which decides `{where}`"
                    yield self.probe(self.search.changed(pivot, change), why, About.BOUNDARY, index)

    def turning(self, leaf: Part, pivot: Inputs, times: Iterable[Any]) -> list[int]:
        """The moments between which a comparison comes out otherwise, a second apart.

        Args:
            times: UTC nanoseconds since 1970.
        """

        def found(at: int) -> int:
            return leaf.truth(self.search.filled({**pivot, "at": at}))

        every = sorted({*(at for at in times if type(at) is int), pivot.get("at", NOON)})
        made: dict[int, None] = {}
        for low, high in pairwise(every):
            before = found(low)
            if before == found(high):
                continue
            while high - low > NS:
                middle = (low + high) // 2 // NS * NS
                if middle <= low:
                    break
                low, high = (middle, high) if found(middle) == before else (low, middle)
            made.update({low: None, high: None})
        return list(made)

    # -- arguments, facts, schema --

    def without(self) -> Iterator[Probe]:
        """Every argument missing, then every one null."""
        every = [path for path in self.arguments() if path[0] == "args"]
        for value in (REMOVED, None):
            for path in every:
                yield self.with_change(Proposal(path, value), About.GONE)
        for path in every:
            now = place(self.base, path)
            yield self.with_change(Proposal(path, of_another_kind(now)), About.KIND)
            if isinstance(now, list):
                for changed in ([], now[:1], [*now[:1], *now[:1]], [*now[:1], of_another_kind(now[0] if now else 1)]):
                    yield self.with_change(Proposal(path, changed), About.KIND)

    def arguments(self) -> list[Path]:
        """Places of arguments: as the schema names them, as the loosest call has them, as conditions read them."""
        named = self.search.schema.get("properties", {}) if isinstance(self.search.schema, dict) else {}
        found: dict[Path, None] = {("args", name): None for name in named}
        waiting: list[tuple[Path, Any]] = [(("args",), self.base["args"])]
        while waiting:
            path, value = waiting.pop(0)
            if len(path) > 1:
                found[path] = None
            if isinstance(value, dict) and len(path) <= _NESTED:
                waiting += [((*path, key), inner) for key, inner in value.items()]
        found.update(dict.fromkeys(path for path in self.paths if path[0] == "args" and len(path) > 1))
        return list(found)

    def outside(self) -> Iterator[Probe]:
        """Facts, time and history: not known, and all that they can be."""
        for path in [path for path in self.paths if path[0] != "args"]:
            for change in self.search.gone(self.base, [path]):
                yield self.with_change(change, About.INPUT)
        for fact in self.policy.facts.values():
            for each in fact.fields:
                path = (fact.name, each.name)
                if path in self.paths:
                    for value in each.values or examples.of_kind(each.kind):
                        yield self.with_change(Proposal(path, value), About.INPUT)
        for key in [str(path[0]) for path in self.paths if "(" in str(path[0])]:
            for value in _all_of(key):
                yield self.with_change(Proposal((key,), value), About.INPUT)

    def beyond(self) -> Iterator[Probe]:
        """Arguments just outside the schema, and one more than it knows."""
        for path in self.arguments():
            known = examples.schema_at(self.search.schema, path)
            for value in examples.beyond(known, place(self.base, path)):
                yield self.with_change(Proposal(path, value), About.SCHEMA)
        if self.tool.schema is not None:
            extra = "not_in_the_schema"
            yield self.with_change(Proposal(("args", extra), examples.SAMPLE), About.SCHEMA)

    def with_change(self, change: Proposal, about: About) -> Probe:
        return self.probe(self.search.changed(self.base, change), self.words(change), about)

    # -- words --

    def words(self, change: Proposal) -> str:
        """What is special about a value."""
        where, value = path_text(change.path), change.value
        if value is REMOVED:
            return f"{where} {'missing' if len(change.path) > 1 and change.path[0] == 'args' else 'unknown'}"
        if value is None:
            return f"{where} null"
        if change.path == _AT:
            return f"at {moment(value)}"
        if type(value) in (int, float):
            for literal in self.literals.get(change.path, ()):
                if 0 < abs(value - literal) <= 1:
                    return f"{where} just {'over' if value > literal else 'under'} {literal}: {value}"
        text = text_of(value)
        return f"{where} {text if len(text) <= _SHOWN else text[: _SHOWN - 1] + '…'}"


def _literals(parts: Iterable[Part]) -> dict[Path, list[int | float]]:
    """The numbers that each input is compared with."""
    found: dict[Path, list[int | float]] = {}
    for part in parts:
        for node in walk(part.node):
            if isinstance(node, Call) and len(node.operands) == 2:
                for one, other in (node.operands, node.operands[::-1]):
                    numbers = other.items if isinstance(other, ListLit) else (other,)
                    for read in reads(one):
                        for number in numbers:
                            if isinstance(number, Lit) and type(number.value) in (int, float):
                                found.setdefault(read.path, []).append(number.value)  # type: ignore[arg-type]
    return found


def _all_of(key: str) -> tuple[Any, ...]:
    match key.partition("(")[0]:
        case "exceeded" | "tainted" | "named_by_user":
            return True, False
        case "origin":
            return ORIGINS
        case _:
            return 0, 1, 2
