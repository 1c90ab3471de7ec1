"""OpenAI's chat messages, one at a time: for the formats that hold them.

Source of the format: the OpenAI API reference, "Create chat completion" (messages, tool calls, custom tools, and the
older function calls).

Leaves out: where messages stand (`adapters`), pairing results with calls (`chat`).
"""

from __future__ import annotations

import json
from typing import Any, Final

from govern.events.canonical import Json
from govern.ingest.arguments import UNCAPTURED
from govern.ingest.chat import PROMPTS, Path, Run, plain, text, unusable

ERROR: Final = "Error"
"""A message has no field for the errors of a tool: an output that starts with this word is one."""
ROLES: Final = (*PROMPTS, "assistant", "tool", "function")
BLOCKS: Final = ("text", "image_url", "input_audio", "file", "refusal")
"""Types of the parts of a message; any other is another API's."""


_QUIET: Final = frozenset(
    {*BLOCKS, "thinking", "redacted_thinking", "reasoning", "input_text", "output_text", "input_image", "input_file",
     "image", "video_url"}
)  # fmt: skip
"""Types of parts, of proxies too, that are read as what was said: none of them can hold a call."""


def is_chat(value: Json) -> bool:
    """Whether a value is a list of such messages, as far as that can be seen."""
    return isinstance(value, list) and all(isinstance(message, dict) and _is_message(message) for message in value)


def _is_message(message: dict[str, Json]) -> bool:
    content = message.get("content")
    if isinstance(content, list) and not all(isinstance(part, dict) and part.get("type") in BLOCKS for part in content):
        return False
    return message.get("role") in ROLES


def write(run: Run, value: Json, path: Path, **columns: Any) -> None:
    """Adds what a message says to a run.

    Args:
        path: where the message stands in the row.
        columns: further ones of each event, such as `ts_ns`.

    Raises:
        Unusable: it is no such message.
    """
    message = plain(value, *path)
    role = text(message.get("role"), *path, "role")
    content = message.get("content")
    for index, part in enumerate(content if isinstance(content, list) else ()):
        said = part.get("type") if isinstance(part, dict) else "text"
        if not isinstance(said, str) or said not in _QUIET:
            raise unusable((*path, "content", index, "type"), "is no part of an OpenAI message: it may hold a call")
    if role in PROMPTS:
        run.prompt(role, content, **columns)
    elif role == "assistant":
        run.response(message.get("refusal") if content is None else content, **columns)
        calls(run, message, path, **columns)
    elif role in ("tool", "function"):
        failed = _first_text(content).startswith(ERROR)
        run.result(message.get("tool_call_id"), message.get("name"), content, content if failed else None, **columns)
    else:
        raise unusable((*path, "role"), f"is `{role}`, which is no role of a message")


def key(value: Json) -> Json:
    """What tells a message from another, in whichever of the ways that mean the same it was written."""
    if not isinstance(value, dict):
        return value
    calls = [_named(call) for call in found] if isinstance(found := value.get("tool_calls"), list) else []
    said = value.get("content") or value.get("refusal") or None
    return [value.get("role"), said, calls, value.get("function_call"), value.get("tool_call_id"), value.get("name")]


def calls(run: Run, message: dict[str, Json], path: Path, **columns: Any) -> None:
    """Adds the calls of a message to a run.

    Args:
        path: where the message stands in the row.
        columns: further ones of each call.

    Raises:
        Unusable: it has calls that are none.
    """
    found = message.get("tool_calls")
    if isinstance(found, list):
        found = [_function(call) for call in found]
    run.calls(found, (*path, "tool_calls"), **columns)
    if message.get("function_call") is not None:  # the older form: one call, without an id
        at = (*path, "function_call")
        function = plain(message["function_call"], *at)
        name = text(function.get("name"), *at, "name")
        given = "arguments" in function
        arguments = run.arguments(function["arguments"], *at, "arguments") if given else UNCAPTURED
        run.next_message()
        run.propose(name, None, arguments, **columns)


def _function(call: Json) -> Json:
    """A call of a custom tool, whose input is plain text, as the call of a function with one argument `input`."""
    if not isinstance(call, dict) or not isinstance(custom := call.get("custom"), dict):
        return call
    given = {"arguments": json.dumps({"input": custom["input"]})} if isinstance(custom.get("input"), str) else {}
    return {"id": call.get("id"), "function": {"name": custom.get("name"), **given}}


def _named(call: Json) -> Json:
    function = call.get("function") or call.get("custom") if isinstance(call, dict) else None
    if not isinstance(function, dict):
        return call
    return [call.get("id"), function.get("name"), function.get("arguments", function.get("input"))]


def _first_text(content: Json) -> str:
    """The text of a content, or of the first of its parts; empty where there is none."""
    if isinstance(content, list) and content and isinstance(content[0], dict):
        content = content[0].get("text")
    return content if isinstance(content, str) else ""
