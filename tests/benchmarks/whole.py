"""The whole bulk replay, not only its decision SQL: verdicts by tool and day with when and where they were seen, runs,
errors; and what input schemas add to it.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping

import duckdb
import pyarrow as pa

from govern.replay import bulk
from govern.replay.groups import Policies
from govern.replay.inputs_valid import Inputs

from . import hard, sets, stores
from .decisions import by_hand_validators
from .history import NOISE, verdicts
from .table import Line, Size, agree, rate_line, side_by_side

MOST_ROWS = 300_000


def lines(size: Size) -> list[Line]:
    """The easy and the hard set, beside SQL by hand that only counts verdicts."""
    made = []
    for one, most in ((sets.easy_set(), size.rows), (sets.hard_set(), MOST_ROWS)):
        rows = min(size.rows, most)
        con = sets.connection()
        one.fill(con, rows, False)
        stores.view(con, one.name)
        policies = Policies({one.name: one.policy})
        what = f"the whole replay, {one.name} set, {rows / 1e6:.1g} M events in file order"
        agree(what, {"SQL": sets.counted(con, one.sql), "ours": verdicts(con, policies)})
        mine, hand = side_by_side(
            min(size.rounds, 3),
            lambda con=con, policies=policies: bulk.replay(con, policies),
            lambda con=con, one=one: sets.counted(con, one.sql),
        )
        made.append(rate_line(what, rows, mine, hand, size=sets.bytes_of(con)))
        con.close()
    return made


def schemas(size: Size) -> list[Line]:
    """A schema on every tool of the hard set: judged alone, in batches of a tool; and what it adds to a replay. By hand
    is the validator's library called row by row.
    """
    rows = min(size.rows, MOST_ROWS)
    con = sets.connection()
    hard.fill(con, rows)
    stores.view(con, "hard")
    length = sets.bytes_of(con)
    plain, judged = Policies({"hard": hard.policy()}), Policies({"hard": hard.policy(schemas=True)})
    agree("input schemas", {"by hand": _verdicts_by_hand(con), "ours": verdicts(con, judged)})
    with_schemas, without = side_by_side(
        min(size.rounds, 3), lambda: bulk.replay(con, judged), lambda: bulk.replay(con, plain)
    )  # fmt: skip
    batches = {
        tool: con.sql("SELECT args FROM calls WHERE tool = ?", params=[tool]).to_arrow_table().column(0)
        for tool in hard.TOOLS
    }
    con.close()
    tools = hard.policy(schemas=True).tools
    inputs = {tool: Inputs(tools[tool].schema or "") for tool in batches}

    def ours() -> int:
        return sum(inputs[tool].judge(texts).invalid.true_count for tool, texts in batches.items())

    agree("input schemas alone", {"by hand": {"invalid": _invalid_by_hand(batches)}, "ours": {"invalid": ours()}})
    alone, hand = side_by_side(size.rounds, ours, lambda: _invalid_by_hand(batches))
    added = max(with_schemas - without, NOISE * without)
    what = f"input schemas on every tool of the hard set, {rows / 1e6:.1g} M events"
    return [
        rate_line(f"{what}, alone, one process", rows, alone, hand, size=length, least=1e6),
        rate_line(f"{what}, what they add to a replay", rows, added, hand, size=length),
    ]


def _invalid_by_hand(batches: Mapping[str, pa.ChunkedArray]) -> int:
    """How many calls are invalid, as one would count them with the library."""
    valid, loads = by_hand_validators(), json.loads
    return sum(not valid[tool](loads(text)) for tool, texts in batches.items() for text in texts.to_pylist())


def _verdicts_by_hand(con: duckdb.DuckDBPyConnection) -> Counter[str]:
    valid, found = by_hand_validators(), Counter[str]()
    for tool, text in con.execute("SELECT tool, args FROM calls").fetchall():
        args = json.loads(text)
        found[hard.by_hand(tool, args) if valid[tool](args) else "deny"] += 1
    return found
