"""What the samples' READMEs say is true: their commands run, and their tables name the flaws."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from .reading import ROOT, SAMPLES, STORIES, incidents, rows

_BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_EXIT = re.compile(r"# exit (\d+)")
_ROW = re.compile(r"^\| `([0-9a-f]{32})` \| .+ \| (.+) \|$", re.MULTILINE)


@dataclass(frozen=True)
class Command:
    """One command of a README, and the exit code that the comment below it announces (0 without one)."""

    line: str
    exit_code: int


def commands(readme: Path) -> list[Command]:
    """The `$ govern …` commands of a README's console blocks, in order; anything else in them is an error."""
    found: list[Command] = []
    for block in _BLOCK.findall(readme.read_text("utf-8")):
        for line in block.replace("\\\n", " ").splitlines():
            if line.startswith("$ govern "):
                found.append(Command(line.removeprefix("$ govern "), 0))
            elif (stated := _EXIT.fullmatch(line)) and found:
                found[-1] = Command(found[-1].line, int(stated[1]))
            else:
                raise AssertionError(f"{readme}: not a command of govern, nor its exit code: {line!r}")
    return found


@pytest.mark.parametrize("story", STORIES)
def test_every_readme_shows_the_whole_loop(story: str) -> None:
    used = [command.line.split()[0] for command in commands(SAMPLES / story / "README.md")]
    loop = ["lint", "shadow-report", "import", "traces", "gaps", "reconstruct", "reconstruct"]
    assert loop == used


@pytest.mark.parametrize("story", STORIES)
def test_commands_of_the_readme_run_as_written(story: str, tmp_path: Path) -> None:
    """In order, from the root of the repository: the stated exit code, and something to read."""
    environment = {**os.environ, "TMP": str(tmp_path), "NO_COLOR": "1"}
    for command in commands(SAMPLES / story / "README.md"):
        arguments = [word.replace("$TMP", str(tmp_path)) for word in shlex.split(command.line)]
        done = subprocess.run(
            [sys.executable, "-m", "govern.cli.app", *arguments],
            capture_output=True, text=True, env=environment, cwd=ROOT, timeout=120,
        )  # fmt: skip
        assert command.exit_code == done.returncode, f"govern {command.line}\n{done.stdout}{done.stderr}"
        assert done.stdout.strip(), f"govern {command.line} says nothing"


@pytest.mark.parametrize("story", STORIES)
def test_the_table_names_the_gaps_of_each_trace(story: str) -> None:
    """Every trace in the table is in the record, and has exactly the gaps that stand beside it."""
    table = dict(_ROW.findall((SAMPLES / story / "README.md").read_text("utf-8")))
    assert len(table) > 6
    recorded = {row["trace_id"] for row in rows(story, "audit.jsonl")}
    gaps = incidents(story)["gaps"]
    for trace, told in table.items():
        assert trace in recorded
        noted = {gap for gap, found in gaps.items() if any(one["trace_id"] == trace for one in found)}
        assert noted == set(re.findall(r"`([a-z-]+)`", told)), trace
        assert noted or told == "none"


@pytest.mark.parametrize("story", STORIES)
def test_every_kind_of_flaw_is_in_the_table(story: str) -> None:
    text = (SAMPLES / story / "README.md").read_text("utf-8")
    untold = [gap for gap in incidents(story)["gaps"] if f"`{gap}`" not in text]
    assert not untold


@pytest.mark.parametrize("story", STORIES)
def test_traces_named_in_commands_are_of_the_story(story: str) -> None:
    """A flawed trace is announced with exit 1, a flawless one with exit 0."""
    flawed = {one["trace_id"] for found in incidents(story)["gaps"].values() for one in found}
    recorded = {row["trace_id"] for row in rows(story, "audit.jsonl")}
    seen = set()
    for command in commands(SAMPLES / story / "README.md"):
        if command.line.startswith("reconstruct"):
            trace = shlex.split(command.line)[2]
            assert trace in recorded
            assert int(trace in flawed) == command.exit_code
            seen.add(command.exit_code)
    assert len(seen) == 2
