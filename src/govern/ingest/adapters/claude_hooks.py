"""Logs that Claude Code's hooks write: what a hook was given, one a row, with or without an envelope. See
`claude_hooks.md`.

Source of the format: the Claude Code documentation, "Hooks reference" (hook input).
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Sequence
from typing import Any, Final

from govern.events.canonical import Json
from govern.events.model import ActorKind, Event, EventType
from govern.ingest import envelope
from govern.ingest.adapter import Aside, FormatInfo, Row, Unusable
from govern.ingest.adapters.claude_code import is_machine
from govern.ingest.arguments import UNCAPTURED, Arguments, storable
from govern.ingest.blocks import said
from govern.ingest.chat import Path, plain, text
from govern.ingest.making import Maker

INFO: Final = FormatInfo(
    id="claude_hooks",
    title="Claude Code hook logs",
    carries=frozenset({"prompt", "tool", "args", "output", "timing", "errors"}),
    lacks="most responses, the system prompt, what hooks decided, approvals, the agent's name",
)
NAME: Final = "hook_event_name"
ENDED: Final = frozenset({"PostToolUse", "PostToolUseFailure"})
TURNS: Final = frozenset({"Stop", "SubagentStop"})
ASIDES: Final = {
    "Notification": "notification",
    "PermissionRequest": "permission request",
    "PreCompact": "compaction",
    "PostCompact": "compaction",
}
"""Events in which the agent does nothing, by name; others are `OTHER`."""
OTHER: Final = "other hook event"
REPEATED: Final = "call that was logged before"
ABOUT_CALLS: Final = frozenset({"PreToolUse", "PostToolBatch", *ENDED})
CALLS: Final = ("tool_input", "tool_calls")
"""What no event that is not known here may hold, so that no call is lost in it."""
_SERVICE: Final[dict[str, Any]] = {"actor_kind": ActorKind.SERVICE}

_Key = tuple[str, str]


class ClaudeHooks:
    info = INFO

    def claims(self, value: Json) -> bool:
        found = _input(value)
        return found is not None and "session_id" in found[0]

    def reading(self) -> _Reading:
        return _Reading()


class _Reading:
    """One source. Keeps the calls that were announced, because one that was not begins with its own end."""

    def __init__(self) -> None:
        self._announced: dict[_Key, tuple[str, bytes]] = {}
        self._answered: set[_Key] = set()
        self._open: defaultdict[_Key, list[tuple[str, bytes]]] = defaultdict(list)

    def events(self, row: Row) -> Sequence[Event]:
        found = _input(row.value)
        if found is None:
            raise Unusable("no `hook_event_name`")
        value, path = plain(found[0], *found[1]), found[1]
        name = text(value.get(NAME), *path, NAME)
        at = envelope.moment(row)
        if at is None:
            row.notes["rows without a time"] += 1
            row = envelope.placed(row)
        built = _Built(row, value, path, at)
        if name == "PreToolUse":
            self._announce(built, value, path)
        elif name in ENDED:
            self._ended(built, value, path, name)
        elif name == "PostToolBatch" and isinstance(value.get("tool_calls"), list):
            for index, item in enumerate(value["tool_calls"]):
                at_item = (*path, "tool_calls", index)
                self._ended(built, plain(item, *at_item), at_item, "PostToolUse")
        elif name == "PermissionDenied":
            self._denied(built, value, path)
        else:
            _plainly(built, name, value)
        if not built.events:
            raise Aside(REPEATED if name in ABOUT_CALLS else ASIDES.get(name, OTHER))
        return built.events

    def end(self) -> Sequence[Event]:
        return ()

    def _announce(self, built: _Built, value: dict[str, Json], path: Path) -> str:
        """A call, before it is run."""
        tool = text(value.get("tool_name"), *path, "tool_name")
        call_id = _id(value)
        span = call_id or f"call-{built.row.digest}.{len(built.events)}"
        said = (tool, _mark(value.get("tool_input")))
        if call_id:
            before = self._announced.setdefault((built.trace, call_id), said)
            if before is not said:
                if before != said:
                    raise Unusable(storable(f"the call id `{call_id[:40]}` was read before, of another call"))
                return span
        else:
            built.row.notes["calls without an id"] += 1
            self._open[built.trace, tool].append((span, said[1]))
        built.proposed(span, tool, value, path)
        return span

    def _ended(self, built: _Built, value: dict[str, Json], path: Path, name: str) -> None:
        """A call, after it was run; where it was not announced, this is all that is said of it."""
        tool = text(value.get("tool_name"), *path, "tool_name")
        span = self._span(built, tool, value, path)
        key = (built.trace, span)
        if key not in self._answered:  # two hooks may log it
            self._answered.add(key)
            built.ended(span, tool, value, name)

    def _denied(self, built: _Built, value: dict[str, Json], path: Path) -> None:
        tool = text(value.get("tool_name"), *path, "tool_name")
        reason = value.get("reason")
        span = self._span(built, tool, value, path)
        error = built.text(reason) if isinstance(reason, str) and reason else "denied"
        built.add(EventType.ERROR, tool=tool, span_id=span, call_id=_id(value) or None, error=error, **_SERVICE)

    def _span(self, built: _Built, tool: str, value: dict[str, Json], path: Path) -> str:
        call_id, given = _id(value), _mark(value.get("tool_input"))
        if call_id:
            known = self._announced.get((built.trace, call_id))
            if known is not None and known[0] == tool:
                return call_id
        else:
            waiting = self._open[built.trace, tool]
            for place, (span, announced) in enumerate(waiting):
                if "tool_input" not in value or announced == given:
                    del waiting[place]
                    return span
        span = self._announce(built, value, path)
        if not call_id:
            self._open[built.trace, tool].pop()
        return span


class _Built(Maker):
    """The events of one row."""

    def __init__(self, row: Row, value: dict[str, Json], path: Path, at: int | None) -> None:
        session = text(value.get("session_id"), *path, "session_id")
        if not session:
            raise Unusable("`session_id` is empty")
        subagent = value.get("agent_id")
        self.subagent = subagent if isinstance(subagent, str) and subagent else None
        self.trace = session if self.subagent is None else f"{session}/{self.subagent}"
        self._at = at
        super().__init__(row, INFO.id, trace_id=self.trace, session_id=session, agent=row.agent, ts_ns=at)

    def proposed(self, span: str, tool: str, value: dict[str, Json], path: Path) -> None:
        """Adds a call. One that is known from its end has no time: when it was proposed is not said."""
        announced = value.get(NAME) == "PreToolUse"
        self.call(
            self._given(value, path),
            event_id=self._own(value, "call"),
            tool=tool,
            span_id=span,
            call_id=_id(value) or None,
            ts_ns=self._at if announced else None,
            actor_kind=ActorKind.AGENT,
            actor=self.subagent,
        )

    def ended(self, span: str, tool: str, value: dict[str, Json], name: str) -> None:
        """Adds a result."""
        response = value.get("tool_response")
        inside = response if isinstance(response, dict) else {}
        failed = name != "PostToolUse" or inside.get("is_error") is True or inside.get("isError") is True
        error = value.get("error") if value.get("error") is not None else inside.get("error")
        output = said(response)
        content, fidelity = self.content(error if response is None else output)
        reason = self.content(error)[0] if error is not None else content
        self.add(
            EventType.TOOL_RESULT,
            event_id=self._own(value, "result"),
            tool=tool,
            span_id=span,
            call_id=_id(value) or None,
            content=content,
            status="error" if failed else "ok",
            error=(reason or "failed") if failed else None,
            fidelity=fidelity,
            **_SERVICE,
        )

    def said(self, kind: EventType, content: Json, **columns: Any) -> None:
        """Adds an event that says something."""
        output, fidelity = self.content(content)
        self.add(kind, content=output, fidelity=fidelity, **columns)

    def _given(self, value: dict[str, Json], path: Path) -> Arguments:
        if "tool_input" in value:
            return self.arguments(value["tool_input"], *path, "tool_input")
        self.row.notes["calls without arguments"] += 1
        return UNCAPTURED

    def _own(self, value: dict[str, Json], what: str) -> str:
        """The id of an event: of the call's id, where it has one, so that two hooks that log it log one call."""
        call_id = _id(value)
        if not call_id:
            return f"{self.row.digest}-{len(self.events):06d}"
        made = f"{INFO.id}\0{storable(self.trace)}\0{storable(call_id)}\0{what}"
        return hashlib.sha256(made.encode("utf-8")).hexdigest()[:32]


def _plainly(built: _Built, name: str, value: dict[str, Json]) -> None:
    """Adds what an event says that is of no call.

    Raises:
        Unusable: an event that is not known here holds a call.
    """
    words = value.get("last_assistant_message")
    if name == "UserPromptSubmit":
        prompt = value.get("prompt")
        typed = not is_machine(prompt)
        whose = ActorKind.HUMAN if typed else ActorKind.SERVICE
        built.said(EventType.PROMPT, prompt, actor_kind=whose, actor="user" if typed else "claude-code")
    elif name in TURNS and words is not None:
        built.said(EventType.RESPONSE, words, actor_kind=ActorKind.AGENT, actor=built.subagent)
    elif name == "SessionStart":
        known = {key: value[key] for key in ("source", "model", "permission_mode", "cwd") if key in value}
        built.said(EventType.SESSION_START, known)
    elif name == "SessionEnd":
        built.said(EventType.SESSION_END, value.get("reason"))
    elif name not in ASIDES and any(key in value for key in CALLS):
        raise Unusable(storable(f"a hook event `{name[:40]}` holds a call, which is not read there"))


def _input(value: Json) -> tuple[dict[str, Json], Path] | None:
    """What the hook was given, and where it stands: the row, or a part of it."""
    if not isinstance(value, dict):
        return None
    if NAME in value:
        return value, ()
    for key, part in value.items():
        if isinstance(part, dict) and NAME in part:
            return part, (key,)
    return None


def _mark(given: Json) -> bytes:
    """What tells arguments from others; the whole of them would be kept for every call."""
    return hashlib.sha256(json.dumps(given, sort_keys=True, default=str).encode("ascii")).digest()


def _id(value: dict[str, Json]) -> str:
    found = value.get("tool_use_id")
    return found if isinstance(found, str) else ""


ADAPTER: Final = ClaudeHooks()
