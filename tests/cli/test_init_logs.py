"""`govern init --from-logs`: a first charter from what an agent did."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from .running import SAMPLES, govern

STORIES = sorted(path.parent for path in SAMPLES.glob("*/charter.yaml"))


def call(tool: str, args: Any, number: int, **other: Any) -> str:
    event = {"event_id": f"e{number}", "trace_id": f"t{number % 3}", "agent": "desk", "type": "tool_call", "tool": tool}
    return json.dumps({**event, "args": args, **other}) + "\n"


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two tools of one agent, and one of another."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "log.jsonl"
    rows = [call("get_order", {"id": str(at)}, at) for at in range(3)]
    rows += [call("refund", {"id": "1", "password": "hunter2"}, at) for at in range(3, 6)]
    path.write_text("".join(rows))
    return path


@pytest.mark.parametrize("story", STORIES, ids=lambda path: path.name)
def test_samples(story: Path, tmp_path: Path) -> None:
    """The draft of a real log loads, lints without errors, maps every tool of it, and gives nothing that looks
    irreversible to the agent alone: no call of it is denied, and none that is irreversible is allowed."""
    charter = tmp_path / "charter.yaml"
    ran = govern("init", "--from-logs", story / "log.jsonl", "-o", charter)
    assert 0 == ran.exit_code, ran.err
    assert 0 == govern("lint", charter, "--fail-on", "error").exit_code
    assert 0 == govern("fmt", "--check", charter).exit_code
    report = govern("shadow-report", story / "log.jsonl", "--charter", charter, "--format", "json").json
    assert [] == report["unmapped"]
    assert 0 == report["not_judged"]
    assert 0 == sum(row["allow"] for row in report["by_tool"] if row["tier"] == "irreversible")
    assert report["malformed_arguments"] == report["verdicts"]["deny"]


def test_draft(log: Path) -> None:
    """The agent's name is the log's; input, counts and runs stand with each tool; a secret's name is marked; no value
    of an argument is written."""
    ran = govern("init", "--from-logs", "log.jsonl")
    assert 0 == ran.exit_code
    assert "agent: desk\n" in ran.out
    assert (
        """\
  # 3 calls in 3 runs
  # as in t0, t1, t2
  refund:
    tier: irreversible              # verb `refund`
    external: true                  # `refund` reaches others
    approval: {ask: approver}
    secret: [args.password]
    input:
      type: object
      required: [id, password]
      properties: {id: {type: string}, password: {type: string}}
"""
        in ran.out
    )
    assert "hunter2" not in ran.out + ran.err
    assert "drafted 2 tools: 1 irreversible, 0 reversible, 1 read-only" in ran.err


def test_several_agents(log: Path) -> None:
    """One is chosen, and what of the log is no part of the draft is said."""
    log.write_text(log.read_text() + call("look", {}, 50, agent="other"))
    ran = govern("init", "--from-logs", "log.jsonl")
    assert (2, "") == (ran.exit_code, ran.out)
    assert "`desk`, `other`" in ran.err
    ran = govern("init", "--from-logs", "log.jsonl", "--agent", "desk")
    assert 0 == ran.exit_code
    assert "look" not in ran.out
    assert "1 call of other agents are no part of it: other" in ran.err
    ran = govern("init", "--from-logs", "log.jsonl", "--agent", "nobody")
    assert (3, "") == (ran.exit_code, ran.out)
    assert "it has `desk`, `other`" in ran.err


def test_an_agent_without_a_name(log: Path) -> None:
    """A log that names no agent is drafted under the name that is given, or a placeholder to decide about."""
    log.write_text("".join(call("get_order", {"id": "1"}, at, agent=None) for at in range(2)))
    assert "agent: new-agent" in govern("init", "--from-logs", "log.jsonl").out
    assert "agent: desk\n" in govern("init", "--from-logs", "log.jsonl", "--agent", "desk").out


def test_names_that_yaml_would_change(log: Path) -> None:
    """Of the agent, and of tools."""
    log.write_text(
        "".join(call(name, {"id": "1"}, at, agent="123") for at, name in enumerate(["true", "1.5", "get_a"]))
    )
    ran = govern("init", "--from-logs", "log.jsonl", "-o", "charter.yaml")
    assert 0 == ran.exit_code, ran.err
    report = govern("shadow-report", "log.jsonl", "--charter", "charter.yaml", "--format", "json").json
    assert ([], 3) == (report["unmapped"], report["judged"])


def test_something_left_out(log: Path) -> None:
    """Rows that cannot be read and names that are none are told with their reason: the draft is not all of the log."""
    log.write_text(log.read_text() + call("evil\n  x: {tier: read_only}", {}, 60) + "{\n")
    log.write_text(log.read_text() + call(" ".join(["govern: ignore[few-scenarios] evil"] * 9), {}, 61))
    ran = govern("init", "--from-logs", "log.jsonl")
    assert 3 == ran.exit_code
    assert "evil" not in ran.out
    assert [] == [line for line in ran.out.splitlines() if line.lstrip("# ").startswith("govern: i")]
    assert "left out, 3:" in ran.err
    assert ran.err.replace("\n", "").isprintable()


def test_uncaptured_arguments(log: Path) -> None:
    """A log without arguments gives tools without input, to decide about."""
    row = {"event_id": "e", "trace_id": "t", "agent": "desk", "type": "tool_call", "tool": "get_order"}
    log.write_text(json.dumps(row) + "\n")
    ran = govern("init", "--from-logs", "log.jsonl")
    assert 0 == ran.exit_code
    assert "# decide: its input; the log has no arguments of it" in ran.out
    assert "input: {" not in ran.out


def test_standard_input(log: Path) -> None:
    ran = govern("init", "--from-logs", "-", stdin=log.read_bytes())
    assert 0 == ran.exit_code
    assert "of standard input" in ran.out


@pytest.mark.parametrize(
    "more",
    [
        ["--from-tools", "x.json"],
        ["--server", "files"],
        ["--library", "files"],
        ["--log-format", "nonsense"],
        ["--agent", "-x"],
    ],
    ids=" ".join,
)
def test_wrong_command_line(log: Path, more: list[str]) -> None:
    assert 2 == govern("init", "--from-logs", "log.jsonl", *more).exit_code
    assert 2 == govern("init", "--log-format", "canonical", "--from-tools", "x.json").exit_code


@pytest.mark.parametrize("text", ["", "no log\n", "{}\n"])
def test_nothing_to_draft(log: Path, text: str) -> None:
    log.write_text(text)
    ran = govern("init", "--from-logs", "log.jsonl", "-o", "charter.yaml")
    assert (3, "") == (ran.exit_code, ran.out)
    assert not Path("charter.yaml").exists()
