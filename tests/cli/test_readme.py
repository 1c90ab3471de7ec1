"""The commands of the top README run as written, from the root of the repository."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from .running import ROOT

README = ROOT / "README.md"
_BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_EXIT = re.compile(r"# exit (\d+)")


@dataclass(frozen=True)
class Command:
    """One `$ ` line, the exit code that a comment below it announces (0 without one), and the output shown."""

    line: str
    exit_code: int
    shown: tuple[str, ...]


def commands(text: str) -> list[Command]:
    """The commands of the console blocks, in order. Every line of a block is one, its exit code, or its output."""
    found: list[Command] = []
    for block in _BLOCK.findall(text):
        first = True
        for line in block.replace("\\\n", " ").splitlines():
            if line.startswith("$ "):
                found.append(Command(line.removeprefix("$ "), 0, ()))
            elif first:
                raise AssertionError(f"a console block begins with no command: {line!r}")
            elif stated := _EXIT.fullmatch(line.strip()):
                found[-1] = Command(found[-1].line, int(stated[1]), found[-1].shown)
            elif line.strip():
                found[-1] = Command(found[-1].line, found[-1].exit_code, (*found[-1].shown, line))
            first = False
    return found


def run(line: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """One shell line with the `govern` of this environment; `$TMP` is the folder."""
    environment = {
        **os.environ,
        "TMP": str(folder),
        "NO_COLOR": "1",
        "PATH": os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", ""))),
    }
    return subprocess.run(
        ["bash", "-o", "pipefail", "-c", line],
        capture_output=True, text=True, env=environment, cwd=ROOT, timeout=300,
    )  # fmt: skip


def test_the_readme_has_commands_and_every_console_block_is_read() -> None:
    text = README.read_text("utf-8")
    assert len(commands(text)) >= 5
    assert text.count("```console") == len(_BLOCK.findall(text))
    assert {"govern", "sed"} == {command.line.split()[0] for command in commands(text)}  # sed makes a change to compare


def test_every_govern_command_of_the_readme_is_in_a_block_that_is_run() -> None:
    """A command in another kind of block would go stale unseen."""
    text = README.read_text("utf-8")
    others = _BLOCK.sub("", text)
    assert [] == re.findall(r"^\$ .*$", others, re.MULTILINE)


def test_the_commands_run_as_written(tmp_path: Path) -> None:
    """In order, since later ones read what earlier ones wrote: the stated exit code, something to read, and
    every line of output that the README shows."""
    for command in commands(README.read_text("utf-8")):
        done = run(command.line, tmp_path)
        said = f"$ {command.line}\n{done.stdout}{done.stderr}"
        assert command.exit_code == done.returncode, said
        assert (done.stdout + done.stderr).strip() or " > " in command.line, said
        for line in command.shown:
            wanted = line.rstrip().removesuffix("…").strip()
            assert wanted in ("", "...") or wanted in done.stdout + done.stderr, f"not printed: {line!r}\n{said}"


@pytest.mark.parametrize(
    ("block", "expected"),
    [
        ("```console\n$ govern lint a\n# exit 1\n```\n", [Command("govern lint a", 1, ())]),
        (
            "```console\n$ govern a \\\n  b\nseen\n\n$ govern c\n```\n",
            [Command("govern a    b", 0, ("seen",)), Command("govern c", 0, ())],
        ),
        ("```sh\n$ govern lint a\n```\n", []),
    ],
)
def test_blocks_are_read(block: str, expected: list[Command]) -> None:
    assert expected == commands(block)


def test_a_block_without_a_command_is_an_error() -> None:
    with pytest.raises(AssertionError, match="begins with no command"):
        commands("```console\ngovern lint a\n```\n")
