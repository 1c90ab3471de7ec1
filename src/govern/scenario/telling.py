"""Tests that tell a changed policy from the policy as it is: for a mutant that no test noticed, one that would.

First single calls: those of the tests, those at the boundaries of both policies' conditions, then what a solver finds
where it is installed. Then sequences, for what only time, people and earlier calls show (`telling_sequences`). Each is
run under both policies: what it expects is what came under the policy as it is, and it fails under the other.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import Any

from govern.charter.cases import CallStep, Case
from govern.charter.model import Charter
from govern.conditions import Inputs
from govern.errors import EnvironmentFailed
from govern.events.canonical import Malformed
from govern.findings import Location
from govern.policy.engine import Engine
from govern.policy.glob import is_glob, matches
from govern.policy.model import Effect, Policy
from govern.policy.probes import probes
from govern.scenario.mutants import Kind, Mutant
from govern.scenario.mutants.judged import reached
from govern.scenario.outcome import Outcome, State
from govern.scenario.run import run_case
from govern.scenario.telling_expect import expectations, expecting
from govern.scenario.telling_sequences import Seed, comes_to, gate_of, sequences

SOLVE_MS = 500
MOST_TOOLS = 8
MOST_NAME = 60
MOST_S = 1  # for one mutant, of the process's own time
MOST = 200
MOST_BEYOND = 60
LONGEST = 10_000
_LENGTH = re.compile(r'"m(?:ax|in)Length":([0-9]{1,6})')
_ONLY_TIME_TELLS = frozenset(
    {Kind.QUORUM, Kind.ROLES, Kind.DEADLINE, Kind.SILENCE, Kind.GATE, Kind.MAXIMUM, Kind.WINDOW, Kind.COUNTS,
     Kind.KEYS, Kind.SOURCE, Kind.TRUSTED}
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Telling:
    """A test that passes under the policy as it is and fails under the changed one.

    Args:
        was: what came of it under the policy as it is, in words.
        becomes: what comes under the changed one.
    """

    case: Case
    was: str
    becomes: str


@dataclass(frozen=True, slots=True)
class Same:
    """No call is judged otherwise: the same effect, gates, rules and validity for every one."""


@dataclass(frozen=True, slots=True)
class _Candidate:
    tool: str
    args: Mapping[str, Any]
    given: Inputs
    why: str


class Unlike:
    """Looks for tests that tell changed policies from one as it is.

    Args:
        engine: of the policy as it is.
        baseline: what came of its tests: their calls are tried first.
    """

    def __init__(self, engine: Engine, charter: Charter, baseline: Sequence[Outcome]) -> None:
        self.engine, self.charter, self.baseline = engine, charter, baseline
        self.probed: dict[str, tuple[_Candidate, ...]] = {}
        self.calls: dict[str, list[_Candidate]] = {}
        for outcome in baseline:
            for each in outcome.decisions:
                found = _Candidate(each.tool, each.args, each.given, outcome.case.name)
                self.calls.setdefault(each.tool, []).append(found)

    def told(self, mutant: Mutant, until: float) -> Telling | Same | str:
        """A test that tells it apart; that there is none; or why none was found.

        Args:
            until: of `time.process_time`, when to give up: what is found depends little on what else the machine does.
        """
        until = min(until, time.process_time() + MOST_S)
        other = Engine(mutant.policy, self.engine.zone)
        tools = _touched(self.engine.policy, mutant.policy)[:MOST_TOOLS]
        best: Telling | None = None
        if mutant.kind not in _ONLY_TIME_TELLS:
            best, much = self.single(other, tools)
            if much:
                return best or ""
            solved = self.solved(other, tools, until)
            if isinstance(solved, Telling) or (isinstance(solved, Same) and best is None):
                return solved
            if best is not None:
                return best
        for case in sequences(self.engine, mutant, self.charter, self.seeds(other, mutant, tools), self.baseline):
            if time.process_time() > until:
                return "out of time"
            found = self.first(other, expecting(self.engine, other, case))
            if found is not None:
                return found
        return _why(mutant)

    def seeds(self, other: Engine, mutant: Mutant, tools: Sequence[str]) -> Iterator[Seed]:
        """Calls that a sequence may be made of, a few of each tool that the change can concern by turns: those that
        tests make, then those at boundaries; of a gate, only those that come to ask it."""
        gate = gate_of(mutant)
        names = tools or _concerned(self.engine, other, gate)
        every = {name: [(each.tool, each.args, each.given) for each in self.candidates(name)] for name in names}
        if gate is None:
            ways = [list(every.values())]
        else:
            how = {name: [(comes_to(self.engine, seed, gate), seed) for seed in seeds] for name, seeds in every.items()}
            ways = [[[seed for way, seed in seeds if way == wanted] for seeds in how.values()] for wanted in (0, 1)]
        for of_tools in ways:
            for turn in zip_longest(*of_tools):
                yield from (each for each in turn if each is not None)

    # -- single calls --

    def candidates(self, tool: str) -> Iterator[_Candidate]:
        """Calls of tests, then those at the boundaries of the policy as it is."""
        yield from self.calls.get(tool, ())
        if tool not in self.probed:
            self.probed[tool] = tuple(_probed(self.engine, tool, MOST))
        yield from self.probed[tool]

    def beyond(self, other: Engine, tool: str) -> Iterator[_Candidate]:
        """Calls at the boundaries of the changed policy, and texts as long as either allows."""
        if tool in other.policy.tools:
            yield from _lengths(self.engine, other, self.probed.get(tool, ())[:1])
            yield from _probed(other, tool, MOST_BEYOND)

    def single(self, other: Engine, tools: Sequence[str]) -> tuple[Telling | None, bool]:
        """The call whose verdicts differ most, and whether they differ in effect or gates."""
        best: tuple[int, Telling | None] = 0, None
        for look in (self.candidates, lambda tool: self.beyond(other, tool)):
            for tool in tools:
                for each in look(tool):
                    far = self.distance(other, each)
                    if far > best[0] and (made := self.told_by(other, each)) is not None:
                        best = far, made
                    if best[0] == _EFFECT:
                        return best[1], True
            if best[0] >= _GATES:
                break
        return best[1], best[0] >= _GATES

    def distance(self, other: Engine, each: _Candidate) -> int:
        """How much two verdicts on a call differ, 0 where they do not."""
        one, two = (
            engine.decide_value(each.tool, dict(each.args), given=each.given) for engine in (self.engine, other)
        )
        if one.effect is not two.effect:
            return _EFFECT
        if set(one.gates) != set(two.gates):
            return _GATES
        if set(one.rules) != set(two.rules) or one.tier is not two.tier:
            return _CAUSES
        return _REASONS if one.reasons != two.reasons or set(one.unknown) != set(two.unknown) else 0

    def told_by(self, other: Engine, each: _Candidate) -> Telling | None:
        """The call as a test, if it tells the two apart. A test's history is empty: what is not known is said."""
        facts = {name: value for name, value in each.given.items() if name in self.engine.policy.facts}
        asked = self.engine.history.asked(each.tool) | other.history.asked(each.tool)
        history = {key: each.given.get(key) for key in asked if "(" in key}
        at = each.given.get("at")
        step = CallStep(each.tool, dict(each.args), None, _HERE, given=history, facts=facts or None)
        bare = Case("", _name(each), _HERE, (step,), clock_ns=at if isinstance(at, int) else None)
        one, two = (run_case(engine, bare).decisions[0].verdict for engine in (self.engine, other))
        cases = (replace(bare, steps=(replace(step, expect=expect),)) for expect in expectations(one, two))
        return self.first(other, cases)

    def first(self, other: Engine, cases: Iterable[Case]) -> Telling | None:
        """The first of some tests that tells the two apart."""
        for case in cases:
            if run_case(self.engine, case).state is State.PASSED:
                failed = run_case(other, case).failures
                if failed:
                    return Telling(case, failed[0].expected, failed[0].got)
        return None

    def solved(self, other: Engine, tools: Sequence[str], until: float) -> Telling | Same | None:
        """What a solver says of the tools that were touched: a call, that there is none, or nothing."""
        try:
            from govern.proof.question import Found, Proven, Question
        except ImportError:
            return None
        proven = bool(tools) and _per_call(self.engine.policy, other.policy)
        for tool in tools:
            left = int(1000 * (until - time.process_time()))
            if left <= 0:
                return None
            try:
                policies = (self.engine.policy, other.policy)
                asked = Question(tool, policies, zone=self.engine.zone, timeout_ms=min(SOLVE_MS, left))
            except EnvironmentFailed:
                return None
            gates = sorted({*policies[0].gates, *policies[1].gates})
            rules = sorted({rule.id for each in policies if tool in each.tools for rule in each.tools[tool].rules})
            pairs = [
                (asked.at_least(effect, 0), asked.at_least(effect, 1)) for effect in (Effect.APPROVAL, Effect.DENY)
            ]
            pairs += [(asked.asks(gate, 0), asked.asks(gate, 1)) for gate in gates]
            pairs += [(asked.decides(rule, 0), asked.decides(rule, 1)) for rule in ("", *rules)]
            pairs += [(asked.valid(0), asked.valid(1))]
            for one, two in pairs:
                answer = asked.solve((one & ~two) | (~one & two))
                if isinstance(answer, Found):
                    call = answer.call
                    made = self.told_by(other, _Candidate(tool, call.args, call.given, "found by the solver"))
                    if made is not None:
                        return made
                proven = proven and isinstance(answer, Proven) and not answer.bounds
        return Same() if proven else None


# How much two verdicts differ.
_REASONS, _CAUSES, _GATES, _EFFECT = 1, 2, 3, 4
_HERE = Location("")


def _name(each: _Candidate) -> str:
    why = each.why if len(each.why) <= MOST_NAME else f"{each.why[:MOST_NAME]}…"
    return f"{each.tool}: {why}"


def _probed(engine: Engine, tool: str, most: int) -> Iterator[_Candidate]:
    try:
        for probe in probes(engine, tool, most=most):
            yield _Candidate(tool, probe.args, probe.given, probe.why)
    except Malformed:
        return


def _lengths(one: Engine, two: Engine, starts: Iterable[_Candidate]) -> Iterator[_Candidate]:
    """Texts as long as a schema may bound them, in place of each text of a call."""
    for start in starts:
        schemas = [
            engine.policy.tools[start.tool].schema or "" for engine in (one, two) if start.tool in engine.policy.tools
        ]
        lengths = sorted({int(found) for schema in schemas for found in _LENGTH.findall(schema)})
        for name, value in start.args.items():
            for length in lengths if isinstance(value, str) else ():
                if length <= LONGEST:
                    args = {**start.args, name: "x" * length}
                    yield _Candidate(start.tool, args, start.given, f"args.{name} of {length} characters")


def _touched(old: Policy, new: Policy) -> list[str]:
    """The tools whose calls may be judged otherwise: those that differ, and examples of names that `never` means."""
    names = [name for name, tool in old.tools.items() if tool != new.tools.get(name)]
    before = {each for never in old.never for each in never.patterns}
    gone = before ^ {each for never in new.never for each in never.patterns}
    names += [_example(glob) for glob in sorted(gone)]
    changed = {limit for limit in old.limits if limit not in new.limits}
    names += [name for limit in changed for name in limit.tools]
    return list(dict.fromkeys(names))


def _concerned(engine: Engine, other: Engine, gate: str | None) -> list[str]:
    """The tools that a change of what stands beside them can concern: those that may ask a gate, or the history."""
    policy = engine.policy
    if gate is not None:
        asks = {name: {tool.gate, *(rule.gate for rule in tool.rules)} - {None} for name, tool in policy.tools.items()}
        return [name for name, roots in asks.items() if gate in reached(policy, (each for each in roots if each))]
    return [name for name in policy.tools if engine.history.asked(name) | other.history.asked(name)]


def _example(glob: str) -> str:
    """A name that a glob means: with nothing for a star where that reads as a name, else `x`."""
    bare = glob.replace("?", "x").replace("*", "")
    full = glob.replace("?", "x").replace("*", "x")
    return bare if is_glob(glob) and bare and bare.strip("_/") == bare and matches(glob, bare) else full


def _per_call(old: Policy, new: Policy) -> bool:
    """Whether all that differs is in what a single call is judged by."""
    return (
        old.gates == new.gates
        and old.facts == new.facts
        and (old.untrusted.trusted if old.untrusted else ()) == (new.untrusted.trusted if new.untrusted else ())
        and _counting(old) == _counting(new)
        and all(tool.tier is new.tools[name].tier for name, tool in old.tools.items() if name in new.tools)
    )


def _counting(policy: Policy) -> dict[str, tuple[Any, ...]]:
    return {
        limit.id: (limit.tools, limit.sum, limit.max, limit.within_s, limit.span, limit.for_each, limit.counts)
        for limit in policy.limits
    }


def _why(mutant: Mutant) -> str:
    if mutant.kind is Kind.WINDOW or mutant.kind is Kind.KEYS:
        return "no sequence of one trace was found that shows it: a test is one trace"
    return "no call or sequence was found that shows it"
