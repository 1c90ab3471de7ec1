"""One verdict for people and programs."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from govern.events.canonical import Malformed, parse
from govern.policy.durations import span
from govern.policy.engine import Engine
from govern.policy.explanation.failed import failed
from govern.policy.explanation.masking import masked, place
from govern.policy.glob import matches
from govern.policy.model import Effect, Gate, Reason
from govern.policy.verdict import Verdict
from govern.report.console import safe

_QUOTES_NOTHING = ("required", "additionalProperties", "unevaluatedProperties", "dependentRequired")


def document(engine: Engine, tool: str, verdict: Verdict) -> dict[str, Any]:
    """The JSON contract `govern/decide/v1`. Of a limit on a sum of what is not to be shown, the sum is null."""
    sums = {limit.id: limit.sum for limit in engine.policy.limits if limit.sum is not None}
    hidden = masked(engine.policy, tool)
    return {
        "schema": "govern/decide/v1",
        "effect": verdict.effect.label,
        "reasons": list(verdict.reasons),
        "rules": list(verdict.rules),
        "gates": list(verdict.gates),
        "unknown": list(verdict.unknown),
        "tier": verdict.tier.value if verdict.tier else None,
        "policy_digest": verdict.policy_digest,
        "deployment_digest": verdict.deployment_digest,
        "history": dict(verdict.history),
        "counters": [
            {
                "limit": each.limit,
                "used": None if each.limit in sums and hidden.hides([place(sums[each.limit])]) else _number(each.used),
                "max": _number(each.max),
                "exact": each.exact,
            }
            for each in verdict.counters
        ],
    }


def _number(value: Decimal) -> int | float:
    return int(value) if value == value.to_integral_value() else float(value)


def text(engine: Engine, tool: str, args: str | bytes, verdict: Verdict) -> str:
    """The answer first, then why, then who."""
    policy = engine.policy
    lines = [f"{verdict.effect.label}: {safe(tool)} ({', '.join(verdict.reasons)})"]
    for name in verdict.rules:
        because = safe(_because(engine, tool, name))
        lines.append(f"  {_kind(engine, tool, name):<8} {safe(name)}{': ' if because else ''}{because}")
    if Reason.UNMAPPED in verdict.reasons:
        lines.append("  unmapped no line of the charter is about this tool")
    if Reason.INVALID_INPUT in verdict.reasons:
        lines.extend(f"  input    {safe(problem, 200)}" for problem in _input_problems(engine, tool, args))
    for name in verdict.gates:
        lines.append(f"  gate     {safe(name)}: {_gate(policy.gates[name])}")
    if verdict.unknown:
        lines.append(f"  unknown  {', '.join(safe(path) for path in verdict.unknown)}")
    mapped = policy.tools.get(tool)
    if verdict.effect is Effect.ALLOW and mapped and mapped.autonomous:
        lines.append(f"  because  {safe(mapped.autonomous)}")
    tier = f"{verdict.tier.value}, " if verdict.tier else ""
    lines.append(f"  {tier}{safe(policy.agent)} v{policy.version}, policy {policy.digest[:19]}…")
    return "\n".join(lines)


def _kind(engine: Engine, tool: str, name: str) -> str:
    """What decided: a rule, a limit, what follows from reading."""
    mapped = engine.policy.tools.get(tool)
    reason = next((rule.reason for rule in mapped.rules if rule.id == name), Reason.RULE) if mapped else Reason.RULE
    return {Reason.LIMIT: "limit", Reason.AFTER_READING: "reading"}.get(reason, "rule")


def _because(engine: Engine, tool: str, name: str) -> str:
    if name.startswith("never:"):
        pattern = name.removeprefix("never:")
        return next((n.because for n in engine.policy.never if pattern in n.patterns and matches(pattern, tool)), "")
    mapped = engine.policy.tools.get(tool)
    return next((rule.because for rule in mapped.rules if rule.id == name), "") if mapped else ""


def _input_problems(engine: Engine, tool: str, args: str | bytes) -> list[str]:
    try:
        value = parse(args)
    except Malformed as error:
        return [f"the arguments have no one reading: {error}"]
    if not isinstance(value, dict):
        return ["the arguments are no object"]
    mapped, hidden = engine.policy.tools.get(tool), masked(engine.policy, tool)
    if not hidden.paths or mapped is None or mapped.schema is None:
        return engine.input_problems(tool, value)
    # A message quotes what is wrong: of what is hidden, and of what holds it, only the keyword is named.
    return [
        each.asked if each.keyword not in _QUOTES_NOTHING and hidden.hides((each.path,)) else each.line
        for each in failed(mapped.schema, value)
    ]


def _gate(gate: Gate) -> str:
    asked = " or ".join(safe(role) for role in gate.roles)
    people = f"{gate.quorum} of {asked}" if gate.quorum > 1 else asked
    if gate.confirm:
        people = "the person who is served"
    steps = [
        f"after {span(step.after_s)} ask {safe(step.ask)}"
        if step.ask is not None
        else f"after {span(step.after_s)} {step.then.label if step.then is not None else ''}"
        for step in gate.if_no_answer
    ]
    return f"{people}; {', '.join(steps)}"
