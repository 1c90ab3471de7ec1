"""Turns the paths of a command line into inputs: files, folders, globs, stores, standard input.

`!PATTERN` among them leaves inputs out: what is no log stands beside logs, and without being told which, nobody
can say that nothing was lost. What is left out is reported, with the pattern.

Leaves out: opening them (`source`).
"""

from __future__ import annotations

import glob
import os
import re
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final

from govern.errors import EvidenceError
from govern.ingest.source import Refusal

_OF_STORE: Final = ("anchors", "events", "journal", "log", "values", "writers")
"""Folders of a store: what is in them is no log of its own."""
_MARK: Final = re.compile(r"importing-[0-9a-f]{32}\.json")


@dataclass(frozen=True, slots=True)
class File:
    """One file, or standard input (`-`).

    Args:
        left_out: the pattern by which it is not to be read, or empty.
    """

    name: str
    left_out: str = ""


@dataclass(frozen=True, slots=True)
class Store:
    """A folder of events that `govern import` or a live writer wrote.

    Args:
        parts: the Parquet files that have each of its events once; those of the journal in a temporary one.
        lacks: why it may not have all that it should have, for people.
        keeps: what keeps the files where they are, as long as this is referred to.
    """

    name: str
    parts: tuple[Path, ...]
    lacks: tuple[str, ...] = ()
    keeps: object = field(default=None, compare=False, repr=False)


def expand(paths: Sequence[str]) -> Iterator[File | Store | Refusal]:
    """The inputs of some paths, sorted within a path, each once.

    Args:
        paths: a file, a folder (with all below it), a glob (`**` too), `-`, or `!PATTERN` for files that are to be
            left out of all the others; an existing path is never taken for a glob or a pattern.
    """
    seen: set[str] = set()
    patterns = left_out(paths)
    for path in paths:
        if path in patterns:
            continue
        for found in _one(path):
            if not isinstance(found, Refusal):
                real = found.name if found.name == "-" else os.path.realpath(found.name)
                if real in seen:
                    continue
                seen.add(real)
            if isinstance(found, File) and (pattern := matching(found.name, patterns)):
                found = File(found.name, pattern)
            yield found
    if patterns and len(patterns) == len(paths):
        yield Refusal(patterns[0], 0, "only names what is left out, and there is nothing to read", None)


def left_out(paths: Sequence[str]) -> tuple[str, ...]:
    """The patterns among paths, with their exclamation marks."""
    return tuple(path for path in paths if path.startswith("!") and len(path) > 1 and not os.path.lexists(path))


def matching(name: str, patterns: Sequence[str]) -> str:
    """The first pattern (as `left_out` gives them) that leaves out an input, or nothing.

    A pattern is for the whole name as it is shown, for its last part, and for a folder in it (`!drafts/`); `*` is for
    any characters.
    """
    parts = name.replace("!", "/").split("/")  # of a file in an archive
    names = {name, name.rsplit("/", 1)[-1], parts[-1]}
    for pattern in patterns:
        bare = pattern[1:]
        if bare.endswith("/"):
            if any(fnmatchcase(part, bare[:-1]) for part in parts[:-1]):
                return pattern
        elif any(fnmatchcase(each, bare) for each in names):
            return pattern
    return ""


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
                yield _met(match)
            elif "**" not in path:  # `**` names what is in the folder by itself
                yield from _folder(match)
    else:
        yield Refusal(path, 0, "no such file or folder", None)


def _folder(path: str) -> Iterator[File | Store | Refusal]:
    problems: list[OSError] = []
    empty = True
    for root, folders, files in os.walk(path, onerror=problems.append):
        folders.sort()
        if found := _store(root, folders):
            empty = False
            yield found
            folders[:] = [name for name in folders if name not in _OF_STORE and not _is_typed(root, name)]
            files = [name for name in files if not _MARK.fullmatch(name)]
        elif any(map(_MARK.fullmatch, files)):
            for why in _lacks(root):
                empty = False
                yield Refusal(root, 0, why, None)
            files = [name for name in files if not _MARK.fullmatch(name)]
        for name in sorted(files):
            empty = False
            yield _met(os.path.join(root, name))
    for problem in problems:
        yield Refusal(str(problem.filename), 0, f"cannot be read: {(problem.strerror or '').lower()}", None)
    if empty and not problems:
        yield Refusal(path, 0, "no files in this folder", None)


def _met(path: str) -> File | Refusal:
    """What was found in a folder. A pipe there might never end, or never begin: it is read where it is named itself."""
    try:
        kind = os.stat(path).st_mode
    except OSError:
        return File(path)  # opening it says why it cannot be read
    if stat.S_ISREG(kind):
        return File(path)
    return Refusal(path, 0, "no file; a pipe is read where it is named itself", None)


def _store(root: str, folders: Sequence[str]) -> Store | Refusal | None:
    """The store in a folder; None where there is none."""
    live = not {"log", "journal"}.isdisjoint(folders)
    plain = _parts(Path(root)) if "events" in folders else ()
    if not plain and not (live and "writers" in folders):
        return None
    lacks = _lacks(root)
    if not live and not any(part.name.startswith("seal-") for part in plain):
        return Store(root, plain, lacks)
    from govern.audit.read import files  # duckdb: where a journal is to be read

    try:
        found = files(root)
    except EvidenceError as error:
        return Refusal(error.where or root, 0, error.message, None)
    return Store(root, found.paths, lacks, found)


def _parts(root: Path) -> tuple[Path, ...]:
    """As `govern.audit.store.parts` of a store without a log, without importing what reads them."""
    return tuple(sorted(root.glob("events/dt=*/*.parquet")))


def _lacks(root: str) -> tuple[str, ...]:
    if not any(map(_MARK.fullmatch, os.listdir(root))):
        return ()
    from govern.audit.import_mark import unfinished

    return tuple(mark.told for mark in unfinished(root))


def _is_typed(root: str, name: str) -> bool:
    """Whether a folder beside a store's events holds only what is made of them (`replay.typed`)."""
    return name == "typed" and all(".sidecar" in each for each in os.listdir(os.path.join(root, name)))
