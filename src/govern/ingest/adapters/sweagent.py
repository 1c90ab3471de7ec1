"""SWE-agent and mini-swe-agent trajectories, one document a run. See `sweagent.md`.

Sources of the format: github.com/SWE-agent/SWE-agent (`sweagent/types.py`, `sweagent/agent/agents.py`) and
github.com/SWE-agent/mini-swe-agent (`docs/usage/output_files.md`), and the trajectories published there.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from govern.events.canonical import Json
from govern.events.model import ActorKind, Event, EventType
from govern.ingest import minisweagent
from govern.ingest.adapter import Aside, FormatInfo, Row, Stateless
from govern.ingest.chat import PROMPTS, Path, Run, messages, plain, text
from govern.ingest.noted import instant
from govern.ingest.parts import part
from govern.ingest.times import unix

INFO: Final = FormatInfo(
    id="sweagent",
    title="SWE-agent trajectories",
    carries=frozenset({"prompt", "response", "tool", "args", "output"}),
    lacks="times and errors of commands (mini-swe-agent has both), policy checks, approvals",
)
SHELL: Final = minisweagent.SHELL
"""The tool that a command belongs to for which the log names none: every action is run in this shell."""
COMMANDS: Final = minisweagent.COMMANDS
EXIT: Final = "exit_"
"""In the exit status of a run that SWE-agent itself ended; its last step is SWE-agent's own."""


class SWEAgent(Stateless):
    info = INFO

    def claims(self, value: Json) -> bool:
        if not isinstance(value, dict):
            return False
        if minisweagent.claims(value):
            return True
        steps = value.get("trajectory")
        if not isinstance(steps, list) or not (steps or "history" in value):
            return False
        return all(isinstance(each, dict) and set(each) >= _STEP for each in steps)

    def events(self, row: Row) -> Sequence[Event]:
        value = plain(row.value)
        if minisweagent.claims(value):
            return minisweagent.events(row, value, INFO.id)
        if not value.get("attempts"):
            return _attempt(row, value, ())
        events: list[Event] = []  # the best attempt stands at the top once more
        for index, item in enumerate(messages(value["attempts"], "attempts")):
            with part(row, "attempts", index):
                digest = hashlib.sha256(f"{row.digest}{index}".encode()).hexdigest()[:32]
                at = replace(row, digest=digest, wseq=row.wseq + len(events))
                attempt = plain(item, "attempts", index)
                events += _attempt(at, {"attempt": index + 1, **attempt}, ("attempts", index))
        if not events:
            raise Aside("no attempts")
        return events


_STEP: Final = frozenset({"action", "observation"})


class _Steps(Run):
    """A run whose commands leave no word of whether they went well."""

    def add(self, kind: EventType, **columns: Any) -> None:
        if kind is EventType.TOOL_RESULT:
            columns["status"] = None
        super().add(kind, **columns)


def _attempt(row: Row, value: dict[str, Json], path: Path) -> list[Event]:
    """One attempt: what the model was told before its first action, then each step that was tried."""
    told = value.get("history")
    if told is None:
        row.notes["runs without the messages to the model"] += 1
    history = [
        plain(each, *path, "history", index) for index, each in enumerate(messages(told or [], *path, "history"))
    ]
    acted = [index for index, said in enumerate(history) if said.get("role") == "assistant" and not said.get("is_demo")]
    name = history[acted[0]].get("agent") if acted else None
    built = _Steps(row, INFO.id, name if isinstance(name, str) else row.agent)
    built.start({key: item for key, item in value.items() if key not in ("trajectory", "history")})
    for said in history[: acted[0] if acted else len(history)]:
        _prompt(built, said)
    about = value.get("info")
    status = about.get("exit_status") if isinstance(about, dict) else None
    steps = messages(value.get("trajectory"), *path, "trajectory")
    for index, item in enumerate(steps):
        at: Path = (*path, "trajectory", index)
        step = plain(item, *at)
        action = text(step.get("action") or "", *at, "action")
        own = index == len(steps) - 1 and not action and isinstance(status, str) and EXIT in status
        if own:
            built.add(EventType.ERROR, error=built.content(step.get("response"))[0], actor_kind=ActorKind.SERVICE)
        else:
            built.response(step.get("response"))
        said_at = acted.pop(0) if acted and _same(history[acted[0]], step) else None
        if action:
            _call(built, action, None if said_at is None else history[said_at], (*path, "history", said_at or 0))
            _result(built, step, ran=said_at is not None)
    if status is not None:
        content, fidelity = built.content(status)
        built.add(EventType.SESSION_END, content=content, fidelity=fidelity)
    return built.events


def _prompt(built: Run, said: dict[str, Json]) -> None:
    """A message before the first action. One of a demonstration is no call, whatever it shows."""
    role, content = said.get("role"), said.get("content")
    if said.get("is_demo") or role not in tuple(PROMPTS):
        kept, fidelity = built.content(content)
        who = {"actor_kind": ActorKind.SERVICE, "actor": "demonstration"}
        built.add(EventType.PROMPT, content=kept, fidelity=fidelity, **who)
    else:
        built.prompt(text(role), content)


def _same(said: dict[str, Json], step: dict[str, Json]) -> bool:
    """Whether a step is the one that went into the history; one that was refused or tried again did not."""
    if said.get("action", step.get("action")) != step.get("action"):
        return False
    return not isinstance(said.get("content"), str) or said.get("content") == step.get("response")


def _call(built: Run, action: str, said: dict[str, Json] | None, path: Path) -> None:
    if said is not None and said.get("tool_calls"):
        built.calls(said["tool_calls"], (*path, "tool_calls"))
        return
    built.row.notes[COMMANDS] += 1
    built.next_message()
    built.propose(SHELL, None, minisweagent.given(built, action))


def _result(built: Run, step: dict[str, Json], *, ran: bool) -> None:
    """What a command printed. One that was refused before it ran printed nothing, and took no time."""
    took = step.get("execution_time")
    if not (ran or took or step.get("observation")):
        return
    duration = {"duration_ns": instant(built.row, lambda: unix(took, "s"))} if took else {}
    built.result(None, None, step.get("observation"), None, **duration)


ADAPTER: Final = SWEAgent()
