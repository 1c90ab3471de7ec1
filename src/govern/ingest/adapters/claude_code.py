"""Claude Code transcripts, and what it streams as JSON: one line for each block of a message. See `claude_code.md`.

There is no published schema: this follows real transcripts of versions 1.0 to 2.1, and for the few things marked in
the page what the authors of other readers wrote down.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from govern.events.canonical import Json
from govern.events.model import ActorKind, Event, EventType, Fidelity
from govern.ingest import times
from govern.ingest.adapter import Aside, FormatInfo, Row, Unusable
from govern.ingest.arguments import UNCAPTURED, storable
from govern.ingest.blocks import Block, blocks, holds_call, said
from govern.ingest.chat import Path, plain, text
from govern.ingest.making import Maker
from govern.ingest.noted import instant

INFO: Final = FormatInfo(
    id="claude_code",
    title="Claude Code transcripts",
    carries=frozenset({"prompt", "response", "tool", "args", "output", "timing", "errors"}),
    lacks="system prompt, tool schemas, granted permissions, policy checks, the agent's name",
)

ASIDES: Final = {
    "file-history-snapshot": "file snapshot",
    "progress": "progress",
    "queue-operation": "queue operation",
    "result": "result line",
    "stream_event": "piece of an answer",
    "summary": "summary",
    "system": "system line",
}
"""Lines in which an agent does nothing, by their type; lines of any other type are `OTHER`."""
OTHER: Final = "line of another type"
SETTINGS: Final = (
    "agent-name", "agent-setting", "ai-title", "bridge-session", "custom-title", "last-prompt", "mode",
    "permission-mode", "pr-link", "tag", "worktree-state",
)  # fmt: skip
"""Types of lines that say something of a session, not in it."""
SETTING: Final = "session setting"
SIDECAR: Final = "description of a subagent"
"""`agent-*.meta.json` beside a subagent's lines: one object, with `agentType`."""
SPOKEN: Final = ("user", "assistant")
STREAMED: Final = (*SPOKEN, "system", "result", "stream_event")
"""What `--output-format stream-json` writes."""
MACHINE: Final = (
    "<task-notification>",
    "<system-reminder>",
    "<local-command-",
    "<bash-stdout>",
    "<bash-stderr>",
    "<user-prompt-submit-hook>",
    "<ide_",
    "[Request interrupted by user",
)
"""What begins so in a user's line was put there by the program: nobody typed it."""
SIDECHAIN: Final = "sidechain"
"""Stands for the subagent where a line of one does not say which."""

_Key = tuple[str, str]


class ClaudeCode:
    info = INFO

    def claims(self, value: Json) -> bool:
        if not isinstance(value, dict):
            return False
        if _is_sidecar(value):
            return True
        kind, keys = value.get("type"), set(value)
        if not isinstance(kind, str):
            return False
        if {"sessionId", "uuid", "parentUuid", "isSidechain"} <= keys:
            return True
        if kind in STREAMED and "session_id" in keys:
            return not keys.isdisjoint(("parent_tool_use_id", "subtype"))
        if kind in SETTINGS:
            return "sessionId" in keys
        return {
            "summary": {"summary", "leafUuid"} <= keys,
            "file-history-snapshot": {"messageId", "snapshot"} <= keys,
            "queue-operation": {"operation", "sessionId"} <= keys,
        }.get(kind, False)

    def reading(self) -> _Reading:
        return _Reading()


@dataclass(frozen=True, slots=True)
class _Line:
    """A message's line, in whichever of its two places it stands.

    Args:
        value: of the line, with `uuid`, `timestamp` and `message`.
        path: where that stands in the row.
        trace: the run.
        subagent: its id; None for the session's own agent.
    """

    value: dict[str, Json]
    path: Path
    trace: str
    subagent: str | None


class _Reading:
    """One source. Keeps what was called and answered under each id of a call, because an id may come again."""

    def __init__(self) -> None:
        self._calls: defaultdict[_Key, dict[str, int]] = defaultdict(dict)  # by event: its place among those of the id
        self._results: defaultdict[_Key, dict[str, int]] = defaultdict(dict)
        self._tools: defaultdict[_Key, list[str]] = defaultdict(list)

    def events(self, row: Row) -> Sequence[Event]:
        value = plain(row.value)
        if _is_sidecar(value):
            raise Aside(SIDECAR)
        kind = text(value.get("type"), "type")
        nested = _nested(value) if kind == "progress" else None
        if kind not in (*SPOKEN, "attachment") and nested is None:
            if kind != "stream_event" and holds_call(value):  # the whole of an answer follows its pieces
                raise Unusable(storable(f"a line of the type `{kind[:40]}` holds a call, which is not read there"))
            raise Aside(SETTING if kind in SETTINGS else ASIDES.get(kind, OTHER))
        session, line = _place(row, value, nested)
        built = _Built(row, session, line, value)
        if kind == "attachment":
            built.attachment(plain(value.get("attachment"), "attachment"))
            return built.events
        message = plain(line.value.get("message"), *line.path, "message")
        found = blocks(message.get("content"), *line.path, "message", "content")
        if line.value.get("type") == "assistant":
            self._assistant(built, message, found)
        else:
            self._user(built, found)
        return built.events

    def end(self) -> Sequence[Event]:
        return ()

    def _assistant(self, built: _Built, message: dict[str, Json], found: list[Block]) -> None:
        given = message.get("id")
        spoken = given if isinstance(given, str) and given else None
        words = [block for block in found if not block.calls and not block.answers]
        if built.line.value.get("isApiErrorMessage") is True:
            built.put(EventType.ERROR, "said", said([block.value for block in words]), actor_kind=ActorKind.SERVICE)
        elif words or not found:
            # One message stands in several lines: all of it has the message's id as span, and calls as parent.
            columns = {"span_id": spoken, "actor": built.line.subagent, "actor_kind": ActorKind.AGENT}
            built.put(EventType.RESPONSE, "said", said([block.value for block in words]), **columns)
        for block in found:
            if block.calls:
                self._call(built, block, spoken)
            elif block.answers:
                self._result(built, block)

    def _user(self, built: _Built, found: list[Block]) -> None:
        for block in found:
            if block.answers:
                self._result(built, block)
            elif block.calls:
                raise Unusable("a user's line holds a call")
            else:
                built.prompt(block)
        given = built.line.value.get("toolUseResult")
        started = given.get("agentId") if isinstance(given, dict) else None
        answered = [event for event in built.events if event.type is EventType.TOOL_RESULT]
        if isinstance(started, str) and started and len(answered) == 1:
            trace = f"{built.session}/{started}"
            built.add(
                EventType.DELEGATION,
                event_id=built.id("delegation"),
                span_id=answered[0].span_id,
                actor_kind=ActorKind.AGENT,
                actor=started,
                content=trace,
                fidelity=Fidelity.RESERIALISED,  # nobody said it: it is the other run's id
            )

    def _call(self, built: _Built, block: Block, spoken: str | None) -> None:
        event_id = built.id(block.index)
        tool = block.tool
        key = (built.line.trace, block.call_id)
        calls = self._calls[key]
        if event_id not in calls:
            calls[event_id] = len(calls)
            self._tools[key].append(storable(tool))
        if "input" in block.value:
            arguments = built.arguments(block.value["input"], *block.path, "input")
        else:
            arguments = UNCAPTURED
            built.row.notes["calls without arguments"] += 1
        if not block.call_id:
            built.row.notes["calls without an id"] += 1
        built.call(
            arguments,
            event_id=event_id,
            tool=tool,
            call_id=block.call_id or None,
            span_id=_span(built.line.trace, block.call_id, calls[event_id]),
            parent_span_id=spoken,
            actor_kind=ActorKind.AGENT,
            actor=built.line.subagent,
        )

    def _result(self, built: _Built, block: Block) -> None:
        event_id = built.id(block.index)
        key = (built.line.trace, block.call_id)
        results, tools = self._results[key], self._tools.get(key, ())
        number = results.setdefault(event_id, len(results))
        output, fidelity = built.content(block.output)
        failed = block.failed
        built.add(
            EventType.TOOL_RESULT,
            event_id=event_id,
            tool=tools[number] if number < len(tools) else None,
            call_id=block.call_id or None,
            span_id=_span(built.line.trace, block.call_id, number),
            content=output,
            status="error" if failed else "ok",
            error=output if failed else None,
            fidelity=fidelity,
            actor_kind=ActorKind.SERVICE,
        )


class _Built(Maker):
    """The events of one line. Their ids are made from the line's `uuid`: its copy elsewhere gives the same events."""

    def __init__(self, row: Row, session: str, line: _Line, value: dict[str, Json]) -> None:
        version = value.get("version")
        super().__init__(
            row,
            INFO.id,
            trace_id=line.trace,
            session_id=session,
            agent=row.agent,
            agent_version=version if isinstance(version, str) else None,
            ts_ns=_time(row, line.value.get("timestamp")),
        )
        self.session = session
        self.line = line
        copied = value.get("forkedFrom")
        original = copied.get("messageUuid") if isinstance(copied, dict) else None
        self._uuid = original if isinstance(original, str) and original else line.value.get("uuid")

    def id(self, place: int | str) -> str:
        """The id of an event of this line.

        Args:
            place: of the block in the message, or what else tells the line's events apart.
        """
        uuid = self._uuid if isinstance(self._uuid, str) and self._uuid else self.row.digest
        made = f"{INFO.id}\0{storable(uuid)}\0{place}"
        return hashlib.sha256(made.encode("utf-8")).hexdigest()[:32]

    def put(self, kind: EventType, place: int | str, content: Json, **columns: Any) -> None:
        """Adds an event that says something."""
        output, fidelity = self.content(content)
        self.add(kind, event_id=self.id(place), content=output, fidelity=fidelity, **columns)

    def prompt(self, block: Block) -> None:
        """A block of a user's line; typed by a human only where nothing speaks against it."""
        content = said([block.value])
        line = self.line.value
        marked = line.get("isMeta") is True or line.get("isSynthetic") is True
        if self.line.subagent is not None:
            whose = {"actor_kind": ActorKind.AGENT, "actor": "agent"}
        elif line.get("isCompactSummary") is True:
            whose = {"actor_kind": ActorKind.SERVICE, "actor": "compaction"}
        elif marked or not _human(line.get("origin")) or is_machine(content):
            whose = {"actor_kind": ActorKind.SERVICE, "actor": "claude-code"}
        else:
            whose = {"actor_kind": ActorKind.HUMAN, "actor": "user"}
        self.put(EventType.PROMPT, block.index, content, **whose)

    def attachment(self, value: dict[str, Json]) -> None:
        """A line of what the program adds to the conversation: a prompt that had waited, or else something read."""
        kind = value.get("type")
        if kind == "queued_command" and "prompt" in value:
            typed = value.get("commandMode") == "prompt" and _human(value.get("origin"))
            typed = typed and self.line.subagent is None and self.line.value.get("isMeta") is not True
            for block in blocks(value["prompt"], "attachment", "prompt"):
                content = said([block.value])
                human = typed and not is_machine(content)
                whose = {"actor_kind": ActorKind.HUMAN if human else ActorKind.SERVICE}
                self.put(EventType.PROMPT, block.index, content, actor="user" if human else "claude-code", **whose)
            return
        self.put(EventType.MEMORY_READ, 0, value, actor_kind=ActorKind.SERVICE, actor="claude-code")


def _is_sidecar(value: dict[str, Json]) -> bool:
    flat = all(not isinstance(part, dict | list) for part in value.values())
    return flat and isinstance(value.get("agentType"), str) and "type" not in value


def _nested(value: dict[str, Json]) -> dict[str, Json] | None:
    """The line of a subagent that a progress line of its parent repeats."""
    data = value.get("data")
    found = data.get("message") if isinstance(data, dict) else None
    return found if isinstance(found, dict) and found.get("type") in SPOKEN and "message" in found else None


def _place(row: Row, value: dict[str, Json], nested: dict[str, Json] | None) -> tuple[str, _Line]:
    """The session and the run that a line belongs to. A line that was copied from another session happened there."""
    copied = value.get("forkedFrom")
    origin = copied.get("sessionId") if isinstance(copied, dict) else None
    name = "session_id" if "session_id" in value and "sessionId" not in value else "sessionId"
    session = origin if isinstance(origin, str) and origin else text(value.get(name), name)
    if not session:
        raise Unusable(f"`{name}` is empty")
    says = plain(value["data"], "data") if nested is not None else value
    subagent = says.get("agentId", says.get("parent_tool_use_id"))
    if not isinstance(subagent, str) or not subagent:
        subagent = SIDECHAIN if nested is not None or value.get("isSidechain") is True else None
        if subagent is not None:
            row.notes["lines of a subagent that do not say of which"] += 1
    trace = session if subagent is None else f"{session}/{subagent}"
    if nested is None:
        return session, _Line(value, (), trace, subagent)
    return session, _Line(plain(nested, "data", "message"), ("data", "message"), trace, subagent)


def _span(trace: str, call_id: str, number: int) -> str:
    """The span of the n-th call under an id: the id, for the first one."""
    if call_id and not number:
        return call_id
    return f"{call_id or trace}~{number + 1}"


def _human(origin: Json) -> bool:
    """Whether a line's `origin` is a human; early versions do not say it."""
    return origin is None or (isinstance(origin, dict) and origin.get("kind") == "human")


def is_machine(content: Json) -> bool:
    """Whether the program wrote a block, or nobody can know: of an image or a document it is not said."""
    return not isinstance(content, str) or content.lstrip().startswith(MACHINE)


def _time(row: Row, given: Json) -> int | None:
    if given is None:
        row.notes["lines without a time"] += 1
        return None
    return instant(row, lambda: times.iso(given))


ADAPTER: Final = ClaudeCode()
