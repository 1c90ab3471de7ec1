"""The easy set: 30 tools, 12 rules, arguments of about 46 bytes, seeded; and what one would write by hand."""

from __future__ import annotations

import random
from typing import Any

import duckdb

from govern.charter.load import charter_or_raise, load_text
from govern.compile.lower import lower
from govern.policy.model import Policy

TOOLS = [f"tool_{index:02d}" for index in range(30)]
RULED = TOOLS[:12]
FIRST_NS = 1_767_225_600 * 10**9  # 2026-01-01
STEP_NS = 10_000_001  # no two calls are a whole second apart: no window ends on a call

CHARTER = (
    """govern: 1
agent: easy
version: 1
purpose: Moves money and words, for measuring.
owner: lead
roles: [lead]
approvals:
  lead: {roles: [lead], if_no_answer: [{after: 4h, then: deny}]}
tools:
"""
    + "".join(f"  {name}: {{tier: reversible}}\n" for name in TOOLS)
    + "rules:\n"
    + "".join(
        f'  - {{id: large-{index}, tools: [{name}], when: "args.amount > 500", '
        f"then: {{approval: lead}}, because: Large amounts are looked at.}}\n"
        if index % 2 == 0
        else f"  - {{id: inside-{index}, tools: [{name}], only_if: \"args.to.endsWith('@corp.com')\", "
        f"otherwise: deny, because: Nothing leaves the house.}}\n"
        for index, name in enumerate(RULED)
    )
)


def policy() -> Policy:
    """The policy of the set."""
    return lower(charter_or_raise(load_text(CHARTER, "easy.yaml"), "easy.yaml"))


def calls(count: int, seed: int = 1) -> list[tuple[str, dict[str, Any]]]:
    """Some calls as Python data, for one decision at a time."""
    rng = random.Random(seed)
    return [
        (
            rng.choice(TOOLS),
            {
                "amount": rng.randint(1, 1000),
                "c": "EUR",
                "to": f"user{rng.randint(0, 99):02d}@{rng.choice(['corp.com', 'else.org'])}",
            },
        )
        for _ in range(count)
    ]


def fill(con: duckdb.DuckDBPyConnection, rows: int, sorted: bool = False) -> None:
    """The table `calls(event_id, tool, args, ts_ns, trace_id)`, made in DuckDB from a seed; canonical JSON text.

    Args:
        rows: how many.
        sorted: by tool and then as in the file; otherwise as in the file.
    """
    con.execute(f"""
        CREATE OR REPLACE TABLE calls AS
        SELECT i AS event_id, printf('tool_%02d', (hash(i) % 30)::INT) AS tool,
               printf('{{"amount":%d,"c":"EUR","to":"user%02d@%s"}}',
                      1 + (hash(i * 7) % 1000)::INT, (hash(i * 3) % 100)::INT,
                      CASE WHEN hash(i * 5) % 2 = 0 THEN 'corp.com' ELSE 'else.org' END) AS args,
               {FIRST_NS} + i * {STEP_NS} AS ts_ns, printf('t%07d', i // 20) AS trace_id
        FROM range({rows}) t(i) ORDER BY {"tool, " if sorted else ""}i""")


def by_hand(tool: str, args: dict[str, Any]) -> str:
    """What an engineer would write for one call, exact only for well-behaved arguments."""
    index = int(tool[5:])
    if index < 12:
        if index % 2 == 0:
            return "approval" if args["amount"] > 500 else "allow"
        return "allow" if args["to"].endswith("@corp.com") else "deny"
    return "allow"


BY_HAND_SQL = """
SELECT CASE WHEN tool IN ({large})
            THEN CASE WHEN CAST(args->>'$.amount' AS BIGINT) > 500 THEN 'approval' ELSE 'allow' END
            WHEN tool IN ({inside}) THEN CASE WHEN args->>'$.to' LIKE '%@corp.com' THEN 'allow' ELSE 'deny' END
            ELSE 'allow' END AS verdict, count(*) FROM calls GROUP BY 1 ORDER BY 1
""".format(large=", ".join(f"'{name}'" for name in RULED[::2]), inside=", ".join(f"'{name}'" for name in RULED[1::2]))
