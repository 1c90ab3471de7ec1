"""The three commands as a user runs them: output, JSON contracts, exit codes, hostile text."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from govern.audit import store

from .reading import events_of

ROOT = Path(__file__).parents[2]
SCHEMAS = ROOT / "schemas"
GOOD = [
    {"is": "prompt", "content": "pay the bill", "fidelity": "verbatim"},
    {"is": "response", "content": "Paying it.", "fidelity": "verbatim"},
    {"is": "tool_call", "call_id": "c1"},
    {"is": "policy_check", "verdict": "approval", "gates": ["lead"], "reasons": ["gate"], "policy_digest": "sha256:ab"},
    {"is": "approval_request", "id": "ap", "gates": ["lead"], "role": "team-lead"},
    {
        "is": "approval_decision", "id": "ap", "decision": "approve", "actor": "lead-2", "role": "team-lead",
        "reason": "fine with me",
    },
    {"is": "tool_start"},
    {"is": "tool_result", "content": '{"paid": true}', "fidelity": "verbatim"},
]  # fmt: skip


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    env = {key: value for key, value in os.environ.items() if key not in ("GOVERN_AUDIT", "FORCE_COLOR")}
    return subprocess.run(
        [sys.executable, "-m", "govern.cli.app", *arguments],
        capture_output=True,
        text=True,
        env={**env, **environment},
        check=False,
    )


def written(folder: Path, rows: list[dict[str, Any]], trace: str = "4f1c9a77-good") -> str:
    """A store with one trace; returns the folder."""
    made = [{"by": f"gw-{trace}", **row, "event": f"{trace}-{place}", "trace": trace} for place, row in enumerate(rows)]
    store.write(events_of(made), folder)
    return str(folder)


def valid(name: str, text: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(text)
    schema = json.loads((SCHEMAS / f"{name}.v1.json").read_text("utf-8"))
    jsonschema.Draft202012Validator(schema).validate(document)
    return document


@pytest.mark.parametrize("name", ["reconstruct", "gaps", "traces"])
def test_schemas_are_schemas(name: str) -> None:
    """What is published is valid JSON Schema 2020-12, and refuses an empty document."""
    schema = json.loads((SCHEMAS / f"{name}.v1.json").read_text("utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    assert not jsonschema.Draft202012Validator(schema).is_valid({})


def test_a_whole_chain(tmp_path: Path) -> None:
    """Every fact of an approved call stands in the text; the exit code is 0."""
    done = run("reconstruct", "--trace-id", "4f1c9a", "--audit", written(tmp_path, GOOD))
    assert 0 == done.returncode, done.stderr
    for fact in (
        "✓ whole: no gap found",
        "1 pay(amount: 5)",
        "approval: gate lead",
        '"pay the bill"',
        '"Paying it."',
        'approved by lead-2 as team-lead: "fine with me"',
        "14 Nov 2023 22:13:21Z",
        "+6s",
        "times are whole seconds (±1 s)",
    ):
        assert fact in done.stdout
    assert "✗" not in done.stdout


def test_json_contract(tmp_path: Path) -> None:
    """The JSON has everything, verbatim, with digests and times, and fits its schema."""
    done = run("reconstruct", "4f1c9a77-good", "--format", "json", GOVERN_AUDIT=written(tmp_path, GOOD))
    document = valid("reconstruct", done.stdout)
    assert [] == document["gaps"]
    (action,) = document["actions"]
    assert {"amount": 5} == action["args"]
    assert ("pay the bill", "Paying it.", '{"paid": true}') == (action["prompt"], action["response"], action["output"])
    assert ("approval", "sha256:ab") == (action["check"]["effect"], action["check"]["policy_digest"])
    assert "2023-11-14T22:13:26.000000000Z" == action["approval"]["at"]
    assert ("lead-2", "team-lead", "fine with me") == tuple(
        action["approval"][k] for k in ("approver", "role", "reason")
    )
    assert 1000.0 == action["duration_ms"]
    assert 12 == action["texts"]["prompt"]["bytes"]
    assert {"present": 1, "missing": 0, "na": 0} == document["completeness"]["approval"]
    assert 0 == done.returncode


def test_gaps_exit_1(tmp_path: Path) -> None:
    """A chain with a hole exits 1 in `reconstruct` and `gaps`, and names gap, pattern and cause."""
    folder = written(tmp_path, [row for row in GOOD if row["is"] != "approval_decision"])
    one = run("reconstruct", "--trace-id", "4f1c9a", "--audit", folder)
    assert 1 == one.returncode
    assert "✗ gate-did-not-hold  approval gate that did not hold" in one.stdout
    every = run("gaps", "--audit", folder)
    assert 1 == every.returncode
    assert "✗ 1 gap in 1 of 1 trace, 1 action" in every.stdout
    document = valid("gaps", run("gaps", "--audit", folder, "--format", "json").stdout)
    (gap,) = document["gaps"]
    assert ("gate-did-not-hold", 1, ["4f1c9a77-good"]) == (gap["id"], gap["count"], gap["sample_traces"])
    assert (1, 1) == (document["traces"], document["actions"])


def test_gaps_none(tmp_path: Path) -> None:
    """No gap in any chain is exit 0."""
    done = run("gaps", "--audit", written(tmp_path, GOOD))
    assert (0, "") == (done.returncode, done.stderr)
    assert done.stdout.startswith("✓ no gaps in 1 trace, 1 action")


def test_prefixes(tmp_path: Path) -> None:
    """A prefix that is unique will do; an ambiguous, a short and an unknown one say what to type."""
    folder = written(tmp_path, GOOD)
    written(tmp_path, GOOD, "4f1c9a77-other")
    assert 0 == run("reconstruct", "4f1c9a77-g", "--audit", folder).returncode
    ambiguous = run("reconstruct", "4f1c9a", "--audit", folder)
    assert 2 == ambiguous.returncode
    assert "one of `4f1c9a77-good`, `4f1c9a77-other`" in ambiguous.stderr
    short = run("reconstruct", "4f1", "--audit", folder)
    assert 2 == short.returncode
    assert "at least 6 characters" in short.stderr
    unknown = run("reconstruct", "4f1c9a77-god", "--audit", folder)
    assert 3 == unknown.returncode
    assert "did you mean `4f1c9a77-good`?" in unknown.stderr


@pytest.mark.parametrize("command", [["gaps"], ["traces"], ["reconstruct", "abcdef"]])
def test_missing_and_empty_stores_are_not_green(command: list[str], tmp_path: Path) -> None:
    """A store that is missing or empty is exit 3; none named is exit 2."""
    for folder in (tmp_path, tmp_path / "absent"):
        done = run(*command, "--audit", str(folder))
        assert (3, "") == (done.returncode, done.stdout)
        assert "no events here" in done.stderr
    assert 2 == run(*command).returncode


def test_no_actions_are_not_green(tmp_path: Path) -> None:
    """A store in which nothing was called has nothing that could be judged."""
    done = run("gaps", "--audit", written(tmp_path, GOOD[:2]))
    assert 3 == done.returncode
    assert "no action in this store" in done.stderr


def test_damaged_store_is_named(tmp_path: Path) -> None:
    """A file that is no Parquet is named, without a traceback."""
    folder = written(tmp_path, GOOD)
    part = next(tmp_path.rglob("*.parquet"))
    part.write_bytes(part.read_bytes()[:200])
    for command in (["gaps"], ["traces"], ["reconstruct", "4f1c9a"]):
        done = run(*command, "--audit", folder)
        assert 3 == done.returncode
        assert part.name in done.stderr
        assert "Traceback" not in done.stderr


def test_traces(tmp_path: Path) -> None:
    """Traces are listed newest first, can be filtered, and a filter by an unknown word is refused."""
    folder = written(tmp_path, [{**row, "agent": "desk"} for row in GOOD])
    written(tmp_path, [{"is": "tool_call", "at": 5000, "tool": "peek"}], "zzzzzzzz")
    listed = valid("traces", run("traces", "--audit", folder, "--format", "json").stdout)
    assert ["zzzzzzzz", "4f1c9a77-good"] == [one["trace_id"] for one in listed["traces"]]
    assert {"call-without-outcome": 1, "prompt-not-verbatim": 1, "response-not-verbatim": 1} == (
        listed["traces"][0]["gaps"]
    )
    assert {"allow": 0, "approval": 1, "deny": 0, "unchecked": 0} == listed["traces"][1]["verdicts"]
    for extra in (["--tool", "pay"], ["--verdict", "approval"], ["--agent", "desk"]):
        found = valid("traces", run("traces", "--audit", folder, "--format", "json", *extra).stdout)
        assert ["4f1c9a77-good"] == [one["trace_id"] for one in found["traces"]]
    limited = run("traces", "--audit", folder, "--limit", "1").stdout
    assert "1 of 2 traces, newest first" in limited
    assert "4f1c9a77" not in limited
    typo = run("traces", "--audit", folder, "--tool", "pey")
    assert 3 == typo.returncode
    assert "did you mean `pay`?" in typo.stderr
    assert 2 == run("traces", "--audit", folder, "--verdict", "alow").returncode


def test_hostile_text_stays_text(tmp_path: Path) -> None:
    """Escapes, line breaks and markup of a log reach neither the terminal nor the layout, in no mode."""
    evil = "\x1b[2J\x1b]0;owned\x07[red]x[/red]\n✓ whole\u202e\u2028\x85"
    rows = [
        {"is": "prompt", "content": evil, "actor": evil},
        {"is": "response", "content": evil},
        {"is": "tool_call", "tool": evil, "call_id": evil, "args": {evil: evil}, "agent": evil},
        {"is": "policy_check", "tool": evil, "args": {evil: evil}, "verdict": evil, "reasons": [evil], "rules": [evil]},
        {"is": "approval_decision", "id": evil, "decision": evil, "actor": evil, "role": evil, "reason": evil},
        {"is": "tool_result", "tool": evil, "content": evil, "error": evil, "status": evil},
        {"is": "escalation", "role": evil, "reason": evil},
        {"is": "tool_call", "span": "s9", "args": None, "args_error": evil, "content": evil},
    ]
    folder = written(tmp_path, rows, evil[:4] + "aaaaaa")
    trace = evil[:4] + "aaaaaa"
    for command in (
        ["reconstruct", trace],
        ["reconstruct", trace, "--verbatim"],
        ["reconstruct", trace, "--format", "json"],
        ["traces"],
        ["gaps"],
        ["gaps", "--format", "json"],
        ["reconstruct", evil],
        ["traces", "--tool", evil + "x"],
    ):
        done = run(*command, "--audit", folder)
        said = done.stdout + done.stderr
        assert "Traceback" not in said
        for bad in ("\x1b", "\x07", "\u202e", "\u2028", "\x85"):
            assert bad not in said, command
    text = run("reconstruct", trace, "--audit", folder, "--verbatim").stdout
    assert "[red]x[/red]" in text
    assert not [line for line in text.splitlines() if line.startswith("✓")]


def test_no_times_are_invented(tmp_path: Path) -> None:
    """Where the source has no times the report shows none, in text and JSON."""
    folder = written(tmp_path, [{**row, "at": None} for row in GOOD])
    text = run("reconstruct", "4f1c9a", "--audit", folder).stdout
    assert "no times recorded" in text
    assert "+" not in text
    document = valid("reconstruct", run("reconstruct", "4f1c9a", "--audit", folder, "--format", "json").stdout)
    assert (None, None) == (document["started"], document["ended"])
    assert {None} == {step["at"] for step in document["actions"][0]["steps"]}
    assert None is document["actions"][0]["duration_ms"]


def test_verbatim_is_whole(tmp_path: Path) -> None:
    """`--verbatim` shows every line of a text with its bytes and digest; without it, the beginning."""
    long = "\n".join(f"line {number}" for number in range(200))
    rows = [{**GOOD[0], "content": long}, *GOOD[1:]]
    folder = written(tmp_path, rows)
    shown = run("reconstruct", "4f1c9a", "--audit", folder, "--verbatim").stdout
    assert 200 == sum("│ line " in line for line in shown.splitlines())
    assert f"{len(long):,} bytes, sha256:" in shown
    assert "line 199" not in run("reconstruct", "4f1c9a", "--audit", folder).stdout
