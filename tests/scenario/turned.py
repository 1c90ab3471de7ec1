"""Expectations turned round: what a test expects, said otherwise, so that it has to fail."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from govern.charter.cases import (
    AllOrSome,
    AnswerStep,
    CallStep,
    Case,
    ExpectRequest,
    ExpectVerdict,
    Named,
    SayStep,
    Step,
    WaitStep,
)
from govern.policy.model import Effect, Tier


def turned(case: Case) -> Iterator[tuple[str, Case]]:
    """The case with one thing that it expects turned round, each in turn, and which."""
    for index, step in enumerate(case.steps):
        for what, made in _of_step(step):
            yield (
                f"{case.name}, step {index + 1}: {what}",
                replace(case, steps=(*case.steps[:index], made, *case.steps[index + 1 :])),
            )


def _of_step(step: Step) -> Iterator[tuple[str, Step]]:
    match step:
        case SayStep():
            return
        case CallStep() if step.expect is not None:
            for what, expect in _verdicts(step.expect):
                yield what, replace(step, expect=expect)
        case AnswerStep() | WaitStep() if step.expect is not None:
            for what, request in _requests(step.expect):
                yield what, replace(step, expect=request)


def _verdicts(expect: ExpectVerdict) -> Iterator[tuple[str, ExpectVerdict]]:
    for effect in Effect:
        if effect is not expect.effect:
            yield f"verdict {effect.label}", ExpectVerdict(effect, expect.at)
    other = Named(("another",), AllOrSome.SOME)
    if expect.gates is not None:
        yield "another gate", replace(expect, gates=other)
    if expect.causes:
        yield "another cause", replace(expect, causes=(*expect.causes, "another"))
    for name in ("gates", "rules", "reasons", "unknown"):
        said = getattr(expect, name)
        if said is not None and said.how is AllOrSome.ALL:
            yield f"{name} and one more", replace(expect, **{name: replace(said, names=(*said.names, "another"))})
            if said.names:
                yield f"{name} but one", replace(expect, **{name: replace(said, names=said.names[1:])})
    if expect.tier is not None:
        yield "tier", replace(expect, tier=next(tier for tier in Tier if tier is not expect.tier))


def _requests(expect: ExpectRequest) -> Iterator[tuple[str, ExpectRequest]]:
    for state in ("pending", "approved", "denied", "expired", "void"):
        if expect.state is not None and state != expect.state:
            yield f"request {state}", replace(expect, state=state)
    if expect.refused:
        yield "counts", replace(expect, refused="")
        if expect.refused != "any":
            yield "another reason", replace(expect, refused="closed" if expect.refused != "closed" else "no_role")
    else:
        yield "refused", replace(expect, refused="any")
    for name, state in expect.gates.items():
        other = "denied" if state != "denied" else "pending"
        yield f"gate {name} {other}", replace(expect, gates={**expect.gates, name: other})
    if expect.asks is not None:
        yield "asks more", replace(expect, asks=(*expect.asks, "another"))
        yield "asks fewer", replace(expect, asks=expect.asks[1:])
