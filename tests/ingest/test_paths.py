"""What paths on a command line stand for, and what patterns leave out of it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from govern.ingest.paths import File, Store, expand, left_out, matching
from govern.ingest.source import Refusal


def names(*paths: str) -> list[str]:
    """Inputs that are read, then those that are left out with their pattern."""
    found = [each for each in expand(paths) if not isinstance(each, Store)]
    assert not [each for each in found if isinstance(each, Refusal)]
    files = [each for each in found if isinstance(each, File)]
    return [each.name for each in files if not each.left_out] + [
        f"{each.name} {each.left_out}" for each in files if each.left_out
    ]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("a.jsonl", "README.md", "old/b.jsonl", "old/notes.md", "deep/old/c.jsonl", "!odd"):
        (tmp_path / "logs" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "logs" / name).write_text("{}")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_folder(folder: Path) -> None:
    """A folder stands for every file below it, once, sorted."""
    expected = ["logs/!odd", "logs/README.md", "logs/a.jsonl", "logs/deep/old/c.jsonl", "logs/old/b.jsonl"]
    assert [*expected, "logs/old/notes.md"] == sorted(names("logs", "logs/a.jsonl", "logs/*.jsonl"))


@pytest.mark.parametrize(
    ("patterns", "expected"),
    [
        (["!*.md"], {"logs/README.md !*.md", "logs/old/notes.md !*.md"}),
        (["!README.md", "!nothing"], {"logs/README.md !README.md"}),
        (["!old/"], {f"logs/{name} !old/" for name in ("old/b.jsonl", "old/notes.md", "deep/old/c.jsonl")}),
        (["!logs/old/*"], {"logs/old/b.jsonl !logs/old/*", "logs/old/notes.md !logs/old/*"}),
        (["!!odd"], {"logs/!odd !!odd"}),
        (["![ab].jsonl"], {"logs/a.jsonl ![ab].jsonl", "logs/old/b.jsonl ![ab].jsonl"}),
    ],
)
def test_left_out(folder: Path, patterns: list[str], expected: set[str]) -> None:
    """A pattern is for the name as shown, for its last part, or for a folder in it; before or behind what it is for."""
    got = names(*patterns, "logs")
    assert got == names("logs", *patterns)
    assert expected == {name for name in got if " !" in name}
    assert 6 == len(got)


def test_a_pipe_in_a_folder_is_refused(tmp_path: Path) -> None:
    """Opening it might never end; one that is named by itself is read."""
    (tmp_path / "log.jsonl").write_text("{}")
    os.mkfifo(tmp_path / "pipe")
    for paths in ([str(tmp_path)], [str(tmp_path / "*")]):
        log, pipe = expand(paths)
        assert isinstance(log, File)
        assert isinstance(pipe, Refusal)
        assert pipe.file.endswith("pipe")
    assert [File(str(tmp_path / "pipe"))] == list(expand([str(tmp_path / "pipe")]))


def test_an_existing_path_is_no_pattern(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file whose name begins with an exclamation mark can be read by that name."""
    monkeypatch.chdir(folder / "logs")
    assert ((), ["!odd"]) == (left_out(["!odd"]), names("!odd"))


def test_only_patterns_are_nothing_to_read(folder: Path) -> None:
    """Patterns alone name no input, and that is refused, not silence."""
    (refusal,) = expand(["!*.md"])
    assert isinstance(refusal, Refusal)
    assert "there is nothing to read" in refusal.reason


@pytest.mark.parametrize(
    ("name", "pattern", "expected"),
    [
        ("a.tar!x/README.md", "!README.md", True),
        ("a.tar!x/README.md", "!x/", True),
        ("a.tar!x/README.md", "!a.tar!x/*", True),
        ("a.tar!README.md", "!README.md", True),
        ("a.tar!README.md", "!a.tar", False),
        ("logs/readme.md", "!README.md", False),
        ("logs/a.jsonl", "!a", False),
        ("-", "!*", True),
    ],
)
def test_matching(name: str, pattern: str, expected: bool) -> None:
    """Files of archives are matched as those of folders are; letters count as they are written."""
    assert (pattern if expected else "") == matching(name, [pattern])
