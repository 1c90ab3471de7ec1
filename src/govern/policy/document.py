"""A policy as canonical JSON (`govern/policy/v1`) and back; its digest is the digest of that text.

Reading trusts nothing: an unknown key, a missing one, a wrong type, a condition that does not parse, a gate
or role that is not there is an error, since the text may come from anywhere.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from govern.conditions import ConditionError, FieldType, Scope, parse_condition
from govern.conditions.scope import KINDS, RESERVED
from govern.errors import AuthorError
from govern.events.canonical import Malformed, check, digest, parse, text_of
from govern.policy.codec import decode, encode
from govern.policy.derive import with_history, written
from govern.policy.model import AfterReading, Effect, Fact, Gate, Limit, Policy, Reason, Rule, Tier, ToolPolicy

SCHEMA = "govern/policy/v1"


def to_document(policy: Policy) -> dict[str, Any]:
    """The policy as JSON data. What is made from limits and after reading is not written twice."""
    tools = {name: replace(tool, rules=written(tool)) for name, tool in policy.tools.items()}
    return {"schema": SCHEMA, **encode(replace(policy, tools=tools))}


def sealed(policy: Policy) -> Policy:
    """The same policy with its digest, and the rules that follow from limits and after reading."""
    whole = with_history(policy)
    return replace(whole, digest=digest(text_of(to_document(whole))))


def scope_of(facts: dict[str, Fact]) -> Scope:
    """The facts that conditions may ask about."""
    return Scope(
        tuple(
            (name, tuple((field.name, FieldType(field.kind, field.values)) for field in fact.fields))
            for name, fact in facts.items()
        )
    )


def from_document(document: Any) -> Policy:
    """The policy of JSON data.

    Raises:
        AuthorError: it is no policy of this version.
    """
    try:
        check(document)
    except Malformed as error:
        raise AuthorError(f"the policy is no canonical JSON: {error}") from None
    if not isinstance(document, dict):
        raise AuthorError(f"policy: expected an object, got {type(document).__name__}")
    if document.get("schema") != SCHEMA:
        raise AuthorError(f"expected a document of schema `{SCHEMA}`, got `{str(document.get('schema'))[:80]}`")
    rest = {key: value for key, value in document.items() if key != "schema"}
    facts = rest.get("facts")
    if "facts" not in rest:
        raise AuthorError("policy: `facts` is missing")
    if not isinstance(facts, dict):
        raise AuthorError(f"policy.facts: expected an object, got {type(facts).__name__}")
    known = {name: decode(Fact, fact, f"policy.facts.{name}", Scope()) for name, fact in facts.items()}
    for name, fact in known.items():
        _fact(name, fact)
    policy = decode(Policy, rest, "policy", scope_of(known))
    _agrees(policy)
    return sealed(policy)


def _agrees(policy: Policy) -> None:
    """What types do not say: names that exist, gates that end, tools that somebody answers for."""
    for name, gate in policy.gates.items():
        _gate(policy, name, gate)
    for name, tool in policy.tools.items():
        _tool(policy, name, tool)
    for limit in policy.limits:
        _limit(policy, limit)
    for after in policy.untrusted.after_reading if policy.untrusted else ():
        _effect(policy, after, f"after_reading `{after.id}`")
    for key, records in policy.records.items():
        if key != records.name:
            raise AuthorError(f"records `{key}` call themselves `{records.name}`")


def _fact(name: str, fact: Fact) -> None:
    """A fact's own name, and fields that conditions can ask about."""
    if fact.name != name or name in RESERVED:
        raise AuthorError(f"fact `{name}` calls itself `{fact.name}`, or has the name of something else")
    if len({field.name for field in fact.fields}) < len(fact.fields):
        raise AuthorError(f"fact `{name}` has two fields of one name")
    for field in fact.fields:
        if field.kind not in KINDS or not all(isinstance(each, str | int | float | None) for each in field.values):
            raise AuthorError(f"the field `{field.name}` of fact `{name}` is of no known type")


def _limit(policy: Policy, limit: Limit) -> None:
    _effect(policy, limit, f"limit `{limit.id}`")
    if sum(each.id == limit.id for each in policy.limits) > 1:
        raise AuthorError(f"there are two limits `{limit.id}`: their counts would be one")
    try:
        if limit.sum is not None:
            parse_condition(f"{limit.sum} >= 0")
    except ConditionError as error:
        raise AuthorError(f"limit `{limit.id}` sums what is no place in a call: {error}") from None


def _gate(policy: Policy, name: str, gate: Gate) -> None:
    if gate.name != name:
        raise AuthorError(f"gate `{name}` calls itself `{gate.name}`")
    if bool(gate.roles) is gate.confirm or gate.quorum < 1:
        raise AuthorError(f"gate `{name}` needs roles or to be confirmed, and a quorum of at least 1")
    if not gate.if_no_answer or gate.if_no_answer[-1].then is None:
        raise AuthorError(f"gate `{name}` needs an `if_no_answer` that ends in a verdict")
    for step in gate.if_no_answer:
        if (step.ask is None) is (step.then is None) or (step.ask is not None and step.ask not in policy.gates):
            raise AuthorError(f"gate `{name}`: a step asks a gate that is there, or ends in a verdict")


def _tool(policy: Policy, name: str, tool: ToolPolicy) -> None:
    if tool.name != name:
        raise AuthorError(f"tool `{name}` calls itself `{tool.name}`")
    if tool.gate is not None and tool.gate not in policy.gates:
        raise AuthorError(f"tool `{name}` asks gate `{tool.gate}`, which is not there")
    if tool.gate is None and (tool.unless is not None or (tool.tier is Tier.IRREVERSIBLE and not tool.autonomous)):
        raise AuthorError(f"tool `{name}` has no gate")
    for rule in tool.rules:
        if rule.reason is not Reason.RULE:
            raise AuthorError(f"rule `{rule.id}` of `{name}` is not one that a document may hold")
        _effect(policy, rule, f"rule `{rule.id}` of `{name}`")


def _effect(policy: Policy, rule: Rule | Limit | AfterReading, what: str) -> None:
    """A rule denies, asks a gate that is there, or raises the tier; nothing else has an effect."""
    if (rule.effect is Effect.APPROVAL) != (rule.gate in policy.gates) or (rule.gate is not None) != (
        rule.effect is Effect.APPROVAL
    ):
        raise AuthorError(f"{what} must deny, or ask a gate that is there")
    if rule.effect is Effect.ALLOW and rule.tier is None:
        raise AuthorError(f"{what} has no effect")


def from_text(text: str | bytes) -> Policy:
    """The policy of JSON text.

    Raises:
        AuthorError: it is no policy, or no canonical JSON.
    """
    try:
        return from_document(parse(text))
    except Malformed as error:
        raise AuthorError(f"the policy is no canonical JSON: {error}") from None
