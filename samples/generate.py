"""Writes the logs of the five sample stories: `python samples/generate.py [--out DIR]`.

For each story: `log.jsonl` (the agent's own log), `audit.jsonl` (the audit record) and `incidents.json`
(which traces are flawed, noted where the flaw is made); for code-review also `otlp.jsonl` (the log as OpenTelemetry
spans). The same charter gives the same bytes every time.
The policy digest in the records is that of the story's `charter.yaml` as it stands, compiled.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from _gen import code_review, crm, data_pipeline, otlp, scheduling, support

from govern.compile.sources import policies

HERE = Path(__file__).parent
STORIES = {
    "code-review": code_review.tell,
    "crm": crm.tell,
    "data-pipeline": data_pipeline.tell,
    "scheduling": scheduling.tell,
    "support": support.tell,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=HERE, help="where the stories' folders are (this folder)")
    out = parser.parse_args().out
    for story, tell in STORIES.items():
        (policy,) = policies(str(HERE / story / "charter.yaml"), None).values()
        book = tell(policy.digest)
        folder = out / story
        folder.mkdir(parents=True, exist_ok=True)
        files = {
            "log.jsonl": book.lines("log"),
            "audit.jsonl": book.lines("audit"),
            "incidents.json": book.truth(),
        }
        if story == "code-review":
            files["otlp.jsonl"] = otlp.requests(files["log.jsonl"])
        for name, content in files.items():
            (folder / name).write_bytes(content)
            print(f"{story}/{name}: {len(content):,} bytes, {len(content.splitlines()):,} lines")


if __name__ == "__main__":
    main()
