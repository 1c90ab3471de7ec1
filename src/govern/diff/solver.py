"""What is asked of the solver: is there a call for which one policy asks for less than another?

The solver is an extra; without it, or out of time, nothing is decided, and what is not decided counts as widened.
Leaves out what the forms of conditions already say (`causes`, `truth`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import combinations
from time import monotonic
from typing import Final

from govern.conditions import Condition
from govern.conditions.inputs import reads
from govern.conditions.tree import Field, Name, Node, rewrite
from govern.diff.aligned import Aligned
from govern.diff.gates import Gates
from govern.diff.model import Change
from govern.errors import EnvironmentFailed
from govern.policy.model import Effect, Policy, Tier, ToolPolicy
from govern.proof.question import Answer, Proven, Question, Term, Undecided

_EACH_MS: Final = 2_000
_SECTION_MS: Final = 500
"""For what only says more of a section: the tools have been asked already."""
_TIERS: Final = list(Tier)
_MOST_GATES: Final = 5
_ANY: Final = "any"


class Solver:
    """Asks within a time.

    Args:
        zone: the deployment's time zone, as of `Engine`.
        budget_ms: for all questions together, in milliseconds.
        installed: False to do without the solver.
    """

    def __init__(self, zone: str | None, budget_ms: int, *, installed: bool = True) -> None:
        self.zone = zone
        self.until = monotonic() + budget_ms / 1000
        self.installed = installed and _installed()

    def looser(self, pair: Aligned, tool: str, gates: Gates, way: Change) -> Answer:
        """Is there a call of a tool for which the new policy asks for less, or something else; NARROWED: the old one?

        Args:
            gates: of old and new.
        """

        def ask(question: Question) -> Answer:
            if way is Change.WIDENED:
                term = _looser(question, (0, pair.old.tools[tool]), (1, pair.new.tools[tool]), gates)
            else:
                term = _looser(question, (1, pair.new.tools[tool]), (0, pair.old.tools[tool]), gates.reverse)
            return Undecided("too many gates at once") if term is None else question.solve(term)

        return self._ask(tool, (pair.old, pair.new), ask)

    def released(self, policies: tuple[Policy, ...], tool: str, of: tuple[int, ...]) -> Answer:
        """Is there a call of a tool that some of the policies do not deny?"""

        def ask(question: Question) -> Answer:
            return question.solve(*(~question.at_least(Effect.DENY, each) for each in of))

        return self._ask(tool, policies, ask)

    def true_too(self, one: Condition, other: Condition, policy: Policy) -> Answer:
        """Is there a value for which the one condition is true and the other is not? PROVEN: there is none.

        Args:
            one, other: of a result or record, which may be any value.
            policy: of the facts that they read.
        """
        first, second = _of_any(one), _of_any(other)
        alone = replace(policy, tools={_ANY: ToolPolicy(_ANY, Tier.READ_ONLY)}, never=(), limits=())

        def ask(question: Question) -> Answer:
            return question.solve(question.true(first) & ~question.true(second))

        return self._ask(_ANY, (alone,), ask)

    def applies_too(self, one: Condition, other: Condition, policy: Policy, tool: str) -> Answer:
        """Is there a valid call for which the one is true or unknown, and the other false? PROVEN: there is none."""
        alone = replace(policy, tools={tool: replace(policy.tools[tool], rules=(), unless=None)})

        def ask(question: Question) -> Answer:
            return question.solve(question.valid() & ~question.false(one) & question.false(other))

        return self._ask(tool, (alone,), ask, _SECTION_MS)

    def valid_too(self, tool: str, policies: tuple[Policy, Policy]) -> Answer:
        """Is there a call that is valid input under the first policy and not under the second?"""

        def ask(question: Question) -> Answer:
            return question.solve(question.valid(0) & ~question.valid(1))

        bare = [replace(each, tools={tool: replace(each.tools[tool], rules=(), unless=None)}) for each in policies]
        return self._ask(tool, (bare[0], bare[1]), ask, _SECTION_MS)

    def _ask(
        self, tool: str, policies: tuple[Policy, ...], ask: Callable[[Question], Answer], most_ms: int = _EACH_MS
    ) -> Answer:
        left = int((self.until - monotonic()) * 1000)
        if not self.installed:
            return Undecided("the solver is not installed (`pip install govern[prove]`)")
        if left <= 0:
            return Undecided("out of time")
        try:
            found = ask(Question(tool, policies, zone=self.zone, timeout_ms=min(most_ms, left)))
        except EnvironmentFailed as error:
            return Undecided(str(error))
        if isinstance(found, Proven) and found.bounds:
            return Undecided(f"proven only for {', '.join(found.bounds)}")
        return found


def _installed() -> bool:
    from importlib.util import find_spec

    return find_spec("z3") is not None


Side = tuple[int, ToolPolicy]


def _looser(question: Question, one: Side, other: Side, gates: Gates) -> Term | None:
    """The other policy does not ask for all that the one asks for (`verdicts.compared`).

    Args:
        gates: of the one and the other.
    """
    at, tool = one
    to, theirs = other
    runs = ~question.at_least(Effect.DENY, to)
    found = question.at_least(Effect.DENY, at) & runs
    names, among = _asked(tool), _asked(theirs)
    strict = {name: set(gates.as_strict(name, among)) for name in names}
    for name in names:
        term = question.asks(name, at) & runs
        for each in sorted(strict[name]):
            term &= ~question.asks(each, to)
        found |= term
    for size in range(2, len(names) + 1):
        for some in combinations(names, size):
            if all(strict[a].isdisjoint(strict[b]) for a, b in combinations(some, 2)):
                continue
            if len(names) > _MOST_GATES:
                return None
            every = sorted(set[str]().union(*(strict[name] for name in some)))
            for fewer in range(size):
                for met in combinations(every, fewer):
                    term = runs
                    for name in some:
                        term &= question.asks(name, at)
                    for each in every:
                        term &= question.asks(each, to) if each in met else ~question.asks(each, to)
                    found |= term
    for tier in _TIERS[1:]:
        if _TIERS.index(theirs.tier) >= _TIERS.index(tier):
            continue
        raised = runs & ~question.at_least(Effect.DENY, at)
        if _TIERS.index(tool.tier) < _TIERS.index(tier):
            up = [question.applies(rule.id, at) for rule in tool.rules if _raises(rule.tier, tier)]
            if not up:
                continue
            any_of = up[0]
            for each_up in up[1:]:
                any_of |= each_up
            raised &= any_of
        for rule in theirs.rules:
            if _raises(rule.tier, tier):
                raised &= ~question.applies(rule.id, to)
        found |= raised
    return found


def _raises(tier: Tier | None, least: Tier) -> bool:
    return tier is not None and _TIERS.index(tier) >= _TIERS.index(least)


def _asked(tool: ToolPolicy) -> tuple[str, ...]:
    """The gates that a tool's verdict may name."""
    own = (tool.gate,) if tool.gate is not None else ()
    return tuple(dict.fromkeys((*own, *(rule.gate for rule in tool.rules if rule.gate is not None))))


def _of_any(condition: Condition) -> Condition:
    """The condition of an argument that may be any value, where it reads a result or a record."""

    def change(node: Node) -> Node:
        match node:
            case Name("result" | "record" as name, start, end):
                return Field(Name("args"), name, start, end)
            case _:
                return node

    tree = rewrite(condition.tree, change)
    return Condition(condition.text, tree, reads(tree))
