"""Which format a document is, by its content, and its tools: MCP, OpenAI and Anthropic definitions, OpenAPI.

Sources: MCP 2025-11-25 `tools/list` (https://modelcontextprotocol.io/specification/2025-11-25/server/tools), OpenAI
function tools of Chat Completions (`{type, function: {…}}`) and of Responses (flat), Anthropic Messages
(`input_schema`), OpenAPI (`openapi`). A document that is none of them is an error; one tool of it that is no tool is
left out and counted. Leaves out files (`files`) and what the tools mean (`tiers`, `schema`).
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import Any

from govern.charter.kinds import TOOL_MAX, TOOL_NAME
from govern.draft import openapi
from govern.draft.listing import Hints, LeftOut, Listed, Listing, doubled
from govern.draft.prose import one_line, shown
from govern.errors import EvidenceError

MAX_TOOLS = 2_000
_PLAIN = "only letters, digits, `_`, `-`, `.`, `/`"


class ToolsFormat(StrEnum):
    """Formats of a list of tools, as `--tools-format` names them."""

    MCP = "mcp"
    OPENAI = "openai"
    ANTHROPIC = "anthropic"
    OPENAPI = "openapi"


_SCHEMA_KEY = {ToolsFormat.MCP: "inputSchema", ToolsFormat.OPENAI: "parameters", ToolsFormat.ANTHROPIC: "input_schema"}
_KNOWN = "an MCP `tools/list` answer, OpenAI or Anthropic tool definitions, an OpenAPI 3 document"


def listing(document: Any, where: str, forced: ToolsFormat | None = None) -> Listing:
    """The tools of one document.

    Args:
        document: JSON data as `govern.events.canonical.load` gives it.
        where: the file, or the server, as messages name it.
        forced: its format; None recognises it by content.

    Raises:
        EvidenceError: it is no list of tools, none that is whole, or one of more than MAX_TOOLS.
    """
    if forced is ToolsFormat.OPENAPI or (forced is None and isinstance(document, dict) and _is_openapi(document)):
        return _checked(openapi.operations(document, where), where)
    items, left_out = _items(document, where)
    if len(items) > MAX_TOOLS:
        raise EvidenceError(f"{len(items):,} tools in one list", where=where, hint=f"at most {MAX_TOOLS:,} are drafted")
    found = (_tool(item, index, where, forced) for index, item in enumerate(items, 1))
    return _checked((*found, *left_out), where)


def _is_openapi(document: dict[str, Any]) -> bool:
    return "openapi" in document or "swagger" in document


def _items(document: Any, where: str) -> tuple[list[Any], list[LeftOut]]:
    """The list in a document, whatever it is wrapped in, and what of it is on another page."""
    if isinstance(document, list):
        return document, []
    if not isinstance(document, dict):
        raise EvidenceError("no list of tools", where=where, hint=f"expected {_KNOWN}")
    if problem := doubled(document):
        raise EvidenceError(one_line(f"ambiguous JSON: {problem}"), where=where)
    if isinstance(document.get("tools_list"), dict):  # the answers to `initialize` and `tools/list`, side by side
        return _items(document["tools_list"], where)
    if "jsonrpc" in document and "error" in document:
        said = document["error"].get("message") if isinstance(document["error"], dict) else None
        raise EvidenceError(f"the answer is an error: {one_line(str(said))}", where=where)
    if isinstance(document.get("result"), dict):
        return _items(document["result"], where)
    for key in ("tools", "functions"):
        if isinstance(document.get(key), list):
            cursor = document.get("nextCursor")
            reason = "the list goes on (`nextCursor`): only its first page is here"
            return document[key], [LeftOut(where, "further tools", reason)] if cursor else []
    if "name" in document or isinstance(document.get("function"), dict):
        return [document], []
    raise EvidenceError("no list of tools", where=where, hint=f"expected {_KNOWN}")


def _tool(item: Any, index: int, where: str, forced: ToolsFormat | None) -> Listed | LeftOut:
    if not isinstance(item, dict):
        return LeftOut(where, f"tool {index}", f"it is {_kind(item)}, not an object")
    wrapped = item.get("function")
    inner = wrapped if isinstance(wrapped, dict) else item
    name = inner.get("name")
    if problem := doubled(item) or doubled(inner) or doubled(inner.get("annotations", {})):
        return LeftOut(where, shown(name), one_line(f"ambiguous JSON: {problem}"))
    kind = item.get("type", "function")
    if inner is item and kind not in ("function", "custom"):
        return LeftOut(where, shown(name or kind), f"a tool of type {shown(kind)}, which its provider runs")
    own = forced or _format(item, inner)
    hints = _hints(inner.get("annotations")) if own is ToolsFormat.MCP else Hints()
    if isinstance(hints, str):
        return LeftOut(where, shown(name), hints)
    description = inner.get("description", "")
    return Listed(
        name=name if isinstance(name, str) else "",
        description=description if isinstance(description, str) else "",
        schema=inner.get(_SCHEMA_KEY[own]),
        hints=hints,
        where=where,
    )


def _format(item: dict[str, Any], inner: dict[str, Any]) -> ToolsFormat:
    if inner is not item or "parameters" in inner:
        return ToolsFormat.OPENAI
    return ToolsFormat.ANTHROPIC if "input_schema" in inner else ToolsFormat.MCP


def _hints(annotations: Any) -> Hints | str:
    if annotations is None:
        return Hints()
    if not isinstance(annotations, dict):
        return f"its annotations are {_kind(annotations)}, not an object"
    said: list[bool | None] = []
    for key in ("readOnlyHint", "destructiveHint", "idempotentHint", "openWorldHint"):
        value = annotations.get(key)
        if value is not None and not isinstance(value, bool):
            return f"its `{key}` is {_kind(value)}, not a truth value"
        said.append(value)
    return Hints(*said)


def _checked(found: tuple[Listed | LeftOut, ...], where: str) -> Listing:
    """With every name a tool's name."""
    tools: list[Listed] = []
    left_out: list[LeftOut] = []
    for one in found:
        if isinstance(one, LeftOut):
            left_out.append(one)
        elif problem := name_problem(one.name):
            left_out.append(LeftOut(where, shown(one.name or None), problem))
        else:
            tools.append(one)
    if not tools and not left_out:
        raise EvidenceError("the list has no tools", where=where)
    return together(iter([Listing(tuple(tools), tuple(left_out), (where,))]))


def name_problem(name: str) -> str:
    """Why a name is no tool's name; empty if it is one."""
    if not name:
        return "it has no name"
    if len(name) > TOOL_MAX:
        return f"its name has {len(name):,} characters, at most {TOOL_MAX} are a tool's"
    return "" if TOOL_NAME.fullmatch(name) else f"no tool's name: {_PLAIN}"


def together(lists: Iterator[Listing]) -> Listing:
    """Several lists as one. A name that stands twice, or in another case, is left out where it comes again.

    Raises:
        EvidenceError: more than MAX_TOOLS tools in all.
    """
    tools: dict[str, Listed] = {}
    left_out: list[LeftOut] = []
    sources: list[str] = []
    for one in lists:
        left_out.extend(one.left_out)
        sources.extend(one.sources)
        for tool in one.tools:
            earlier = tools.setdefault(tool.name.lower(), tool)
            if earlier is not tool:
                same = "stands twice" if earlier.name == tool.name else f"differs only by case from `{earlier.name}`"
                left_out.append(LeftOut(tool.where, shown(tool.name), f"its name {same}; the first is drafted"))
        if len(tools) > MAX_TOOLS:
            raise EvidenceError(f"more than {MAX_TOOLS:,} tools", hint="draft one server at a time")
    return Listing(tuple(tools.values()), tuple(left_out), tuple(dict.fromkeys(sources)))


def _kind(value: Any) -> str:
    match value:
        case bool():
            return "a truth value"
        case int() | float():
            return "a number"
        case str():
            return "text"
        case list():
            return "a list"
        case dict():
            return "an object"
        case _:
            return "null"
