"""OpenAI's Responses API: answers, exchanges, streams of events, lists of items. See `openai_responses.md`.

Source of the format: the OpenAI API reference (Responses, streaming events, Batch).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from govern.events.canonical import Json
from govern.events.model import ActorKind, Event, EventType
from govern.ingest import responses
from govern.ingest.adapter import Aside, FormatInfo, Row, Unusable
from govern.ingest.chat import Path, messages, plain
from govern.ingest.continued import Continued, Conversations, Loose, Tip, chain
from govern.ingest.noted import instant
from govern.ingest.times import unix

INFO: Final = FormatInfo(
    id="openai_responses",
    title="OpenAI Responses",
    carries=frozenset({"prompt", "response", "tool", "args", "output", "errors"}),
    lacks="times of prompts and outputs, policy checks, names of approvers, the agent's name",
)
ENDS: Final = ("response.completed", "response.failed", "response.incomplete")
"""Events of a stream that hold the whole answer."""
ITEM: Final = "response.output_item.done"
"""Event of a stream that holds one item of it: read where the stream was cut before its end."""
EARLIER: Final = "answers that go on from one that no row before them holds"


@dataclass(slots=True)
class Exchange:
    """What a row holds: items that went to the model, and those that came back; where the lists stand."""

    asked: list[Json] = field(default_factory=list)
    asked_at: Path = ()
    answered: list[Json] = field(default_factory=list)
    answered_at: Path = ()
    response: dict[str, Json] = field(default_factory=dict)
    instructions: Json = None
    error: Json = None
    labels: dict[str, Json] = field(default_factory=dict)


class OpenAIResponses:
    info = INFO

    def claims(self, value: Json) -> bool:
        if not isinstance(value, dict):
            return False
        kind = value.get("type")
        if (
            isinstance(kind, str)
            and kind.startswith("response.")
            and ("sequence_number" in value or "response" in value)
        ):
            return True
        if value.get("object") == "list" and isinstance(value.get("data"), list):
            return bool(value["data"]) and all(map(responses.is_item, value["data"]))
        return responses.is_item(value) or _is_response(value) or _is_response(_body(value.get("response"))[0])

    def reading(self) -> _Reading:
        return _Reading()


class _Reading:
    """One source: how each answer left its run, by the answer's id and by what was said."""

    def __init__(self) -> None:
        self._conversations = Conversations()
        self._loose = Loose(INFO.id, responses.writer(items=True))
        self._cut = Loose(INFO.id, lambda run, row: responses.write(run, row.value.get("item"), ("item",)))
        self._next = 0

    def events(self, row: Row) -> Sequence[Event]:
        value = plain(row.value)
        kind = value.get("type")
        if isinstance(kind, str) and kind.startswith("response."):
            if kind == ITEM:
                self._cut.add(row)
            if kind not in ENDS:
                raise Aside("event of a stream")
            self._cut.clear()
            found = _answer(Exchange(), plain(value.get("response"), "response"), "response")
        elif value.get("object") == "list":
            found = Exchange(asked=messages(value.get("data"), "data"), asked_at=("data",))
        elif responses.is_item(value) or ("role" in value and "output" not in value):
            self._loose.add(row)
            return ()
        else:
            found = _exchange(value)
        before = self._loose.events()
        made = self._exchange(replace(row, wseq=row.wseq + len(before)), found)
        self._loose.clear()
        self._next = row.wseq + len(before) + len(made)
        return [*before, *made]

    def end(self) -> Sequence[Event]:
        loose = self._loose.events()
        cut = self._cut.events()  # numbered here: other answers may have ended since
        start = max(self._next, loose[-1].wseq + 1 if loose else 0)
        return [*loose, *(replace(event, wseq=start + place) for place, event in enumerate(cut))]

    def _exchange(self, row: Row, found: Exchange) -> list[Event]:
        earlier = found.response.get("previous_response_id")
        base = _named(earlier) if isinstance(earlier, str) else b""
        marks = chain([responses.key(item) for item in found.asked], base)
        begun, tip = self._conversations.known(marks)
        if tip is None and base:
            begun, (_, tip) = 0, self._conversations.known([base])
        run = Continued(row, INFO.id, row.agent, tip, session_id=_conversation(found.response))
        if tip is None:
            run.start(found.labels)
            if found.instructions is not None:
                run.prompt("system", found.instructions)
        for index in range(begun, len(found.asked)):
            responses.write(run, found.asked[index], (*found.asked_at, index))
        if marks and (tip is not None or any(map(_is_said, found.asked))) and begun < len(marks):
            self._conversations.keep(marks[-1], run.tip, again=True)
        created = found.response.get("created_at")
        at = None if created is None else instant(row, lambda: unix(created, "s"))
        for index, item in enumerate(found.answered):
            responses.write(run, item, (*found.answered_at, index), ts_ns=at)
        if found.error is not None:
            run.add(EventType.ERROR, error=run.content(found.error)[0], actor_kind=ActorKind.SERVICE, ts_ns=at)
        if isinstance(earlier, str) and tip is None:
            row.notes[EARLIER] += 1
        self._keep(found, marks[-1] if marks else base, run.tip)
        return run.events

    def _keep(self, found: Exchange, last: bytes, tip: Tip) -> None:
        if isinstance(name := found.response.get("id"), str):
            self._conversations.keep(_named(name), tip)
        if found.answered:
            self._conversations.keep(chain([responses.key(item) for item in found.answered], last)[-1], tip)


def _named(response: str) -> bytes:
    """The mark of an answer that is known by its id."""
    return chain([["id", response]], b"id")[0]


def _is_said(item: Json) -> bool:
    """Whether an item that is sent was the model's."""
    return isinstance(item, dict) and ("call_id" in item or item.get("role") == "assistant")


def _body(value: Json) -> tuple[dict[str, Json], Path]:
    if not isinstance(value, dict):
        return {}, ()
    inner = value.get("body")
    return (inner, ("body",)) if isinstance(inner, dict) else (value, ())


def _is_response(value: dict[str, Json]) -> bool:
    return value.get("object") == "response" and isinstance(value.get("output"), list)


def _exchange(value: dict[str, Json]) -> Exchange:
    """An answer, with its request where the row has it.

    Raises:
        Unusable: there is no answer in the row.
    """
    found = Exchange()
    if _is_response(value):
        return _answer(found, value)
    response, answered_at = _body(value.get("response"))
    if not _is_response(response):
        raise Unusable("no answer of the Responses API")
    request, asked_at = _body(value.get("request"))
    found.labels = {name: item for name, item in value.items() if name not in ("request", "response")}
    found.labels["request"] = {name: item for name, item in request.items() if name not in ("input", "instructions")}
    asked = request.get("input")
    if isinstance(asked, str):
        found.asked = [{"role": "user", "content": asked}]
    elif asked is not None:
        found.asked, found.asked_at = messages(asked, "request", *asked_at, "input"), ("request", *asked_at, "input")
    found.instructions = request.get("instructions")
    return _answer(found, response, "response", *answered_at)


def _answer(found: Exchange, response: dict[str, Json], *path: str | int) -> Exchange:
    found.response, found.error = response, response.get("error")
    found.answered = messages(response.get("output"), *path, "output")
    found.answered_at = (*path, "output")
    if found.instructions is None:
        found.instructions = response.get("instructions")
    kept = {name: item for name, item in response.items() if name not in ("output", "instructions", "input")}
    found.labels["response"] = kept
    return found


def _conversation(response: dict[str, Json]) -> str | None:
    """The conversation that the API keeps, where the answer belongs to one."""
    given: Any = response.get("conversation")
    given = given.get("id") if isinstance(given, dict) else given
    return given if isinstance(given, str) and given else None


ADAPTER: Final = OpenAIResponses()
