"""`govern lock` as a user runs it."""

from __future__ import annotations

import json
import os
from pathlib import Path

import jsonschema
import pytest

from .running import ROOT, govern

BASE = "govern: 1\nbase: org\nversion: 1\npurpose: Rules.\nowner: chief\nroles: [chief]\n"
CHARTER = """\
govern: 1
agent: desk
version: 1
purpose: Answers.
owner: head
extends: [org/base.yaml]
roles: [head]
tools:
  read_file: {tier: read_only, input: {type: object, properties: {path: {type: string}}}}
  wipe: {tier: read_only, input: {type: object, properties: {}}}
escalation: [{event: unmapped, to: head}]
"""
TOOLS = {
    "tools": [
        {"name": "read_file", "description": "Reads.", "inputSchema": {"type": "object"}},
        {
            "name": "wipe",
            "description": "Wipes.",
            "inputSchema": {"type": "object"},
            "annotations": {"readOnlyHint": False, "destructiveHint": True},
        },
    ]
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "org").mkdir()
    (tmp_path / "org" / "base.yaml").write_text(BASE, "utf-8")
    (tmp_path / "desk.yaml").write_text(CHARTER, "utf-8")
    (tmp_path / "tools.json").write_text(json.dumps(TOOLS), "utf-8")
    return tmp_path


def test_from_no_lock_to_one_that_holds(folder: Path) -> None:
    """Nothing is locked; it is; the base changes and the charter does not load; it is locked again."""
    charter = folder / "desk.yaml"
    before = govern("lock", charter, "--check")
    assert 1 == before.exit_code
    assert "`org/base.yaml` is not locked yet" in before.out
    assert not (folder / "govern.lock").exists()
    assert 0 == govern("lock", charter).exit_code
    assert 0 == govern("lock", charter, "--check").exit_code
    (folder / "org" / "base.yaml").write_text(BASE + "# new\n", "utf-8")
    assert 3 == govern("decide", "--policy", charter, "--tool", "read_file", "--args", "{}").exit_code
    assert "lock-mismatch" in govern("lint", charter).out
    changed = govern("lock", charter, "--check")
    assert (1, True) == (changed.exit_code, "`org/base.yaml` changed since it was locked" in changed.out)
    assert 0 == govern("lock", charter).exit_code
    assert 0 == govern("decide", "--policy", charter, "--tool", "read_file", "--args", "{}").exit_code


def test_a_server_that_describes_a_tool_otherwise(folder: Path) -> None:
    """Found with the list, said of the tool; without a list the pin is kept."""
    charter, tools = folder / "desk.yaml", folder / "tools.json"
    assert 0 == govern("lock", charter, "--from-tools", tools).exit_code
    lock = json.loads((folder / "govern.lock").read_text("utf-8"))
    assert {"read_file", "wipe"} == set(lock["charters"]["desk.yaml"]["tools"])
    assert 0 == govern("lock", charter, "--from-tools", tools, "--check").exit_code
    assert 0 == govern("lock", charter, "--check").exit_code
    tools.write_text(json.dumps(TOOLS).replace("Reads.", "Reads, and sends it on."), "utf-8")
    changed = govern("lock", charter, "--from-tools", tools, "--check")
    assert (1, True) == (changed.exit_code, "tool `read_file` changed since it was locked" in changed.out)


def test_the_hints_of_the_lock_reach_lint(folder: Path) -> None:
    """A tool called read_only whose server says that it destroys."""
    assert "tier-contradicts-hints" not in govern("lint", folder / "desk.yaml").out
    assert 0 == govern("lock", folder / "desk.yaml", "--from-tools", folder / "tools.json").exit_code
    found = govern("lint", folder / "desk.yaml")
    assert 1 == found.exit_code
    assert "`wipe` is called read_only, and its server says that it is destructive" in found.out


def test_several_charters_of_a_folder_share_its_lock(folder: Path) -> None:
    other = folder / "other.yaml"
    other.write_text(CHARTER.replace("agent: desk", "agent: other"), "utf-8")
    assert 0 == govern("lock", folder / "desk.yaml").exit_code
    assert 0 == govern("lock", other).exit_code
    lock = json.loads((folder / "govern.lock").read_text("utf-8"))
    assert {"desk.yaml", "other.yaml"} == set(lock["charters"])


def test_what_cannot_be_locked(folder: Path) -> None:
    """A broken charter, a base, no file, a list with a tool that cannot be read, a lock that is none: exit 3, and
    nothing is written."""
    charter = folder / "desk.yaml"
    broken = folder / "broken.yaml"
    broken.write_text(CHARTER.replace("tier: read_only", "tier: harmless"), "utf-8")
    bad = folder / "bad.json"
    bad.write_text(json.dumps({"tools": [{"name": "no such/ name!", "inputSchema": {}}]}), "utf-8")
    for arguments in (
        [broken],
        [folder / "org" / "base.yaml"],
        [folder / "none.yaml"],
        [charter, "--from-tools", bad],
        [charter, "--from-tools", folder / "none.json"],
    ):
        assert 3 == govern("lock", *arguments).exit_code, arguments
        assert not (folder / "govern.lock").exists()
    (folder / "govern.lock").write_text("{}", "utf-8")
    assert 3 == govern("lock", charter).exit_code
    assert "{}" == (folder / "govern.lock").read_text("utf-8")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written(folder: Path) -> None:
    folder.chmod(0o555)
    try:
        assert 4 == govern("lock", folder / "desk.yaml").exit_code
    finally:
        folder.chmod(0o755)


def test_locks_are_of_the_published_schema(folder: Path) -> None:
    """One just written, with tools, and those of this repository."""
    assert 0 == govern("lock", folder / "desk.yaml", "--from-tools", folder / "tools.json").exit_code
    schema = json.loads((ROOT / "schemas" / "lock.v1.json").read_text("utf-8"))
    files = [folder / "govern.lock", *sorted(ROOT.glob("charters/*/govern.lock"))]
    assert 3 == len(files)
    for file in files:
        jsonschema.Draft202012Validator(schema).validate(json.loads(file.read_text("utf-8")))
