"""The command line, in a folder that has one charter of each kind."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest

import govern.lint.engine
import govern.lint.run
import govern.report.lint_sarif
from govern.cli.app import main

from .running import CLEAN, ERROR, NOTE, WARNING, Govern, Ran

# What the tests of the machinery judge with, so that they need not know every rule that there is.
RULES = {"gate-unused", "guard-loosens", "model-asserts", "role-unused", "tool-without-schema", "unanchored-regex"}


@pytest.fixture
def few_rules(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only some of the rules are there."""
    rules = tuple(rule for rule in govern.lint.engine.lint_rules() if rule.id in RULES)
    assert len(RULES) == len(rules)
    for module in (govern.lint.engine, govern.lint.run, govern.report.lint_sarif):
        monkeypatch.setattr(module, "lint_rules", lambda: rules)


@pytest.fixture(name="govern")
def govern_(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path, few_rules: None
) -> Govern:
    """Runs the command line in a folder that has one charter of each kind."""
    for name, text in {"clean": CLEAN, "error": ERROR, "warning": WARNING, "note": NOTE}.items():
        (tmp_path / f"{name}.yaml").write_text(text, "utf-8")
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str, stdin: str = "") -> Ran:
        monkeypatch.setattr(sys, "argv", ["govern", *arguments])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin.encode()), "utf-8"))
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capsys.readouterr()
        return Ran(int(ended.value.code or 0), out, err)

    return run
