"""Why a call of a test got its verdict: the value of each part of the conditions that decided, or were expected to."""

from __future__ import annotations

from govern.charter.cases import ExpectVerdict
from govern.conditions.steps import steps
from govern.events.canonical import Malformed, check
from govern.policy.engine import Engine
from govern.policy.explanation import Explanation, Part
from govern.policy.explanation.failed import failed
from govern.policy.explanation.masking import masked
from govern.policy.explanation.obstacles import forms, loosening
from govern.policy.model import Reason, Rule
from govern.scenario.outcome import Decision


def because(engine: Engine, decision: Decision, expected: ExpectVerdict | None) -> Explanation:
    """The conditions of the tool that decided, and those that the test names, step by step."""
    hidden = masked(engine.policy, decision.tool)
    tool = engine.policy.tools.get(decision.tool)
    if tool is None:
        return Explanation(hidden=hidden)
    args = dict(decision.args)
    try:
        check(args)
    except Malformed as error:
        return Explanation(malformed=str(error), hidden=hidden)
    verdict = decision.verdict
    named = _named(expected)
    inputs = {**decision.given, "args": args}
    parts = []
    for rule, condition, truth, loose in zip(
        forms(tool), tool.conditions, decision.truths, loosening(tool), strict=True
    ):
        gate = rule.gate if rule is not None else tool.gate
        decides = truth != loose and _decides(rule, verdict.reasons, verdict.rules)
        if decides or (rule.id if rule is not None else "") in named or gate in named:
            root = steps(condition, inputs, tool=tool.name, agent=engine.policy.agent, zone=engine.zone)
            parts.append(Part(rule, condition.text, root, truth != loose, decides))
    problems = () if decision.valid or tool.schema is None else failed(tool.schema, args)
    return Explanation(tuple(parts), problems, hidden=hidden)


def _decides(rule: Rule | None, reasons: tuple[str, ...], rules: tuple[str, ...]) -> bool:
    return Reason.GATE in reasons if rule is None else rule.id in rules


def _named(expected: ExpectVerdict | None) -> frozenset[str]:
    """Rules and gates that a test expects; with the waived gate where it expects an allowance."""
    if expected is None:
        return frozenset()
    lists = (expected.gates, expected.rules)
    return frozenset((*expected.causes, *(name for each in lists if each for name in each.names)))
