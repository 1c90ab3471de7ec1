"""How time and memory grow with a log: `govern shadow-report` of stores of 1, 10, 50 million events, each in its own
process, whose resident peak and spilled bytes are measured from outside.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from . import easy, sets, stores
from .table import Line, Size, agree, per_second

ROOT = Path(__file__).parent.parent.parent
MEMORY_LIMIT = "1GB"
OVER_LIMIT = 250 * 2**20
SPILL = 250  # bytes an event
_UNITS = {"KB": 10**3, "MB": 10**6, "GB": 10**9}


@dataclass(frozen=True, slots=True)
class Watched:
    """What a process took: seconds, bytes resident at its peak, bytes at most in its temporary files."""

    seconds: float
    resident: int
    spilled: int
    output: str


def lines(size: Size) -> list[Line]:
    """Three lines a size: time beside SQL by hand over the same file, memory, spill; and whether time is linear."""
    made: list[Line] = []
    rates = []
    for rows in size.growth:
        with tempfile.TemporaryDirectory() as folder:
            store = store_of(Path(folder), rows)
            con = sets.connection()
            query = easy.BY_HAND_SQL.replace("FROM calls", f"FROM read_parquet('{stores.part(store)}')")
            start = time.perf_counter()
            expected = sets.counted(con, query)
            hand = time.perf_counter() - start
            con.close()
            charter = Path(folder) / "easy.yaml"
            charter.write_text(easy.CHARTER, "utf-8")
            found = watch(
                "shadow-report", str(store), "--charter", str(charter), "--engine", "sql", "--format", "json",
                "--fail-on", "nothing", "--memory-limit", MEMORY_LIMIT,
            )  # fmt: skip
        agree(f"{rows:,} events", {"SQL": expected, "ours": _verdicts(found.output)})
        what = f"shadow-report of {rows / 1e6:g} M events, easy set"
        rates.append(rows / found.seconds)
        made += [
            Line(f"{what}, whole process", 47, per_second(rows, found.seconds), per_second(rows, hand),
                 found.seconds / hand),
            Line(f"{what}, resident peak", 47, _mib(found.resident), "", None,
                 f"≤ {_mib(limit_bytes() + OVER_LIMIT)}", found.resident <= limit_bytes() + OVER_LIMIT),
            Line(f"{what}, spilled", 47, f"{found.spilled / rows:.0f} B/event", "", None, f"≤ {SPILL} B/event",
                 found.spilled <= SPILL * rows),
        ]  # fmt: skip
    made.append(
        Line(f"time an event, {size.growth[-1] / 1e6:g} M beside {size.growth[0] / 1e6:g} M", None,
             per_second(1, 1 / rates[-1]), per_second(1, 1 / rates[0]), rates[0] / rates[-1], "linear: ≤ 1.3 ×",
             rates[0] / rates[-1] <= 1.3)
    )  # fmt: skip
    return made


def limit_bytes() -> int:
    """The memory limit of a bulk command, in bytes."""
    return int(float(MEMORY_LIMIT[:-2]) * _UNITS[MEMORY_LIMIT[-2:]])


def watch(*arguments: str) -> Watched:
    """Runs the command line, its temporary files in a folder of its own.

    Raises:
        RuntimeError: it did not end with 0.
    """
    with tempfile.TemporaryDirectory() as temporary:
        most = resident = 0
        process: subprocess.Popen[bytes] | None = None
        done = threading.Event()

        def look() -> None:
            nonlocal most, resident
            while not done.wait(0.05):
                most = max(most, _bytes_below(temporary))
                resident = max(resident, _resident(process.pid) if process is not None else 0)

        watcher = threading.Thread(target=look)
        watcher.start()
        start = time.perf_counter()
        with tempfile.TemporaryFile() as answer, tempfile.TemporaryFile() as said:
            process = subprocess.Popen(
                [sys.executable, "-m", "govern.cli.app", *arguments],
                stdout=answer, stderr=said, cwd=ROOT, env={**os.environ, "TMPDIR": temporary},
            )  # fmt: skip
            _, status = os.waitpid(process.pid, 0)
            taken = time.perf_counter() - start
            process.returncode = os.waitstatus_to_exitcode(status)
            done.set()
            watcher.join()
            for file in (answer, said):
                file.seek(0)
            output = answer.read().decode()
            if process.returncode != 0:
                raise RuntimeError(f"{' '.join(arguments)}: exit {process.returncode}: {said.read().decode()[:500]}")
    return Watched(taken, resident, most, output)


def _resident(pid: int) -> int:
    """The most bytes that a process has had resident since it began. What `wait4` tells counts its parent's too, of
    which it is a copy for a moment."""
    try:
        status = Path(f"/proc/{pid}/status").read_text("ascii", "replace")
    except OSError:
        return 0  # gone since
    found = re.search(r"^VmHWM:\s+([0-9]+) kB$", status, re.MULTILINE)
    return int(found[1]) * 1024 if found else 0


def _bytes_below(folder: str) -> int:
    total = 0
    for where, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.stat(os.path.join(where, name)).st_blocks * 512
            except FileNotFoundError:
                continue  # gone since
    return total


def store_of(folder: Path, rows: int) -> Path:
    """A store of the easy set below a folder."""
    con = sets.connection()
    con.execute("SET memory_limit = '4GB'")
    con.execute(f"SET temp_directory = '{folder / 'spill'}'")
    easy.fill(con, rows)
    made = stores.write(con, folder / "store", "easy")
    con.close()
    return made


def _verdicts(output: str) -> Counter[str]:
    found = json.loads(output)["verdicts"]
    return Counter({name: found[name] for name in ("allow", "approval", "deny") if found[name]})


def _mib(count: float) -> str:
    return f"{count / 2**20:.0f} MiB"
