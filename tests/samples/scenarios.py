"""Whether a charter's scenario comes out as it is written: one call, as the first of its session.

Leaves out sequences, histories and clocks; a scenario has none.
"""

from __future__ import annotations

from govern.charter.model import Scenario
from govern.events.canonical import text_of
from govern.policy.engine import Engine
from govern.policy.given import given


def comes_out(engine: Engine, scenario: Scenario) -> bool:
    """Whether the verdict is the one that is meant, and the cause that is named is one of its causes."""
    text = text_of(scenario.args)
    facts = text_of(scenario.given) if scenario.given else None
    known = given(engine.history, scenario.tool.name, text, facts=facts, at=None, first=True)
    verdict = engine.decide_text(scenario.tool.name, text, given=known)
    causes = set(verdict.gates) if verdict.effect.label == "approval" else {*verdict.rules, *verdict.reasons}
    named = scenario.cause.name if scenario.cause is not None else None
    return scenario.verdict.name.lower() == verdict.effect.label and (named is None or named in causes)
