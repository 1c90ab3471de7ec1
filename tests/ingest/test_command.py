"""`govern import`: report, JSON and exit codes."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from govern.cli.import_ import import_
from govern.cli.options import Allowance, parse_allowance
from govern.errors import EnvironmentFailed, UsageError

HERE = Path(__file__).parent
GOOD = HERE / "agentdojo" / "ids-that-come-again" / "in.jsonl"
BAD = HERE / "canonical" / "refused-rows" / "in.jsonl"

app = typer.Typer()
app.command("import")(import_)


def run(*arguments: str | Path) -> Any:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_text(tmp_path: Path) -> None:
    """The answer comes first, numbers are aligned, what the format lacks is said."""
    ran = run(GOOD, "-o", tmp_path / "store")
    lines = ran.output.splitlines()
    assert 0 == ran.exit_code
    assert "12 events and 4 calls in 1 run of 1 input; 0 refusals" == lines[0]
    assert f"12 written to {tmp_path / 'store'}, 0 were there already" == lines[1]
    assert "agentdojo logs carry no times, policy checks, approvals" in lines
    head, body = lines[3:5]
    for name, value in (("rows", "1"), ("events", "12"), ("unanswered", "0")):
        assert value == body[: head.index(name) + len(name)].split()[-1]


def test_json_has_everything(tmp_path: Path) -> None:
    """The contract: every file with its counts, totals with the same keys, every refusal with its place."""
    ran = run(GOOD, BAD, tmp_path / "none", "-o", tmp_path / "store", "--format", "json")
    document = json.loads(ran.output)
    assert (3, "govern/import/v1") == (ran.exit_code, document["schema"])
    assert [str(GOOD), str(BAD)] == [file["path"] for file in document["files"]]
    keys = {"rows", "refused", "runs", "events", "calls", "results", "errors", "unanswered"}
    assert keys <= set(document["totals"])
    assert all(keys | {"path", "format"} <= set(file) for file in document["files"])
    for key in keys - {"refused"}:
        assert document["totals"][key] == sum(file[key] for file in document["files"])
    assert 25 == document["totals"]["refused"] == document["not_judged"] == len(document["refusals"])
    assert document["totals"]["rows"] == document["judged"] + 24
    assert {"file": str(tmp_path / "none"), "line": 0, "reason": "no such file or folder"} in document["refusals"]


def test_hostile_text_is_harmless(tmp_path: Path) -> None:
    """Terminal escapes in a log or its name never reach the terminal."""
    log = tmp_path / "a\x1b[31m"
    log.write_text('{"event_id": "e1", "trace_id": "t", "type": "prompt", "\\u001b[2J": 1}')
    ran = run(log, "-o", tmp_path / "store")
    assert "\x1b" not in ran.output
    assert "\\x1b[2J" in ran.output


@pytest.mark.parametrize(("allowed", "code"), [(None, 3), ("23", 3), ("24", 0), ("88%", 3), ("89%", 0), ("100%", 0)])
def test_allow_bad(tmp_path: Path, allowed: str | None, code: int) -> None:
    """24 of 27 rows are bad: that many, or that share, can be admitted."""
    ran = run(BAD, "-o", tmp_path / "store", *(() if allowed is None else ("--allow-bad", allowed)))
    assert code == ran.exit_code


@pytest.mark.parametrize("allowed", ["1000000", "100%"])
def test_what_nobody_can_count_is_never_admitted(tmp_path: Path, allowed: str) -> None:
    """An unreadable input loses nobody knows how much: no allowance covers it. Nor is nothing success."""
    assert 3 == run(GOOD, tmp_path / "none", "-o", tmp_path / "store", "--allow-bad", allowed).exit_code
    empty = tmp_path / "empty"
    empty.write_text("[]")
    assert 3 == run(empty, "-o", tmp_path / "other", "--allow-bad", allowed).exit_code


def test_exit_codes_of_the_machine_and_the_command_line(tmp_path: Path) -> None:
    """An unwritable store and an unknown format are the environment's and the caller's."""
    (tmp_path / "file").write_text("")
    assert isinstance(run(GOOD, "-o", tmp_path / "file").exception, EnvironmentFailed)
    assert isinstance(run(GOOD, "-o", tmp_path / "s", "--log-format", "agentdoyo").exception, UsageError)
    assert not (tmp_path / "s").exists()


def test_agent_option(tmp_path: Path) -> None:
    """The agent's name reaches the events of a log that carries none."""
    from govern.audit.read import read_events

    run(HERE / "taubench" / "one-run-a-line" / "in.jsonl", "-o", tmp_path, "--agent", "airline")
    assert {"airline"} == {event.agent for event in read_events(tmp_path)}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (None, Allowance()),
        ("0", Allowance()),
        ("12", Allowance(count=12)),
        ("0.5%", Allowance(percent=Decimal("0.5"))),
    ],
)
def test_parse_allowance(text: str | None, expected: Allowance) -> None:
    """A number or a percentage."""
    assert expected == parse_allowance(text)


@pytest.mark.parametrize("text", ["", "-1", "1.5", "x", "%", "-1%", "101%", "nan%", "inf%", "1e3", "٣", "1 000", "1%%"])
def test_no_allowance(text: str) -> None:
    """Anything else is a usage error, never an allowance."""
    with pytest.raises(UsageError):
        parse_allowance(text)


def test_no_share_of_nothing() -> None:
    """A percentage of no rows admits nothing bad."""
    assert not Allowance(percent=Decimal(100)).admits(1, 0)
    assert Allowance(percent=Decimal(0)).admits(0, 0)
