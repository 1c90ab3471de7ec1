"""The hook as Claude Code runs it: a process with an event on standard input, of which only exit code 2 blocks."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.cli.running import govern
from tests.compile.backends.test_claude_code import GATED, PLAIN, event

# As the installed script does it, in whatever environment runs the tests.
PROGRAM = "from govern.cli import app; app.COMMANDS.setdefault('hook', ('hook', 'hook')); app.program()"


@dataclass(frozen=True)
class Project:
    """A folder with an export, and a `govern` on the path."""

    root: Path

    @property
    def claude(self) -> Path:
        return self.root / ".claude"

    def command(self) -> str:
        settings = json.loads((self.claude / "settings.json").read_text())
        entry = settings["hooks"]["PreToolUse"][0]
        assert "*" == entry["matcher"]
        return str(entry["hooks"][0]["command"])

    def run(self, raw: bytes, *, command: str = "", path: str = "") -> subprocess.CompletedProcess[bytes]:
        """Runs the command of the settings with a shell, as Claude Code does."""
        env = {**os.environ, "CLAUDE_PROJECT_DIR": str(self.root), "PATH": path or f"{self.root / 'bin'}:/usr/bin:/bin"}
        return subprocess.run(
            ["/bin/sh", "-c", command or self.command()],
            input=raw,
            capture_output=True,
            env=env,
            cwd=self.root,
            timeout=60,
        )


def project(root: Path, text: str) -> Project:
    made = Project(root)
    (root / "bin").mkdir()
    script = root / "bin" / "govern"
    script.write_text(f'#!/bin/sh\nexec "{sys.executable}" -c "{PROGRAM}" "$@"\n')
    script.chmod(0o755)
    (root / "charter.yaml").write_text(text)
    done = govern("compile", root / "charter.yaml", "--target", "claude-code", "--tighter", "-o", made.claude)
    assert 0 == done.exit_code, done.err
    return made


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return project(tmp_path_factory.mktemp("with a blank"), PLAIN)


def decision(done: subprocess.CompletedProcess[bytes]) -> str:
    assert 0 == done.returncode, done.stderr
    assert b"" == done.stderr
    return str(json.loads(done.stdout)["hookSpecificOutput"]["permissionDecision"])


def blocked(done: subprocess.CompletedProcess[bytes]) -> str:
    assert 2 == done.returncode, (done.returncode, done.stdout, done.stderr)
    assert b"" == done.stdout
    return done.stderr.decode()


def test_calls_are_decided_by_the_command_of_the_settings(plain: Project) -> None:
    assert "allow" == decision(plain.run(event("Bash", {"command": "git status"})))
    assert "deny" == decision(plain.run(event("Bash", {"command": "git status; rm -rf /"})))
    assert "deny" == decision(plain.run(event("Bash", {"command": 7})))
    assert "allow" == decision(plain.run(event("mcp__github__get_issue", {"issue": 1})))
    assert "deny" == decision(plain.run(event("Write", {"file_path": "/srv/x", "content": ""})))


@pytest.mark.parametrize("raw", [b"", b"no JSON", b"\x00\xff", b'{"tool_name": "Bash"}', b"[" * 100_000])
def test_garbage_is_denied(plain: Project, raw: bytes) -> None:
    assert "deny" == decision(plain.run(raw))


def test_an_event_larger_than_what_is_read_is_denied(plain: Project) -> None:
    assert "deny" == decision(plain.run(event("mcp__github__get_issue", {"x": "x" * 17_000_000})))


def test_a_bundle_that_is_not_there_or_was_changed_blocks(plain: Project, tmp_path: Path) -> None:
    call = event("mcp__github__get_issue", {})
    original = plain.claude / "policy.bundle"
    for name, raw in (
        ("missing", None),
        ("empty", b""),
        ("cut", original.read_bytes()[:-100]),
        ("changed", original.read_bytes().replace(b"Nothing but git", b"Nothing but cat")),
        ("folder", None),
    ):
        place = tmp_path / f"{name}.bundle"
        if raw is not None:
            place.write_bytes(raw)
        if name == "folder":
            place.mkdir()
        command = plain.command().replace('"$CLAUDE_PROJECT_DIR"/.claude/policy.bundle', f"'{place}'")
        assert command != plain.command()
        assert "the call is blocked" in blocked(plain.run(call, command=command)), name


def test_a_bundle_of_another_policy_blocks(plain: Project, tmp_path: Path) -> None:
    other = project(tmp_path, GATED)
    command = plain.command().replace('"$CLAUDE_PROJECT_DIR"', f'"{other.root}"')
    assert "not the one that the settings name" in blocked(plain.run(event("Read", {}), command=command))


def test_an_expired_bundle_blocks(plain: Project, tmp_path: Path) -> None:
    place = tmp_path / "old.bundle"
    past = ("--valid-from", "2020-01-01T00:00:00Z", "--valid-until", "2020-01-02T00:00:00Z")
    assert 0 == govern("compile", plain.root / "charter.yaml", "-o", place, *past).exit_code
    command = f"govern hook claude-code --policy '{place}'"
    assert "expired" in blocked(plain.run(event("Read", {"file_path": "/srv/x"}), command=command))


@pytest.mark.parametrize(
    "command",
    [
        "govern hook claude-code",
        "govern hook claude-code --polcy x",
        "govern hook claude-code --policy policy.bundle --zone Nowhere/Land",
        "govern hook other --policy policy.bundle",
        "govern hook claude-code --policy .claude/policy.bundle >/dev/full",
        "govern hook claude-code --policy .claude/policy.bundle >&-",
    ],
)
def test_a_wrong_command_blocks(plain: Project, command: str) -> None:
    done = plain.run(event("mcp__github__get_issue", {}), command=command)
    assert 2 == done.returncode, (done.returncode, done.stdout, done.stderr)
    assert b"allow" not in done.stdout


def test_without_govern_the_call_is_blocked(plain: Project) -> None:
    """A command that is not found has exit code 127, which Claude Code does not count."""
    assert 2 == plain.run(event("mcp__github__get_issue", {}), path="/usr/bin:/bin").returncode


def test_a_crash_blocks(plain: Project, tmp_path: Path) -> None:
    """A module that cannot be imported, and memory that is not there, are exceptions like any other."""
    for broken in (
        "raise SystemExit(1)",
        "raise MemoryError",
        "raise KeyboardInterrupt",
        "import nothing_of_that_name",
    ):
        program = (
            f"import govern.policy.engine as e, builtins\ndef init(*a, **k):\n    {broken}\ne.Engine.__init__ = init\n"
        )
        place = tmp_path / "broken.py"
        place.write_text(program + PROGRAM.replace("; ", "\n"))
        command = f"'{sys.executable}' '{place}' hook claude-code --policy .claude/policy.bundle"
        assert "the call is blocked" in blocked(plain.run(event("mcp__github__get_issue", {}), command=command))


def test_no_answer_in_time_blocks(plain: Project, tmp_path: Path) -> None:
    """Claude Code would stop waiting some time, and let the call run."""
    place = tmp_path / "slow.py"
    place.write_text(f"import govern.cli.hook as h\nh._LIMIT_S = 1\n{PROGRAM.replace('; ', chr(10))}")
    command = f"'{sys.executable}' '{place}' hook claude-code --policy .claude/policy.bundle"
    env = {**os.environ, "CLAUDE_PROJECT_DIR": str(plain.root)}
    began = time.monotonic()
    with subprocess.Popen(
        ["/bin/sh", "-c", command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env=env, cwd=plain.root,
    ) as process:  # fmt: skip
        assert process.stdin is not None
        assert process.stdout is not None
        code = process.wait(30)  # standard input stays open: nobody ever says that the event is whole
        assert (2, b"") == (code, process.stdout.read())
    assert time.monotonic() - began < 25


def test_the_person_is_asked_only_where_somebody_said_so(tmp_path: Path) -> None:
    made = project(tmp_path, GATED)
    call = event("mcp__mail__own", {"to": "x"})
    assert "deny" == decision(made.run(call))
    asking = made.command().replace(" || exit 2", " --ask-person || exit 2")
    assert "ask" == decision(made.run(call, command=asking))
    assert "deny" == decision(made.run(event("mcp__mail__own", {"to": "x"}, permission_mode="auto"), command=asking))
