"""`govern diff` over the corpus: its counts are those of two separate replays, call by call.

Leaves out whether a verdict is right; that is the charters' affair.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from tests.replay.neighbours import EDITS, other_condition, other_facts
from tests.replay.test_compare import apart, in_sql

from govern.compile.sources import policies
from govern.events.model import Event
from govern.ingest import Summary, read
from govern.policy.document import sealed
from govern.replay import compare_calls
from govern.replay.groups import Policies

ROOT = Path(__file__).resolve().parents[2]
CORPUS = Path(os.environ.get("GOVERN_CORPUS") or ROOT.parent / "shared" / "corpus")
AGENTDOJO = ROOT / "charters" / "agentdojo"
TAUBENCH = ROOT / "charters" / "taubench"
LOGS = {"airline": "taubench/airline_gpt-4o.json.zst", "retail": "taubench/retail_grok-3.json.zst"}

pytestmark = [
    pytest.mark.corpus,
    pytest.mark.skipif(not CORPUS.is_dir(), reason=f"no corpus at {CORPUS} (set GOVERN_CORPUS)"),
]


def run(*arguments: str | Path) -> tuple[int, str]:
    """Exit code and standard output of one command line, run from the root of the repository."""
    done = subprocess.run(
        [sys.executable, "-m", "govern.cli.app", *map(str, arguments)],
        capture_output=True, text=True, cwd=ROOT, timeout=300,
    )  # fmt: skip
    assert "" == done.stderr
    return done.returncode, done.stdout


@cache
def events(of: str) -> tuple[Event, ...]:
    """The events of one agent's log, or of all of AgentDojo's."""
    if of in LOGS:
        return tuple(Summary().events(read([str(CORPUS / LOGS[of])], agent=of)))
    return tuple(Summary().events(read(sorted(map(str, (CORPUS / "agentdojo").glob("*.zst"))))))


@pytest.mark.parametrize("of", [*LOGS, "agentdojo"])
@pytest.mark.parametrize("seed", range(3))
def test_edits_of_real_charters_over_real_calls(of: str, seed: int) -> None:
    """Both engines give the pairs of two separate replays: verdict by verdict, with the first event of each."""
    rng = random.Random(f"{of}:{seed}")
    old = policies(str(TAUBENCH / f"{of}.yaml" if of in LOGS else AGENTDOJO))
    new = dict(old)
    for agent in old:
        for edit in rng.sample([each for each in EDITS if each not in (other_condition, other_facts)], 3):
            new[agent] = edit(rng, new[agent])
        if new[agent].facts:
            new[agent] = other_facts(rng, new[agent])
    was, now = Policies(old), Policies({agent: sealed(policy) for agent, policy in new.items()})
    expected = apart(events(of), was, now, None)
    assert len(expected) > 20
    assert expected == compare_calls.compare(events(of), was, now).pairs
    assert expected == in_sql(events(of), was, now, None).pairs


# A gate, a rule, a fact and a tool of each: some calls need less then, some more, some other people.
TEXTS = {
    "retail": [
        ("    approval: {ask: customer}\n", "    approval: {ask: care-desk}\n", 1), ("take: first", "take: latest", 1),
        ("approval: {ask: customer, recheck: get_order_details}", "approval: {ask: care-supervisor}", 2),
        ("  calculate:\n", "  calculator:\n", 1),
    ],
    "airline": [
        ("    approval: {ask: passenger}\n", "    approval: {ask: service-desk}\n", 1),
        ("take: first", "take: latest", 1), ("  calculate:\n", "  calculator:\n", 1),
        ("approval: {ask: service-supervisor}", "approval: {ask: passenger}", 1),
    ],
}  # fmt: skip


@pytest.mark.parametrize("of", LOGS)
def test_the_counts_are_those_of_two_reports(of: str, tmp_path: Path) -> None:
    """Every cell, tool and first event, from the verdicts on every call that two shadow reports wrote."""
    text = (TAUBENCH / f"{of}.yaml").read_text("utf-8")
    for find, put, count in TEXTS[of]:
        assert find in text, find
        text = text.replace(find, put, count)
    store, old, new = tmp_path / "store", TAUBENCH / f"{of}.yaml", tmp_path / "new.yaml"
    new.write_text(text, "utf-8")
    assert 0 == run("import", CORPUS / LOGS[of], "-o", store, "--agent", of)[0]
    said = []
    for charter in (old, new):
        file = tmp_path / "verdicts.parquet"
        run("shadow-report", store, "--charter", charter, "--fail-on", "nothing", "--verdicts", file)
        said.append({row["event_id"]: row for row in pq.read_table(file).to_pylist()})
    assert said[0].keys() == said[1].keys()
    cells: Counter[tuple[str, str]] = Counter()
    gates: Counter[tuple[tuple[str, ...], tuple[str, ...]]] = Counter()
    firsts: dict[tuple[str, str], tuple[Any, ...]] = {}
    tools: Counter[str] = Counter()
    for event_id, was in said[0].items():
        now = said[1][event_id]
        cell = (was["effect"], now["effect"])
        cells[cell] += 1
        tools[was["tool"]] += 1
        place = (was["ts_ns"] is None, was["ts_ns"] or 0, was["trace_id"], event_id)
        firsts[cell] = min(firsts.get(cell, place), place)
        if cell == ("approval", "approval") and sorted(was["gates"]) != sorted(now["gates"]):
            gates[tuple(sorted(was["gates"])), tuple(sorted(now["gates"]))] += 1
    assert gates
    assert sum(count for (was, now), count in cells.items() if was != now) > 0
    for engine in ("calls", "sql"):
        _, out = run("diff", old, new, "--logs", store, "--engine", engine, "--format", "json")
        document = json.loads(out)
        replay = document["replay"]
        matrix = {(was, now): n for was, row in replay["matrix"].items() for now, n in row.items() if n}
        assert dict(cells) == matrix
        assert {cell: firsts[cell][3] for cell in cells if cell[0] != cell[1]} == {
            (each["old"], each["new"]): each["event_id"] for each in replay["first_events"]
        }
        assert dict(tools) == {row["tool"]: row["calls"] for row in replay["by_tool"]}
        assert dict(gates) == {
            (tuple(row["old"]), tuple(row["new"])): row["calls"] for row in replay["gates"] if row["old"] != row["new"]
        }
        assert 0 == document["unexplained"]
