"""Reads `tools`: what is mapped, at which tier, who is asked, and which input is valid."""

from __future__ import annotations

from govern.charter import vocabulary
from govern.charter.input_schema import read_input
from govern.charter.model import Ask, Autonomous, Tier, Tool, Word
from govern.charter.reader import Fields, Reader
from govern.charter.rules import read_rules
from govern.charter.yaml_tree import Node, Scalar
from govern.findings import Location
from govern.policy.glob import is_glob

_TIERS = tuple(tier.value for tier in Tier)


def read_tools(reader: Reader, node: Node) -> dict[str, Tool | None]:
    """Tools by name; None where one is mapped but cannot be used, so that it is not called undefined too."""
    tools: dict[str, Tool | None] = {}
    for key, value in reader.mapping(node, "`tools`"):
        name = str(key.value)
        if is_glob(name):
            hint = "a tool is mapped by its exact name; globs stand in `rules` and `never`"
            reader.error("glob-in-tools", key, f"`{name}` is a glob", hint)
        elif not vocabulary.TOOL_NAME.fullmatch(name) or len(name) > vocabulary.TOOL_MAX:
            reader.error("invalid-name", key, f"{reader.show(key)} is no tool's name", vocabulary.TOOL_WORDS)
        tools[name] = _tool(reader, key, value, Word(name, reader.at(key)))
    return tools


def _tool(reader: Reader, key: Scalar, node: Node, word: Word) -> Tool | None:
    fields = reader.fields(node, vocabulary.TOOL, key)
    if fields is None:
        return None
    tier = reader.choice(fields["tier"], "a tier", _TIERS, "unknown-tier") if "tier" in fields else None
    external = reader.boolean(fields["external"], "`external`") if "external" in fields else False
    approval = _ask(reader, fields["approval"], fields.key("approval")) if "approval" in fields else None
    autonomous = _autonomous(reader, fields) if "autonomous" in fields else None
    schema = read_input(reader, fields["input"], fields.key("input")) if "input" in fields else None
    rules = read_rules(reader, fields["rules"], word) if "rules" in fields else ()
    if "approval" in fields and "autonomous" in fields:
        message = "the tool has both `approval` and `autonomous`"
        reader.error("conflicting-keys", fields.key("autonomous"), message, "keep the one that is meant")
    if tier == Tier.IRREVERSIBLE and not {"approval", "autonomous"} & set(fields) and not _misspelt(node):
        message = f"`{word.name}` cannot be undone, and nobody is asked"
        hint = "add `approval: {ask: GATE}`, or `autonomous: {because: …}`"
        reader.error("irreversible-without-approval", key, message, hint)
    if tier is None or external is None:
        return None
    at = reader.at(fields["tier"])
    return Tool(word.name, Tier(tier), at, external, approval, autonomous, schema, rules, word.at)


def _misspelt(node: Node) -> bool:
    """Whether the tool has an unknown key: it may be the approval, and one error is enough."""
    return any(key.value not in vocabulary.TOOL.known for key, _ in getattr(node, "entries", ()))


def _ask(reader: Reader, node: Node, key: Scalar) -> Ask | None:
    if isinstance(node, Scalar) and isinstance(node.value, str) and not node.refused:
        reader.wrong(node, "`approval` of a tool", "a mapping", f"write `{{ask: {node.value}}}`")
        return None
    fields = reader.fields(node, vocabulary.ASK, key)
    if fields is None:
        return None
    gate = reader.name(fields["ask"], "a gate", "gate") if "ask" in fields else None
    unless = reader.clause(fields["unless"], "unless") if "unless" in fields else None
    if gate is None or ("unless" in fields and unless is None):
        return None
    return Ask(gate, unless, reader.at(key))


def _autonomous(reader: Reader, fields: Fields) -> Autonomous | None:
    inner = reader.fields(fields["autonomous"], vocabulary.AUTONOMOUS, fields.key("autonomous"))
    because = reader.text(inner["because"], "`because`") if inner is not None and "because" in inner else None
    place: Location = reader.at(fields.key("autonomous"))
    return Autonomous(because, place) if because is not None else None
