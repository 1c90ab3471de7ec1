"""Kills an operation on a store before each of its steps: `python -m tests.audit.killing_sealers STORE COPIES WHAT`.

A step is whatever changes the folder: a file opened to write, a rename, a link, a deletion. Each kill is of a process
of its own (`fork` and `_exit`: no clean-up runs) on a copy of its own, COPIES/1, COPIES/2, …; the last one was not
killed. Nothing here opens a database before all are done, so no thread is forked away.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import Any

from tests.audit.sealing_cases import DAY, KEY

from govern.audit import compaction, retention, sealing

STEPS = ("os.rename", "os.link", "os.remove", "os.rmdir", "os.mkdir", "os.truncate")
KILLED = 9


def operate(store: Path, operation: str) -> None:
    match operation:
        case "seal":
            sealing.seal(store, KEY)
        case "compact":
            compaction.compact(store, KEY)
        case "retain":
            retention.retain(store, KEY, before_ns=19_000 * DAY, rule="old", by="test")


def killed(store: Path, operation: str, at: int) -> bool:
    """Runs the operation in a process that is killed before its step number `at`; whether it came that far."""
    child = os.fork()
    if child:
        _, status = os.waitpid(child, 0)
        if (code := os.waitstatus_to_exitcode(status)) not in (0, KILLED):
            raise SystemExit(f"step {at}: the operation failed with {code}")
        return code == KILLED
    left = at

    def step(event: str, given: tuple[Any, ...]) -> None:
        nonlocal left
        writes = event == "open" and (given[2] or 0) & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
        if (event in STEPS or writes) and str(given[0]).startswith(str(store)):
            left -= 1
            if not left:
                os._exit(KILLED)

    sys.addaudithook(step)
    operate(store, operation)
    os._exit(0)


def main(store: Path, copies: Path, operation: str) -> None:
    at = 0
    while True:
        at += 1
        copy = copies / str(at)
        shutil.copytree(store, copy)
        if not killed(copy, operation, at):
            return


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])
