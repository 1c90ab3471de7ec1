"""The search for a call: solve, look up what the solver does not know, solve again.

A model of the solver is a call with some things guessed. What was guessed is looked up for that call, told to the
solver, and asked again, so often that it does not hang. A call is only given out once `confirm` said yes to it, and
"there is none" only where the solver found none with everything unread left open.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

import z3

from govern.conditions.smt.cells import Cell, Unwritable, fraction, is_json_number
from govern.conditions.smt.given import Inputs
from govern.conditions.smt.patterns import Outside
from govern.conditions.smt.regular import TooLarge
from govern.conditions.smt.terms import Bool

_ROUNDS: Final = 400
_CANDIDATES: Final = 40
_LOOKED_UP: Final = 12
"""After so many calls that were none, the solver's own order of texts is asked."""
_RESOURCES_PER_MS: Final = 40_000  # of z3's own count: far more than a millisecond takes, so that time decides first
_PLACES: Final = 10**6
_DIGITS: Final = 10**9

Confirm = Callable[[dict[str, Any], dict[str, Any]], bool]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A call that was confirmed."""

    args: dict[str, Any]
    given: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Nothing:
    """There is no such call."""


@dataclass(frozen=True, slots=True)
class Open:
    """Not known, and why."""

    why: str


def search(inputs: Inputs, asked: Sequence[Bool], confirm: Confirm, timeout_ms: int) -> Candidate | Nothing | Open:
    """A call for which everything that is asked holds.

    Args:
        inputs: of the call.
        asked: terms over them.
        confirm: whether it holds of a call, by arguments and what else is given.
        timeout_ms: in milliseconds.
    """
    try:
        return _Search(inputs, asked, confirm, timeout_ms).run()
    except TooLarge:
        return Open("a text is asked about in too many ways at once")
    except Outside as error:
        return Open(str(error))
    except z3.Z3Exception as error:  # its own limits
        return Open(f"the solver gave up: {str(error)[:120]}")


class _Search:
    def __init__(self, inputs: Inputs, asked: Sequence[Bool], confirm: Confirm, timeout_ms: int) -> None:
        self.inputs = inputs
        self.terms = inputs.terms
        self.confirm = confirm
        self.asked = asked
        self.timeout_ms = timeout_ms
        self.end = time.monotonic() + timeout_ms / 1000
        self.solver = z3.Solver(ctx=inputs.terms.ctx)
        self.solver.set("random_seed", 0)
        self.added: set[int] = set()
        self.narrowed = False
        self.ordered = False
        self.seen = 0

    def run(self) -> Candidate | Nothing | Open:
        if any(part is False for part in self.asked):
            return Nothing()
        self.add(self.asked)
        for _ in range(_ROUNDS):
            self.add(self.inputs.settled())
            left = int((self.end - time.monotonic()) * 1000)
            if left <= 0:
                return self.late()
            self.solver.set("timeout", left)
            self.solver.set("rlimit", left * _RESOURCES_PER_MS)
            found = self.solver.check()
            if found == z3.unsat:
                return Open(self.unread()) if self.narrowed else Nothing()
            if found != z3.sat:
                return self.late()
            tried = self.tried(self.solver.model())
            if tried is not None:
                return tried
        return Open(self.unread())

    def add(self, parts: Sequence[Bool]) -> None:
        for part in parts:
            term = self.terms.term(part)
            if term.get_id() not in self.added:
                self.added.add(term.get_id())
                self.kept.append(term)
                self.solver.add(term)

    @property
    def kept(self) -> list[Any]:
        """Terms that were added: an id is another term's once its own is gone."""
        return self.inputs.kept

    def late(self) -> Open:
        return Open(f"no answer within {self.timeout_ms:,} ms")

    def unread(self) -> str:
        if self.inputs.outside:
            return "not decided: " + "; ".join(self.inputs.outside)
        return "the solver's calls are none that can be written"

    def tried(self, model: Any) -> Candidate | Open | None:
        """What a model comes to: an answer, or None where the solver was told more."""
        clocks, texts = self.inputs.clocks, self.inputs.texts
        values, lemmas = texts.values(model, clocks.hints(model))
        if lemmas:
            self.inputs.learned += lemmas
            return None
        self.seen += 1
        if self.seen > _CANDIDATES:
            return Open(self.unread())
        try:
            args, given = self.inputs.data(model, values)
            if self.confirm(args, given):
                return Candidate(args, given)
        except Unwritable:
            pass
        lemmas = [*clocks.lemmas(model, values), *texts.lemmas(values)]
        if self.seen > _LOOKED_UP and not self.ordered:
            self.ordered = True
            lemmas += texts.order()
        if lemmas:
            self.inputs.learned += lemmas
            return None
        return self.narrow(model)

    def narrow(self, model: Any) -> Open | None:
        """Leaves out calls that cannot be written, and guesses of what is not read. Then nothing is proven any more."""
        self.narrowed = True
        before = len(self.added)
        for cell in self.inputs.cells.made:
            self.add(self._written(model, cell))
        self.add([*self.inputs.likely, *self.inputs.texts.likely])
        if len(self.added) == before:
            guesses = [(term, z3.is_true(model.eval(term, model_completion=True))) for term in self.inputs.guesses]
            if not guesses:
                return Open(self.unread())
            self.add([self.terms.some(self.terms.no(term) if held else term for term, held in guesses)])
        return None

    def _written(self, model: Any, cell: Cell) -> list[Bool]:
        made: list[Bool] = []
        if cell.numbered is not None and not is_json_number(_fraction(model, cell.numbered)):
            number = cell.numbered
            made += [self.terms.is_whole(number * _PLACES), number <= _DIGITS, number >= -_DIGITS]
        if cell.sized is not None:
            made.append(cell.sized <= 1000)
        return made + cell.small()


def _fraction(model: Any, term: Any) -> Fraction:
    try:
        return fraction(model, term)
    except Unwritable:
        return Fraction(1, 3)
