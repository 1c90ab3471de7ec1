"""What a person waits for: `govern --help`, `lint` and `fmt` of 500 and 5,000 lines, process start included.

The charters are written here: tools with input schemas, rules with conditions, comments, as people write them.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROUNDS = 9
_HEAD = """\
govern: 1
agent: desk
version: 1
purpose: Answers customers and settles what went wrong.
owner: head
roles: [head, lead]
approvals:
  lead: {roles: [lead], if_no_answer: [{after: 4h, ask: head}, {after: 8h, then: deny}]}
  head: {roles: [head], if_no_answer: [{after: 24h, then: deny}]}
escalation:
  - {event: unmapped, to: head}

tools:
"""
_TOOL = """\
  # Part {n} of the desk.
  get_order_{n}:
    tier: read_only
    input: {{type: object, required: [order_id], properties: {{order_id: {{type: string, pattern: "^O[0-9]+$"}}}}}}
  refund_{n}:
    tier: irreversible
    external: true
    approval: {{ask: lead, unless: "args.amount <= {n}"}}
    input:
      type: object
      required: [order_id, amount, lines]
      properties:
        order_id: {{type: string}}
        amount: {{type: number, exclusiveMinimum: 0, maximum: 100000}}
        lines:
          type: array
          maxItems: 20
          items: {{type: object, required: [sku], properties: {{sku: {{type: string}}}}}}
        note: {{type: string, maxLength: 400}}
    rules:
      - id: known-lines-{n}
        only_if: "size(args.lines) > 0 && args.lines.all(x, x.sku.startsWith('A'))"
        otherwise: deny
        because: A refund names what it is for.
      - id: large-{n}
        when: "args.amount > {m}"
        then: {{approval: head}}
        because: Larger sums are looked at twice.
"""


def charter(lines: int) -> str:
    """A charter of about so many lines."""
    each = _TOOL.count("\n")
    count = max(1, (lines - _HEAD.count("\n")) // each)
    return _HEAD + "".join(_TOOL.format(n=n, m=1000 + n) for n in range(count))


def median_ms(*arguments: str) -> float:
    """The median of several runs of the command line in a new process, in milliseconds."""
    taken = []
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    for _ in range(ROUNDS + 1):
        start = time.perf_counter()
        subprocess.run(
            [sys.executable, "-m", "govern.cli.app", *arguments],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False, env=environment,
        )  # fmt: skip
        taken.append((time.perf_counter() - start) * 1000)
    return statistics.median(taken[1:])  # the first one may compile


def report() -> list[str]:
    """One line a command, beside Python's own start."""
    bare = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        subprocess.run([sys.executable, "-c", "pass"], check=True)
        bare.append((time.perf_counter() - start) * 1000)
    lines = [f"{'python -c pass':<44} {statistics.median(bare):>6.0f} ms"]
    lines.append(f"{'govern --help':<44} {median_ms('--help'):>6.0f} ms   target 100")
    with tempfile.TemporaryDirectory() as folder:
        for size, target in ((500, 160), (5000, 400)):
            file = Path(folder) / f"{size}.yaml"
            file.write_text(charter(size), "utf-8")
            real = charter(size).count("\n")
            lines.append(
                f"{f'govern lint, {real:,} lines':<44} {median_ms('lint', str(file)):>6.0f} ms   target {target}"
            )
            lines.append(
                f"{f'govern fmt --check, {real:,} lines':<44} {median_ms('fmt', '--check', str(file)):>6.0f} ms"
            )
    return lines


if __name__ == "__main__":
    print("\n".join(report()))
