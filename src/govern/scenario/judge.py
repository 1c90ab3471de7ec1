"""Judges one call of a test by the per-call engine, with everything that coverage and reports ask of it later."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from govern.charter.cases import CallStep, ExpectVerdict
from govern.conditions import Inputs
from govern.events.canonical import Malformed, check, normalise
from govern.policy.engine import Engine
from govern.policy.given import first_call
from govern.policy.verdict import UNKNOWN
from govern.scenario.expect import differences
from govern.scenario.outcome import Decision, Failure


def judged(engine: Engine, tool: str, args: Mapping[str, Any], given: Inputs, step: int) -> Decision:
    """The decision on a call.

    Args:
        args: plain data; what has no canonical form is invalid input, as everywhere.
        given: all that is known beside them.
    """
    made = arguments(args)
    if made is None:
        mapped = engine.policy.tools.get(tool)
        truths = (UNKNOWN,) * len(mapped.conditions if mapped else ())
        return Decision(tool, dict(args), given, False, truths, engine.decide_malformed(tool), step)
    verdict = engine.decide(tool, made, given=given)
    if tool not in engine.policy.tools:
        return Decision(tool, made, given, True, (), verdict, step)
    made, valid = engine.prepared(tool, made)
    return Decision(tool, made, given, valid, engine.truths(tool, made, given=given), verdict, step)


def arguments(args: Mapping[str, Any]) -> dict[str, Any] | None:
    """Arguments in their canonical form; None where they have none."""
    try:
        check(dict(args))
    except Malformed:
        return None
    made = normalise(dict(args))
    return made if isinstance(made, dict) else None


def told_of_first(engine: Engine, step: CallStep, at_ns: int | None) -> dict[str, Any]:
    """What is known beside the arguments of a single call: what is said, for the rest an empty history.

    Args:
        at_ns: its time; None where nobody says it.
    """
    told: dict[str, Any] = {} if at_ns is None else {"at": at_ns}
    facts = {name: normalise(fact) for name, fact in (step.facts or {}).items()}
    told |= first_call(engine.history, step.tool, arguments(step.args) or {}, facts, at_ns or 0)
    return told | facts | dict(step.given)


def compared(expected: ExpectVerdict | None, decision: Decision) -> Iterator[Failure]:
    """What of a decision is not as expected; nothing where nothing is."""
    if expected is None:
        return
    for what, wanted, got in differences(expected, decision.verdict):
        yield Failure(what, wanted, got, expected.at, decision.step, decision)
