"""`govern init`: where the draft goes, what is said about it, and every exit code."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from tests.cli.running import govern

from govern.cli.init import _write
from govern.errors import UsageError

TOOLS = [
    {"name": name, "inputSchema": {"type": "object", "properties": {"id": {"type": "string"}}}}
    for name in ("get_note", "delete_note", "add_note")
]


@pytest.fixture
def tools(tmp_path: Path) -> Path:
    path = tmp_path / "tools.json"
    path.write_text(json.dumps({"tools": TOOLS}))
    return path


def test_to_standard_output(tools: Path) -> None:
    """The draft alone on standard output, the summary on standard error."""
    ran = govern("init", "--from-tools", tools, "--agent", "notes", "--owner", "lead")
    assert (0, "drafted 3 tools: 1 irreversible, 1 reversible, 1 read-only\n") == (ran.exit_code, ran.err)
    assert "agent: notes\n" in ran.out
    assert "owner: lead\n" in ran.out


def test_the_draft_loads(tools: Path, tmp_path: Path) -> None:
    """What is written loads and decides, as a charter and as a library, and lint finds no error in it."""
    charter, library = tmp_path / "charter.yaml", tmp_path / "library.yaml"
    assert 0 == govern("init", "--from-tools", tools, "-o", charter).exit_code
    made = govern("init", "--from-tools", tools, "--library", "notes", "--server", "notes", "-o", library)
    assert (0, "") == (made.exit_code, made.out)
    assert f"`govern lint {library}`" in made.err
    assert 0 == govern("lint", charter, library, "--fail-on", "error").exit_code
    assert 0 == govern("decide", "--policy", charter, "--tool", "get_note", "--args", "{}").exit_code


def test_standard_input(tools: Path) -> None:
    ran = govern("init", "--from-tools", "-", stdin=tools.read_bytes())
    assert 0 == ran.exit_code
    assert "of standard input" in ran.out


def test_nothing_is_overwritten(tools: Path, tmp_path: Path) -> None:
    """A file that exists is kept, unless --force says otherwise; no other file is left beside it."""
    target = tmp_path / "charter.yaml"
    target.write_text("mine")
    ran = govern("init", "--from-tools", tools, "-o", target)
    assert (2, "mine") == (ran.exit_code, target.read_text())
    assert "--force" in ran.err
    assert 2 == govern("init", "--from-tools", tmp_path / "missing", "-o", target).exit_code  # before anything is read
    with pytest.raises(UsageError):  # it came to be there while the server was asked
        _write(str(target), "draft", force=False)
    assert "mine" == target.read_text()
    assert 0 == govern("init", "--from-tools", tools, "-o", target, "--force").exit_code
    assert target.read_text().startswith("# A draft")
    assert ["charter.yaml", "tools.json"] == sorted(path.name for path in tmp_path.iterdir())


def test_something_left_out(tmp_path: Path) -> None:
    """The rest is drafted, what is missing is named with its reason, and the exit code says that it is not all."""
    path = tmp_path / "tools.json"
    remote = {"type": "object", "properties": {"a": {"$ref": "https://example.org/a"}}}
    path.write_text(json.dumps([*TOOLS, {"name": "no\u202ename\x1b[31m"}, {"name": "get_a", "inputSchema": remote}]))
    ran = govern("init", "--from-tools", path)
    assert 3 == ran.exit_code
    assert "  get_note:\n" in ran.out
    assert "drafted 4 tools" in ran.err
    assert "left out, 2:" in ran.err
    assert "`no\\u{202e}name\\u{1b}[31m`: no tool's name" in ran.err
    assert "input of `get_a`: `https://example.org/a` lies outside its schema" in ran.err
    assert (ran.err + ran.out).replace("\n", "").isprintable()


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--agent", "a"],
        ["--from-tools", "t.json", "--from-mcp", "x"],
        ["--from-mcp", "x", "--url", "http://localhost/"],
        ["--from-tools", "t.json", "--tools-format", "soap"],
        ["--from-tools", "t.json", "--agent", "-x"],
        ["--from-tools", "t.json", "--owner", "Head Of"],
        ["--from-tools", "t.json", "--server", "a/b"],
        ["--from-tools", "t.json", "--library", "A"],
        ["--from-tools", "t.json", "--library", "a", "--owner", "b"],
        ["--from-mcp", ""],
        ["--url", "file:///etc/passwd"],
        ["--from-mcp", "x", "--timeout", "0"],
    ],
    ids=" ".join,
)
def test_wrong_command_line(arguments: list[str]) -> None:
    """Exit code 2, before anything is read or asked; with nothing at all the help is shown."""
    ran = govern("init", *arguments)
    assert 2 == ran.exit_code
    assert ran.err or "Usage" in ran.out


@pytest.mark.parametrize("text", ["", "{", "{}", "[]", '[{"name": "no name"}]', '{"openapi": "1"}'])
def test_nothing_to_draft(tmp_path: Path, text: str) -> None:
    """No tool at all: exit code 3, nothing written."""
    path = tmp_path / "tools.json"
    path.write_text(text)
    ran = govern("init", "--from-tools", path, "-o", tmp_path / "charter.yaml")
    assert (3, "") == (ran.exit_code, ran.out)
    assert ran.err.startswith("error: ")
    assert not (tmp_path / "charter.yaml").exists()


def test_missing_file(tmp_path: Path) -> None:
    assert 3 == govern("init", "--from-tools", tmp_path / "missing.json").exit_code


def test_environment(tools: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No folder to write to, no package: exit code 4, with what to do."""
    ran = govern("init", "--from-tools", tools, "-o", tmp_path / "nowhere" / "charter.yaml")
    assert 4 == ran.exit_code
    assert "cannot be written" in ran.err
    monkeypatch.setitem(sys.modules, "mcp", None)
    monkeypatch.setitem(sys.modules, "mcp.client", None)
    ran = govern("init", "--from-mcp", "some-server")
    assert 4 == ran.exit_code
    assert "pip install 'govern[mcp]'" in ran.err


def test_help() -> None:
    """The help is complete: an example and every exit code."""
    ran = govern("init", "--help")
    assert 0 == ran.exit_code
    assert "govern init --from-tools tools.json" in ran.out
    assert [True] * 5 == [f"\n    {code}  " in ran.out or f"\n   {code}  " in ran.out for code in (0, 2, 3, 4)] + [True]


def test_drafting_loads_no_mcp(tools: Path) -> None:
    """The package `mcp` is imported for a running server, and for nothing else."""
    program = (
        "import sys\n"
        "from govern.cli.init import init\n"
        "from govern.draft import files, sheet\n"
        f"sheet.draft(files.read([{str(tools)!r}]), sheet.Head())\n"
        "sys.stdout.write(str([name for name in ('mcp', 'pydantic', 'duckdb', 'pyarrow') if name in sys.modules]))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "[]" == done.stdout
