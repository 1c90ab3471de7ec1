"""The search behind `probes`: a call of a tool, moved input by input to where its conditions are as they are wanted.

Values come from `explanation.candidates`, distances from `goals`, what is valid from the engine. Leaves out what is
searched for, and words.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from govern.conditions import Inputs
from govern.conditions.inputs import ORIGINS, Path, reads
from govern.conditions.python import ABSENT, WRONG, place
from govern.conditions.scope import PLACES
from govern.conditions.steps import steps
from govern.conditions.times import timestamp_ns
from govern.events.canonical import parse, text_of
from govern.policy.engine import Engine
from govern.policy.explanation import examples
from govern.policy.explanation.candidates import REMOVED, Proposal, proposals
from govern.policy.explanation.failed import failed
from govern.policy.explanation.obstacles import loosening
from govern.policy.explanation.trials import pairs, with_change
from govern.policy.goals import Wanted, compiled, distance
from govern.policy.model import FactField, ToolPolicy
from govern.policy.verdict import FALSE, TRUE, UNKNOWN

NOON: Final = timestamp_ns("2026-01-05T12:00:00Z") or 0
"""When a call is made where no condition asks for another time: a Monday."""
_ROUNDS: Final = 8
_PAIRS: Final = 1_000


class Search:
    """Calls of one tool.

    Args:
        engine: of the policy.
        tool: of that policy.

    Attributes:
        parts: its conditions, part by part.
        paths: every input that they read.
        base: the loosest call that was found.
    """

    def __init__(self, engine: Engine, tool: ToolPolicy) -> None:
        self.engine, self.policy, self.tool = engine, engine.policy, tool
        self.schema: Any = parse(tool.schema) if tool.schema else {}
        agent, zone = self.policy.agent, engine.zone
        self.parts = [compiled(each, tool=tool.name, agent=agent, zone=zone) for each in tool.conditions]
        self.loose = loosening(tool)
        every = (read.path for part in self.parts for read in reads(part.node))
        self.paths = list(dict.fromkeys(every))
        self._readers: dict[Path, list[bool]] = {}
        self._fills = tool.schema is not None and '"default"' in tool.schema
        self._inputs = {"args", "at", *PLACES, *self.policy.facts, *(str(path[0]) for path in self.paths)}
        self.base = self.loosest()

    # -- the base --

    def loosest(self) -> Inputs:
        """A call as the schema wants it, with all that conditions ask about, moved until as few as can be ask for
        anything."""
        inputs: dict[str, Any] = self._arguments()
        for fact in self.policy.facts.values():
            if any(path[0] == fact.name for path in self.paths):
                inputs[fact.name] = {each.name: _sample(each) for each in fact.fields}
        for path in self.paths:
            key = str(path[0])
            if key == "at":
                inputs[key] = NOON
            elif "(" in key:
                inputs[key] = _nothing_happened(key)
            elif key in PLACES:
                inputs.setdefault(key, {})
            elif key == "args":
                inputs = _reached(inputs, path)
        for path in sorted(self.paths, key=len, reverse=True):
            if len(path) > 1 and place(inputs, path) is ABSENT and not self.named(path):
                inputs = with_change(inputs, Proposal(path, examples.SAMPLE))
        return self.toward((), inputs)

    def named(self, path: Path) -> bool:
        """Whether the schema knows a place: then it said what stands there."""
        return path[0] == "args" and bool(examples.schema_at(self.schema, path))

    def _arguments(self) -> dict[str, Any]:
        """Arguments that the schema takes: with every property that is named, else with those it requires."""
        tried = [examples.filled(self.schema, every=each) for each in (True, False)] if self.schema else [{}]
        usable = [each for each in tried if isinstance(each, dict)] or [{}]
        for args in usable:
            if self.valid({"args": args}):
                return {"args": args}
        one: dict[str, Any] = {"args": usable[0]}
        for _ in range(_ROUNDS):
            wrong = failed(self.tool.schema or "{}", self.engine.filled(self.tool.name, one["args"]))
            options = [with_change(one, each) for each in self.proposals(one, ())]
            # What is optional and wrong is left out.
            options += [with_change(one, Proposal(each.path, REMOVED)) for each in wrong if len(each.path) > 1]
            better = [(self.problems(each), place_in) for place_in, each in enumerate(options)]
            if not better or min(better)[0] >= len(wrong):
                break
            one = options[min(better)[1]]
        return one

    def valid(self, inputs: Inputs) -> bool:
        return self.engine.prepared(self.tool.name, inputs["args"])[1]

    def problems(self, inputs: Inputs) -> int:
        filled = self.engine.filled(self.tool.name, inputs["args"])
        return len(failed(self.tool.schema, filled)) if self.tool.schema and not self.valid(inputs) else 0

    # -- the search --

    def toward(self, wanted: Wanted, start: Inputs, asked: Sequence[int] | None = None, gone: bool = False) -> Inputs:
        """The call moved, one input at a time, to where parts are as wanted, then to valid input, then to where as
        few other conditions as can be ask for anything.

        Args:
            asked: whose proposals are tried while something is wanted, by index of the conditions; None is all.
            gone: whether what is missing, null and of a wrong kind is tried too.
        """
        now = start
        costs = self.costs(now)
        score: tuple[int, ...] = (distance(wanted, self.filled(now)), not self.valid(now), sum(costs))
        for _ in range(_ROUNDS):
            chosen = asked if asked is not None and score[0] else [i for i, cost in enumerate(costs) if cost]
            if score[0] and asked is None:
                chosen = range(len(self.parts))
            options = self.proposals(now, chosen)
            if gone:
                options += self.gone(now, [path for index in chosen for path in self.read(index)])
            best: Inputs | None = None
            for option in options:
                moved = self.changed(now, option)
                found = self.score(wanted, moved, option.path, score, costs)
                if found < score:
                    best, score = moved, found
            if best is None:
                return now
            now, costs = best, self.costs(best)
            if not any(score):
                return now
        return now

    def costs(self, inputs: Inputs) -> list[int]:
        """For each condition, how much would have to change for it to ask for nothing."""
        filled = self.filled(inputs)
        return [part.costs(filled)[way] for part, way in zip(self.parts, self.loose, strict=True)]

    def score(
        self, wanted: Wanted, inputs: Inputs, changed: Path, least: tuple[int, ...], costs: list[int]
    ) -> tuple[int, ...]:
        """What is left: of what is wanted, of valid input, of other conditions that ask for nothing.

        Args:
            changed: the only input that differs from where `costs` are of.
            least: where the first of it is more than that already, the rest does not matter.
        """
        filled = self.filled(inputs)
        left = distance(wanted, filled)
        if left > least[0]:
            return (left,)
        invalid = not self.valid(inputs)
        if (left, invalid) > least[:2]:
            return left, invalid
        again = self.reading(changed)
        ways = zip(self.parts, self.loose, costs, again, strict=True)
        return left, invalid, sum(part.costs(filled)[way] if anew else cost for part, way, cost, anew in ways)

    def reading(self, changed: Path) -> list[bool]:
        """Which conditions an input matters to; defaults of the schema may follow from any argument."""
        known = self._readers.get(changed)
        if known is None:
            whole = changed[:1] if changed[0] == "args" and self._fills else changed
            known = [touches(whole, {read.path for read in reads(part.node)}) for part in self.parts]
            self._readers[changed] = known
        return known

    def filled(self, inputs: Inputs) -> Inputs:
        return {**inputs, "args": self.engine.filled(self.tool.name, inputs["args"])}

    def proposals(self, inputs: Inputs, chosen: Iterable[int]) -> list[Proposal]:
        agent, filled = self.policy.agent, self.filled(inputs)
        roots = [
            steps(self.tool.conditions[index], filled, tool=self.tool.name, agent=agent, zone=self.engine.zone)
            for index in chosen
        ]
        found = proposals(self.policy, self.tool.name, roots, filled)
        return [each for each in found if each.path[0] in self._inputs]  # the variable of a macro is none

    def changed(self, inputs: Inputs, change: Proposal) -> Inputs:
        key = str(change.path[0])
        if len(change.path) == 1 and change.value is REMOVED:
            return {each: value for each, value in inputs.items() if each != key}
        return with_change(dict(inputs), change)

    def read(self, index: int) -> list[Path]:
        """The inputs of a condition; where it reads the arguments as a whole, each of them."""
        found = [read.path for read in reads(self.parts[index].node)]
        if ("args",) in found:
            found += [("args", name) for name in self.base["args"]]
        return list(dict.fromkeys(found))

    def gone(self, inputs: Inputs, paths: Iterable[Path]) -> list[Proposal]:
        """Inputs and what they lie in: missing, null, and where an argument can be so, of another kind."""
        made: dict[tuple[Path, str], Proposal] = {}
        for path in paths:
            # The whole of the arguments, or of a record, is always there.
            least = 2 if path[0] in ("args", *PLACES) else 1
            for length in range(len(path), least - 1, -1):
                inner = path[:length]
                now = place(inputs, inner)
                values: list[Any] = [REMOVED]
                if length > 1:
                    values.append(None)
                if path[0] in ("args", *PLACES):
                    values.append(of_another_kind(now))
                for value in values:
                    known = "-" if value is REMOVED else text_of(value)
                    made.setdefault((inner, known), Proposal(inner, value))
        return list(made.values())

    # -- further away --

    def reach(self, wanted: Wanted, asked: Sequence[int], *, gone: bool) -> Inputs | None:
        """A call where parts are as wanted, from the loosest one; None where none was found."""
        for start in self.starts(wanted):
            found = self.toward(wanted, start, asked, gone)
            if distance(wanted, self.filled(found)) == 0:
                return found
            if not gone:
                found = self.toward(wanted, start, asked, gone=True)
                if distance(wanted, self.filled(found)) == 0:
                    return found
        return self.by_two(wanted, asked)

    def by_two(self, wanted: Wanted, asked: Sequence[int]) -> Inputs | None:
        """Where no one change brings a call nearer: the first two that do."""
        each = self.proposals(self.base, asked)
        each += self.gone(self.base, [path for index in asked for path in self.read(index)])
        before = distance(wanted, self.filled(self.base))
        for one, other in pairs(each)[:_PAIRS]:
            moved = self.changed(self.changed(self.base, one), other)
            if distance(wanted, self.filled(moved)) < before:
                found = self.toward(wanted, moved, asked, gone=True)
                if distance(wanted, self.filled(found)) == 0:
                    return found
        return None

    def starts(self, wanted: Wanted) -> Iterator[Inputs]:
        yield self.base
        for part, want in wanted:
            # Further away, where one step alone changes nothing: from the other outcomes.
            for other in (TRUE, FALSE):
                if other != want and len(wanted) == 1:
                    yield self.toward(((part, other),), self.base, None)
            if want != UNKNOWN and len(wanted) == 1:
                yield self.toward(((part, UNKNOWN),), self.base, None, gone=True)


def touches(path: Path, paths: Iterable[Path]) -> bool:
    """Whether a place is one of several, or lies in one, or holds one."""
    return any(all(left == right for left, right in zip(path, each, strict=False)) for each in paths)


def _sample(field: FactField) -> Any:
    """A value to begin with: the first of an enum, or something of the kind that holds something."""
    return field.values[0] if field.values else next(iter(examples.of_kind(field.kind)[-1:]), examples.SAMPLE)


def _reached(inputs: dict[str, Any], path: Path) -> dict[str, Any]:
    """The inputs with lists long enough for the places that conditions name by number."""
    for length, step in enumerate(path):
        if not isinstance(step, int):
            continue
        now = place(inputs, path[:length])
        if now in (ABSENT, WRONG, None):
            now = []
        if isinstance(now, list) and len(now) <= step:
            longer = [*now, *[now[-1] if now else examples.SAMPLE] * (step + 1 - len(now))]
            inputs = with_change(inputs, Proposal(path[:length], longer))
    return inputs


def _nothing_happened(key: str) -> Any:
    """The history of a session in which nothing was called, counted or read."""
    match key.partition("(")[0]:
        case "exceeded" | "tainted":
            return False
        case "named_by_user":
            return True
        case "origin":
            return ORIGINS[0]
        case _:
            return 0


def of_another_kind(value: Any) -> Any:
    return 7 if isinstance(value, str | list) else examples.SAMPLE
