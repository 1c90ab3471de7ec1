"""Turns the paths of a command line into inputs: files, folders, globs, stores, standard input.

Leaves out: opening them (`source`).
"""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from govern.ingest.source import Refusal


@dataclass(frozen=True, slots=True)
class File:
    """One file, or standard input (`-`)."""

    name: str


@dataclass(frozen=True, slots=True)
class Store:
    """A folder of events that `govern import` wrote."""

    name: str
    parts: tuple[Path, ...]


def expand(paths: Sequence[str]) -> Iterator[File | Store | Refusal]:
    """The inputs of some paths, sorted within a path, each once.

    Args:
        paths: a file, a folder (with all below it), a glob (`**` too), or `-`; an existing path is never
            taken for a glob.
    """
    seen: set[str] = set()
    for path in paths:
        for found in _one(path):
            if not isinstance(found, Refusal):
                real = found.name if found.name == "-" else os.path.realpath(found.name)
                if real in seen:
                    continue
                seen.add(real)
            yield found


def _one(path: str) -> Iterator[File | Store | Refusal]:
    if path == "-":
        yield File(path)
    elif os.path.isdir(path):
        yield from _folder(path)
    elif os.path.lexists(path):
        yield File(path)
    elif glob.has_magic(path):
        matches = sorted(glob.glob(path, recursive=True))
        if not matches:
            yield Refusal(path, 0, "no file matches this pattern", None)
        for match in matches:
            if not os.path.isdir(match):
                yield File(match)
            elif "**" not in path:  # `**` names what is in the folder by itself
                yield from _folder(match)
    else:
        yield Refusal(path, 0, "no such file or folder", None)


def _folder(path: str) -> Iterator[File | Store | Refusal]:
    problems: list[OSError] = []
    empty = True
    for root, folders, files in os.walk(path, onerror=problems.append):
        folders.sort()
        if "events" in folders and (parts := _parts(Path(root))):
            empty = False
            folders.remove("events")
            yield Store(root, parts)
        for name in sorted(files):
            empty = False
            yield File(os.path.join(root, name))
    for problem in problems:
        yield Refusal(str(problem.filename), 0, f"cannot be read: {(problem.strerror or '').lower()}", None)
    if empty and not problems:
        yield Refusal(path, 0, "no files in this folder", None)


def _parts(root: Path) -> tuple[Path, ...]:
    """As `govern.audit.store.parts`, without importing what reads them."""
    return tuple(sorted(root.glob("events/dt=*/*.parquet")))
