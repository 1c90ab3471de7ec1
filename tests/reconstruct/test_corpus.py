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


NOT_SHOWN = {
    "executed-after-deny", "gate-did-not-hold", "approved-not-executed-args", "approval-disconnected",
    "approval-reused", "approval-expired", "approval-after-execution", "self-approval", "approver-unknown",
    "unchecked-execution", "policy-not-in-force", "retry-unexplained", "request-undecided", "sequence-gap",
    "orphan-span", "clock-regression", "no-session-end", "prompt-not-verbatim", "response-not-verbatim",
}  # fmt: skip
"""What no log of an agent's own can show, whatever its format."""


@pytest.mark.parametrize(("name", "timed"), [("claude_code", True), ("otlp", True), ("agentdojo", False)])
def test_what_imported_logs_cannot_show_is_not_judged(name: str, timed: bool, tmp_path: Path) -> None:
    """For every trace: no gap of approvals, checks, order, sessions or words, and none of them passed either. Only a
    call that nobody answered, or an answer that nobody asked for, is a hole in such a log."""
    import_logs([str(CORPUS / name)], str(tmp_path), format=None, agent="agent")
    found = gather(store.scan(tmp_path))
    assert {group.id for group in found.groups} <= {"call-without-outcome", "result-without-call"}
    assert NOT_SHOWN | (set() if timed else {"timing-missing"}) == {gap for gap, _ in found.not_applicable}
    assert {found.traces} == set(found.not_applicable.values())


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
    assert NOT_SHOWN | {"timing-missing"} == {gap for gap, _ in found.not_applicable}
    assert {fact["trajectories"]} == set(found.not_applicable.values())
    for name_of in ("check", "approval", "timing"):
        assert fact["tool_calls"] == found.completeness[name_of].na
    assert fact["tool_calls"] == found.completeness["prompt"].present
