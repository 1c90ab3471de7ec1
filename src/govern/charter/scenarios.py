"""Reads `scenarios`: an instruction, facts, one call, the verdict that is meant. Leaves out running them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from govern.charter import kinds, vocabulary
from govern.charter.model import Fact, Scenario, Verdict, Word
from govern.charter.reader import Fields, Reader
from govern.charter.yaml_tree import Map, Node, Scalar, Seq
from govern.conditions.scope import is_of
from govern.findings import did_you_mean


def read_scenarios(reader: Reader, node: Node, facts: Mapping[str, Fact | None] | None) -> tuple[Scenario, ...]:
    """The scenarios of a charter.

    Args:
        facts: those declared, None where a declaration is broken; None where nobody knows which there are.
    """
    found = (_scenario(reader, item, facts) for item in reader.items(node, "`scenarios`"))
    return tuple(each for each in found if each is not None)


def _scenario(reader: Reader, node: Node, facts: Mapping[str, Fact | None] | None) -> Scenario | None:
    fields = reader.fields(node, vocabulary.SCENARIO)
    if fields is None:
        return None
    instruction = reader.text(fields["instruction"], "`instruction`") if "instruction" in fields else None
    given = _given(reader, fields["given"], facts) if "given" in fields else {}
    call = _call(reader, fields["call"]) if "call" in fields else None
    expect = _expect(reader, fields) if "expect" in fields else None
    if instruction is None or given is None or call is None or expect is None or unread(node):
        return None
    return Scenario(instruction, given, call[0], call[1], expect[0], expect[1], reader.at(fields.key("instruction")))


def _call(reader: Reader, node: Node) -> tuple[Word, dict[str, Any]] | None:
    entries = reader.mapping(node, "`call`")
    if len(entries) > 1:
        reader.error("wrong-value", entries[1][0], "`call` has two tools", "one call a scenario, as in `{refund: {…}}`")
        return None
    for key, value in entries:
        name = reader.word(key, "a tool's name", kinds.TOOL_NAME, kinds.TOOL_WORDS)
        if not isinstance(value, Map):
            reader.wrong(value, "the arguments of a call", "a mapping, `{}` where there are none")
            return None
        return (name, reader.data(value)) if name is not None else None
    return None


def _expect(reader: Reader, fields: Fields) -> tuple[Verdict, Word | None] | None:
    node = fields["expect"]
    if not isinstance(node, Map):
        word = reader.choice(node, "an expected verdict", ("allow", "deny"), "unknown-effect")
        return (Verdict.ALLOW if word == "allow" else Verdict.DENY, None) if word is not None else None
    inner = reader.fields(node, vocabulary.EXPECT, fields.key("expect"))
    if inner is None:
        return None
    if len(inner) != 1:
        if not inner.misspelt:  # its only key is misspelt
            rule = "conflicting-keys" if inner else "missing-key"
            hint = "`{approval: GATE}`, or `{deny: RULE}`"
            reader.error(rule, fields.key("expect"), "`expect` names one cause", hint)
        return None
    if "approval" in inner:
        gate = reader.name(inner["approval"], "a gate", "gate")
        return (Verdict.APPROVAL, gate) if gate is not None else None
    text = reader.text(inner["deny"], "`deny` of `expect`")
    if text is None:
        return None
    cause = Word(text, reader.at(inner["deny"]))
    reader.named["cause"].append(cause)
    return Verdict.DENY, cause


def _given(reader: Reader, node: Node, facts: Mapping[str, Fact | None] | None) -> dict[str, Any] | None:
    good = True
    for key, value in reader.mapping(node, "`given`"):
        name = str(key.value)
        if facts is not None and name not in facts:
            reader.error("undefined-fact", key, f"`{name}` is not among `facts`", did_you_mean(name, facts))
            good = False
            continue
        fact = facts[name] if facts is not None else None
        if not isinstance(value, Map):
            reader.wrong(value, f"the fact `{name}`", "a mapping of its fields")
            good = False
            continue
        for field, item in value.entries if fact is not None else ():
            good &= fits(reader, fact, field, item) if fact is not None else True
    return reader.data(node) if good and isinstance(node, Map) else None


def fits(reader: Reader, fact: Fact, key: Scalar, node: Node) -> bool:
    """Whether a field of a fact is declared, and can have a value; what does not fit is reported."""
    known = fact.fields.get(str(key.value))
    if known is None:
        message = f"`{fact.name}` has no field `{key.value}`"
        reader.error("undefined-fact", key, message, did_you_mean(str(key.value), fact.fields))
        return False
    if isinstance(node, Scalar) and (node.refused or node.value is None):
        return not node.refused
    value = reader.data(node)
    if known.values and value not in known.values:
        message = f"{reader.show(node)} is not among the values of `{fact.name}.{known.name}`"
        reader.error("not-in-enum", node, message, did_you_mean(str(value), [str(each) for each in known.values]))
        return False
    if not is_of(value, known.kind):
        as_in = 'as in `"2026-12-25T09:30:00Z"`' if known.kind == "timestamp" else ""
        reader.wrong(node, f"`{fact.name}.{known.name}`", f"of type `{known.kind}`", as_in)
        return False
    return True


def unread(node: Node) -> bool:
    """Whether a part of a node was refused: what is left may mean something else."""
    match node:
        case Scalar():
            return node.refused
        case Seq():
            return any(unread(item) for item in node.items)
        case Map():
            return node.broken or any(unread(value) for _, value in node.entries)
