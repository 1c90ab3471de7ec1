"""The hard set: 100 tools, 66 rules with lists, objects, patterns, paths and sums, arguments of about 178 bytes.

Seeded; a few in a hundred arguments are odd (missing, null, of another kind), so that 2 to 3 % of the calls meet a
condition that is unknown. Every rule is written three times: as a charter says it, as one would write it in Python
(an exception means that the rule applies), and as one would write it in SQL (NULL means that it applies). The two by
hand are exact for what the generator makes, not for every JSON text.
"""

from __future__ import annotations

import json
import random
import re
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from govern.charter.load import charter_or_raise, load_text
from govern.compile.lower import lower
from govern.policy.model import Policy

from .easy import FIRST_NS, STEP_NS
from .hard_rules import EACH, FAMILIES, Rule
from .hard_schemas import SCHEMAS

TEMPLATES = 200_000  # different arguments; each row has its own `ref` beside
_REF = "r00000000"
_ODD = 0.041  # of the calls

TOOLS = [f"{family.name}_{index}" for family in FAMILIES for index in range(EACH)]
# The last tool of every family asks by itself; the one before it only reads.
_TIERS = {EACH - 1: "tier: irreversible, approval: {ask: lead}", EACH - 2: "tier: read_only"}


def charter(schemas: bool = False) -> str:
    """The set's charter, as YAML.

    Args:
        schemas: whether every tool has an input schema (JSON is YAML).
    """
    lines = [
        "govern: 1", "agent: hard", "version: 1", "purpose: Works with ten systems, for measuring.", "owner: lead",
        "roles: [lead]", "approvals:", "  lead: {roles: [lead], if_no_answer: [{after: 4h, then: deny}]}", "tools:",
    ]  # fmt: skip
    for family in FAMILIES:
        for index in range(EACH):
            authority = _TIERS.get(index, "tier: reversible")
            described = f", input: {json.dumps(SCHEMAS[family.name])}" if schemas else ""
            lines.append(f"  {family.name}_{index}: {{{authority}{described}}}")
    lines.append("rules:")
    for family in FAMILIES:
        for index, rule in enumerate(family.rules):
            effect = "deny" if rule.effect == "deny" else "{approval: lead}"
            tools = ", ".join(f"{family.name}_{tool}" for tool in rule.tools)
            then = "then" if rule.form == "when" else "otherwise"
            lines += [
                f"  - id: {family.name}-{index}", f"    tools: [{tools}]", f"    {rule.form}: {json.dumps(rule.cel)}",
                f"    {then}: {effect}", "    because: Looked at, for measuring.",
            ]  # fmt: skip
    return "\n".join(lines) + "\n"


@cache
def policy(schemas: bool = False) -> Policy:
    """The policy of the set, with input schemas or without."""
    return lower(charter_or_raise(load_text(charter(schemas), "hard.yaml"), "hard.yaml"))


def calls(count: int, seed: int = 1) -> list[tuple[str, dict[str, Any]]]:
    """Some calls as Python data, tools in no order."""
    rng = random.Random(seed)
    made = []
    for _ in range(count):
        family = FAMILIES[rng.randrange(len(FAMILIES))]
        args = family.args(rng)
        args["ref"] = f"r{rng.randrange(10**8):08d}"
        if rng.random() < _ODD:
            _make_odd(rng, args, family.odd)
        made.append((f"{family.name}_{rng.randrange(EACH)}", args))
    return made


def _make_odd(rng: random.Random, args: dict[str, Any], keys: Sequence[str]) -> None:
    key = rng.choice(keys)
    match rng.randrange(3):
        case 0:
            del args[key]
        case 1:
            args[key] = None
        case _:
            args[key] = "n/a" if isinstance(args[key], int | float) else 7


def fill(con: duckdb.DuckDBPyConnection, rows: int, sorted: bool = False, seed: int = 1) -> None:
    """The table `calls(event_id, tool, args, ts_ns, trace_id)`, no two arguments alike; canonical JSON text.

    Args:
        rows: how many.
        sorted: by tool and then as in the file; otherwise as in the file.
    """
    con.register("gb_templates", _templates(min(rows, TEMPLATES), seed))
    con.execute(f"""
        CREATE OR REPLACE TABLE calls AS
        SELECT i AS event_id, t.tool, t.head || printf('r%08d', i) || t.tail AS args,
               {FIRST_NS} + i * {STEP_NS} AS ts_ns, printf('t%07d', i // 20) AS trace_id
        FROM range({rows}) r(i) JOIN gb_templates t ON t.k = i % {min(rows, TEMPLATES)}
        ORDER BY {"tool, " if sorted else ""}i""")
    con.unregister("gb_templates")


@cache
def _templates(count: int, seed: int) -> pa.Table:
    tools, heads, tails = [], [], []
    for tool, args in calls(count, seed):
        args["ref"] = _REF
        head, _, tail = text(args).partition(_REF)
        tools.append(tool)
        heads.append(head)
        tails.append(tail)
    return pa.table({"k": pa.array(range(count), pa.int64()), "tool": tools, "head": heads, "tail": tails})


def text(args: dict[str, Any]) -> str:
    """Canonical JSON of what the generator makes: short ASCII keys, no number that is written in two ways."""
    return json.dumps(args, sort_keys=True, separators=(",", ":"))


# -- by hand, in Python --

_PATTERNS = {
    "EXE": "[.](exe|js)$", "NAMED": "^[a-z]+[.][a-z]+@", "IBAN": "^[A-Z]{2}[0-9]{2}[A-Z0-9]{10,26}$",
    "ENV": "[.]env$", "DROP": r"(?i)\b(drop|truncate)\b", "FORCE": "^--force", "V12": "/v[12]/[a-m]",
    "LATE": "late|change", "IMAGE": "^registry[.]corp[.]com/[a-z]+:[0-9.]+$", "PHONE": "^[+]49 [0-9 ]+$",
    "ORDER": "(invoice|order)", "HOST": "^https?://([^/]+)/",
}  # fmt: skip
_ODD_SHAPES = (KeyError, TypeError, AttributeError, IndexError)


def _list_of(key: str) -> Callable[[dict[str, Any]], list[Any]]:
    def get(args: dict[str, Any]) -> list[Any]:
        found = args[key]
        if type(found) is not list:
            raise TypeError(key)
        return found

    return get


def python_by_hand() -> str:
    """The source of one function a tool: denials first, then approvals, then the tool's own authority."""
    lines = []
    for family in FAMILIES:
        for index in range(EACH):
            lines.append(f"def {family.name}_{index}(a):")
            for effect in ("deny", "approval"):
                for rule in family.rules:
                    if index in rule.tools and rule.effect == effect:
                        test = rule.python if rule.form == "when" else f"not ({rule.python})"
                        lines += ["    try:", f"        if {test}:", f"            return {effect!r}",
                                  "    except ODD:", f"        return {effect!r}"]  # fmt: skip
            lines.append(f"    return {'approval' if index == EACH - 1 else 'allow'!r}")
    return "\n".join(lines)


def _functions() -> dict[str, Callable[[dict[str, Any]], str]]:
    scope: dict[str, Any] = {name: re.compile(pattern).search for name, pattern in _PATTERNS.items()}
    scope |= {"ODD": _ODD_SHAPES, "argv": _list_of("argv"), "labels": _list_of("labels")}
    exec(compile(python_by_hand(), "<by hand>", "exec"), scope)
    return {name: scope[name] for name in TOOLS}


BY_HAND = _functions()


def by_hand(tool: str, args: dict[str, Any]) -> str:
    """What an engineer would write for one call."""
    return BY_HAND[tool](args)


def main(file: str) -> None:
    """Decides the calls of a file by hand (a line: tool, tab, JSON text) and prints the counts and the seconds."""
    texts = [line.split("\t", 1) for line in Path(file).read_text("utf-8").splitlines()]
    start = time.perf_counter()
    found: Counter[str] = Counter()
    loads = json.loads
    for tool, text in texts:
        found[BY_HAND[tool](loads(text))] += 1
    print(json.dumps({"counts": found, "seconds": time.perf_counter() - start}))


# -- by hand, in SQL --


def sql_by_hand(source: str = "calls") -> str:
    """Counts by verdict of the table `calls`, as an engineer would write it."""
    whens = []
    for family in FAMILIES:
        for index in range(EACH):
            tests = [
                f"WHEN {_applies(rule)} THEN '{effect}'"
                for effect in ("deny", "approval")
                for rule in family.rules
                if index in rule.tools and rule.effect == effect
            ]  # fmt: skip
            if tests:
                whens.append(f"WHEN '{family.name}_{index}' THEN CASE {' '.join(tests)} ELSE 'allow' END")
            elif index == EACH - 1:
                whens.append(f"WHEN '{family.name}_{index}' THEN 'approval'")
    return (
        f"SELECT CASE tool {' '.join(whens)} ELSE 'allow' END AS verdict, count(*) FROM {source} GROUP BY 1 ORDER BY 1"
    )


def _applies(rule: Rule) -> str:
    return f"coalesce({rule.sql}, TRUE)" if rule.form == "when" else f"NOT coalesce({rule.sql}, FALSE)"


if __name__ == "__main__":
    main(sys.argv[1])
