"""Sequences that may show what only time, people and earlier calls show: candidates for `telling`, each to be run.

Made of calls that tests or boundaries have: a call that waits, and who answers when; a call again and again, later, of
another key; results that say a fact, then the call that asks for it; an untrusted tool's output, then a call. What no
candidate shows may still be shown by some sequence.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import islice, product
from typing import Any

from govern.charter.cases import (
    AnswerStep,
    CallStep,
    Case,
    Person,
    Session,
    Step,
    WaitStep,
)
from govern.charter.model import Charter
from govern.conditions import Inputs
from govern.conditions.inputs import Path, history_key
from govern.conditions.python import ABSENT, WRONG, place
from govern.findings import Location
from govern.policy.engine import Engine
from govern.policy.history.records import path_at
from govern.policy.model import Fact, Gate, Limit, Policy
from govern.scenario.mutants import Kind, Mutant
from govern.scenario.mutants.judged import reached
from govern.scenario.outcome import Outcome
from govern.scenario.run import run_case

Seed = tuple[str, Mapping[str, Any], Inputs]
"""A call that a sequence may be made of: tool, arguments, what was known beside them."""

MOST_SEEDS = 8
MOST_CALLS = 12
_DAY_S = 86_400
_HERE = Location("")
_SERVED = Person("session.person", ())
_GATES = frozenset({Kind.QUORUM, Kind.ROLES, Kind.DEADLINE, Kind.SILENCE, Kind.GATE})


def sequences(
    engine: Engine, mutant: Mutant, charter: Charter, seeds: Iterable[Seed], baseline: Iterable[Outcome]
) -> Iterator[Case]:
    """Sequences that may tell a mutant apart, each without an expectation; the most likely first.

    Args:
        engine: of the policy as it is.
        seeds: calls to make them of.
        baseline: tests whose own sequences are looked at too.
    """
    policy = engine.policy
    starts = islice(_starts(engine, seeds), MOST_SEEDS)
    name = gate_of(mutant)
    if name is not None:
        for start in starts:
            yield from _answers(engine, mutant.policy, name, start)
    elif mutant.kind is Kind.SOURCE:
        changed = [name for name in policy.facts if policy.facts[name] != mutant.policy.facts.get(name)]
        every = list(starts)
        for name in changed:
            yield from _facts(policy, policy.facts[name], mutant.policy.facts[name], every)
    elif mutant.kind is Kind.TRUSTED:
        for start in starts:
            for tool in charter.tools:
                args = next((dict(each.args) for o in baseline for each in o.decisions if each.tool == tool), {})
                read = CallStep(tool, args, None, _HERE, released=True)
                yield replace(start, steps=(read, *start.steps), name=f"{_last(start).tool} after {tool}")
    else:
        changed_limits = [
            (limit, other)
            for limit in policy.limits
            for other in mutant.policy.limits
            if limit.id == other.id and limit != other
        ]
        every = list(starts)
        for limit, other in changed_limits:
            yield from _repeated(policy, limit, other, every)


def _last(case: Case) -> CallStep:
    """The call that a sequence ends in: `_starts` makes no other."""
    step = case.steps[-1]
    if not isinstance(step, CallStep):
        raise TypeError(f"a sequence that ends in {type(step).__name__}")
    return step


def _starts(engine: Engine, seeds: Iterable[Seed]) -> Iterator[Case]:
    """Each call at the end of a sequence in which the facts that it was judged with come about."""
    policy = engine.policy
    for tool, args, given in seeds:
        asked = engine.history.asked(tool)
        session = {
            name: value
            for name, value in given.items()
            if name in policy.facts and not policy.facts[name].result_of and value is not None
        }
        told_by = [
            step
            for name, value in given.items()
            if name in asked and name in policy.facts and isinstance(value, dict)
            for step in [source(policy.facts[name], policy.facts[name].result_of[:1], value, args, given)]
            if step is not None
        ]
        if given.get(history_key("tainted", "session")) is True and (read := _untrusted(policy)) is not None:
            told_by.insert(0, CallStep(read, {}, None, _HERE, released=True))
        at = given.get("at")
        yield Case(
            "", f"{tool} in a sequence", _HERE, (*told_by, CallStep(tool, dict(args), None, _HERE)), sequence=True,
            clock_ns=at if isinstance(at, int) and "at" in asked else None, facts=session or None,
        )  # fmt: skip


def _untrusted(policy: Policy) -> str | None:
    """A tool whose output nobody trusts."""
    trusted = policy.untrusted.trusted if policy.untrusted else ()
    return next((name for name in policy.tools if name not in trusted), None)


def source(
    fact: Fact, tools: tuple[str, ...], value: Mapping[str, Any], args: Mapping[str, Any], given: Inputs
) -> CallStep | None:
    """A call of a fact's source whose result says it; None where nothing can be made of it.

    Args:
        tools: of which the first is called.
        value: the fact's fields.
        args: of the call that is to find it.
    """
    if not tools:
        return None
    inputs = {**given, "args": args}
    asked: dict[str, Any] = {}
    result: Any = None
    for left, right in fact.where:
        found = place(inputs, path_at(right))
        if found is ABSENT or found is WRONG or found is None:
            return None
        if left.startswith("result"):
            result = _put(result, path_at(left)[1:], found)
        else:
            asked[left] = found
    for field in fact.fields:
        if field.name not in value:
            continue
        path = path_at(field.path or f"result.{field.name}")
        if path[0] == "call":
            asked = _put(asked, path[1:], value[field.name])
        else:
            result = _put(result, path[1:], value[field.name])
    return CallStep(tools[0], asked, None, _HERE, result=result, released=True)


def _put(into: Any, path: Path, value: Any) -> Any:
    """JSON data with a value at a path."""
    if not path:
        return value
    first, rest = path[0], path[1:]
    if isinstance(first, int):
        items = list(into) if isinstance(into, list) else []
        items += [None] * (first + 1 - len(items))
        items[first] = _put(items[first], rest, value)
        return items
    known = dict(into) if isinstance(into, dict) else {}
    return {**known, first: _put(known.get(first), rest, value)}


# -- gates --


def gate_of(mutant: Mutant) -> str | None:
    """The gate that a mutant changes, None where it changes none."""
    return mutant.id.removeprefix("gate/").partition(":")[0] if mutant.kind in _GATES else None


def comes_to(engine: Engine, seed: Seed, gate: str) -> int:
    """How a call comes to ask a gate: 0 by its verdict, 1 by escalation, 2 never."""
    tool, args, given = seed
    asked = engine.decide_value(tool, dict(args), given=given).gates
    return 0 if gate in asked else 1 if gate in reached(engine.policy, asked) else 2


def _answers(engine: Engine, other: Policy, name: str, start: Case) -> Iterator[Case]:
    """Who may answer when: nobody; one or several people of a role, at once, or at any deadline. Where the call asks
    other gates beside, these are met first."""
    policy = engine.policy
    pair = (policy.gates[name], other.gates[name])
    gates = [policy.gates[each] for each in sorted(reached(policy, [name]))] + [pair[1]]
    times = {step.after_s for gate in gates for step in gate.if_no_answer}
    # A gate that is asked by escalation has its own deadlines from then on.
    before = {step.after_s for each in policy.gates.values() for step in each.if_no_answer if step.ask == name}
    late = sorted({*before, *times, *(first + then for first in before for then in times)})
    uses = sorted({gate.use_within_s for gate in pair})
    people = list(_people(policy, pair))
    what = f"{_last(start).tool}, {name}"
    met = _met(policy, name, run_case(engine, start).decisions[-1].verdict.gates)
    others: list[tuple[AnswerStep, ...]] = [(), met] if met else [()]
    for first in others:
        steps: tuple[Step, ...] = (*start.steps, *first)
        yield replace(
            start,
            steps=(*steps, WaitStep(1, "", None, _HERE)),
            session=Session(person=None),
            name=f"{what}: nobody is served",
        )
        for after in late:
            yield replace(start, steps=(*steps, WaitStep(after, "", None, _HERE)), name=f"{what}: nobody answers")
        for after in (0, *late):
            for group in people:
                answer = AnswerStep(group, True, "", None, after, _HERE)
                yield replace(start, steps=(*steps, answer), name=f"{what}: who may answer, and when")
        for use, group in product(uses, people):
            call = replace(_last(start), used_after_s=use)
            answers: tuple[Step, ...] = (
                *first,
                AnswerStep(group, True, "", None, 0, _HERE),
                WaitStep(use, "", None, _HERE),
            )
            yield replace(
                start, steps=(*start.steps[:-1], call, *answers), name=f"{what}: an approval that is used late"
            )


def _met(policy: Policy, name: str, asked: Iterable[str]) -> tuple[AnswerStep, ...]:
    """Answers that meet the other gates of a call; where it asks one only by escalation, not those that escalate."""
    found = []
    direct = name in (asked := tuple(asked))
    for gate in asked:
        if gate != name and (direct or name not in reached(policy, [gate])):
            one = policy.gates[gate]
            people = [Person(f"{gate}-{n + 1}", one.roles[:1]) for n in range(one.quorum)]
            found.append(AnswerStep((_SERVED,) if one.confirm else tuple(people), True, "", None, 0, _HERE))
    return tuple(found)


def _people(policy: Policy, pair: tuple[Gate, Gate]) -> Iterator[tuple[Person, ...]]:
    if any(gate.confirm for gate in pair):
        yield (_SERVED,)
    roles = list(dict.fromkeys((*pair[0].roles, *pair[1].roles, *policy.roles)))
    most = max(gate.quorum for gate in pair)
    for count in range(1, most + 1):
        for role in roles:
            yield tuple(Person(f"{role}-{n + 1}", (role,)) for n in range(count))
    # Somebody who may answer everything.
    for count in range(1, most + 1):
        yield tuple(Person(f"person-{n + 1}", tuple(roles)) for n in range(count))


# -- limits --


def _repeated(policy: Policy, limit: Limit, other: Limit, starts: list[Case]) -> Iterator[Case]:
    """The call so often that the limit may be over at its last time: at once, later, of other keys, failed, held."""
    least = min(limit.max, other.max)
    delays = sorted({0, *(each for each in (limit.within_s, other.within_s) if each is not None)})
    if limit.span != other.span:
        delays.append(_DAY_S)
    keys = [key for key in {*limit.for_each, *other.for_each} if key.startswith("args.")]
    for start in (
        starts if limit.sum is None else [more for each in starts for more in (each, _richer(each, limit.max))]
    ):
        call = _last(start)
        if call.tool not in limit.tools:
            continue
        if limit.sum is not None:
            path = path_at(limit.sum)[1:]
            for amount in sorted({limit.max, other.max}):
                one = replace(call, args=_put(dict(call.args), path, amount))
                yield replace(start, steps=(*start.steps[:-1], one), name=f"{call.tool}: {limit.id} at {amount}")
            counts = 2
        else:
            counts = int(least) + 1
        if counts > MOST_CALLS:
            continue
        amounts = (None,) if limit.sum is None else (limit.max, other.max)
        ways: tuple[dict[str, Any], ...] = ({"released": True}, {"released": False}, {"error": "failed"}, {})
        for amount, way, delay, key in product(amounts, ways, delays, [None, *keys]):
            made = (
                call
                if amount is None
                else replace(call, args=_put(dict(call.args), path_at(limit.sum or "")[1:], amount))
            )
            if "error" in way:
                way = {**way, "released": True}
            steps: list[Step] = list(start.steps[:-1])
            for index in range(counts):
                each = (
                    made if key is None else replace(made, args=_put(dict(made.args), path_at(key)[1:], f"{index + 1}"))
                )
                last = index == counts - 1
                steps.append(replace(each, after_s=delay) if last else replace(each, **way))
            yield replace(start, steps=tuple(steps), name=f"{call.tool}: {limit.id}, {counts} times")


def _richer(start: Case, amount: float) -> Case:
    """The same sequence with results in which no number is small: a rule about an amount may hold it against one."""

    def more(value: Any) -> Any:
        match value:
            case bool():
                return value
            case int() | float():
                return max(value, 10 * amount)
            case list():
                return [more(each) for each in value]
            case dict():
                return {key: more(each) for key, each in value.items()}
            case _:
                return value

    steps = (replace(each, result=more(each.result)) if isinstance(each, CallStep) else each for each in start.steps)
    return replace(start, steps=tuple(steps))


# -- facts --


def _facts(policy: Policy, fact: Fact, changed: Fact, starts: list[Case]) -> Iterator[Case]:
    """Two results that say a fact differently; results of other tools, of other keys."""
    says: dict[str, list[CallStep]] = {}
    for start in starts:
        for step in start.steps[:-1]:
            if isinstance(step, CallStep) and step.tool in fact.result_of:
                says.setdefault(step.tool, []).append(step)
    said = [step for steps in says.values() for step in steps]
    if not said:
        return
    for start in starts:
        others = tuple(s for s in start.steps[:-1] if not (isinstance(s, CallStep) and s.tool in fact.result_of))
        mine = [s for s in start.steps[:-1] if isinstance(s, CallStep) and s.tool in fact.result_of]
        name = f"{_last(start).tool}: which result says {fact.name}"
        for own in mine or said[:3]:
            for tool in fact.result_of:
                yield replace(start, steps=(*others, replace(own, tool=tool), _last(start)), name=name)
            for left, _ in fact.where:
                yield replace(start, steps=(*others, _elsewhere(own, left), _last(start)), name=name)
            for other in said:
                for first, second in ((own, other), (other, own)):
                    same = replace(second, args=first.args)
                    yield replace(start, steps=(*others, first, same, _last(start)), name=name)


def _elsewhere(step: CallStep, left: str) -> CallStep:
    """The same source call with another key."""
    if left.startswith("result"):
        return replace(step, result=_put(step.result, path_at(left)[1:], "another"))
    return replace(step, args={**step.args, left: "another"})
