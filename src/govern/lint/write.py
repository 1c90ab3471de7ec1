"""Writes a file whole or not at all. Leaves out what is written."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path

from govern.errors import EnvironmentFailed


def write(path: str, data: bytes, *, old: bytes | None = None) -> None:
    """Replaces a file in one step, or makes it; its mode stays, and a link stays a link.

    Args:
        old: what the file held when it was read: a file that somebody has changed since is left alone.

    Raises:
        EnvironmentFailed: the file cannot be written, or was changed; it is as it was.
    """
    target = Path(os.path.realpath(path))
    if target.exists() and not target.is_file():  # a device or a pipe would be replaced by a file
        raise EnvironmentFailed("cannot be written: it is no file", where=path)
    beside: str | None = None
    try:
        mode = target.stat().st_mode & 0o7777 if target.exists() else None
        handle, beside = tempfile.mkstemp(prefix=f".{target.name[:40]}.", dir=target.parent)
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        os.chmod(beside, mode if mode is not None else 0o666 & ~_umask())
        if old is not None and target.read_bytes() != old:
            raise EnvironmentFailed("the file was changed meanwhile; it is left as it is", where=path)
        os.replace(beside, target)
        beside = None
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise EnvironmentFailed(f"cannot be written: {reason}", where=path) from None
    finally:
        if beside is not None:
            with suppress(OSError):
                os.unlink(beside)


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
