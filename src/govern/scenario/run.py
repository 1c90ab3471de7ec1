"""Runs charter tests: every call through the per-call engine, time and history from the test alone.

A single call has what its test gives it, and for the rest is the first call of its session. In a sequence facts,
limits, counts, taint and origin are worked out of its steps (`sequence`). Leaves out reading tests (`charter.suite`)
and words (`report`).
"""

from __future__ import annotations

from collections.abc import Sequence

from govern.charter.cases import CallStep, Case
from govern.policy.engine import Engine
from govern.scenario.judge import compared, judged, told_of_first
from govern.scenario.outcome import Answered, Decision, Failure, Outcome, State
from govern.scenario.sequence import run_sequence

__all__ = ["Answered", "Decision", "Failure", "Outcome", "State", "run", "run_case"]


def run(engine: Engine, cases: Sequence[Case]) -> tuple[Outcome, ...]:
    """Runs tests, each for itself, in their order."""
    return tuple(run_case(engine, case) for case in cases)


def run_case(engine: Engine, case: Case) -> Outcome:
    """Runs one test; one with a reason to be skipped is not run."""
    if case.skip:
        return Outcome(case, State.SKIPPED)
    return run_sequence(engine, case) if case.sequence else _single(engine, case)


def _single(engine: Engine, case: Case) -> Outcome:
    (step,) = case.steps
    if not isinstance(step, CallStep):
        raise TypeError(f"a single call is no {type(step).__name__}")
    decision = judged(engine, step.tool, step.args, told_of_first(engine, step, case.clock_ns), 0)
    failures = tuple(compared(step.expect, decision))
    return Outcome(case, State.FAILED if failures else State.PASSED, failures, (decision,))
