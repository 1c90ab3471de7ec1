"""A verdict taken apart: every condition with the value of each part, and what would lead to another verdict.

Values come from the engine (`conditions.steps`), the joining of effects from `verdict.outcome`, and every change that
is named was decided again with it (`trials`). Leaves out words, masking of what is shown, and how the call was given.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches

from govern.conditions import Inputs
from govern.conditions.steps import Step, steps
from govern.events.canonical import Malformed, parse
from govern.policy.engine import Engine
from govern.policy.explanation.failed import Failed, failed
from govern.policy.explanation.masking import Masked, masked
from govern.policy.explanation.needs import How, Need, needed
from govern.policy.explanation.obstacles import Fixed, Obstacles, constant, forms, loosening, obstacles
from govern.policy.explanation.trials import Call, Trial, Trials
from govern.policy.model import Effect, Reason, Rule, ToolPolicy
from govern.policy.verdict import FALSE, TRUE, Verdict, outcome


@dataclass(frozen=True, slots=True)
class Part:
    """One condition of a tool, judged.

    Args:
        rule: whose, None for the condition that waives the tool's own gate.
        root: the condition, step by step.
        applies: whether it asks for something: for a `when`, being true or unknown; else, being false or unknown.
        decides: whether it is a cause of the verdict.
    """

    rule: Rule | None
    text: str
    root: Step
    applies: bool
    decides: bool


@dataclass(frozen=True, slots=True)
class Way:
    """What it would take to get another verdict.

    Args:
        effect: of that verdict.
        gates: that would still be asked, where the effect stays and fewer are; else empty.
        fixed: what no call changes; where there is any, the effect is out of reach.
        needs: what would have to be so, all of it, each with the index of its part.
        valid: whether the arguments would have to satisfy the input schema, and do not.
        trials: changes with which the engine gave this effect, the smallest first.
    """

    effect: Effect
    gates: tuple[str, ...] = ()
    fixed: tuple[tuple[Fixed, str], ...] = ()
    needs: tuple[tuple[int, Need], ...] = ()
    valid: bool = True
    trials: tuple[Trial, ...] = ()


@dataclass(frozen=True, slots=True)
class Turn:
    """A condition that asks for nothing now, and what the verdict would be if it did."""

    part: int
    effect: Effect
    gates: tuple[str, ...]
    need: Need


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a verdict is what it is.

    Args:
        parts: the tool's conditions in their order.
        problems: of the arguments, with the input schema.
        malformed: why the arguments have no one reading; empty where they have.
        looser: ways to looser verdicts, the loosest first, then to fewer gates.
        turns: conditions that would make it stricter, the mildest effect first.
        stricter: changes with which the engine gave a stricter effect.
        tried: how many changes were decided on.
        nearest: tools with a similar name, for one that is unmapped.
        hidden: what is not shown.
    """

    parts: tuple[Part, ...] = ()
    problems: tuple[Failed, ...] = ()
    malformed: str = ""
    looser: tuple[Way, ...] = ()
    turns: tuple[Turn, ...] = ()
    stricter: tuple[Trial, ...] = ()
    tried: int = 0
    nearest: tuple[str, ...] = ()
    hidden: Masked = field(default_factory=Masked)


def explanation(
    engine: Engine, tool: str, args: str | bytes, verdict: Verdict, *, given: Inputs, first: bool
) -> Explanation:
    """The explanation of a verdict.

    Args:
        args: the arguments as JSON text.
        verdict: what the engine said of them.
        given: facts, time and history that it was said with.
        first: whether it is the first call of its session; `given` says so too.
    """
    hidden = masked(engine.policy, tool)
    mapped = engine.policy.tools.get(tool)
    if mapped is None:
        way = Way(Effect.ALLOW, (), obstacles(engine.policy, tool, (), Effect.ALLOW).fixed)
        nearest = tuple(get_close_matches(tool, engine.policy.tools, n=3, cutoff=0.6))
        return Explanation(looser=(way,), nearest=nearest, hidden=hidden)
    try:
        value = parse(args)
    except Malformed as error:
        return Explanation(malformed=str(error), hidden=hidden)
    if not isinstance(value, dict):
        return Explanation(malformed="they are no object", hidden=hidden)
    return _Explained(engine, mapped, Call(tool, value, given, first), verdict).whole(hidden)


class _Explained:
    def __init__(self, engine: Engine, tool: ToolPolicy, call: Call, verdict: Verdict) -> None:
        self.engine, self.policy = engine, engine.policy
        self.tool = tool
        self.call = call
        self.verdict = verdict
        self.args, self.valid = engine.prepared(tool.name, call.args)
        self.truths = engine.truths(tool.name, self.args, given=call.given)

    def whole(self, hidden: Masked) -> Explanation:
        roots = self.steps(self.call)
        parts = tuple(
            Part(rule, condition.text, root, truth != loose, truth != loose and self.decides(rule))
            for rule, condition, root, truth, loose in zip(
                forms(self.tool), self.tool.conditions, roots, self.truths, loosening(self.tool), strict=True
            )
        )
        problems = failed(self.tool.schema, self.args) if self.tool.schema is not None else ()
        between = {
            effect: obstacles(self.policy, self.tool.name, self.truths, effect)
            for effect in Effect
            if effect < self.verdict.effect
        }
        wanted = [effect for effect, found in between.items() if not found.fixed and found.effect == effect]
        trials = Trials(self.engine, self.call, self.steps, self.missing)
        trials.search(self.verdict, wanted)
        looser = tuple(
            Way(
                effect,
                (),
                () if effect in trials.found else found.fixed,
                self.needs(found.conditions, parts),
                self.valid,
                tuple(trials.found.get(effect, [])),
            )
            for effect, found in between.items()
            # A verdict between two others may not exist for this tool; then no way leads to it.
            if found.fixed or found.effect == effect or effect in trials.found
        )
        looser += tuple(self.fewer(parts, trials))
        stricter = tuple(
            trial for effect in Effect if effect > self.verdict.effect for trial in trials.found.get(effect, [])
        )
        turns = tuple(sorted(self.turns(parts), key=lambda turn: (turn.effect, len(turn.need.facts()))))
        return Explanation(parts, problems, "", looser, turns, stricter, trials.tried, (), hidden)

    def decides(self, rule: Rule | None) -> bool:
        return Reason.GATE in self.verdict.reasons if rule is None else rule.id in self.verdict.rules

    def steps(self, call: Call, target: Effect | None = None) -> list[Step]:
        """The tool's conditions step by step: all, or those that stand between a call and a verdict."""
        conditions = self.tool.conditions
        inputs = {**call.given, "args": self.engine.filled(call.tool, call.args)}
        chosen = range(len(conditions)) if target is None else self.between(call, target).conditions
        return [
            steps(conditions[index], inputs, tool=self.tool.name, agent=self.policy.agent, zone=self.engine.zone)
            for index in chosen
        ]

    def between(self, call: Call, target: Effect) -> Obstacles:
        args = self.engine.filled(call.tool, call.args)
        truths = self.engine.truths(call.tool, args, given=call.given)
        return obstacles(self.policy, call.tool, truths, target)

    def missing(self, call: Call, target: Effect) -> int:
        """How many facts stand between a call and a verdict, and problems of its arguments."""
        wanted = [(index, loosening(self.tool)[index] == TRUE) for index in self.between(call, target).conditions]
        needs = [
            needed(root, want, self.tool.conditions[index].text)
            for root, (index, want) in zip(self.steps(call, target), wanted, strict=True)
        ]
        args, valid = self.engine.prepared(call.tool, call.args)
        problems = 0 if valid else max(len(self.engine.input_problems(call.tool, args)), 1)
        return sum(_least(need) for need in needs if need is not None) + problems

    def needs(self, conditions: Sequence[int], parts: tuple[Part, ...]) -> tuple[tuple[int, Need], ...]:
        wants = {index: loosening(self.tool)[index] == TRUE for index in conditions}
        return tuple(
            (index, need)
            for index, want in wants.items()
            if (need := needed(parts[index].root, want, parts[index].text)) is not None
        )

    def fewer(self, parts: tuple[Part, ...], trials: Trials) -> Iterator[Way]:
        """For each gate that is asked beside others: what it would take that it is not."""
        for gate in self.verdict.gates if len(self.verdict.gates) > 1 else ():
            asking = [index for index, part in enumerate(parts) if part.decides and self.asked(part.rule) == gate]
            flipped = [loosening(self.tool)[i] if i in asking else truth for i, truth in enumerate(self.truths)]
            then = outcome(self.policy, self.tool.name, flipped)
            changeable = not any(constant(self.policy, self.tool, index) for index in asking)
            if changeable and then.effect == self.verdict.effect and set(then.gates) < set(self.verdict.gates):
                tried = tuple(trials.fewer.get(frozenset(then.gates), []))
                yield Way(then.effect, then.gates, (), self.needs(asking, parts), True, tried)

    def asked(self, rule: Rule | None) -> str | None:
        return self.tool.gate if rule is None else rule.gate

    def turns(self, parts: tuple[Part, ...]) -> list[Turn]:
        """Conditions that ask for nothing now, where asking alone would make the verdict stricter."""
        found = []
        for index, part in enumerate(parts):
            loose = loosening(self.tool)[index]
            if part.applies:
                continue
            flipped = [*self.truths]
            flipped[index] = TRUE if loose == FALSE else FALSE
            then = outcome(self.policy, self.tool.name, flipped)
            need = needed(part.root, loose == FALSE, part.text)
            if then.effect > self.verdict.effect and need is not None:
                found.append(Turn(index, then.effect, then.gates, need))
        return found


def _least(need: Need) -> int:
    """How many facts have to change at least."""
    match need.how:
        case How.FACT:
            return 1
        case How.ALL:
            return sum(_least(part) for part in need.parts)
        case How.ANY:
            return min(_least(part) for part in need.parts)
