"""What somebody says of a call beside its arguments: facts, time, an empty history. For `decide`, and for tests.

Leaves out working facts out of a trace (`replay`): here they are given, and checked against the policy.
"""

from __future__ import annotations

from typing import Any

from govern.conditions import Inputs
from govern.conditions.scope import is_of
from govern.conditions.times import timestamp_ns
from govern.errors import UsageError
from govern.events.canonical import Malformed, parse, text_of
from govern.findings import did_you_mean
from govern.policy.derive import first_call
from govern.policy.model import FactField, Policy


def given(policy: Policy, tool: str, args: str | bytes, *, facts: str | None, at: str | None, first: bool) -> Inputs:
    """Inputs beside the arguments (`conditions.Inputs`).

    Args:
        args: the arguments as JSON text; of malformed ones nothing is said, they are denied anyway.
        facts: a JSON object of facts by name.
        at: an RFC 3339 time with an offset.
        first: whether it is the first call of its session.

    Raises:
        UsageError: a fact or field that the policy does not declare, a value that it cannot have, no JSON, no time.
    """
    found: dict[str, Any] = dict(_facts(policy, facts)) if facts is not None else {}
    if at is not None:
        time = timestamp_ns(at)
        if time is None:
            raise UsageError(f"`{at[:80]}` is no time", where="--at", hint="as in `2026-11-23T14:00:00Z`")
        found["at"] = time
    if first:
        found.update(first_call(policy, tool, _object(args)))
    return found


def _object(args: str | bytes) -> dict[str, Any]:
    try:
        value = parse(args)
    except Malformed:
        return {}
    return value if isinstance(value, dict) else {}


def _facts(policy: Policy, text: str) -> dict[str, Any]:
    try:
        value = parse(text)
    except Malformed as error:
        raise UsageError(f"no JSON: {error}", where="--facts") from None
    if not isinstance(value, dict):
        raise UsageError("facts are an object, by name", where="--facts", hint='as in `{"order": {"status": "paid"}}`')
    for name, fact in value.items():
        declared = policy.facts.get(name)
        if declared is None:
            hint = did_you_mean(name, policy.facts) or "the charter declares no facts"
            raise UsageError(f"`{name[:80]}` is no fact of `{policy.agent}`", where="--facts", hint=hint)
        if not isinstance(fact, dict):
            raise UsageError(f"the fact `{name}` is an object of its fields", where="--facts")
        known = [field.name for field in declared.fields]
        for field in fact:
            if field not in known:
                message = f"`{name}` has no field `{field[:80]}`"
                raise UsageError(message, where="--facts", hint=did_you_mean(field, known))
        for each in declared.fields:
            _fits(name, each, fact.get(each.name))
    return value


def _fits(fact: str, field: FactField, value: Any) -> None:
    """Refuses what the fact cannot be: a slip in a word of an enum would be judged as another word. Null is none."""
    if value is None:
        return
    shown = text_of(value)[:80]
    if field.values and not any(text_of(value) == text_of(each) for each in field.values):
        hint = "one of " + ", ".join(f"`{text_of(each)}`" for each in field.values)
        raise UsageError(f"`{fact}.{field.name}` is never `{shown}`", where="--facts", hint=hint)
    if not is_of(value, field.kind):
        as_in = 'as in `"2026-12-25T09:30:00Z"`' if field.kind == "timestamp" else ""
        message = f"`{fact}.{field.name}` is of type `{field.kind}`, `{shown}` is not"
        raise UsageError(message, where="--facts", hint=as_in)
