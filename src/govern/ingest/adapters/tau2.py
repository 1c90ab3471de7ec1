"""tau2-bench simulations: a file of results, or one simulation a file, line or element. See `tau2.md`.

Source of the format: github.com/sierra-research/tau2-bench (`data_model/simulation.py`, `data_model/message.py`), and
the trajectories published there.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, Final

from govern.events.canonical import Json
from govern.events.model import ActorKind, Event
from govern.ingest.adapter import Aside, FormatInfo, Row, Stateless
from govern.ingest.arguments import UNCAPTURED
from govern.ingest.chat import PROMPTS, Path, Run, messages, plain, text, unusable
from govern.ingest.noted import instant
from govern.ingest.parts import part
from govern.ingest.times import iso

INFO: Final = FormatInfo(
    id="tau2",
    title="tau2-bench simulations",
    carries=frozenset({"prompt", "response", "tool", "args", "output", "errors"}),
    lacks="times (they have no zone), policy checks, approvals",
)
RESULTS: Final = frozenset({"info", "tasks", "simulations"})
SIMULATION: Final = frozenset({"task_id", "termination_reason"})
TIMES: Final = "times without a zone, or unreadable"
_UUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)


class Tau2(Stateless):
    info = INFO

    def claims(self, value: Json) -> bool:
        return isinstance(value, dict) and (set(value) >= RESULTS or set(value) >= SIMULATION)

    def events(self, row: Row) -> Sequence[Event]:
        value = plain(row.value)
        if "simulations" not in value:
            return _simulation(row, value, (), row.agent)
        found = messages(value["simulations"], "simulations")
        if not found:
            raise Aside("index of simulations in other files" if value.get("simulation_index") else "no simulations")
        agent = _domain(value) or row.agent
        events: list[Event] = []
        for index, item in enumerate(found):
            place: Path = ("simulations", index)
            with part(row, *place):
                at = replace(row, wseq=row.wseq + len(events), ref=f"{row.ref}#{index}")
                events += _simulation(at, plain(item, *place), place, agent)
        if not events:
            raise Aside("no simulations")
        return events


def _simulation(row: Row, run: dict[str, Json], path: Path, agent: str | None) -> list[Event]:
    """One run. Its ids are made from its own id, which is the same wherever the simulation stands."""
    given = run.get("id")
    unique = isinstance(given, str) and _UUID.fullmatch(given)
    told = f"tau2\0{given}" if unique else f"{row.digest}\0{path}"
    digest = hashlib.sha256(told.encode("utf-8", "backslashreplace")).hexdigest()[:32]
    built = Run(replace(row, digest=digest), INFO.id, agent, trace_id=given if unique else digest)
    built.start({key: value for key, value in run.items() if key not in ("messages", "ticks")})
    for message, at in _messages(run, path):
        _write(built, message, at)
    return built.events


def _messages(run: dict[str, Json], path: Path) -> Iterator[tuple[Json, Path]]:
    """What was said, in order, and where it stands: the messages, or else what the ticks of a spoken one hold."""
    if run.get("messages") is not None or run.get("ticks") is None:
        for index, message in enumerate(messages(run.get("messages"), *path, "messages")):
            yield message, (*path, "messages", index)
        return
    for index, item in enumerate(messages(run["ticks"], *path, "ticks")):
        at = (*path, "ticks", index)
        tick = plain(item, *at)
        for side, role in (("agent", "assistant"), ("user", "user")):
            if tick.get(f"{side}_chunk") is not None:
                chunk = plain(tick[f"{side}_chunk"], *at, f"{side}_chunk")
                if chunk.get("content"):  # else silence
                    yield {**chunk, "tool_calls": None}, (*at, f"{side}_chunk")
            if tick.get(f"{side}_tool_calls"):
                calls = {"role": role, "timestamp": tick.get("timestamp"), _CALLS: tick[f"{side}_tool_calls"]}
                yield calls, (*at, f"{side}_tool_calls")
            results = f"{side}_tool_results"
            for number, result in enumerate(messages(tick.get(results) or [], *at, results)):
                yield result, (*at, results, number)


_CALLS: Final = "calls of a tick"
"""Key of a message that is made here: the calls of a tick belong to no message."""


def _write(built: Run, value: Json, path: Path) -> None:
    message = plain(value, *path)
    role = text(message.get("role"), *path, "role")
    content = message.get("content")
    at = _time(built, message)
    if role == "assistant":
        if _CALLS not in message:
            built.response(content, **at)
        _calls(built, message, path, ActorKind.AGENT, at)
    elif role in PROMPTS:
        if content is not None:
            built.prompt(role, content, **at)
        _calls(built, message, path, ActorKind.HUMAN, at)
    elif role == "tool" and "tool_messages" in message:
        for index, each in enumerate(messages(message["tool_messages"], *path, "tool_messages")):
            _write(built, each, (*path, "tool_messages", index))
    elif role == "tool":
        failed = message.get("error") not in (None, False)
        built.result(message.get("id"), None, content, content or "" if failed else None, **at)
    else:
        raise unusable((*path, "role"), f"is `{role}`, which is no role of a message")


def _calls(built: Run, message: dict[str, Json], path: Path, who: ActorKind, at: dict[str, Any]) -> None:
    """The calls of a message. Who made them is who sent it: `requestor` repeats that, or is missing."""
    if _CALLS in message:
        calls = messages(message[_CALLS], *path)
    else:
        path = (*path, "tool_calls")
        calls = [] if message.get("tool_calls") is None else messages(message["tool_calls"], *path)
    if calls:
        built.next_message()
    for index, value in enumerate(calls):
        call = plain(value, *path, index)
        name = text(call.get("name"), *path, index, "name")
        given = "arguments" in call
        arguments = built.arguments(call["arguments"], *path, index, "arguments") if given else UNCAPTURED
        built.propose(name, call.get("id"), arguments, actor_kind=who, **at)


def _time(built: Run, message: dict[str, Json]) -> dict[str, Any]:
    given = message.get("timestamp")
    return {} if given is None else {"ts_ns": instant(built.row, lambda: iso(given), TIMES)}


def _domain(results: dict[str, Json]) -> str | None:
    """The name of the environment, which is what the agent works for: `retail`."""
    about = results.get("info")
    environment = about.get("environment_info") if isinstance(about, dict) else None
    name = environment.get("domain_name") if isinstance(environment, dict) else None
    return name if isinstance(name, str) else None


ADAPTER: Final = Tau2()
