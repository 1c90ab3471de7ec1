"""Calls that show a difference, found by trying: the charters' own scenarios, then boundaries of their conditions.

What a person wrote, and values just over a bound, are easier to read than what a solver picks, and are there without
one. Leaves out proof: that no call was found says nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, product
from typing import Any, Final

from govern.charter.model import Charter
from govern.conditions.tree import Call, Field, Lit, Name, Node, walk
from govern.diff.aligned import Aligned
from govern.diff.gates import Gates
from govern.diff.model import Change, Witness
from govern.diff.verdicts import compared, in_words
from govern.events.canonical import Malformed, normalise, text_of
from govern.policy.engine import Engine
from govern.policy.model import Policy
from govern.policy.probes import probes

MOST: Final = 120
"""Boundary calls that are tried of each policy."""
_MOST_FACTS: Final = 12
_SHORT: Final = 199
"""A text of that length is among the boundary calls."""
_LONGEST: Final = 100_000
_USUAL: Final = 3
FIRST: Final = 25
"""Calls that are tried before the solver is asked, which is quicker than trying all."""


@dataclass(frozen=True, slots=True)
class Tried:
    """A call worth trying under both.

    Args:
        inputs: all that is known beside the arguments.
    """

    args: Mapping[str, Any]
    inputs: Mapping[str, Any]


class Search:
    """Tries calls.

    Args:
        old, new: the engines of both policies.
        charters: whose scenarios are tried first.
        gates: of both.
    """

    def __init__(self, old: Engine, new: Engine, charters: tuple[Charter, ...], gates: Gates) -> None:
        self.old, self.new, self.charters, self.gates = old, new, charters, gates
        self._found: dict[str, tuple[list[Tried], Iterator[Tried]]] = {}

    def tried(self, tool: str) -> Iterator[Tried]:
        """Calls of a tool, worked out once."""
        if tool not in self._found:
            self._found[tool] = [], self._calls(tool)
        known, more = self._found[tool]
        at = 0
        while True:
            if at == len(known):
                one = next(more, None)
                if one is None:
                    return
                known.append(one)
            yield known[at]
            at += 1

    def witness(self, pair: Aligned, tool: str, way: Change, most: int | None = None) -> Witness | None:
        """A call that goes one way, if one is found: rather one with another verdict than one whose gates alone ask
        for something else, which would hide the other.

        Args:
            most: calls that are tried before one is found; None for all.
        """
        best: Witness | None = None
        for count, one in enumerate(self.tried(tool)):
            if best is None and count == most:
                return None
            for found in self._shown_by(pair, tool, one, way):
                if best is None or _plainness(found) > _plainness(best):
                    best = found
                if _plainness(best) == _PLAINEST:
                    return best
        return best

    def _shown_by(self, pair: Aligned, tool: str, one: Tried, way: Change) -> Iterator[Witness]:
        for inputs in self._pasts(pair, tool, one):
            old, new = pair.split(inputs)
            for given_old, given_new in _lacking(pair, old, new):
                found = self.shown(tool, one.args, given_old, given_new, way)
                if found is not None:
                    yield found

    def shown(
        self, tool: str, args: Mapping[str, Any], old: Mapping[str, Any], new: Mapping[str, Any], way: Change
    ) -> Witness | None:
        """The call as a witness, if the per-call engine says so under both policies."""
        given_old, given_new = declared(self.old.policy, old), declared(self.new.policy, new)
        before = self.old.decide_value(tool, dict(args), given=given_old)
        after = self.new.decide_value(tool, dict(args), given=given_new)
        order = compared(before, after, self.gates)
        if not (order.wider if way is Change.WIDENED else order.narrower):
            return None
        return Witness(way, args, given_old, given_new, before, after, in_words(before, after, self.gates))

    def released(self, tool: str, *, by_old: bool, by_new: bool) -> Witness | None:
        """A call that the policies named do not deny: what comes after release is shown by it.

        Args:
            by_old, by_new: which of them must not deny it.
        """
        for one in self.tried(tool):
            found = self.running(tool, one.args, one.inputs, by_old=by_old, by_new=by_new)
            if found is not None:
                return found
        return None

    def running(
        self, tool: str, args: Mapping[str, Any], inputs: Mapping[str, Any], *, by_old: bool, by_new: bool
    ) -> Witness | None:
        """The call as a witness of what comes after release, if it is released."""
        given_old, given_new = declared(self.old.policy, inputs), declared(self.new.policy, inputs)
        before = self.old.decide_value(tool, dict(args), given=given_old)
        after = self.new.decide_value(tool, dict(args), given=given_new)
        denied = (by_old and before.effect.label == "deny") or (by_new and after.effect.label == "deny")
        if denied:
            return None
        return Witness(Change.WIDENED, args, given_old, given_new, before, after, in_words(before, after, self.gates))

    def _calls(self, tool: str) -> Iterator[Tried]:
        seen: set[str] = set()
        engines = [engine for engine in (self.new, self.old) if tool in engine.policy.tools]
        tried = (Tried(each.args, each.given) for engine in engines for each in probes(engine, tool, most=MOST))
        for one in chain(self._scenarios(tool), tried, self._long(tool)):
            key = text_of([dict(one.args), dict(one.inputs)])
            if key not in seen:
                seen.add(key)
                yield one

    def _long(self, tool: str) -> Iterator[Tried]:
        """Texts about as long as a condition asks for, where that is longer than a boundary call gets."""
        lengths: dict[tuple[str, int], None] = {}
        for engine in (self.new, self.old):
            mapped = engine.policy.tools.get(tool)
            for condition in mapped.conditions if mapped is not None else ():
                lengths |= dict.fromkeys(_lengths(condition.tree))
        usual = self._found[tool][0][:_USUAL]
        for (name, length), by, one in product(lengths, (1, 0, -1), usual):
            yield Tried({**one.args, name: "x" * (length + by)}, one.inputs)

    def _scenarios(self, tool: str) -> Iterator[Tried]:
        for charter in self.charters:
            for scenario in charter.scenarios:
                if scenario.tool.name == tool:
                    try:
                        args, given = normalise(scenario.args), normalise(scenario.given)
                    except Malformed:
                        continue
                    yield Tried(args, given)

    def _pasts(self, pair: Aligned, tool: str, one: Tried) -> Iterator[Mapping[str, Any]]:
        """What may be known of the call; a fact that the new charter works out otherwise may be anything there."""
        if not pair.renamed:
            yield one.inputs
            return
        for name, shown in pair.renamed.items():
            values = {text_of(each.inputs.get(name)): each.inputs.get(name) for each in self.tried(tool)}
            for value in (None, *list(values.values())[:_MOST_FACTS]):
                rest = {renamed: one.inputs.get(other) for other, renamed in pair.renamed.items() if other != name}
                yield {**one.inputs, **rest, shown: value}


_PLAINEST: Final = 2


def _plainness(witness: Witness) -> int:
    """2 where another effect shows it, 1 where other gates do, 0 where only what a gate asks for does."""
    if witness.old.effect is not witness.new.effect:
        return _PLAINEST
    return int(set(witness.old.gates) != set(witness.new.gates))


def _lengths(tree: Node) -> Iterator[tuple[str, int]]:
    """Arguments whose size is compared with a number, and the number."""
    for node in walk(tree):
        if isinstance(node, Call) and len(node.operands) == 2:
            for one, other in (node.operands, node.operands[::-1]):
                match one, other:
                    case Call("size", (Field(Name("args"), name),)), Lit(int(length)) if _SHORT < length <= _LONGEST:
                        yield name, length


def _lacking(
    pair: Aligned, old: dict[str, Any], new: dict[str, Any]
) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Both pasts, and those in which one side lacks what its charter no longer takes for a fact."""
    yield old, new
    for lost in pair.lost:
        short = new if lost.of_new else old
        fact = short.get(lost.fact)
        if isinstance(fact, dict) and lost.field in fact:
            less = {**short, lost.fact: {key: value for key, value in fact.items() if key != lost.field}}
            yield (old, less) if lost.of_new else (less, new)


def declared(policy: Policy, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """What of the inputs the policy takes: facts and fields that it declares, and what is no fact; what nobody knows
    is left out, as somebody would write it."""
    found: dict[str, Any] = {}
    for key, value in inputs.items():
        if value is not None and ("(" in key or key == "at"):
            found[key] = value
        elif key in policy.facts and isinstance(value, dict):
            fields = {field.name for field in policy.facts[key].fields}
            found[key] = {name: each for name, each in value.items() if name in fields}
    return found
