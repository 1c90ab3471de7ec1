"""What the tau-bench runs of the corpus say: calls with their results, and the inputs of each decision.

A second way to work out facts and history, written from `charter.md` alone and as plain as can be, so that the
charters' meaning is tested by something that shares no code with a replay.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import zstandard

from govern.events.canonical import parse
from govern.policy.model import Fact, FactField, Limit, Policy

CORPUS = Path(os.environ.get("GOVERN_CORPUS") or Path(__file__).resolve().parents[3] / "shared" / "corpus")
FILES = {"airline": "airline_gpt-4o.json.zst", "retail": "retail_grok-3.json.zst"}
AVAILABLE = (CORPUS / "taubench").is_dir()
_STEP = re.compile(r"\.?([A-Za-z_][A-Za-z0-9_-]*)|\[([0-9]+)\]")
_IS: dict[str, tuple[type, ...]] = {
    "string": (str,), "number": (int, float), "integer": (int,), "boolean": (bool,), "list": (list,), "object": (dict,),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Step:
    """One call of a run.

    Args:
        result: JSON where it is some, else text; None where there is none, or an error.
        error: the tool's own words where it refused.
    """

    tool: str
    args: dict[str, Any]
    result: Any
    error: str | None

    @property
    def done(self) -> bool:
        return self.result is not None


@dataclass(frozen=True, slots=True)
class Run:
    index: int
    reward: float
    steps: tuple[Step, ...]


@cache
def runs(agent: str) -> tuple[Run, ...]:
    """The runs of a file, in order. Results follow their calls by position; ids come again and are not used."""
    packed = (CORPUS / "taubench" / FILES[agent]).read_bytes()
    elements = json.loads(zstandard.ZstdDecompressor().stream_reader(packed).read())
    return tuple(Run(index, one["reward"], tuple(_steps(one["traj"]))) for index, one in enumerate(elements))


def _steps(messages: list[dict[str, Any]]) -> Iterator[Step]:
    for at, message in enumerate(messages):
        for offset, call in enumerate(message.get("tool_calls") or [], start=1):
            answer = messages[at + offset] if at + offset < len(messages) else {}
            args = parse(call["function"]["arguments"])
            assert isinstance(args, dict)
            text = answer["content"] if answer.get("role") == "tool" else None
            failed = text is not None and text.startswith("Error")
            result = None if text is None or failed else _value(text)
            yield Step(call["function"]["name"], args, result, text if failed else None)


def _value(text: str) -> Any:
    try:
        return parse(text)
    except ValueError:
        return text


def given(policy: Policy, before: tuple[Step, ...], step: Step) -> dict[str, Any]:
    """Facts, counts and limits as they stand when a call is made (the keys of `conditions.Inputs`)."""
    facts: dict[str, Any] = {}
    for _ in policy.facts:  # a fact may be found by another one: as many rounds as there are facts
        for name, fact in policy.facts.items():
            found = _fact(fact, before, {"args": step.args, **facts})
            if found is not None:
                facts[name] = found
    counts: dict[str, Any] = {}
    for tool in policy.tools:
        counts[f"calls('{tool}')"] = sum(each.tool == tool for each in before)
        counts[f"succeeded('{tool}')"] = sum(each.tool == tool and each.done for each in before)
    over = {f"exceeded('{limit.id}')": _exceeded(limit, before, step) for limit in policy.limits}
    return facts | counts | over


def _fact(fact: Fact, before: tuple[Step, ...], judged: dict[str, Any]) -> dict[str, Any] | None:
    """The fields of the latest (or first) result for the same key, None where there is no such result."""
    wanted = [(left, at(judged, right)) for left, right in fact.where]
    matching = [
        each
        for each in before
        if each.tool in fact.result_of
        and each.done
        and all(value is not None and _source(each, left) == value for left, value in wanted)
    ]
    if not matching:
        return None
    chosen = matching[0] if fact.first else matching[-1]
    values = {field.name: at({"result": chosen.result, "call": chosen.args}, field.path) for field in fact.fields}
    return {field.name: values[field.name] for field in fact.fields if _fits(field, values[field.name])}


def _source(step: Step, left: str) -> Any:
    return at({"result": step.result}, left) if left.startswith("result") else step.args.get(left)


def _fits(field: FactField, value: Any) -> bool:
    """Whether a value is of the declared type; one outside a declared `enum` is a mistake of the charter."""
    if not isinstance(value, _IS[field.kind]) or (isinstance(value, bool) and field.kind != "boolean"):
        return False
    assert not field.values or value in field.values, f"`{value}` is not among the values of `{field.name}`"
    return True


def at(root: Any, path: str) -> Any:
    """What stands at `a.b[0].c`, or None."""
    for match in _STEP.finditer(path):
        key, index = match[1], match[2]
        if key is not None:
            root = root.get(key) if isinstance(root, dict) else None
        else:
            root = root[int(index)] if isinstance(root, list) and int(index) < len(root) else None
    return root


def _exceeded(limit: Limit, before: tuple[Step, ...], step: Step) -> bool:
    """Whether earlier successes and this call are more than the limit has. Only what these charters use."""
    assert (limit.counts, limit.span) == ("succeeded", "trace")
    if step.tool not in limit.tools:
        return False
    key = [at({"args": step.args}, place) for place in limit.for_each]
    earlier = [
        each
        for each in before
        if each.tool in limit.tools
        and each.done
        and [at({"args": each.args}, place) for place in limit.for_each] == key
    ]
    counted = [*earlier, step]
    return sum(at({"args": each.args}, limit.sum) if limit.sum else 1 for each in counted) > limit.max
