"""Reading logs, beside `json.loads` of the same rows; and the start of the command line."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from collections import deque
from pathlib import Path

from govern.ingest import read

ROOT = Path(__file__).parent.parent.parent
CORPUS = Path(os.environ.get("GOVERN_CORPUS", ROOT.parent / "shared" / "corpus"))
AGENTDOJO = CORPUS / "agentdojo" / "agentdojo-gpt-4o-mini-2024-07-18.jsonl.zst"
SAMPLE = ROOT / "samples" / "code-review" / "audit.jsonl"


def rows() -> list[list[str]]:
    made = [reading("reading a log of samples", SAMPLE)]
    if AGENTDOJO.exists():
        made.append(reading("reading AgentDojo runs (zstd)", AGENTDOJO))
    for name, arguments in (
        ("govern --help", ["--help"]),
        ("govern lint, a sample", ["lint", str(ROOT / "samples/code-review/charter.yaml")]),
    ):
        made.append(starting(name, arguments))
    return made


def reading(what: str, path: Path) -> list[str]:
    import zstandard

    raw = path.read_bytes()
    packed = path.suffix == ".zst"
    text = zstandard.ZstdDecompressor().decompressobj().decompress(raw) if packed else raw
    size = len(text) / 2**20

    def ours() -> None:
        deque(read([str(path)]), maxlen=0)

    def hand() -> None:
        data = zstandard.ZstdDecompressor().decompressobj().decompress(raw) if packed else raw
        for line in data.splitlines():
            json.loads(line)

    mine, baseline = median(ours), median(hand)
    return [
        f"{what}, {size:.1f} MiB",
        f"{size / mine:.0f} MiB/s",
        f"{size / baseline:.0f} MiB/s",
        f"{mine / baseline:.2f}",
    ]


def starting(what: str, arguments: list[str]) -> list[str]:
    def ours() -> None:
        subprocess.run([sys.executable, "-m", "govern.cli.app", *arguments], capture_output=True, check=False)

    def python() -> None:
        subprocess.run([sys.executable, "-c", ""], capture_output=True, check=False)

    mine, baseline = median(ours), median(python)
    return [
        f"{what}, process start included",
        f"{mine * 1e3:.0f} ms",
        f"{baseline * 1e3:.0f} ms",
        f"{mine / baseline:.2f}",
    ]


def median(work: object) -> float:
    taken = []
    for _ in range(5):
        start = time.perf_counter()
        work()  # type: ignore[operator]
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)
