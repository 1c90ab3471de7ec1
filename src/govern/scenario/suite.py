"""The scenarios of a charter as tests. Leaves out suite files (`charter.suite`) and running them (`run`)."""

from __future__ import annotations

from collections import Counter

from govern.charter import model
from govern.charter.cases import (
    AllOrSome,
    AnswerStep,
    CallStep,
    Case,
    ExpectVerdict,
    Named,
    SayStep,
    Step,
    WaitStep,
)
from govern.policy.terms import Effect

__all__ = ["AnswerStep", "CallStep", "Case", "SayStep", "Step", "WaitStep", "case_of", "scenarios"]


def scenarios(charter: model.Charter) -> tuple[Case, ...]:
    """The scenarios of a charter as tests: each one call, as the first of its session.

    The same instruction may stand several times, with other facts: the second is called `… (2)`.
    """
    seen: Counter[str] = Counter()
    found: list[Case] = []
    for each in charter.scenarios:
        seen[each.instruction] += 1
        count = seen[each.instruction]
        name = each.instruction if count == 1 else f"{each.instruction} ({count})"
        found.append(case_of(each, name))
    return tuple(found)


def case_of(scenario: model.Scenario, name: str) -> Case:
    """One scenario as a test of that name."""
    call = scenario.tool.name, scenario.args, expected(scenario), scenario.at
    step = CallStep(*call, facts=scenario.given or None)
    return Case(f"{scenario.at.file}#{name}", name, scenario.at, (step,))


def expected(scenario: model.Scenario) -> ExpectVerdict:
    """The verdict that a scenario means: a gate or cause that it names is among those of the verdict."""
    effect = Effect(scenario.verdict)
    if scenario.cause is None:
        return ExpectVerdict(effect, scenario.at)
    if effect is Effect.APPROVAL:
        return ExpectVerdict(effect, scenario.cause.at, gates=Named((scenario.cause.name,), AllOrSome.SOME))
    return ExpectVerdict(effect, scenario.cause.at, causes=(scenario.cause.name,))
