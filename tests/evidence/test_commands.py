"""`govern audit export` and `govern audit reconcile` as people run them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import typer
from tests.evidence.stores import KEY, NOW, SECOND, TRACE, action, kept, store
from tests.evidence.test_reconcile import calls, server_log
from typer.testing import CliRunner, Result

from govern.audit.audit_log import AuditLog
from govern.cli.audit_export import export
from govern.cli.audit_reconcile import reconcile
from govern.errors import GovernError
from govern.evidence.verify_evidence import Case, unpacked
from govern.signing.key_files import pem

SCHEMAS = Path(__file__).parents[2] / "schemas"
PKCS8 = bytes.fromhex("302e020100300506032b657004220420")
APP = typer.Typer(rich_markup_mode=None)
APP.command("export")(export)
APP.command("reconcile")(reconcile)


def run(*arguments: str | Path) -> tuple[int, str]:
    """The exit code that the entry point gives, and what was printed or is the error."""
    done: Result = CliRunner().invoke(APP, [str(each) for each in arguments])
    if isinstance(done.exception, GovernError):
        return int(done.exception.exit_code), str(done.exception)
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.output


def fits(document: Any, schema: str) -> None:
    jsonschema.validate(document, json.loads((SCHEMAS / schema).read_text()))


@pytest.fixture
def audit(tmp_path: Path) -> Path:
    (tmp_path / "log.key").write_text(pem("PRIVATE KEY", PKCS8 + KEY.seed))
    return store(tmp_path / "audit")


def test_a_case_with_chains_and_pages(audit: Path, tmp_path: Path) -> None:
    """Each trace has its chain and its page; the package verifies; the documents are as their schema says."""
    (tmp_path / "kept.txt").write_text(kept(audit))
    case = tmp_path / "case.zip"
    code, said = run(
        "export", "--audit", audit, "--trace-id", TRACE, "--trace-id", "trace-0002", "-o", case, "--by", "the auditor",
        "--sign", tmp_path / "log.key", "--since", tmp_path / "kept.txt", "--format", "json",
    )  # fmt: skip
    assert 0 == code, said
    fits(json.loads(said), "evidence.v1.json")
    files = unpacked(case.read_bytes())
    assert {"chain-1.json", "chain-2.json", "report-1.html", "report-2.html", "gaps.json"} <= set(files)
    for name in ("manifest.json", "proofs.json", "custody.jsonl"):
        fits(json.loads(files[name]), "evidence.v1.json")
    fits(json.loads(files["chain-1.json"]), "reconstruct.v1.json")
    fits(json.loads(files["gaps.json"]), "gaps.v1.json")
    custody = json.loads(files["custody.jsonl"])
    assert ("the auditor", "export") == (custody["by"], custody["action"])
    assert (0, "VERIFIED") == Case(case.read_bytes(), [KEY.public.raw], [kept(audit)]).verdict()


def test_nothing_withheld_stands_in_any_page(audit: Path, tmp_path: Path) -> None:
    """Not in the chain, not in the page, not in a gap."""
    case = tmp_path / "case.zip"
    code, said = run("export", "--audit", audit, "--trace-id", TRACE, "-o", case, "--withhold-content")
    assert 0 == code, said
    raw = case.read_bytes()
    assert b"money back" not in raw
    assert b"report-1.html" in raw
    assert "not signed" in said


def test_a_package_is_never_overwritten(audit: Path, tmp_path: Path) -> None:
    """A file that is there stays as it is, and nothing is left beside it."""
    case = tmp_path / "case.zip"
    case.write_text("mine")
    code, said = run("export", "--audit", audit, "--trace-id", TRACE, "-o", case)
    assert (2, "mine") == (code, case.read_text())
    assert "evidence is never overwritten" in said
    assert 4 == run("export", "--audit", audit, "--trace-id", TRACE, "-o", tmp_path / "no" / "case.zip")[0]
    assert not list(tmp_path.glob(".*tmp"))


def test_what_is_missing_on_the_command_line(audit: Path, tmp_path: Path) -> None:
    """No trace, no store, a trace that is not there, a checkpoint that is none, a beginning of several traces."""
    case = tmp_path / "case.zip"
    assert 2 == run("export", "--audit", audit, "-o", case)[0]
    assert 2 == run("export", "--trace-id", TRACE, "-o", case)[0]
    assert 3 == run("export", "--audit", audit, "--trace-id", "nothing-like-it", "-o", case)[0]
    assert 2 == run("export", "--audit", audit, "--trace-id", "trace-", "-o", case)[0]
    assert 2 == run("export", "--audit", audit, "--trace-id", TRACE, "-o", case, "--withhold", "promt")[0]
    key = tmp_path / "log.key"
    assert 3 == run("export", "--audit", audit, "--trace-id", TRACE, "-o", case, "--since", key)[0]
    assert not case.exists()


def test_reconcile_and_its_exit_codes(audit: Path, tmp_path: Path) -> None:
    """0 the same, 1 something differs, 3 not all judged, 2 the command line."""
    with AuditLog(audit, "desk", KEY) as log:
        action(log, "trace-0003", 3)
        log.append("session_end", trace_id="trace-0003", ts_ns=NOW + 60 * SECOND)
    same = server_log(tmp_path / "same.jsonl", calls(0, 1, 2, 3))
    more = server_log(tmp_path / "more.jsonl", [*calls(0, 1, 2, 3), (40, "refund", {"order_id": "\x1b[31m"}, False)])
    late = server_log(tmp_path / "late.jsonl", [*calls(0, 1, 2, 3), (400, "refund", {"order_id": "x"}, False)])
    code, said = run("reconcile", "--audit", audit, "--with", same)
    assert (0, "✓ 4 executions compared, all of them in both") == (code, said.splitlines()[0])
    code, said = run("reconcile", "--audit", audit, "--with", more)
    assert (1, "✗ 1 difference in 5 executions compared") == (code, said.splitlines()[0])
    assert "\x1b" not in said
    code, said = run("reconcile", "--audit", audit, "--with", late)
    assert (3, True) == (code, "NOT JUDGED: 1 execution" in said)
    assert 0 == run("reconcile", "--audit", audit, "--with", late, "--to", "2026-09-21T14:15:00Z")[0]
    assert 1 == run("reconcile", "--audit", audit, "--with", late, "--from", "2026-09-21T14:00:00Z")[0]
    assert 3 == run("reconcile", "--audit", audit, "--with", tmp_path / "none.jsonl")[0]
    assert 2 == run("reconcile", "--audit", audit, "--with", same, "--window", "soon")[0]
    assert 2 == run("reconcile", "--audit", audit, "--with", same, "--same-tool", "x")[0]
    assert 2 == run("reconcile", "--audit", audit)[0]
    code, said = run("reconcile", "--audit", audit, "--with", more, "--format", "json")
    fits(json.loads(said), "audit-reconcile.v1.json")
    assert (1, 5, 0) == (code, json.loads(said)["judged"], json.loads(said)["not_judged"])
    more.write_text(more.read_text() + "no json\n")
    code, said = run("reconcile", "--audit", audit, "--with", more, "--format", "json")
    assert (3, 1) == (code, json.loads(said)["second"]["refused"])
    assert 1 == run("reconcile", "--audit", audit, "--with", more, "--allow-bad", "1")[0]
