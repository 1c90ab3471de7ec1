"""The inputs of a decision in a solver's question: each may be missing, and is anything else that it can be.

By the keys of `conditions.Inputs`. Leaves out what a policy says of its inputs (schemas, kinds of facts), which the
question adds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from govern.conditions.inputs import ORIGINS
from govern.conditions.smt.cells import NOTHING, Cell, Cells
from govern.conditions.smt.clocks import Clocks
from govern.conditions.smt.needs import Needs
from govern.conditions.smt.terms import Bool, Terms
from govern.conditions.smt.texts import Texts, Words
from govern.conditions.smt.values import Number, Truth, Under, Value, Written
from govern.conditions.times import INT64_MAX, INT64_MIN


@dataclass(frozen=True, slots=True)
class Pair:
    """A truth value that may be unknown: whether it is true, whether it is false."""

    true: Bool
    false: Bool


class Inputs:
    """All inputs of one call, shared by the policies that judge it."""

    def __init__(self, needs: Needs) -> None:
        self.terms = Terms()
        self.texts = Texts(self.terms)
        self.cells = Cells(self.terms, self.texts, needs)
        self.clocks = Clocks(self.terms, self.texts, self.cells.facts)
        self.args = self.cells.cell(("args",), is_object=True)
        self.outside: dict[str, None] = {}
        self.guesses: list[Any] = []
        self.likely: list[Bool] = []
        self.learned: list[Bool] = []
        self.kept: list[Any] = []
        self._places: dict[str, tuple[Any, Cell]] = {}
        self._facts: dict[str, tuple[Any, Cell]] = {}
        self._at: tuple[Any, Any] | None = None
        self._history: dict[str, tuple[Any, Any]] = {}

    def fact_cell(self, name: str) -> tuple[Any, Cell]:
        """Whether a fact is given, and its fields."""
        if name not in self._facts:
            self._facts[name] = self.terms.truth(name), self.cells.cell((name,), is_object=True)
        return self._facts[name]

    def facts(self) -> list[tuple[str, Cell]]:
        """The facts that were asked for, each as its fields."""
        return [(name, cell) for name, (_, cell) in self._facts.items()]

    def place(self, name: str) -> Value:
        """`record` or `result`."""
        if name not in self._places:
            self._places[name] = self.terms.truth(name), self.cells.cell((name,), there=True)
        there, cell = self._places[name]
        return Under(Value(self.terms), there, cell)

    def at(self) -> tuple[Any, Any]:
        if self._at is None:
            ns = self.terms.whole("at")
            self.cells.facts += [ns >= INT64_MIN, ns <= INT64_MAX]
            self._at = self.terms.truth("at"), ns
        return self._at

    def history(self, fn: str, key: str) -> Value:
        """What the history says under a key."""
        terms = self.terms
        if key not in self._history:
            known = terms.truth(key)
            if fn == "origin":
                bits = terms.truth(key), terms.truth(key)
                self._history[key] = known, bits
            elif fn in ("calls", "succeeded"):
                count = terms.whole(key)
                self.cells.facts += [count >= 0, count <= INT64_MAX]
                self._history[key] = known, count
            else:
                self._history[key] = known, terms.truth(key)
        known, found = self._history[key]
        if fn == "origin":
            return Written(terms, known, Words(terms, tuple(zip(self._guards(found), ORIGINS, strict=True))))
        if fn in ("calls", "succeeded"):
            return Number(terms, known, terms.real_of(found))
        return Truth(terms, terms.both(known, found), terms.both(known, terms.no(found)))

    def _guards(self, bits: tuple[Any, Any]) -> tuple[Bool, ...]:
        terms = self.terms
        one, two = bits
        no_one, no_two = terms.no(one), terms.no(two)
        return terms.both(no_one, no_two), terms.both(no_one, two), terms.both(one, no_two), terms.both(one, two)

    def anything(self, what: str) -> Pair:
        """A truth value that may be any, since a part of a condition is not read."""
        self.outside[what] = None
        true, false = self.terms.truth("any"), self.terms.truth("any")
        self.guesses += [true, false]
        self.cells.facts.append(self.terms.no(self.terms.both(true, false)))
        return Pair(true, false)

    def either_way(self, what: str) -> Bool:
        """The same, of what is never unknown."""
        self.outside[what] = None
        self.guesses.append(self.terms.truth("any"))
        return self.guesses[-1]

    def settled(self) -> list[Bool]:
        """What holds of every call, of all that was asked so far."""
        made: list[Bool] = []
        for cell in self.cells.made:
            made += cell.settled()
        made += self.texts.links()
        return [*self.cells.facts, *self.texts.facts, *self.learned, *made]

    # -- reading back --

    def data(self, model: Any, texts: dict[int, str]) -> tuple[dict[str, Any], dict[str, Any]]:
        """The arguments, and all else that is given, in a model.

        Args:
            texts: the values of texts, by `id` of their roots.

        Raises:
            Unwritable: it has no JSON.
        """
        import z3

        def holds(term: Any) -> bool:
            return bool(z3.is_true(model.eval(term, model_completion=True)))

        given: dict[str, Any] = {}
        if self._at is not None and holds(self._at[0]):
            given["at"] = int(model.eval(self._at[1], model_completion=True).as_long())
        for name, (there, cell) in {**self._facts, **self._places}.items():
            if holds(there) and (value := cell.data(model, texts)) is not NOTHING:
                given[name] = value
        for key, (known, found) in self._history.items():
            if not holds(known):
                continue
            if isinstance(found, tuple):
                given[key] = ORIGINS[2 * holds(found[0]) + holds(found[1])]
            elif z3.is_int(found):
                given[key] = int(model.eval(found, model_completion=True).as_long())
            else:
                given[key] = holds(found)
        return self.args.data(model, texts), given


class Given:
    """The inputs as one policy reads them.

    Args:
        inputs: of the call.
        args: the arguments, with the defaults of the policy's schema.
    """

    def __init__(self, inputs: Inputs, args: Value | None = None) -> None:
        self.inputs = inputs
        self.args: Value = inputs.args if args is None else args
        self.terms = inputs.terms
        self.texts = inputs.texts
        self.clocks = inputs.clocks
        self.at = inputs.at
        self.history = inputs.history
        self.anything = inputs.anything

    def input(self, name: str) -> Value:
        """What a name stands for."""
        if name == "args":
            return self.args
        return self.inputs.place(name) if name in ("record", "result") else self.fact(name)

    def fact(self, name: str) -> Value:
        there, cell = self.inputs.fact_cell(name)
        return Under(Value(self.terms), there, cell)
