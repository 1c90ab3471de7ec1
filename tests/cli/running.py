"""Runs `govern` in this process, through the same entry point as the installed command."""

from __future__ import annotations

import contextlib
import io
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

from govern.cli.app import main

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "samples"
SUPPORT = SAMPLES / "support"


@dataclass(frozen=True)
class Ran:
    """What a command answered."""

    exit_code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


def govern(*arguments: str | Path, stdin: bytes = b"") -> Ran:
    """Runs one command line; a traceback that escapes fails the test."""
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", newline="") for _ in range(2))
    given = io.TextIOWrapper(io.BytesIO(stdin), encoding="utf-8")
    argv = ["govern", *map(str, arguments)]
    with (
        mock.patch.object(sys, "argv", argv),
        mock.patch.object(sys, "stdin", given),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        try:
            main()
        except SystemExit as end:
            code = int(end.code or 0)
    return Ran(code, _read(out), _read(err))


def _read(stream: io.TextIOWrapper) -> str:
    stream.flush()
    raw = stream.buffer
    assert isinstance(raw, io.BytesIO)
    return raw.getvalue().decode("utf-8")


def lines(path: Path) -> list[bytes]:
    """The lines of a log, each with its line feed."""
    return path.read_bytes().splitlines(keepends=True)
