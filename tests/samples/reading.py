"""A second, independent reading of the samples' audit records: plain dictionaries, none of `govern`'s chains.

It knows only what the flaws mean, and is compared with `incidents.json`, which the generator writes where
it makes a flaw. Leaves out everything the samples do not contain.
"""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "samples"
STORIES = ("code-review", "crm", "data-pipeline", "scheduling", "support")
Row = dict[str, Any]


def rows(story: str, name: str) -> list[Row]:
    """The rows of one file of a story, in the order of its lines."""
    return [json.loads(line) for line in (SAMPLES / story / name).read_text("utf-8").splitlines()]


def incidents(story: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((SAMPLES / story / "incidents.json").read_text("utf-8"))
    return document


def by_call(found: list[Row]) -> dict[tuple[str, str], list[Row]]:
    """Rows that belong to a call, by trace and call id, each in order of time."""
    calls: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in sorted(found, key=lambda row: (row["ts"], row["wseq"])):
        if "call_id" in row:
            calls[row["trace_id"], row["call_id"]].append(row)
    return calls


def flaws(story: str) -> dict[str, set[tuple[str, str]]]:
    """Every flawed call of a story's audit record: gap to (trace id, call id)."""
    out: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for call, steps in by_call(rows(story, "audit.jsonl")).items():
        for gap in _gaps_of(steps):
            out[gap].add(call)
    return dict(out)


def _gaps_of(steps: list[Row]) -> set[str]:
    kinds = [step["type"] for step in steps]
    if "tool_call" not in kinds:
        return {"result-without-call"}
    check = next((step for step in steps if step["type"] == "policy_check"), None)
    ran = next((number for number, kind in enumerate(kinds) if kind in ("tool_start", "tool_result")), None)
    decisions = [step for step in steps if step["type"] == "approval_decision"]
    gaps = set()
    if ran is None:
        refused = (check or {}).get("verdict") == "deny" or any(d["decision"] != "approve" for d in decisions)
        return set() if refused else {"call-without-outcome"}
    if check is None:
        return {"unchecked-execution"}
    if check["verdict"] == "deny":
        return {"executed-after-deny"}
    if check["verdict"] == "approval":
        requested = {step["approval_id"]: step["args_digest"] for step in steps if step["type"] == "approval_request"}
        foreign = [d for d in decisions if requested.get(d["approval_id"]) != d["args_digest"]]
        before = [step for step in steps[:ran] if step["type"] == "approval_decision"]
        if foreign:
            gaps.add("approval-disconnected")
        elif {d["approval_id"] for d in before if d["decision"] == "approve"} != set(requested):
            gaps.add("approval-after-execution" if len(decisions) > len(before) else "gate-did-not-hold")
    return gaps
