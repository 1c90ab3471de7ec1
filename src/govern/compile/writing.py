"""Writing what is compiled: a file whole or not at all, and never over what it was made with."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from govern.compile.bundle import Bundle
from govern.errors import EnvironmentFailed, UsageError


def not_over(output: str, sources: Iterable[tuple[str, str]]) -> None:
    """Refuses an output that is one of the files read, under any spelling of its path.

    Args:
        sources: each file and what it is.

    Raises:
        UsageError: it is one of them.
    """
    for path, what in sources:
        if os.path.exists(output) and os.path.exists(path) and os.path.samefile(output, path):
            raise UsageError(f"`{output}` is {what} itself", hint="give the bundle another name")


def write(bundle: Bundle, output: str) -> bytes:
    """Writes a bundle, with its envelope where it is signed, and gives the bytes.

    Raises:
        EnvironmentFailed: it cannot be written; what was there before stays.
    """
    raw = bundle.file_text.encode()
    write_whole(raw, output)
    return raw


def write_whole(raw: bytes, output: str) -> None:
    """Writes a file.

    Raises:
        EnvironmentFailed: it cannot be written; what was there before stays.
    """
    beside = Path(output).with_name(f".{Path(output).name}.{os.getpid()}")
    try:
        beside.write_bytes(raw)
        beside.replace(output)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise EnvironmentFailed(f"cannot be written: {(error.strerror or str(error)).lower()}", where=output) from None
