"""`rego`: a policy as one module of Rego version 1, for OPA and the engines beside it. Its page is `rego.md`.

The module gives the whole verdict; the conditions are written out with their third value, unknown. It uses nothing
that is not in OPA's own documentation, and nothing that the engines are known to do differently.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib.resources import files
from typing import Any

from govern.compile.backends.contract import Export, Gap, of_results, settle
from govern.compile.backends.rego_schema import Schemas
from govern.compile.backends.rego_terms import WIDTH, Terms, literal, readable, wrapped
from govern.conditions import Condition, bound
from govern.conditions.values import lower
from govern.conditions.zones import offsets, zoned
from govern.events.canonical import Malformed, parse, text_of
from govern.policy.glob import is_glob
from govern.policy.model import Policy, Rule, ToolPolicy
from govern.policy.schema_tree import read

name = "rego"
SHARED = ("rego_verdict.rego", "rego_values.rego", "rego_numbers.rego", "rego_schema.rego")
"""What every module ends with; nothing in it depends on the charter."""
LONGEST = 300  # characters of the charter's text in a comment


def export(policy: Policy, *, tighter: bool, zone: str | None = None) -> Export:
    """The policy as one Rego module; see `contract.Backend`."""
    terms, schemas = Terms(zone), Schemas()
    tools = [tool for _, tool in sorted(policy.tools.items())]
    # Each tool's rules are asked for only where it is called.
    parts = [_conditions(policy, tool, terms, zone) for tool in tools]
    judged = [_judged(tool.name, tool.schema, schemas) for tool in tools if tool.schema is not None]
    gaps = settle(name, [*terms.gaps, *schemas.gaps], tighter=tighter)
    data = {
        "tools": {tool.name: _tool(policy, tool) for tool in tools},
        "with_schema": [tool.name for tool in tools if tool.schema is not None],
        "never": _never(policy),
        "zone": _zone(zone),
        "lower_letters": _lower_letters() if terms.lowers else {},
    }
    text = "\n".join(
        [
            _head(policy, gaps),
            f"data_of := {_pretty(data)}\n",
            *(f'{key} := object.get(data_of, "{key}", null)\n' for key in data),
            *map(wrapped, parts),
            *map(wrapped, judged),
            *(wrapped(f"{function}\n") for function in [*terms.functions, *schemas.functions]),
            *((files(__package__) / part).read_text(encoding="utf-8") for part in SHARED),
        ]
    )
    return Export({f"{package(policy).rpartition('.')[2]}.rego": text}, gaps)


def package(policy: Policy) -> str:
    """The module's package; the verdict is `data.PACKAGE.verdict`."""
    return f"govern.agent_{re.sub('[^a-z0-9]', '_', policy.agent.lower())}"


def input_of(tool: str, args: Any, given: Mapping[str, Any] | None = None, *, escapes: bool = True) -> str:
    """The input document of a call, as JSON text.

    Args:
        tool: as it was called.
        args: plain data.
        given: facts, time and history, by key of `conditions.Inputs`.
        escapes: whether the engine reads the escapes of JSON in texts; rego-cpp does not.

    Arguments that the engine could read otherwise than `govern` does are marked `malformed`, which denies the call; an
    input beside them that it could is left out, which is unknown.
    """
    try:
        text_of(tool)
    except Malformed:
        tool = ""  # a lone surrogate: no tool has such a name
    beside = {}
    for key, value in (given or {}).items():
        try:
            if _is_readable([key, held := parse(text_of(value))], escapes):
                beside[key] = held
        except Malformed:  # no JSON, as the counters that a verdict shows
            continue
    try:
        value = parse(text_of(args))  # not as it is: keys may differ only by case
        if isinstance(value, dict) and _is_readable([tool, value], escapes):
            return text_of({"tool": tool, "args": value, "given": beside})
    except Malformed:
        pass
    return text_of({"tool": tool, "malformed": True})


def _is_readable(value: Any, escapes: bool) -> bool:
    match value:
        case float():
            return readable(value)
        case str():
            return escapes or text_of(value) == f'"{value}"'
        case list():
            return all(_is_readable(each, escapes) for each in value)
        case dict():
            return all(_is_readable(key, escapes) and _is_readable(each, escapes) for key, each in value.items())
        case _:
            return True


def _head(policy: Policy, gaps: tuple[Gap, ...]) -> str:
    lines = [
        f"# The charter of the agent `{_line(policy.agent)}`, version {policy.version}, as one Rego module.",
        f"# Policy {policy.digest}. Generated: change the charter, not this file.",
        *(f"# Stricter than the charter: {_line(gap)}; {gap.tighter}." for gap in gaps),
    ]
    return "\n".join([*lines, f"package {package(policy)}", "", "import rego.v1", ""])


def _line(text: object) -> str:
    """Text of the charter as part of a comment, which ends with its line and is not to be too long for an engine."""
    made = "".join(char if char.isprintable() else " " for char in str(text))
    return made if len(made) <= LONGEST else f"{made[:LONGEST]} …"


def _conditions(policy: Policy, tool: ToolPolicy, terms: Terms, zone: str | None) -> str:
    def term(condition: Condition, where: str) -> str:
        return terms.condition(zoned(bound(condition, tool=tool.name, agent=policy.agent), zone), where)

    called = literal(tool.name)
    made = []
    if tool.unless is not None:
        made.append(
            f"# {_line(tool.name)} is released without a gate where: {_line(tool.unless.text)}\n"
            f"waiver := {term(tool.unless, f'{tool.name}: unless')} if called == {called}\n"
        )
    if tool.rules:
        lines = [
            f"\t# {_line(rule.id)}, {rule.form}: {_line(rule.condition.text)}\n"
            f"\t{term(rule.condition, f'{tool.name}: {rule.id}')},"
            for rule in tool.rules
        ]
        made.append(f"truths := [\n{chr(10).join(lines)}\n] if called == {called}\n")
    if tool.show_only_if is not None:
        made.append(
            f"# A result of {_line(tool.name)} is shown where: {_line(tool.show_only_if.text)}\n"
            f"shown := {term(tool.show_only_if, f'{tool.name}: show_only_if')} if called == {called}\n"
        )
    records = [each for each in policy.records.values() if tool.name in each.read_by]
    if records:
        terms_of = ", ".join(
            f"{literal(each.name)}: {term(each.only_if, f'{tool.name}: records {each.name}')}" for each in records
        )
        made.append(f"records_shown := {{{terms_of}}} if called == {called}\n")
    return "\n".join(made)


def _judged(name: str, schema: str, schemas: Schemas) -> str:
    judged = schemas.judged(read(schema), name)
    return f"judged := {judged} if {{\n\tnot malformed\n\tcalled == {literal(name)}\n}}\n"


def _tool(policy: Policy, tool: ToolPolicy) -> dict[str, Any]:
    return {
        "tier": tool.tier.value,
        "gate": tool.gate,
        "unless": tool.unless is not None,
        "autonomous": bool(tool.autonomous),
        "result": of_results(policy, tool),
        "rules": [_rule(at, rule) for at, rule in enumerate(tool.rules)],
    }


def _rule(at: int, rule: Rule) -> dict[str, Any]:
    return {
        "at": at,
        "id": rule.id,
        "form": rule.form.value,
        "effect": rule.effect.label,
        "gate": rule.gate,
        "raises": rule.tier.value if rule.tier else None,
        "tiers": [tier.value for tier in rule.tiers],
        "reason": rule.reason.value,
        "because": rule.because,
    }


def _never(policy: Policy) -> list[dict[str, Any]]:
    return [
        {"pattern": pattern, "name": pattern, "any_server": True, "glob": None}
        if not is_glob(pattern)
        else {"pattern": pattern, "name": None, "any_server": False, "glob": _glob(pattern)}
        for never in policy.never
        for pattern in never.patterns
    ]


def _glob(pattern: str) -> str:
    """A glob as a pattern that every engine reads alike, those without RE2 included (`policy.glob`)."""
    any_one = "(.|[[:cntrl:]])"
    body = "".join(
        f"{any_one}*" if char == "*" else any_one if char == "?" else
        f"\\{char}" if char.isascii() and char.isprintable() and not char.isalnum() and char not in "_ /" else char
        for char in pattern
    )  # fmt: skip
    return f"^{'' if '/' in pattern else f'({any_one}*/)?'}{body}$"


def _zone(zone: str | None) -> list[list[int]]:
    return [list(pair) for pair in zip(*offsets(zone), strict=True)] if zone is not None else []


def _lower_letters() -> dict[str, str]:
    """Every character whose lower case is another, by the table that `lower` has everywhere."""
    points = [point for point in range(0x110000) if not 0xD800 <= point < 0xE000]
    return {chr(point): made for point in points if (made := lower(chr(point))) != chr(point)}


def _pretty(value: Any, indent: str = "") -> str:
    """A value over as many lines as it needs."""
    short = literal(value)
    if not isinstance(value, dict | list) or len(short) + len(indent) <= WIDTH:
        return short
    inner = indent + "\t"
    if isinstance(value, list):
        return "[\n" + "".join(f"{inner}{_pretty(each, inner)},\n" for each in value) + f"{indent}]"
    members = "".join(f"{inner}{literal(key)}: {_pretty(each, inner)},\n" for key, each in value.items())
    return f"{{\n{members}{indent}}}"
