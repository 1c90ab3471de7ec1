"""`govern reconstruct` over a store that was written live: every format, files, --verify, --reveal, exit codes."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from govern.audit import store_log
from govern.audit.audit_log import AuditLog
from govern.audit.masking import Sensitive
from govern.audit.sealing import seal
from govern.signing.key_files import read_private, write_new

from .test_command import GOOD, run, valid, written

FORMATS = ("text", "json", "html", "md", "timesketch", "ocsf", "otlp")
TRACE = "5f1c9a77aaaa"
KEY = b"k" * 32


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A store with one allowed call, whose address is sensitive; its key, and a checkpoint that was kept."""
    folder = tmp_path_factory.mktemp("live")
    key, _, public = write_new(str(folder / "log"))
    audit = folder / "audit"
    store_log.init(audit, key)
    args = {"to": "ada@example.org", "amount": 5}
    own: dict[str, Any] = {"trace_id": TRACE, "span_id": "s1", "tool": "pay", "agent": "desk", "session_id": "s"}
    places = {"pay": Sensitive(sensitive=("args.to",))}
    with AuditLog(audit, "desk", key, sensitive=places, commit_key=KEY) as log:
        said = {"trace_id": TRACE, "agent": "desk", "session_id": "s", "fidelity": "verbatim"}
        log.append("session_start", trace_id=TRACE, agent="desk", session_id="s")
        log.append("prompt", content="pay the bill", actor_kind="human", actor="clerk-1", **said)
        log.append("response", content="Paying it.", **said)
        log.append("tool_call", **own, args=args, call_id="c1", actor_kind="agent")
        bound = {**own, "args": args}  # not their digest: of sensitive values none is kept
        log.append(
            "policy_check", **bound, verdict="allow", reasons=["autonomous"], policy_digest="sha256:" + "ab" * 32
        )
        log.append("tool_start", **bound)
        log.append("tool_result", **own, status="ok", content="sent to ada@example.org")
        log.append("session_end", trace_id=TRACE, agent="desk", session_id="s", status="ok")
    seal(audit, read_private(str(folder / "log.key")), everything=True)
    anchor = folder / "checkpoint.txt"
    anchor.write_text(store_log.read(audit).checkpoint)
    return {"audit": str(audit), "public": str(public), "anchor": str(anchor)}


@pytest.mark.parametrize("format", FORMATS)
def test_every_format_to_a_file_and_to_standard_output(format: str, tmp_path: Path) -> None:
    """The file has what standard output would have; where it went is said on standard error."""
    folder = written(tmp_path / "store", GOOD)
    shown = run("reconstruct", "4f1c9a", "--audit", folder, "--format", format)
    target = tmp_path / "out" if format != "text" else tmp_path / "out.txt"
    done = run("reconstruct", "4f1c9a", "--audit", folder, "--format", format, "-o", str(target))
    assert (shown.returncode, "") == (done.returncode, done.stdout), done.stderr
    assert f"written to {target}" in done.stderr
    assert shown.stdout == target.read_text("utf-8")
    assert shown.stdout
    if format == "json":
        valid("reconstruct", shown.stdout)
    refused = run("reconstruct", "4f1c9a", "--audit", folder, "--format", format, "-o", str(tmp_path / "no" / "such"))
    assert 4 == refused.returncode
    assert "cannot be written" in refused.stderr


@pytest.mark.parametrize("format", ["timesketch", "ocsf", "otlp"])
def test_what_cannot_be_exported_is_counted(format: str, tmp_path: Path) -> None:
    """Without times there is nothing for a timeline: exit 3, and standard error says how much and why."""
    folder = written(tmp_path, [{**row, "at": None} for row in GOOD])
    done = run("reconstruct", "4f1c9a", "--audit", folder, "--format", format)
    assert (3, "") == (done.returncode, done.stdout)
    assert "events left out" in done.stderr
    assert "time" in done.stderr


def test_verify_says_and_decides(live: dict[str, str]) -> None:
    """Anchored is exit 0, not anchored 3 unless allowed, and both are said in the head."""
    asked = ("reconstruct", TRACE, "--audit", live["audit"])
    plain = run(*asked)
    assert 0 == plain.returncode, plain.stdout + plain.stderr
    assert "record not verified here" in plain.stdout
    bare = run(*asked, "--verify", "--key", live["public"])
    assert 3 == bare.returncode, bare.stderr
    assert "not anchored" in bare.stdout
    assert 0 == run(*asked, "--verify", "--allow-unanchored").returncode
    anchored = run(*asked, "--verify", "--key", live["public"], "--since", live["anchor"])
    assert 0 == anchored.returncode, anchored.stdout + anchored.stderr
    assert "record verified and anchored" in anchored.stdout
    assert 2 == run(*asked, "--since", live["anchor"]).returncode


def test_tampering_is_exit_1(live: dict[str, str], tmp_path: Path) -> None:
    """A store from which a file was taken is called what it is, whatever the chain says."""
    copy = tmp_path / "audit"
    shutil.copytree(live["audit"], copy)
    for side in copy.glob("values/*/*.jsonl"):
        side.unlink()
    done = run("reconstruct", TRACE, "--audit", str(copy), "--verify", "--since", live["anchor"])
    assert "FAILED verification" in done.stdout, done.stdout + done.stderr
    assert 1 == done.returncode


def test_sensitive_values_are_shown_on_demand_only(live: dict[str, str]) -> None:
    """By itself no format has the value; with --reveal text, page and JSON do; exports never do."""
    for format in FORMATS:
        assert "ada@example.org" not in run("reconstruct", TRACE, "--audit", live["audit"], "--format", format).stdout
    for format in ("text", "html", "json", "md"):
        done = run("reconstruct", TRACE, "--audit", live["audit"], "--format", format, "--reveal")
        assert "ada@example.org" in done.stdout.replace("&#46;", ".").replace("&#8203;", ""), format
    refused = run("reconstruct", TRACE, "--audit", live["audit"], "--format", "ocsf", "--reveal")
    assert (2, "") == (refused.returncode, refused.stdout)
    document = json.loads(run("reconstruct", TRACE, "--audit", live["audit"], "--format", "json", "--reveal").stdout)
    assert ["ada@example.org"] == list(document["opened"].values())


@pytest.mark.parametrize(
    "options",
    [
        ("--redecide",),
        ("--charter", "c.yaml"),
        ("--redecide", "--charter", "c.yaml", "--compare", "4f1c9b"),
        ("--compare", "4f1c9b", "--charter", "c.yaml"),
        ("--compare", "4f1c9b", "--format", "html"),
        ("--redecide", "--charter", "c.yaml", "-o", "out"),
        ("--redecide", "--charter", "c.yaml", "--reveal"),
        ("--key", "k.pub"),
        ("--allow-unanchored",),
        ("--bundles", "dir"),
    ],
)
def test_options_that_do_not_go_together(options: tuple[str, ...], tmp_path: Path) -> None:
    """What would be ignored is refused before anything is read."""
    done = run("reconstruct", "4f1c9a", "--audit", str(tmp_path / "absent"), *options)
    assert (2, "") == (done.returncode, done.stdout), done.stderr


def test_compare_and_redecide_reach_their_reports(tmp_path: Path) -> None:
    """Two traces are compared, and a chain is decided again, by the one command."""
    folder = written(tmp_path, GOOD)
    written(tmp_path, [*GOOD[:-1], {**GOOD[-1], "content": "another"}], "7777aa-other")
    compared = run("reconstruct", "4f1c9a", "--audit", folder, "--compare", "7777aa")
    assert 1 == compared.returncode, compared.stderr
    assert "0 alike, 1 differ" in compared.stdout
    none = run("reconstruct", "4f1c9a", "--audit", folder, "--redecide", "--charter", str(tmp_path / "none.yaml"))
    assert 3 == none.returncode
    assert "none.yaml" in none.stderr
