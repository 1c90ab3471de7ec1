"""A policy as canonical JSON (`govern/policy/v1`) and back; its digest is the digest of that text.

Reading trusts nothing: an unknown key, a missing one, a wrong type, a condition that does not parse, a gate
or role that is not there is an error, since the text may come from anywhere.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from govern.conditions import Condition, ConditionError, parse_condition
from govern.errors import AuthorError
from govern.events.canonical import Malformed, digest, parse, text_of
from govern.policy.model import EFFECTS, Deadline, Effect, Gate, Never, Policy, Rule, Tier, ToolPolicy, When

SCHEMA = "govern/policy/v1"


def to_document(policy: Policy) -> dict[str, Any]:
    """The policy as JSON data."""
    return {
        "schema": SCHEMA,
        "agent": policy.agent,
        "version": policy.version,
        "purpose": policy.purpose,
        "owner": policy.owner,
        "roles": list(policy.roles),
        "gates": {name: _gate(gate) for name, gate in policy.gates.items()},
        "tools": {name: _tool(tool) for name, tool in policy.tools.items()},
        "never": [{"tools": list(never.patterns), "because": never.because} for never in policy.never],
    }


def sealed(policy: Policy) -> Policy:
    """The same policy with its digest."""
    return replace(policy, digest=digest(text_of(to_document(policy))))


def _gate(gate: Gate) -> dict[str, Any]:
    return {
        "roles": list(gate.roles),
        "quorum": gate.quorum,
        "if_no_answer": [
            {"after_s": step.after_s, "ask": step.ask}
            if step.ask is not None
            else {"after_s": step.after_s, "then": step.then.label if step.then is not None else None}
            for step in gate.if_no_answer
        ],
    }


def _tool(tool: ToolPolicy) -> dict[str, Any]:
    return {
        "tier": tool.tier.value,
        "external": tool.external,
        "gate": tool.gate,
        "unless": tool.unless.text if tool.unless else None,
        "autonomous": tool.autonomous,
        "input": parse(tool.schema) if tool.schema is not None else None,
        "rules": [
            {
                "id": rule.id,
                rule.form.value: rule.condition.text,
                "effect": rule.effect.label,
                "gate": rule.gate,
                "because": rule.because,
            }
            for rule in tool.rules
        ],
    }


def from_document(document: Any) -> Policy:
    """The policy of JSON data.

    Raises:
        AuthorError: it is no policy of this version.
    """
    top = _Reader(document, "policy")
    if top.text("schema") != SCHEMA:
        raise AuthorError(f"expected a document of schema `{SCHEMA}`, got `{document['schema']}`")
    gates = {name: _read_gate(name, gate) for name, gate in top.object("gates").items()}
    policy = Policy(
        agent=top.text("agent"),
        version=top.integer("version"),
        purpose=top.text("purpose"),
        owner=top.text("owner"),
        roles=top.texts("roles"),
        gates=gates,
        tools={name: _read_tool(name, tool, gates) for name, tool in top.object("tools").items()},
        never=tuple(_read_never(never) for never in top.list("never")),
    )
    top.done()
    return sealed(policy)


def _read_gate(name: str, document: Any) -> Gate:
    reader = _Reader(document, f"gate `{name}`")
    gate = Gate(
        name, reader.texts("roles"), reader.integer("quorum"), tuple(map(_read_step, reader.list("if_no_answer")))
    )
    reader.done()
    if not gate.roles or gate.quorum < 1 or not gate.if_no_answer or gate.if_no_answer[-1].then is None:
        raise AuthorError(
            f"gate `{name}` needs roles, a quorum of at least 1 and an `if_no_answer` that ends in a verdict"
        )
    return gate


def _read_step(document: Any) -> Deadline:
    reader = _Reader(document, "if_no_answer")
    after = reader.integer("after_s")
    if "ask" in reader.left:
        step = Deadline(after, ask=reader.text("ask"))
    else:
        step = Deadline(after, then=reader.effect("then"))
    reader.done()
    return step


def _read_tool(name: str, document: Any, gates: dict[str, Gate]) -> ToolPolicy:
    reader = _Reader(document, f"tool `{name}`")
    unless = reader.optional_text("unless")
    schema = reader.take("input")
    tool = ToolPolicy(
        name=name,
        tier=reader.tier("tier"),
        external=reader.boolean("external"),
        gate=reader.optional_text("gate"),
        unless=None if unless is None else _condition(unless, f"tool `{name}`"),
        autonomous=reader.optional_text("autonomous"),
        schema=None if schema is None else text_of(schema),
        rules=tuple(_read_rule(rule, gates) for rule in reader.list("rules")),
    )
    reader.done()
    if tool.gate is not None and tool.gate not in gates:
        raise AuthorError(f"tool `{name}` asks gate `{tool.gate}`, which is not there")
    if tool.gate is None and (tool.unless is not None or (tool.tier is Tier.IRREVERSIBLE and not tool.autonomous)):
        raise AuthorError(f"tool `{name}` has no gate")
    return tool


def _read_rule(document: Any, gates: dict[str, Gate]) -> Rule:
    reader = _Reader(document, "rule")
    name = reader.text("id")
    form = When.WHEN if "when" in reader.left else When.ONLY_IF
    condition = _condition(reader.text(form.value), f"rule `{name}`")
    rule = Rule(name, form, condition, reader.effect("effect"), reader.optional_text("gate"), reader.text("because"))
    reader.done()
    if rule.effect is Effect.ALLOW or (rule.effect is Effect.APPROVAL) != (rule.gate in gates):
        raise AuthorError(f"rule `{name}` must deny, or ask a gate that is there")
    return rule


def _read_never(document: Any) -> Never:
    reader = _Reader(document, "never")
    never = Never(reader.texts("tools"), reader.text("because"))
    reader.done()
    return never


def _condition(text: str, where: str) -> Condition:
    try:
        return parse_condition(text)
    except ConditionError as error:
        raise AuthorError(f"{where}: {error}") from None


class _Reader:
    """Takes keys out of an object one by one; what is left over is an error."""

    def __init__(self, document: Any, where: str) -> None:
        if not isinstance(document, dict):
            raise AuthorError(f"{where}: expected an object, got {type(document).__name__}")
        self.left = dict(document)
        self.where = where

    def take(self, key: str) -> Any:
        if key not in self.left:
            raise AuthorError(f"{self.where}: `{key}` is missing")
        return self.left.pop(key)

    def _typed(self, key: str, kind: type, name: str) -> Any:
        value = self.take(key)
        if type(value) is not kind:
            raise AuthorError(f"{self.where}: `{key}` is no {name}")
        return value

    def text(self, key: str) -> str:
        value: str = self._typed(key, str, "string")
        return value

    def optional_text(self, key: str) -> str | None:
        value = self.take(key)
        if value is not None and type(value) is not str:
            raise AuthorError(f"{self.where}: `{key}` is no string")
        return value

    def integer(self, key: str) -> int:
        value: int = self._typed(key, int, "whole number")
        return value

    def boolean(self, key: str) -> bool:
        value: bool = self._typed(key, bool, "truth value")
        return value

    def list(self, key: str) -> list[Any]:
        value: list[Any] = self._typed(key, list, "list")
        return value

    def object(self, key: str) -> dict[str, Any]:
        value: dict[str, Any] = self._typed(key, dict, "object")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        values = self.list(key)
        if not all(type(value) is str for value in values):
            raise AuthorError(f"{self.where}: `{key}` is no list of strings")
        return tuple(values)

    def effect(self, key: str) -> Effect:
        value = self.text(key)
        if value not in EFFECTS:
            raise AuthorError(f"{self.where}: `{value}` is no effect")
        return EFFECTS[value]

    def tier(self, key: str) -> Tier:
        value = self.text(key)
        if value not in list(Tier):
            raise AuthorError(f"{self.where}: `{value}` is no tier")
        return Tier(value)

    def done(self) -> None:
        if self.left:
            raise AuthorError(f"{self.where}: `{min(self.left)}` is not known here")


def from_text(text: str | bytes) -> Policy:
    """The policy of JSON text.

    Raises:
        AuthorError: it is no policy, or no canonical JSON.
    """
    try:
        return from_document(parse(text))
    except Malformed as error:
        raise AuthorError(f"the policy is no canonical JSON: {error}") from None
