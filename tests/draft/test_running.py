"""Asking a running MCP server: every page of its list, within a time, and clear words for whatever goes wrong."""

from __future__ import annotations

import os
import shlex
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from govern.draft import running
from govern.draft.listing import Hints
from govern.errors import EnvironmentFailed, EvidenceError, UsageError

pytest.importorskip("mcp", reason="the package mcp is not installed (pip install 'govern[mcp]')")

# One tool a page, three pages; chatter on standard error; `MODE` misbehaves.
SERVER = """
import os, sys
import anyio
import mcp_types as types
from mcp.server import Server, ServerRequestContext
from mcp.server.stdio import stdio_server

MODE = os.environ.get("MODE", "") or (sys.argv[1] if len(sys.argv) > 1 else "")
NAMES = ["get_note", "delete_note", "bad name"]
sys.stderr.write("chatter of the server\\n")

async def list_tools(ctx, params):
    at = int(params.cursor) if params and params.cursor else 0
    if MODE == "endless":
        at, following = 0, "0"
    else:
        following = str(at + 1) if at + 1 < len(NAMES) else None
    if MODE == "slow":
        await anyio.sleep(60)
    if MODE == "broken":
        raise ValueError("cannot list \\x1b[31m")
    tool = types.Tool(
        name=NAMES[at],
        description="One of its tools.",
        input_schema={"type": "object", "properties": {"id": {"type": "string", "x-own": 1}}},
        annotations=types.ToolAnnotations(read_only_hint=at == 0, destructive_hint=at == 1),
    )
    return types.ListToolsResult(tools=[tool], next_cursor=following)

server = Server("notes", version="1.2", on_list_tools=list_tools)

async def main():
    async with stdio_server() as (reading, writing):
        await server.run(reading, writing, server.create_initialization_options())

if MODE == "http":
    import uvicorn
    uvicorn.run(server.streamable_http_app(), host="127.0.0.1", port=int(sys.argv[2]), log_level="error")
elif MODE == "dies":
    sys.stderr.write("no configuration \\x1b[31mfound\\n")
    sys.exit(3)
else:
    anyio.run(main)
"""


@pytest.fixture(scope="module")
def script(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("server") / "server.py"
    path.write_text(SERVER)
    return path


def command(script: Path, mode: str = "") -> str:
    return f"{shlex.quote(sys.executable)} {shlex.quote(str(script))} {mode}"


def test_every_page(script: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """All pages are asked for; hints and schemas come as sent; its standard error stays out of ours."""
    found = running.ask_command(command(script), 30)
    assert ["get_note", "delete_note"] == [tool.name for tool in found.tools]
    assert [Hints(True, False), Hints(False, True)] == [tool.hints for tool in found.tools]
    assert {"type": "object", "properties": {"id": {"type": "string", "x-own": 1}}} == found.tools[0].schema
    assert ["`bad name`"] == [one.what for one in found.left_out]
    assert (f"the server `{Path(sys.executable).name}` (notes 1.2)",) == found.sources
    assert ("", "") == capfd.readouterr()


@pytest.fixture
def address(script: Path) -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, str(script), "http", str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        for _ in range(200):
            with socket.socket() as trial:
                if trial.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        yield f"http://someone:word@127.0.0.1:{port}/mcp?token=t"
    finally:
        process.terminate()
        process.wait(10)


def test_over_http(address: str) -> None:
    """The same over HTTP; what the address holds beside host and path is not shown."""
    found = running.ask_url(address, 30)
    assert ["get_note", "delete_note"] == [tool.name for tool in found.tools]
    assert [False, False] == [secret in found.sources[0] for secret in ("word", "token")]


@pytest.mark.parametrize(
    ("mode", "seconds", "message", "hint"),
    [
        ("slow", 2, "no answer within 2 seconds", "chatter"),
        ("dies", 20, "did not answer", "no configuration [31mfound"),
        ("broken", 20, "did not answer", ""),
    ],
)
def test_failing_server(script: Path, mode: str, seconds: float, message: str, hint: str) -> None:
    """A server that fails is told in one line, with its own last words where it had some."""
    with pytest.raises(EnvironmentFailed) as error:
        running.ask_command(command(script, mode), seconds)
    assert message in error.value.message
    assert hint in error.value.hint
    assert f"{error.value.message}{error.value.hint}".isprintable()


def test_endless_pages(script: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A list without an end is given up."""
    monkeypatch.setattr(running, "MAX_PAGES", 5)
    with pytest.raises(EvidenceError, match="more than 5 pages"):
        running.ask_command(command(script, "endless"), 30)


def test_no_time(script: Path) -> None:
    """The time holds for the start too, and nothing is left running."""
    start = time.monotonic()
    mark = f"sleep {60 + os.getpid() / 1e7:.7f}"
    with pytest.raises(EnvironmentFailed, match="no answer"):
        running.ask_command(mark, 1)
    assert time.monotonic() - start < 15
    assert mark.encode() not in b"\n".join(lines_of_processes())


def lines_of_processes() -> Iterator[bytes]:
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            yield path.read_bytes().replace(b"\0", b" ")
        except OSError:
            continue


@pytest.mark.parametrize(
    ("given", "message"), [("no-such-command-of-ours x", "no command"), ("/", "permission"), ("cat", "did not answer")]
)
def test_no_server(given: str, message: str) -> None:
    with pytest.raises(EnvironmentFailed) as error:
        running.ask_command(given, 5)
    assert message in error.value.message


@pytest.mark.parametrize("given", ["", "  ", "'unfinished"])
def test_no_command(given: str) -> None:
    with pytest.raises(UsageError):
        running.ask_command(given, 5)


@pytest.mark.parametrize("url", ["", "file:///etc/passwd", "localhost:1", "http://", "http://[", "ftp://a/"])
def test_no_address(url: str) -> None:
    with pytest.raises(UsageError):
        running.ask_url(url, 5)


def test_nobody_there() -> None:
    with pytest.raises(EnvironmentFailed):
        running.ask_url("http://127.0.0.1:1/mcp", 5)


def test_without_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where `mcp` is missing the error says what to install."""
    monkeypatch.setitem(sys.modules, "mcp", None)
    monkeypatch.setitem(sys.modules, "mcp.client", None)
    with pytest.raises(EnvironmentFailed) as error:
        running.ask_command("true", 5)
    assert "pip install 'govern[mcp]'" == error.value.hint


@pytest.mark.skipif(shutil.which("npx") is None, reason="no npx on this machine")
def test_the_real_file_system_server(tmp_path: Path) -> None:
    """The published server: every tool it lists is drafted, with its schema."""
    package = "@modelcontextprotocol/server-filesystem"
    try:
        subprocess.run(["npx", "-y", package, "/nowhere"], capture_output=True, timeout=60, check=False, stdin=None)
        found = running.ask_command(f"npx -y {package} {shlex.quote(str(tmp_path))}", 60)
    except (EnvironmentFailed, subprocess.TimeoutExpired) as error:
        pytest.skip(f"{package} cannot be fetched here: {error}")
    assert {"read_text_file", "write_file", "list_directory"} <= {tool.name for tool in found.tools}
    assert () == found.left_out
