"""Logs that are read twice: standard input is kept in a temporary file meanwhile, and told by its own name."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from govern.errors import EnvironmentFailed
from govern.ingest import Summary


@contextmanager
def readable_twice(logs: Sequence[str]) -> Iterator[list[str]]:
    """The paths to read instead, in the same order, as long as the context lasts.

    Raises:
        EnvironmentFailed: there is no room for standard input.
    """
    if "-" not in logs:
        yield list(logs)
        return
    with tempfile.TemporaryDirectory(prefix="govern-") as folder:
        kept = os.path.join(folder, "standard input")
        try:
            with open(kept, "wb") as stream:
                shutil.copyfileobj(sys.stdin.buffer, stream)
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise EnvironmentFailed(f"standard input cannot be kept: {reason}") from None
        yield [kept if path == "-" else path for path in logs]


def as_given(summary: Summary, logs: Sequence[str], read: Sequence[str]) -> Summary:
    """What was read, by the names of the command line.

    Args:
        read: the paths that were read instead.
    """
    for given, path in zip(logs, read, strict=True):
        if given != path:
            summary.files = [replace(file, path=given) if file.path == path else file for file in summary.files]
            summary.refusals = [replace(one, file=given) if one.file == path else one for one in summary.refusals]
    return summary
