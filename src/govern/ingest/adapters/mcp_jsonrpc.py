"""Logs of MCP's JSON-RPC messages, with or without an envelope of time, direction and session. See `mcp_jsonrpc.md`.

Source of the format: the Model Context Protocol specification, revisions 2024-11-05 to 2025-11-25, and JSON-RPC 2.0.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from govern.events.canonical import Json
from govern.events.model import ActorKind, Event, EventType
from govern.ingest import envelope
from govern.ingest.adapter import Aside, FormatInfo, Row, Unusable
from govern.ingest.arguments import from_value, kind, storable
from govern.ingest.blocks import said
from govern.ingest.chat import Path, plain, text
from govern.ingest.envelope import Message
from govern.ingest.making import Maker
from govern.ingest.parts import part

INFO: Final = FormatInfo(
    id="mcp_jsonrpc",
    title="MCP JSON-RPC messages",
    carries=frozenset({"tool", "args", "output", "timing", "errors"}),
    lacks="prompts, responses, policy checks, approvals, the agent's name",
)
CALL: Final = "tools/call"
READS: Final = frozenset({"resources/read", "prompts/get", "initialize"})
"""Requests whose answer may be put before the model."""
NO_MESSAGE: Final = "row without a message"
HANDSHAKE: Final = frozenset({"initialize", "notifications/initialized", "ping"})

_CALLED = (CALL, "tasks/result")
_SERVICE: Final[dict[str, Any]] = {"actor_kind": ActorKind.SERVICE}


class McpJsonRpc:
    info = INFO

    def claims(self, value: Json) -> bool:
        return envelope.holds(value)

    def reading(self) -> _Reading:
        return _Reading()


@dataclass(frozen=True, slots=True)
class _Asked:
    """A request that waits for its answer.

    Args:
        direction: as the log says it, in whatever words.
        tool, span: of a call.
    """

    method: str
    direction: str | None
    tool: str | None = None
    span: str | None = None


@dataclass(slots=True)
class _Connection:
    """One client and one server, from a handshake to the next; by id what waits for an answer, oldest first."""

    trace: str
    waiting: dict[str, list[_Asked]] = field(default_factory=dict)
    tasks: dict[str, _Asked] = field(default_factory=dict)


class _Reading:
    """One source."""

    def __init__(self) -> None:
        self._connections: dict[tuple[str | None, str | None], _Connection] = {}

    def events(self, row: Row) -> Sequence[Event]:
        found = envelope.found(row)
        if not isinstance(row.value, dict | list):
            raise Unusable(f"the row is {kind(row.value)}, not an object")
        if not found:
            raise Aside(NO_MESSAGE)
        at = envelope.moment(row)
        if at is None:
            row.notes["rows without a time"] += 1
            row = envelope.placed(row)
        session = envelope.label(row.value, envelope.SESSIONS)
        server = envelope.label(row.value, envelope.SERVERS)
        direction = envelope.label(row.value, envelope.DIRECTIONS)
        begins = any(message.value.get("method") == "initialize" for message in found)
        connection = self._connection(row, session, server, begins)
        made: list[Event] = []
        asides: list[str] = []
        for message in found:
            with part(row, *message.place):
                place = len(made)
                inner = replace(row, digest=f"{row.digest}.{place}" if place else row.digest, raw=message.raw)
                built = _Built(replace(inner, wseq=row.wseq + place), connection, session, server, direction, at)
                aside = built.message(message)
                made += built.events
                if aside is not None:
                    asides.append(aside)
        if not made:
            raise Aside(asides[0] if asides else NO_MESSAGE)
        return made

    def end(self) -> Sequence[Event]:
        return ()

    def _connection(self, row: Row, session: str | None, server: str | None, begins: bool) -> _Connection:
        key = (session, server)
        known = self._connections.get(key)
        if known is None or begins:
            known = _Connection(row.digest if session is None else storable(session))
            self._connections[key] = known
        return known


class _Built(Maker):
    """The events of one message."""

    def __init__(
        self,
        row: Row,
        connection: _Connection,
        session: str | None,
        server: str | None,
        direction: str | None,
        at: int | None,
    ) -> None:
        super().__init__(
            row, INFO.id, trace_id=connection.trace, session_id=session, agent=row.agent, ts_ns=at, actor=None
        )
        self._connection = connection
        self._server = server
        self._direction = direction

    @property
    def own_span(self) -> str:
        """The span of a call that this message makes, or of an answer that nothing asked for."""
        return f"call-{self.row.digest}"

    def message(self, message: Message) -> str | None:
        """Adds what a message says; gives what it is where that is nothing."""
        value = plain(message.value, *message.path)
        answers = value.get("result") is not None or value.get("error") is not None
        if "method" in value and ("params" in value or not answers):  # some logs repeat the method in an answer
            return self._request(text(value["method"], *message.path, "method"), value, message.path)
        if "result" in value or answers:
            return self._answer(value)
        raise Unusable("a message without `method`, `result` and `error`")

    def _request(self, method: str, value: dict[str, Json], path: Path) -> str | None:
        asked = _Asked(method, self._direction)
        if method == CALL:
            asked = self._call(value, path)
        elif method == "tasks/result":
            task = _part(value, "params").get("taskId")
            known = self._connection.tasks.get(task) if isinstance(task, str) else None
            asked = asked if known is None else replace(known, direction=self._direction)
        elif method == "sampling/createMessage":
            self._said(EventType.PROMPT, value.get("params"))
        elif method == "notifications/cancelled":
            return self._cancelled(_part(value, "params"))
        if value.get("id") is not None:
            self._connection.waiting.setdefault(_key(value["id"]), []).append(asked)
        if method in HANDSHAKE:
            return "handshake"
        return "notification" if method.startswith("notifications/") else "other request"

    def _call(self, value: dict[str, Json], path: Path) -> _Asked:
        at = (*path, "params")
        params = plain(value.get("params"), *at)
        tool = text(params.get("name"), *at, "name")
        span = self.own_span
        # The message is the whole call: one that says nothing of arguments has none.
        given = self.arguments(params["arguments"], *at, "arguments") if "arguments" in params else from_value({})
        self.call(given, tool=tool, span_id=span, call_id=_shown(value.get("id")), actor_kind=ActorKind.AGENT)
        return _Asked(CALL, self._direction, storable(tool), span)

    def _cancelled(self, params: dict[str, Json]) -> str | None:
        waiting = self._connection.waiting.get(_key(params.get("requestId")), [])
        found = next((asked for asked in waiting if asked.span and self._same(asked) is not False), None)
        if found is None:
            return "notification"
        reason = params.get("reason")
        error = self.text(reason if isinstance(reason, str) and reason else "cancelled")
        self.add(EventType.ERROR, tool=found.tool, span_id=found.span, error=error, **_SERVICE)
        return None

    def _answer(self, value: dict[str, Json]) -> str | None:
        result, error = value.get("result"), value.get("error")
        asked = self._taken(_key(value.get("id")), result)
        inside = result if isinstance(result, dict) else {}
        if asked is None:
            if error is not None or not (isinstance(inside.get("content"), list) or _tools(inside)):
                return "answer to a request that is not here"
            asked = _Asked("tools/list" if _tools(inside) else CALL, None)
        if asked.method in _CALLED:
            task = _part(inside, "task").get("taskId")
            if isinstance(task, str) and "content" not in inside:
                self._connection.tasks[task] = asked
                return "task begun"
            self._result(asked, value)
            return None
        if error is not None:
            return "answer to another request"
        if asked.method == "tools/list":
            for tool in _tools(inside):
                content, fidelity = self.content(tool)
                name = tool["name"]
                self.add(EventType.TOOL_DEFINITION, tool=name, content=content, fidelity=fidelity, **_SERVICE)
        elif asked.method == "sampling/createMessage":
            self._said(EventType.RESPONSE, said(inside.get("content")), actor_kind=ActorKind.AGENT)
        elif asked.method in READS and (asked.method != "initialize" or inside.get("instructions")):
            self._said(EventType.MEMORY_READ, inside["instructions"] if asked.method == "initialize" else result)
        return None if self.events else "answer to another request"

    def _taken(self, key: str, result: Json) -> _Asked | None:
        """The request that an answer answers: the oldest with its id that the other side sent. Both sides count
        their own, so where the log has no direction, what the answer looks like decides."""
        waiting = self._connection.waiting.get(key, [])
        likely = [asked for asked in waiting if self._same(asked) is not True]
        likely = likely or [asked for asked in waiting if _fits(asked.method, result)]  # some logs say one for both
        if len({asked.method for asked in likely}) > 1:
            likely = [asked for asked in likely if _fits(asked.method, result)] or likely
        if not likely:
            return None
        waiting.remove(likely[0])
        if not waiting:
            del self._connection.waiting[key]
        return likely[0]

    def _same(self, asked: _Asked) -> bool | None:
        """Whether a request came from the side that speaks now; None where the log does not say."""
        if asked.direction is None or self._direction is None:
            return None
        return asked.direction == self._direction

    def _result(self, asked: _Asked, value: dict[str, Json]) -> None:
        result, error = value.get("result"), value.get("error")
        if error is not None:
            output, fidelity = self.content(error)
            words = error.get("message") if isinstance(error, dict) else error
            reason = self.text(words) if isinstance(words, str) else output
        else:
            output, fidelity = self.content(_output(result))
            failed = isinstance(result, dict) and result.get("isError") is True
            reason = (output or "isError") if failed else None
        self.add(
            EventType.TOOL_RESULT,
            tool=asked.tool,
            span_id=asked.span or self.own_span,
            call_id=_shown(value.get("id")),
            content=output,
            status="ok" if reason is None else "error",
            error=reason,
            fidelity=fidelity,
            **_SERVICE,
        )

    def _said(self, type: EventType, content: Json, **columns: Any) -> None:
        kept, fidelity = self.content(content)
        columns = columns or {"actor": self.text(self._server or "server"), **_SERVICE}
        self.add(type, content=kept, fidelity=fidelity, **columns)


def _part(value: dict[str, Json], key: str) -> dict[str, Json]:
    found = value.get(key)
    return found if isinstance(found, dict) else {}


def _tools(result: dict[str, Json]) -> list[dict[str, Json]]:
    found = result.get("tools")
    tools = found if isinstance(found, list) else []
    return [tool for tool in tools if isinstance(tool, dict) and isinstance(tool.get("name"), str)]


def _fits(method: str, result: Json) -> bool:
    """Whether an answer looks like one to a method."""
    if not isinstance(result, dict):
        return True
    sampled = "role" in result and "model" in result
    match method:
        case "sampling/createMessage":
            return sampled
        case "elicitation/create":
            return "action" in result
        case "roots/list":
            return "roots" in result
        case "tools/call" | "tasks/result":
            return not sampled and ("content" in result or "structuredContent" in result or "task" in result)
        case _:
            return not sampled and "content" not in result


def _output(result: Json) -> Json:
    """What a tool answered: its content; the structured one only where there is no other."""
    if not isinstance(result, dict):
        return result
    if result.get("content"):
        return said(result["content"])
    return result.get("structuredContent", result.get("content"))


def _key(given: Json) -> str:
    """An id, told apart by type: 1 and "1" are two."""
    return json.dumps(given, default=str, sort_keys=True)


def _shown(given: Json) -> str | None:
    return given if isinstance(given, str) else None if given is None else _key(given)


ADAPTER: Final = McpJsonRpc()
