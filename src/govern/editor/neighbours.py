"""Completion of files: what stands beside a file and may be extended or used."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from govern.editor.parsed import part_at
from govern.editor.suggest import Asked, Sign, Suggestion

ENDINGS = (".yaml", ".yml")
_MOST = 200
_WANTED = {"extends": "base", "uses": "library", "minimums": "base"}

# Names of a folder's files and, with a `/` behind them, of its folders.
Folder = Callable[[str], tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Beside:
    """The folders around a file on disk.

    Args:
        path: of the file.
    """

    path: str

    def __call__(self, folder: str) -> tuple[str, ...]:
        place = os.path.normpath(os.path.join(os.path.dirname(self.path), *folder.split("/")))
        found: list[str] = []
        try:
            with os.scandir(place) as entries:
                for entry in entries:
                    if len(found) >= _MOST * 5:
                        break
                    if not entry.name.startswith("."):
                        found.append(f"{entry.name}/" if entry.is_dir() else entry.name)
        except OSError:
            return ()
        return tuple(sorted(found))


def alone(folder: str) -> tuple[str, ...]:
    """The folders around a text that was never saved: none."""
    return ()


def neighbours(asked: Asked, folder: Folder) -> Iterator[Suggestion]:
    """Files of the kind that the key at the cursor takes, and folders."""
    wanted = _WANTED.get(str(asked.spot.path[0]), "") if asked.spot.path else ""
    above = posixpath.dirname(asked.written)
    own = os.path.basename(asked.one.file)
    beside = {str(item) for item in _listed(asked)}
    shown = 0
    for name in (*folder(above), *(() if asked.written.strip("./") else ("../",))):
        path = posixpath.join(above, name)
        if name.endswith("/"):
            yield asked.value(path, Sign.FILE, "a folder")
        elif name.endswith(ENDINGS) and path not in beside and not (name == own and not above) and shown < _MOST:
            part = part_at(asked.whole.files, path)
            if part is not None and part.kind == wanted:
                shown += 1
                yield asked.value(path, Sign.FILE, f"the {wanted} `{part.name}`")


def _listed(asked: Asked) -> Iterator[str]:
    around = asked.spot.around
    for item in getattr(around, "items", ()):
        if item is not asked.spot.node and hasattr(item, "value"):
            yield str(item.value)
