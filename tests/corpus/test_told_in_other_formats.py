"""The runs of tau-bench told again in the formats of which the corpus has no files: each tells the same calls.

The runs are real, the envelopes are ours: a log of requests that repeats everything said before, with the runs of one
file mixed; answers that name the one before them; checkpoints, newest first; traces with answers and records of tools.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from govern.events.model import ActorKind, Event, EventType
from govern.ingest import Summary, read

ROOT = Path(__file__).parents[2]
CORPUS = Path(os.environ.get("GOVERN_CORPUS") or ROOT.parent / "shared" / "corpus")
FILES = ("taubench/airline_gpt-4o.json.zst", "taubench/retail_grok-3.json.zst")
SECOND = 10**9

pytestmark = [
    pytest.mark.corpus,
    pytest.mark.skipif(not (CORPUS / FILES[0]).is_file(), reason=f"no corpus at {CORPUS} (set GOVERN_CORPUS)"),
]

Messages = list[dict[str, Any]]
Row = dict[str, Any]


def runs(name: str) -> list[Messages]:
    """The messages of each run, up to the last one of the model: a request log has no more."""
    import zstandard

    with zstandard.open(CORPUS / name, "rb") as file:
        trajectories = [each["traj"] for each in json.load(file)]
    last = [max(i for i, said in enumerate(each) if said["role"] == "assistant") for each in trajectories]
    return [each[: end + 1] for each, end in zip(trajectories, last, strict=True)]


def conversations(all_runs: list[Messages]) -> Iterator[Row]:
    for messages in all_runs:
        yield {"messages": messages}


def requests(all_runs: list[Messages]) -> Iterator[Row]:
    for number, before, answer in turns(all_runs):
        name = f"chatcmpl-{number}-{len(before)}"
        response = {"id": name, "object": "chat.completion", "created": 1767000000 + len(before)}
        choices = [{"index": 0, "message": {**answer, "refusal": None}, "finish_reason": "stop"}]
        yield {"request": {"model": "m", "messages": before}, "response": {**response, "choices": choices}}


def responses(all_runs: list[Messages], stateless: bool = True) -> Iterator[Row]:
    ends: dict[int, tuple[str, int]] = {}
    for number, before, answer in turns(all_runs):
        earlier, said = ends.get(number, (None, 0))
        name = f"resp_{number}_{len(before)}"
        asked = [item for each in before[0 if stateless else said :] for item in items(each)]
        response = {
            "id": name,
            "object": "response",
            "created_at": 1767000000 + len(before),
            "output": list(items(answer)),
        }
        if not stateless:
            response["previous_response_id"] = earlier
        ends[number] = (name, len(before) + 1)
        yield {"request": {"model": "m", "input": asked}, "response": response}


def stateful(all_runs: list[Messages]) -> Iterator[Row]:
    return responses(all_runs, stateless=False)


def states(all_runs: list[Messages]) -> Iterator[Row]:
    """Newest first, as the server answers."""
    for number, messages in enumerate(all_runs):
        told = [langchain(said, f"m{index}") for index, said in enumerate(messages)]
        for end in range(len(told), -1, -1):
            checkpoint = {"thread_id": f"th-{number}", "checkpoint_ns": "", "checkpoint_id": str(end)}
            yield {"values": {"messages": told[:end]}, "next": [], "checkpoint": checkpoint}


def traced(all_runs: list[Messages]) -> Iterator[Row]:
    """Runs of LangSmith: an answer, then the tools that it called."""
    for number, messages in enumerate(all_runs):
        calls: list[Row] = []
        for index, said in enumerate(messages):
            about: Row = {"id": f"r{number}-{index}", "trace_id": f"t{number}", "start_time": at(index)}
            about["end_time"] = at(index + 1)
            if said["role"] == "assistant":
                calls = list(said.get("tool_calls") or [])
                outputs = {"generations": [[{"message": {"kwargs": langchain(said, "x")}}]]}
                yield {**about, "run_type": "llm", "name": "model", "inputs": {}, "outputs": outputs}
            elif said["role"] == "tool":
                call = calls.pop(0)["function"]
                given = {"input": str(json.loads(call["arguments"]))}
                failed = said["content"] if said["content"].startswith("Error") else None
                about |= {"run_type": "tool", "name": call["name"], "inputs": given, "error": failed}
                yield {**about, "outputs": {"output": said["content"]}}


def turns(all_runs: list[Messages]) -> Iterator[tuple[int, Messages, dict[str, Any]]]:
    """Each answer of each run with what stood before it; the runs take turns."""
    waiting = [(number, messages, 0) for number, messages in enumerate(all_runs)]
    while waiting:
        number, messages, at = waiting.pop(0)
        for index in range(at, len(messages)):
            if messages[index]["role"] == "assistant":
                yield number, messages[:index], messages[index]
                waiting.append((number, messages, index + 1))
                break


def items(said: dict[str, Any]) -> Iterator[Row]:
    if said["role"] == "tool":
        yield {"type": "function_call_output", "call_id": said["tool_call_id"], "output": said["content"]}
        return
    if said.get("content") is not None:
        yield {"type": "message", "role": said["role"], "content": said["content"]}
    for call in said.get("tool_calls") or []:
        yield {"type": "function_call", "call_id": call["id"], **call["function"]}


def langchain(said: dict[str, Any], name: str) -> Row:
    kind = {"system": "system", "user": "human", "assistant": "ai", "tool": "tool"}[said["role"]]
    made: Row = {"type": kind, "content": said["content"] or "", "id": name}
    if kind == "ai":
        calls = said.get("tool_calls") or []
        made["tool_calls"] = [
            {"name": call["function"]["name"], "args": json.loads(call["function"]["arguments"]), "id": call["id"]}
            for call in calls
        ]
    if kind == "tool":
        made |= {"tool_call_id": said["tool_call_id"], "name": said["name"]}
    return made


def at(index: int) -> str:
    return f"2026-01-01T00:{index // 60:02d}:{index % 60:02d}+00:00"


def told(events: Iterable[Event]) -> Counter[tuple[Any, ...]]:
    """What each run did: its calls with their arguments, in order, and what answered each."""
    by_run: dict[str, dict[str | None, list[Any]]] = {}
    for event in events:
        calls = by_run.setdefault(event.trace_id, {})
        if event.type is EventType.TOOL_CALL and event.actor_kind is ActorKind.AGENT:
            assert event.span_id not in calls
            calls[event.span_id] = [event.tool, event.args, None, None]
        elif event.type is EventType.TOOL_RESULT:
            calls[event.span_id][2:] = [event.content, event.status]
    return Counter(tuple(tuple(call) for call in calls.values()) for calls in by_run.values())


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("tell", [conversations, requests, responses, stateful, states, traced])
def test_same_calls(name: str, tell: Callable[[list[Messages]], Iterator[Row]], tmp_path: Path) -> None:
    """Told in another format the runs have the same calls, arguments, results and errors, each once."""
    found = runs(name)
    plain = tmp_path / "plain.jsonl"
    plain.write_text(
        "".join(json.dumps({"task_id": 0, "traj": each, "trial": n}) + "\n" for n, each in enumerate(found))
    )
    log = tmp_path / "log.jsonl"
    log.write_text("".join(json.dumps(row) + "\n" for row in tell(found)))
    summary = Summary()
    events = list(summary.events(read([str(log)])))
    assert [] == summary.refusals
    assert told(Summary().events(read([str(plain)]))) == told(events)
    assert [event.wseq for event in events] == list(range(len(events)))
    assert len(events) == len({event.event_id for event in events})
