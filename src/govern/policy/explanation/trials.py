"""Changes of a call that were tried: each applied to its inputs and decided again by the engine.

What is said to lead to another verdict was decided so. A change takes away what would no longer be known with it:
facts that are looked up by a changed argument, what a limit counts by it, where a changed text came from. The search
is bounded and in a fixed order; that nothing was found says nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any, Final

from govern.conditions import Inputs
from govern.conditions.inputs import Path, history_key
from govern.conditions.steps import Step
from govern.events.canonical import Malformed, text_of
from govern.policy.engine import Engine
from govern.policy.explanation.candidates import REMOVED, Proposal, proposals
from govern.policy.explanation.masking import overlaps, place
from govern.policy.given import first_call
from govern.policy.model import Effect, Reason
from govern.policy.verdict import Verdict

MOST: Final = 600
"""Decisions of one search."""
SINGLE: Final = 250
PAIRS: Final = 200
ROUNDS: Final = 8
"""Changes that are made one after the other where no two suffice."""
NEAR: Final = 4
"""Facts that two changes may be enough for."""
SHOWN: Final = 3

Changes = tuple[Proposal, ...]


@dataclass(frozen=True, slots=True)
class Call:
    """What was decided on.

    Args:
        args: normalised, as the caller gave them.
        given: everything beside the arguments.
        first: whether it is the first call of its session, so that `given` follows from the arguments.
    """

    tool: str
    args: dict[str, Any]
    given: Inputs
    first: bool = False


@dataclass(frozen=True, slots=True)
class Trial:
    """Changes, and the verdict that the engine gave with them."""

    changes: Changes
    verdict: Verdict


@dataclass(slots=True)
class Trials:
    """A search for changes that lead to other verdicts.

    Args:
        steps: the tool's conditions, step by step, for a call: those that stand between it and a verdict, or all.
        missing: how much stands between a call and a verdict; 0 where nothing does.
        tried: decisions so far.
        found: by another effect, the changes that led to it.
        fewer: by some of the gates that are asked, the changes after which only they were.
    """

    engine: Engine
    call: Call
    steps: Callable[[Call, Effect | None], Sequence[Step]]
    missing: Callable[[Call, Effect], int]
    tried: int = 0
    found: dict[Effect, list[Trial]] = field(default_factory=dict)
    fewer: dict[frozenset[str], list[Trial]] = field(default_factory=dict)

    def search(self, now: Verdict, wanted: Sequence[Effect]) -> None:
        """Fills `found`: one change, then two; then, for each looser verdict still wanted, as many as it takes.

        Args:
            now: the verdict without a change.
            wanted: looser verdicts that nothing fixed rules out.
        """
        each = self.proposals((), None)
        before = self._state(())
        telling: list[Proposal] = []
        for proposal in each[:SINGLE]:
            verdict = self._try((proposal,))
            self._keep(now, Trial((proposal,), verdict))
            if self._state((proposal,)) != before:
                telling.append(proposal)
        near = [each for each in wanted if each not in self.found and self.missing(self.call, each) <= NEAR]
        for pair in pairs(telling):
            if self.tried >= SINGLE + PAIRS or all(each in self.found for each in near):
                break
            self._keep(now, Trial(pair, self._try(pair)))
        for effect in wanted:
            if effect not in self.found:
                self._step_by_step(now, effect)

    def proposals(self, changes: Changes, target: Effect | None) -> list[Proposal]:
        """What to change next; nothing that would make what is known of a fact another fact's."""
        call, policy = self.changed(changes), self.engine.policy
        inputs = {**call.given, "args": self.engine.filled(call.tool, call.args)}
        known = [fact for fact in policy.facts if self.call.given.get(fact) is not None]
        return [
            proposal
            for proposal in proposals(policy, call.tool, self.steps(call, target), inputs)
            if not any(self._stale(fact, (proposal.path,)) for fact in known)
        ]

    def changed(self, changes: Changes) -> Call:
        """The call with changes applied, and without what is no longer known then."""
        call, policy = self.call, self.engine.policy
        paths = [change.path for change in changes]
        kept = {key: value for key, value in call.given.items() if not self._stale(key, paths)}
        # Before the first call nothing answered: a fact that is known was said.
        said = {key: value for key, value in kept.items() if key in policy.facts and value is not None}
        inputs: dict[str, Any] = {"args": call.args, **said}
        for change in changes:
            if change.path[0] == "args" or change.path[0] in policy.facts:
                inputs = with_change(inputs, change)
        args = inputs.pop("args")
        outside = dict(kept)
        for change in changes:
            if change.path == ("at",):
                outside["at"] = change.value
        if call.first:
            outside.update(first_call(self.engine.history, self.call.tool, args, inputs, outside.get("at") or 0))
        outside.update(inputs)
        for change in changes:
            if len(change.path) == 1:
                outside[str(change.path[0])] = change.value
        return Call(call.tool, args, outside, call.first)

    def _stale(self, key: str, paths: Sequence[Path]) -> bool:
        policy = self.engine.policy
        fact = policy.facts.get(key)
        if fact is not None:
            return any(overlaps(path, place(by)) for path in paths for _, by in fact.where)
        for limit in policy.limits:
            if key in (history_key("exceeded", limit.id), history_key("counter", limit.id)):
                asked = [limit.sum] if limit.sum else []
                asked += [by for by in limit.for_each if "." in by]
                return any(overlaps(path, place(by)) for path in paths for by in asked)
        if key.startswith(("origin(", "named_by_user(")):
            return any(overlaps(path, place(key.partition("(")[2][:-1])) for path in paths)
        return False

    def _try(self, changes: Changes) -> Verdict:
        self.tried += 1
        call = self.changed(changes)
        try:
            text = text_of(call.args)
        except Malformed:
            return self.engine.decide_malformed(call.tool)
        return self.engine.decide_text(call.tool, text, given=call.given)  # as a caller would send it

    def _state(self, changes: Changes) -> tuple[Any, ...]:
        """What the verdict follows from."""
        call = self.changed(changes)
        args = self.engine.filled(call.tool, call.args)
        truths = self.engine.truths(call.tool, args, given=call.given)
        return truths, tuple(self.engine.input_problems(call.tool, args))

    def _keep(self, now: Verdict, trial: Trial) -> None:
        """Remembers a trial with another effect: one for each set of inputs, a few for each effect."""
        effect, gates = trial.verdict.effect, frozenset(trial.verdict.gates)
        if self._impossible(trial.changes):
            return
        if effect == now.effect and gates < frozenset(now.gates):
            known = self.fewer.setdefault(gates, [])
        elif effect == now.effect or (effect > now.effect and Reason.INVALID_INPUT in trial.verdict.reasons):
            return
        else:
            known = self.found.setdefault(effect, [])
        paths = {change.path for change in trial.changes}
        if len(known) < SHOWN and not any({change.path for change in one.changes} <= paths for one in known):
            known.append(trial)

    def _impossible(self, changes: Changes) -> bool:
        """Whether a limit is said not to be exceeded that this call alone is more than."""
        spared = [str(change.path[0]) for change in changes if change.value is False and len(change.path) == 1]
        if not spared:
            return False
        call = self.changed(changes)
        facts = {key: call.given[key] for key in self.engine.policy.facts if call.given.get(key) is not None}
        alone = first_call(self.engine.history, self.call.tool, call.args, facts, call.given.get("at") or 0)
        return any(key.startswith("exceeded(") and alone.get(key) is True for key in spared)

    def _step_by_step(self, now: Verdict, target: Effect) -> None:
        """Always the change that leaves least in the way; what turns out needless is taken back."""
        changes: Changes = ()
        left = self.missing(self.call, target)
        for _ in range(ROUNDS):
            best: tuple[int, Changes] | None = None
            for proposal in self.proposals(changes, target):
                if self.tried >= MOST:
                    return
                more = (*(change for change in changes if change.path != proposal.path), proposal)
                self.tried += 1
                rest = self.missing(self.changed(more), target)
                if rest < left and (best is None or rest < best[0]):
                    best = rest, more
            if best is None:
                return
            left, changes = best
            if left == 0:
                break
        if self._try(changes).effect > target:
            return
        for change in changes:
            fewer = tuple(each for each in changes if each is not change)
            if fewer and self._try(fewer).effect <= target:
                changes = fewer
        self._keep(now, Trial(changes, self._try(changes)))


def pairs(each: Sequence[Proposal]) -> list[tuple[Proposal, Proposal]]:
    """Two of them on different inputs, the first ones first."""
    places = sorted(combinations(range(len(each)), 2), key=lambda pair: (sum(pair), pair))
    return [(each[one], each[other]) for one, other in places if each[one].path != each[other].path]


def with_change(inputs: dict[str, Any], change: Proposal) -> dict[str, Any]:
    """A copy of the inputs with one of them changed; what is on the way and of another kind stays."""
    return {**inputs, str(change.path[0]): _put(inputs.get(str(change.path[0])), change.path[1:], change.value)}


def _put(base: Any, path: Path, value: Any) -> Any:
    """A copy with another value at a path; objects that are missing on the way are made."""
    if not path:
        return value
    step, rest = path[0], path[1:]
    if isinstance(step, int):
        if not isinstance(base, list) or step >= len(base):
            return base
        if not rest and value is REMOVED:
            return base[:step]
        return [_put(item, rest, value) if place == step else item for place, item in enumerate(base)]
    if not isinstance(base, dict) and base is not None:
        return base  # what is of another kind is not thrown away for it
    known = base or {}
    if not rest and value is REMOVED:
        return {key: item for key, item in known.items() if key != step}
    return {**known, step: _put(known.get(step), rest, value)}
