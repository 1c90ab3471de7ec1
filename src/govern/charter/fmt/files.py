"""Formats files in place: each as a whole or not at all. Leaves out which files there are (the command line)."""

from __future__ import annotations

import os
import stat
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from difflib import unified_diff
from pathlib import Path

from govern.charter.fmt.text import Formatted, format_bytes
from govern.charter.source import read
from govern.errors import EnvironmentFailed
from govern.findings import Finding


@dataclass(frozen=True, slots=True)
class File:
    """A file that was looked at.

    Args:
        path: as on the command line; `-` is standard input.
        data: its bytes; empty if it could not be read.
        formatted: what formatting gave.
    """

    path: str
    data: bytes
    formatted: Formatted

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Why it is left as it is; empty where it was formatted."""
        return self.formatted.findings

    @property
    def canonical(self) -> bytes | None:
        """The bytes that it should have; None where nobody knows."""
        return None if self.formatted.after is None else self.formatted.after.encode("utf-8")

    @property
    def changes(self) -> bool:
        """Whether it is not as it should be."""
        return self.canonical is not None and self.canonical != self.data

    def diff(self) -> str:
        """The change as a unified diff; empty where there is none."""
        if self.formatted.before is None or self.formatted.after is None:
            return ""
        before = _lines(self.data.decode("utf-8"))
        name = "standard input" if self.path == "-" else self.path
        lines = unified_diff(before, _lines(self.formatted.after), name, name)
        return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)


def _lines(text: str) -> list[str]:
    """Lines with their line feeds; `splitlines` would also break at what is no line break in a charter."""
    lines = text.split("\n")
    return [*(f"{line}\n" for line in lines[:-1]), *([lines[-1]] if lines[-1] else [])]


def format_file(path: str) -> File:
    """Reads a file and formats its text; writes nothing.

    Args:
        path: a file; `-` is standard input.
    """
    data = read(path)
    if isinstance(data, Finding):
        return File(path, b"", Formatted(None, None, (data,)))
    return File(path, data, format_bytes(data, "standard input" if path == "-" else path))


def write_file(file: File) -> None:
    """Writes the canonical text over a file; whoever reads meanwhile sees the old text or the new one.

    A link stays a link: the file that it leads to is written. The file keeps its mode.

    Raises:
        EnvironmentFailed: it cannot be written, or was changed since it was read; it is as it was.
    """
    target = Path(os.path.realpath(file.path))
    content = file.canonical
    if content is None:
        return
    name = ""
    try:
        handle, name = tempfile.mkstemp(prefix=f".{target.name}.", suffix=".new", dir=target.parent)
        with os.fdopen(handle, "wb") as stream:
            os.fchmod(stream.fileno(), stat.S_IMODE(target.stat().st_mode))
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        if target.read_bytes() != file.data:
            raise EnvironmentFailed("the file was changed while it was formatted", where=file.path, hint="try again")
        os.replace(name, target)
        name = ""
    except OSError as error:
        message = f"cannot be written: {error.strerror or error}"
        raise EnvironmentFailed(message, where=file.path, hint="the file is as it was") from None
    finally:
        if name:
            with suppress(OSError):
                os.unlink(name)
