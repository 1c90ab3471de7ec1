"""Items of OpenAI's Responses API, one at a time: messages, calls, outputs, approvals.

Source of the format: the OpenAI API reference (Responses: input items and output items).

Leaves out: where items stand (`adapters`), pairing results with calls (`chat`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from govern.events.canonical import Json
from govern.events.model import ActorKind, EventType
from govern.ingest import openai
from govern.ingest.adapter import Row
from govern.ingest.arguments import UNCAPTURED, Arguments
from govern.ingest.chat import PROMPTS, Path, plain, text, unusable
from govern.ingest.continued import Continued

BUILT_IN: Final[dict[str, tuple[str, tuple[str, ...], str | None]]] = {
    "computer_call": ("computer", ("action", "actions"), None),
    "local_shell_call": ("local_shell", ("action",), None),
    "shell_call": ("shell", ("action",), None),
    "apply_patch_call": ("apply_patch", ("operation",), None),
    "web_search_call": ("web_search", ("action",), "results"),
    "file_search_call": ("file_search", ("queries",), "results"),
    "code_interpreter_call": ("code_interpreter", ("code", "container_id"), "outputs"),
    "image_generation_call": ("image_generation", ("revised_prompt", "size", "action"), "result"),
}
"""The API's own tools: the name, which fields are arguments, and which is the output where the API ran it."""
HELD: Final = ("reasoning", "item_reference", "mcp_list_tools", "compaction")
"""Items that hold nothing that was said or done."""
PARTS: Final = ("input_text", "output_text", "input_image", "input_file", "refusal", "text", "summary_text")
UNKNOWN: Final = "calls of a kind that is not known"
ANOTHER: Final = "items that are no message and no call"


def is_item(value: Json) -> bool:
    """Whether a value is such an item; a plain message (`{role, content}`) is one of chat too, and is not."""
    if not isinstance(value, dict) or not isinstance(kind := value.get("type"), str):
        return False
    if kind == "message":
        parts = value.get("content")
        typed = isinstance(parts, list) and all(isinstance(part, dict) and part.get("type") in PARTS for part in parts)
        return "role" in value and (typed or isinstance(parts, str))
    if kind in ("function_call", "custom_tool_call", "function_call_output", "custom_tool_call_output"):
        return "call_id" in value
    return kind in BUILT_IN or kind in HELD or kind in ("mcp_call", "mcp_approval_request", "mcp_approval_response")


def key(value: Json) -> Json:
    """What tells an item from another, in whichever of the ways that mean the same it was written."""
    if not isinstance(value, dict):
        return value
    if value.get("type", "message") == "message":
        return [value.get("role"), _said(value.get("content"))]
    if value["type"] in HELD:
        return None
    names = ("type", "call_id", "name", "arguments", "input", "output", "action", "approval_request_id", "approve")
    return [value.get(name) for name in names] + ([] if "call_id" in value else [value.get("id")])


def write(run: Continued, value: Json, path: Path, **columns: Any) -> None:
    """Adds what an item says to a run.

    Args:
        path: where the item stands in the row.
        columns: further ones of each event, such as `ts_ns`.

    Raises:
        Unusable: it is no such item.
    """
    item = plain(value, *path)
    kind = text(item.get("type", "message"), *path, "type")
    if kind == "message":
        _message(run, item, path, **columns)
    elif kind in HELD:
        pass
    elif kind.endswith("_call_output"):
        output = item.get("output")
        run.result(item.get("call_id", item.get("id")), None, output, _failed(item, output), **columns)
    elif kind == "mcp_approval_request":
        run.propose(_tool(item, path), item.get("id"), _arguments(run, item, path), **columns)
        about = {
            "approval_id": _id(item, "id"),
            "tool": _tool(item, path),
            "span_id": run.span_of(_id(item, "id") or ""),
        }
        run.add(EventType.APPROVAL_REQUEST, **{"actor_kind": ActorKind.SERVICE, **about, **columns})
    elif kind == "mcp_approval_response":
        said = "approve" if item.get("approve") is True else "deny"
        reason = item.get("reason")
        asked = _id(item, "approval_request_id")
        about = {"approval_id": asked, "span_id": run.span_of(asked or ""), "decision": said}
        about["reason"] = reason if isinstance(reason, str) else None
        run.add(EventType.APPROVAL_DECISION, **{"actor_kind": ActorKind.HUMAN, **about, **columns})
    elif kind.endswith("_call"):
        _call(run, item, kind, path, **columns)
    else:
        run.row.notes[ANOTHER] += 1


def writer(items: bool) -> Callable[[Continued, Row], None]:
    """How a row that is one message or one item is read, where the source mixes both.

    Args:
        items: whether a message without a type is the Responses API's.
    """

    def said(run: Continued, row: Row) -> None:
        if is_item(row.value) or (items and "tool_calls" not in row.value and row.value.get("role") in tuple(PROMPTS)):
            write(run, row.value, ())
        else:
            openai.write(run, row.value, ())

    return said


def _message(run: Continued, item: dict[str, Json], path: Path, **columns: Any) -> None:
    role = text(item.get("role"), *path, "role")
    said = _said(item.get("content"))
    if role in PROMPTS:
        run.prompt(role, said, **columns)
    elif role == "assistant":
        run.response(said, **columns)
    else:
        raise unusable((*path, "role"), f"is `{role}`, which is no role of a message")


def _call(run: Continued, item: dict[str, Json], kind: str, path: Path, **columns: Any) -> None:
    if kind in ("function_call", "custom_tool_call"):
        name = text(item.get("name"), *path, "name")
        run.propose(name, item.get("call_id"), _arguments(run, item, path), **columns)
        return
    if kind == "mcp_call":
        asked = item.get("approval_request_id")
        if not asked:  # else the request was the proposal
            run.propose(_tool(item, path), item.get("id"), _arguments(run, item, path), **columns)
        output, error = item.get("output"), item.get("error")
        if output is not None or error is not None:
            run.result(asked or item.get("id"), None, output, error, **columns)
        return
    tool, fields, output = BUILT_IN.get(kind, (kind.removesuffix("_call"), (), None))
    if kind not in BUILT_IN:
        run.row.notes[UNKNOWN] += 1
    given = {name: item[name] for name in fields if item.get(name) is not None}
    arguments = run.arguments(given) if given else UNCAPTURED
    run.propose(tool, item.get("call_id", item.get("id")), arguments, **columns)
    if output is not None and item.get("status") in ("completed", "failed", None):
        error = "failed" if item.get("status") == "failed" else None
        run.result(item.get("call_id", item.get("id")), None, item.get(output), error, **columns)


def _arguments(run: Continued, item: dict[str, Json], path: Path) -> Arguments:
    """A text of JSON; the plain text that a custom tool takes is its one argument `input`."""
    if item.get("type") == "custom_tool_call":
        return run.arguments({"input": item["input"]}) if "input" in item else UNCAPTURED
    return run.arguments(item["arguments"], *path, "arguments") if "arguments" in item else UNCAPTURED


def _tool(item: dict[str, Json], path: Path) -> str:
    """The name of a server's tool: two servers may have tools of one name."""
    name, server = text(item.get("name"), *path, "name"), item.get("server_label")
    return f"{server}/{name}" if isinstance(server, str) and server else name


def _failed(item: dict[str, Json], output: Json) -> Json:
    """The error of an output: there is no field for it but for a few of the API's own tools."""
    if item.get("status") == "failed":
        return output if output is not None else "failed"
    return output if isinstance(output, str) and output.startswith(openai.ERROR) else None


def _said(content: Json) -> Json:
    """The text of a message that is one part of text; any other content as it is."""
    if isinstance(content, list) and len(content) == 1 and isinstance(part := content[0], dict):
        said = part.get("text", part.get("refusal"))
        return said if isinstance(said, str) and part.get("type") in PARTS else content
    return content


def _id(item: dict[str, Json], key: str) -> str | None:
    given = item.get(key)
    return given if isinstance(given, str) else None
