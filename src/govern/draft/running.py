"""Asks a running MCP server for its tools: `initialize` (or the newer `server/discover`), then every page of
`tools/list`. Needs the package `mcp`, and nothing else here does.

A stdio server is started for this and stopped after it; what it writes to its standard error is kept apart and
quoted only where it fails. Leaves out authentication: a server that asks for it answers with an error.
"""

from __future__ import annotations

import contextlib
import json
import logging
import shlex
import tempfile
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

from govern.draft.formats import MAX_TOOLS, ToolsFormat, listing
from govern.draft.listing import Listing
from govern.draft.prose import one_line
from govern.errors import EnvironmentFailed, EvidenceError, UsageError
from govern.events.canonical import Malformed, load

MAX_PAGES = 200
MAX_BYTES = 16 * 1024 * 1024


def ask_command(command: str, seconds: float) -> Listing:
    """The tools of a stdio server.

    Args:
        command: the server's command line, split as a shell would, run without one.
        seconds: until when everything must have been answered, the server's start included.

    Raises:
        UsageError: the command line cannot be split, or is empty.
        EnvironmentFailed: no package `mcp`, no such command, no answer in time, or the server failed.
        EvidenceError: its answer is no list of tools.
    """
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise UsageError(f"`{one_line(command)}` cannot be split: {str(error).lower()}") from None
    if not words:
        raise UsageError("the command of the server is empty")
    _package()
    from mcp import StdioServerParameters
    from mcp.client.stdio import stdio_client

    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as said:
        server = stdio_client(StdioServerParameters(command=words[0], args=words[1:]), errlog=said)
        # Its arguments may hold a token, and the draft names where it comes from.
        return _asked(server, f"the server `{one_line(Path(words[0]).name, 60)}`", seconds, said)


def ask_url(url: str, seconds: float) -> Listing:
    """The tools of a server that speaks streamable HTTP.

    Args:
        url: its endpoint, http or https.
        seconds: until when everything must have been answered.

    Raises:
        UsageError: it is no such address.
        EnvironmentFailed: no package `mcp`, no connection, no answer in time, or the server failed.
        EvidenceError: its answer is no list of tools.
    """
    try:
        parts = urlsplit(url)
        good = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        good = False
    if not good:
        raise UsageError(f"`{one_line(url)}` is no address of a server", hint="for example `http://localhost:8000/mcp`")
    _package()
    # Whoever reads the draft need not see a password or a token of the address.
    where = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
    return _asked(url, one_line(where, 80), seconds, None)


def _package() -> None:
    try:
        import mcp.client  # noqa: F401
    except ImportError:
        raise EnvironmentFailed("the package `mcp` is missing", hint="pip install 'govern[mcp]'") from None


def _asked(server: Any, where: str, seconds: float, said: IO[str] | None) -> Listing:
    import anyio

    # The package reports what it survives; here every failure is told once, in our words.
    logging.getLogger("mcp").setLevel(logging.CRITICAL)
    logging.getLogger("client").setLevel(logging.CRITICAL)
    try:
        about, tools = anyio.run(_pages, server, seconds)
    except (EnvironmentFailed, EvidenceError) as error:
        raise type(error)(error.message, where=where, hint=error.hint or _last_words(said)) from None
    except TimeoutError:
        message = f"no answer within {seconds:g} seconds"
        raise EnvironmentFailed(message, where=where, hint=_last_words(said) or "give it more with --timeout") from None
    except Exception as error:
        # Whatever the server, the network or the package did: there is no list, and this says why.
        raise EnvironmentFailed(_reason(error), where=where, hint=_last_words(said)) from None
    try:
        return listing(load(_json(tools)), f"{where} ({about})" if about else where, ToolsFormat.MCP)
    except Malformed as error:
        raise EvidenceError(f"its answer is ambiguous JSON: {error.detail}", where=where) from None


async def _pages(server: Any, seconds: float) -> tuple[str, list[dict[str, Any]]]:
    """What the server calls itself, and its tools from every page."""
    import anyio
    from mcp import Client

    tools: list[dict[str, Any]] = []
    with anyio.fail_after(seconds):
        async with Client(server, read_timeout_seconds=seconds) as client:
            own = client.server_info
            about = one_line(f"{own.name} {own.version}", 60) if own else ""
            cursor: str | None = None
            for _ in range(MAX_PAGES):
                page = await client.list_tools(cursor=cursor)
                tools.extend(tool.model_dump(mode="json", by_alias=True, exclude_none=True) for tool in page.tools)
                cursor = page.next_cursor
                if len(tools) > MAX_TOOLS:
                    raise EvidenceError(f"more than {MAX_TOOLS:,} tools")
                if not cursor:
                    return about, tools
    raise EvidenceError(f"more than {MAX_PAGES} pages of tools")


def _json(tools: list[dict[str, Any]]) -> str:
    text = json.dumps({"tools": tools}, ensure_ascii=True)
    if len(text) > MAX_BYTES:
        raise EvidenceError(f"a list of more than {MAX_BYTES // 2**20} MB")
    return text


def _reason(error: BaseException) -> str:
    while isinstance(error, BaseExceptionGroup):  # the first of what happened together
        error = error.exceptions[0]
    if isinstance(error, FileNotFoundError):
        return f"there is no command `{one_line(str(error.filename))}`"
    if isinstance(error, PermissionError):
        return f"no permission to run `{one_line(str(error.filename))}`"
    return f"the server did not answer as an MCP server: {one_line(str(error) or type(error).__name__, 200)}"


def _last_words(said: IO[str] | None) -> str:
    """The last line that a server wrote to its standard error."""
    if said is None:
        return ""
    with contextlib.suppress(OSError, ValueError):
        said.seek(0, 2)
        said.seek(max(said.tell() - 4_000, 0))
        lines = [one_line(line, 200) for line in said.read().splitlines()]
        last = next((line for line in reversed(lines) if line), "")
        return f"its last words: {last}" if last else ""
    return ""
