"""`cedar`: a policy as a Cedar policy set that is asked with the approvals given so far. Its page is `cedar.md`.

Only `permit`, one for a tool: Cedar skips a policy whose evaluation fails, and a `forbid` that is skipped is a hole. So
whatever fails, or is not given, denies. Input schemas, which Cedar does not have, are judged before it is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from govern.compile.backends.cedar_terms import Terms
from govern.compile.backends.cedar_values import INT64_MAX, INT64_MIN, Pair, conj, disj, millionths, neg, text
from govern.compile.backends.contract import Export, Gap, of_results, settle
from govern.conditions import Condition, bound
from govern.conditions.values import MICRO
from govern.conditions.zones import zoned
from govern.events.canonical import Malformed, parse, text_of
from govern.policy.engine import Engine
from govern.policy.glob import matches
from govern.policy.model import Effect, Policy, Rule, Tier, ToolPolicy, When
from govern.policy.schema_tree import read

name = "cedar"
RESERVED: Final = frozenset({"__entity", "__extn", "__expr"})
"""Keys that Cedar's JSON reads as something else."""
MAX_DEPTH: Final = 32  # of arguments; Cedar's reader has a stack of its own


def export(policy: Policy, *, tighter: bool, zone: str | None = None) -> Export:
    """The policy as a Cedar policy set, with what is to be known beside it; see `contract.Backend`."""
    gaps: list[Gap] = []
    parts = [_tool(policy, tool, zone, gaps) for _, tool in sorted(policy.tools.items())]
    found = settle(name, gaps, tighter=tighter)
    head = [
        f"// The charter of the agent `{_line(policy.agent)}`, version {policy.version}, as a Cedar policy set.",
        f"// Policy {policy.digest}. Generated: change the charter, not this file.",
        *(f"// Stricter than the charter: {_line(gap)}; {gap.tighter}." for gap in found),
    ]
    beside = {
        "agent": policy.agent,
        "gates": {tool.name: list(gates(tool)) for tool in policy.tools.values()},
        "results": {tool.name: asked for tool in policy.tools.values() if (asked := of_results(policy, tool))},
        "input": {tool.name: read(tool.schema) for tool in policy.tools.values() if tool.schema is not None},
    }
    return Export({"policy.cedar": "\n".join([*head, "", *parts]), "calls.json": text_of(beside) + "\n"}, found)


def gates(tool: ToolPolicy) -> tuple[str, ...]:
    """Every gate that a call of a tool may need."""
    asked = [tool.gate, *(rule.gate for rule in tool.rules)]
    return tuple(sorted({gate for gate in asked if gate is not None}))


def verdict_of(allowed: Callable[[Iterable[str]], bool], asked: Iterable[str]) -> tuple[Effect, tuple[str, ...]]:
    """The effect and the gates of a call, by asking Cedar.

    Args:
        allowed: whether Cedar allows the call with these gates approved.
        asked: the gates that the tool may need.
    """
    every = frozenset(asked)
    if allowed(()):
        return Effect.ALLOW, ()
    if not allowed(every):
        return Effect.DENY, ()
    return Effect.APPROVAL, tuple(sorted(gate for gate in every if not allowed(every - {gate})))


def request_of(
    engine: Engine, tool: str, args: Any, given: Mapping[str, Any] | None = None, approved: Iterable[str] = ()
) -> dict[str, Any]:
    """What Cedar is asked about a call: principal, action, resource and context, as JSON data.

    Args:
        engine: of the policy; it judges the input schema and fills in defaults.
        tool: as it was called.
        args: plain data.
        given: facts, time and history, by key of `conditions.Inputs`.
        approved: the gates that were met so far.
    """
    return {
        "principal": {"type": "Agent", "id": engine.policy.agent},
        "action": {"type": "Action", "id": tool},
        "resource": {"type": "Tool", "id": tool},
        "context": context_of(engine, tool, args, given, approved),
    }


def context_of(
    engine: Engine, tool: str, args: Any, given: Mapping[str, Any] | None = None, approved: Iterable[str] = ()
) -> dict[str, Any]:
    """The context of a call: every value tagged by its kind. What has no such form makes the call invalid, which
    denies it; a fact that has none is not given, which is unknown."""
    made: dict[str, Any] = {"valid": False, "args": _tagged({}, 0), "given": {}, "approved": sorted(approved)}
    for key, value in (given or {}).items():
        try:
            made["given"][key] = _tagged(value, 0)
        except _Untranslatable:
            continue
    made["given"] = {key: value for key, value in made["given"].items() if key not in RESERVED}
    try:
        value = parse(text_of(args))  # not as it is: keys may differ only by case
        if isinstance(value, dict):
            filled, valid = engine.prepared(tool, value)
            made |= {"args": _tagged(filled, 0), "valid": valid}
    except (Malformed, _Untranslatable):
        pass
    return made


class _Untranslatable(Exception):
    """A value that Cedar's data cannot hold."""


def _tagged(value: Any, depth: int) -> dict[str, Any]:
    if depth > MAX_DEPTH:
        raise _Untranslatable
    match value:
        case None:
            return {"null": True}
        case bool():
            return {"boolean": value}
        case str():
            return {"string": value, "size": len(value)}
        case int() | float():
            return _number(value)
        case list():
            made = [_tagged(each, depth + 1) for each in value]
            return {
                "list": {str(index): each for index, each in enumerate(made)},
                "size": len(made),
                "kinds": sorted({_kind(each) for each in value}),
                "strings": [each for each in value if isinstance(each, str)],
                "numbers": [_number(each) for each in value if _kind(each) == "number"],
                "booleans": [each for each in value if isinstance(each, bool)],
            }
        case dict():
            if RESERVED & value.keys():
                raise _Untranslatable
            held = {key: _tagged(each, depth + 1) for key, each in value.items()}
            return {"object": held, "size": len(held), "keys": sorted(value)}
        case _:
            raise _Untranslatable


def _number(value: int | float) -> dict[str, Any]:
    floor, exact = millionths(value)
    whole, rest = divmod(floor, MICRO)
    if not exact or not INT64_MIN <= whole <= INT64_MAX:
        raise _Untranslatable
    return {"whole": whole, "millionths": rest}


def _kind(value: Any) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case str():
            return "string"
        case list():
            return "list"
        case dict():
            return "object"
        case _:
            return "number"


# -- one tool ----------------------------------------------------------------------------------------------


def _tool(policy: Policy, tool: ToolPolicy, zone: str | None, gaps: list[Gap]) -> str:
    title = f"// {_line(tool.name)}: {tool.tier.value}"
    if never := [pattern for each in policy.never for pattern in each.patterns if matches(pattern, tool.name)]:
        return f"{title}; never: {_line(', '.join(never))}. Nothing permits it.\n"
    terms = Terms(_numbers(policy, tool), gaps)

    def term(condition: Condition, where: str) -> Pair:
        tree = zoned(bound(condition, tool=tool.name, agent=policy.agent), zone)
        return terms.condition(tree, f"{tool.name}: {where}")

    clauses = [("// its arguments are well formed and satisfy its input schema", "context.valid")]
    if tool.gate is not None:
        waived = "false" if tool.unless is None else term(tool.unless, "unless").true
        said = "" if tool.unless is None else f", unless: {tool.unless.text}"
        clauses.append((f"// approval of {tool.gate}{said}", disj(waived, _approved(tool.gate))))
    # Where a rule does not apply: `when` where it is false, `only_if` where it is true.
    released = {
        rule.id: found.false if rule.form is When.WHEN else found.true
        for rule in tool.rules
        for found in [term(rule.condition, rule.id)]
    }
    tiers = _tiers(tool, released)
    for rule in tool.rules:
        effect = _effect(tool, rule)
        if effect is Effect.ALLOW:
            continue
        free = disj(released[rule.id], neg(_concerns(rule, tiers)))
        clauses.append((
            f"// {rule.id}, {rule.form.value}: {rule.condition.text}",
            free if effect is Effect.DENY or rule.gate is None else disj(free, _approved(rule.gate)),
        ))  # fmt: skip
    written = "\n".join(f"{_line(comment)}\nwhen {{ {clause} }}" for comment, clause in clauses)
    return (
        f"{title}\n@id({text(tool.name)})\n"
        f"permit (principal == Agent::{text(policy.agent)}, action == Action::{text(tool.name)}, resource)\n"
        f"{written};\n"
    )


def _effect(tool: ToolPolicy, rule: Rule) -> Effect:
    """What a rule asks for; what cannot be undone needs somebody's word (`policy.verdict`)."""
    raised = rule.effect is Effect.ALLOW and rule.tier is Tier.IRREVERSIBLE
    return Effect.DENY if raised and tool.gate is None and not tool.autonomous else rule.effect


def _tiers(tool: ToolPolicy, released: Mapping[str, str]) -> dict[Tier, str]:
    """Where a call counts as of a tier: the written one, and those that rules raise it to, over as many rounds as
    there are tiers."""
    found = {tier: "true" if tier is tool.tier else "false" for tier in Tier}
    for _ in Tier:
        found = {
            tier: disj(held, *(
                conj(neg(released[rule.id]), _concerns(rule, found)) for rule in tool.rules if rule.tier is tier
            ))
            for tier, held in found.items()
        }  # fmt: skip
    return found


def _concerns(rule: Rule, tiers: Mapping[Tier, str]) -> str:
    return disj(*(tiers[tier] for tier in rule.tiers)) if rule.tiers else "true"


def _approved(gate: str) -> str:
    return f"context.approved.contains({text(gate)})"


def _numbers(policy: Policy, tool: ToolPolicy) -> frozenset[str]:
    """Places of which the input schema or a fact's declaration says that they are numbers."""
    found = {
        f"{fact.name}.{field.name}"
        for fact in policy.facts.values()
        for field in fact.fields
        if field.kind in ("number", "integer")
    }
    schema = read(tool.schema) if tool.schema is not None else True
    if isinstance(schema, dict):
        for key, each in schema.get("properties", {}).items():
            kinds = each.get("type") if isinstance(each, dict) else None
            if kinds in ("number", "integer") or (isinstance(kinds, list) and "string" not in kinds):
                found.add(f"args.{key}")
    return frozenset(found)


def _line(said: object) -> str:
    """Text of the charter as part of a comment, which ends with its line."""
    return "".join(char if char.isprintable() else " " for char in str(said))
