"""How far reading is, in bytes of the inputs as they lie on disk. Leaves out: how it is shown (`report`)."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from govern.ingest.paths import File, Store
from govern.ingest.source import Source


@dataclass(frozen=True, slots=True)
class Progress:
    """Where reading is.

    Args:
        done: bytes of the inputs that were read; never less than before.
        total: bytes of all inputs; None where nobody knows (standard input, a pipe).
        name: the input that is read.
    """

    done: int
    total: int | None
    name: str


Watch = Callable[[Progress], None]
"""Called now and then while logs are read, and once for each input at its end."""


class Pace:
    """Counts for a `Watch`.

    Args:
        watch: who is told; None tells nobody.
        inputs: all that will be read.
    """

    def __init__(self, watch: Watch | None, inputs: Iterable[File | Store]) -> None:
        self._watch = watch
        sizes = [_size(each) for each in inputs] if watch is not None else []
        known = [size for size in sizes if size is not None]
        self._total = sum(known) if len(known) == len(sizes) else None
        self._finished = 0
        self._done = 0

    def at(self, source: Source) -> None:
        """Reading stands somewhere in a source."""
        if self._watch is not None:
            begin, end = source.share
            part = (end - begin) * source.file.tell() // source.size if source.size else 0
            self._tell(self._finished + begin + part, source.name)

    def finished(self, found: File | Store) -> None:
        """An input is read."""
        if self._watch is not None:
            self._finished += _size(found) or 0
            self._tell(self._finished, found.name)

    def _tell(self, done: int, name: str) -> None:
        self._done = max(self._done, done if self._total is None else min(done, self._total))
        if self._watch is not None:
            self._watch(Progress(self._done, self._total, name))


def _size(found: File | Store) -> int | None:
    """Bytes, or None where they cannot be known; what cannot be read is nothing to wait for."""
    if found.name == "-":
        return None
    try:
        if isinstance(found, Store):
            return sum(os.path.getsize(part) for part in found.parts)
        return os.path.getsize(found.name) if os.path.isfile(found.name) else None
    except OSError:
        return 0
