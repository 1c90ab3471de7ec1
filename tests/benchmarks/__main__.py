"""`make bench`: ours beside what one would write by hand and beside others, on the same events.

`python -m tests.benchmarks [PART…] [--quick | --full]`. Answers that disagree are an error, figures that fall short
are not: they are printed.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import time
import traceback
from dataclasses import replace

import duckdb

from .parts import PARTS
from .table import FULL, NORMAL, QUICK, DisagreementError, Line, table


def main(arguments: list[str]) -> int:
    """Measures and prints; 1 where answers disagreed or a part broke."""
    reader = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    reader.add_argument("parts", nargs="*", metavar="PART", help=", ".join(PARTS))
    sizes = reader.add_mutually_exclusive_group()
    sizes.add_argument("--quick", action="store_true", help="few calls: that it runs, not how fast")
    sizes.add_argument("--full", action="store_true", help="10 M calls in bulk, logs of up to 50 M; takes an hour")
    chosen = reader.parse_args(arguments)
    unknown = [name for name in chosen.parts if name not in PARTS]
    if unknown:
        reader.error(f"no part `{unknown[0]}`; there are {', '.join(PARTS)}")
    size = QUICK if chosen.quick else FULL if chosen.full else NORMAL
    wrong = []
    lines: list[Line] = []
    notes: list[str] = []
    for name in chosen.parts or PARTS:
        start = time.perf_counter()
        try:
            measured = PARTS[name].measure(size)
        except DisagreementError as error:
            wrong.append(f"{name}: answers disagree, nothing measured: {error}")
            measured = []
        except Exception:  # the other parts still say something; this one is told and fails the run
            wrong.append(f"{name}: broke, nothing measured\n{traceback.format_exc()}")
            measured = []
        lines += [each for each in measured if isinstance(each, Line)]
        notes += [each for each in measured if isinstance(each, str)]
        print(f"{name}: {time.perf_counter() - start:.0f} s", file=sys.stderr, flush=True)
    busy, cores = os.getloadavg()[1], os.cpu_count() or 1
    print(f"Python {platform.python_version()}, DuckDB {duckdb.__version__}, {platform.machine()}, {cores} cores")
    if busy > cores:
        print(f"others were at work: {busy:.1f} processes wanted the {cores} cores; ratios say more than times")
    if chosen.quick:
        print("few calls only: the figures say nothing")
        lines = [replace(line, target="", met=None) for line in lines]
    if lines:
        print("\n".join(["", *table(lines)]))
        print(
            f"\n{sum(line.met is True for line in lines)} targets met, {sum(line.met is False for line in lines)} short"
        )
    if notes:
        print("\n".join(["", *notes]))
    for line in wrong:
        print(line, file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
