"""`govern.toml`: what it may say, where it is found, and reading it from a revision with `--config-from`."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from .running import Govern, report, team

DESK = "roles: [head, desk]"
IGNORED = "roles: [head, desk]  # govern: ignore[role-unused] from March"


@pytest.fixture
def desk(tmp_path: Path, govern: Govern) -> Path:
    """A charter with one warning, `role-unused`."""
    file = tmp_path / "desk.yaml"
    file.write_text(team(DESK), "utf-8")
    return file


def configure(tmp_path: Path, text: str) -> None:
    (tmp_path / "govern.toml").write_text(f"[lint]\n{text}\n", "utf-8")


@pytest.mark.parametrize(
    ("text", "arguments", "code"),
    [
        ("", [], 1),
        ('severity = {role-unused = "note"}', [], 0),
        ('severity.role-unused = "note"', [], 0),
        ('severity = {role-unused = "off"}', [], 0),
        ('severity = {role-unused = "error"}', ["--fail-on", "error"], 1),
        ('fail-on = "error"', [], 0),
        ('fail-on = "error"', ["--fail-on", "warning"], 1),
        ('fail-on = "note"\nseverity = {role-unused = "note"}', [], 1),
        ('min-severity = "error"', [], 1),
        ('min-confidence = "high"', [], 1),
    ],
)
def test_what_it_says(govern: Govern, desk: Path, tmp_path: Path, text: str, arguments: list[str], code: int) -> None:
    """Severities and the fail level come from the file; flags win; hiding excuses nothing."""
    configure(tmp_path, text)
    assert code == govern("lint", "desk.yaml", *arguments).code


def test_what_is_turned_off_is_counted(govern: Govern, desk: Path, tmp_path: Path) -> None:
    configure(tmp_path, 'severity = {role-unused = "off"}')
    assert "no findings, 1 turned off in 1 charter.\n" == govern("lint", "desk.yaml").out
    document = report(govern("lint", "desk.yaml", "--format", "json"))
    assert (1, "govern.toml", None) == (document["off"], document["config"], document["config_from"])


def test_min_severity_and_flags(govern: Govern, desk: Path, tmp_path: Path) -> None:
    """The configuration hides, a flag shows again."""
    configure(tmp_path, 'min-severity = "error"')
    assert "1 not shown (--min-severity)" in govern("lint", "desk.yaml").out
    assert "not shown" not in govern("lint", "desk.yaml", "--min-severity", "note").out


def test_min_confidence(govern: Govern, tmp_path: Path) -> None:
    """Less sure findings are hidden and counted, and fail all the same."""
    text = "rules: [{id: a, tools: [send], only_if: \"args.to.matches('x')\", otherwise: deny}]"
    tools = "tools: {send: {tier: reversible, approval: {ask: lead}, input: {type: object, properties: {to: {}}}}}"
    (tmp_path / "a.yaml").write_text(team(f"{text}\n{tools}"), "utf-8")
    ran = govern("lint", "a.yaml", "--min-confidence", "high")
    assert 1 == ran.code
    assert "unanchored-regex" not in ran.out
    assert "1 not shown (--min-confidence)" in ran.out


def test_found_upwards(govern: Govern, desk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The nearest file above counts, as far as the folder that holds `.git`; its baseline is seen from its folder."""
    assert 0 == govern("lint", "desk.yaml", "--write-baseline", "known.json").code
    configure(tmp_path, 'baseline = "known.json"')
    below = tmp_path / "repository" / "charters"
    below.mkdir(parents=True)
    monkeypatch.chdir(below)
    assert 0 == govern("lint", str(desk)).code
    (tmp_path / "repository" / ".git").mkdir()
    assert 1 == govern("lint", str(desk)).code
    (tmp_path / "repository" / "govern.toml").write_text('[lint]\nfail-on = "error"\n', "utf-8")
    assert 0 == govern("lint", str(desk)).code


def test_named(govern: Govern, desk: Path, tmp_path: Path) -> None:
    """`--config` is read instead of what is found; it must exist."""
    configure(tmp_path, "nonsense = 1")
    (tmp_path / "other.toml").write_text('[lint]\nfail-on = "error"\n', "utf-8")
    assert 0 == govern("lint", "desk.yaml", "--config", "other.toml").code
    ran = govern("lint", "desk.yaml", "--config", "none.toml")
    assert (3, "") == (ran.code, ran.out)
    assert "there is no configuration `none.toml`" in ran.err


@pytest.mark.parametrize(
    ("text", "place", "says"),
    [
        ("fail-on = ", "govern.toml:2:11", "not TOML"),
        ('fail_on = "error"', "govern.toml:2", "did you mean `fail-on`?"),
        ('\n\nfail-on = "eror"', "govern.toml:4", "did you mean `error`?"),
        ('fail-on = "off"', "govern.toml:2", "`off` is no value of `fail-on`"),
        ("fail-on = true", "govern.toml:2", "`true` is no value"),
        ('min-confidence = "sure"', "govern.toml:2", "`sure` is no value"),
        ("severity = 1", "govern.toml:2", "is a table of rules"),
        ('severity = {role-unsed = "off"}', "govern.toml:2", "did you mean `role-unused`?"),
        ('severity = {role-unused = "hint"}', "govern.toml:2", "`hint` is no severity"),
        ('severity.role-unused = "of"', "govern.toml:2", "did you mean `off`?"),
        ('[lint.severity]\n# a\nrole-unused = "of"', "govern.toml:4", "did you mean `off`?"),
        ('[lint.severity]\nunknown-key = "off"', "govern.toml:3", "an error of loading"),
        ('severity = {quote-condition = "note"}', "govern.toml:2", "can be neither lowered nor turned off"),
        ("baseline = 1", "govern.toml:2", "the name of a file"),
        ("[lnt]\nx = 1", "govern.toml:2", "did you mean `lint`?"),
    ],
)
def test_every_slip_is_an_error(govern: Govern, desk: Path, tmp_path: Path, text: str, place: str, says: str) -> None:
    """An unknown key, rule or value is told at its line, and nothing is judged with the rest."""
    configure(tmp_path, text)
    ran = govern("lint", "desk.yaml")
    assert (3, "") == (ran.code, ran.out)
    assert place in ran.err
    assert says in ran.err


def test_all_slips_at_once(govern: Govern, desk: Path, tmp_path: Path) -> None:
    configure(tmp_path, 'fail-on = "eror"\nx = 1\nseverity = {nothing = "off"}')
    err = govern("lint", "desk.yaml").err
    assert all(f"govern.toml:{line}: " in err for line in (2, 3, 4))
    assert "3 errors" in err


def git(folder: Path, *arguments: str) -> None:
    """Runs git with nobody's configuration."""
    environment = {
        "PATH": os.environ["PATH"],
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_AUTHOR_NAME": "a",
        "GIT_AUTHOR_EMAIL": "a@example.com",
        "GIT_COMMITTER_NAME": "a",
        "GIT_COMMITTER_EMAIL": "a@example.com",
    }
    subprocess.run(["git", *arguments], cwd=folder, env=environment, check=True, capture_output=True)


def commit(folder: Path) -> None:
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "x")


@pytest.fixture
def repository(desk: Path, tmp_path: Path) -> Path:
    """A repository whose branch `main` has the charter with its warning."""
    git(tmp_path, "init", "-q", "-b", "main")
    commit(tmp_path)
    return tmp_path


def test_a_change_cannot_excuse_itself(govern: Govern, desk: Path, repository: Path) -> None:
    """A suppression, a configuration or a baseline that the change brings does not count before it is merged."""
    desk.write_text(team(IGNORED), "utf-8")
    assert 0 == govern("lint", "desk.yaml").code
    ran = govern("lint", "desk.yaml", "--config-from", "main")
    assert 1 == ran.code
    assert "warning[role-unused]" in ran.out
    assert "note[suppression-not-in-revision]" in ran.out
    assert "suppressed in" not in ran.out

    desk.write_text(team(DESK), "utf-8")
    configure(repository, 'fail-on = "error"\nseverity = {role-unused = "off"}')
    assert 0 == govern("lint", "desk.yaml").code
    assert 1 == govern("lint", "desk.yaml", "--config-from", "main").code
    assert 1 == govern("lint", "desk.yaml", "--config-from", "HEAD").code
    commit(repository)
    document = report(govern("lint", "desk.yaml", "--config-from", "main", "--format", "json"))
    assert (1, "main") == (document["off"], document["config_from"])
    configure(repository, "nonsense = 1")
    assert 0 == govern("lint", "desk.yaml", "--config-from", "main").code


def test_a_suppression_of_the_revision_counts(govern: Govern, desk: Path, repository: Path) -> None:
    """The same rule and text, in the same file, as often as there; wherever it has moved to."""
    desk.write_text(team(IGNORED), "utf-8")
    commit(repository)
    desk.write_text(team(f"# moved\n\n{IGNORED}"), "utf-8")
    assert 0 == govern("lint", "desk.yaml", "--config-from", "main").code
    for changed in (IGNORED.replace("March", "May"), IGNORED.replace("role-unused", "role-unused, gate-unused")):
        desk.write_text(team(changed), "utf-8")
        assert "warning[role-unused]" in govern("lint", "desk.yaml", "--config-from", "main").out
    comment = "  # govern: ignore[role-unused] from March"
    desk.write_text(team(f"roles:\n  - head\n  - desk{comment}\n  - night{comment}"), "utf-8")
    ran = govern("lint", "desk.yaml", "--config-from", "main")
    assert (1, 1) == (ran.code, ran.out.count("warning[role-unused]"))


def test_a_new_file_has_no_suppressions(govern: Govern, repository: Path) -> None:
    """Copied, renamed or from standard input: only the revision's own version of a file counts."""
    (repository / "other.yaml").write_text(team(IGNORED), "utf-8")
    assert 1 == govern("lint", "other.yaml", "--config-from", "main").code
    assert 1 == govern("lint", "-", "--config-from", "main", stdin=team(IGNORED)).code


def test_a_file_outside_the_repository(
    govern: Govern, repository: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """The revision has no version of it, wherever a link to it stands: its suppressions do not count."""
    other = tmp_path_factory.mktemp("other") / "other.yaml"
    other.write_text(team(IGNORED), "utf-8")
    (repository / "link.yaml").symlink_to(other)
    for name in (str(other), "link.yaml"):
        assert 1 == govern("lint", name, "--config-from", "main").code


def test_a_baseline_of_the_revision(govern: Govern, desk: Path, repository: Path) -> None:
    """It is read there too, also where a flag names it; one that the change brings is not there."""
    assert 0 == govern("lint", "desk.yaml", "--write-baseline", "known.json").code
    assert 0 == govern("lint", "desk.yaml", "--baseline", "known.json").code
    ran = govern("lint", "desk.yaml", "--baseline", "known.json", "--config-from", "main")
    assert 3 == ran.code
    assert "there is no baseline `known.json` in `main`" in ran.err
    commit(repository)
    (repository / "known.json").write_text("{}", "utf-8")
    assert 0 == govern("lint", "desk.yaml", "--baseline", "known.json", "--config-from", "main").code


@pytest.mark.parametrize("name", ["none", "--help", "-x", "main:desk.yaml", "", "a\nb"])
def test_an_unknown_revision(govern: Govern, repository: Path, name: str) -> None:
    """It is a usage error, and never an option of git's."""
    ran = govern("lint", "desk.yaml", f"--config-from={name}")
    assert (2, "") == (ran.code, ran.out)
    assert "git knows no revision" in ran.err


def test_no_repository(govern: Govern, desk: Path) -> None:
    ran = govern("lint", "desk.yaml", "--config-from", "main")
    assert 2 == ran.code
    assert "needs a git repository" in ran.err
