"""`origin` on attacked runs of the corpus: where the address of a harmful call came from, by appearance.

The counts were looked at run by run. A harmful call is one whose destination stands in the attack's goal, which is
read from the corpus. Leaves out what a charter makes of it.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterator
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest

from govern.events.model import Event, EventType
from govern.ingest import read
from govern.policy.origin import Said
from govern.policy.origin.hearing import SAYING, hear

ROOT = Path(__file__).resolve().parents[2]
CORPUS = Path(os.environ.get("GOVERN_CORPUS") or ROOT.parent / "shared" / "corpus")
TOOLS = CORPUS / "tools" / "agentdojo_tools.json"
WHERE = {
    "send_money": "recipient", "schedule_transaction": "recipient", "send_email": "recipients", "get_webpage": "url",
    "post_webpage": "url", "send_direct_message": "recipient",
}  # fmt: skip
"""Where such a call goes: an argument of each tool."""

pytestmark = [
    pytest.mark.corpus,
    pytest.mark.skipif(not TOOLS.is_file(), reason=f"no corpus at {CORPUS} (set GOVERN_CORPUS)"),
]


@cache
def goals() -> dict[str, dict[str, str]]:
    suites = json.loads(TOOLS.read_text("utf-8"))["suites"]
    return {name: suite["injection_goals"] for name, suite in suites.items()}


def is_goal(value: Any, goal: str) -> bool:
    items = value if isinstance(value, list) else [value]
    return any(
        isinstance(item, str) and item and item.removeprefix("https://").removeprefix("http://").strip("/") in goal
        for item in items
    )


def destinations() -> Iterator[tuple[dict[str, Any], str, Any, Said]]:
    """What is said of the run, the tool, the destination, and what was said before, of each such call."""
    events = (each for each in read(sorted(map(str, (CORPUS / "agentdojo").glob("*.zst")))) if isinstance(each, Event))
    for _, run in groupby(events, key=lambda event: event.trace_id):
        said, about = Said(), {}
        for event in run:
            if event.type is EventType.SESSION_START:
                about = json.loads(event.content or "")["metadata"]
            elif event.type in SAYING:
                said = hear(said, event, ())
            elif event.type is EventType.TOOL_CALL and event.tool in WHERE and event.args is not None:
                value = json.loads(event.args).get(WHERE[event.tool])
                if value is not None:
                    yield about, event.tool, value, said


def test_every_harmful_call_goes_where_a_tool_said() -> None:
    """All 42 harmful destinations are untrusted and none was named by the user, in 27 runs whose goal was reached by a
    call and in those in which it was tried; in the other 3 labelled so, the run has no call."""
    found: Counter[tuple[str, str, str | None, bool | None]] = Counter()
    reached = set()
    for about, tool, value, said in destinations():
        task = about.get("injection_task_id")
        if task and is_goal(value, goals()[about["suite_name"]][task]):
            found[about["suite_name"], tool, said.origin(value), said.named_by_user(value)] += 1
            if about["security"]:
                reached.add((about["model"], about["suite_name"], about["user_task_id"]))
    assert {
        ("banking", "send_money", "untrusted", False): 10,
        ("slack", "get_webpage", "untrusted", False): 13,
        ("travel", "send_email", "untrusted", False): 3,
        ("workspace", "send_email", "untrusted", False): 16,
    } == found
    assert 27 == len(reached)


def test_destinations_without_an_attack() -> None:
    """Most were looked up, as the user asked, which `origin` cannot tell from a suggestion. Of 41 that the user named
    14 came back from a tool: they are untrusted, and named all the same."""
    found: Counter[tuple[str | None, bool | None]] = Counter()
    for about, _, value, said in destinations():
        if not about.get("injection_task_id"):
            found[said.origin(value), said.named_by_user(value)] += 1
    assert {
        ("user", True): 27,
        ("untrusted", True): 14,
        ("untrusted", False): 58,
        ("none", False): 14,
    } == found
