"""`govern import`: report, JSON and exit codes."""

from __future__ import annotations

import gzip
import json
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from govern.cli import app as command_line
from govern.cli.import_ import import_
from govern.cli.options import Allowance, parse_allowance
from govern.errors import EnvironmentFailed, UsageError
from govern.ingest import FileReport, Summary, read
from govern.ingest.importing import Imported
from govern.ingest.progress import Progress
from govern.replay.means import Step
from govern.report import import_json, import_text
from govern.report.reading import Bar, reading

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


def test_left_out_is_shown(tmp_path: Path) -> None:
    """What a pattern leaves out is no refusal, and both outputs name it; leaving out everything is no success."""
    logs = tmp_path / "logs"
    logs.mkdir()
    (logs / "run.jsonl").write_bytes(GOOD.read_bytes())
    (logs / "README.md").write_text("# Logs")
    assert 3 == run(logs, "-o", tmp_path / "store").exit_code
    ran = run(logs, "!*.md", "-o", tmp_path / "store")
    assert (0, True) == (ran.exit_code, "left out: 1 input by !*.md" in ran.output.splitlines())
    document = json.loads(run(logs, "!*.md", "-o", tmp_path / "store", "--format", "json").output)
    assert [{"path": str(logs / "README.md"), "pattern": "!*.md"}] == document["left_out"]
    assert [str(logs / "run.jsonl")] == [file["path"] for file in document["files"]]
    assert 3 == run(logs, "!*", "-o", tmp_path / "other").exit_code


def test_rows_without_actions_and_what_is_missing(tmp_path: Path) -> None:
    """Rows that hold no action, and what a source does not say, are listed by what they are, the most first."""
    tally: Any = {"format": "agentdojo", "rows": 9, "refused": 0, "duplicates": 0, "runs": 0, "events": 0}
    counts: Any = {"calls": 0, "results": 0, "errors": 0, "unanswered": 0}
    report = FileReport(
        path="log", asides={"snapshot": 2, "progress": 1200}, notes={"calls without a time\x1b": 7}, **tally, **counts
    )
    lines = import_text.table(Summary(files=[report]))
    assert "no actions in 1,202 rows: 1,200 progress, 2 snapshot" in lines
    assert "noted: 7 calls without a time\\x1b" in lines
    document = import_json.document(Imported(Summary(files=[report]), "store", 0, 0))
    assert {"progress": 1200, "snapshot": 2} == document["files"][0]["asides"] == document["totals"]["asides"]


def test_many_inputs_are_shortened(tmp_path: Path) -> None:
    """Of hundreds of inputs the first are listed, below the folder that they share, and the sum is of all."""
    for number in range(60):
        (tmp_path / f"{number:02}.jsonl").write_bytes(GOOD.read_bytes())
    lines = run(tmp_path, "-o", tmp_path / "store").output.splitlines()
    assert lines[3].endswith(f"  below {tmp_path}/")
    assert lines[4].endswith("  00.jsonl")
    assert "… and 10 more inputs, which are in the sum (--format json lists all)" in lines


def test_progress_is_for_terminals(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Without a terminal nobody is told anything; on one, the bar shows what is read, made harmless."""
    with reading("importing") as bar:
        assert bar == Bar()
    assert ("", "") == capsys.readouterr()
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("FORCE_COLOR", "1")
    with reading("importing") as bar:
        assert bar.read is not None
        assert bar.judged is not None
        bar.read(Progress(10, 100, "logs/\x1b[2Jrun.jsonl"))
    shown = capsys.readouterr().err
    with reading("replaying") as bar:
        assert bar.judged is not None
        bar.judged(Step(1, 4, 1_000, 4_000))
    assert "1,000 of 4,000 events" in capsys.readouterr().err
    assert "\\x1b[2Jrun.jsonl" in shown
    assert "\x1b[2Jrun" not in shown


def test_progress_grows_to_the_end(tmp_path: Path) -> None:
    """Bytes done never fall, reach the total, and count packed inputs by their size on disk."""
    (tmp_path / "a.jsonl").write_bytes(GOOD.read_bytes() * 200)
    (tmp_path / "b.gz").write_bytes(gzip.compress(GOOD.read_bytes() * 200))
    told: list[Progress] = []
    list(read([str(tmp_path)], watch=told.append))
    done = [each.done for each in told]
    total = sum(path.stat().st_size for path in tmp_path.iterdir())
    assert done == sorted(done)
    assert (total, total) == (done[-1], told[0].total)
    assert len({each.done for each in told}) > 4


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


def test_an_interrupted_import_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Ctrl-C ends it with 130, and with what it means for the store."""

    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("govern.ingest.importing.import_logs", interrupted)
    monkeypatch.setattr(sys, "argv", ["govern", "import", str(GOOD), "-o", str(tmp_path / "store")])
    with pytest.raises(SystemExit) as stop:
        command_line.main()
    said = capsys.readouterr().err
    assert 130 == stop.value.code
    assert "may have a part of these logs" in said
    assert "interrupted" in said.splitlines()
