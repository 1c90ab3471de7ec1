"""Which calls an answer of a model proposes, in the shapes that APIs and frameworks write answers in.

For formats that keep answers beside the record of what ran: a call that was proposed and never ran stands nowhere else.

Sources of the shapes: the OpenAI API reference (chat completions, responses), the Anthropic API reference (messages),
LangChain's messages, the message parts of OpenTelemetry's GenAI conventions.

Leaves out: reading whole conversations (`chat`), what ran (`adapters`).
"""

from __future__ import annotations

import ast
import json
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from govern.events import canonical
from govern.events.canonical import Json, Malformed

LITERAL: Final = 65_536
"""Characters of a Python literal that is read; longer ones are not."""
_NESTED: Final = 8
"""So deep an answer is looked for in its wrappings."""


@dataclass(frozen=True, slots=True)
class Proposed:
    """A call in an answer.

    Args:
        id: "" where it has none.
        arguments: an object, or text of JSON; None where `given` is false.
        given: whether the answer says them.
    """

    name: str
    id: str
    arguments: Json
    given: bool

    @property
    def key(self) -> tuple[str, str]:
        """The tool, and what it was called with, as far as two records of one call agree on it."""
        return self.name, meaning(self.arguments) if self.given else ""


def opened(value: Json) -> Json:
    """A value that some exports keep as the text of its JSON; the value itself where it is no such text."""
    if isinstance(value, str) and value[:1] in ("{", "["):
        try:
            return canonical.load(value)
        except Malformed:
            return value
    return value


def literal(text: str) -> dict[str, Json] | None:
    """The object that a text of Python's `str(dict)` shows, as LangChain logs the arguments of its tools; or None."""
    if len(text) > LITERAL or not text.startswith("{"):
        return None
    try:
        with warnings.catch_warnings(action="ignore"):  # of what the text looks like
            tree = ast.parse(text, mode="eval")
        if any(isinstance(node, ast.Dict) and not _plain(node) for node in ast.walk(tree)):
            return None
        value = ast.literal_eval(tree)
        json.dumps(value, allow_nan=False)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _plain(node: ast.Dict) -> bool:
    """Whether all keys are texts, and each stands once."""
    keys = [key.value for key in node.keys if isinstance(key, ast.Constant) and isinstance(key.value, str)]
    return len(set(keys)) == len(node.keys)


def meaning(arguments: Json) -> str:
    """Arguments as one text, however they were written; for telling calls apart."""
    value = opened(arguments)
    try:
        return canonical.text_of(value)
    except Malformed:
        return repr(type(value))


def proposed(answer: Json) -> list[Proposed]:
    """The calls in an answer, in its order."""
    return list(_calls(opened(answer), 0))


def _calls(value: Json, depth: int) -> Iterator[Proposed]:
    if depth > _NESTED:
        return
    if isinstance(value, list):
        for item in value:
            yield from _calls(item, depth + 1)
    elif isinstance(value, dict):
        found = list(_message(value))
        yield from found
        if found:
            return
        for key in ("choices", "message", "generations", "messages", "output", "parts", "content", "kwargs", "data"):
            if isinstance(value.get(key), dict | list):
                yield from _calls(value[key], depth + 1)


def _message(value: dict[str, Json]) -> Iterator[Proposed]:
    """The calls of one message, or of one part or item that is a call itself."""
    kind = value.get("type")
    if kind in ("function_call", "custom_tool_call", "tool_call") and isinstance(value.get("name"), str):
        key = "input" if kind == "custom_tool_call" else "args" if "args" in value else "arguments"
        given = {"input": value.get(key)} if kind == "custom_tool_call" else value.get(key)
        yield Proposed(value["name"], _id(value, "call_id", "id"), given, key in value)
    elif kind == "tool_use" and isinstance(value.get("name"), str):
        yield Proposed(value["name"], _id(value, "id"), value.get("input"), "input" in value)
    calls = value.get("tool_calls") or _kwargs(value).get("tool_calls")
    for call in calls if isinstance(calls, list) else ():
        function = call.get("function", call) if isinstance(call, dict) else None
        if isinstance(function, dict) and isinstance(function.get("name"), str):
            key = "args" if "args" in function else "arguments"
            yield Proposed(function["name"], _id(call, "id"), function.get(key), key in function)
    broken = value.get("invalid_tool_calls")
    for call in broken if isinstance(broken, list) else ():
        if isinstance(call, dict) and isinstance(call.get("name"), str):
            yield Proposed(call["name"], _id(call, "id"), call.get("args"), "args" in call)
    old = value.get("function_call") or _kwargs(value).get("function_call")
    if isinstance(old, dict) and isinstance(old.get("name"), str):
        yield Proposed(old["name"], "", old.get("arguments"), "arguments" in old)


def _kwargs(value: dict[str, Json]) -> dict[str, Json]:
    """What LangChain keeps of the API's own message, beside its reading of it."""
    found = value.get("additional_kwargs")
    return found if isinstance(found, dict) else {}


def _id(value: dict[str, Json], *keys: str) -> str:
    return next((value[key] for key in keys if isinstance(value.get(key), str)), "")
