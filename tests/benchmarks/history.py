"""What the history adds to a bulk replay: limits that count, sum, and hold for a trace; what follows from reading.

Of 30 tools without other rules, so that every verdict is the history's. Ours is what the history's columns take by
themselves, and the time that the whole replay takes more than without; by hand it is one query of window functions,
which knows nothing of retries, denials or odd times.
"""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass

import duckdb

from govern.charter.load import charter_or_raise, load_text
from govern.compile.lower import lower
from govern.policy.model import Policy
from govern.policy.verdict import TRUE
from govern.replay import bulk
from govern.replay.groups import Policies
from govern.replay.windows import history_columns

from . import easy, sets, stores
from .table import DisagreementError, Line, Size, agree, rate_line, side_by_side

PROBE = 20_000
AFFORDABLE_S = 4
NOISE = 0.02  # of the whole: no difference is smaller than the machine's own unrest

_PLAIN = easy.CHARTER.partition("rules:")[0]
_ALL = ", ".join(easy.TOOLS)


@dataclass(frozen=True, slots=True)
class Case:
    """One kind of history.

    Args:
        charter: what is added to the plain charter.
        sql: by hand: counts by verdict of the table `calls`.
        least: the target, in events a second.
    """

    what: str
    charter: str
    sql: str
    least: float


_COUNTED = "SELECT CASE WHEN {over} THEN '{effect}' ELSE 'allow' END AS verdict, count(*) FROM ({rows}) GROUP BY 1"
_WINDOW = 10 * 10**9

CASES = (
    Case(
        "a limit, calls in 10 s for each of 200 keys",
        f"limits:\n  - {{id: often, tools: [{_ALL}], max: 5, within: 10s, for_each: [args.to], "
        "counts: proposed, otherwise: {approval: lead}}\n",
        _COUNTED.format(
            over="seen > 5", effect="approval",
            rows="SELECT count(*) OVER (PARTITION BY args->>'$.to' ORDER BY ts_ns "
            f"RANGE BETWEEN {_WINDOW} PRECEDING AND CURRENT ROW) AS seen FROM calls",
        ),
        6e6,
    ),
    Case(
        "a limit, a sum in 10 s",
        f"limits:\n  - {{id: budget, tools: [{_ALL}], sum: args.amount, max: 480000, within: 10s, for_each: [agent], "
        "counts: executed, otherwise: deny}\n",
        _COUNTED.format(
            over="spent > 480000", effect="deny",
            rows="SELECT sum(CAST(args->>'$.amount' AS BIGINT)) OVER (ORDER BY ts_ns "
            f"RANGE BETWEEN {_WINDOW} PRECEDING AND CURRENT ROW) AS spent FROM calls",
        ),
        6e6,
    ),
    Case(
        "a limit, calls of a trace",
        f"limits:\n  - {{id: once, tools: [{_ALL}], max: 15, within: trace, counts: proposed, otherwise: deny}}\n",
        _COUNTED.format(
            over="seen > 15", effect="deny",
            rows="SELECT count(*) OVER (PARTITION BY trace_id ORDER BY ts_ns ROWS UNBOUNDED PRECEDING) AS seen "
            "FROM calls",
        ),
        6e6,
    ),
    Case(
        "after_reading",
        f"untrusted:\n  trusted: [{', '.join(easy.TOOLS[1:])}]\n  on_instructions: flag\n"
        f"  after_reading:\n    - {{tools: [{', '.join(easy.TOOLS[10:])}], then: {{approval: lead}}}}\n",
        _COUNTED.format(
            over=f"tool >= '{easy.TOOLS[10]}' AND ts_ns > first_ns", effect="approval",
            rows="SELECT tool, ts_ns, first_ns FROM calls LEFT JOIN (SELECT trace_id, min(ts_ns) AS first_ns "
            f"FROM calls WHERE tool = '{easy.TOOLS[0]}' GROUP BY trace_id) USING (trace_id)",
        ),
        20e6,
    ),
)  # fmt: skip


def lines(size: Size) -> list[Line]:
    """Two lines a kind of history: its columns alone, and what it adds to a replay."""
    return [line for case in CASES for line in (_alone(case, size), _line(case, size))]


def _alone(case: Case, size: Size) -> Line:
    con = sets.connection()
    easy.fill(con, size.rows)
    stores.view(con, "easy")
    bulk.prepare(con)
    history = Policies({"easy": _policy(case.charter)}).engines["easy"].history

    def ours() -> int:
        columns = history_columns(con, history, "easy")
        if columns is None:
            raise DisagreementError(f"{case.what}: the policy asks nothing of the history")
        (name,) = columns.columns.values()
        found = con.execute(f"SELECT count(*) FROM {columns.table} WHERE {name} = {TRUE}").fetchone()
        return int(found[0]) if found else 0

    def by_hand() -> int:
        return sum(count for verdict, count in sets.counted(con, case.sql).items() if verdict != "allow")

    agree(f"{case.what}, alone", {"SQL": {"applies": by_hand()}, "ours": {"applies": ours()}})
    mine, hand = side_by_side(size.rounds, ours, by_hand)
    length = sets.bytes_of(con)
    con.close()
    return rate_line(f"{case.what}, {size.rows / 1e6:.1g} M events, alone", size.rows, mine, hand, size=length,
                     least=case.least)  # fmt: skip


def _line(case: Case, size: Size) -> Line:
    con = sets.connection()
    policies, plain = Policies({"easy": _policy(case.charter)}), Policies({"easy": _policy("")})

    def filled(rows: int) -> None:
        easy.fill(con, rows)
        stores.view(con, "easy")
        agree(case.what, {"SQL": sets.counted(con, case.sql), "ours": verdicts(con, policies)})

    probe = min(size.rows, PROBE)
    start = time.perf_counter()
    filled(probe)
    # As many as a few seconds allow: of a slow engine few calls say enough, of a fast one only many do.
    rows = max(probe, min(size.rows, int(probe / (time.perf_counter() - start) * AFFORDABLE_S)))
    filled(rows)
    with_history, without, hand = side_by_side(
        min(size.rounds, 3),
        lambda: bulk.replay(con, policies),
        lambda: bulk.replay(con, plain),
        lambda: sets.counted(con, case.sql),
    )
    added = max(with_history - without, NOISE * without)
    length = sets.bytes_of(con)
    con.close()
    what = f"{case.what}, {rows / 1e6:.1g} M events, what it adds to a replay"
    return rate_line(what, rows, added, hand, size=length)


def verdicts(con: duckdb.DuckDBPyConnection, policies: Policies) -> Counter[str]:
    """Counts by verdict of a whole replay of the view `events`."""
    found: Counter[str] = Counter()
    for key, seen in bulk.replay(con, policies).groups.items():
        judged = policies.judge(key)
        found["no policy" if judged is None else judged.label] += seen.calls
    return found


def _policy(more: str) -> Policy:
    return lower(charter_or_raise(load_text(_PLAIN + more, "easy.yaml"), "easy.yaml"))
