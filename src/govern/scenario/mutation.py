"""Whether the tests of a charter notice its mutants: the same cases, run against each by the per-call engine.

A mutant is killed where some case that passes under the charter fails under it. Only cases that it can concern are
run (by tool, by the gates they ask), the latest killer first. A survivor comes with a test that would tell it apart
(`telling`); one of which the solver proves that no call is judged otherwise is equivalent, and counted apart. Leaves
out what is changed (`mutants`), and words (`report`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from govern.charter.cases import Case
from govern.charter.model import Charter
from govern.compile.lower import lower
from govern.errors import EvidenceError
from govern.findings import Location
from govern.policy.engine import Engine
from govern.policy.glob import matches
from govern.policy.model import Effect, Policy
from govern.scenario.coverage import Share
from govern.scenario.mutants import Mutant, mutants
from govern.scenario.outcome import Outcome, State
from govern.scenario.run import run, run_case
from govern.scenario.telling import Same, Telling, Unlike

BUDGET_MS = 120_000


class Fate(StrEnum):
    """What became of a mutant."""

    KILLED = "killed"
    SURVIVED = "survived"
    EQUIVALENT = "equivalent"
    NOT_RUN = "not_run"


@dataclass(frozen=True, slots=True)
class Tried:
    """A mutant with its fate.

    Args:
        by: of a killed one, the case that noticed it.
        telling: of a survivor, a test that would; None where none was found.
        why: of a survivor without one, why not.
    """

    mutant: Mutant
    fate: Fate
    by: Case | None = None
    telling: Telling | None = None
    why: str = ""


@dataclass(frozen=True, slots=True)
class Mutation:
    """What the tests of a charter noticed.

    Args:
        cases: how many were run against the mutants.
    """

    charter: Charter
    tried: tuple[Tried, ...]
    cases: int

    def of(self, fate: Fate) -> tuple[Tried, ...]:
        return tuple(each for each in self.tried if each.fate is fate)

    @property
    def score(self) -> Share:
        """As of `score`, of this charter alone."""
        return score((self,))


def mutate(
    charter: Charter, cases: Sequence[Case], zone: str | None = None, *, budget_ms: int = BUDGET_MS, tell: bool = True
) -> Mutation:
    """Runs cases against every mutant of a charter.

    Args:
        cases: of this charter; those to be skipped are.
        zone: the deployment's time zone by its IANA name.
        budget_ms: for all of it, in milliseconds of this process's own time; mutants that are left then were not run,
            and count as not killed.
        tell: whether a test is looked for that tells each survivor apart; without it none is known to be equivalent.

    Raises:
        EvidenceError: a case fails under the charter itself, or none is run: then nothing can be noticed.
    """
    until = time.process_time() + budget_ms / 1000
    policy = lower(charter)
    engine = Engine(policy, zone)
    baseline = [outcome for outcome in run(engine, cases) if outcome.state is not State.SKIPPED]
    _green(baseline)
    order = sorted(baseline, key=lambda outcome: len(outcome.case.steps))
    unlike = Unlike(engine, charter, tuple(baseline))
    tried: list[Tried] = []
    survivors: list[int] = []
    for mutant in mutants(charter, zone):
        if time.process_time() > until:
            tried.append(Tried(mutant, Fate.NOT_RUN, why="out of time"))
            continue
        changed = Engine(mutant.policy, zone)
        concerns = concerned(policy, mutant.policy)
        killer = _killer(changed, [each for each in order if concerns(each)])
        if killer is None:
            survivors.append(len(tried))
            tried.append(Tried(mutant, Fate.SURVIVED))
        else:
            order.remove(killer)  # who noticed one of a tool's mutants is likely to notice the next
            order.insert(0, killer)
            tried.append(Tried(mutant, Fate.KILLED, by=killer.case))
    for index in survivors if tell else ():
        mutant = tried[index].mutant
        found = unlike.told(mutant, until)
        match found:
            case Telling():
                tried[index] = Tried(mutant, Fate.SURVIVED, telling=found)
            case Same():
                tried[index] = Tried(mutant, Fate.EQUIVALENT)
            case str():
                tried[index] = Tried(mutant, Fate.SURVIVED, why=found)
    return Mutation(charter, tuple(tried), len(baseline))


def _green(baseline: Sequence[Outcome]) -> None:
    if not baseline:
        raise EvidenceError(
            "no test is run, so no mutant can be noticed", hint="write one: `govern test --new CHARTER`"
        )
    failed = [outcome for outcome in baseline if outcome.state is State.FAILED]
    if failed:
        names = ", ".join(f"`{outcome.case.name}`" for outcome in failed[:5]) + (", …" if len(failed) > 5 else "")
        raise EvidenceError(
            f"{len(failed)} of {len(baseline)} tests fail under the charter itself: {names}",
            where=str(failed[0].case.at),
            hint="mutants are judged by tests that pass: mend these first",
        )


def _killer(engine: Engine, outcomes: Sequence[Outcome]) -> Outcome | None:
    """The first whose case fails under a changed policy. Every case is run anew: nothing is remembered of it."""
    return next((each for each in outcomes if run_case(engine, each.case).state is State.FAILED), None)


def concerned(old: Policy, new: Policy) -> Callable[[Outcome], bool]:
    """Which tests may come out otherwise under another policy, as they went under the old one."""
    tools = {name for name in old.tools.keys() | new.tools.keys() if old.tools.get(name) != new.tools.get(name)}
    before, after = set(old.limits), set(new.limits)
    tools.update(name for limit in before ^ after for name in limit.tools)
    patterns = {each for never in old.never for each in never.patterns} ^ {
        each for never in new.never for each in never.patterns
    }
    # What is believed or remembered may matter to any call.
    every = old.facts != new.facts or _trusted(old) != _trusted(new) or old.agent != new.agent
    gates = old.gates != new.gates

    def concerns(outcome: Outcome) -> bool:
        return (
            every
            or any(
                each.tool in tools or any(matches(glob, each.tool) for glob in patterns) for each in outcome.decisions
            )
            or (gates and any(each.verdict.effect is Effect.APPROVAL for each in outcome.decisions))
        )

    return concerns


def _trusted(policy: Policy) -> frozenset[str]:
    return frozenset(policy.untrusted.trusted) if policy.untrusted else frozenset()


def joined(several: Sequence[Mutation]) -> tuple[Mutation, ...]:
    """The same with every mutant once, where tests of one charter run under several deployments: what any of them
    killed is killed, and it is equivalent only if it is so under each."""
    best: dict[tuple[str, str, Location, str], tuple[int, Tried]] = {}
    for index, each in enumerate(several):
        for tried in each.tried:
            key = each.charter.source.file, tried.mutant.id, tried.mutant.at, tried.mutant.words
            owner, before = best.get(key, (index, tried))
            best[key] = owner, min(before, tried, key=lambda one: _WEIGHT.index(one.fate))
    return tuple(
        Mutation(each.charter, tuple(tried for owner, tried in best.values() if owner == index), each.cases)
        for index, each in enumerate(several)
    )


# Of fates under several deployments, which one a mutant has: the first.
_WEIGHT = (Fate.KILLED, Fate.NOT_RUN, Fate.SURVIVED, Fate.EQUIVALENT)


def score(several: Sequence[Mutation]) -> Share:
    """Killed, of those that could be, of several charters: equivalent ones could not; one that was not run counts as
    not killed."""
    killed = sum(len(each.of(Fate.KILLED)) for each in several)
    return Share(killed, killed + sum(len(each.of(fate)) for each in several for fate in (Fate.SURVIVED, Fate.NOT_RUN)))
