"""Random policies over the whole language, and the charters that say them.

`whole` makes a policy as the engines take it; `charter_of` writes the charter that means it, which `loaded` must read
as that very policy. So composition aside, all that stands between a file and a decision is on the way.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from govern.charter.load import load_text
from govern.compile.lower import lower
from govern.conditions import Condition, ConditionError, Scope, parse_condition
from govern.events.canonical import text_of
from govern.policy.derive import written
from govern.policy.document import scope_of, sealed
from govern.policy.model import (
    AfterReading,
    Deadline,
    Effect,
    Fact,
    FactField,
    Gate,
    Limit,
    Never,
    Policy,
    Rule,
    Tier,
    ToolPolicy,
    Untrusted,
    When,
)

from .generate import quote
from .outside import Outside

AGENT = "agent-a"
TOOLS = ["refund", "send_email", "get_order", "srv/delete_repo", "run"]
ODD = "a'b"  # no charter can name it; a log can
GATES = ("lead", "finance", "owner")
_TEXT = ("id", "email")

# Closed, as the charter closes them; with what a call may leave out, what it may not, and what is filled in.
SCHEMAS: list[dict[str, Any]] = [
    {"type": "object", "properties": {"a": {"type": "number"}, "to": {"type": "string"}}, "additionalProperties": True},
    {"type": "object", "required": ["a"], "additionalProperties": True},
    {"type": "object", "properties": {"xs": {"type": "array", "items": {"type": "string"}}}},
    {"type": "object", "properties": {"a": {"type": "number", "default": 7}, "to": {"type": "string", "default": "a"}},
     "additionalProperties": True},
    {"type": "object", "additionalProperties": True, "properties": {
        "b": {"default": "main"}, "o": {"type": "object", "additionalProperties": True, "default": {"to": "ok"},
                                         "properties": {"a": {"default": 2}}}}},
]  # fmt: skip


def facts(rng: random.Random) -> dict[str, Fact]:
    """Facts of the session and of results, some found by others, by the call's arguments and by the result itself."""
    kinds = {
        "status": ("string", ("paid", "delivered", "returned")), "total": ("number", ()),
        "count": ("integer", (1, 2, 3)),
        "open": ("boolean", ()), "created": ("timestamp", ()), "items": ("list", ()), "address": ("object", ()),
        "note": ("string", ()),
    }  # fmt: skip
    of_call = rng.random() < 0.3
    paths = {"note": rng.choice(["result.note", "call.to" if of_call else "result.o.to", "result.xs[0]"])}
    if of_call and rng.random() < 0.3:
        kinds, paths = {"note": ("string", ())}, {"note": "call.to"}
    where = rng.choice(
        [
            (), (("to", "args.to"),), (("to", "args.to"),), (("result.to", "args.to"),), (("b", "args.b"),),
            (("b", "args.b"), ("result.to", "args.o.to")), (("to", "customer.id"),), (("a", "args.xs[0]"),),
        ]
    )  # fmt: skip
    sources = tuple(rng.sample(["get_order", "refund", "run"], rng.choice([1, 1, 2])))
    fields = tuple(FactField(name, *kind, paths.get(name, f"result.{name}")) for name, kind in sorted(kinds.items()))
    made = {
        "customer": Fact(
            "customer", (), (), False,
            (
                FactField("id", "string", (), ""), FactField("level", "integer", (1, 2), ""),
                FactField("since", "timestamp", (), ""),
            ),
        ),
        "order": Fact("order", sources, where, rng.random() < 0.3, fields),
    }  # fmt: skip
    if rng.random() < 0.5:
        by = rng.choice([(("to", "order.note"),), (("result.note", "order.note"),), (("to", "customer.id"),)])
        owner = (FactField("id", "string", (), "result.to"), FactField("total", "number", (), "result.total"))
        made["account"] = Fact("account", ("run",), by, rng.random() < 0.3, owner)
    return made


class Everything(Outside):
    """Writes conditions that may read all that a rule can."""

    def truth(self, depth: int, names: tuple[str, ...]) -> str:
        rng = self.rng
        if rng.random() > 0.2:
            return super().truth(depth, names)
        tool = rng.choice(["tool", *(quote(each) for each in TOOLS)])
        return rng.choice(
            [
                lambda: f"{rng.choice(['calls', 'succeeded'])}({tool}) {self.op()} {rng.choice([0, 1, 2, 3])}",
                lambda: f"calls({tool}) - succeeded({tool}) {self.op()} {rng.choice(['1', 'args.a', 'order.count'])}",
                lambda: f"customer.id {rng.choice(['==', '!='])} {rng.choice(['order.note', 'args.to', 'args.o.to'])}",
                lambda: f"customer.level {self.op()} {rng.choice(['1', 'order.count', 'args.a'])}",
                lambda: f"account.id == {rng.choice(['args.to', 'customer.id'])}",
                lambda: f"account.total {self.op()} args.a",
                lambda: f"has({rng.choice(['account.id', 'customer.id', 'order.note', 'order.status'])})",
                lambda: f"!has(order.status) || order.total {self.op()} args.a",
                lambda: f"tool {rng.choice(['==', '!='])} {tool.replace('tool', quote('run'))}",
                lambda: f"agent == '{AGENT}' && args.a {self.op()} 5",
            ]
        )()


def condition(rng: random.Random, scope: Scope) -> Condition:
    writer = Everything(rng)
    while True:
        try:
            return parse_condition(writer.text(), scope)
        except ConditionError:
            continue


def whole(rng: random.Random) -> Policy:
    """A policy that may use all of the language."""
    declared = facts(rng)
    odd = rng.random() < 0.3
    names = [
        "get_order",
        "run",
        "refund",
        *rng.sample(TOOLS[1:2] + TOOLS[3:4], rng.randint(0, 2)),
        *([ODD] if odd else []),
    ]
    scope = Scope(scope_of(declared).facts, tools=tuple(names))
    tools = {name: _tool(rng, name, scope) for name in names}
    for index in range(rng.choice([0, 1, 2, 3])):
        shared = _rule(rng, f"all-{index}", scope, shared=True)
        for name in rng.sample(names, rng.randint(1, len(names))):
            tools[name] = replace(tools[name], rules=(*tools[name].rules, shared))
    untrusted = None
    if rng.random() < 0.6:
        after = tuple(
            AfterReading(
                f"read-{index}", _some(rng, names), _tiers(rng, 0.2),
                condition(rng, scope) if rng.random() < 0.5 else None,
                *_effect(rng), "because",
            )
            for index in range(rng.randint(0, 2))
        )  # fmt: skip
        untrusted = Untrusted(tuple(rng.sample(names, rng.randint(1, 3))), "flag", after)
        if ODD in untrusted.trusted:
            untrusted = replace(untrusted, trusted=("run",))
    never = (Never((rng.choice(["delete_*", "run", "send_?mail", "zzz", "ref*d"]),), "x"),)
    return sealed(
        Policy(
            AGENT, 1, "p", "lead", ("lead",),
            {name: Gate(name, ("lead",), 1, (Deadline(3600, then=Effect.DENY),)) for name in GATES},
            tools,
            never if rng.random() < 0.2 else (),
            declared,
            tuple(limit(rng, f"limit-{index}", names, declared) for index in range(rng.choice([0, 1, 2, 3, 5]))),
            untrusted,
        )
    )  # fmt: skip


def _tool(rng: random.Random, name: str, scope: Scope) -> ToolPolicy:
    gate = rng.choice([None, None, "lead", "finance"])
    tier = Tier.IRREVERSIBLE if gate else rng.choice([*Tier])
    own = re.sub("[^a-z]", "-", name)
    return ToolPolicy(
        name, tier, gate=gate,
        unless=condition(rng, scope) if gate and rng.random() < 0.6 else None,
        autonomous="it is safe" if gate is None and tier is Tier.IRREVERSIBLE else None,
        schema=text_of({"additionalProperties": False, **rng.choice(SCHEMAS)}) if rng.random() < 0.35 else None,
        rules=tuple(_rule(rng, f"{own}-{index}", scope) for index in range(rng.choice([0, 1, 1, 2, 4]))),
    )  # fmt: skip


def _rule(rng: random.Random, id: str, scope: Scope, *, shared: bool = False) -> Rule:
    tiers = _tiers(rng, 0.4) if shared else ()
    effect, gate, tier = _effect(rng)
    return Rule(id, rng.choice(list(When)), condition(rng, scope), effect, gate, "because", tier, tiers)


def _effect(rng: random.Random) -> tuple[Effect, str | None, Tier | None]:
    if rng.random() < 0.25:
        gate = rng.choice([None, "owner"])
        return (Effect.APPROVAL if gate else Effect.ALLOW), gate, rng.choice([Tier.REVERSIBLE, Tier.IRREVERSIBLE])
    effect = rng.choice([Effect.DENY, Effect.APPROVAL, Effect.APPROVAL])
    return effect, rng.choice(GATES) if effect is Effect.APPROVAL else None, None


def _tiers(rng: random.Random, chance: float) -> tuple[Tier, ...]:
    return tuple(rng.sample(list(Tier), rng.randint(1, 2))) if rng.random() < chance else ()


def _some(rng: random.Random, names: list[str]) -> tuple[str, ...]:
    return tuple(sorted(rng.sample(names, rng.randint(1, len(names)))))


WORDS = ["agent", "session", "trace", "tool"]
PLACES = [
    "args.to",
    "args.to",
    "args.o.to",
    "args.b",
    "args.xs[0]",
    "order.note",
    "order.status",
    "customer.id",
    "customer.level",
]


def limit(rng: random.Random, id: str, names: list[str], declared: Mapping[str, Fact]) -> Limit:
    """Every span, by all that is counted, for each of every kind of key, of calls or of a sum."""
    sum = rng.choice([None, None, "args.a", "args.b", "args.o.a"])
    most = (
        rng.choice([0, 1, 1, 2, 3, 1.5])
        if sum is None
        else rng.choice([0, 0.3, 1, 500, 750.5, 1504.1, 10**16, 2**53 + 1])
    )
    span = rng.choice(["trace", "trace", "day", "forever", None, None])
    known = [place for place in PLACES if place.split(".")[0] in ("args", *declared)]
    known = [
        place
        for place in known
        if place[:6] != "order." or any(f"order.{f.name}" == place for f in declared["order"].fields)
    ]
    each = tuple(
        dict.fromkeys(rng.choices(WORDS, k=rng.choice([0, 1, 2])) + rng.choices(known, k=rng.choice([0, 0, 1, 1, 2])))
    )
    return Limit(
        id, _some(rng, names), _tiers(rng, 0.2), sum, most,
        None if span else rng.choice([1, 1, 2, 2, 5, 5, 3600, 86400]), span,
        each, rng.choice(["proposed", "executed", "succeeded"]), *_effect(rng), "because",
    )  # fmt: skip


# -- as a charter ----------------------------------------------------------------------------------------


def charter_of(policy: Policy) -> str | None:
    """The text of a charter that means a policy made by `whole`; None where no charter can."""
    if ODD in policy.tools or any(map(_is_refused, policy.tools.values())):
        return None
    own = {name: [rule for rule in written(tool) if not _is_shared(rule)] for name, tool in policy.tools.items()}
    shared = {rule.id: rule for tool in policy.tools.values() for rule in written(tool) if _is_shared(rule)}
    document: dict[str, Any] = {
        "govern": 1, "agent": policy.agent, "version": policy.version, "purpose": policy.purpose, "owner": policy.owner,
        "roles": list(policy.roles),
        "approvals": {
            name: {"roles": list(gate.roles), "if_no_answer": [{"after": "1h", "then": "deny"}]}
            for name, gate in policy.gates.items()
        },
        "facts": {name: _said_fact(fact) for name, fact in policy.facts.items()},
        "tools": {name: _said_tool(tool, own[name]) for name, tool in policy.tools.items()},
        "rules": [
            {**_of(tuple(n for n, t in policy.tools.items() if rule in t.rules), rule.tiers), **_said_rule(rule)}
            for _, rule in sorted(shared.items())
        ],
        "limits": [_said_limit(limit) for limit in policy.limits],
        "never": [{"tools": list(never.patterns), "because": never.because} for never in policy.never],
    }  # fmt: skip
    if policy.untrusted is not None:
        document["untrusted"] = {
            "trusted": list(policy.untrusted.trusted),
            "on_instructions": policy.untrusted.on_instructions,
            "after_reading": [
                {
                    "id": each.id, **_of(each.tools, each.tiers),
                    **({"unless": each.unless.text} if each.unless else {}),
                    "then": _said_effect(each), "because": each.because,
                }
                for each in policy.untrusted.after_reading
            ],
        }  # fmt: skip
    kept = {key: value for key, value in document.items() if value not in ([], {})}
    if "untrusted" in kept and not kept["untrusted"]["after_reading"]:
        del kept["untrusted"]["after_reading"]
    text = json.dumps(kept, ensure_ascii=False, indent=1)
    return re.sub(r"[^\n\x20-\x7e]", lambda found: f"\\U{ord(found[0]):08x}", text)


def _is_refused(tool: ToolPolicy) -> bool:
    """Whether a rule of a tool's own makes it irreversible with nobody asked: an error of the charter."""
    own = [rule for rule in written(tool) if not _is_shared(rule)]
    free = tool.gate is None and tool.autonomous is None
    return free and any(rule.tier is Tier.IRREVERSIBLE and rule.gate is None for rule in own)


def loaded(text: str) -> Policy:
    """The policy that a charter's text means."""
    found = load_text(text)
    assert found.charter is not None, found.findings
    return lower(found.charter)


def _is_shared(rule: Rule) -> bool:
    return rule.id.startswith("all-")


def _of(tools: tuple[str, ...], tiers: tuple[Tier, ...]) -> dict[str, Any]:
    return {"tools": list(tools), **({"tiers": [tier.value for tier in tiers]} if tiers else {})}


def _said_effect(of: Rule | Limit | AfterReading) -> Any:
    if of.effect is Effect.DENY:
        return "deny"
    return {**({"tier": of.tier.value} if of.tier else {}), **({"approval": of.gate} if of.gate else {})}


def _said_rule(rule: Rule) -> dict[str, Any]:
    keys = ("when", "then") if rule.form is When.WHEN else ("only_if", "otherwise")
    return {"id": rule.id, keys[0]: rule.condition.text, keys[1]: _said_effect(rule), "because": rule.because}


def _said_fact(fact: Fact) -> dict[str, Any]:
    source: Any = "session"
    if fact.result_of:
        source = {"result_of": list(fact.result_of), **({"where": dict(fact.where)} if fact.where else {})}
    fields = {
        field.name: {
            "type": field.kind,
            **({"enum": list(field.values)} if field.values else {}),
            **({"path": field.path} if field.path else {}),
        }
        for field in fact.fields
    }
    return {"from": source, **({"take": "first"} if fact.first else {}), "fields": fields}


def _said_tool(tool: ToolPolicy, rules: list[Rule]) -> dict[str, Any]:
    said: dict[str, Any] = {"tier": tool.tier.value}
    if tool.gate is not None:
        said["approval"] = {"ask": tool.gate, **({"unless": tool.unless.text} if tool.unless else {})}
    if tool.autonomous is not None:
        said["autonomous"] = {"because": tool.autonomous}
    if tool.schema is not None:
        said["input"] = json.loads(tool.schema)
    if rules:
        said["rules"] = [_said_rule(rule) for rule in rules]
    return said


def _said_limit(limit: Limit) -> dict[str, Any]:
    within = limit.span if limit.within_s is None else f"{limit.within_s}s"
    return {
        "id": limit.id, **_of(limit.tools, limit.tiers), **({"sum": limit.sum} if limit.sum else {}), "max": limit.max,
        "within": within, **({"for_each": list(limit.for_each)} if limit.for_each else {}), "counts": limit.counts,
        "otherwise": _said_effect(limit), "because": limit.because,
    }  # fmt: skip
