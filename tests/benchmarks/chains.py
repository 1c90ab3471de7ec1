"""A store of decision chains: seeded, made in SQL, as a boundary writes it: whole chains of all usual shapes.

Every trace is a session with a prompt, answers and one to five actions, about ten events: autonomous calls, calls that
a person approved, denied ones, calls that were tried again. Some traces have one hole of a known kind, so that a scan
has something to find and its counts are known beforehand.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import duckdb

from govern.audit import records, store_log
from govern.events.model import COLUMNS
from govern.signing import keys

from . import stores

SEED = 7
HOLES = 1_000
"""One trace of so many has a hole."""
_START = 1_767_225_600_000_000_000  # 2026-01-01
_APART = 40_000_000  # nanoseconds between the starts of two traces: many are under way at once
_DAY = 86_400 * 10**9
_PAUSE = 60 * 10**9
WRITERS = 4
NO_ROOT = "00" * 32

# Of each action: `kind` is drawn from a trace's number and the action's.
_ACTIONS = """
CREATE TABLE actions AS
SELECT t, a, hash(t, a, 'kind') % 20 AS draw, a = 0 AND t % {holes} = 17 AS hole,
    CASE WHEN hole OR draw < 12 THEN 'autonomous' WHEN draw < 16 THEN 'approved' WHEN draw < 18 THEN 'denied'
         WHEN draw < 19 THEN 'refused' ELSE 'retried' END AS kind,
    printf('tool_%02d', hash(t, a, 'tool') % 30) AS tool,
    printf('{{"amount":%d,"note":"for the order number %d","to":"c%03d"}}', hash(t, a, 'x') % 900, t, t % 1000) AS args,
    'sha256:' || sha256(args) AS args_digest,
    left(md5(printf('%d/%d/s', t, a)), 16) AS span, left(md5(printf('%d/%d/r', t, a)), 16) AS said
FROM (
    SELECT range AS t, hash(range, 'n') % 20 AS many,
        unnest(range(1 + (many > 15)::BIGINT + (many > 18)::BIGINT)) AS a
    FROM range({first}, {last})
)
"""
# An event of an action: its type, place within the action, for which kinds, and its columns.
_STEPS: tuple[tuple[str, int, str, dict[str, str]], ...] = (
    ("response", 0, "true",
     {"span_id": "said", "parent_span_id": "root", "content": "'I will use ' || tool || ' now, since order ' || t || "
      "' needs it and the rules allow me to. First I look at what is there, then I answer.'",
      "fidelity": "'verbatim'", "actor_kind": "'agent'"}),
    ("tool_call", 1, "true",
     {"parent_span_id": "said", "tool": "tool", "call_id": "'call_' || a", "args": "args", "actor_kind": "'agent'"}),
    ("policy_check", 2, "NOT hole",
     {"tool": "tool", "call_id": "'call_' || a", "args_digest": "args_digest", "tier": "'irreversible'",
      "verdict": "CASE WHEN kind IN ('approved', 'refused') THEN 'approval' WHEN kind = 'denied' THEN 'deny' "
      "ELSE 'allow' END", "reasons": "CASE WHEN kind IN ('approved', 'refused') THEN ['gate'] WHEN kind = 'denied' "
      "THEN ['never'] ELSE ['autonomous'] END",
      "gates": "CASE WHEN kind IN ('approved', 'refused') THEN ['lead'] END", "actor_kind": "'policy'"}),
    ("approval_request", 3, "kind IN ('approved', 'refused')",
     {"tool": "tool", "call_id": "'call_' || a", "args_digest": "args_digest", "approval_id": "'ap-' || span",
      "gates": "['lead']", "role": "'team-lead'", "actor_kind": "'policy'"}),
    ("approval_decision", 4, "kind IN ('approved', 'refused')",
     {"tool": "tool", "call_id": "'call_' || a", "args_digest": "args_digest", "approval_id": "'ap-' || span",
      "decision": "CASE kind WHEN 'approved' THEN 'approve' ELSE 'deny' END", "actor": "'lead-' || (t % 7)",
      "role": "'team-lead'", "reason": "'looked at it'", "actor_kind": "'human'"}),
    ("tool_start", 5, "kind NOT IN ('denied', 'refused')",
     {"tool": "tool", "call_id": "'call_' || a", "args": "args", "args_digest": "args_digest", "attempt": "1",
      "mode": "'enforce'"}),
    ("error", 6, "kind = 'retried'", {"error": "'timed out after 30 s'", "status": "'error'", "tool": "tool"}),
    ("retry", 7, "kind = 'retried'", {"attempt": "2", "tool": "tool", "args": "args", "args_digest": "args_digest"}),
    ("tool_start", 8, "kind = 'retried'",
     {"tool": "tool", "call_id": "'call_' || a", "args": "args", "args_digest": "args_digest", "attempt": "2",
      "mode": "'enforce'"}),
    ("tool_result", 9, "kind NOT IN ('denied', 'refused')",
     {"tool": "tool", "call_id": "'call_' || a", "status": "'ok'", "duration_ns": "1000000", "fidelity": "'verbatim'",
      "content": "'{\"id\":' || t || ',\"state\":\"delivered\",\"lines\":[{\"sku\":\"A-' || a || '\",\"count\":2},"
      "{\"sku\":\"B-' || (t % 97) || '\",\"count\":1}],\"total\":' || (t % 1000) || '}'"}),
)  # fmt: skip
_FRAME: tuple[tuple[str, int, dict[str, str]], ...] = (
    ("session_start", 0, {"span_id": "root", "agent_version": "'4'", "mode": "'enforce'", "actor_kind": "'service'"}),
    ("policy_loaded", 1, {"span_id": "root", "actor_kind": "'policy'"}),
    ("prompt", 2,
     {"span_id": "root", "content": "'Order ' || t || ' is still not here, it has been ' || (t % 9 + 2) || ' days. "
      "Please look where it is and tell me, or send another one.'", "fidelity": "'verbatim'",
      "actor": "'customer-' || t", "actor_kind": "'human'"}),
    ("session_end", 1000, {"span_id": "root", "status": "'ok'", "actor_kind": "'service'"}),
)  # fmt: skip
_ALWAYS = {
    "trace_id": "md5(t || '/t')", "session_id": "'s-' || t", "agent": "'desk'",
    "policy_digest": "'sha256:f4244d94f277b31344b7f9b1dc3f28c0bed77dade5c70d7f6424be453f27090c'",
}  # fmt: skip


def fill(con: duckdb.DuckDBPyConnection, traces: int, first: int, turn: int) -> None:
    """Makes the table `made`: all columns of events and `t`, the trace's number, in the order of the traces.

    Args:
        traces: how many.
        first: the number of the first; a trace of one number is always the same.
        turn: how many traces in a row have one writer.
    """
    # Before the next ones begin, all of these have ended, so that the numbers of writers go on in time.
    late_ns = first * _PAUSE // 50_000
    common = {
        "writer_id": f"'gateway-' || (t // {turn} % {WRITERS})",
        "ts_ns": f"{_START + late_ns} + t * {_APART} + step * 15000000 + (hash(t, step) % 9000000)::BIGINT",
    }
    con.execute("DROP TABLE IF EXISTS actions")
    con.execute(_ACTIONS.format(holes=HOLES, first=first, last=first + traces))
    parts = [
        _select(kind, place, {**columns}, f"(SELECT range AS t, {_root('range')} AS root FROM range({first}, "
                f"{first + traces}))", "true", str(place), common)
        for kind, place, columns in _FRAME
    ] + [
        _select(kind, place, {"span_id": "span", "parent_span_id": "NULL", **columns},
                f"(SELECT *, {_root('t')} AS root FROM actions)", only, f"10 + 20 * a + {place}", common)
        for kind, place, only, columns in _STEPS
    ]  # fmt: skip
    con.execute("DROP TABLE IF EXISTS made")
    con.execute(
        "CREATE TABLE made AS SELECT * REPLACE "
        "(row_number() OVER (PARTITION BY writer_id ORDER BY ts_ns, t) - 1 AS wseq) FROM ("
        + " UNION ALL ".join(parts)
        + ")"
    )


def _root(number: str) -> str:
    return f"left(md5({number} || '/root'), 16)"


def _select(
    kind: str, place: int, columns: dict[str, str], rows: str, only: str, step: str, common: dict[str, str]
) -> str:
    made = {
        **_ALWAYS,
        **common,
        "recorded_ns": common["ts_ns"],
        "event_id": f"md5(t || '/{kind}/{place}/' || step)",
        "type": f"'{kind}'",
        **columns,
    }
    listed = ", ".join(f"CAST({made.get(name, 'NULL')} AS {stores.sql_type(name)}) AS {name}" for name in COLUMNS)
    return f"SELECT t, {listed} FROM (SELECT *, ({step})::BIGINT AS step FROM {rows}) WHERE {only}"


def write(folder: Path, traces: int, files: int) -> int:
    """A store of so many traces in about so many files, each sorted by trace; returns the number of events.

    The files are as a store's: 16,384 rows a row group, bloom filters where the writer makes them.
    """
    con = duckdb.connect(config={"memory_limit": "3GB", "temp_directory": str(folder / "spill")})
    a_file = max(-(-traces // files), 1)
    events = 0
    step = max(a_file, 50_000 // a_file * a_file)
    wseq: dict[str, int] = {}
    for first in range(0, traces, step):
        fill(con, min(step, traces - first), first, a_file)
        for writer, most in con.execute("SELECT writer_id, count(*) FROM made GROUP BY ALL").fetchall():
            con.execute("UPDATE made SET wseq = wseq + ? WHERE writer_id = ?", [wseq.get(writer, 0), writer])
            wseq[writer] = wseq.get(writer, 0) + most
        for begin in range(first, min(first + step, traces), a_file):
            day = f"2026-{1 + begin * _APART // _DAY // 28:02d}-{1 + begin * _APART // _DAY % 28:02d}"
            place = folder / "events" / f"dt={day}"
            place.mkdir(parents=True, exist_ok=True)
            con.execute(
                f"COPY (SELECT {', '.join(COLUMNS)} FROM made WHERE t >= {begin} AND t < {begin + a_file} "
                "ORDER BY trace_id, ts_ns, wseq) "
                f"TO '{place / f'part-{begin:09d}.parquet'}' (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 16384)"
            )
        events += sum(row[0] for row in con.execute("SELECT count(*) FROM made").fetchall())
    con.close()
    return events


def record(folder: Path) -> None:
    """Makes the files of a store sealed ones, as far as readers care: named by their bytes, and recorded in a log.

    They have no leaves, so nothing could be verified here: that has a part of its own.
    """
    key = keys.new()
    log = store_log.init(folder, key)
    made: list[records.Record] = []
    con = duckdb.connect()
    for path in sorted(folder.glob("events/dt=*/part-*.parquet")):
        data = path.read_bytes()
        digest = hashlib.sha256(data).hexdigest()
        sealed = path.rename(path.with_name(f"seal-{digest[:32]}.parquet"))
        writer, first, last, rows = con.execute(
            f"SELECT min(writer_id), min(wseq), max(wseq), count(*) FROM read_parquet('{sealed}')"
        ).fetchall()[0]
        made.append(
            records.File(
                path=sealed.relative_to(folder).as_posix(), rows=rows, bytes=len(data), digest=f"sha256:{digest}",
                root=NO_ROOT, from_ns=None, to_ns=None, writer=writer, first=first, last=last, before=NO_ROOT,
                after=NO_ROOT, previous=None, at_ns=_START,
            )
        )  # fmt: skip
    con.close()
    store_log.append(folder, log, made, key)
