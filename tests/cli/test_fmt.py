"""`govern fmt` from end to end: what it writes, what it leaves, what it answers."""

from __future__ import annotations

import os
import shutil
import stat
from pathlib import Path

import pytest

from .running import ROOT, govern

MESSY = "govern: 1\nagent:   desk # name\nversion: 1\n"
CLEAN = "govern: 1\nagent: desk  # name\nversion: 1\n"
BROKEN = "govern: 1\nagent: [desk\n"


def put(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(text.encode("utf-8"))
    return path


def test_files_are_written_in_place(tmp_path: Path) -> None:
    """What is not in canonical form is written and named; what is, is not touched."""
    messy, clean = put(tmp_path, "a.yaml", MESSY), put(tmp_path, "b.yaml", CLEAN)
    os.utime(clean, ns=(1, 1))
    ran = govern("fmt", messy, clean)
    assert (0, f"formatted {messy}\n", "1 formatted, 1 in canonical form.\n") == (ran.exit_code, ran.out, ran.err)
    assert (CLEAN, CLEAN) == (messy.read_text("utf-8"), clean.read_text("utf-8"))
    assert 1 == clean.stat().st_mtime_ns
    assert ["a.yaml", "b.yaml"] == sorted(os.listdir(tmp_path))
    assert (0, "") == (govern("fmt", messy, clean).exit_code, govern("fmt", messy, clean).out)


def test_check_names_and_writes_nothing(tmp_path: Path) -> None:
    """--check answers 1 and names what would change; 0 where nothing would."""
    messy, clean = put(tmp_path, "a.yaml", MESSY), put(tmp_path, "b.yaml", CLEAN)
    ran = govern("fmt", "--check", messy, clean)
    assert (1, f"{messy}\n") == (ran.exit_code, ran.out)
    assert MESSY == messy.read_text("utf-8")
    assert (0, "") == (govern("fmt", "--check", clean).exit_code, govern("fmt", "--check", clean).out)


def test_diff_shows_and_writes_nothing(tmp_path: Path) -> None:
    """--diff shows a unified diff and answers 0; with --check it answers 1."""
    messy = put(tmp_path, "a.yaml", MESSY)
    ran = govern("fmt", "--diff", messy)
    expected = f"--- {messy}\n+++ {messy}\n@@ -1,3 +1,3 @@\n govern: 1\n"
    expected += "-agent:   desk # name\n+agent: desk  # name\n version: 1\n"
    assert (0, expected) == (ran.exit_code, ran.out)
    assert MESSY == messy.read_text("utf-8")
    both = govern("fmt", "--diff", "--check", messy)
    assert (1, expected) == (both.exit_code, both.out)


@pytest.mark.parametrize(
    ("before", "shown"),
    [
        (CLEAN.removesuffix("\n"), "-version: 1\n\\ No newline at end of file\n+version: 1\n"),
        (CLEAN.replace("\n", "\r\n"), "-version: 1\\x0d\n"),
        ("\ufeff" + CLEAN, "-\\u{feff}govern: 1\n+govern: 1\n"),
    ],
    ids=["no line break at the end", "carriage returns", "byte order mark"],
)
def test_what_nobody_sees_is_shown(tmp_path: Path, before: str, shown: str) -> None:
    """A line break at the end, carriage returns and a byte order mark are changes too, and the diff shows them."""
    path = put(tmp_path, "a.yaml", before)
    assert shown in govern("fmt", "--diff", path).out
    assert 1 == govern("fmt", "--check", path).exit_code
    assert 0 == govern("fmt", path).exit_code
    assert CLEAN.encode() == path.read_bytes()


def test_a_folder(tmp_path: Path) -> None:
    """Below a folder every .yaml and .yml is formatted, by name, save where a name begins with a dot."""
    for name in ("z/b.yml", "a.yaml", ".hidden/c.yaml", "note.txt"):
        put(tmp_path, name, MESSY)
    ran = govern("fmt", tmp_path, tmp_path / "a.yaml")
    assert [f"formatted {tmp_path / name}" for name in ("a.yaml", "z/b.yml")] == ran.out.splitlines()
    assert MESSY == (tmp_path / ".hidden/c.yaml").read_text("utf-8") == (tmp_path / "note.txt").read_text("utf-8")


def test_standard_input() -> None:
    """`-` reads standard input and writes the canonical text to standard output, nothing else there."""
    ran = govern("fmt", "-", stdin=MESSY.encode())
    assert (0, CLEAN) == (ran.exit_code, ran.out)
    checked = govern("fmt", "--check", "-", stdin=MESSY.encode())
    assert (1, "standard input\n") == (checked.exit_code, checked.out)
    assert (3, "") == (govern("fmt", "-", stdin=BROKEN.encode()).exit_code, govern("fmt", "-", stdin=b"").out)
    assert 2 == govern("fmt", "-", "a.yaml").exit_code


def test_what_cannot_be_formatted_is_left(tmp_path: Path) -> None:
    """A broken file is left byte for byte, its finding is told, the others are formatted, and the answer is 3."""
    broken, messy = put(tmp_path, "a.yaml", BROKEN), put(tmp_path, "b.yaml", MESSY)
    for options in ([], ["--check"], ["--diff"]):
        ran = govern("fmt", *options, broken, messy, tmp_path / "none.yaml")
        assert 3 == ran.exit_code
        assert f"{broken}:" in ran.err
        assert "[yaml-syntax]" in ran.err
        assert "[file-unreadable]" in ran.err
        assert "2 left as they are" in ran.err
    assert (BROKEN, CLEAN) == (broken.read_text("utf-8"), govern("fmt", "-", stdin=messy.read_bytes()).out)


def test_an_empty_folder_is_not_green(tmp_path: Path) -> None:
    """A folder without a charter is not "all in canonical form"."""
    ran = govern("fmt", "--check", tmp_path)
    assert 3 == ran.exit_code
    assert "[file-unreadable]" in ran.err


def test_a_condition_that_yaml_breaks_is_left(tmp_path: Path) -> None:
    """Quotes around what YAML left of a condition would be another condition: the finding says so."""
    text = MESSY + "rules:\n  - id: a\n    tools: [b]\n    when: !args.x\n    then: deny\n"
    path = put(tmp_path, "a.yaml", text)
    ran = govern("fmt", path)
    assert 3 == ran.exit_code
    assert f"{path}:7:11:" in ran.err
    assert "[quote-condition]" in ran.err
    assert text == path.read_text("utf-8")


def test_mode_and_links_stay(tmp_path: Path) -> None:
    """A file keeps its mode; a link stays a link, and what it leads to is formatted."""
    messy = put(tmp_path, "real/a.yaml", MESSY)
    messy.chmod(0o640)
    link = tmp_path / "link.yaml"
    link.symlink_to(messy)
    assert 0 == govern("fmt", link).exit_code
    assert link.is_symlink()
    assert CLEAN == messy.read_text("utf-8")
    assert 0o640 == stat.S_IMODE(messy.stat().st_mode)


def test_a_folder_that_may_not_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that cannot be replaced is as it was, nothing is left beside it, and the answer is 4."""
    messy = put(tmp_path, "a.yaml", MESSY)

    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("os.replace", refuse)
    ran = govern("fmt", messy)
    assert 4 == ran.exit_code
    assert f"{messy}: cannot be written" in ran.err
    assert ["a.yaml"] == os.listdir(tmp_path)
    assert MESSY == messy.read_text("utf-8")


def test_a_change_meanwhile_is_not_lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What somebody saved while the file was formatted is not written over."""
    messy = put(tmp_path, "a.yaml", MESSY)
    monkeypatch.setattr("os.fsync", lambda _: messy.write_text("govern: 1\nagent: other\n", "utf-8"))
    assert 4 == govern("fmt", messy).exit_code
    assert "govern: 1\nagent: other\n" == messy.read_text("utf-8")
    assert ["a.yaml"] == os.listdir(tmp_path)


def test_shipped_charters_twice(tmp_path: Path) -> None:
    """What is shipped is formatted without a complaint, and a second time changes nothing."""
    shutil.copytree(ROOT / "charters", tmp_path / "charters")
    assert 0 == govern("fmt", tmp_path).exit_code
    assert (0, "") == (govern("fmt", "--check", tmp_path).exit_code, govern("fmt", "--check", tmp_path).out)
