"""What the samples' audit records say was decided is what the charters decide.

The generator has each charter's verdicts by hand, so this compares two independent readings of the charters.
"""

from __future__ import annotations

import pytest

from govern.compile.sources import one_policy
from govern.events.canonical import normalise
from govern.policy.engine import Engine
from govern.policy.verdict import Verdict

from .reading import SAMPLES, STORIES, Row, by_call, rows


def _decide(engine: Engine, call: Row) -> Verdict:
    if "args_text" in call:
        return engine.decide_text(call["tool"], call["args_text"])
    return engine.decide(call["tool"], normalise(call["args"]))


@pytest.mark.parametrize("story", STORIES)
def test_recorded_checks_are_the_charters_verdicts(story: str) -> None:
    """Effect, reasons, rules, gates and tier of every policy check equal the engine's."""
    engine = Engine(one_policy(SAMPLES / story / "charter.yaml"))
    seen = set()
    for steps in by_call(rows(story, "audit.jsonl")).values():
        for check in (step for step in steps if step["type"] == "policy_check"):
            verdict = _decide(engine, steps[0])
            decided = {
                "verdict": verdict.effect.label,
                "reasons": list(verdict.reasons),
                "rules": list(verdict.rules),
                "gates": list(verdict.gates),
                "tier": verdict.tier.value if verdict.tier else None,
            }
            recorded = {key: check.get(key, [] if isinstance(value, list) else None) for key, value in decided.items()}
            assert recorded == decided, steps[0]
            seen.add(check["verdict"])
    assert len(seen) == 3


@pytest.mark.parametrize("story", STORIES)
def test_what_ran_unchecked_is_what_the_charter_denies(story: str) -> None:
    """The bypassed tools are unmapped: the boundary would have denied every one of these calls."""
    engine = Engine(one_policy(SAMPLES / story / "charter.yaml"))
    unchecked = [
        steps[0]
        for steps in by_call(rows(story, "audit.jsonl")).values()
        if {"tool_call", "tool_start"} <= {s["type"] for s in steps}
        and "policy_check" not in {s["type"] for s in steps}
    ]
    assert unchecked
    reasons = {reason for call in unchecked for reason in _decide(engine, call).reasons}
    assert {"unmapped"} == reasons


@pytest.mark.parametrize("story", STORIES)
def test_approvers_hold_a_role_of_the_gate(story: str) -> None:
    """People who answer a request hold a role that its gate names, and are never the one who asked the agent."""
    policy = one_policy(SAMPLES / story / "charter.yaml")
    asked: dict[str, list[Row]] = {}
    for steps in by_call(rows(story, "audit.jsonl")).values():
        for step in steps:
            if step["type"] == "approval_request":
                assert step["role"] in policy.gates[step["gates"][0]].roles
            if step["type"] == "approval_decision" and step["actor_kind"] == "human":
                assert step["role"] in policy.roles
                assert step["actor"].startswith(step["role"])
                asked.setdefault(step["role"], []).append(step)
    assert asked
