"""Ids belong to what happened, not to the file it was read from: its name, its packing, what else is in it."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from govern.events.model import Event
from govern.ingest import Summary, read

HERE = Path(__file__).parent
FORMATS = (
    "openai_chat", "openai_responses", "openai_agents", "langfuse", "langsmith", "langgraph", "tau2", "sweagent",
)  # fmt: skip
CASES = sorted(case for name in FORMATS for case in HERE.glob(f"{name}/*/in.*"))


def ids(*paths: Path) -> list[tuple[str, str, str | None]]:
    """Event, trace and span of each event."""
    found = Summary().events(read([str(path) for path in paths]))
    return [(event.event_id, event.trace_id, event.span_id) for event in found if isinstance(event, Event)]


@pytest.mark.parametrize("case", CASES, ids=lambda path: f"{path.parent.parent.name}/{path.parent.name}")
def test_name_and_packing(case: Path, tmp_path: Path) -> None:
    """Another name, or packed: the same ids; both together: each event once."""
    packed = tmp_path / "other.log.gz"
    packed.write_bytes(gzip.compress(case.read_bytes()))
    first = ids(case)
    assert first
    assert first == ids(packed) == ids(case, packed)


@pytest.mark.parametrize("name", ["langfuse/a-trace-with-its-observations", "tau2/results-with-the-users-calls"])
def test_whole_and_in_pieces(name: str, tmp_path: Path) -> None:
    """What has an id of its own is the same event in whatever document: read twice in two layouts it is there once."""
    value = json.loads((HERE / name / "in.json").read_text())
    pieces = tmp_path / "pieces.jsonl"
    if "simulations" in value:
        rows = [each for each in value["simulations"] if "-" in each["id"]]
    else:
        rows = [each for each in value["observations"] if each["type"] != "AGENT"]
    pieces.write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert {each[0] for each in ids(pieces)} <= {each[0] for each in ids(HERE / name / "in.json")}
