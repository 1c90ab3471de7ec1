"""Every file of the corpus through the command line: logs are read, everything else is refused by name."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from tests.cli.running import govern

ROOT = Path(__file__).parents[2]
CORPUS = Path(os.environ.get("GOVERN_CORPUS") or ROOT.parent / "shared" / "corpus")
FACTS = CORPUS / "facts.json"
NO_LOGS = ("!LICENSE*", "!*.md", "!*.truth.json")
LOGS = ("agentdojo/", "taubench/", "claude_code/", "otlp/")

pytestmark = [
    pytest.mark.corpus,
    pytest.mark.skipif(not FACTS.is_file(), reason=f"no corpus at {CORPUS} (set GOVERN_CORPUS)"),
]


def files(*, logs: bool) -> list[str]:
    """The files of the corpus that hold logs of calls, or those that hold something else."""
    names = sorted(str(path.relative_to(CORPUS)) for path in CORPUS.glob("*/*"))
    return [
        name
        for name in names
        if (name.startswith(LOGS) and name.endswith(".zst") and "few_shot" not in name) is logs
        and name != "mcp/server-filesystem.tools_list.json"  # two messages of a protocol, which is a log of its own
    ]


def test_both_kinds_are_there() -> None:
    """The corpus has eight files of logs, and more that are none."""
    assert 8 == len(files(logs=True))
    assert len(files(logs=False)) > 15


def imported(name: str, store: Path) -> tuple[int, Any]:
    ran = govern("import", CORPUS / name, *NO_LOGS, "-o", store, "--format", "json")
    return ran.exit_code, ran.json


@pytest.mark.parametrize("name", files(logs=True))
def test_logs_are_read_whole(name: str, tmp_path: Path) -> None:
    """A file of logs is read without a refusal, once: a second import adds nothing."""
    code, document = imported(name, tmp_path / "store")
    assert (0, []) == (code, document["refusals"])
    assert document["totals"]["calls"] > 0
    code, again = imported(name, tmp_path / "store")
    assert (0, 0) == (code, again["store"]["written"])
    assert document["totals"] == again["totals"]


@pytest.mark.parametrize("name", files(logs=False))
def test_what_is_no_log_is_refused(name: str, tmp_path: Path) -> None:
    """A file that holds no calls gives no event, exit code 3 and a reason for every file in it; so do dialogues in
    flat text, which name no tools."""
    code, document = imported(name, tmp_path / "store")
    assert (3, 0) == (code, document["totals"]["events"])
    assert len(document["files"]) == document["totals"]["refused"]
    assert document["refusals"] or document["left_out"]
    reasons = [refusal["reason"] for refusal in document["refusals"]]
    assert all(reason.startswith(("no known log format", "empty: no rows")) for reason in reasons)


def test_the_whole_corpus_at_once(tmp_path: Path) -> None:
    """Several formats in folders, packed and in archives, beside what is no log: the logs give what they give alone."""
    folders = [CORPUS / folder for folder in LOGS]
    ran = govern("import", *folders, *NO_LOGS, "!*few_shot*", "-o", tmp_path / "store", "--format", "json")
    assert (0, 0) == (ran.exit_code, ran.json["totals"]["refused"])
    alone = [imported(name, tmp_path / str(place))[1]["totals"] for place, name in enumerate(files(logs=True))]
    for key in ("rows", "events", "calls", "results", "errors"):
        assert ran.json["totals"][key] == sum(totals[key] for totals in alone)
    kinds = {file["format"] for file in ran.json["files"]}
    assert {"agentdojo", "taubench", "claude_code", "otlp"} == kinds
    text = govern("shadow-report", tmp_path / "store", "--charter", ROOT / "samples/code-review/charter.yaml")
    assert text.exit_code in (1, 3)
