"""Anthropic Messages API: conversations, requests, answers, and logs of requests. See `anthropic.md`.

Source of the format: the Anthropic API reference (Messages, Message Batches, streaming, tool use).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from govern.events.canonical import Json
from govern.events.model import ActorKind, Event, EventType
from govern.ingest import envelope
from govern.ingest.adapter import Aside, FormatInfo, Row, Unusable
from govern.ingest.arguments import UNCAPTURED
from govern.ingest.blocks import RESULTS, Block, blocks, said
from govern.ingest.chat import PROMPTS, Path, Run, messages, plain, text, unusable
from govern.ingest.continued import REMEMBERED, Continued, Conversations, Loose, chain

INFO: Final = FormatInfo(
    id="anthropic",
    title="Anthropic messages",
    carries=frozenset({"prompt", "response", "tool", "args", "output", "errors"}),
    lacks="times of prompts and outputs, policy checks, approvals, the agent's name",
)
ROLES: Final = (*PROMPTS, "assistant")
SIDES: Final = (("request", "response"), ("input", "output"), ("params", "result"))
"""What logs, and batches, call the two sides of one exchange."""
OWN: Final = frozenset(
    {"tool_use", "server_tool_use", "mcp_tool_use", "thinking", "redacted_thinking", "image", "document",
     "search_result", "container_upload"}
)  # fmt: skip
"""Types of blocks that no other API's messages have; so has every type that ends with `blocks.RESULTS`."""
PIECES: Final = (
    "message_start", "message_delta", "message_stop",
    "content_block_start", "content_block_delta", "content_block_stop",
)  # fmt: skip
MESSAGE: Final = frozenset({"role", "content", "id", "type", "model", "stop_reason", "stop_sequence", "usage"})
"""What a message may say, where it is a row of its own."""


@dataclass(slots=True)
class Exchange:
    """What a row holds.

    Args:
        asked: the messages that went to the model, and where the list of them stands.
        system: the system prompt.
        answer: the model's message, and where it stands.
        logged: whether the row is of a log of requests, each of which repeats what was said before.
        error: of the request itself.
        labels: what else the row says.
    """

    asked: list[Json] = field(default_factory=list)
    at: Path = ()
    system: Json = None
    answer: tuple[dict[str, Json], Path] | None = None
    logged: bool = False
    error: Json = None
    labels: dict[str, Json] = field(default_factory=dict)


class Anthropic:
    info = INFO

    def claims(self, value: Json) -> bool:
        if not isinstance(value, dict) or {"sessionId", "hook_event_name", "run_type"} & set(value):
            return False
        if value.get("type") in PIECES or _is_answer(value):
            return True
        if "role" in value:
            return set(value) <= MESSAGE and value["role"] in ROLES and _is_own(value)
        for side, other in SIDES:
            if _is_request(_body(value.get(side))[0]) or _is_answer(_body(value.get(other))[0]):
                return True
        return _is_request(_body(value)[0])

    def reading(self) -> _Reading:
        return _Reading()


class _Reading:
    """One source: what was said so far in each conversation, and messages that stand alone in their rows."""

    def __init__(self) -> None:
        self._conversations = Conversations()
        self._systems: dict[str, str] = {}
        self._loose = Loose(INFO.id, lambda run, row: _write(run, row.value, ()))
        self._talking = False

    def events(self, row: Row) -> Sequence[Event]:
        value = plain(row.value)
        if value.get("type") in PIECES:
            raise Unusable("a piece of a streamed answer; log the whole answer")
        if "role" in value and (self._talking or not _is_answer(value)):
            self._loose.add(row)
            self._talking = True
            return ()
        before = self._loose.events()
        made = self._exchange(replace(row, wseq=row.wseq + len(before)), _exchange(value))
        self._loose.clear()
        self._talking = False
        return [*before, *made]

    def end(self) -> Sequence[Event]:
        return self._loose.events()

    def _exchange(self, row: Row, found: Exchange) -> list[Event]:
        marks = chain([_key(message) for message in found.asked])
        begun, tip = self._conversations.known(marks) if found.logged else (0, None)
        if tip is not None and begun == len(marks) and found.answer is None and found.error is None:
            raise Aside("nothing new")
        run = Continued(row, INFO.id, row.agent, tip, session_id=envelope.label(row.value, envelope.SESSIONS))
        if tip is None:
            run.start(found.labels)
        self._system(run, found, begins=tip is None)
        for index in range(begun, len(found.asked)):
            _write(run, found.asked[index], (*found.at, index))
        at = envelope.moment(row)
        if found.answer is not None:
            _write(run, *found.answer, ts_ns=at)
        if found.error is not None:
            run.add(EventType.ERROR, error=run.content(found.error)[0], actor_kind=ActorKind.SERVICE, ts_ns=at)
        if found.logged:
            replied = any(isinstance(message, dict) and message.get("role") == "assistant" for message in found.asked)
            if tip is None and replied:
                row.notes["requests that repeat what no row before them says"] += 1
            last = marks[-1] if marks else b""
            if found.answer is not None:
                self._conversations.keep(chain([_key(found.answer[0])], last)[0], run.tip)
            elif replied:
                self._conversations.keep(last, run.tip)
        return run.events

    def _system(self, run: Continued, found: Exchange, *, begins: bool) -> None:
        """The system prompt, where the run has it not yet: a log repeats it in each request."""
        if found.system is None:
            return
        given = said([block.value for block in blocks(found.system, *found.at[:-1], "system")])
        shown = run.content(given)[0] or ""
        if not begins and self._systems.get(run.tip.trace) == shown:
            return
        run.prompt("system", given)
        if len(self._systems) >= REMEMBERED:
            self._systems.clear()
        self._systems[run.tip.trace] = shown


def _write(run: Run, value: Json, path: Path, **columns: Any) -> None:
    """Adds what a message says to a run.

    Raises:
        Unusable: it is no message.
    """
    message = plain(value, *path)
    role = text(message.get("role"), *path, "role")
    if role not in ROLES:
        raise unusable((*path, "role"), f"is `{role}`, which is no role of a message")
    for other in ("tool_calls", "function_call"):
        if message.get(other) is not None:
            raise unusable((*path, other), "is another API's way to call a tool, which is not read here")
    found = blocks(message.get("content"), *path, "content")
    words = [block.value for block in found if not block.calls and not block.answers]
    if role == "assistant":
        run.response(said(words) if words else None, **columns)
        if any(block.calls for block in found):
            run.next_message()
    for block in found:
        if block.calls:
            if role != "assistant":
                raise unusable((*path, "content"), f"holds a call, in a message of the role `{role}`")
            _call(run, block, **columns)
        elif block.answers:
            output = block.output
            error = (output if output else "is_error") if block.failed else None
            run.result(block.call_id, None, output, error, **columns)
    if role != "assistant" and (words or not found):
        run.prompt(role, said(words) if words else None, **columns)


def _call(run: Run, block: Block, **columns: Any) -> None:
    if "input" in block.value:
        arguments = run.arguments(block.value["input"], *block.path, "input")
    else:
        arguments = UNCAPTURED
        run.row.notes["calls without arguments"] += 1
    run.propose(block.tool, block.call_id, arguments, **columns)


def _key(value: Json) -> Json:
    """What tells a message from another: what a client may leave out or add when it sends a message back (thinking,
    marks for the cache, citations) does not."""
    if not isinstance(value, dict):
        return value
    content = value.get("content")
    if not isinstance(content, list):
        return [value.get("role"), [content] if content else []]
    return [value.get("role"), [key for block in content if (key := _block_key(block)) is not None]]


def _block_key(block: Json) -> Json:
    if not isinstance(block, dict):
        return block
    kind = block.get("type")
    if kind == "text":
        return block.get("text") or None
    if kind in ("thinking", "redacted_thinking"):
        return None
    if kind == "tool_result":
        content = block.get("content")
        inside = _key({"content": content})[1]
        return [kind, block.get("tool_use_id"), inside, block.get("is_error") is True]
    if "input" in block:
        return [kind, block.get("id"), block.get("name"), block["input"]]
    return {name: item for name, item in block.items() if name != "cache_control"}


def _is_own(message: Json) -> bool:
    """Whether a message has a block that only this API's messages have."""
    content = message.get("content") if isinstance(message, dict) else None
    return isinstance(content, list) and any(kind in OWN or kind.endswith(RESULTS) for kind in _kinds(content))


def _kinds(content: list[Json]) -> list[str]:
    found = [block.get("type") if isinstance(block, dict) else None for block in content]
    return [kind if isinstance(kind, str) else "" for kind in found]


def _is_answer(body: dict[str, Json]) -> bool:
    content = body.get("content")
    if body.get("type") == "message" and body.get("role") == "assistant" and isinstance(content, list):
        return all(kind == "text" or kind in OWN or kind.endswith(RESULTS) for kind in _kinds(content))
    inner = body.get("message")  # a batch's result
    return body.get("type") == "succeeded" and isinstance(inner, dict) and _is_answer(inner)


def _is_request(body: dict[str, Json]) -> bool:
    found, tools = body.get("messages"), body.get("tools")
    if not isinstance(found, list) or not all(isinstance(item, dict) and item.get("role") in ROLES for item in found):
        return False
    if any("tool_calls" in item for item in found):
        return False
    if isinstance(tools, list) and any(isinstance(tool, dict) and "input_schema" in tool for tool in tools):
        return True
    return "anthropic_version" in body or "system" in body or any(map(_is_own, found))


def _body(value: Json) -> tuple[dict[str, Json], Path]:
    """What was sent or answered, which logs of HTTP put into `body`; and where it stands."""
    if not isinstance(value, dict):
        return {}, ()
    inner = value.get("body")
    return (inner, ("body",)) if isinstance(inner, dict) else (value, ())


def _exchange(value: dict[str, Json]) -> Exchange:
    """What a row holds, wherever it holds it.

    Raises:
        Unusable: a part of it is not what it should be.
    """
    found = Exchange()
    body, at = _body(value)
    for side, other in SIDES if "messages" not in body else ():
        request, asked_at = _body(value.get(side))
        response, answered_at = _body(value.get(other))
        if "messages" in request or _is_answer(response) or _failure(response) is not None:
            found.labels = _rest(value, side, other)
            found.logged = True
            if "messages" in request:
                _ask(found, request, (side, *asked_at))
                found.labels[side] = _rest(request, "messages", "system")
            _reply(found, response, (other, *answered_at))
            found.error = value.get("error") if found.error is None else found.error
            return found
    if "messages" in body:
        _ask(found, body, at)
        found.labels = _rest(value, "messages", "system", "body", "response")
        last = found.asked[-1] if found.asked else None
        found.logged = "model" in body and not (isinstance(last, dict) and last.get("role") == "assistant")
        _reply(found, *_answer_beside(body, at))
    else:
        _reply(found, body, at)
        found.labels = _rest(value, "content", "body")
    if not found.asked and found.answer is None and found.error is None and "messages" not in body:
        raise Unusable("no `messages` and no answer")
    return found


def _answer_beside(body: dict[str, Json], at: Path) -> tuple[dict[str, Json], Path]:
    inner, deeper = _body(body.get("response"))
    return inner, (*at, "response", *deeper)


def _ask(found: Exchange, request: dict[str, Json], at: Path) -> None:
    found.asked = messages(request.get("messages"), *at, "messages")
    found.at = (*at, "messages")
    found.system = request.get("system")


def _reply(found: Exchange, response: dict[str, Json], at: Path) -> None:
    if response.get("type") == "succeeded" and isinstance(response.get("message"), dict):
        response, at = response["message"], (*at, "message")
    if _is_answer(response):
        found.answer = (plain(response, *at), at)
    else:
        found.error = _failure(response)


def _failure(response: dict[str, Json]) -> Json:
    """What went wrong with a request: an error of the API, or a request of a batch that was not run."""
    kind = response.get("type")
    if kind in ("error", "errored"):
        return response.get("error", kind)
    return kind if kind in ("canceled", "expired") else None


def _rest(value: dict[str, Json], *known: str) -> dict[str, Json]:
    return {name: item for name, item in value.items() if name not in known}


ADAPTER: Final = Anthropic()
