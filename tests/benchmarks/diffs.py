"""`govern diff` over a store beside one `govern shadow-report` of it, each in its own process, watched from outside.

Three changes of the easy set: of one tool, of every condition, and of nothing but words; and one of a limit, of which
each side has a history of its own. Both answers must be those of two replays.
"""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from pathlib import Path

from . import easy, growth
from .growth import MEMORY_LIMIT, OVER_LIMIT, limit_bytes, watch
from .table import Line, Size, agree, per_second

LIMITED = easy.CHARTER + (
    "limits:\n  - {id: hourly, tools: [tool_00, tool_01], max: 40, within: 1h, for_each: [agent], otherwise: deny}\n"
)
CHANGES = {
    "one tool": (easy.CHARTER, easy.CHARTER.replace("args.amount > 500", "args.amount > 400", 1)),
    "every condition": (easy.CHARTER, easy.CHARTER.replace("> 500", "> 400").replace("@corp.com", "@else.org")),
    "words alone": (easy.CHARTER, easy.CHARTER.replace("Moves money", "Sends money")),
    "a limit": (LIMITED, LIMITED.replace("max: 40", "max: 60")),
}
ROWS = 10_000_000


def lines(size: Size) -> list[Line]:
    """Time beside twice the time of one report, and memory, for each change."""
    rows = ROWS if size.growth[-1] >= ROWS else size.growth[0]
    made: list[Line] = []
    with tempfile.TemporaryDirectory() as folder:
        store = growth.store_of(Path(folder), rows)
        for what, texts in CHANGES.items():
            files = [Path(folder) / name for name in ("old.yaml", "new.yaml")]
            for file, text in zip(files, texts, strict=True):
                file.write_text(text, "utf-8")
            options = ("--engine", "sql", "--format", "json", "--memory-limit", MEMORY_LIMIT)
            reports = [
                watch("shadow-report", str(store), "--charter", str(file), "--fail-on", "nothing", *options)
                for file in files
            ]
            found = watch("diff", *map(str, files), "--logs", str(store), *options)
            matrix = json.loads(found.output)["replay"]["matrix"]
            sides = (
                Counter({old: sum(row.values()) for old, row in matrix.items()}),
                Counter({new: sum(row[new] for row in matrix.values()) for new in matrix}),
            )
            for side, report in zip(sides, reports, strict=True):
                agree(f"diff of {what}", {"shadow-report": _verdicts(report.output), "diff": +side})
            twice = sum(report.seconds for report in reports)
            label = f"diff of {what}, {rows / 1e6:g} M events"
            made += [
                Line(f"{label}, whole process, beside two reports", 47, per_second(rows, found.seconds),
                     per_second(rows, twice), found.seconds / twice, "≤ 1 ×", found.seconds <= twice),
                Line(f"{label}, resident peak", 47, f"{found.resident / 2**20:.0f} MiB",
                     f"{max(report.resident for report in reports) / 2**20:.0f} MiB", None,
                     f"≤ {(limit_bytes() + OVER_LIMIT) / 2**20:.0f} MiB",
                     found.resident <= limit_bytes() + OVER_LIMIT),
            ]  # fmt: skip
    return made


def _verdicts(output: str) -> Counter[str]:
    return +Counter(json.loads(output)["verdicts"])
