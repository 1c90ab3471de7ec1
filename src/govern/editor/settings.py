"""The configuration that counts for a file in an editor: the `govern.toml` that `govern lint` would find.

Looked for from the workspace's folder upwards, as the command does from the folder it is run in, and read again
only when it or its baseline has changed.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from govern.errors import GovernError
from govern.lint.config import FILE, Configuration, configure


@dataclass(frozen=True, slots=True)
class Chosen:
    """A configuration, or why the one that is there cannot be used: then every finding is shown as it is."""

    configuration: Configuration
    error: str = ""


def chosen(folder: str) -> Chosen:
    """What counts below a folder."""
    file = _above(Path(folder))
    if file is None:
        return Chosen(Configuration())
    first = _read(str(file), _stamp(str(file)), "")
    baseline = first.configuration.settings.baseline
    if baseline is None:
        return first
    whole = _read(str(file), _stamp(str(file)), _stamp(str(file.parent / baseline)))
    return Chosen(first.configuration, whole.error) if whole.error else whole


def _above(folder: Path) -> Path | None:
    for place in (folder, *folder.parents):
        if (place / FILE).is_file():
            return place / FILE
        if (place / ".git").exists():
            return None
    return None


def _stamp(path: str) -> str:
    try:
        told = os.stat(path)
    except OSError:
        return "none"
    return f"{told.st_mtime_ns} {told.st_size} {told.st_ino}"


@lru_cache(maxsize=8)
def _read(file: str, stamp: str, baseline: str) -> Chosen:
    try:
        # Without the baseline first: its place is only known from the settings.
        return Chosen(configure(file, None, None, known=bool(baseline)))
    except GovernError as error:
        return Chosen(Configuration(), str(error))
