"""Reading logs, beside `json.loads` of the same rows."""

from __future__ import annotations

import json
import os
from collections import deque
from pathlib import Path

from govern.ingest import read

from .table import Line, Size, side_by_side

ROOT = Path(__file__).parent.parent.parent
CORPUS = Path(os.environ.get("GOVERN_CORPUS", ROOT.parent / "shared" / "corpus"))
AGENTDOJO = CORPUS / "agentdojo" / "agentdojo-gpt-4o-mini-2024-07-18.jsonl.zst"
SAMPLE = ROOT / "samples" / "code-review" / "audit.jsonl"
MOST = 3.0  # times `json.loads`


def lines(size: Size) -> list[Line]:
    """The sample's log; runs of AgentDojo where the corpus is there."""
    made = [_line("reading a log of samples", SAMPLE, size)]
    if AGENTDOJO.exists():
        made.append(_line("reading AgentDojo runs (zstd)", AGENTDOJO, size))
    else:
        made.append(Line("reading AgentDojo runs: NOT MEASURED, no corpus (GOVERN_CORPUS)"))
    return made


def _line(what: str, path: Path, size: Size) -> Line:
    import zstandard

    raw = path.read_bytes()
    packed = path.suffix == ".zst"
    text = zstandard.ZstdDecompressor().decompressobj().decompress(raw) if packed else raw
    length = len(text) / 2**20

    def ours() -> None:
        deque(read([str(path)]), maxlen=0)

    def hand() -> None:
        data = zstandard.ZstdDecompressor().decompressobj().decompress(raw) if packed else raw
        for line in data.splitlines():
            json.loads(line)

    mine, baseline = side_by_side(size.rounds, ours, hand)
    return Line(
        f"{what}, {length:.1f} MiB", None, f"{length / mine:.0f} MiB/s", f"{length / baseline:.0f} MiB/s",
        mine / baseline, f"≤ {MOST:g} ×", mine / baseline <= MOST,
    )  # fmt: skip
