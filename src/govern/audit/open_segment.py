"""A segment of the journal that is being written, with its side table: files, and nothing of threads.

Leaves out when a segment ends and who waits for the disk (`audit_log`), and its form (`journal`).
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from govern.audit import journal
from govern.audit.sensitive import FOLDER as SIDE_FOLDER
from govern.audit.writers import flush_folder, place

_NONE: Final = -1


class OpenSegment:
    """Begins a segment: it is on the disk, without events, when this returns.

    Args:
        folder: the store.
        header: its first line.
        now_ns: when it begins.

    Raises:
        OSError: as the system says, here and in every method.
    """

    def __init__(self, folder: Path, header: journal.Header, now_ns: int) -> None:
        own = folder / journal.FOLDER / header.writer
        self.path = own / journal.name(header.first)
        self.first, self.began_ns = header.first, now_ns
        self._side_path = folder / SIDE_FOLDER / header.writer / self.path.name
        self._side = self._file = _NONE
        self._side_new = self._new = False
        made = journal.header(header)
        self.size = len(made)
        _folder(own, 0o777)
        place(self.path, made)
        self._file = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC)

    def write(self, lines: list[bytes], side_lines: list[bytes]) -> None:
        """Gives lines to the operating system.

        Rows of the side table are on the disk before the events that name them are anywhere: an event whose value is
        not there would look like one whose value somebody took.
        """
        if side_lines:
            if self._side == _NONE:
                self._side = self._open_side()
            _write_all(self._side, b"".join(side_lines))
            os.fsync(self._side)
        if lines:
            data = b"".join(lines)
            self._new = True
            _write_all(self._file, data)
            self.size += len(data)

    def sync(self) -> None:
        """Waits until what was written is on the disk."""
        if self._new:
            self._new = False
            os.fsync(self._file)

    def close(self) -> None:
        """Lets go of the files; what is not on the disk yet is not waited for."""
        for handle in (self._file, self._side):
            if handle != _NONE:
                os.close(handle)
        self._file = self._side = _NONE

    def _open_side(self) -> int:
        _folder(self._side_path.parent, 0o700)
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        handle = os.open(self._side_path, flags, 0o600)
        flush_folder(self._side_path.parent)
        return handle


def _folder(path: Path, mode: int) -> None:
    """A folder below one of the store's, both made where they are missing, and on the disk."""
    if not path.is_dir():
        path.parent.mkdir(mode=mode, exist_ok=True)
        path.mkdir(mode=mode, exist_ok=True)
        flush_folder(path.parent)
        flush_folder(path.parent.parent)


def _write_all(handle: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(handle, view) :]
