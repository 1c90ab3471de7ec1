"""Reads `tools`: what is mapped, at which tier, who is asked, which input is valid; and a library's descriptions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from govern.charter import kinds, vocabulary
from govern.charter.describe import describe
from govern.charter.input_schema import read_input
from govern.charter.kinds import Level
from govern.charter.model import Ask, Autonomous, RaisesTier, Rule, Tier, Tool, Word
from govern.charter.reader import Fields, Reader
from govern.charter.rules import read_rules
from govern.charter.schema_path import missing
from govern.charter.yaml_tree import Node, Scalar
from govern.findings import Location, did_you_mean
from govern.policy.glob import is_glob


def read_tools(
    reader: Reader,
    node: Node,
    described: Mapping[str, Tool],
    level: Level = vocabulary.TOOL,
    *,
    complete: bool = True,
) -> dict[str, Tool | None]:
    """Tools by name; None where one is mapped but cannot be used, so that it is not called undefined too.

    Args:
        described: what libraries say, by every name that a charter may use for the tool.
        level: of a charter's tools, or of a library's.
        complete: whether every library could be read; if not, it may describe what is not described.
    """
    tools: dict[str, Tool | None] = {}
    for key, value in reader.mapping(node, "`tools`"):
        name = str(key.value)
        good = False
        if is_glob(name):
            hint = "a tool is mapped by its exact name; globs stand in `rules` and `never`"
            reader.error("glob-in-tools", key, f"`{name}` is a glob", hint)
        elif not kinds.TOOL_NAME.fullmatch(name) or len(name) > kinds.TOOL_MAX:
            reader.error("invalid-name", key, f"{reader.show(key)} is no tool's name", kinds.TOOL_WORDS)
        else:
            good = True
        entry = described.get(name)
        alone = entry is None and complete and good
        tool = _tool(reader, key, value, Word(name, reader.at(key)), entry, level, alone)
        if good:
            tools[name] = tool
    return tools


def _tool(
    reader: Reader, key: Scalar, node: Node, word: Word, entry: Tool | None, level: Level, alone: bool
) -> Tool | None:
    fields = reader.fields(node, level, key)
    if fields is None:
        return None
    tier: str | None = None
    tier_at = entry.tier_at if entry is not None else word.at
    if "tier" in fields:
        tier = reader.choice(fields["tier"], "a tier", vocabulary.TIERS, "unknown-tier")
        tier_at = reader.at(fields["tier"])
    elif entry is not None:
        tier = entry.tier
    elif alone and level is vocabulary.TOOL and not fields.may_be("tier"):
        reader.error("missing-key", key, f"{level.what} needs `tier`", "or a library under `uses` that describes it")
    external = reader.boolean(fields["external"], "`external`") if "external" in fields else False
    approval = _ask(reader, fields["approval"], fields.key("approval")) if "approval" in fields else None
    autonomous = _autonomous(reader, fields) if "autonomous" in fields else None
    schema = read_input(reader, fields["input"], fields.key("input")) if "input" in fields else None
    output = read_input(reader, fields["output"], fields.key("output")) if "output" in fields else None
    rules = read_rules(reader, fields["rules"], word) if "rules" in fields else ()
    reader.lost_id |= fields.may_be("rules")
    scopes = (
        reader.words(fields["credentials"], "`credentials`", vocabulary.SCOPE_NAME, "scope")
        if "credentials" in fields
        else ()
    )
    places = {
        name: reader.places(fields[name], f"`{name}`", roots) if name in fields else ()
        for name, roots in (("sensitive", ("args", "result")), ("secret", ("args", "result")), ("hide", ("result",)))
    }
    show = None
    if "show_only_if" in fields:
        show = reader.clause(fields["show_only_if"], "show_only_if", frozenset({"result"}))
    if "approval" in fields and "autonomous" in fields:
        message = "the tool has both `approval` and `autonomous`"
        reader.error("conflicting-keys", fields.key("autonomous"), message, "keep the one that is meant")
    if tier is None or external is None or _lost(fields, input=schema, output=output, show_only_if=show):
        return None
    tool = Tool(
        word.name, Tier(tier), tier_at, external, approval, autonomous, schema, rules, word.at,
        output, scopes, places["sensitive"], places["secret"], show, places["hide"],
    )  # fmt: skip
    if level is vocabulary.LIBRARY_TOOL:
        _describes(reader, rules)
        _masked(reader, tool)
        return tool
    if entry is not None:
        tool = describe(reader, tool, entry, fields)
    _masked(reader, tool)
    _answered(reader, tool, key, fields)
    return tool


def _lost(fields: Fields, **read: object) -> bool:
    """Whether a key is written and could not be read."""
    return any(name in fields and value is None for name, value in read.items())


def _answered(reader: Reader, tool: Tool, key: Scalar, fields: Fields) -> None:
    """Somebody is asked, or it is said why not, wherever a call cannot be undone."""
    if {"approval", "autonomous"} & set(fields) or fields.may_be("approval", "autonomous"):
        return
    hint = "add `approval: {ask: GATE}`, or `autonomous: {because: …}`"
    if tool.tier is Tier.IRREVERSIBLE:
        message = f"`{tool.name}` cannot be undone, and nobody is asked"
        reader.error("irreversible-without-approval", key, message, hint)
        return
    for rule in tool.rules:
        if isinstance(rule.effect, RaisesTier) and rule.effect.tier is Tier.IRREVERSIBLE and rule.effect.gate is None:
            message = f"by `{rule.id}` a call of `{tool.name}` counts as irreversible, and nobody is asked"
            at = rule.effect.at if rule.effect.at.file == reader.source.file else tool.at
            reader.told(
                "irreversible-without-approval", at, message, f"{hint}; or `{{tier: irreversible, approval: GATE}}`"
            )


def _masked(reader: Reader, tool: Tool) -> None:
    """What is masked or hidden can be there at all; what a library says was checked in its file."""
    for word in (*tool.sensitive, *tool.secret, *tool.hide):
        name, schema = ("input", tool.input) if word.name.startswith("args") else ("output", tool.output)
        schemas = [each.schema for each in (schema, schema.also if schema else None) if each is not None]
        lost = [missing(word.name, each) for each in schemas]
        step = lost[0] if lost else None
        if step is not None and all(lost) and word.at.file == reader.source.file:
            message = f"`{word}` can never be there: `{name}` has no `{step.name}`"
            hint = did_you_mean(step.name, step.known) or f"add it to the properties of `{name}`"
            reader.told("invalid-path", word.at, message, hint)


def _describes(reader: Reader, rules: tuple[Rule, ...]) -> None:
    """A library's rules say which tier a call has; who is asked, and what is denied, is the charter's."""
    for rule in rules:
        if not isinstance(rule.effect, RaisesTier) or rule.effect.gate is not None:
            message = f"`{rule.id}` of a library does more than raise a tier"
            reader.told("library-decides", rule.effect.at, message, "write `{tier: …}`; charters and bases decide")


def _ask(reader: Reader, node: Node, key: Scalar) -> Ask | None:
    if isinstance(node, Scalar) and isinstance(node.value, str) and not node.refused:
        reader.wrong(node, "`approval` of a tool", "a mapping", f"write `{{ask: {node.value}}}`")
        return None
    fields = reader.fields(node, vocabulary.ASK, key)
    if fields is None:
        return None
    gate = reader.name(fields["ask"], "a gate", "gate") if "ask" in fields else None
    unless = reader.clause(fields["unless"], "unless") if "unless" in fields else None
    recheck = None
    if "recheck" in fields:
        recheck = reader.word(fields["recheck"], "`recheck`", kinds.TOOL_NAME, kinds.TOOL_WORDS, "tool")
    if gate is None or _lost(fields, unless=unless, recheck=recheck):
        return None
    return Ask(gate, unless, reader.at(key), recheck)


def _autonomous(reader: Reader, fields: Fields) -> Autonomous | None:
    inner = reader.fields(fields["autonomous"], vocabulary.AUTONOMOUS, fields.key("autonomous"))
    because = reader.text(inner["because"], "`because`") if inner is not None and "because" in inner else None
    place: Location = reader.at(fields.key("autonomous"))
    return Autonomous(because, place) if because is not None else None


def by_every_name(server: str, tools: Mapping[str, Tool]) -> dict[str, Tool]:
    """A library's tools by the names that a charter may use: alone, and behind the server's."""
    named = dict(tools)
    if server:
        named.update({f"{server}/{name}": replace(tool, name=f"{server}/{name}") for name, tool in tools.items()})
    return named
