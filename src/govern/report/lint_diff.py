"""What fixes would change, as a unified diff that `git apply` and `patch -p1` take."""

from __future__ import annotations

import os
from difflib import unified_diff

from govern.lint.run import Linted, LintRun
from govern.report.console import safe


def unified(run: LintRun) -> str:
    """The diff of every file that has something to mend; empty if there is none."""
    return "".join(_diff(file) for file in run.files if file.mended)


def _diff(file: Linted) -> str:
    if file.mended is None:
        return ""
    name = safe("charter.yaml" if file.file == "-" else file.file.replace(os.sep, "/"))
    before, after = (text.split("\n") for text in (file.mended.before, file.mended.after))
    old, new = (name, name) if os.path.isabs(name) else (f"a/{name}", f"b/{name}")
    lines = unified_diff(_lines(before), _lines(after), old, new)
    return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)


def _lines(parts: list[str]) -> list[str]:
    """The lines of a text that was split at line feeds, each with its own but for a last one that has none."""
    return [f"{part}\n" for part in parts[:-1]] + ([parts[-1]] if parts[-1] else [])
