"""What a test may expect so that it tells two policies apart: of a verdict, or of what a request came to.

Leaves out which calls and sequences are tried (`telling`, `telling_sequences`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from govern.charter.cases import (
    AllOrSome,
    AnswerStep,
    CallStep,
    Case,
    ExpectRequest,
    ExpectVerdict,
    Named,
    Step,
    WaitStep,
)
from govern.findings import Location
from govern.gate import State, Why
from govern.policy.engine import Engine
from govern.policy.model import Effect
from govern.policy.verdict import Verdict
from govern.scenario.mutants.judged import reached
from govern.scenario.run import run_case

_HERE: Final = Location("")
_STATES: Final = ("approved", "denied", "expired", "pending", "void")


def expecting(one: Engine, two: Engine, bare: Case) -> Iterator[Case]:
    """A sequence as tests, where it goes otherwise under two policies: of the first verdict that differs, or of what
    its last step came to."""
    runs = run_case(one, bare), run_case(two, bare)
    for index, step in enumerate(bare.steps):
        if isinstance(step, CallStep):
            first, second = ([each.verdict for each in run.decisions if each.step == index][:1] for run in runs)
            if first and second and _signature(first[0]) != _signature(second[0]):
                for expect in expectations(first[0], second[0]):
                    yield _with(bare, index, replace(step, expect=expect))
                return
    last = len(bare.steps) - 1
    step = bare.steps[last]
    if isinstance(step, AnswerStep | WaitStep):
        reachable = reached(one.policy, (gate for each in runs[0].decisions for gate in each.verdict.gates))
        asked = ExpectRequest("?", _HERE, gates=dict.fromkeys(sorted(reachable), "?"), asks=())
        shown = _with(bare, last, replace(step, expect=asked))
        came, changed = ([(each.what, each.got) for each in run_case(e, shown).failures] for e in (one, two))
        if came != changed:
            for request in _requests(came, sorted(reachable)):
                yield _with(bare, last, replace(step, expect=request))


def _requests(came: list[tuple[str, str]], gates: list[str]) -> Iterator[ExpectRequest]:
    """What may be expected of a request, the plainest first.

    Args:
        came: what it came to, as failures of a test tell it.
        gates: that it may ask.
    """
    got = [text for what, text in came if what == "request"]
    whys = [text for what, text in came if what == "answer"]
    refused = next((why.value for why in Why if whys == [f"refused ({why.value})"]), "")
    state = next((each for each in _STATES if any(text.startswith(f"{each} (") for text in got)), None)
    if state is not None:
        yield ExpectRequest(state, _HERE, refused=refused)
    for gate in gates:
        for each in State:
            if f"{gate} {each.value}" in got:
                yield ExpectRequest(None, _HERE, refused=refused, gates={gate: each.value})
    for text in got:
        if text.startswith("asks "):
            asks = tuple(text.removeprefix("asks ").split(", "))
            yield ExpectRequest(None, _HERE, refused=refused, asks=asks)


def expectations(one: Verdict, two: Verdict) -> Iterator[ExpectVerdict]:
    """What a test may expect of a verdict that another one is not: its effect with its causes, else what differs."""
    effect = one.effect
    gates = Named(one.gates, AllOrSome.SOME) if effect is Effect.APPROVAL else None
    causes = (one.rules or one.reasons) if effect is Effect.DENY else ()
    yield ExpectVerdict(effect, _HERE, gates=gates, causes=causes)
    bare = ExpectVerdict(effect, _HERE)
    yield replace(bare, gates=Named(one.gates, AllOrSome.ALL))
    yield replace(bare, rules=Named(one.rules, AllOrSome.ALL))
    yield replace(bare, reasons=Named(one.reasons, AllOrSome.ALL))
    yield replace(bare, unknown=Named(one.unknown, AllOrSome.ALL))
    if one.tier is not two.tier:
        yield replace(bare, tier=one.tier)


def _signature(verdict: Verdict) -> tuple[object, ...]:
    return verdict.effect, set(verdict.gates), set(verdict.rules), verdict.tier


def _with(case: Case, index: int, step: Step) -> Case:
    return replace(case, steps=(*case.steps[:index], step, *case.steps[index + 1 :]))
