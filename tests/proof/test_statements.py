"""Statements over our own charters, whose answers were worked out by reading them (`statements.yaml`).

Every call that is shown goes through `govern decide`, by the very command line that the report prints.
"""

from __future__ import annotations

import shlex
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.cli.running import ROOT, govern

from govern.compile.sources import one_policy
from govern.conditions import parse_condition
from govern.errors import EnvironmentFailed
from govern.policy.document import scope_of
from govern.proof import ask
from govern.proof.ask import Answer, Broken, Holds, Prover, Shown, Unknown, Vacuous
from govern.proof.statement import Meets
from govern.proof.statement_text import parse_statement
from govern.proof.statement_truth import Truth, judged
from govern.report.prove_text import Command

needs_solver = pytest.mark.skipif(find_spec("z3") is None, reason="the extra `prove` is not installed")

TABLE: list[dict[str, Any]] = yaml.safe_load(Path(__file__).with_name("statements.yaml").read_text("utf-8"))
TOLD = [(part["charter"], case) for part in TABLE for case in part["statements"]]


def cases(*, shown: bool = False) -> list[Any]:
    """The statements of the table; with `shown` those that have a call to show."""
    return [
        pytest.param(charter, case, id=f"{Path(charter).parent.name}/{Path(charter).stem}: {case['says']}")
        for charter, case in TOLD
        if "gets" in case or not shown
    ]


@cache
def prover(charter: str) -> Prover:
    return Prover(one_policy(ROOT / charter), timeout_ms=60_000)


@cache
def answered(charter: str, says: str) -> Answer:
    made = prover(charter)
    return made.ask(parse_statement(says, made.policy))


def word(answer: Answer) -> str:
    match answer:
        case Holds():
            return "holds"
        case Broken():
            return "counterexample"
        case Vacuous():
            return "vacuous"
        case Unknown():
            return "unknown"


def test_there_are_at_least_fifty() -> None:
    """Over several charters, with answers of every kind, no statement twice."""
    told = [(charter, case["says"]) for charter, case in TOLD]
    kinds = {case["is"] for _, case in TOLD}
    assert 50 <= len(told) == len(set(told))
    assert {"holds", "counterexample", "vacuous"} == kinds
    assert 2 >= sum("may_be_unknown" in case for _, case in TOLD)
    assert all(set(case) <= {"says", "is", "gets", "with", "invalid", "may_be_unknown"} for _, case in TOLD)
    assert all("gets" in case for _, case in TOLD if case["is"] == "counterexample")


@needs_solver
@pytest.mark.parametrize(("charter", "case"), cases())
def test_a_statement(charter: str, case: dict[str, Any]) -> None:
    """It has the answer that the charter's lines give it, proven of every call where it holds."""
    answer = answered(charter, case["says"])
    assert word(answer) in {case["is"], "unknown" if case.get("may_be_unknown") else case["is"]}, answer
    if isinstance(answer, Holds):
        assert case.get("invalid", []) == list(answer.invalid)


@needs_solver
@pytest.mark.parametrize(("charter", "case"), cases(shown=True))
def test_a_call_that_is_shown(charter: str, case: dict[str, Any]) -> None:
    """It gets the verdict that is told, from `govern decide` too, and is what breaks the statement."""
    answer = answered(charter, case["says"])
    if isinstance(answer, Unknown) and case.get("may_be_unknown"):
        assert 0 < answer.tried
        return
    shown = call(answer)
    assert case["gets"] == shown.verdict.effect.label
    truth = Truth(prover(charter).engine)
    made = judged(truth.engine, shown.tool, shown.args, shown.given)
    for text in case.get("with", []):
        scope = scope_of(dict(truth.engine.policy.facts))
        assert truth.of(Meets(parse_condition(text, scope)), made), (text, shown.args)
    line = Command(str(ROOT / charter)).decide(truth.engine, shown)
    program, *words = shlex.split(line)
    assert "govern" == program
    ran = govern(*words, "--format", "json")
    assert (0, "") == (ran.exit_code, ran.err)
    verdict = shown.verdict
    assert (verdict.effect.label, list(verdict.reasons)) == (ran.json["effect"], ran.json["reasons"])
    assert (list(verdict.rules), list(verdict.gates)) == (ran.json["rules"], ran.json["gates"])
    assert list(verdict.unknown) == ran.json["unknown"]


@pytest.mark.parametrize(("charter", "case"), cases())
def test_no_call_at_a_boundary_says_otherwise(
    charter: str, case: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a search finds where there is no solver agrees with the table: it breaks nothing that holds."""
    monkeypatch.setattr(ask, "Question", missing)
    made = Prover(one_policy(ROOT / charter))
    answer = made.ask(parse_statement(case["says"], made.policy))
    if isinstance(answer, Broken):
        assert "counterexample" == case["is"]
    if isinstance(answer, Holds):
        assert "holds" == case["is"]


def missing(*_: Any, **__: Any) -> None:
    raise EnvironmentFailed("there is no solver")


def call(answer: Answer) -> Shown:
    shown = answer.call if isinstance(answer, Broken) else answer.witness if isinstance(answer, Holds) else None
    assert shown is not None
    return shown
