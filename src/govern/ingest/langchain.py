"""LangChain's messages, one at a time, in the three ways they are written as JSON.

Source of the format: github.com/langchain-ai/langchain (`langchain_core.messages`, `langchain_core.load`): plain
(`{type, content, …}`), `messages_to_dict` (`{type, data}`), `dumpd` (`{lc, type: constructor, id, kwargs}`).

Leaves out: where messages stand (`adapters`), pairing results with calls (`chat`).
"""

from __future__ import annotations

from typing import Any, Final

from govern.events.canonical import Json
from govern.ingest import openai
from govern.ingest.adapter import Unusable
from govern.ingest.arguments import UNCAPTURED
from govern.ingest.chat import Path, Run, messages, plain, text, unusable

KINDS: Final = {
    "human": "user",
    "system": "system",
    "developer": "developer",
    "ai": "assistant",
    "assistant": "assistant",
    "user": "user",
    "tool": "tool",
    "function": "tool",
    "remove": "remove",
}


def fields(value: Json, *path: str | int) -> tuple[str, dict[str, Json], Path]:
    """The role of a message, what it says, and where that stands.

    Raises:
        Unusable: it is no message of LangChain.
    """
    message = plain(value, *path)
    kind, said, at = message.get("type"), message, path
    if kind == "constructor" and isinstance(message.get("id"), list) and message["id"]:
        said, at = plain(message.get("kwargs"), *path, "kwargs"), (*path, "kwargs")
        kind = message["id"][-1]
    elif isinstance(message.get("data"), dict):
        said, at = plain(message["data"], *path, "data"), (*path, "data")
    if kind is None:
        kind = message.get("role")
    name = text(kind, *path, "type").removesuffix("Chunk").removesuffix("Message").lower()
    if name not in KINDS:
        raise unusable((*path, "type"), f"is `{kind}`, which is no type of a message")
    return KINDS[name], said, at


def is_message(value: Json) -> bool:
    """Whether a value is such a message."""
    try:
        fields(value)
    except Unusable:
        return False
    return True


def write(run: Run, value: Json, path: Path, **columns: Any) -> None:
    """Adds what a message says to a run.

    Args:
        path: where the message stands in the row.
        columns: further ones of each event, such as `ts_ns`.

    Raises:
        Unusable: it is no such message.
    """
    role, said, at = fields(value, *path)
    content = said.get("content")
    if role == "tool":
        run.result(said.get("tool_call_id"), said.get("name"), content, _failed(said, content), **columns)
    elif role == "assistant":
        run.response(content, **columns)
        _calls(run, said, at, **columns)
    elif role != "remove":  # which takes another message out of the state
        run.prompt(role, content, **columns)


def _calls(run: Run, said: dict[str, Json], at: Path, **columns: Any) -> None:
    good = messages(said.get("tool_calls") or [], *at, "tool_calls")
    bad = messages(said.get("invalid_tool_calls") or [], *at, "invalid_tool_calls")
    if not good and not bad:
        kept = said.get("additional_kwargs")
        raw = kept if isinstance(kept, dict) else {}  # the API's own message, where LangChain did not read its calls
        openai.calls(run, raw, (*at, "additional_kwargs"), **columns)
        return
    run.next_message()
    for key, calls in (("tool_calls", good), ("invalid_tool_calls", bad)):
        for index, item in enumerate(calls):
            call = plain(item, *at, key, index)
            name = text(call.get("name"), *at, key, index, "name")
            given = "args" in call and call["args"] is not None
            arguments = run.arguments(call["args"], *at, key, index, "args") if given else UNCAPTURED
            run.propose(name, call.get("id"), arguments, **columns)


def _failed(said: dict[str, Json], content: Json) -> Json:
    """The error of a tool's message; older ones have no status, and begin with `Error`."""
    if said.get("status") in ("error", "success"):
        return (content if content is not None else "") if said["status"] == "error" else None
    return content if isinstance(content, str) and content.startswith(openai.ERROR) else None
