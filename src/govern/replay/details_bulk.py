"""The calls that are looked at, in SQL: the same that `stream` chooses, from a scan of few columns.

How many calls a tool has on each day is known from the groups, so that of a tool with many calls only those small in
the shuffle are sorted at all; where they turn out too few, all are. Arguments are read last, of the chosen calls alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import duckdb
import pyarrow as pa

from govern.conditions.sql import text_literal
from govern.conditions.sql_times import local
from govern.conditions.zones import END_S
from govern.replay.details import LONGEST, LOOKED_AT, ORDER, PRIME
from govern.replay.groups import NS_PER_HOUR, Key, Kind, Policies, Replayed
from govern.replay.looked import WEEK, Held, Lacking, Look, Looked

_OVER: Final = -(2**40)
"""The day of all calls that are surely over, and of those without a time."""
_SPARE: Final = 4
"""Of a tool with more calls on a day than so many times those that are looked at, most are never sorted."""


@dataclass(frozen=True, slots=True)
class One:
    """The call that stands for a group at an hour.

    Args:
        ts_ns: its time, where it is `sure`.
        sure: whether it is known: where all calls it was chosen from have the same.
    """

    event_id: str
    ts_ns: int | None
    sure: bool


_Where = tuple[str | None, str]
_Bucket = tuple[str | None, str, int]  # agent, tool, day
_Chosen = tuple[str | None, str, int, str, int, int | None]  # agent, tool, day, event id, order, time


def hour_sql(zone: str | None, at_ns: str = "ts_ns") -> str:
    """`Policies.hour` of a BIGINT column; NULL stays NULL."""
    if zone is None:
        return _floor(at_ns)
    clock = local(at_ns, zone)
    return f"CASE WHEN {at_ns} >= 0 AND {at_ns} < {END_S * 10**9} THEN {_floor(clock)} ELSE {_floor(at_ns)} END"


def _floor(ns: str) -> str:
    # Exact for every int64: SQL's integer division rounds towards zero, an hour before 1970 is rounded down.
    return f"({ns} // {NS_PER_HOUR} - CASE WHEN {ns} % {NS_PER_HOUR} < 0 THEN 1 ELSE 0 END)"


def details(con: duckdb.DuckDBPyConnection, found: Replayed, policies: Policies, ones: Mapping[Key, One]) -> None:
    """Adds the calls that are looked at, and those that stand for what is held back.

    Args:
        con: a connection after `bulk.prepare`.
        found: with all groups.
        ones: of every group the call that stands for it: of its smallest trace the smallest event id.
    """
    first = max((key.day for key in found.groups if key.day is not None), default=0) - WEEK + 1
    counts = _counts(found, first)
    of_day = f"({hour_sql(policies.zone)} + 2400000000) // 24 - 100000000"  # never below 0, where SQL would round up
    con.execute(f"CREATE OR REPLACE TEMP VIEW gv_looked AS SELECT * FROM gv_calls WHERE {_judged(found)}")
    rows = _chosen(con, counts, f"CASE WHEN {of_day} >= {first} THEN {of_day} ELSE {_OVER} END")
    held = _held(found, policies, ones)
    times = {event_id: ts_ns for _, _, _, event_id, _, ts_ns in rows}
    texts = _texts(con, times | {one.event_id: one.ts_ns for _, one in held.values() if one.sure})
    unsure = {one.event_id for _, one in held.values()} - texts.keys()
    if unsure:
        texts |= _texts(con, dict.fromkeys(unsure), anywhere=True)
    unmapped = {where for where in counts if not policies.maps(*where)}
    near = _neighbours(con, {row[3] for row in rows if (row[0], row[1]) in unmapped})
    for agent, tool, day, event_id, order, _ in rows:
        _, _, args, lacking = texts[event_id]
        look = Look(order, event_id, args, lacking, *near.get(event_id, (None, None)))
        found.looked.setdefault((agent, tool), Looked()).add(None if day == _OVER else day, look)
    for key, (hour, one) in held.items():
        trace_id, ts_ns, args, lacking = texts[one.event_id]
        found.hold(key, Held(hour, trace_id, one.event_id, ts_ns, args, lacking))


def _judged(found: Replayed) -> str:
    """SQL of whether a call was judged, where its digest says it; of agents without a policy none is wanted."""
    names = {
        (key.agent, key.policy) for key in found.groups if key.policy is not None and key.kind is not Kind.NO_POLICY
    }
    pairs = (
        f"({'agent IS NULL' if agent is None else f'agent = {text_literal(agent)}'} AND "
        f"policy_digest = {text_literal(digest)})"
        for agent, digest in sorted(names, key=str)
    )
    return " OR ".join(pairs) or "TRUE"


def _counts(found: Replayed, first: int) -> dict[_Where, dict[int, int]]:
    """Calls by tool and day, the days before the first of the last seven and the calls without a time as one."""
    counts: dict[_Where, dict[int, int]] = {}
    for key, seen in found.groups.items():
        if key.kind is not Kind.NO_POLICY:
            days = counts.setdefault((key.agent, key.tool), {})
            day = key.day if key.day is not None and key.day >= first else _OVER
            days[day] = days.get(day, 0) + seen.calls
    return counts


def _chosen(con: duckdb.DuckDBPyConnection, counts: Mapping[_Where, Mapping[int, int]], bucket: str) -> list[_Chosen]:
    """Every call that is chosen.

    Args:
        bucket: SQL of a call's day, as of `counts`.
    """
    few: list[_Bucket] = []
    many: dict[_Bucket, int] = {}
    for where, days in counts.items():
        for day, calls in days.items():
            if calls <= _SPARE * LOOKED_AT:
                few.append((*where, day))
            else:
                many[*where, day] = PRIME * _SPARE * LOOKED_AT // calls
    rows = _smallest(con, many, bucket)
    got = Counter(row[:3] for row in rows)
    short = {bucket for bucket in many if got[bucket] < LOOKED_AT}  # times that are not spread, such as whole days
    return [row for row in rows if row[:3] not in short] + _smallest(con, dict.fromkeys([*few, *short]), bucket)


def _smallest(con: duckdb.DuckDBPyConnection, cuts: Mapping[_Bucket, int | None], bucket: str) -> list[_Chosen]:
    """The first calls of some buckets in the shuffle.

    Args:
        cuts: how far they are sorted; None is to the end, for all of them or for none.
        bucket: as of `_chosen`.
    """
    if not cuts:
        return []
    tools = {tool for _, tool, _ in cuts}
    con.register(
        "gv_wanted",
        pa.table(
            {
                "agent": pa.array([agent for agent, _, _ in cuts], pa.string()),
                "tool": pa.array([tool for _, tool, _ in cuts], pa.string()),
                "day": pa.array([day for _, _, day in cuts], pa.int64()),
                "cut": pa.array([PRIME if cut is None else cut for cut in cuts.values()], pa.int64()),
            }
        ),
    )
    known = [cut for cut in cuts.values() if cut is not None]
    # Times first, as numbers, and then the rows that have them: no other column is read of all calls.
    if known:
        only = f"{ORDER} <= {max(known)}"
        times = f"SELECT DISTINCT ts_ns FROM gv_looked WHERE ts_ns IS NOT NULL AND {only}"
    else:
        only = f"tool IN ({', '.join(map(text_literal, sorted(tools)))})"
        times = (
            f"SELECT DISTINCT ts_ns FROM (SELECT agent, tool, {bucket} AS day, ts_ns FROM gv_looked "
            f"WHERE ts_ns IS NOT NULL AND {only}) t WHERE EXISTS (SELECT 1 FROM gv_wanted w "
            "WHERE t.agent IS NOT DISTINCT FROM w.agent AND t.tool = w.tool AND t.day = w.day)"
        )
    named = f"agent, tool, {bucket} AS day, event_id, ts_ns, {ORDER} AS place"
    rows = con.execute(
        f"WITH small AS MATERIALIZED (SELECT {named} FROM gv_looked WHERE ts_ns IN ({times}) "
        f"UNION ALL SELECT {named} FROM gv_looked WHERE ts_ns IS NULL AND {only}) "
        "SELECT s.agent, s.tool, s.day, s.event_id, s.place, s.ts_ns FROM small s JOIN gv_wanted w "
        "ON s.agent IS NOT DISTINCT FROM w.agent AND s.tool = w.tool AND s.day = w.day AND s.place <= w.cut "
        "QUALIFY row_number() OVER (PARTITION BY s.agent, s.tool, s.day ORDER BY s.place, s.event_id) "
        f"<= {LOOKED_AT}"
    ).fetchall()
    con.unregister("gv_wanted")
    return rows


def _held(found: Replayed, policies: Policies, ones: Mapping[Key, One]) -> dict[Key, tuple[int | None, One]]:
    """Hour and call that stands for each group that is held back, whatever the hour."""
    first: dict[Key, Key] = {}
    for key in ones:
        same = key.timeless
        if key.kind is Kind.NO_POLICY or not policies.holds(same):
            continue
        before = first.get(same)
        if before is None or _place(key) < _place(before):
            first[same] = key
    return {same: (key.hour, ones[key]) for same, key in first.items()}


def _place(key: Key) -> tuple[bool, int]:
    return (key.hour is None, key.hour or 0)


def _texts(
    con: duckdb.DuckDBPyConnection, times: Mapping[str, int | None], *, anywhere: bool = False
) -> dict[str, tuple[str, int | None, str | None, Lacking]]:
    """Trace, time, arguments and what lacks of them, by event id.

    Args:
        times: of each; numbers are found sooner than ids.
        anywhere: the times are not known.
    """
    if not times:
        return {}
    known = {} if anywhere else {event_id: at for event_id, at in times.items() if at is not None}
    others = sorted(times.keys() - known.keys())
    con.register("gv_ids", pa.table({"event_id": pa.array([*sorted(known), *others], pa.string())}))
    con.register("gv_times", pa.table({"ts_ns": pa.array(sorted(set(known.values())), pa.int64())}))
    where = "ts_ns IN (SELECT ts_ns FROM gv_times)"
    if others:
        where = "TRUE" if anywhere else f"({where} OR ts_ns IS NULL)"
    rows: list[tuple[Any, ...]] = con.execute(
        f"WITH near AS MATERIALIZED (SELECT event_id, trace_id, ts_ns, args, args_error FROM gv_calls WHERE {where}"
        f"{' AND event_id IN (SELECT event_id FROM gv_ids)' * bool(others)}) "
        "SELECT event_id, trace_id, ts_ns, "
        f"CASE WHEN args_error IS NULL AND length(args) <= {LONGEST} THEN args END, "
        f"CASE WHEN args_error IS NOT NULL THEN '{Lacking.MALFORMED}' WHEN args IS NULL THEN '{Lacking.UNCAPTURED}' "
        f"WHEN length(args) > {LONGEST} THEN '{Lacking.LONG}' ELSE '' END FROM near SEMI JOIN gv_ids USING (event_id)"
    ).fetchall()
    con.unregister("gv_ids")
    con.unregister("gv_times")
    return {event_id: (trace, ts_ns, args, Lacking(lacking)) for event_id, trace, ts_ns, args, lacking in rows}


def _neighbours(con: duckdb.DuckDBPyConnection, ids: Iterable[str]) -> dict[str, tuple[str | None, str | None]]:
    """The tools before and after some calls, as `stream` finds them."""
    listed = sorted(ids)
    if not listed:
        return {}
    con.register("gv_ids", pa.table({"event_id": pa.array(listed, pa.string())}))
    rows = con.execute(
        """
        WITH traces AS (SELECT DISTINCT trace_id FROM gv_calls SEMI JOIN gv_ids USING (event_id)),
        steps AS (SELECT event_id, agent, trace_id, tool, writer_id, wseq,
                         CASE WHEN bool_and(ts_ns IS NOT NULL) OVER whole THEN ts_ns END AS at_ns
                  FROM gv_calls SEMI JOIN traces USING (trace_id)
                  WINDOW whole AS (PARTITION BY agent, trace_id)),
        near AS (SELECT event_id, lag(tool) OVER run AS before, lead(tool) OVER run AS after FROM steps
                 WINDOW run AS (PARTITION BY agent, trace_id ORDER BY at_ns, writer_id, wseq, event_id))
        SELECT event_id, before, after FROM near SEMI JOIN gv_ids USING (event_id)
        """
    ).fetchall()
    con.unregister("gv_ids")
    return {event_id: (before, after) for event_id, before, after in rows}


def formats(
    con: duckdb.DuckDBPyConnection, found: Replayed, rows: str, outcomes: Mapping[tuple[Any, ...], Key], codes: int
) -> None:
    """Adds from logs of which format those calls are that something may decide which the log does not tell.

    Args:
        con: as of `details`.
        rows: a query that gives event_id, tool, kind, valid and codes.
        outcomes: the group of every (tool, kind, valid, code0, …) that occurs in it, whatever the hour.
        codes: how many there are.
    """
    tools = sorted({outcome[0] for outcome, key in outcomes.items() if key.open})
    if not tools:
        return
    names = "".join(f", r.code{index}" for index in range(codes))
    counted = con.execute(
        f"SELECT r.tool, r.kind, r.valid{names}, e.source_format, count(*) FROM ({rows}) r "
        "JOIN (SELECT event_id, source_format FROM gv_calls) e ON r.event_id = e.event_id "
        f"WHERE r.tool IN ({', '.join(map(text_literal, tools))}) GROUP BY ALL"
    ).fetchall()
    for *outcome, form, calls in counted:
        key = outcomes[tuple(outcome)]
        if key.open:
            found.formats[key, form] += calls
