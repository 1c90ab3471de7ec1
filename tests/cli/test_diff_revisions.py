"""The sides of `govern diff`: files, folders, bundles and git revisions, with what each charter is composed of."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from .diffing import NARROWER, OLD, PAID, WIDER, charter, committed, git, log
from .running import Ran, govern

BASE = """govern: 1
base: org
version: 1
purpose: Rules for everybody.
owner: lead
roles: [lead]
rules:
  - {id: never-so-much, tools: [pay], when: "args.amount > 900", then: deny, because: It is too much.}
"""
EXTENDING = OLD.replace("owner: lead\n", "owner: lead\nextends: [org/base.yaml]\n")
STRICTER = BASE.replace("args.amount > 900", "args.amount > 700")


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with a charter in a folder of it; the current folder is the repository's."""
    folder = tmp_path / "work"
    charter(folder, OLD, "charters/desk.yaml")
    committed(folder)
    monkeypatch.chdir(folder)
    return folder


def changes(ran: Ran) -> dict[str, str]:
    """Each tool's change."""
    return {tool["tool"]: tool["change"] for tool in ran.json["tools"]}


def diffed(*arguments: str | Path) -> Ran:
    return govern("diff", *arguments, "--format", "json")


def test_a_file_beside_what_it_was(repository: Path) -> None:
    """The revision is read, not the working tree; its name stands in the report."""
    file = charter(repository, WIDER, "charters/desk.yaml")
    ran = diffed("main:charters/desk.yaml", file)
    assert {"look": "unchanged", "pay": "widened", "post": "unchanged"} == changes(ran)
    assert "main:charters/desk.yaml" == ran.json["charters"][0]["old"]["file"]
    assert {"narrowed"} == {*changes(diffed(file, "main:charters/desk.yaml")).values()} - {"unchanged"}


@pytest.mark.parametrize("name", ["HEAD", "HEAD~0", "main@{0}", "refs/heads/main", "first", "main^{/as it is}"])
def test_every_name_of_a_commit(repository: Path, name: str) -> None:
    git(repository, "tag", "first")
    assert 0 == diffed(f"{name}:charters/desk.yaml", "charters/desk.yaml").exit_code


def test_two_revisions(repository: Path) -> None:
    """Neither needs to be checked out."""
    charter(repository, NARROWER, "charters/desk.yaml")
    committed(repository)
    (repository / "charters" / "desk.yaml").unlink()
    assert "narrowed" == changes(diffed("HEAD~1:charters/desk.yaml", "HEAD:charters/desk.yaml"))["pay"]


def test_a_path_is_from_the_repository_or_from_here(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As git has it: with `./` or `../` from the current folder, else from the repository's."""
    monkeypatch.chdir(repository / "charters")
    for name in ("main:charters/desk.yaml", "main:./desk.yaml", "main:../charters/desk.yaml"):
        assert 0 == diffed(name, "desk.yaml").exit_code
    ran = diffed("main:desk.yaml", "desk.yaml")
    assert 3 == ran.exit_code
    assert "has no file `desk.yaml`" in ran.err
    assert "from here it is `main:./desk.yaml`" in ran.err


def test_what_it_is_composed_of_is_of_the_same_revision(repository: Path) -> None:
    """A base that changed in the working tree is as it was in the old one, and its places say which."""
    charter(repository, EXTENDING, "charters/desk.yaml")
    charter(repository, BASE, "charters/org/base.yaml")
    committed(repository)
    charter(repository, STRICTER, "charters/org/base.yaml")
    ran = diffed("main:charters/desk.yaml", "charters/desk.yaml", "--logs", log(repository, *PAID))
    assert "narrowed" == changes(ran)["pay"]
    (repository / "charters" / "org" / "base.yaml").unlink()
    assert 0 == diffed("main:charters/desk.yaml", "main:charters/desk.yaml").exit_code
    ran = diffed("main:charters/desk.yaml", "charters/desk.yaml")
    assert 3 == ran.exit_code
    assert "org/base.yaml" in ran.err


def test_a_base_that_the_revision_lacks(repository: Path) -> None:
    """It is not taken from the working tree."""
    charter(repository, EXTENDING, "charters/desk.yaml")
    committed(repository)
    charter(repository, BASE, "charters/org/base.yaml")
    ran = diffed("main:charters/desk.yaml", "charters/desk.yaml")
    assert 3 == ran.exit_code
    assert "main:charters/desk.yaml:6:" in ran.err
    assert "the revision `main` has no file `charters/org/base.yaml`" in ran.err


def test_a_base_outside_the_repository_is_no_part_of_a_revision(repository: Path) -> None:
    charter(repository, EXTENDING.replace("org/base.yaml", "../../base.yaml"), "charters/desk.yaml")
    charter(repository.parent, BASE, "base.yaml")
    committed(repository)
    assert 0 == diffed("charters/desk.yaml", "charters/desk.yaml").exit_code
    ran = diffed("main:charters/desk.yaml", "charters/desk.yaml")
    assert 3 == ran.exit_code
    assert "outside the repository" in ran.err


def test_the_lock_is_of_the_same_revision(repository: Path) -> None:
    """Pins of the working tree say nothing of what was composed then; those of the revision do."""
    charter(repository, EXTENDING, "desk.yaml")
    charter(repository, BASE, "org/base.yaml")
    assert 0 == govern("lock", "desk.yaml").exit_code
    committed(repository)
    charter(repository, STRICTER, "org/base.yaml")
    assert 3 == diffed("desk.yaml", "desk.yaml").exit_code
    assert 0 == diffed("main:desk.yaml", "main:./desk.yaml").exit_code
    git(repository, "add", "org/base.yaml")
    git(repository, "commit", "-q", "-m", "not locked")
    ran = diffed("main:desk.yaml", "main~1:desk.yaml")
    assert 3 == ran.exit_code
    assert "changed since it was locked" in ran.err


def test_links_of_a_revision_are_followed_in_it(repository: Path) -> None:
    """Not to what they lead to now; those that leave it are refused."""
    os.symlink("charters/desk.yaml", repository / "link.yaml")
    os.symlink("/etc/hostname", repository / "out.yaml")
    committed(repository)
    charter(repository, WIDER, "charters/desk.yaml")
    assert "widened" == changes(diffed("main:link.yaml", "link.yaml"))["pay"]
    ran = diffed("main:out.yaml", "charters/desk.yaml")
    assert 3 == ran.exit_code
    assert "a link that leaves the repository" in ran.err


@pytest.mark.parametrize(
    ("name", "code", "said"),
    [
        ("nowhere:charters/desk.yaml", 2, "git knows no revision `nowhere`"),
        ("--help:charters/desk.yaml", 2, ""),
        (":charters/desk.yaml", 2, "names no revision"),
        ("main:/etc/passwd", 2, "outside the repository"),
        ("main:../desk.yaml", 2, "outside the repository"),
        ("main:charters/gone.yaml", 3, "the revision `main` has no file `charters/gone.yaml`"),
        ("main:charters/desk.yaml/x", 3, "has no file"),
        ("main:a\nb.yaml", 3, "has no file"),
        ("main:a blob", 3, "has no file"),
        ("gone.yaml", 3, "no such charter"),
        ("main:charters", 2, "is a folder and"),
        ("charters", 2, "is a folder and"),
    ],
)
def test_a_side_that_is_not_there(repository: Path, name: str, code: int, said: str) -> None:
    """Says what is missing, and where it was looked for."""
    ran = diffed(name, "charters/desk.yaml")
    assert (code, "") == (ran.exit_code, ran.out)
    assert said in ran.err


def test_no_repository_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    ran = diffed("main:desk.yaml", charter(tmp_path, OLD))
    assert 2 == ran.exit_code
    assert "`main:` needs a git repository" in ran.err


def test_git_that_is_not_there_is_4(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    ran = diffed("main:charters/desk.yaml", "charters/desk.yaml")
    assert 4 == ran.exit_code
    assert "git cannot be run" in ran.err


def test_an_old_charter_that_does_not_load(repository: Path) -> None:
    """Nothing is compared with a part of it; its errors stand at its lines."""
    charter(repository, OLD.replace("tier: read_only", "teir: read_only"), "charters/desk.yaml")
    committed(repository)
    charter(repository, OLD, "charters/desk.yaml")
    ran = diffed("main:charters/desk.yaml", "charters/desk.yaml")
    assert (3, "") == (ran.exit_code, ran.out)
    assert "main:charters/desk.yaml:11:" in ran.err
    assert "teir" in ran.err


def test_a_file_that_looks_like_a_revision_is_the_file(repository: Path) -> None:
    """What is there on disk is meant."""
    file = charter(repository, WIDER, "main:desk.yaml")
    assert "widened" == changes(diffed("charters/desk.yaml", Path(file).name))["pay"]


def test_a_charter_on_standard_input(tmp_path: Path) -> None:
    ran = govern("diff", charter(tmp_path, OLD), "-", "--format", "json", stdin=WIDER.encode())
    assert "widened" == changes(ran)["pay"]
    assert 2 == govern("diff", "-", "-", stdin=OLD.encode()).exit_code


# -- folders --


def folders(repository: Path) -> tuple[Any, ...]:
    """One charter that changed, one that was added, one that went, one that stayed; beside them what is none."""
    (repository / "charters" / "desk.yaml").unlink()
    for name in ("stays", "gone", "mail"):
        charter(repository, OLD.replace("agent: desk", f"agent: {name}"), f"charters/{name}.yaml")
    charter(repository, BASE, "charters/org/base.yaml")
    charter(repository, "not a charter at all: [", "charters/stays.test.yaml")
    committed(repository)
    (repository / "charters" / "gone.yaml").unlink()
    charter(repository, WIDER.replace("agent: desk", "agent: mail"), "charters/moved/mail.yaml")
    (repository / "charters" / "mail.yaml").unlink()
    charter(repository, OLD.replace("agent: desk", "agent: more"), "charters/more.yaml")
    return "main:charters", "charters"


def test_folders_are_compared_charter_by_charter(repository: Path) -> None:
    """By agent, wherever the file went; tests and bases are no charters."""
    ran = diffed(*folders(repository))
    expected = {"stays": "unchanged", "gone": "removed", "mail": "widened", "more": "added"}
    assert expected == {each["agent"]: each["change"] for each in ran.json["charters"]}
    files = {each["agent"]: each["new"] and each["new"]["file"] for each in ran.json["charters"]}
    assert "charters/moved/mail.yaml" == files["mail"]
    assert files["gone"] is None


def test_charters_added_and_removed_count(repository: Path) -> None:
    """An added one widens, a removed one narrows."""
    sides = folders(repository)
    assert 1 == govern("diff", *sides, "--fail-on", "widened").exit_code
    (repository / "charters" / "moved" / "mail.yaml").unlink()
    (repository / "charters" / "more.yaml").unlink()
    assert 0 == govern("diff", *sides, "--fail-on", "widened").exit_code
    assert 1 == govern("diff", *sides, "--fail-on", "narrowed").exit_code
    out = govern("diff", *sides).out
    assert "3 charters: 2 charters removed" in out
    assert "gone: removed  main:charters/gone.yaml" in out


def test_calls_of_a_charter_that_went_are_not_judged(repository: Path) -> None:
    """Nothing says what happens to them; of one that was added, the new charter does."""
    sides = folders(repository)
    events = [{**event, "agent": agent} for agent in ("gone", "more", "stays") for event in PAID]
    for number, event in enumerate(events):
        event["event_id"] = f"e{number}"
    ran = diffed(*sides, "--logs", log(repository, *events))
    matrix = ran.json["replay"]["matrix"]
    assert (3, 7) == (ran.exit_code, ran.json["not_judged"])
    assert {"allow": 2, "approval": 4, "deny": 1} == {new: n for new, n in matrix["no_charter"].items() if n}
    assert 7 == sum(row["no_charter"] for row in matrix.values())
    assert 6 == ran.json["replay"]["looser"]


def test_two_charters_for_one_agent_are_an_error(repository: Path) -> None:
    charter(repository, OLD, "charters/again.yaml")
    ran = diffed("main:charters", "charters")
    assert 3 == ran.exit_code
    assert "agent `desk` has another charter in" in ran.err


def test_a_folder_without_charters_is_not_green(repository: Path) -> None:
    (repository / "empty").mkdir()
    ran = diffed("empty", "charters")
    assert 3 == ran.exit_code
    assert "no charter in this folder" in ran.err


def test_a_broken_charter_of_a_folder_stops_it(repository: Path) -> None:
    """Comparing the others would hide it."""
    charter(repository, "govern: 1\nagent: broken\n", "charters/broken.yaml")
    ran = diffed("main:charters", "charters")
    assert (3, "") == (ran.exit_code, ran.out)
    assert "charters/broken.yaml" in ran.err


# -- bundles and deployments --


def test_bundles_stand_for_their_charters(repository: Path) -> None:
    """On disk and in a revision; what is written in them is compared, not only what decides."""
    assert 0 == govern("compile", "charters/desk.yaml", "-o", "desk.bundle").exit_code
    committed(repository)
    file = charter(repository, WIDER, "charters/desk.yaml")
    for name in ("desk.bundle", "main:desk.bundle"):
        ran = diffed(name, file)
        assert "widened" == changes(ran)["pay"]
        assert any(section["path"].startswith("tools.pay") for section in ran.json["sections"])
        assert 0 == diffed(name, name).exit_code


def test_a_bundle_that_is_over_decides_nothing(repository: Path) -> None:
    """Unless somebody asks as of then."""
    window = ("--valid-from", "2020-01-01T00:00:00Z", "--valid-until", "2020-02-01T00:00:00Z")
    assert 0 == govern("compile", "charters/desk.yaml", "-o", "desk.bundle", *window).exit_code
    ran = diffed("desk.bundle", "charters/desk.yaml")
    assert 3 == ran.exit_code
    assert "desk.bundle" in ran.err
    assert 0 == diffed("desk.bundle", "charters/desk.yaml", "--as-of", "2020-01-15T00:00:00Z").exit_code


def test_a_changed_bundle_is_refused(repository: Path) -> None:
    assert 0 == govern("compile", "charters/desk.yaml", "-o", "desk.bundle").exit_code
    text = (repository / "desk.bundle").read_text("utf-8")
    (repository / "desk.bundle").write_text(text.replace("lead", "load", 1), "utf-8")
    committed(repository)
    for name in ("desk.bundle", "main:desk.bundle"):
        assert 3 == diffed(name, "charters/desk.yaml").exit_code


DEPLOYMENT = """govern: 1
deployment: house
roles: {lead: {people: [ann@example.org]}, finance: {people: [bob@example.org]}}
time_zone: Europe/Berlin
calendar: {business_days: [monday]}
mode: enforce
minimums: [least.yaml]
"""


def test_minimums_hold_for_both_sides(repository: Path) -> None:
    """Those of the repository as they were in the revision: a minimum that was lowered shows."""
    charter(repository, DEPLOYMENT, "org/house.yaml")
    charter(repository, BASE, "org/least.yaml")
    committed(repository)
    lower = BASE.replace("args.amount > 900", "args.amount > 950")
    charter(repository, lower, "org/least.yaml")
    sides = ("main:charters/desk.yaml", "charters/desk.yaml")
    assert {"unchanged"} == {*changes(diffed(*sides)).values()}
    assert "widened" == changes(diffed(*sides, "--deployment", "org/house.yaml"))["pay"]


def test_minimums_outside_of_the_repository_are_those_on_disk(repository: Path) -> None:
    house = charter(repository.parent, DEPLOYMENT, "org/house.yaml")
    charter(repository.parent, BASE, "org/least.yaml")
    ran = diffed("main:charters/desk.yaml", "charters/desk.yaml", "--deployment", house)
    assert (0, {"unchanged"}) == (ran.exit_code, {*changes(ran).values()})
    file = charter(repository, OLD.replace("args.amount > 1000", "args.amount > 2000"), "charters/desk.yaml")
    ran = diffed("main:charters/desk.yaml", file, "--deployment", house)
    assert "unchanged" == changes(ran)["pay"]
