"""OpenAI chat: conversations, requests, answers, and logs of requests. See `openai_chat.md`.

Sources of the format: the OpenAI API reference (Chat Completions, Batch, fine-tuning data), and the documented exports
of proxies that keep both sides of a request.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from govern.events.canonical import Json
from govern.events.model import ActorKind, Event, EventType
from govern.ingest import responses
from govern.ingest.adapter import Aside, FormatInfo, Row, Unusable
from govern.ingest.chat import Path, messages, plain
from govern.ingest.continued import Continued, Conversations, Loose, chain
from govern.ingest.noted import instant
from govern.ingest.openai import ROLES, is_chat, key, write
from govern.ingest.times import unix

INFO: Final = FormatInfo(
    id="openai_chat",
    title="OpenAI chat messages",
    carries=frozenset({"prompt", "response", "tool", "args", "output", "errors"}),
    lacks="times of prompts and outputs, policy checks, approvals, the agent's name",
)
COMPLETION: Final = "chat.completion"
PIECE: Final = "chat.completion.chunk"
SIDES: Final = (("request", "response"), ("input", "output"))
"""What logs call the two sides of one exchange."""
FOREIGN: Final = frozenset(
    {"termination_reason", "trajectory", "trajectory_format", "traj", "anthropic_version", "system", "run_type",
     "jsonrpc", "traceId", "observations", "channel_values", "checkpoint", "span_data"}
)  # fmt: skip
"""Keys of rows that may hold such messages and are another format's."""
MESSAGE: Final = frozenset(
    {"role", "content", "name", "tool_calls", "tool_call_id", "function_call", "refusal", "audio", "annotations",
     "weight", "reasoning_content"}
)  # fmt: skip
"""What a message may say, where it is a row of its own."""


@dataclass(slots=True)
class Exchange:
    """What a row holds.

    Args:
        asked: the messages that went to the model, and where the list of them stands.
        answers: the model's messages; several where several were asked for. With their places.
        logged: whether the row is of a log of requests, each of which repeats what was said before.
        created: the time of the answers, seconds since 1970.
        error: of the request itself.
        labels: what else the row says.
    """

    asked: list[Json] = field(default_factory=list)
    at: Path = ()
    answers: list[tuple[Json, Path]] = field(default_factory=list)
    logged: bool = False
    created: Json = None
    error: Json = None
    labels: dict[str, Json] = field(default_factory=dict)

    def ask(self, request: dict[str, Json], *path: str | int) -> None:
        self.asked = messages(request.get("messages"), *path, "messages")
        self.at = (*path, "messages")

    def answer(self, response: dict[str, Json], *path: str | int) -> None:
        self.logged = True
        self.created = response.get("created")
        self.error = response.get("error")
        if response.get("choices") is None and (self.error is not None or not response):
            return
        for index, choice in enumerate(messages(response.get("choices"), *path, "choices")):
            at: Path = (*path, "choices", index)
            self.answers.append((plain(choice, *at).get("message"), (*at, "message")))


class OpenAIChat:
    info = INFO

    def claims(self, value: Json) -> bool:
        if not isinstance(value, dict) or FOREIGN & set(value) or ("trace_id" in value and "type" in value):
            return False
        if value.get("object") in (COMPLETION, PIECE):
            return True
        if "role" in value:
            return set(value) <= MESSAGE and value["role"] in ROLES and is_chat([value])
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
        self._loose = Loose(INFO.id, responses.writer(items=False))

    def events(self, row: Row) -> Sequence[Event]:
        value = plain(row.value)
        if value.get("object") == PIECE:
            raise Unusable("a piece of a streamed answer; log the whole answer")
        if "role" in value or responses.is_item(value):  # an agent's session may mix both
            self._loose.add(row)
            return ()
        before = self._loose.events()
        made = self._exchange(replace(row, wseq=row.wseq + len(before)), _exchange(value))
        self._loose.clear()
        return [*before, *made]

    def end(self) -> Sequence[Event]:
        return self._loose.events()

    def _exchange(self, row: Row, found: Exchange) -> list[Event]:
        marks = chain([key(message) for message in found.asked])
        begun, tip = self._conversations.known(marks) if found.logged else (0, None)
        if tip is not None and begun == len(marks) and not found.answers and found.error is None:
            raise Aside("nothing new")
        run = Continued(row, INFO.id, row.agent, tip)
        if tip is None:
            run.start(found.labels)
        for index in range(begun, len(found.asked)):
            write(run, found.asked[index], (*found.at, index))
        asked = run.tip
        at = None if found.created is None else instant(row, lambda: unix(found.created, "s"))
        for message, path in found.answers:
            write(run, message, path, ts_ns=at)
        if len(found.answers) > 1:
            row.notes["answers of which the log does not say which was taken"] += len(found.answers)
        if found.error is not None:
            run.add(EventType.ERROR, error=run.content(found.error)[0], actor_kind=ActorKind.SERVICE, ts_ns=at)
        if found.logged:
            last = marks[-1] if marks else b""
            if any(isinstance(said, dict) and said.get("role") == "assistant" for said in found.asked):
                if tip is None:
                    row.notes["requests that repeat what no row before them says"] += 1
                if begun < len(marks) or tip is None:
                    self._conversations.keep(last, asked, again=bool(found.answers) or found.error is not None)
            for message, _ in found.answers:
                self._conversations.keep(chain([key(message)], last)[0], run.tip)
        return run.events


def _body(value: Json) -> tuple[dict[str, Json], Path]:
    """What was sent or answered, which logs of HTTP put into `body`; and where it stands."""
    if not isinstance(value, dict):
        return {}, ()
    inner = value.get("body")
    return (inner, ("body",)) if isinstance(inner, dict) else (value, ())


def _is_request(body: dict[str, Json]) -> bool:
    found, tools, about = body.get("messages"), body.get("tools"), body.get("metadata")
    if not is_chat(found) or "system" in body or (isinstance(about, dict) and "suite_name" in about):
        return False
    return not (isinstance(tools, list) and any(isinstance(tool, dict) and "input_schema" in tool for tool in tools))


def _is_answer(body: dict[str, Json]) -> bool:
    return body.get("object") == COMPLETION


def _exchange(value: dict[str, Json]) -> Exchange:
    """What a row holds, wherever it holds it.

    Raises:
        Unusable: a part of it is not what it should be.
    """
    found = Exchange()
    for side, other in SIDES:
        request, asked_at = _body(value.get(side))
        response, answered_at = _body(value.get(other))
        if _is_request(request) or _is_answer(response):
            found.labels = {name: item for name, item in value.items() if name not in (side, other)}
            if "messages" in request:
                found.ask(request, side, *asked_at)
                found.labels[side] = _rest(request, "messages")
            found.answer(response, other, *answered_at)
            found.labels[other] = _rest(response, "choices")
            found.error = value.get("error") if found.error is None else found.error
            return found
    body, at = _body(value)
    found.labels = (
        _rest(body, "messages", "choices") if at == () else {**_rest(value, "body"), "body": _rest(body, "messages")}
    )
    if "messages" in body:
        found.ask(body, *at)
        last = found.asked[-1] if found.asked else None
        found.logged = "model" in body and not (isinstance(last, dict) and last.get("role") == "assistant")
    if "choices" in body:
        found.answer(body, *at)
    elif _is_answer(inner := _body(body.get("response"))[0]):
        found.labels["response"] = _rest(inner, "choices")
        found.answer(inner, *at, "response", *_body(body.get("response"))[1])
    elif "messages" not in body:
        if value.get("error") is None:
            raise Unusable("no `messages` and no `choices`")
        found.error = value["error"]
    return found


def _rest(value: dict[str, Json], *known: str) -> dict[str, Json]:
    return {name: item for name, item in value.items() if name not in known}


ADAPTER: Final = OpenAIChat()
