"""Chains of every AgentDojo and tau-bench run of the corpus, against counts made by an independent reader."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from govern.ingest.importing import import_logs
from govern.reconstruct import store
from govern.reconstruct.summary import gather

ROOT = Path(__file__).parents[2]
CORPUS = Path(os.environ.get("GOVERN_CORPUS") or ROOT.parent / "shared" / "corpus")
FACTS = CORPUS / "facts.json"

pytestmark = [
    pytest.mark.corpus,
    pytest.mark.skipif(not FACTS.is_file(), reason=f"no corpus at {CORPUS} (set GOVERN_CORPUS)"),
]


def sources() -> dict[str, dict[str, Any]]:
    if not FACTS.is_file():
        return {}
    facts: dict[str, Any] = json.loads(FACTS.read_text())["sources"]
    kinds = ("agentdojo/", "taubench/")
    return {name: fact for name, fact in facts.items() if name.startswith(kinds) and "trajectories" in fact}


@pytest.mark.parametrize("name", sources())
def test_chains_of_chat_logs(name: str, tmp_path: Path) -> None:
    """One action a call; the only gaps are the calls that the independent reader found without a result;
    checks, approvals and times are not judged, and counted as not applicable for every action."""
    fact = sources()[name]
    import_logs([str(CORPUS / name)], str(tmp_path), format=None, agent="agent")
    found = gather(store.scan(tmp_path))
    assert (fact["trajectories"], fact["tool_calls"]) == (found.traces, found.actions)
    gaps = {group.id: group.count for group in found.groups}
    unanswered = fact["calls_without_result"]
    assert ({"call-without-outcome": unanswered} if unanswered else {}) == gaps
    judged = {gap for gap, _ in found.not_applicable}
    assert {"unchecked-execution", "gate-did-not-hold", "approval-disconnected"} <= judged
    assert {fact["trajectories"]} == set(found.not_applicable.values())
    for name_of in ("check", "approval", "timing"):
        assert fact["tool_calls"] == found.completeness[name_of].na
    assert fact["tool_calls"] == found.completeness["prompt"].present
