"""What `govern test --new` writes loads, is skipped until it is confirmed, and passes once it is."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.benchmarks.imports import ROOT
from tests.shipped import shipped

from govern.charter.cases import CallStep
from govern.charter.fmt.text import format_bytes
from govern.charter.load import load
from govern.charter.model import Kind
from govern.charter.suite import Suite, read_suite
from govern.compile.lower import lower
from govern.errors import EvidenceError
from govern.events.model import ActorKind, Event, EventType
from govern.ingest import Summary, read
from govern.policy.engine import Engine
from govern.policy.model import Effect
from govern.scenario.outcome import State
from govern.scenario.run import run
from govern.scenario.skeletons import UNCONFIRMED, Head, Skeleton, of_charter
from govern.scenario.skeletons_log import of_log

CHARTERS = [
    path
    for path in shipped("charters/*/*.yaml", "samples/*/charter.yaml")
    if (found := load(path).charter) is not None and found.kind is Kind.CHARTER
]
LOGS = sorted(ROOT.glob("samples/*/log.jsonl"))
SHOP = """
govern: 1
agent: shop
version: 1
purpose: Sells.
owner: lead
roles: [lead]
approvals:
  lead: {roles: [lead], if_no_answer: [{after: 4h, then: deny}]}
facts:
  customer: {from: session, fields: {email: string, level: {enum: [new, old]}}}
tools:
  mail:
    tier: irreversible
    external: true
    approval: {ask: lead, unless: "args.to == customer.email"}
    sensitive: [args.to]
    secret: [args.key]
    input: {type: object, properties: {to: {type: string}, key: {type: string}, body: {type: string}}}
    rules:
      - {id: no-root, when: "args.key == 'root-key-77'", then: deny, because: Not with that key.}
  note: {tier: reversible, input: {type: object, properties: {text: {type: string}, more: {}}}}
  look: {tier: read_only}
limits:
  - {id: few, tools: [note], max: 2, within: trace, otherwise: {approval: lead}}
"""


def engine_of(path: Path) -> Engine:
    charter = load(path).charter
    assert charter is not None
    return Engine(lower(charter))


def suite_of(text: str, charter: Path) -> Suite:
    loaded = read_suite(text.encode(), "x.test.yaml", charter=str(charter))
    assert () == loaded.findings
    assert loaded.suite is not None
    return loaded.suite


def holds_once_confirmed(made: Skeleton, charter: Path) -> Suite:
    """Checks a skeleton as it is, then as somebody leaves it who agrees with every case."""
    suite = suite_of(made.text, charter)
    engine = Engine(lower(suite.charter))
    assert made.cases == len(suite.cases)
    assert {UNCONFIRMED} == {case.skip for case in suite.cases}
    assert {State.SKIPPED} == {each.state for each in run(engine, suite.cases)}
    lines = [line for line in made.text.split("\n") if not line.lstrip().startswith("skip:")]
    assert made.cases == len(made.text.split("\n")) - len(lines)
    confirmed = suite_of("\n".join(lines), charter)
    outcomes = run(engine, confirmed.cases)
    assert [] == [(each.case.name, each.failures) for each in outcomes if each.state is not State.PASSED]
    # A case that is wrong fails: what is expected is compared.
    wrong = [replace(case, steps=(_turned(case.steps[0]),)) for case in confirmed.cases]
    assert {State.FAILED} == {each.state for each in run(engine, wrong)}
    formatted = format_bytes(made.text.encode(), "x.test.yaml")
    assert (made.text, ()) == (formatted.after, formatted.findings)
    return confirmed


def _turned(step: Any) -> CallStep:
    assert isinstance(step, CallStep)
    assert step.expect is not None
    other = Effect.ALLOW if step.expect.effect is Effect.DENY else Effect.DENY
    return replace(step, expect=replace(step.expect, effect=other, gates=None, causes=()))


@pytest.mark.parametrize("path", CHARTERS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_the_skeleton_of_a_shipped_charter_passes_once_confirmed(path: Path) -> None:
    engine = engine_of(path)
    made = of_charter(engine, Head("skeleton"), charter=str(path))
    assert {} == made.left_out
    suite = holds_once_confirmed(made, path)
    steps = [case.steps[0] for case in suite.cases]
    assert {*engine.policy.tools} == {step.tool for step in steps if isinstance(step, CallStep)}
    assert made.cases >= 2 * len(engine.policy.tools)


@pytest.mark.parametrize("log", LOGS, ids=lambda path: path.parent.name)
def test_the_calls_of_a_sample_log_pass_once_confirmed(log: Path) -> None:
    charter = log.parent / "charter.yaml"
    events = Summary().events(read([str(log)]))
    made = of_log(engine_of(charter), events, Head("log"), charter=str(charter))
    suite = holds_once_confirmed(made, charter)
    assert len(suite.cases) > 10
    assert {"arguments that have no one reading"} >= {*made.left_out}


def test_every_condition_is_there_in_all_its_outcomes(tmp_path: Path) -> None:
    path = tmp_path / "shop.yaml"
    path.write_text(SHOP)
    engine = engine_of(path)
    made = of_charter(engine, Head("shop"), charter=str(path))
    suite = holds_once_confirmed(made, path)
    assert "limits: {few: exceeded}" in made.text
    assert "limits: {few: unknown}" in made.text
    seen: list[set[int]] = [set(), set()]
    for outcome in run(engine, suite.cases):
        (decision,) = outcome.decisions
        if decision.tool == "mail":
            for index, truth in enumerate(decision.truths):
                seen[index].add(truth)
    assert [{0, 1, 2}] * 2 == seen
    calls = [step for case in suite.cases if isinstance(step := case.steps[0], CallStep)]
    for name in ("to", "key", "body"):
        assert any(step.tool == "mail" and name not in step.args for step in calls)
        assert any(step.tool == "mail" and name in step.args and step.args[name] is None for step in calls)


def event(number: int, tool: str, args: Any, **more: Any) -> Event:
    text = args if isinstance(args, str) or args is None else json.dumps(args, separators=(",", ":"), sort_keys=True)
    return Event(
        event_id=f"e{number}", trace_id=more.pop("trace", "t1"), type=EventType.TOOL_CALL, writer_id="w", wseq=number,
        ts_ns=1_767_614_400_000_000_000 + number, actor_kind=ActorKind.AGENT, tool=tool, args=text, agent="shop",
        **more,
    )  # fmt: skip


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    path = tmp_path / "shop.yaml"
    path.write_text(SHOP)
    return path


def of_events(shop: Path, *events: Event, facts: dict[str, Any] | None = None, each: int = 2) -> Skeleton:
    known = {"t1": facts} if facts is not None else None
    return of_log(engine_of(shop), events, Head("log"), charter=str(shop), session_facts=known, each=each)


def test_what_is_sensitive_or_secret_is_never_written(shop: Path) -> None:
    """Not in other arguments and facts either; comparisons between hidden values come out as they did."""
    hidden = {"to": "anna@private.example", "key": "k-123", "body": "hello anna@private.example"}
    facts = {"customer": {"email": "anna@private.example", "level": "old"}}
    other = {**hidden, "to": "bert@private.example", "body": "hello"}
    made = of_events(shop, event(1, "mail", hidden), event(2, "mail", other), facts=facts)
    suite = holds_once_confirmed(made, shop)
    assert "k-123" not in made.text
    assert "bert" not in made.text
    assert "anna" not in made.text.split("- name:")[1]
    steps = [step for case in suite.cases if isinstance(step := case.steps[0], CallStep)]
    assert [Effect.ALLOW, Effect.APPROVAL] == [step.expect.effect for step in steps if step.expect is not None]
    assert {"to": "hidden-2", "key": "hidden-1", "body": "hello hidden-2"} == steps[0].args
    assert {"customer": {"email": "hidden-2", "level": "old"}} == steps[0].facts
    assert {"customer": {"email": "anna@private.example", "level": "old"}} == steps[
        1
    ].facts  # of which nothing is marked


def test_a_call_whose_verdict_needs_the_hidden_value_is_left_out_and_counted(shop: Path) -> None:
    made = of_events(shop, event(1, "mail", {"key": "root-key-77"}), event(2, "look", {}))
    assert "root-key-77" not in made.text
    assert {"a verdict that follows from what is sensitive or secret": 1} == made.left_out
    assert 1 == made.cases


def test_a_few_calls_of_each_kind_are_written(shop: Path) -> None:
    events = [event(number, "note", {"text": f"n{number}"}, trace=f"t{number // 3}") for number in range(30)]
    made = of_events(shop, *events, each=3)
    suite = holds_once_confirmed(made, shop)
    steps = [step for case in suite.cases if isinstance(step := case.steps[0], CallStep)]
    effects = [step.expect.effect for step in steps if step.expect is not None]
    assert [Effect.ALLOW] * 3 + [Effect.APPROVAL] * 3 == sorted(effects)  # the third of a trace is over the limit
    assert {"exceeded('few')": True} in [dict(step.given) for step in steps]


def test_what_nobody_recorded_is_left_out_and_counted(shop: Path) -> None:
    made = of_events(
        shop,
        event(1, "note", None),
        event(2, "note", None, args_error="duplicate_key: text"),
        event(3, "note", {"text": "x" * 5_000}),
        event(4, "a tool with blanks", {}),
        event(5, "look", {}),
        event(6, "drop", {}),
        replace(event(7, "look", {}), agent="another"),
    )
    expected = {
        "arguments that the log does not have": 1,
        "arguments that have no one reading": 1,
        "arguments of more than 4,000 characters": 1,
        "cannot be written in a suite": 1,
    }
    assert expected == made.left_out
    holds_once_confirmed(made, shop)
    assert "expect: {deny: [unmapped]}" in made.text
    assert 2 == made.cases


def test_without_a_call_there_is_nothing_to_write(shop: Path) -> None:
    with pytest.raises(EvidenceError):
        of_events(shop)
    with pytest.raises(EvidenceError, match="no case"):
        of_events(shop, event(1, "note", None))


@pytest.mark.parametrize(
    "text",
    [
        "plain", "yes", "null", "0x1F", "2026-01-01", "1_000", "- item", "a: b # c", "&anchor", "*alias", "!tag",
        "{a: b}", "[x", "line\nbreak", "tab\there", "\u202eevil", "\u200b", "\x00\x1b[31m", "'", '"', "\\", "%YAML",
        "---", "...", "? key", "| block", "> fold", "@at", "`tick", " ends ", "é\u0301", "\U0001f600", "=", "<<", "~",
    ],
)  # fmt: skip
def test_hostile_text_is_quoted_and_comes_back_as_it_was(shop: Path, text: str) -> None:
    made = of_events(shop, event(1, "note", {"text": text, "more": {text or "k": [text, {"x": text}]}}))
    suite = holds_once_confirmed(made, shop)
    (step,) = suite.cases[0].steps
    assert isinstance(step, CallStep)
    assert {"text": text, "more": {text: [text, {"x": text}]}} == step.args
    shown = made.text.replace("\n", "")
    assert all(char.isprintable() for char in shown if char != "\u0301")
