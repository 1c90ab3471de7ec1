"""LangGraph's checkpoints and thread states, each of which holds all messages so far. See `langgraph.md`.

Sources of the format: docs.langchain.com (thread state and history of the Agent Server) and
github.com/langchain-ai/langgraph (`libs/checkpoint`: `Checkpoint`, `CheckpointTuple`; `StateSnapshot`).
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from govern.events.canonical import Json
from govern.events.model import Event, EventType
from govern.ingest import langchain
from govern.ingest.adapter import Aside, FormatInfo, Row, Unusable
from govern.ingest.answers import meaning
from govern.ingest.chat import Path, messages, plain
from govern.ingest.continued import Continued, Tip
from govern.ingest.traced import digest

INFO: Final = FormatInfo(
    id="langgraph",
    title="LangGraph checkpoints",
    carries=frozenset({"prompt", "response", "tool", "args", "output", "errors"}),
    lacks="times of messages, policy checks, approvals, the agent's name",
)
KEPT: Final = 20_000
"""So many threads are remembered, the latest."""
NO_THREAD: Final = "checkpoints that do not name their thread"
PENDING: Final = "writes that are in no checkpoint yet"


@dataclass(slots=True)
class _Thread:
    """What was read of a thread: its messages, and the calls that wait for a result."""

    seen: set[str] = field(default_factory=set)
    tip: Tip | None = None


@dataclass(frozen=True, slots=True)
class State:
    """What a row holds of a thread."""

    messages: list[Json]
    path: Path
    thread: str | None
    namespace: str
    pending: int


class LangGraph:
    info = INFO

    def claims(self, value: Json) -> bool:
        if not isinstance(value, dict):
            return False
        if isinstance(value.get("channel_values"), dict):
            return "channel_versions" in value or "ts" in value
        if isinstance(value.get("checkpoint"), dict) and isinstance(value["checkpoint"].get("channel_values"), dict):
            return True
        found = value.get("values")
        named = bool({"config", "checkpoint", "checkpoint_id"} & set(value))
        return isinstance(found, dict | list) and "next" in value and named

    def reading(self) -> _Reading:
        return _Reading()


class _Reading:
    """One source. Checkpoints may come in either order: a message is read where it is first met."""

    def __init__(self) -> None:
        self._threads: OrderedDict[str, _Thread] = OrderedDict()

    def events(self, row: Row) -> Sequence[Event]:
        state = _state(plain(row.value))
        keys = [_key(item, index) for index, item in enumerate(state.messages)]
        if not keys:
            raise Aside("checkpoint without messages")
        thread = state.thread or digest(INFO.id, "first message", keys[0])
        trace = f"{thread}/{state.namespace}" if state.namespace else thread
        held = self._threads.get(trace, _Thread())
        run = _Run(row, trace, state.thread, held.tip)
        if trace not in self._threads:
            run.begin(state)
        new = [index for index, key in enumerate(keys) if key not in held.seen]
        for index in new:
            run.message(keys[index], state.messages[index], (*state.path, index))
        if state.thread is None:
            row.notes[NO_THREAD] += 1
        if state.pending:
            row.notes[PENDING] += state.pending
        if not new:
            raise Aside("checkpoint without new messages")
        self._threads[trace] = _Thread(held.seen | {keys[index] for index in new}, run.tip)
        self._threads.move_to_end(trace)
        if len(self._threads) > KEPT:
            self._threads.popitem(last=False)
        return run.events

    def end(self) -> Sequence[Event]:
        return ()


class _Run(Continued):
    """The events of a thread. Their ids are made from the thread and the message, which stand in many rows."""

    def __init__(self, row: Row, trace: str, thread: str | None, tip: Tip | None) -> None:
        super().__init__(row, INFO.id, row.agent, tip, trace_id=trace, session_id=thread)
        self._thread = trace
        self._name = digest(INFO.id, trace)
        self._place = 0

    def add(self, kind: EventType, **columns: Any) -> None:
        self._place += 1
        super().add(kind, **{"event_id": f"{self._name}-{self._place:04d}", **columns})

    def span(self, number: int) -> str:
        return digest(self._name, str(number))[:16]

    def begin(self, state: State) -> None:
        self.start({"thread_id": state.thread, "checkpoint_ns": state.namespace})

    def message(self, key: str, value: Json, path: Path) -> None:
        self._name, self._place, self._spans = digest(INFO.id, self._thread, key), 0, 0
        langchain.write(self, value, path)


def _state(value: dict[str, Json]) -> State:
    """The messages of a row, wherever it holds them.

    Raises:
        Unusable: it holds none where they should be.
    """
    config = _inside(value, "config", "configurable")
    named = _inside(value, "checkpoint")
    pending = value.get("pending_writes")
    writes = sum(_is_message_write(each) for each in pending) if isinstance(pending, list) else 0
    thread = _text(config, "thread_id") or _text(named, "thread_id") or _text(_inside(value, "metadata"), "thread_id")
    namespace = _text(config, "checkpoint_ns") or _text(named, "checkpoint_ns") or ""
    path: Path
    if isinstance(value.get("channel_values"), dict):
        found, path = value["channel_values"], ("channel_values",)
    elif isinstance(named.get("channel_values"), dict):
        found, path = named["channel_values"], ("checkpoint", "channel_values")
    else:
        found, path = value.get("values"), ("values",)
    if isinstance(found, list):  # a graph whose whole state is its messages
        return State(found, path, thread, namespace, writes)
    channel = plain(found, *path).get("messages")
    at: Path = (*path, "messages")
    if channel is not None and not isinstance(channel, list):
        raise Unusable("`messages` is no list")
    return State(messages(channel or [], *at), at, thread, namespace, writes)


def _is_message_write(value: Json) -> bool:
    return isinstance(value, list) and len(value) == 3 and value[1] == "messages"


def _key(value: Json, index: int) -> str:
    """What names a message in its thread: its id, or else what it is and where it stands."""
    said = value.get("kwargs", value.get("data", value)) if isinstance(value, dict) else value
    name = said.get("id") if isinstance(said, dict) else None
    return name if isinstance(name, str) and name else f"{index} {meaning(said)}"


def _inside(value: dict[str, Json], *keys: str) -> dict[str, Json]:
    at: Json = value
    for key in keys:
        at = at.get(key) if isinstance(at, dict) else None
    return at if isinstance(at, dict) else {}


def _text(value: dict[str, Json], key: str) -> str | None:
    given = value.get(key)
    return given if isinstance(given, str) and given else None


ADAPTER: Final = LangGraph()
