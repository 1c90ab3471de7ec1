"""Logs of real agents: a charter drafted from a log maps every tool of it, lints without errors, and gives nothing that
looks irreversible to the agent alone."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from tests.cli.running import ROOT, govern

CORPUS = Path(os.environ.get("GOVERN_CORPUS", ROOT / ".." / "shared" / "corpus"))
LOGS = [
    ("taubench/airline_gpt-4o.json.zst", "airline"),
    ("taubench/retail_grok-3.json.zst", "retail"),
    *(
        ("agentdojo/agentdojo-gpt-4o-mini-2024-07-18.jsonl.zst", suite)
        for suite in ("banking", "slack", "travel", "workspace")
    ),
    ("agentdojo/agentdojo-command-r-plus.jsonl.zst", "workspace"),
]


@pytest.mark.corpus
@pytest.mark.parametrize(("log", "agent"), LOGS, ids="/".join)
def test_a_draft_of_a_log_maps_it(log: str, agent: str, tmp_path: Path) -> None:
    if not (CORPUS / log).exists():
        pytest.skip(f"no corpus at {CORPUS}: set GOVERN_CORPUS")
    charter = tmp_path / "charter.yaml"
    assert 0 == govern("init", "--from-logs", CORPUS / log, "--agent", agent, "-o", charter).exit_code
    assert 0 == govern("lint", charter, "--fail-on", "error").exit_code
    assert 0 == govern("fmt", "--check", charter).exit_code
    report = govern("shadow-report", CORPUS / log, "--charter", charter, "--agent", agent, "--format", "json").json
    mine = [row for row in report["by_tool"] if row["agent"] == agent]
    assert mine
    assert [] == [row["tool"] for row in mine if not row["mapped"]]
    assert 0 == sum(row["allow"] for row in mine if row["tier"] == "irreversible")
    assert sum(row["deny"] for row in mine) <= sum(row["calls"] for row in mine) // 20
