"""Where values came from, in bulk: sessions of a prompt, a long result of an untrusted tool, and a call whose recipient
was typed, was read, or is the model's own. Figures are of text searched, a second, in one process.

By hand is `contains` in SQL over what was said: it finds the very letters only, and knows no words, no order of
writers, no other way of writing.
"""

from __future__ import annotations

import random
from collections import Counter

import duckdb
import pyarrow as pa

from govern.charter.load import charter_or_raise, load_text
from govern.compile.lower import lower
from govern.conditions.inputs import history_key
from govern.events.model import COLUMNS
from govern.policy.model import Policy
from govern.replay.origins import origins

from . import sets, stores
from .easy import FIRST_NS, STEP_NS
from .hard_args import WORDS
from .table import Line, Size, agree, side_by_side

RESULT = 32 * 1024  # characters of a result
MOST_SESSIONS = 2_000
KEY = history_key("origin", ("args", "to"))

CHARTER = """govern: 1
agent: origin
version: 1
purpose: Reads what others wrote and writes to people, for measuring.
owner: lead
roles: [lead]
tools:
  read: {tier: read_only}
  send:
    tier: reversible
    rules:
      - {id: named, only_if: "origin(args.to) == 'user'", otherwise: deny, because: The person names who is written to.}
"""

BY_HAND = """
SELECT CASE WHEN contains(r.content, s.to) THEN 'untrusted' WHEN contains(p.content, s.to) THEN 'user' ELSE 'none' END,
       count(*)
FROM (SELECT trace_id, args->>'$.to' AS to FROM events WHERE type = 'tool_call' AND tool = 'send') s
JOIN (SELECT trace_id, content FROM events WHERE type = 'tool_result') r USING (trace_id)
JOIN (SELECT trace_id, content FROM events WHERE type = 'prompt') p USING (trace_id)
GROUP BY 1
"""


def lines(size: Size) -> list[Line]:
    """One line."""
    sessions = max(10, min(size.rows // 500, MOST_SESSIONS))
    con = sets.connection()
    con.execute("SET threads = 1")
    length = fill(con, sessions) / 2**20
    policy = lower(charter_or_raise(load_text(CHARTER, "origin.yaml"), "origin.yaml"))
    agree("origin", {"ours": _ours(con, policy), "by hand": sets.counted(con, BY_HAND)})
    mine, hand = side_by_side(
        size.rounds, lambda: origins(con, "events", policy, [KEY]), lambda: sets.counted(con, BY_HAND)
    )  # fmt: skip
    con.close()
    rate = length / mine
    return [
        Line(f"origin in bulk, {sessions:,} sessions, {length:.0f} MiB of text", None, f"{rate:.0f} MiB/s",
             f"{length / hand:.0f} MiB/s", mine / hand, "≥ 200 MiB/s", rate >= 200)
    ]  # fmt: skip


def fill(con: duckdb.DuckDBPyConnection, sessions: int, seed: int = 1) -> int:
    """The view `events`, and how many characters were said in it."""
    rng = random.Random(seed)
    rows: list[dict[str, object]] = []
    said = 0
    for index in range(sessions):
        names = [f"{rng.choice(WORDS)}.{rng.randrange(10**6):06d}@corp{number}.com" for number in range(3)]
        words = rng.choices(WORDS, k=RESULT // 6)
        words[len(words) // 2] = names[0]
        result, prompt = " ".join(words), f"Please write to {names[1]} about the {rng.choice(WORDS)}."
        said += len(result) + len(prompt)
        trace = {"trace_id": f"t{index}", "session_id": f"t{index}", "writer_id": "w", "agent": "origin"}
        happened: tuple[dict[str, object], ...] = (
            {"type": "prompt", "actor_kind": "human", "content": prompt},
            {"type": "tool_call", "actor_kind": "agent", "tool": "read", "args": "{}", "span_id": "1"},
            {"type": "tool_result", "tool": "read", "content": result, "span_id": "1"},
            {"type": "tool_call", "actor_kind": "agent", "tool": "send", "span_id": "2",
             "args": f'{{"to":"{rng.choice(names)}"}}'},
        )  # fmt: skip
        for event in happened:
            number = len(rows)
            rows.append({**trace, **event, "event_id": f"e{number}", "wseq": number,
                         "ts_ns": FIRST_NS + number * STEP_NS})  # fmt: skip
    given = {key for row in rows for key in row}
    con.register("gb_said", pa.table({key: [row.get(key) for row in rows] for key in sorted(given)}))
    columns = ", ".join(
        name if name in given else f"CAST(NULL AS {stores.sql_type(name)}) AS {name}" for name in COLUMNS
    )
    con.execute(f"CREATE OR REPLACE TABLE events AS SELECT {columns} FROM gb_said")
    con.unregister("gb_said")
    return said


def _ours(con: duckdb.DuckDBPyConnection, policy: Policy) -> Counter[str]:
    return Counter(origins(con, "events", policy, [KEY]).column(KEY).to_pylist())
