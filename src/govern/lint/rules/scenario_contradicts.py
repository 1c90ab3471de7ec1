"""A scenario whose verdict cannot come out, whatever the facts are.

Leaves out conditions: what a scenario's facts make of them is the charter's tests' to say.
"""

from __future__ import annotations

from collections.abc import Iterator

from govern.charter.model import Charter, Deny, Scenario, Tool, Verdict, gate_of
from govern.findings import Confidence, Severity
from govern.lint.hit import Hit
from govern.lint.scopes import always_held, effects_on, gates_of, never
from govern.policy.terms import Reason

SEVERITY = Severity.ERROR
CONFIDENCE = Confidence.HIGH


def check(charter: Charter) -> Iterator[Hit]:
    for scenario in charter.scenarios:
        told = _contradiction(charter, scenario)
        if told is not None:
            at = scenario.cause.at if scenario.cause is not None else scenario.tool.at
            yield Hit(told[0], at, told[1])


def _contradiction(charter: Charter, scenario: Scenario) -> tuple[str, str] | None:
    name = scenario.tool.name
    tool = charter.tools.get(name)
    entry = never(charter, name)
    if scenario.verdict is Verdict.DENY:
        return _denied(charter, scenario, tool, entry)
    what = "allowed" if scenario.verdict is Verdict.ALLOW else "asked for"
    if tool is None:
        return f"`{name}` is not mapped: it is denied, never {what}", "map the tool, or expect `deny`"
    if entry is not None:
        return f"`{name}` is under `never` by `{entry}`: it is denied, never {what}", "expect `deny`"
    if scenario.verdict is Verdict.ALLOW:
        if always_held(charter, [tool]):
            return f"no call of `{name}` is allowed without approval", "expect `{approval: GATE}`"
        return None
    if tool.approval is not None and scenario.cause is not None and scenario.cause.name == tool.approval.gate.name:
        return None  # the usual case, without a look at every rule
    gates = gates_of(charter, tool)
    if scenario.cause is not None and scenario.cause.name not in gates:
        known = " or ".join(f"`{each}`" for each in sorted(gates))
        return f"nothing asks `{scenario.cause}` for `{name}`", f"it asks {known}" if known else "it asks nobody"
    return None


def _denied(charter: Charter, scenario: Scenario, tool: Tool | None, entry: str | None) -> tuple[str, str] | None:
    """Why a denial cannot come out: nothing denies the tool, or the cause that is named concerns it never."""
    name = scenario.tool.name
    cause = scenario.cause.name if scenario.cause is not None else ""
    if tool is None or entry is not None:
        expected = cause in ("", Reason.UNMAPPED, Reason.NEVER) or cause.startswith("never:")
        return None if expected else _other(charter, cause, name)
    if cause == Reason.UNMAPPED:
        return f"`{name}` is mapped", "expect the rule that denies it"
    if cause == Reason.NEVER or cause.startswith("never:"):
        return f"nothing under `never` means `{name}`", "expect the rule that denies it"
    if cause == Reason.INVALID_INPUT:
        return (f"`{name}` has no `input` that a call could break", "add `input`") if tool.input is None else None
    denies = tool.input is not None or any(isinstance(effect, Deny) for _, effect in effects_on(charter, tool))
    if not denies:
        return f"nothing denies a call of `{name}`", "write the rule that does, or expect another verdict"
    return _other(charter, cause, name) if cause and cause not in set(Reason) else None


def _other(charter: Charter, cause: str, name: str) -> tuple[str, str] | None:
    """A rule or limit that is named and does not concern the tool, or does not deny."""
    tool = charter.tools.get(name)
    effects = dict(effects_on(charter, tool)) if tool is not None else {}
    if cause not in effects:
        return f"`{cause}` does not judge `{name}`", "expect what does"
    effect = effects[cause]
    if isinstance(effect, Deny):
        return None
    gate = gate_of(effect)
    return f"`{cause}` denies nothing", f"expect `{{approval: {gate}}}`" if gate is not None else "expect another cause"
