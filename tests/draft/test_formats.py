"""Lists of tools, recognised by content; what is no tool is left out and counted, what is no list is an error."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from govern.draft import files
from govern.draft.formats import MAX_TOOLS, ToolsFormat, listing
from govern.draft.listing import Hints, Listing
from govern.errors import EvidenceError
from govern.events.canonical import load

SCHEMA = {"type": "object", "properties": {"a": {"type": "string"}}}
MCP = {
    "name": "get_a",
    "description": "d",
    "inputSchema": SCHEMA,
    "annotations": {"readOnlyHint": True, "destructiveHint": False, "idempotentHint": True, "openWorldHint": False},
}
FUNCTION = {"name": "get_a", "description": "d", "parameters": SCHEMA}


def of(document: Any) -> Listing:
    return listing(load(json.dumps(document)), "x")


@pytest.mark.parametrize(
    "document",
    [
        {"tools": [MCP]},
        {"jsonrpc": "2.0", "id": 1, "result": {"tools": [MCP]}},
        {"initialize": {"result": {}}, "tools_list": {"jsonrpc": "2.0", "id": 2, "result": {"tools": [MCP]}}},
        [MCP],
        MCP,
        {"tools": [{"type": "function", "function": FUNCTION}]},
        [{"type": "function", "function": FUNCTION}],
        {"type": "function", "function": FUNCTION},
        [{"type": "function", **FUNCTION, "strict": True}],
        {"functions": [FUNCTION]},
        [{"name": "get_a", "description": "d", "input_schema": SCHEMA}],
        [{"type": "custom", "name": "get_a", "description": "d", "input_schema": SCHEMA}],
    ],
    ids=lambda document: json.dumps(document)[:50],
)
def test_recognised(document: Any) -> None:
    """Every form gives the same name, words and schema."""
    found = of(document)
    assert [("get_a", "d", SCHEMA)] == [(tool.name, tool.description, tool.schema) for tool in found.tools]
    assert () == found.left_out


def test_hints_are_mcp_only() -> None:
    assert Hints(True, False, True, False) == of([MCP]).tools[0].hints
    assert Hints() == of([{**FUNCTION, "annotations": {"readOnlyHint": True}}]).tools[0].hints


@pytest.mark.parametrize(
    ("tool", "reason"),
    [
        ("get_a", "it is text"),
        (None, "it is null"),
        ([], "it is a list"),
        ({"description": "nameless"}, "no name"),
        ({"name": ""}, "no name"),
        ({"name": 7}, "no name"),
        ({"name": "a b"}, "no tool's name"),
        ({"name": "a\u202eb"}, "no tool's name"),
        ({"name": "delete_*"}, "no tool's name"),
        ({"name": "../etc"}, ""),
        ({"name": "a:\n  tier: read_only"}, "no tool's name"),
        ({"name": "a" * 129}, "129 characters"),
        ({"type": "web_search"}, "its provider runs"),
        ({"type": "bash_20250124", "name": "bash"}, "its provider runs"),
        ({**MCP, "name": "b", "annotations": []}, "annotations"),
        ({**MCP, "name": "b", "annotations": {"readOnlyHint": "yes"}}, "readOnlyHint"),
    ],
    ids=lambda value: json.dumps(value)[:40],
)
def test_one_bad_tool(tool: Any, reason: str) -> None:
    """It is left out with the reason, its name fit to be shown, and the others are kept."""
    found = of([tool, MCP])
    if reason:
        assert ["get_a"] == [tool.name for tool in found.tools]
        assert [True] == [reason in one.reason for one in found.left_out]
        assert all(one.what.isprintable() and len(one.what) < 80 for one in found.left_out)
    else:  # a path is a tool's name of the protocol: nothing is ever opened by it
        assert 2 == len(found.tools)


@pytest.mark.parametrize(
    "text",
    [
        '{"name": "a", "name": "b"}',
        '{"name": "a", "Name": "b"}',
        '{"type": "function", "function": {"name": "a", "name": "b"}}',
        '{"type": "function", "type": "custom", "function": {"name": "a"}}',
        '{"name": "a", "annotations": {"readOnlyHint": true, "readOnlyHint": false}}',
    ],
)
def test_ambiguous_tool(text: str) -> None:
    """A key that stands twice may mean either: the tool is left out."""
    found = listing(load(f"[{text}]"), "x")
    assert () == found.tools
    assert "ambiguous" in found.left_out[0].reason


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("null", "no list of tools"),
        ("7", "no list of tools"),
        ('"tools"', "no list of tools"),
        ("{}", "no list of tools"),
        ('{"tools": {}}', "no list of tools"),
        ('{"tools": []}', "no tools"),
        ("[]", "no tools"),
        ('{"tools": [], "tools": []}', "ambiguous"),
        ('{"jsonrpc": "2.0", "error": {"code": -32601, "message": "not found\\u001b[2J"}}', "not found"),
        ('{"swagger": "2.0", "paths": {}}', "Swagger"),
        ('{"openapi": "2.0"}', "`2.0`"),
        ('{"openapi": 3}', "`int`"),
        ('{"openapi": "3.1.0", "paths": []}', "`paths`"),
        ('{"openapi": "3.1.0", "paths": {}}', "no tools"),
        ("[" + ",".join(["{}"] * (MAX_TOOLS + 1)) + "]", "2,001 tools"),
    ],
    ids=lambda text: text[:40],
)
def test_no_list(text: str, message: str) -> None:
    """What is no list of tools, or an empty one, is an error that says so, without a character that moves a cursor."""
    with pytest.raises(EvidenceError) as error:
        listing(load(text), "x")
    assert message in error.value.message
    assert error.value.message.isprintable()


def test_a_further_page() -> None:
    """A list that goes on elsewhere is not whole."""
    found = of({"tools": [MCP], "nextCursor": "p2"})
    assert 1 == len(found.tools)
    assert "further tools" == found.left_out[0].what


def test_names_that_stand_twice(tmp_path: Path) -> None:
    """The first is drafted; one that comes again, or in another case, in this file or the next, is left out."""
    for file, names in (("a.json", ["get_a", "get_a", "Get_A"]), ("b.json", ["get_a", "get_b"])):
        (tmp_path / file).write_text(json.dumps([{**MCP, "name": name} for name in names]))
    found = files.read([str(tmp_path)])
    assert ["get_a", "get_b"] == [tool.name for tool in found.tools]
    assert ["stands twice", "only by case", "stands twice"] == [
        words for one in found.left_out for words in ("stands twice", "only by case") if words in one.reason
    ]


def test_forced_format() -> None:
    """A named format is believed: what the list calls its schema otherwise is not its schema."""
    assert listing([FUNCTION], "x", ToolsFormat.MCP).tools[0].schema is None
    assert SCHEMA == listing([FUNCTION], "x", ToolsFormat.OPENAI).tools[0].schema


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "empty"),
        (b" \n", "empty"),
        (b"{", "not JSON"),
        (b"\xff\xfe{}", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b'[{"name": "a",}]', "not JSON"),
        (b"govern: 1\n", "not JSON"),
        (b"openapi: 3.1.0\npaths: {a: &x {}}\n", "anchor"),
        (b"openapi: 3.1.0\npaths:\n  /a:\n    get:\n      responses:\n        200: {}\n", "not text"),
        (b"openapi: 3.1.0\n" + b"#" * 2**20, "YAML of more than 1 MB"),
        (b"[" + b" " * files.MAX_BYTES + b"]", "larger than 16 MB"),
    ],
    ids=lambda data: str(data[:30]),
)
def test_bad_files(tmp_path: Path, data: bytes, message: str) -> None:
    """A file that is named and cannot be read as a list is an error that says why."""
    path = tmp_path / "tools.json"
    path.write_bytes(data)
    with pytest.raises(EvidenceError) as error:
        files.read([str(path)])
    assert message in str(error.value)


def test_folders(tmp_path: Path) -> None:
    """Lists below a folder are read in the order of their names; what is no list there is left out and counted."""
    (tmp_path / "b.snap").write_text(json.dumps({**MCP, "name": "b"}))
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "a.json").write_text(json.dumps([{**MCP, "name": "c"}]))
    (tmp_path / "broken.json").write_text("{")
    (tmp_path / ".hidden.json").write_text("{")
    (tmp_path / "README.md").write_text("not looked at")
    found = files.read([str(tmp_path)])
    assert ["b", "c"] == [tool.name for tool in found.tools]
    assert [str(tmp_path / "broken.json")] == [one.where for one in found.left_out]
    assert (tmp_path.name,) == found.sources


@pytest.mark.parametrize("name", ["missing.json", "empty", "nul\0"])
def test_missing(tmp_path: Path, name: str) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(EvidenceError):
        files.read([str(tmp_path / name)])
