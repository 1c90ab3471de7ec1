"""One call as the per-call engine judges it, for everything that a question may ask of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from govern.conditions import Inputs
from govern.conditions.python import decider
from govern.conditions.tree import Node
from govern.events.canonical import normalise
from govern.policy.engine import Engine
from govern.policy.model import EFFECTS, Effect
from govern.policy.verdict import FALSE, TRUE, Verdict


@dataclass(frozen=True, slots=True)
class Judged:
    """What one policy says of a call.

    Args:
        inputs: what its conditions read, the arguments with the defaults of its schema.
        valid: whether the arguments are valid input.
        truths: of the tool's conditions.
    """

    engine: Engine
    tool: str
    inputs: dict[str, Any]
    valid: bool
    truths: tuple[int, ...]
    verdict: Verdict

    @classmethod
    def of(cls, engine: Engine, args: dict[str, Any], given: dict[str, Any], tool: str) -> Judged:
        """Judges a call with canonical arguments."""
        prepared, valid = engine.prepared(tool, normalise(args))
        inputs = {**given, "args": prepared}
        mapped = tool in engine.policy.tools
        truths = engine.truths(tool, prepared, given=given) if mapped else ()
        return cls(engine, tool, inputs, valid, truths, engine.decide_value(tool, args, given=given))

    def truth(self, tree: Node, zone: str | None) -> bool | None:
        """The truth value of a condition of the call."""
        return _decider(tree, zone)(self.inputs)

    def says(self, what: str, said: str) -> bool:
        """Whether `at_least`, `asks`, `applies`, `decides` or `valid` holds of it."""
        verdict = self.verdict
        match what:
            case "at_least":
                return verdict.effect >= EFFECTS[said]
            case "asks":
                return verdict.effect is Effect.APPROVAL and said in verdict.gates
            case "decides" if said:
                return said in verdict.rules
            case "valid":
                return self.valid
            case _:
                return bool(getattr(self._joined(), what)(said))

    def _joined(self) -> Any:
        from govern.conditions.smt.given import Pair
        from govern.conditions.smt.terms import Terms
        from govern.proof.joined import Joined

        truths = [Pair(truth == TRUE, truth == FALSE) for truth in self.truths]
        return Joined(Terms(), self.engine.policy, self.tool, truths, self.valid)


@lru_cache(maxsize=1024)
def _decider(tree: Node, zone: str | None) -> Callable[[Inputs], bool | None]:
    return decider(tree, zone)
