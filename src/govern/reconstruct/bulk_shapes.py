"""Traces by shape, in SQL: which traces must get the same judgement, so that one of them can be judged for all.

The judgement (`judge`) never sees names, texts or times as such. It sees which events there are and in which order,
which of their fields are filled, and which names are equal. So each event becomes a number that says exactly what the
judgement can ask of it (`CODE`), each action the list of its events' numbers in order (its shape), and each trace a
frame (the same for what is not part of an action) and the set of its actions' shapes. Names that must be equal or
different are compared here, as texts and not as hashes.

Whatever does not fit is not described but set aside: a trace is `odd` where anything in it is not of a known word,
where names differ that are usually equal, where the order is not certain, where actions are tied to each other, or
where the store says something of its writers. An odd trace is judged by itself, in Python. That a trace is odd says
nothing about it; that two traces which are not odd have one frame and one set of shapes says that they are judged
alike. `tests/reconstruct/test_bulk.py` holds both ways together on random and damaged stores.

Leaves out: judging (`bulk`), what the store says of its writers (`bulk_facts`).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import duckdb

from govern.events.model import ActorKind, EventType, Fidelity, Mode
from govern.reconstruct.build import JOINS_ACTION, MAKES_ACTION
from govern.reconstruct.gaps.clock_regression import JITTER_NS

COVERED: Final = frozenset(
    {
        "executed-after-deny", "gate-did-not-hold", "approved-not-executed-args", "approval-disconnected",
        "approval-reused", "approval-expired", "approval-after-execution", "self-approval", "approver-unknown",
        "unchecked-execution", "policy-not-in-force", "retry-unexplained", "result-without-call",
        "call-without-outcome", "request-undecided", "sequence-gap", "orphan-span", "clock-regression",
        "no-session-end", "timing-missing", "prompt-not-verbatim", "response-not-verbatim",
    }
)  # fmt: skip
"""Gaps whose every input is in the numbers or makes a trace odd. With any other in the registry each trace is judged
by itself: a new gap is never missed, it is only slow until somebody has thought about it here."""


def _words(values: Iterable[object]) -> str:
    """As SQL writes them: words of ours, never of a record."""
    return ", ".join(f"'{value}'" for value in values)


_KNOWN: Final[dict[str, tuple[str, ...]]] = {
    "type": tuple(map(str, EventType)),
    "verdict": ("allow", "approval", "deny"),
    "decision": ("approve", "deny", "expired"),
    "tier": ("read_only", "reversible", "irreversible"),
    "mode": tuple(map(str, Mode)),
    "fidelity": tuple(map(str, Fidelity)),
    "actor_kind": tuple(map(str, ActorKind)),
}
"""Words that the judgement tells apart. Any other sets its trace aside, so only these can be in `_CODE`."""
_ATTEMPTS: Final = 100
_TEXTS: Final = ("content", "error", "role", "status")
_FILLED: Final = (
    "tool", "args", "args_digest", "args_error", "actor", "duration_ns", "approval_id", "agent", "session_id",
    "policy_digest", "deployment_digest", "recorded_ns",
)  # fmt: skip

# All that the judgement can ask of one event besides its names and its place: which words, which fields are filled,
# and of a denial whether shadow mode excuses it. Words are known ones and numbers small, so nobody can choose two
# events that differ here and have one hash.
_CODE: Final = f"""hash(
    {", ".join(_KNOWN)}, attempt, status = 'error',
    {", ".join(f"{column} IS NULL, {column} = ''" for column in _TEXTS)},
    {", ".join(f"{column} IS NULL" for column in _FILLED)},
    len(gates), len(commitments) > 0,
    type = 'policy_check' AND reasons[1] = 'limit' AND list_unique(reasons) = 1
)"""
# Of words, sessions and loaded policies less is asked.
_FRAME_CODE: Final = """hash(
    type, fidelity, content IS NULL, content = '', len(commitments) > 0, actor IS NULL, agent IS NULL,
    session_id IS NULL, policy_digest IS NULL, deployment_digest IS NULL, recorded_ns IS NULL
)"""
_AT: Final = "coalesce(ts_ns, wseq)"  # where a trace has no times at all, its one writer's numbers order it
_DIGEST: Final = "CASE WHEN args IS NOT NULL THEN 'sha256:' || sha256(args) ELSE args_digest END"
_ACTION: Final = f"type IN ({_words(sorted(MAKES_ACTION | JOINS_ACTION))})"
_MAKES: Final = f"type IN ({_words(sorted(MAKES_ACTION))})"
_ASKS: Final = f"type IN ({_words(('session_start', 'prompt', 'tool_call', 'delegation'))})"
_RECORDED: Final = (
    "(content IS NOT NULL OR fidelity = 'verbatim') AND coalesce(fidelity NOT IN ('absent', 'digest'), true)"
)
_LAST_RUN: Final = (
    "CASE WHEN count(*) FILTER (type = 'tool_start') >= count(*) FILTER (type = 'tool_result') "
    "THEN max(ts_ns) FILTER (type = 'tool_start') ELSE max(ts_ns) FILTER (type IN ('tool_start', 'tool_result')) END"
)


def _any(*conditions: str) -> str:
    """Whether one of them holds; one that is not known does not."""
    return "(" + " OR ".join(f"coalesce({condition}, false)" for condition in conditions) + ")"


def _differ(*columns: str) -> tuple[str, ...]:
    return tuple(f"min({column}) <> max({column})" for column in columns)


_ACTIONS: Final = f"""
CREATE OR REPLACE TEMP TABLE bulk_actions AS
SELECT trace_id, span_id,
    list({_CODE} ORDER BY {_AT}, wseq) AS shape,
    min({_AT}) AS first_at,
    any_value(approval_id) AS approval_id,
    {
    _any(
        "span_id IS NULL",
        f"NOT bool_or({_MAKES})",
        *_differ("tool", _DIGEST, "approval_id", "gates[1]"),
        "max(ts_ns) FILTER (decision = 'approve') - min(ts_ns) FILTER (type = 'approval_request') "
        "> min(duration_ns) FILTER (type = 'approval_request')",
        f"{_LAST_RUN} - min(ts_ns) FILTER (decision = 'approve') "
        "> min(duration_ns) FILTER (type = 'approval_decision')",
    )
} AS odd
FROM events WHERE {_ACTION} GROUP BY trace_id, span_id
"""

_FRAMES: Final = f"""
CREATE OR REPLACE TEMP TABLE bulk_frames AS
SELECT trace_id, list_sort(list({_FRAME_CODE}) FILTER (NOT {_ACTION})) AS codes,
    min(source_format) AS format, min(writer_id) AS writer_id, min(writer_id) <> max(writer_id) AS several,
    min(ts_ns) AS started_ns, max(ts_ns) AS ended_ns, bool_or(type = 'session_end') AS ended,
    min({_AT}) FILTER (type = 'prompt') AS prompted_at, max({_AT}) FILTER (type = 'policy_loaded') AS loaded_at,
    count(*) FILTER (type = 'prompt') AS prompts, count(*) FILTER (type = 'prompt' AND {_RECORDED}) AS prompts_kept,
    count(*) FILTER (type = 'response') AS responses,
    count(*) FILTER (type = 'response' AND {_RECORDED}) AS responses_kept,
    {
    _any(
        "count(ts_ns) NOT IN (0, count(*))",
        "count(source_format) NOT IN (0, count(*))",
        "count(ts_ns) = 0 AND min(writer_id) <> max(writer_id)",
        *_differ("source_format", "session_id", "agent", "policy_digest", "deployment_digest"),
    )
} AS odd
FROM events GROUP BY trace_id
"""

# A word that the judgement does not know, or that it may read in more than one way.
_STRANGE: Final = _any(
    *(f"{column} NOT IN ({_words(known)})" for column, known in _KNOWN.items()),
    f"attempt NOT BETWEEN 0 AND {_ATTEMPTS}",
    f"ts_ns - recorded_ns > {JITTER_NS}",
    "len(gates) > 1",
    "len(reasons) > 0 AND type IN ('approval_request', 'approval_decision', 'escalation')",
    "len(gates) > 0 AND type = 'escalation'",
    "least(tool, actor, approval_id, agent, session_id, span_id, parent_span_id) = ''",
)
_ASIDE: Final[dict[str, str]] = {
    "strange": f"SELECT trace_id FROM events WHERE {_STRANGE}",
    # An event that is there twice counts once, and only Python knows which.
    "double": """
        SELECT trace_id FROM events WHERE hash(event_id) IN (
            SELECT hash(event_id) FROM events GROUP BY 1 HAVING count(*) > 1)""",
    # Several writers: only times order their events, so no two may be equal.
    "ties": f"""
        SELECT trace_id FROM events WHERE trace_id IN (SELECT trace_id FROM bulk_frames WHERE several)
        GROUP BY trace_id, {_AT} HAVING count(*) > 1""",
    # An approval that is named in two actions ties them, in one trace or in two.
    "shared": """
        SELECT trace_id FROM bulk_actions WHERE approval_id IN (
            SELECT approval_id FROM bulk_actions WHERE approval_id IS NOT NULL GROUP BY approval_id HAVING count(*) > 1)
        """,
    # Who decides may be who asked. Other letters than ASCII fold in ways that only Python knows.
    "self": f"""
        SELECT trace_id FROM (SELECT trace_id, lower(actor) AS who FROM events WHERE type = 'approval_decision')
        JOIN (SELECT trace_id, lower(actor) AS who FROM events WHERE {_ASKS}
              UNION ALL SELECT trace_id, lower(agent) FROM events WHERE {_ASKS}) USING (trace_id, who)
        UNION ALL
        SELECT trace_id FROM events WHERE (type = 'approval_decision' OR {_ASKS})
            AND (strlen(actor) <> length(actor) OR strlen(agent) <> length(agent))
            AND trace_id IN (SELECT trace_id FROM events WHERE type = 'approval_decision')""",
    # What hangs under a span that is not in the trace.
    "orphans": """
        SELECT trace_id FROM (
            SELECT trace_id, parent_span_id AS span_id FROM events WHERE parent_span_id IS NOT NULL AND carries_spans
        ) ANTI JOIN (SELECT trace_id, span_id FROM events) USING (trace_id, span_id)""",
}
"""Traces that are odd for one reason, by the reason. Tables: the view `events`, `bulk_frames`, `bulk_actions`."""

# Actions that do not name a response of the trace as their origin: these have the latest before them.
_UNNAMED: Final = """
CREATE OR REPLACE TEMP TABLE bulk_unnamed AS
SELECT DISTINCT trace_id FROM (
    SELECT trace_id, parent_span_id AS span_id FROM events WHERE type = 'tool_call'
    UNION ALL
    SELECT trace_id, NULL FROM bulk_actions ANTI JOIN (SELECT trace_id, span_id FROM events WHERE type = 'tool_call')
    USING (trace_id, span_id)
) ANTI JOIN (SELECT trace_id, span_id FROM events WHERE type = 'response') USING (trace_id, span_id)
"""
# Where each action has a response after the latest prompt before it, all times apart, and agents named or not alike.
_NEAR: Final = f"""
CREATE OR REPLACE TEMP TABLE bulk_near AS
SELECT trace_id FROM (
    SELECT trace_id, list({_AT}) FILTER (type = 'prompt') AS prompts,
        list({_AT}) FILTER (type = 'response') AS responses,
        count(agent) IN (0, count(*)) AS alike
    FROM events WHERE trace_id IN (FROM bulk_unnamed) GROUP BY trace_id
) JOIN (SELECT trace_id, list(first_at) AS starts FROM bulk_actions GROUP BY trace_id) USING (trace_id)
WHERE alike AND list_bool_and(list_transform(starts, lambda start: coalesce(
    list_max(list_filter(responses, lambda x: x < start))
    > coalesce(list_max(list_filter(prompts, lambda x: x <= start)), list_min(responses) - 1)
    AND NOT list_contains(responses, start), false)))
"""

# Each action has its prompt before it, and all prompts were kept or none; each action has its response.
_TRACES: Final = f"""
CREATE OR REPLACE TEMP TABLE bulk_traces AS
SELECT trace_id, format, kinds.id AS frame, coalesce(shapes, []::BIGINT[]) AS shapes, started_ns, ended_ns,
    struct_pack(
        timed := started_ns IS NOT NULL, prompted := prompts > 0, prompt_kept := prompts_kept > 0,
        answered := responses > 0, response_kept := responses_kept > 0
    ) AS words,
    {
    _any(
        "bulk_frames.odd",
        "action_odd",
        "prompts_kept NOT IN (0, prompts)",
        "prompts > 0 AND prompted_at >= first_at",
        "responses_kept NOT IN (0, responses)",
        "responses > 0 AND trace_id IN (FROM bulk_unnamed) AND trace_id NOT IN (FROM bulk_near)",
        "loaded_at >= first_at",
        "NOT ended AND (several OR writer_id IN (FROM bulk_alive))",
        "trace_id IN (FROM bulk_aside)",
    )
} AS odd
FROM bulk_frames LEFT JOIN bulk_kinds AS kinds USING (codes) LEFT JOIN (
    SELECT trace_id, list_sort(list(id)) AS shapes, min(first_at) AS first_at, bool_or(odd) AS action_odd
    FROM bulk_actions JOIN bulk_shapes USING (shape) GROUP BY trace_id
) USING (trace_id)
"""
_KINDS: Final = """
CREATE OR REPLACE TEMP TABLE bulk_shapes AS
    SELECT shape, row_number() OVER () AS id FROM bulk_actions GROUP BY shape;
CREATE OR REPLACE TEMP TABLE bulk_kinds AS
    SELECT codes, dense_rank() OVER (ORDER BY list_sort(list_distinct(codes))) AS id FROM bulk_frames GROUP BY codes
"""


def describe(con: duckdb.DuckDBPyConnection, *, carry_spans: Iterable[str | None], alive: Iterable[str]) -> None:
    """Makes the tables `bulk_traces` (one row a trace: frame, shapes, odd), `bulk_actions` and `bulk_shapes`.

    Args:
        con: with the view `events`, and the table `bulk_aside` of traces that are odd for what the store says of
            their writers.
        carry_spans: the formats of the store whose events say which span they were made in.
        alive: writers that run now.
    """
    spans = list(carry_spans)
    con.execute("CREATE OR REPLACE TEMP TABLE bulk_formats AS SELECT unnest(?::VARCHAR[]) AS format", [spans])
    con.execute("CREATE OR REPLACE TEMP TABLE bulk_alive AS SELECT unnest(?::VARCHAR[]) AS writer_id", [list(alive)])
    con.execute(_ACTIONS)
    con.execute(_FRAMES)
    con.execute(_KINDS)
    carries = "coalesce(source_format, '') IN (SELECT coalesce(format, '') FROM bulk_formats)"
    for query in _ASIDE.values():
        con.execute(f"INSERT INTO bulk_aside SELECT DISTINCT trace_id FROM ({query.replace('carries_spans', carries)})")
    con.execute(_UNNAMED)
    con.execute(_NEAR)
    con.execute(_TRACES)
