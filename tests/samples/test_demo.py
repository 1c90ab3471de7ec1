"""`govern demo` shows the whole loop on a sample, from the command line as people start it."""

from __future__ import annotations

import subprocess
import sys

from govern.cli.demo import RESTARTED, STEPS

from .reading import incidents


def test_the_demo_runs_every_step() -> None:
    """Exit 0, nothing on standard error, every command is shown and has an output."""
    done = subprocess.run([sys.executable, "-m", "govern.cli.app", "demo"], capture_output=True, text=True, timeout=120)
    assert (0, "") == (done.returncode, done.stderr)
    parts = done.stdout.split("\n$ govern ")[1:]
    assert [command[0] for _, command, _ in STEPS] == [part.split()[0] for part in parts]
    assert all(len(part.strip().splitlines()) > 1 for part in parts)


def test_the_run_that_the_demo_shows_is_one_whose_gate_failed() -> None:
    assert RESTARTED in {one["trace_id"] for one in incidents("code-review")["gaps"]["gate-did-not-hold"]}
