"""Running tests: suites that pass, each expectation of which can fail; sequences judged as a log of them would be."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from tests.shipped import shipped

from govern.charter.cases import CallStep, Case
from govern.charter.load import load_or_raise, load_text
from govern.charter.suite import load_suite
from govern.compile.lower import lower
from govern.policy.engine import Engine
from govern.scenario.outcome import State
from govern.scenario.run import run, run_case
from govern.scenario.suite import scenarios

from .turned import turned

ROOT = Path(__file__).parents[2]
DESK = Path(__file__).parent / "desk" / "refunds.test.yaml"
EXAMPLE = ROOT / "src" / "govern" / "charter" / "examples" / "suite.test.yaml"
SUITES = (DESK, EXAMPLE)
CHARTERS = sorted(
    path for path in shipped("charters/**/*.yaml", "samples/*/charter.yaml") if "scenarios:" in path.read_text("utf-8")
)


def engine_and_cases(path: Path) -> tuple[Engine, tuple[Case, ...]]:
    loaded = load_suite(path)
    assert () == loaded.findings
    suite = loaded.suite
    assert suite is not None
    return Engine(lower(suite.charter), suite.deployment.time_zone if suite.deployment else None), suite.cases


@pytest.mark.parametrize("path", SUITES, ids=lambda path: path.parent.name)
def test_a_suite_passes(path: Path) -> None:
    """As it is written, nothing fails, and what is skipped is not run."""
    engine, cases = engine_and_cases(path)
    outcomes = run(engine, cases)
    assert [] == [(each.case.name, each.failures) for each in outcomes if each.failures]
    for outcome in outcomes:
        assert (State.SKIPPED if outcome.case.skip else State.PASSED) is outcome.state
        assert bool(outcome.decisions) is not bool(outcome.case.skip)


@pytest.mark.parametrize("path", SUITES, ids=lambda path: path.parent.name)
def test_every_expectation_can_fail(path: Path) -> None:
    """Turned round, each by itself, it fails: no expectation is there for nothing."""
    engine, cases = engine_and_cases(path)
    count = 0
    for case in cases:
        for what, other in turned(replace(case, skip="")):
            if case.skip:
                continue
            outcome = run_case(engine, other)
            assert State.FAILED is outcome.state, what
            assert all(failure.expected and failure.got for failure in outcome.failures), what
            count += 1
    assert count > 40


@pytest.mark.parametrize("path", CHARTERS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_scenarios_of_what_we_ship_pass(path: Path) -> None:
    charter = load_or_raise(path)
    outcomes = run(Engine(lower(charter)), scenarios(charter))
    assert len(charter.scenarios) == len(outcomes)
    assert {State.PASSED} == {outcome.state for outcome in outcomes}
    assert len(outcomes) == len({outcome.case.id for outcome in outcomes})


def test_charters_with_scenarios_are_there() -> None:
    assert len(CHARTERS) > 8


def test_the_same_instruction_twice_has_two_names() -> None:
    text = (ROOT / "samples" / "support" / "charter.yaml").read_text("utf-8")
    charter = load_text(text, "c.yaml").charter
    assert charter is not None
    twice = replace(charter, scenarios=(charter.scenarios[0], charter.scenarios[0]))
    one, two = scenarios(twice)
    assert (f"{one.name} (2)", False) == (two.name, one.id == two.id)


def test_a_decision_has_what_coverage_asks() -> None:
    """Arguments with defaults, whether they are valid, a truth for each condition; the release is a second decision."""
    engine, cases = engine_and_cases(DESK)
    outcomes = {outcome.case.name: outcome for outcome in run(engine, cases)}
    single = outcomes['mail and what was read: origin(args.to)="none", named_by_user(args.to)=false']
    (decision,) = single.decisions
    assert {"to": "ann@example.org", "body": ""} == decision.args
    assert decision.valid
    assert len(engine.policy.tools["send_mail"].conditions) == len(decision.truths)
    approved = outcomes["one person approves, and it runs"]
    assert [0, 1, 1, 4] == [each.step for each in approved.decisions]


def test_what_gates_came_to() -> None:
    engine, cases = engine_and_cases(DESK)
    outcomes = {outcome.case.name: outcome for outcome in run(engine, cases)}
    hour = 3600 * 10**9
    (lead,) = outcomes["one person approves, and it runs"].answers
    assert ("lead", "approved", ("lead-1",), hour, 1) == (lead.gate, lead.state, lead.by, lead.after_ns, lead.step)
    told = [(each.gate, each.state) for each in outcomes["finance answers in the lead's place"].answers]
    assert [("lead", "approved"), ("finance", "approved")] == told
    (expired,) = outcomes["silence is asked on, then denied"].answers
    assert ("expired", 8 * hour) == (expired.state, expired.after_ns)
    (quiet,) = outcomes["silence allows a note"].answers
    assert ("approved", (), hour) == (quiet.state, quiet.by, quiet.after_ns)
    both = outcomes["one says no"].answers
    assert [("lead", "approved"), ("finance", "denied")] == [(each.gate, each.state) for each in both]


def test_a_case_runs_the_same_twice() -> None:
    """Nothing of one run is left in another, and the order of cases says nothing."""
    engine, cases = engine_and_cases(DESK)
    assert run(engine, cases) == tuple(reversed(run(engine, tuple(reversed(cases)))))


def test_an_answer_where_nothing_waits() -> None:
    """Under a charter that allows what another one asks for, the answer fails: it does not pass for nothing."""
    _, cases = engine_and_cases(DESK)
    text = DESK.with_name("refunds.yaml").read_text("utf-8")
    looser = text.replace('approval: {ask: lead, unless: "args.amount <= 50"}', "autonomous: {because: x}")
    assert looser != text
    charter = load_text(looser, "looser.yaml").charter
    assert charter is not None
    case = next(each for each in cases if each.name == "one person approves, and it runs")
    outcome = run_case(Engine(lower(charter)), case)
    assert State.FAILED is outcome.state
    assert ["verdict", "answer", "answer"] == [each.what for each in outcome.failures]
    assert "none" == outcome.failures[1].got


def test_arguments_with_two_readings() -> None:
    """What has no canonical form is denied as everywhere: keys that differ by case alone."""
    engine, cases = engine_and_cases(DESK)
    case = next(each for each in cases if each.name.startswith("mail and what was read"))
    (step,) = case.steps
    assert isinstance(step, CallStep)
    outcome = run_case(engine, replace(case, steps=(replace(step, args={"to": "a", "To": "b"}),)))
    (decision,) = outcome.decisions
    assert not decision.valid
    assert "invalid_input" in decision.verdict.reasons
