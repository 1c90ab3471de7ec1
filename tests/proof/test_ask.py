"""Answers to statements: what is proven, what is shown, what is neither; with the solver and without one."""

from __future__ import annotations

from typing import Any

import pytest

from govern.errors import EnvironmentFailed
from govern.policy.model import Effect
from govern.proof import ask, question
from govern.proof.ask import Answer, Broken, Holds, Prover, Shown, Unknown, Vacuous
from govern.proof.statement_text import parse_statement

from .charters import policy

SOLVER = "with the solver"


@pytest.fixture(params=[SOLVER, "without it"])
def solver(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Whether there is a solver; both ways every test must agree but on what is only proven."""
    if request.param == SOLVER:
        pytest.importorskip("z3", reason="the extra `prove` is not installed")
        return True
    monkeypatch.setattr(ask, "Question", missing)
    return False


def missing(*_: Any, **__: Any) -> None:
    raise EnvironmentFailed("there is no solver", hint="install it")


def answered(text: str, **options: Any) -> Answer:
    one = policy()
    return Prover(one, **options).ask(parse_statement(text, one))


def shown(text: str) -> Shown:
    answer = answered(text)
    found = answer.call if isinstance(answer, Broken) else answer.witness if isinstance(answer, Holds) else None
    assert found is not None, answer
    return found


@pytest.mark.parametrize(
    "text",
    [
        "never allow mail",
        "always ask head for run when args.command == 'rm x'",  # the raised call is of the rule's tier
        "never allow tier irreversible",  # raised calls too
        "no irreversible tool is allowed after untrusted content",
        "always deny mail after untrusted content",
        "always deny mail over limit daily",
        "always ask head for run unless args.dry",  # missing and null too
        "allow run implies args.dry and args.command == 'ls'",
        "rule for-good covers rule removes",
        "always allow look",
        "always allow run when args.command == 'ls' and args.dry",
        "unreachable for-good for look",
        "unreachable removes for mail",
    ],
)
def test_what_holds(text: str, solver: bool) -> None:
    """It is proven; without a solver it is not, however many calls were tried, and never said to hold."""
    answer = answered(text)
    if text == "unreachable removes for mail":  # that rule is of another tool
        assert answer == Holds(("mail",))
    elif solver:
        assert isinstance(answer, Holds)
        assert () == answer.bounds
    else:
        assert isinstance(answer, Unknown)
        assert "there is no solver; install it" == answer.why[0][1]
        assert 0 < answer.tried


@pytest.mark.parametrize(
    ("text", "effect"),
    [
        ("never allow run", Effect.ALLOW),
        ("always ask head for run", Effect.ALLOW),
        ("always deny mail", Effect.APPROVAL),
        ("never deny mail", Effect.DENY),
        ("always allow run when args.command == 'ls'", Effect.APPROVAL),
        ("always allow run when args.command == 'ls' and args.dry or unknown", Effect.APPROVAL),  # where it is missing
        ("unreachable removes", Effect.APPROVAL),
        ("rule removes covers rule for-good", None),  # whatever the rest says of it
        ("args.dry implies allow for run", Effect.APPROVAL),
        ("every external tool is denied", Effect.APPROVAL),
    ],
)
def test_what_does_not_hold(text: str, effect: Effect | None, solver: bool) -> None:
    """A call shows it, and the engine says the same of it again."""
    found = shown(text)
    assert effect in (None, found.verdict.effect)
    assert solver is not found.searched
    assert found.verdict == Prover(policy()).engine.decide_value(found.tool, found.args, given=found.given)


def test_reachable_shows_a_call(solver: bool) -> None:
    """What is possible has a witness; what is not is refuted by the solver alone."""
    assert "removes" not in shown("reachable removes").verdict.rules  # it asks for nothing itself
    assert Effect.APPROVAL is shown("reachable for-good for run").verdict.effect
    assert Broken(None) == answered("reachable removes for mail")  # that rule is of another tool
    answer = answered("reachable for-good for look")
    assert answer == Broken(None) if solver else isinstance(answer, Unknown)


@pytest.mark.parametrize(
    "text",
    [
        "never allow close_*",
        "never allow run when args.dry && !args.dry",
        "args.command == 3 implies deny for run",
        "rule removes decides implies deny",  # it asks for nothing itself
    ],
)
def test_about_no_call(text: str, solver: bool) -> None:
    """It is vacuous, which is never "holds"; without a solver only where no tool is meant at all."""
    answer = answered(text)
    assert isinstance(answer, Vacuous if solver or "close_" in text else Unknown)


def test_only_invalid_input(solver: bool) -> None:
    """What the schema refuses is denied: that holds, and is told."""
    answer = answered("never allow run when args.command == 3")
    if solver:
        assert answer == Holds(("run",), invalid=("run",))
    else:
        assert isinstance(answer, Unknown)


def test_circumstances_that_are_not_known_count(solver: bool) -> None:
    """But a call in which they are known is shown, where there is one."""
    assert isinstance(answered("always deny mail after untrusted content"), Holds if solver else Unknown)
    found = shown("always deny mail unless after untrusted content or over limit daily")
    assert {"tainted('session')": False, "exceeded('daily')": False} == found.given
    if solver:
        assert {"tainted('session')": True} == shown("always deny run after untrusted content").given


def test_the_first_tool_that_breaks_it_is_enough(solver: bool) -> None:
    """Of several tools one call is shown."""
    assert shown("never allow every tool").tool in ("run", "look")


def test_out_of_time() -> None:
    """What was not asked in time is not decided."""
    pytest.importorskip("z3", reason="the extra `prove` is not installed")
    answer = answered("never allow tier irreversible", timeout_ms=-1)
    assert isinstance(answer, Unknown)
    assert {"out of time"} == {reason for _, reason in answer.why}


def test_a_call_that_shows_nothing_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """Were the solver wrong, its call would be decided and dropped: nothing is claimed."""

    class Wrong:
        def __init__(self, tool: str, *_: Any, **__: Any) -> None:
            self.tool = tool

        def solve(self, *_: Any) -> question.Answer:
            return question.Found(question.Call(self.tool, {"to": "x"}, {}))

        def at_least(self, *_: Any) -> Any:
            return Anything()

        def valid(self) -> Any:
            return Anything()

    class Anything:
        def __invert__(self) -> Any:
            return self

    monkeypatch.setattr(ask, "Question", Wrong)
    answer = answered("never allow mail")
    assert isinstance(answer, Unknown)
    assert (("mail", "the solver's call did not show it when decided"),) == answer.why


def test_nothing_is_said_to_be_unknown_by_null() -> None:
    """What nobody knows is left out of what is shown: `decide` cannot be told it otherwise."""
    given = {"order": None, "customer": {"id": None}, "tainted('session')": None, "calls('x')": 0, "result": 1}
    assert {"customer": {"id": None}, "calls('x')": 0} == ask.sayable(given)
