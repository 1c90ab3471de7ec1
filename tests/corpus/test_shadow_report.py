"""`govern shadow-report` on the corpus, against counts made by an independent reader: nothing is lost.

Leaves out what the verdicts should be; that is the charters' affair.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
CORPUS = Path(os.environ.get("GOVERN_CORPUS") or ROOT.parent / "shared" / "corpus")
FACTS = CORPUS / "facts.json"
KEYS = {
    "runs": "trajectories",
    "calls": "tool_calls",
    "results": "tool_results",
    "errors": "error_results",
    "unanswered": "calls_without_result",
}
TAUBENCH = {"airline": "taubench/airline_gpt-4o.json.zst", "retail": "taubench/retail_grok-3.json.zst"}
# Without the facts that stand in results, most calls of these charters cannot be decided: that is said, and is exit 3.
VERDICTS = {
    "airline": {"allow": 472, "approval": 82, "deny": 63, "undecidable": 4},
    "retail": {"allow": 368, "approval": 73, "deny": 11, "undecidable": 0},
}
# What changes nothing of anybody's records: whatever else is let pass would be a slip of the charters.
HARMLESS = {
    "airline": {
        "calculate", "get_reservation_details", "get_user_details", "list_all_airports", "search_direct_flight",
        "search_onestop_flight", "think", "transfer_to_human_agents",
    },
    "retail": {
        "calculate", "find_user_id_by_email", "find_user_id_by_name_zip", "get_order_details", "get_product_details",
        "get_user_details", "list_all_product_types", "transfer_to_human_agents",
    },
}  # fmt: skip

pytestmark = [
    pytest.mark.corpus,
    pytest.mark.skipif(not FACTS.is_file(), reason=f"no corpus at {CORPUS} (set GOVERN_CORPUS)"),
]


@cache
def facts() -> dict[str, Any]:
    sources: dict[str, Any] = json.loads(FACTS.read_text("utf-8"))["sources"]
    return sources


@cache
def shadow(*arguments: str) -> tuple[int, Any]:
    """Exit code and JSON of one command line, run from the root of the repository."""
    done = subprocess.run(
        [sys.executable, "-m", "govern.cli.app", *arguments, "--format", "json"],
        capture_output=True, text=True, cwd=ROOT, timeout=120,
    )  # fmt: skip
    assert "" == done.stderr
    return done.returncode, json.loads(done.stdout)


def agentdojo() -> list[str]:
    return sorted(str(path) for path in (CORPUS / "agentdojo").glob("*.zst"))


def assert_nothing_is_lost(document: Any, names: list[str]) -> None:
    """Every file and every tool is counted as the facts say, and every call stands under one verdict."""
    by_path = {str(Path(file["path"])): file for file in document["files"]}
    assert {str(CORPUS / name) for name in names} == set(by_path)
    tools: Counter[str] = Counter()
    for name in names:
        fact, file = facts()[name], by_path[str(CORPUS / name)]
        assert {key: fact[theirs] for key, theirs in KEYS.items()} == {key: file[key] for key in KEYS}, name
        assert 0 == file["refused"]
        tools.update(fact["per_tool"])
    expected = {key: sum(facts()[name][theirs] for name in names) for key, theirs in KEYS.items()}
    assert expected == {key: document["totals"][key] for key in KEYS}
    calls = document["totals"]["calls"]
    without = sum(row["calls"] for row in document["without_charter"])
    assert calls == sum(document["verdicts"].values()) + without == document["judged"] + document["not_judged"]
    seen: Counter[str] = Counter()
    for row in document["by_tool"]:
        seen[row["tool"]] += row["calls"]
        assert row["calls"] == sum(row[effect] for effect in document["verdicts"])
    assert tools == seen
    unmapped = {(row["agent"], row["tool"]): row["calls"] for row in document["unmapped"]}
    assert unmapped == {(row["agent"], row["tool"]): row["calls"] for row in document["by_tool"] if not row["mapped"]}
    errors: Counter[str] = Counter()
    for name in names:
        errors.update(facts()[name]["errors_per_tool"])
    assert errors == error_counts(document)


def error_counts(document: Any) -> Counter[str]:
    counted: Counter[str] = Counter()
    for row in document["by_tool"]:
        counted[row["tool"]] += row["errors"]
    return +counted


def test_agentdojo() -> None:
    """All three files at once with a folder of charters: judged whole, nothing unmapped, exit 0."""
    assert 3 == len(agentdojo())
    code, document = shadow("shadow-report", *agentdojo(), "--charter", "charters/agentdojo")
    names = [f"agentdojo/{Path(path).name}" for path in agentdojo()]
    assert_nothing_is_lost(document, names)
    assert (0, 0, []) == (code, document["not_judged"], document["unmapped"])
    assert ["banking", "slack", "travel", "workspace"] == sorted(row["agent"] for row in document["policies"])


@pytest.mark.parametrize("agent", TAUBENCH)
@pytest.mark.parametrize("folder", [False, True], ids=["charter", "folder-and-agent"])
def test_taubench(agent: str, folder: bool) -> None:
    """With the agent's charter, and with the folder of charters and the agent's name: the same report."""
    charter = ["charters/taubench", "--agent", agent] if folder else [f"charters/taubench/{agent}.yaml"]
    code, document = shadow("shadow-report", str(CORPUS / TAUBENCH[agent]), "--charter", *charter)
    assert_nothing_is_lost(document, [TAUBENCH[agent]])
    assert (3 if VERDICTS[agent]["undecidable"] else 0, []) == (code, document["unmapped"])
    assert VERDICTS[agent] == document["verdicts"]
    assert document["verdicts"]["undecidable"] == document["not_judged"]
    assert {row["tool"] for row in document["by_tool"] if row["allow"]} <= HARMLESS[agent]


@pytest.mark.parametrize("agent", TAUBENCH)
def test_both_ways_to_name_the_charter_judge_alike(agent: str) -> None:
    log = str(CORPUS / TAUBENCH[agent])
    one = shadow("shadow-report", log, "--charter", f"charters/taubench/{agent}.yaml")[1]
    folder = shadow("shadow-report", log, "--charter", "charters/taubench", "--agent", agent)[1]
    assert one["verdicts"] == folder["verdicts"]
    for table in ("by_tool", "by_rule", "approvals"):
        named, unnamed = (
            [{key: value for key, value in row.items() if key not in ("agent", "sample_traces")} for row in made[table]]
            for made in (folder, one)
        )
        assert named == unnamed


def test_a_log_without_its_agent_is_not_judged_by_a_folder() -> None:
    """tau-bench names no agent: with two charters to choose from nothing is guessed."""
    code, document = shadow("shadow-report", str(CORPUS / TAUBENCH["retail"]), "--charter", "charters/taubench")
    calls = facts()[TAUBENCH["retail"]]["tool_calls"]
    assert (3, calls, 0) == (code, document["not_judged"], document["judged"])
    assert [(None, calls)] == [(row["agent"], row["calls"]) for row in document["without_charter"]]


def test_another_agents_charter_maps_nothing_away() -> None:
    """With the wrong charter every tool that it lacks is listed as unmapped with all its calls, and denied."""
    name = TAUBENCH["airline"]
    code, document = shadow("shadow-report", str(CORPUS / name), "--charter", "charters/taubench/retail.yaml")
    per_tool = facts()[name]["per_tool"]
    unmapped = {row["tool"]: row["calls"] for row in document["unmapped"]}
    assert {tool: per_tool[tool] for tool in unmapped} == unmapped
    assert {"book_reservation", "update_reservation_flights"} <= set(unmapped)
    assert document["verdicts"]["deny"] >= sum(unmapped.values())
    assert 0 != code
    assert document["totals"]["calls"] == facts()[name]["tool_calls"]


def test_flat_dialogues_are_refused() -> None:
    """A source without tool names and arguments is named and never counted as no calls found."""
    flat = str(CORPUS / "taubench" / "MockRetailDomainEnv-few_shot.jsonl.zst")
    code, document = shadow("shadow-report", flat, "--charter", "charters/taubench/retail.yaml")
    assert (3, 0, 1) == (code, document["totals"]["calls"], document["totals"]["refused"])
    assert flat == document["refusals"][0]["file"]
