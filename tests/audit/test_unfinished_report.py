"""What a person is told of an import that was not finished: once, harmless, on standard error."""

from __future__ import annotations

from pathlib import Path

import pytest

from govern.audit import import_mark
from govern.report.unfinished import told


def test_it_is_said_on_standard_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing where nothing is wrong; else the logs and what to do, without what a terminal would interpret."""
    assert not told(tmp_path)
    with pytest.raises(KeyboardInterrupt), import_mark.importing(tmp_path, ["a\x1b[2J.jsonl"], None, "desk"):
        raise KeyboardInterrupt
    assert told(tmp_path)
    said = capsys.readouterr()
    assert "" == said.out
    assert "import them again, or delete importing-" in said.err
    assert "\x1b[2J" not in said.err


def test_a_mark_that_cannot_be_read_is_told_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / f"importing-{'0' * 32}.json").write_bytes(b"\xff")
    assert told(tmp_path)
    assert "the import of some logs was interrupted" in capsys.readouterr().err
