"""The content blocks of Anthropic's messages: which of them say something, call a tool, or answer a call.

Source of the format: the Anthropic Messages API reference (content blocks, server tools, the MCP connector).

Leaves out: where messages stand, and pairing results with calls (`adapters`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from govern.events.canonical import Json
from govern.ingest.arguments import kind
from govern.ingest.chat import Path, plain, text, unusable

CALLS: Final = ("tool_use", "server_tool_use", "mcp_tool_use")
"""Calls of the client's tools, of tools that the API runs, and of an MCP server's tools."""
CACHE: Final = "cache_control"
RESULTS: Final = "tool_result"
"""The type of a result ends with it: `web_search_tool_result`."""


@dataclass(frozen=True, slots=True)
class Block:
    """One block of a message.

    Args:
        kind: its `type`.
        value: the block.
        path: where it stands in the row.
        index: its place in the message.
    """

    kind: str
    value: dict[str, Json]
    path: Path
    index: int

    @property
    def calls(self) -> bool:
        return self.kind in CALLS

    @property
    def answers(self) -> bool:
        return self.kind.endswith(RESULTS)

    @property
    def tool(self) -> str:
        """The tool's name; one of an MCP server with the server's, as Claude Code writes it.

        Raises:
            Unusable: it has none.
        """
        name = text(self.value.get("name"), *self.path, "name")
        server = self.value.get("server_name") if self.kind == "mcp_tool_use" else None
        return f"mcp__{server}__{name}" if isinstance(server, str) and server else name

    @property
    def call_id(self) -> str:
        """The id of a call, or of the call that is answered; empty where there is none."""
        found = self.value.get("id" if self.calls else "tool_use_id")
        return found if isinstance(found, str) else ""

    @property
    def output(self) -> Json:
        """What a tool answered: a text, or blocks; a single block of text is its text."""
        return said(self.value.get("content"))

    @property
    def failed(self) -> bool:
        """Whether a result says that the call failed."""
        content = self.value.get("content")
        inside = content.get("type") if isinstance(content, dict) else None
        return self.value.get("is_error") is True or (isinstance(inside, str) and inside.endswith("_error"))


def blocks(content: Json, *path: str | int) -> list[Block]:
    """The blocks of a message's content; a text is one block of text.

    Args:
        content: a text, a list of blocks, or None.
        path: where it stands in the row.

    Raises:
        Unusable: it is anything else.
    """
    if content is None:
        return []
    if isinstance(content, str):
        return [Block("text", {"type": "text", "text": content}, path, 0)]
    if not isinstance(content, list):
        raise unusable(path, f"is {kind(content)}, not a text or a list of blocks")
    made = []
    for index, item in enumerate(content):
        block = {"type": "text", "text": item} if isinstance(item, str) else plain(item, *path, index)
        made.append(Block(text(block.get("type"), *path, index, "type"), block, (*path, index), index))
    return made


def said(content: Json) -> Json:
    """What is said by a text, a block, or a list of blocks: one text as it is, else what there is; without the blocks'
    marks for the cache."""
    if not isinstance(content, list):
        return _words(content)
    kept = [_unmarked(block) for block in content]
    only = _words(kept[0]) if len(kept) == 1 else None
    return only if isinstance(only, str) else kept


def _words(block: Json) -> Json:
    """The text of a block that is nothing but a text; else the block."""
    bare = _unmarked(block)
    if not isinstance(bare, dict) or bare.get("type") != "text" or bare.get("citations"):
        return bare
    return bare["text"] if isinstance(bare.get("text"), str) and set(bare) <= {"type", "text", "citations"} else bare


def _unmarked(block: Json) -> Json:
    if type(block) is not dict or CACHE not in block:
        return block
    return {name: item for name, item in block.items() if name != CACHE}


def holds_call(value: Json) -> bool:
    """Whether a call stands anywhere in a value, however deep."""
    todo = [value]
    while todo:
        item = todo.pop()
        if isinstance(item, dict):
            if item.get("type") in CALLS and "name" in item:
                return True
            todo += item.values()
        elif isinstance(item, list):
            todo += item
    return False
