"""What a person waits for: `govern --help`, `lint` and `fmt` of 500 and 5,000 lines, process start included.

The charters are written here: tools with input schemas, rules with conditions, comments, as people write them.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from .table import Line, Size, side_by_side

TARGETS_MS = {500: 160, 5000: 400}
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


def lines(size: Size) -> list[Line]:
    """One line a command, beside Python's own start."""
    made = [_line("govern --help", ["--help"], size, 100)]
    with tempfile.TemporaryDirectory() as folder:
        for count in size.starts:
            text = charter(count)
            file = Path(folder) / f"{count}.yaml"
            file.write_text(text, "utf-8")
            real = text.count("\n")
            made.append(_line(f"govern lint, {real:,} lines", ["lint", str(file)], size, TARGETS_MS.get(count)))
            made.append(_line(f"govern fmt --check, {real:,} lines", ["fmt", "--check", str(file)], size))
    return made


def _line(what: str, arguments: list[str], size: Size, most_ms: float | None = None) -> Line:
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}

    def run(*command: str) -> None:
        subprocess.run([sys.executable, *command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False,
                       env=environment)  # fmt: skip

    run("-m", "govern.cli.app", *arguments)  # the first one may compile
    mine, bare = side_by_side(
        size.rounds, lambda: run("-m", "govern.cli.app", *arguments), lambda: run("-c", "pass")
    )  # fmt: skip
    return Line(
        f"{what}, process start included, beside Python's", None, f"{mine * 1e3:.0f} ms", f"{bare * 1e3:.0f} ms",
        mine / bare, "" if most_ms is None else f"≤ {most_ms:g} ms", None if most_ms is None else mine * 1e3 <= most_ms,
    )  # fmt: skip
