"""Statements put to the solver, and where it has no answer to a bounded search: holds, a call that shows that it does
not, nothing to say it of, or not decided.

Every call that is shown was decided again by the per-call engine, from what `govern decide` can be told. A search
that finds nothing proves nothing. Leaves out words (`report.prove_text`) and files.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from operator import and_, or_
from typing import Any as Json
from typing import Final, assert_never

from govern.conditions import Inputs
from govern.conditions.scope import PLACES
from govern.errors import EnvironmentFailed
from govern.policy.engine import Engine
from govern.policy.model import Effect, Policy, Rule, ToolPolicy, When
from govern.policy.probes import probes
from govern.policy.verdict import Verdict
from govern.proof import question
from govern.proof.question import Question, Term
from govern.proof.statement import (
    FALSE,
    TRUE,
    All,
    Any,
    Applies,
    Asks,
    Counts,
    Decides,
    Formula,
    Gets,
    Meets,
    Not,
    Statement,
    conditions,
    folded,
)
from govern.proof.statement_truth import Judged, Truth, judged

MOST_TRIED: Final = 400
"""Calls of one tool that a search tries from each of its two beginnings."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A call, and what the per-call engine says of it.

    Args:
        args: JSON data, as a caller sends them.
        given: facts, time and history (`conditions.Inputs`); what is not there is not known.
        searched: whether a search found it, not the solver.
    """

    tool: str
    args: dict[str, Json]
    given: Inputs
    verdict: Verdict
    searched: bool = False


@dataclass(frozen=True, slots=True)
class Holds:
    """It holds of every call.

    Args:
        tools: that have such calls.
        idle: tools that it is about and that have none.
        invalid: tools whose only such calls have invalid input.
        bounds: what the proof is limited to, in words; empty where it is of every call.
        witness: of what is only said to be possible, a call that shows it.
    """

    tools: tuple[str, ...]
    idle: tuple[str, ...] = ()
    invalid: tuple[str, ...] = ()
    bounds: tuple[str, ...] = ()
    witness: Shown | None = None


@dataclass(frozen=True, slots=True)
class Broken:
    """It does not hold.

    Args:
        call: that shows it; None where a call was asked for and none exists.
        bounds: then, as of `Holds`.
    """

    call: Shown | None
    bounds: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Vacuous:
    """No call is what it is about: it holds of nothing, which proves nothing.

    Args:
        tools: that it is about; empty where it is about none.
    """

    tools: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Unknown:
    """Not decided: nothing broke it, and nothing proved it.

    Args:
        why: by tool, in words.
        tried: how many calls a search decided.
    """

    why: tuple[tuple[str, str], ...]
    tried: int


Answer = Holds | Broken | Vacuous | Unknown


@dataclass(frozen=True, slots=True)
class _OfTool:
    """What came of one tool. `met` says whether any call meets the premise; None where that is not known."""

    broken: Shown | None = None
    bounds: tuple[str, ...] = ()
    met: bool | None = True
    invalid: bool = False
    why: str = ""
    tried: int = 0


class Prover:
    """Answers statements about one policy. Questions of one tool share what the solver was told of it.

    Args:
        zone: the deployment's time zone by its IANA name.
        deployment_digest: of the deployment file, for the verdicts that are shown.
        timeout_ms: for one statement; a statement about many tools that is not done by then is not decided.

    Raises:
        AuthorError: an input schema is not usable, or there is no such zone.
    """

    def __init__(
        self,
        policy: Policy,
        *,
        zone: str | None = None,
        timeout_ms: int = 5_000,
        deployment_digest: str | None = None,
    ) -> None:
        self.policy = policy
        self.engine = Engine(policy, zone, deployment_digest)
        self.timeout_ms = timeout_ms
        self.no_solver = ""
        self._truth = Truth(self.engine)
        self._questions: dict[str, Question] = {}

    def ask(self, statement: Statement) -> Answer:
        """Whether a statement holds."""
        chosen = statement.chosen(self.policy)
        names = tuple(tool.name for tool, _ in chosen)
        until = time.monotonic() + self.timeout_ms / 1000
        found: dict[str, _OfTool] = {}
        for tool, which in chosen:
            premise = folded(All((which, statement.premise)), tool)
            conclusion = folded(statement.conclusion, tool)
            if premise == FALSE or (statement.exists and conclusion == FALSE):
                continue
            if time.monotonic() > until:
                found[tool.name] = _OfTool(why="out of time", met=None)
            elif statement.exists:
                found[tool.name] = self._some(tool, All((premise, conclusion)), statement)
            else:
                found[tool.name] = self._every(tool, premise, conclusion, statement)
            if found[tool.name].broken is not None:
                break
        return _joined(statement, names, found)

    # -- one tool --

    def _every(self, tool: ToolPolicy, premise: Formula, conclusion: Formula, statement: Statement) -> _OfTool:
        against = All((premise, Not(conclusion)))
        if conclusion == TRUE:
            answer: question.Answer = question.Proven()
        else:
            answer = self._solved(tool, against, statement.valid)
        match answer:
            case question.Found():
                shown = self._confirmed(tool, against, statement.valid, answer.call)
                if shown is not None:
                    return _OfTool(self._plainer(tool, premise, conclusion, statement) or shown)
                # Either is a bug: the search below may still say something, and nothing is claimed.
                return self._searched(tool, against, statement, "the solver's call did not show it when decided")
            case question.Undecided(why):
                return self._searched(tool, against, statement, why)
            case question.Proven(bounds):
                return self._met(tool, premise, statement, bounds)
            case _:
                assert_never(answer)

    def _met(self, tool: ToolPolicy, premise: Formula, statement: Statement, bounds: tuple[str, ...]) -> _OfTool:
        """What was proven of every call that meets the premise, and whether there are any."""
        if premise == TRUE and not statement.valid:
            return _OfTool(bounds=bounds)
        answer = self._solved(tool, premise, valid=True)
        if isinstance(answer, question.Proven) and not statement.valid:
            answer = self._solved(tool, premise, valid=False)
            if isinstance(answer, question.Found):
                return _OfTool(bounds=bounds, invalid=True)
        if isinstance(answer, question.Undecided):
            found = self._searched(tool, premise, statement, answer.why)
            if found.broken is not None:
                return _OfTool(bounds=bounds)
            return _OfTool(met=None, why=f"nothing breaks it, but whether any call is meant: {answer.why}",
                           tried=found.tried)  # fmt: skip
        return _OfTool(bounds=bounds, met=isinstance(answer, question.Found))

    def _some(self, tool: ToolPolicy, wanted: Formula, statement: Statement) -> _OfTool:
        answer = self._solved(tool, wanted, statement.valid)
        match answer:
            case question.Found():
                shown = self._confirmed(tool, wanted, statement.valid, answer.call)
                if shown is not None:
                    return _OfTool(shown)
                return self._searched(tool, wanted, statement, "the solver's call did not show it when decided")
            case question.Undecided(why):
                return self._searched(tool, wanted, statement, why)
            case question.Proven(bounds):
                return _OfTool(bounds=bounds)
            case _:
                assert_never(answer)

    def _plainer(self, tool: ToolPolicy, premise: Formula, conclusion: Formula, statement: Statement) -> Shown | None:
        """A call that breaks it without anything left open that also counts where it is not known."""
        strict = _strict(premise)
        if strict == premise:
            return None
        against = All((strict, Not(conclusion)))
        answer = self._solved(tool, against, statement.valid)
        if isinstance(answer, question.Found):
            return self._confirmed(tool, against, statement.valid, answer.call)
        return None

    # -- the solver --

    def _solved(self, tool: ToolPolicy, formula: Formula, valid: bool) -> question.Answer:
        asked = self._question(tool.name)
        if asked is None:
            return question.Undecided(self.no_solver)
        formula = folded(formula, tool)
        if formula == FALSE:
            return question.Proven()
        terms = [] if formula == TRUE else [_term(asked, tool, formula)]
        return asked.solve(*terms, *([asked.valid()] if valid else []))

    def _question(self, tool: str) -> Question | None:
        if self.no_solver:
            return None
        if tool not in self._questions:
            try:
                self._questions[tool] = Question(tool, [self.policy], zone=self.engine.zone, timeout_ms=self.timeout_ms)
            except EnvironmentFailed as error:
                self.no_solver = f"{error.message}; {error.hint}" if error.hint else error.message
                return None
        return self._questions[tool]

    def _confirmed(self, tool: ToolPolicy, formula: Formula, valid: bool, call: question.Call) -> Shown | None:
        given = sayable(call.given)
        made = judged(self.engine, tool.name, call.args, given)
        if not self._shows(formula, valid, made):
            return None
        return self._smaller(formula, valid, Shown(tool.name, call.args, given, made.verdict))

    def _shows(self, formula: Formula, valid: bool, made: Judged) -> bool:
        return (made.valid or not valid) and self._truth.of(formula, made)

    def _smaller(self, formula: Formula, valid: bool, shown: Shown) -> Shown:
        """The same without arguments that have no part in it: without them nothing more is unknown."""
        for key in sorted(shown.args):
            args = {name: value for name, value in shown.args.items() if name != key}
            made = judged(self.engine, shown.tool, args, shown.given)
            if self._shows(formula, valid, made) and set(made.verdict.unknown) <= set(shown.verdict.unknown):
                shown = replace(shown, args=args, verdict=made.verdict)
        return shown

    # -- the search --

    def _searched(self, tool: ToolPolicy, formula: Formula, statement: Statement, why: str) -> _OfTool:
        tried = 0
        for args, given in self._tries(tool, statement):
            tried += 1
            made = judged(self.engine, tool.name, args, given)
            if self._shows(formula, statement.valid, made):
                shown = Shown(tool.name, args, given, made.verdict, searched=True)
                return _OfTool(self._smaller(formula, statement.valid, shown), tried=tried)
        return _OfTool(met=None, why=why, tried=tried)

    def _tries(self, tool: ToolPolicy, statement: Statement) -> Iterator[tuple[dict[str, Json], Inputs]]:
        """Calls at the boundaries of the tool's conditions and of the statement's own."""
        own = dict.fromkeys((*conditions(statement.premise), *conditions(statement.conclusion)))
        for form in When:
            # Rules that ask for nothing: the search looks at their conditions, and no verdict changes. It starts where
            # few rules apply, so both forms are tried.
            watching = tuple(Rule(f"?{n}", form, each, Effect.ALLOW, None, "") for n, each in enumerate(own))
            watched = replace(tool, rules=(*tool.rules, *watching))
            engine = Engine(replace(self.policy, tools={**self.policy.tools, tool.name: watched}), self.engine.zone)
            for probe in probes(engine, tool.name, most=MOST_TRIED):
                yield probe.args, sayable(probe.given)
            if not own:
                return


def sayable(given: Inputs) -> dict[str, Json]:
    """What is known beside the arguments, as `govern decide` is told it: what is looked for and not known is left out,
    which is the same to every condition; so are `record` and `result`, which no call has before it ran."""
    return {key: value for key, value in given.items() if value is not None and key not in PLACES}


def _term(asked: Question, tool: ToolPolicy, formula: Formula) -> Term:
    match formula:
        case Gets(Effect.ALLOW):
            return ~asked.at_least(Effect.APPROVAL)
        case Gets(Effect.APPROVAL) | Asks(None):
            return asked.at_least(Effect.APPROVAL) & ~asked.at_least(Effect.DENY)
        case Gets(effect):
            return asked.at_least(effect)
        case Asks(str() as gate):
            return asked.asks(gate)
        case Applies(rule):
            return asked.applies(rule)
        case Decides(rule):
            return asked.decides(rule)
        case Counts(tier):
            return reduce(or_, (asked.applies(rule.id) for rule in tool.rules if rule.tier is tier))
        case Meets(condition, False):
            return asked.true(condition)
        case Meets(condition, True):
            return ~asked.false(condition)
        case Not(part):
            return ~_term(asked, tool, part)
        case All(parts):
            return reduce(and_, (_term(asked, tool, part) for part in parts))
        case Any(parts):
            return reduce(or_, (_term(asked, tool, part) for part in parts))
        case _:
            raise AssertionError(f"no term for {formula}")


def _strict(formula: Formula) -> Formula:
    """The same where only what is true counts, not what is unknown."""
    match formula:
        case Meets(condition, True):
            return Meets(condition)
        case All(parts):
            return All(tuple(_strict(part) for part in parts))
        case Any(parts):
            return Any(tuple(_strict(part) for part in parts))
        case _:
            return formula


def _joined(statement: Statement, names: Sequence[str], found: dict[str, _OfTool]) -> Answer:
    shown = next((each.broken for each in found.values() if each.broken is not None), None)
    bounds = tuple(dict.fromkeys(bound for each in found.values() for bound in each.bounds))
    why = tuple((tool, each.why) for tool, each in found.items() if each.why)
    if shown is not None:
        return Holds((shown.tool,), witness=shown) if statement.exists else Broken(shown)
    if why:
        return Unknown(why, sum(each.tried for each in found.values()))
    if statement.exists and names:
        return Broken(None, bounds)
    met = tuple(tool for tool, each in found.items() if each.met)
    if not met:
        return Vacuous(tuple(names))
    return Holds(
        met,
        idle=tuple(name for name in names if name not in met),
        invalid=tuple(tool for tool in met if found[tool].invalid),
        bounds=bounds,
    )
