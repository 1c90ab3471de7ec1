"""A replay of the tau-bench runs is what the charters say call by call, by facts that something else worked out.

`trajectories` reads the file and resolves facts by itself; here the log goes through `import`, and both engines.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from govern.audit import read, store
from govern.conditions import Inputs
from govern.events.model import Event, EventType
from govern.ingest import read as read_log
from govern.ingest.counts import Summary
from govern.policy.sql import code_columns, truths_of
from govern.policy.verdict import UNCAPTURED
from govern.replay import bulk
from govern.replay.groups import Policies
from govern.replay.shadow import report
from govern.replay.stream import replay
from govern.replay.told import told

from .taubench import NOW, ZONE, decided, each_agent, policy
from .trajectories import AVAILABLE, CORPUS, FILES, Step, given, runs

pytestmark = [
    pytest.mark.corpus,
    pytest.mark.skipif(not AVAILABLE, reason=f"no tau-bench runs under {CORPUS} (set GOVERN_CORPUS)"),
]


@cache
def log(agent: str) -> tuple[Event, ...]:
    path = str(CORPUS / "taubench" / FILES[agent])
    return tuple(Summary().events(read_log([path], agent=agent)))


def judges(agent: str) -> Policies:
    return Policies({agent: policy(agent)}, ZONE)


def in_file_order(agent: str) -> Iterator[tuple[Event, Inputs, tuple[Step, ...], Step]]:
    """Every call of the log with what the replay is told of it, beside the same step of the independent reading."""
    order = {trace: place for place, trace in enumerate(dict.fromkeys(event.trace_id for event in log(agent)))}
    by_run: dict[int, list[tuple[Event, Inputs]]] = {}
    for event, inputs in told(log(agent), judges(agent)):
        if event.type is EventType.TOOL_CALL:
            by_run.setdefault(order[event.trace_id], []).append((event, inputs))
    for run in runs(agent):
        for index, ((event, inputs), step) in enumerate(zip(by_run.get(run.index, []), run.steps, strict=True)):
            yield event, inputs, run.steps[:index], step


@each_agent
def test_every_fact_count_and_limit_is_the_same(agent: str) -> None:
    """All that conditions of a call ask about, of every call, as two independent readings of the log have it."""
    history = judges(agent).engines[agent].history
    compared: Counter[str] = Counter()
    for event, inputs, before, step in in_file_order(agent):
        assert event.tool == step.tool
        expected = given(policy(agent), before, step)
        for key in history.asked(step.tool):
            assert expected.get(key) == inputs[key], (step.tool, key)
            compared[key] += 1
    assert {"airline": 5, "retail": 5}[agent] <= len(compared)
    assert sum(compared.values()) > 200


@each_agent
def test_both_engines_say_of_every_call_what_the_independent_reading_says(agent: str, tmp_path: Path) -> None:
    """Effect, gates and rules, row by row; with a time for every call, since the log has none."""
    timed = [replace(event, ts_ns=NOW) for event in log(agent)]
    found = judges(agent)
    expected = [verdict for _, _, _, verdict in decided(agent)]
    calls = [event for event, _, _, _ in in_file_order(agent)]
    engine = found.engines[agent]
    by_id = {event.event_id: inputs for event, inputs in told(timed, found)}
    one = [engine.decide_text(event.tool or "", event.args or "", given=by_id[event.event_id]) for event in calls]
    assert [(each.effect, each.gates, each.rules) for each in expected] == [
        (each.effect, each.gates, each.rules) for each in one
    ]
    store.write(iter(timed), tmp_path)
    codes = in_sql(tmp_path, found, agent)
    for event in calls:
        tool = event.tool or ""
        truths = engine.recorded_truths(tool, args_of(event), by_id[event.event_id])
        assert truths == codes[event.event_id], (tool, event.args)
        assert UNCAPTURED not in truths


def in_sql(folder: Path, found: Policies, agent: str) -> dict[str, tuple[int, ...]]:
    """The truth values of every call, by its id, from the bulk engine."""
    con = read.open_events(folder)
    bulk.prepare(con)
    query = bulk.decided(con, found.engines[agent], agent, "TRUE").query
    wide = code_columns(policy(agent))
    columns = ", ".join(f"code{index}" for index in range(wide))
    rows = con.execute(f"SELECT event_id, tool, {columns} FROM ({query})").fetchall()
    tools = policy(agent).tools
    return {row[0]: truths_of(tuple(row[2:]), tools[row[1]]) for row in rows}


def args_of(event: Event) -> dict[str, Any]:
    from govern.events.canonical import parse

    value = parse(event.args or "")
    assert isinstance(value, dict)
    return value


# What `govern shadow-report` says; charters/taubench/README.md has these numbers.
REPORTED = {
    "airline": {"allow": 472, "approval": 82, "deny": 63, "undecidable": 4},
    "retail": {"allow": 368, "approval": 73, "deny": 11, "undecidable": 0},
}


@each_agent
def test_the_report_of_the_log_as_it_is(agent: str) -> None:
    """Without times only what hangs on the hour of cancelling is open: four calls of the airline's."""
    shadow = report(replay(log(agent), judges(agent)), judges(agent))
    verdicts = shadow.verdicts
    counted = {name: getattr(verdicts, name) for name in ("allow", "approval", "deny", "undecidable")}
    assert REPORTED[agent] == counted
    assert {"airline": {"cancel_reservation": "the log does not tell the time"}, "retail": {}}[agent] == {
        row.tool: row.why for row in shadow.undecided
    }
