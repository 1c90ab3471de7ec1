"""Lints files and folders: which files there are, what each gave. Leaves out showing it (`report`)."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from govern.charter.load import load
from govern.charter.source import Source
from govern.findings import Finding, Location, Severity
from govern.lint.engine import lint

ENDINGS = (".yaml", ".yml")


@dataclass(frozen=True, slots=True)
class Linted:
    """What one file gave.

    Args:
        source: its text, to show lines of; None if it could not be read.
        judged: whether it could be read at all.
    """

    file: str
    findings: tuple[Finding, ...]
    source: Source | None
    judged: bool


@dataclass(frozen=True, slots=True)
class LintRun:
    """What all files gave, in the order of the command line, folders by name."""

    files: tuple[Linted, ...]

    @property
    def findings(self) -> tuple[Finding, ...]:
        return tuple(finding for file in self.files for finding in file.findings)

    @property
    def judged(self) -> int:
        return sum(file.judged for file in self.files)

    @property
    def not_judged(self) -> int:
        """Files that could not be read, and folders without a charter."""
        return len(self.files) - self.judged

    def counts(self) -> dict[Severity, int]:
        found = Counter(finding.severity for finding in self.findings)
        return {severity: found[severity] for severity in sorted(Severity, key=lambda each: -each.rank)}

    def found(self, least: Severity) -> bool:
        """Whether there is a finding of at least this severity."""
        return any(finding.severity.rank >= least.rank for finding in self.findings)


def lint_paths(paths: list[str]) -> LintRun:
    """Lints files, and every `.yaml` and `.yml` below folders.

    Args:
        paths: files, folders, `-` for standard input. Below a folder, names that begin with `.` are left out.
    """
    done: dict[str, Linted] = {}
    for path in paths:
        if path != "-" and Path(path).is_dir():
            files = charters_below(path)
            if not files:
                done.setdefault(path, _nothing(path))
            for file in files:
                if file not in done:
                    done[file] = _lint(file)
        elif path not in done:
            done[path] = _lint(path)
    return LintRun(tuple(done.values()))


def charters_below(folder: str) -> list[str]:
    """The files of a folder that are linted, by name; links to folders are not followed."""
    found: list[str] = []
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        found.extend(
            os.path.join(place, name) for name in sorted(names) if name.endswith(ENDINGS) and not name.startswith(".")
        )
    return found


def _lint(path: str) -> Linted:
    loaded = load(path)
    return Linted(path, lint(loaded), loaded.source, loaded.read)


def _nothing(folder: str) -> Linted:
    message = f"there is no `.yaml` file below `{folder}`"
    return Linted(folder, (Finding("file-unreadable", Severity.ERROR, message, Location(folder)),), None, False)
