"""Whether one call meets a formula: what the per-call engine says of it. Leaves out finding a call (`ask`)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any as Json
from typing import assert_never

from govern.conditions import Condition, Inputs, bound
from govern.conditions.python import decider
from govern.policy.engine import Engine, Truths
from govern.policy.model import Effect, Policy, ToolPolicy
from govern.policy.verdict import Verdict, outcome
from govern.proof.statement import All, Any, Applies, Asks, Counts, Decides, Formula, Gets, Meets, Not


@dataclass(frozen=True, slots=True)
class Judged:
    """One call, and what the engine says of it.

    Args:
        args: as they are judged, with the defaults of the schema.
        given: facts, time and history.
        valid: whether the arguments are valid input.
        truths: of the tool's conditions.
    """

    tool: ToolPolicy
    args: dict[str, Json]
    given: Inputs
    valid: bool
    truths: Truths
    verdict: Verdict


def judged(engine: Engine, tool: str, args: dict[str, Json], given: Inputs) -> Judged:
    """A call of a mapped tool, judged.

    Args:
        args: JSON data; what has no canonical form is invalid input.
    """
    verdict = engine.decide_value(tool, args, given=given)
    prepared, valid = engine.prepared(tool, args)
    truths = engine.truths(tool, prepared, given=given)
    return Judged(engine.policy.tools[tool], prepared, given, valid, truths, verdict)


class Truth:
    """What is true of calls under one policy.

    Args:
        engine: that judges them.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._deciders: dict[tuple[str, str], Callable[[Inputs], bool | None]] = {}
        self._watched: dict[tuple[str, str], Policy] = {}

    def of(self, formula: Formula, call: Judged) -> bool:
        """Whether a call meets a formula."""
        match formula:
            case Gets(effect):
                return call.verdict.effect is effect
            case Asks(gate):
                return call.verdict.effect is Effect.APPROVAL and (gate is None or gate in call.verdict.gates)
            case Applies(rule):
                return self._applies(call, rule)
            case Decides(rule):
                return rule in call.verdict.rules
            case Counts(tier):
                raising = (rule.id for rule in call.tool.rules if rule.tier is tier)
                return call.tool.tier is tier or any(self._applies(call, rule) for rule in raising)
            case Meets(condition, unknown):
                truth = self._value(condition, call)
                return unknown if truth is None else truth
            case Not(part):
                return not self.of(part, call)
            case All(parts):
                return all(self.of(part, call) for part in parts)
            case Any(parts):
                return any(self.of(part, call) for part in parts)
            case _:
                assert_never(formula)

    def _value(self, condition: Condition, call: Judged) -> bool | None:
        key = (call.tool.name, condition.text)
        if key not in self._deciders:
            tree = bound(condition, tool=call.tool.name, agent=self.engine.policy.agent)
            self._deciders[key] = decider(tree, self.engine.zone)
        return self._deciders[key]({**call.given, "args": call.args})

    def _applies(self, call: Judged, rule: str) -> bool:
        """By the decision itself: were the rule a denial, would it be among what decides?"""
        key = (call.tool.name, rule)
        if key not in self._watched:
            watched = tuple(
                replace(each, effect=Effect.DENY, gate=None) if each.id == rule else each for each in call.tool.rules
            )
            policy = self.engine.policy
            self._watched[key] = replace(policy, tools={call.tool.name: replace(call.tool, rules=watched)}, never=())
        return rule in outcome(self._watched[key], call.tool.name, call.truths).rules
