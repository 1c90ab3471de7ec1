"""What a user can get wrong, end to end: it is named, counted, and never becomes a looser verdict.

Leaves out the readers themselves (`tests/ingest`) and the lint rules (`tests/lint`).
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import zstandard

from .running import ROOT, SUPPORT, Ran, govern, lines

CHARTER = SUPPORT / "charter.yaml"
LOG = SUPPORT / "log.jsonl"


def shadow(*arguments: str | Path) -> Ran:
    return govern("shadow-report", *arguments, "--charter", CHARTER)


def report(*arguments: str | Path) -> tuple[int, Any]:
    ran = shadow(*arguments, "--format", "json")
    return ran.exit_code, ran.json


def judged(document: Any) -> int:
    return sum(document["verdicts"].values()) + sum(row["calls"] for row in document["without_charter"])


def assert_nothing_was_judged(document: Any, reason: str) -> None:
    assert {"allow": 0, "approval": 0, "deny": 0, "undecidable": 0} == document["verdicts"]
    assert (0, 0) == (document["totals"]["calls"], document["judged"])
    assert 1 == document["totals"]["refused"] == len(document["refusals"])
    assert re.search(reason, document["refusals"][0]["reason"])


def test_a_good_log_is_judged() -> None:
    """The measure for what follows: the sample has unmapped tools, so 1, and every call has a verdict."""
    code, document = report(LOG)
    assert (1, 0) == (code, document["not_judged"])
    assert document["totals"]["calls"] == judged(document) > 100
    assert 0 == shadow(LOG, "--fail-on", "nothing").exit_code


# --- logs ---------------------------------------------------------------------------------------------------


def test_an_empty_folder_is_not_green(tmp_path: Path) -> None:
    code, document = report(tmp_path)
    assert 3 == code
    assert_nothing_was_judged(document, "no files in this folder")


def test_a_missing_path_is_named(tmp_path: Path) -> None:
    code, document = report(tmp_path / "gone.jsonl")
    assert 3 == code
    assert_nothing_was_judged(document, "no such file or folder")
    assert str(tmp_path / "gone.jsonl") == document["refusals"][0]["file"]


@pytest.mark.parametrize(
    "content",
    [bytes(range(256)) * 8, b"\x28\xb5\x2f\xfd garbage", b"\x1f\x8b garbage", b"no log at all\n" * 3, b"[[[[", b"{}\n"],
    ids=["bytes", "zstd", "gzip", "text", "brackets", "empty-object"],
)
@pytest.mark.parametrize("command", ["shadow-report", "import"])
def test_a_file_of_garbage_is_refused(content: bytes, command: str, tmp_path: Path) -> None:
    bad = tmp_path / "garbage.jsonl"
    bad.write_bytes(content)
    rest = ["--charter", CHARTER] if command == "shadow-report" else ["-o", tmp_path / "store"]
    ran = govern(command, bad, *rest, "--format", "json")
    assert 3 == ran.exit_code
    assert 0 == ran.json["totals"]["events"]
    assert ran.json["totals"]["refused"] >= 1
    assert {str(bad)} == {refusal["file"] for refusal in ran.json["refusals"]}


@pytest.mark.parametrize("content", [b"", b"\n\n"], ids=["empty", "blank"])
def test_an_empty_file_is_not_green(content: bytes, tmp_path: Path) -> None:
    empty = tmp_path / "empty.jsonl"
    empty.write_bytes(content)
    code, document = report(empty)
    assert (3, 0) == (code, document["totals"]["calls"])
    assert str(empty) in shadow(empty).out


def test_a_truncated_file_is_judged_as_far_as_it_goes(tmp_path: Path) -> None:
    """What can be read is judged; that nobody knows how much is lost cannot be allowed away."""
    whole = zstandard.ZstdCompressor().compress(LOG.read_bytes())
    cut = tmp_path / "cut.jsonl.zst"
    cut.write_bytes(whole[: len(whole) * 2 // 3])
    code, document = report(cut)
    assert 3 == code
    assert 0 < document["totals"]["calls"] < report(LOG)[1]["totals"]["calls"]
    assert document["totals"]["calls"] == judged(document)
    assert any("cut short" in refusal["reason"] for refusal in document["refusals"])
    assert 3 == shadow(cut, "--allow-bad", "100%", "--fail-on", "nothing").exit_code


def test_a_truncated_plain_file_names_its_last_line(tmp_path: Path) -> None:
    cut = tmp_path / "cut.jsonl"
    cut.write_bytes(LOG.read_bytes()[:-40])
    code, document = report(cut)
    assert 3 == code
    assert [len(lines(LOG))] == [refusal["line"] for refusal in document["refusals"]]


def test_one_bad_line_among_good_ones(tmp_path: Path) -> None:
    """Named by its line, counted, exit 3; every good line is judged as it was without the bad one."""
    good = lines(LOG)
    bad = tmp_path / "one-bad.jsonl"
    bad.write_bytes(b"".join([*good[:20], b'{"broken\n', *good[20:]]))
    code, document = report(bad)
    before = report(LOG)[1]
    assert 3 == code
    assert [(str(bad), 21)] == [(refusal["file"], refusal["line"]) for refusal in document["refusals"]]
    assert (len(good) + 1, 1) == (document["totals"]["rows"], document["totals"]["refused"])
    for key in ("verdicts", "by_tool", "by_rule", "unmapped", "approvals", "days", "judged", "not_judged"):
        assert before[key] == document[key], key
    assert "1 refusal" in shadow(bad).out


def test_one_bad_file_among_good_ones(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(LOG.read_bytes())
    (tmp_path / "b.jsonl").write_bytes(b"\xff\xff")
    code, document = report(tmp_path)
    assert (3, 1) == (code, document["totals"]["refused"])
    assert report(LOG)[1]["verdicts"] == document["verdicts"]


@pytest.mark.parametrize(("allowed", "code"), [("0", 3), ("1", 0), ("5", 0), ("0%", 3), ("0.1%", 3), ("1%", 0)])
def test_a_known_amount_of_bad_rows_is_admitted(allowed: str, code: int, tmp_path: Path) -> None:
    """One bad row of some 500: it is admitted by a number or a share, and counted all the same."""
    bad = tmp_path / "one-bad.jsonl"
    bad.write_bytes(LOG.read_bytes() + b"{\n")
    ran = shadow(bad, "--allow-bad", allowed, "--fail-on", "nothing", "--format", "json")
    assert (code, 1) == (ran.exit_code, ran.json["totals"]["refused"])
    stored = govern("import", bad, "-o", tmp_path / "store", "--allow-bad", allowed, "--format", "json")
    assert (code, 1) == (stored.exit_code, stored.json["totals"]["refused"])


def test_two_bad_rows_are_more_than_one(tmp_path: Path) -> None:
    bad = tmp_path / "two-bad.jsonl"
    bad.write_bytes(LOG.read_bytes() + b"{\n{\n")
    assert 3 == shadow(bad, "--allow-bad", "1", "--fail-on", "nothing").exit_code


def test_what_was_found_does_not_hide_what_was_not_judged(tmp_path: Path) -> None:
    """1 and 3 apply: 3 wins, and 1 is left once the bad row is admitted."""
    bad = tmp_path / "one-bad.jsonl"
    bad.write_bytes(LOG.read_bytes() + b"{\n")
    assert (3, 1) == (shadow(bad).exit_code, shadow(bad, "--allow-bad", "1").exit_code)


@pytest.mark.parametrize("amount", ["", "-1", "x", "101%", "1.5", "%", "1e3"])
def test_a_wrong_amount_is_a_usage_error(amount: str) -> None:
    ran = shadow(LOG, "--allow-bad", amount)
    assert (2, "") == (ran.exit_code, ran.out)


def test_calls_of_an_agent_without_a_charter_are_not_judged(tmp_path: Path) -> None:
    """They are a class of their own, and exit 3 unless admitted."""
    other = tmp_path / "other.jsonl"
    other.write_bytes(LOG.read_bytes().replace(b'"agent":"support-desk"', b'"agent":"another"'))
    code, document = report(other)
    calls = document["totals"]["calls"]
    assert 3 == code
    assert [("another", calls)] == [(row["agent"], row["calls"]) for row in document["without_charter"]]
    assert (0, calls) == (document["judged"], document["not_judged"])
    admitted = shadow(other, "--allow-undecidable", "100%", "--fail-on", "nothing")
    assert 0 == admitted.exit_code


@pytest.mark.parametrize("engine", ["calls", "sql"])
def test_malformed_arguments_are_denied_and_counted(engine: str, tmp_path: Path) -> None:
    """Arguments with two readings: the row is kept, the call is denied in both engines."""
    call = {"event_id": "e1", "trace_id": "t", "agent": "support-desk", "type": "tool_call", "tool": "get_ticket"}
    start = json.dumps(call)[:-1] + ',"args":'
    log = tmp_path / "log.jsonl"
    args = ['{"ticket_id":"T-1","ticket_id":"T-2"}', '{"ticket_id":"T-1","Ticket_id":"T-2"}', '{"ticket_id":NaN}']
    rows = [start.replace('"e1"', f'"e{index}"') + text + "}\n" for index, text in enumerate(args)]
    log.write_text("".join(rows))
    judged_from = log
    if engine == "sql":
        judged_from = tmp_path / "store"
        assert 0 == govern("import", log, "-o", judged_from).exit_code
    ran = shadow(judged_from, "--engine", engine, "--format", "json")
    assert 0 == ran.exit_code
    assert {"allow": 0, "approval": 0, "deny": 3, "undecidable": 0} == ran.json["verdicts"]
    assert (3, 0) == (ran.json["malformed_arguments"], ran.json["totals"]["refused"])


# --- charters -----------------------------------------------------------------------------------------------

MISTYPED = {
    "key": ("purpose:", "purpsoe:", "purpose"),
    "key-of-a-tool": ("    external: true", "    extrenal: true", "external"),
    "key-of-a-rule": ("only_if:", "onlyif:", "only_if"),
    "key-of-never": ("never:", "nevr:", "never"),
    "tier": ("tier: reversible", "tier: reversable", "reversible"),
    "role": ("roles: [finance]", "roles: [finanse]", "finance"),
    "gate": ("approval: finance", "approval: finanse", "finance"),
    "effect": ("then: deny\n        because", "then: denny\n        because", "deny"),
    "method": ("lower(args.body).contains('http:", "lower(args.body).contain('http:", "contains"),
    "operator": ("args.amount > 150", "args.amount >> 150", ""),
    "assignment": ("size(args.customer_ids) == 1", "size(args.customer_ids) = 1", "=="),
}
each_mistake = pytest.mark.parametrize("mistake", MISTYPED)


def mistyped(mistake: str, folder: Path) -> tuple[Path, int]:
    """The sample's charter with one mistake, and the line that it is in."""
    right, wrong, _ = MISTYPED[mistake]
    text = CHARTER.read_text("utf-8")
    assert right in text
    changed = text.replace(right, wrong, 1)
    path = folder / "charter.yaml"
    path.write_text(changed, "utf-8")
    return path, changed[: changed.index(wrong)].count("\n") + 1


@each_mistake
def test_lint_names_the_place_and_a_suggestion(mistake: str, tmp_path: Path) -> None:
    path, line = mistyped(mistake, tmp_path)
    ran = govern("lint", path)
    assert 1 == ran.exit_code
    assert re.search(rf"{re.escape(str(path))}:{line}:\d+", ran.out)
    assert MISTYPED[mistake][2] in ran.out
    document = govern("lint", path, "--format", "json").json
    errors = [finding for finding in document["findings"] if finding["severity"] == "error"]
    assert [line] == [finding["line"] for finding in errors]
    wanted = MISTYPED[mistake][2]
    assert f"`{wanted}`" in errors[0]["hint"] if wanted else errors[0]["message"]
    text = path.read_text("utf-8").splitlines()[line - 1]
    assert text[errors[0]["column"] - 1 :].strip()


@each_mistake
def test_nothing_is_judged_with_a_mistyped_charter(mistake: str, tmp_path: Path) -> None:
    """Every command that would judge exits 3, says where, and prints no verdict."""
    path, line = mistyped(mistake, tmp_path)
    out = tmp_path / "out.bundle"
    for ran in (
        govern("decide", "--policy", path, "--tool", "get_ticket", "--args", '{"ticket_id":"T-1"}'),
        govern("decide", "--policy", path, "--tool", "nothing", "--args", "{}", "--format", "json", "--exit-verdict"),
        govern("shadow-report", LOG, "--charter", path),
        govern("shadow-report", LOG, "--charter", tmp_path, "--format", "json", "--fail-on", "nothing"),
        govern("compile", path, "-o", out),
    ):
        assert (3, "") == (ran.exit_code, ran.out)
        assert f"{path}:{line}:" in ran.err
    assert not out.exists()


def test_all_errors_of_a_charter_come_in_one_run(tmp_path: Path) -> None:
    text = CHARTER.read_text("utf-8")
    for right, wrong, _ in (MISTYPED[name] for name in ("key", "tier", "role", "method")):
        text = text.replace(right, wrong, 1)
    path = tmp_path / "charter.yaml"
    path.write_text(text, "utf-8")
    ids = {f["rule"] for f in govern("lint", path, "--format", "json").json["findings"] if f["severity"] == "error"}
    assert {"unknown-key", "unknown-tier", "undefined-role", "unknown-function"} <= ids


@pytest.mark.parametrize(
    "content", [b"", b"\x00\x01", b"- a\n- b\n", b"govern: 2\n", b"govern: [", b"\xff\xfe", b"a: &x 1"]
)
def test_a_file_that_is_no_charter(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "charter.yaml"
    path.write_bytes(content)
    assert govern("lint", path).exit_code in (1, 3)
    ran = govern("decide", "--policy", path, "--tool", "x", "--args", "{}")
    assert (3, "") == (ran.exit_code, ran.out)


def test_a_charter_that_is_not_there(tmp_path: Path) -> None:
    for command in (["decide", "--tool", "x", "--args", "{}", "--policy"], ["shadow-report", LOG, "--charter"]):
        for path in (tmp_path / "gone.yaml", tmp_path):
            ran = govern(*command, path)
            assert (3, "") == (ran.exit_code, ran.out)
            assert str(path) in ran.err
    assert 3 == govern("lint", tmp_path / "gone.yaml").exit_code
    assert 3 == govern("lint", tmp_path).exit_code


def test_two_charters_for_one_agent_are_an_error(tmp_path: Path) -> None:
    for name in ("a.yaml", "b.yaml"):
        (tmp_path / name).write_bytes(CHARTER.read_bytes())
    ran = govern("shadow-report", LOG, "--charter", tmp_path)
    assert (3, "") == (ran.exit_code, ran.out)
    assert "a.yaml" in ran.err
    assert "b.yaml" in ran.err


# --- decide -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "args",
    ['{"ticket_id":"T-1","ticket_id":"T-1"}', '{"ticket_id":"T-1","TICKET_ID":"T-1"}', '{"ticket_id":"T-1",}', "",
     '"T-1"', "[]", "null", "01", '{"ticket_id":"T-1"}}', '{"ticket_id":1e400}', '{"ticket_id":"\\ud800"}'],
)  # fmt: skip
def test_arguments_with_two_readings_are_denied(args: str) -> None:
    ran = govern(
        "decide", "--policy", CHARTER, "--tool", "get_ticket", "--args", args, "--exit-verdict", "--format", "json"
    )
    assert 11 == ran.exit_code
    assert ("deny", ["invalid_input"]) == (ran.json["effect"], ran.json["reasons"])
    text = govern("decide", "--policy", CHARTER, "--tool", "get_ticket", "--args", args)
    assert (0, "deny") == (text.exit_code, text.out.split(":")[0])


@pytest.mark.parametrize(("args", "code"), [('{"ticket_id":"T-1"}', 0), ("{}", 11), ('{"ticket_id":null}', 11)])
def test_the_exit_code_tells_the_verdict_only_when_asked(args: str, code: int) -> None:
    command = ["decide", "--policy", CHARTER, "--tool", "get_ticket", "--args", args]
    assert (0, code) == (govern(*command).exit_code, govern(*command, "--exit-verdict").exit_code)


def test_arguments_come_from_standard_input() -> None:
    command = ["decide", "--policy", CHARTER, "--tool", "get_ticket", "--args", "-", "--exit-verdict"]
    assert 0 == govern(*command, stdin=b'{"ticket_id":"T-1"}').exit_code
    assert 11 == govern(*command, stdin=b'{"ticket_id":"T-\xff"}').exit_code
    assert 11 == govern(*command, stdin=b"").exit_code


@pytest.mark.parametrize(
    "arguments",
    [["nonsense"], ["decide"], ["decide", "--policy", CHARTER, "--tool", "x"], ["lint", "--formt", "json", CHARTER],
     ["shadow-report", LOG], ["shadow-report", LOG, "--charter", CHARTER, "--format", "yaml"],
     ["shadow-report", LOG, "--charter", CHARTER, "--log-format", "nonsense"], ["explain", "unknwon-key"],
     ["decide", "--policy", CHARTER, "--tool", "x", "--args", "{}", "--agent", "another"]],
)  # fmt: skip
def test_a_wrong_command_line_is_2(arguments: list[str | Path]) -> None:
    ran = govern(*arguments)
    assert 2 == ran.exit_code
    assert ran.out or ran.err
    assert "Traceback" not in ran.err


# --- hostile text -------------------------------------------------------------------------------------------

HOSTILE = {
    "escape": "\x1b[2J\x1b]0;owned\x07\x1b[31mred",
    "c1": "\x9b31mred",
    "bidi": "\u202egpj.exe\u202c\u2066x\u2069",
    "invisible": "a\u200bb\u2060c\ufeffd\u00add",
    "lines": "ok\r\nallow: everything\x0bx\u2028y\u2029z",
    "nul": "a\x00b",
    "html": "<script>alert(1)</script>&amp;",
    "markup": "[bold red]x[/] [link=file:///etc/passwd]y[/link] :smile:",
}
SURROGATE = "\ud83d"
DANGEROUS = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")
each_hostile = pytest.mark.parametrize("name", HOSTILE)


def hostile_log(text: str, folder: Path) -> Path:
    """Calls whose every free text is hostile, of an agent with a charter and of another."""
    common = {"trace_id": f"t{text}", "session_id": text, "ts": "2026-11-16T08:17:00Z"}
    rows: list[dict[str, Any]] = []
    for agent in ("support-desk", f"x{text}"):
        for tool, args in ((f"send{text}", {text: text}), ("get_ticket", {"ticket_id": text, text: [text]})):
            span = f"s{len(rows)}"
            call = {"agent": agent, "tool": tool, "call_id": text, "span_id": span}
            rows.append({**common, **call, "event_id": f"e{len(rows)}", "type": "tool_call", "args": args})
            end = {"status": "error", "error": text, "content": text}
            rows.append({**common, **call, "event_id": f"e{len(rows)}", "type": "tool_result", **end})
    log = folder / "log.jsonl"
    log.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return log


def assert_harmless(ran: Ran) -> None:
    assert "Traceback" not in ran.err
    assert not DANGEROUS.findall(ran.out)
    assert not DANGEROUS.findall(ran.err)


@each_hostile
def test_hostile_text_in_logs_stays_text(name: str, tmp_path: Path) -> None:
    """No command on logs prints a control, bidirectional or invisible character of a log."""
    log = hostile_log(HOSTILE[name], tmp_path)
    store = tmp_path / "store"
    commands: list[list[str | Path]] = [
        ["shadow-report", log, "--charter", CHARTER],
        ["import", log, "-o", store],
        ["traces", "--audit", store],
        ["gaps", "--audit", store],
    ]
    for command in commands:
        ran = govern(*command)
        assert (3 if command[0] == "shadow-report" else 0 if command[0] != "gaps" else 1) == ran.exit_code
        assert ran.out.strip()
        assert_harmless(ran)
        document = govern(*command, "--format", "json")
        assert document.out.isascii()
        assert document.json["schema"].startswith("govern/")
        assert_harmless(document)
    (trace,) = govern("traces", "--audit", store, "--format", "json").json["traces"]
    assert f"t{HOSTILE[name]}" == trace["trace_id"]
    ran = govern("reconstruct", "--audit", store, "--trace-id", trace["trace_id"], "--verbatim")
    assert ran.exit_code in (0, 1)
    assert_harmless(ran)


def test_rows_with_a_lone_surrogate_are_refused_and_named(tmp_path: Path) -> None:
    """No text of the store can hold one: trap 11, each such row is counted, and nothing of it is printed raw."""
    log = hostile_log(SURROGATE, tmp_path)
    for form in ("text", "json"):
        ran = shadow(log, "--format", form)
        assert 3 == ran.exit_code
        assert_harmless(ran)
    assert (8, 8) == (ran.json["totals"]["rows"], ran.json["totals"]["refused"])


@each_hostile
def test_hostile_text_in_a_call_stays_text(name: str) -> None:
    text = HOSTILE[name]
    for tool, args in ((text, "{}"), ("get_ticket", text), ("get_ticket", json.dumps({text: text, "ticket_id": text}))):
        ran = govern("decide", "--policy", CHARTER, "--tool", tool, "--args", args)
        assert (0, "deny") == (ran.exit_code, ran.out.split(":")[0])
        assert_harmless(ran)
        assert (
            "deny"
            == govern("decide", "--policy", CHARTER, "--tool", tool, "--args", args, "--format", "json").json["effect"]
        )


@pytest.mark.parametrize("name", [name for name in HOSTILE if name != "nul"])
def test_hostile_text_in_charters_and_names_stays_text(name: str, tmp_path: Path) -> None:
    text = HOSTILE[name]
    charter = tmp_path / "charter.yaml"
    quoted = json.dumps(f"revers{text}")
    charter.write_text(CHARTER.read_text("utf-8").replace("tier: reversible", f"tier: {quoted}"), "utf-8")
    for command in (["lint", charter], ["decide", "--policy", charter, "--tool", "x", "--args", "{}"]):
        ran = govern(*command)
        assert ran.exit_code in (1, 3)
        assert_harmless(ran)
    missing = tmp_path / text.replace("/", "_")
    for command in (["lint", missing], ["shadow-report", missing, "--charter", CHARTER], ["explain", text]):
        ran = govern(*command)
        assert ran.exit_code in (2, 3)
        assert_harmless(ran)


# --- the terminal -------------------------------------------------------------------------------------------


def environment(**more: str) -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "FORCE_COLOR")} | more


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_reader_that_goes_away_gives_no_traceback(form: str, tmp_path: Path) -> None:
    """`govern … | head -1`: the pipe is closed while much is left to print."""
    unmapped = tmp_path / "many.jsonl"
    row = {"trace_id": "t", "agent": "support-desk", "type": "tool_call", "args": {}}
    rows = [{**row, "event_id": f"e{n}", "tool": f"tool_{n}_{'x' * 60}"} for n in range(3000)]
    unmapped.write_text("".join(json.dumps(row) + "\n" for row in rows))
    command = [sys.executable, "-m", "govern.cli.app", "shadow-report", str(unmapped), "--charter", str(CHARTER)]
    with subprocess.Popen(
        [*command, "--format", form], stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT, env=environment()
    ) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        assert running.stdout.readline().strip()
        running.stdout.close()
        said = running.stderr.read().decode()
        code = running.wait(timeout=60)
    assert "" == said
    # The text fits into the pipe's own buffer, so it may be all written when the reader leaves.
    assert code in ((4,) if form == "json" else (1, 4))


@pytest.mark.parametrize("more", [{"NO_COLOR": "1"}, {}, {"TERM": "dumb"}], ids=["no-color", "piped", "dumb"])
def test_no_colour_where_none_is_wanted(more: dict[str, str], tmp_path: Path) -> None:
    path, _ = mistyped("tier", tmp_path)
    for arguments in (["lint", str(path)], ["shadow-report", str(LOG), "--charter", str(CHARTER)]):
        done = subprocess.run(
            [sys.executable, "-m", "govern.cli.app", *arguments],
            capture_output=True, env=environment(**more), cwd=ROOT, timeout=60,
        )  # fmt: skip
        assert 1 == done.returncode
        assert done.stdout.strip()
        assert b"\x1b" not in done.stdout + done.stderr


def test_a_terminal_that_knows_only_ascii_gives_no_traceback(tmp_path: Path) -> None:
    for arguments in (
        ["shadow-report", str(LOG), "--charter", str(CHARTER)],
        ["lint", str(mistyped("tier", tmp_path)[0])],
    ):
        done = subprocess.run(
            [sys.executable, "-m", "govern.cli.app", *arguments], capture_output=True, cwd=ROOT, timeout=60,
            env=environment(PYTHONIOENCODING="ascii", PYTHONUTF8="0", LC_ALL="C"),
        )  # fmt: skip
        assert (1, b"") == (done.returncode, done.stderr)
        assert done.stdout.strip()
