"""`--fix` and `--diff`: what is written, what never is, what is said of it."""

from __future__ import annotations

import os
import stat
import subprocess
from pathlib import Path

import pytest

from govern.errors import EnvironmentFailed
from govern.findings import Edit, Finding, Fix, Location, Severity
from govern.lint.mend import State, apart, edited, mend
from govern.lint.write import write

from .running import Govern, report, team

GUARD = team("""tools:   # two of them
  pay:
    tier: reversible
    approval: {ask: lead}
    input: {type: object, properties: {n: {type: number}}}
    rules:
      - {id: a, when: "has(args.n) && args.n > 5", then: deny}   # why
""")
MENDED = GUARD.replace("has(args.n) && ", "")
UNQUOTED = team("""rules:
  - {id: a, tools: [send], when: !has(args.n), then: deny}
tools: {send: {teir: reversible, input: {type: object, properties: {n: {}}}, approval: {ask: lead}}}
""")


@pytest.fixture
def pay(tmp_path: Path, govern: Govern) -> Path:
    file = tmp_path / "pay.yaml"
    file.write_text(GUARD, "utf-8")
    return file


def test_fix(govern: Govern, pay: Path) -> None:
    """The span is edited, comments and layout stay; what was fixed and what remains is told; then all is well."""
    ran = govern("lint", "pay.yaml", "--fix")
    assert "fixed pay.yaml: 1 guard-loosens\n\nno findings, 1 fixed in 1 charter.\n" == ran.out
    assert (0, "") == (ran.code, ran.err)
    assert MENDED == pay.read_text("utf-8")
    assert "no findings in 1 charter.\n" == govern("lint", "pay.yaml", "--fix").out


def test_without_the_option_nothing_is_written(govern: Govern, pay: Path) -> None:
    ran = govern("lint", "pay.yaml")
    assert "1 can be fixed with --fix; --diff shows how." in ran.out
    assert (1, GUARD) == (ran.code, pay.read_text("utf-8"))


def test_diff(govern: Govern, pay: Path, tmp_path: Path) -> None:
    """The diff alone on standard output, which git applies; the exit code is that of what was found."""
    ran = govern("lint", "pay.yaml", "--diff")
    assert (1, GUARD) == (ran.code, pay.read_text("utf-8"))
    assert ran.out.startswith("--- a/pay.yaml\n+++ b/pay.yaml\n@@ ")
    assert "1 finding would be fixed in 1 charter." in ran.err
    subprocess.run(["git", "apply", "-"], cwd=tmp_path, input=ran.out.encode(), check=True)
    assert MENDED == pay.read_text("utf-8")


def test_diff_of_nothing(govern: Govern) -> None:
    ran = govern("lint", "clean.yaml", "--diff")
    assert (0, "") == (ran.code, ran.out)
    assert "nothing to fix." in ran.err


def test_unsafe_fixes_are_asked_for(govern: Govern, tmp_path: Path) -> None:
    """A guess at what was meant is applied only on request; a safe fix beside it always."""
    file = tmp_path / "a.yaml"
    file.write_text(UNQUOTED, "utf-8")
    ran = govern("lint", "a.yaml", "--fix")
    assert 1 == ran.code
    assert UNQUOTED.replace("!has(args.n)", '"!has(args.n)"') == file.read_text("utf-8")
    assert 0 == govern("lint", "a.yaml", "--fix", "--unsafe-fixes").code
    assert "tier: reversible" in file.read_text("utf-8")


def test_json_tells_what_was_fixed(govern: Govern, pay: Path) -> None:
    document = report(govern("lint", "pay.yaml", "--fix", "--format", "json"))
    assert ["guard-loosens"] == [finding["rule"] for finding in document["fixed"]]
    assert [] == document["findings"]


@pytest.mark.parametrize("comment", ["# govern: ignore[guard-loosens] it is meant so", None])
def test_what_is_accepted_is_not_mended(govern: Govern, pay: Path, comment: str | None) -> None:
    """A suppressed or known finding is left as it is, and so is one that is not shown."""
    if comment:
        pay.write_text(GUARD.replace("# why", comment), "utf-8")
    else:
        assert 0 == govern("lint", "pay.yaml", "--write-baseline", "known.json").code
        (pay.parent / "govern.toml").write_text('[lint]\nbaseline = "known.json"\n', "utf-8")
    before = pay.read_bytes()
    assert 0 == govern("lint", "pay.yaml", "--fix").code
    assert before == pay.read_bytes()
    pay.write_text(GUARD, "utf-8")
    (pay.parent / "govern.toml").unlink(missing_ok=True)
    assert 1 == govern("lint", "pay.yaml", "--fix", "--min-severity", "error").code
    assert GUARD == pay.read_text("utf-8")


@pytest.mark.parametrize("change", [lambda text: "\ufeff" + text, lambda text: text.replace("\n", "\r\n"), str.rstrip])
def test_bytes_stay(govern: Govern, pay: Path, change: object) -> None:
    """A byte order mark, the kind of line break, a missing last line break: nothing else is changed."""
    assert callable(change)
    pay.write_bytes(change(GUARD).encode())
    assert 0 == govern("lint", "pay.yaml", "--fix").code
    assert change(MENDED).encode() == pay.read_bytes()


def test_diff_without_a_last_line_break(govern: Govern, pay: Path, tmp_path: Path) -> None:
    pay.write_text(GUARD.rstrip("\n"), "utf-8")
    ran = govern("lint", "pay.yaml", "--diff")
    subprocess.run(["git", "apply", "-"], cwd=tmp_path, input=ran.out.encode(), check=True)
    assert MENDED.rstrip("\n") == pay.read_text("utf-8")


def test_mode_and_links_stay(govern: Govern, pay: Path, tmp_path: Path) -> None:
    """The file keeps its mode; where a link is given, what it points to is written and the link stays one."""
    pay.chmod(0o640)
    (tmp_path / "link.yaml").symlink_to(pay)
    assert 0 == govern("lint", "link.yaml", "--fix").code
    assert MENDED == pay.read_text("utf-8")
    assert 0o640 == stat.S_IMODE(pay.stat().st_mode)
    assert (tmp_path / "link.yaml").is_symlink()
    assert {"pay.yaml"} == {path.name for path in tmp_path.iterdir() if "pay" in path.name}


def test_only_files_are_replaced(tmp_path: Path) -> None:
    """A pipe stays a pipe, and a file that somebody changed meanwhile is left to them."""
    pipe, file = tmp_path / "pipe", tmp_path / "file"
    os.mkfifo(pipe)
    file.write_bytes(b"theirs")
    for path, says in ((pipe, "it is no file"), (file, "changed meanwhile"), (tmp_path / "none" / "x", "no such")):
        with pytest.raises(EnvironmentFailed, match=says):
            write(str(path), b"mine", old=b"old" if path == file else None)
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    assert b"theirs" == file.read_bytes()
    assert {"pipe", "file"} == {path.name for path in tmp_path.iterdir()}


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_no_permission(govern: Govern, pay: Path, tmp_path: Path) -> None:
    """A folder that cannot be written is the environment's failure; the file stays as it was."""
    tmp_path.chmod(0o500)
    try:
        assert 4 == govern("lint", "pay.yaml", "--fix").code
    finally:
        tmp_path.chmod(0o700)
    assert GUARD == pay.read_text("utf-8")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["-", "--fix"], "standard input"),
        (["pay.yaml", "--fix", "--diff"], "--fix writes"),
        (["pay.yaml", "--unsafe-fixes"], "needs --fix or --diff"),
        (["pay.yaml", "--diff", "--format", "json"], "--diff is text"),
    ],
)
def test_what_does_not_go_together(govern: Govern, pay: Path, arguments: list[str], says: str) -> None:
    ran = govern("lint", *arguments, stdin=GUARD)
    assert (2, "", GUARD) == (ran.code, ran.out, pay.read_text("utf-8"))
    assert says in ran.err


def test_diff_of_standard_input(govern: Govern) -> None:
    ran = govern("lint", "-", "--diff", stdin=GUARD)
    assert "+++ b/charter.yaml" in ran.out


def test_text_that_is_not_what_one_sees_is_not_edited(govern: Govern, tmp_path: Path) -> None:
    """Where a file has a direction-changing character, nothing is written and nothing of it is printed raw."""
    file = tmp_path / "a.yaml"
    file.write_text(UNQUOTED + "# \u202e\n", "utf-8")
    ran = govern("lint", "a.yaml", "--diff")
    assert (1, "") == (ran.code, ran.out)
    assert "\u202e" not in ran.err
    assert 1 == govern("lint", "a.yaml", "--fix").code
    assert UNQUOTED + "# \u202e\n" == file.read_text("utf-8")


def finding(*edits: tuple[int, int, str], rule: str = "a", safe: bool = True) -> Finding:
    fix = Fix("mend", tuple(Edit(*edit) for edit in edits), safe)
    return Finding(rule, Severity.WARNING, "m", Location("f", 1, 1, 1, 1), fix=fix)


def test_overlapping_fixes_wait_for_the_next_round() -> None:
    """Of fixes that touch the same text the first is applied; equal ones count as one edit."""
    one, other, same, far = finding((0, 2, "x")), finding((1, 3, "y")), finding((0, 2, "x")), finding((4, 5, ""))
    assert [one, same, far] == apart([one, other, same, far], 6)
    assert "xcdf" == edited("abcdef", (each.fix for each in (one, same, far) if each.fix))
    assert [] == apart([finding((3, 9, ""))], 6)


def test_a_fix_that_breaks_the_charter_is_left_out() -> None:
    """A text that loads is never made one that does not; the other fixes are applied."""
    good, bad = finding((0, 1, "A")), finding((2, 3, "!"), rule="b")

    def judge(text: str) -> State:
        return State(
            text, "!" not in text, tuple(each for each in (good, bad) if text[each.fix.edits[0].start] in "ac")
        )  # type: ignore[union-attr]

    mended = mend(judge("abc"), judge)
    assert mended is not None
    assert ("Abc", (good,)) == (mended.after, mended.fixed)


def test_fixes_that_undo_each_other_end() -> None:
    """Rounds come to an end, whatever rules want."""

    def judge(text: str) -> State:
        return State(text, True, (finding((0, 1, "b" if text == "a" else "a")),))

    mended = mend(judge("a"), judge)
    assert mended is None or mended.after in "ab"
