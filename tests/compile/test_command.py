"""`govern compile` as a user runs it."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from govern.cli.app import main
from govern.compile.sources import one_policy
from govern.policy.engine import Engine

CHARTER = Path(__file__).parent.parent.parent / "samples" / "support" / "charter.yaml"


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["govern", *arguments])
    with pytest.raises(SystemExit) as stop:
        main()
    return int(stop.value.code or 0)


def test_a_bundle_never_overwrites_its_charter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The output may not be the input, under any spelling of its path."""
    charter = tmp_path / "charter.yaml"
    shutil.copyfile(CHARTER, charter)
    before = charter.read_bytes()
    (tmp_path / "x").mkdir()
    assert 2 == run(monkeypatch, "compile", str(charter), "-o", str(charter))
    assert 2 == run(monkeypatch, "compile", str(charter), "-o", str(tmp_path / "x" / ".." / "charter.yaml"))
    assert before == charter.read_bytes()


def test_an_output_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A missing folder is the environment's fault, and leaves nothing behind."""
    assert 4 == run(monkeypatch, "compile", str(CHARTER), "-o", str(tmp_path / "no" / "x.bundle"))
    assert [] == list(tmp_path.iterdir())


def test_a_tool_name_that_is_no_text_is_denied() -> None:
    """A lone surrogate in a name, as undecodable bytes of a command line give, is just another unmapped tool."""
    verdict = Engine(one_policy(CHARTER)).decide("x\udcff", {})
    assert ("deny", ("unmapped",)) == (verdict.effect.label, verdict.reasons)


def test_a_device_is_no_log(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """What may never end is refused."""
    assert 3 == run(monkeypatch, "shadow-report", "/dev/zero", "--charter", str(CHARTER))
    assert "neither a file nor a pipe" in capsys.readouterr().out
