"""Features of the language by name: those that there are, out of the vocabulary and the words, and those charters use.

A feature is a key of a level, a word it may have, a way to write it, an operator or function of conditions, a keyword
of a schema, or a combination of what a limit says. Leaves out what cannot change a verdict, with the reason.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import product
from pathlib import Path
from typing import Any, Final

import yaml

from govern.charter import vocabulary as v
from govern.charter.input_schema import _NOTES, DEFAULT, KEYWORDS
from govern.charter.kinds import (
    Duration,
    Effect,
    Either,
    Kind,
    Level,
    ListOf,
    MapOf,
    Nested,
    OneOf,
    PathText,
    SchemaText,
    Tools,
    Truth,
)  # fmt: skip
from govern.charter.words import groups
from govern.conditions.inputs import ORIGINS
from govern.conditions.kinds import SUMS
from govern.conditions.tree import Call, Field, Has, Item, ListLit, Lit, Macro, Name, Node, walk
from govern.policy.model import Limit, Policy, Reason

DECIDES: Final = (v.LOADER, v.DECISION, v.HISTORY, v.COMPOSED)
# What enforces a key, and why a recorded call's verdict does not hang on it.
NOT_DECIDING: Final = {
    v.BOUNDARY: "concerns what a boundary does with results, credentials and people, after the verdict",
    v.GATE_STORE: "concerns how a gate is answered, once a verdict asks it",
    v.SIGN_OFF: "concerns when an agent may go into production",
    v.TESTS: "is an expectation, held against verdicts",
    v.REPORTS: "is shown to people",
    "the bundle's manifest": "names a text",
}
# Levels whose keys would decide, and do not here.
NOT_A_CHARTERS: Final = dict.fromkeys(
    ("DEPLOYMENT", "HELD", "CHANNEL", "SECRET", "MODE", "SHADOW_MODE", "CALENDAR"),
    "stands in the deployment file, of which the zone alone decides: it is a setting of the replays",
) | dict.fromkeys(
    ("SUITE", "CASE", "ROW", "TOLD", "SESSION", "EXPECTED", "TEST_STEP", "PERSON", "OUTCOME"),
    "stands in a test suite, which is held against verdicts",
)
NOT_IN_CONDITIONS: Final = {
    "record": "exists in `records` alone, which a boundary enforces",
    "result": "exists in `show_only_if` alone, which a boundary enforces",
}
REFUSED: Final = {"EFFECT.tier: read_only": "nothing is lower: the loader refuses to raise a tier to it"}
OPERATORS: Final = ("&&", "||", "!", "==", "!=", "<", "<=", ">", ">=", "in", "+", "-", "*", "neg", "?:")
OPERANDS: Final = ("field", "item", "written list", "null", "truth value", "number", "string")
FORMS: Final = ("deny", "approval", "tier", "approval+tier")
KEYED: Final = ("agent", "session", "trace", "tool", "argument", "fact")


# -- those that there are --------------------------------------------------------------------------------


def every() -> set[str]:
    """All features that a decision can depend on."""
    levels = {name: level for name, level in v.LEVELS.items() if name not in NOT_A_CHARTERS}
    keys = {feature for name, level in levels.items() for feature in _of_level(name, level)}
    names = {word.name for word in groups()["names in conditions"]} - NOT_IN_CONDITIONS.keys()
    functions = {word.name for word in groups()["functions"]} - {"url"}
    conditions = {*OPERATORS, *OPERANDS, *names, *functions, "url.host", "url.scheme", "url.path"}
    return {
        *keys,
        *(f"condition: {each}" for each in conditions),
        *(f"condition: {left} {fn} {right}" for fn, left, right in SUMS),
        *(f"condition: origin {word}" for word in ORIGINS),
        *(f"schema: {keyword}" for keyword in {*KEYWORDS, DEFAULT} - _NOTES),
        *_limits(v.COUNTS, KEYED, ("calls", "sum")),
    } - REFUSED.keys()


def _of_level(name: str, level: Level) -> Iterator[str]:
    for key in level.keys:
        if key.by in NOT_DECIDING:
            continue
        assert key.by in DECIDES, f"does `{name}.{key.name}` reach a verdict? nobody said: {key.by}"
        yield f"{name}.{key.name}"
        yield from _ways(f"{name}.{key.name}", key.value)


def _ways(at: str, kind: Kind) -> Iterator[str]:
    match kind:
        case ListOf(item):
            yield from _ways(at, item)
        case MapOf(_, value):
            yield from _ways(at, value)
        case Either(kinds):
            for each in kinds:
                yield f"{at} as {type(each).__name__}"
                yield from _ways(at, each)
        case OneOf(_, words):
            yield from (f"{at}: {word}" for word in words)
        case Truth():
            yield from (f"{at}: {value}" for value in (True, False))
        case Effect():
            yield from (f"{at}: {form}" for form in FORMS)
        case Tools():
            yield from (f"{at} by {way}" for way in ("name", "*", "?"))
        case PathText(roots, words):
            yield from (f"{at}: {word}" for word in words)
            yield from (f"{at} of {root}" for root in roots)


def _limits(counts: Iterable[str], keyed: Iterable[str], added: Iterable[str]) -> Iterator[str]:
    """Every span with every count, with and without a sum; and every pair of these with what is counted apart."""
    spans = ("duration", *v.SPANS)
    yield from (f"limit: {' '.join(each)}" for each in product(spans, counts, added))
    for key in keyed:
        yield from (f"limit: for each {key}, {other}" for other in (*spans, *counts, *added))


# -- those that are used ---------------------------------------------------------------------------------


def used(files: Iterable[Path], policies: Iterable[Policy]) -> set[str]:
    """The features of charters, bases and libraries, and of the policies that they mean."""
    found = {feature for file in files for feature in _in_file(yaml.safe_load(file.read_text("utf-8")))}
    for policy in policies:
        found |= {f"condition: {feature}" for tree in trees(policy) for feature in _in_tree(tree, policy)}
        found |= {feature for limit in policy.limits for feature in _in_limit(limit, policy)}
    return found


def _in_file(document: dict[str, Any]) -> Iterator[str]:
    level = next(level for key, level in v.KINDS_OF_FILE.items() if key in document)
    name = next(name for name, each in v.LEVELS.items() if each is level)
    yield from _written(name, Nested(name), document)


def _written(at: str, kind: Kind, value: Any) -> Iterator[str]:
    match kind:
        case Nested(name):
            for key, below in value.items():
                yield f"{name}.{key}"
                yield from _written(f"{name}.{key}", v.LEVELS[name].key(key).value, below)
        case ListOf(item):
            for each in value:
                yield from _written(at, item, each)
        case MapOf(_, each):
            for below in value.values():
                yield from _written(at, each, below)
        case Either(kinds):
            chosen = next(each for each in kinds if _fits(each, value))
            yield f"{at} as {type(chosen).__name__}"
            yield from _written(at, chosen, value)
        case OneOf() | Truth():
            yield f"{at}: {value}"
        case Effect():
            yield f"{at}: {'deny' if value == 'deny' else '+'.join(sorted(value))}"
            yield from (f"EFFECT.{key}" for key in value if value != "deny")
            if isinstance(value, dict) and "tier" in value:
                yield f"EFFECT.tier: {value['tier']}"
        case Tools():
            for each in value:
                yield from (f"{at} by {way}" for way in "*?" if way in each)
                if not re.search(r"[*?]", each):
                    yield f"{at} by name"
        case PathText(roots, words):
            root = re.split(r"[.\[]", value)[0]
            yield f"{at}: {value}" if value in words else f"{at} of {root if root in roots else 'facts'}"
        case SchemaText():
            yield from (f"schema: {keyword}" for keyword in _keywords(value))


def _fits(kind: Kind, value: Any) -> bool:
    match kind:
        case Nested():
            return isinstance(value, dict)
        case OneOf(_, words):
            return value in words
        case Duration():
            return isinstance(value, str) and value not in v.SPANS
        case _:
            return isinstance(value, str)


def _keywords(schema: Any) -> Iterator[str]:
    if isinstance(schema, list):
        for each in schema:
            yield from _keywords(each)
    if not isinstance(schema, dict):
        return
    for keyword, value in schema.items():
        yield keyword
        if keyword in ("properties", "patternProperties", "dependentSchemas", "$defs"):
            for each in value.values():
                yield from _keywords(each)
        elif keyword not in ("enum", "const", "default", "required", "dependentRequired"):
            yield from _keywords(value)


def trees(policy: Policy) -> Iterator[Node]:
    """Conditions as they were written."""
    for tool in policy.tools.values():
        if tool.unless is not None:
            yield tool.unless.tree
        yield from (rule.condition.tree for rule in tool.rules if rule.reason is Reason.RULE)
    for after in policy.untrusted.after_reading if policy.untrusted else ():
        if after.unless is not None:
            yield after.unless.tree


def _in_tree(tree: Node, policy: Policy) -> Iterator[str]:
    for node in walk(tree):
        match node:
            case Call(fn, operands):
                yield fn
                kinds = [_time(each, policy) for each in operands]
                if fn in ("+", "-") and None not in kinds:
                    yield f"{kinds[0]} {fn} {kinds[1]}"
                yield from (f"origin {word}" for word in _origins(node))
            case Macro(fn):
                yield fn
            case Has():
                yield "has"
            case Name(name):
                yield name
            case Field():
                yield "field"
            case Item():
                yield "item"
            case ListLit():
                yield "written list"
            case Lit(value):
                yield (
                    "null" if value is None else "truth value" if isinstance(value, bool)
                    else "string" if isinstance(value, str) else "number"
                )  # fmt: skip


def _origins(node: Call) -> Iterator[str]:
    """The words that an origin is compared with."""
    if node.fn in ("==", "!=", "in") and isinstance(node.operands[0], Call) and node.operands[0].fn == "origin":
        other = node.operands[1]
        words = other.items if isinstance(other, ListLit) else (other,)
        yield from (str(each.value) for each in words if isinstance(each, Lit))


def _time(node: Node, policy: Policy) -> str | None:
    """`timestamp` or `duration`; None of anything else."""
    match node:
        case Name("at") | Call("timestamp"):
            return "timestamp"
        case Call("duration"):
            return "duration"
        case Field(Name(fact), key) if fact in policy.facts:
            kinds = {field.name: field.kind for field in policy.facts[fact].fields}
            return "timestamp" if kinds[key] == "timestamp" else None
        case Call(fn, (left, right)):
            return SUMS.get((fn, str(_time(left, policy)), str(_time(right, policy))))
        case _:
            return None


def _in_limit(limit: Limit, policy: Policy) -> Iterator[str]:
    span, added = limit.span or "duration", "calls" if limit.sum is None else "sum"
    yield f"limit: {' '.join((span, limit.counts, added))}"
    for key in limit.for_each:
        word = key if key in v.KEYED_BY else "argument" if key.startswith("args.") else "fact"
        yield from (f"limit: for each {word}, {other}" for other in (span, limit.counts, added))
