"""One policy for each version of an agent, and no going back; kept in a file over crashes and races."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from govern.compile import seen_file
from govern.compile.schema_file import seen_schema
from govern.compile.seen_file import held
from govern.compile.versions import Ledger, Refused, admit, read, text
from govern.errors import EnvironmentFailed, UsageError
from govern.policy.model import Policy

from .making import ROOT, SUPPORT, compiled

POLICY = compiled(SUPPORT).policy


def policy(agent: str, version: int, content: int = 0) -> Policy:
    return replace(POLICY, agent=agent, version=version, digest=f"sha256:{content:064x}")


def admitted(ledger: Ledger, *policies: Policy) -> Ledger:
    for each in policies:
        found = admit(ledger, each)
        assert isinstance(found, Ledger)
        ledger = found
    return ledger


# --- what may follow what -----------------------------------------------------------------------------------


def test_a_version_names_one_policy_for_ever() -> None:
    """Seen again it is admitted; another policy under its number is not, and the ledger stays as it was."""
    ledger = admitted(Ledger(), policy("a", 3, 1))
    assert ledger == admit(ledger, policy("a", 3, 1))
    found = admit(ledger, policy("a", 3, 2))
    assert isinstance(found, Refused)
    assert "version 3 of `a` was seen with another policy" in found.message
    assert {"a": {3: f"sha256:{1:064x}"}} == ledger.seen


def test_there_is_no_going_back() -> None:
    """Not to a version that was never seen, nor to one that was, with its very policy."""
    ledger = admitted(Ledger(), policy("a", 3, 1), policy("a", 5, 2))
    for version, content in ((3, 1), (4, 1), (4, 9), (1, 1), (-1, 1)):
        found = admit(ledger, policy("a", version, content))
        assert isinstance(found, Refused)
        assert f"version {version} of `a` is lower than 5, the highest seen" == found.message
        assert found.hint
    assert 6 == admitted(ledger, policy("a", 6, 1)).highest("a")  # the old text under a new version


def test_agents_do_not_meet() -> None:
    """Not even where their names differ by case alone."""
    ledger = admitted(Ledger(), policy("desk", 9, 1), policy("Desk", 1, 2), policy("shop", 1, 1))
    assert (9, 1, 1, None) == tuple(ledger.highest(agent) for agent in ("desk", "Desk", "shop", "other"))
    assert ledger == read(text(ledger).encode(), "x")


STEPS = st.lists(st.tuples(st.sampled_from("abA"), st.integers(0, 5), st.integers(0, 2)), max_size=30)


@given(STEPS)
def test_whatever_comes_versions_rise_and_policies_stay(steps: list[tuple[str, int, int]]) -> None:
    """Against the plainest model: the last admitted of each agent."""
    ledger = Ledger()
    last: dict[str, tuple[int, int]] = {}
    for agent, version, content in steps:
        found = admit(ledger, policy(agent, version, content))
        before = last.get(agent)
        good = before is None or version > before[0] or (version, content) == before
        assert good is isinstance(found, Ledger)
        if isinstance(found, Ledger):
            ledger, last[agent] = found, (version, content)
            assert ledger == read(text(ledger).encode(), "x")
    assert {agent: version for agent, (version, _) in last.items()} == {
        agent: ledger.highest(agent) for agent in ledger.seen
    }


# --- the text -----------------------------------------------------------------------------------------------


def test_the_text_is_a_line_a_policy_and_fits_its_schema() -> None:
    ledger = admitted(Ledger(), policy("b", 1, 1), policy("a", 2, 2), policy("a", 10, 3), policy('"\n€', 1, 4))
    written = text(ledger)
    assert written == text(read(written.encode(), "x"))
    assert 4 == sum('"agent"' in line for line in written.splitlines())
    for each in (written, text(Ledger())):
        jsonschema.Draft202012Validator(seen_schema()).validate(json.loads(each))


ENTRY = {"agent": "a", "version": 1, "policy_digest": "sha256:" + "0" * 64}
GOOD = {"schema": "govern/seen/v1", "seen": [ENTRY]}


@pytest.mark.parametrize(
    "document",
    [
        None,
        [],
        {},
        {**GOOD, "more": 1},
        {**GOOD, "schema": "govern/seen/v2"},
        {"schema": "govern/seen/v1"},
        {**GOOD, "seen": {}},
        {**GOOD, "seen": [ENTRY, ENTRY]},
        {**GOOD, "seen": [ENTRY, {**ENTRY, "policy_digest": "sha256:" + "1" * 64}]},
        {**GOOD, "seen": [None]},
        {**GOOD, "seen": [{**ENTRY, "more": 1}]},
        {**GOOD, "seen": [{**ENTRY, "agent": ""}]},
        {**GOOD, "seen": [{**ENTRY, "agent": 1}]},
        {**GOOD, "seen": [{**ENTRY, "version": True}]},
        {**GOOD, "seen": [{**ENTRY, "version": "1"}]},
        {**GOOD, "seen": [{**ENTRY, "version": 1.5}]},
        {**GOOD, "seen": [{**ENTRY, "policy_digest": "0" * 64}]},
        {**GOOD, "seen": [{key: value for key, value in ENTRY.items() if key != "version"}]},
    ],
)
def test_what_is_no_ledger_is_refused(document: Any) -> None:
    assert Ledger({"a": {1: "sha256:" + "0" * 64}}) == read(json.dumps(GOOD).encode(), "x")
    with pytest.raises(EnvironmentFailed):
        read(json.dumps(document).encode(), "x")


@pytest.mark.parametrize("raw", [b"", b"{", b"\xff", b'{"seen":[],"seen":[],"schema":"govern/seen/v1"}', b"[" * 10**5])
def test_what_is_no_json_is_refused(raw: bytes) -> None:
    with pytest.raises(EnvironmentFailed, match="no ledger"):
        read(raw, "x")


# --- the file -----------------------------------------------------------------------------------------------


def enter(path: Path, *policies: Policy, begin: bool = False) -> None:
    with held(path, begin) as ledger:
        ledger.keep(admitted(ledger.ledger, *policies))


def test_a_ledger_is_begun_once_and_kept(tmp_path: Path) -> None:
    """One that is not there is an error, and so is one that is there and should be begun."""
    path = tmp_path / "seen.json"
    with pytest.raises(EnvironmentFailed, match="there is no ledger"), held(path):
        pass
    assert [] == list(tmp_path.iterdir())
    enter(path, policy("a", 1, 1), begin=True)
    enter(path, policy("a", 2, 2))
    with held(path) as ledger:
        assert {"a": {1: f"sha256:{1:064x}", 2: f"sha256:{2:064x}"}} == ledger.ledger.seen
    with pytest.raises(UsageError, match="already"), held(path, begin=True):
        pass
    assert {"seen.json", "seen.json.lock"} == {each.name for each in tmp_path.iterdir()}


def test_its_mode_and_a_link_to_it_stay(tmp_path: Path) -> None:
    path, link = tmp_path / "seen.json", tmp_path / "link.json"
    enter(path, policy("a", 1), begin=True)
    path.chmod(0o640)
    link.symlink_to(path)
    enter(link, policy("a", 2, 2))
    assert link.is_symlink()
    assert 0o640 == path.stat().st_mode & 0o777
    with held(path) as ledger:
        assert 2 == ledger.ledger.highest("a")


def test_a_ledger_that_cannot_be_written_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The disk is full, or the power goes, at any step: the old one is there, whole."""

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    path = tmp_path / "seen.json"
    enter(path, policy("a", 1), begin=True)
    before = path.read_bytes()
    for name in ("fsync", "replace"):
        with monkeypatch.context() as patched:
            patched.setattr(
                seen_file.os, name, lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device"))
            )
            with pytest.raises(EnvironmentFailed, match="no space left"):
                enter(path, policy("a", 2, 2))
        assert before == path.read_bytes()
    enter(path, policy("a", 2, 2))
    assert before != path.read_bytes()


def test_a_folder_or_a_broken_file_is_no_ledger(tmp_path: Path) -> None:
    broken = tmp_path / "seen.json"
    broken.write_text("{}")
    for path in (tmp_path, broken, Path("/dev/null")):
        with pytest.raises(EnvironmentFailed), held(path):
            pass


def test_a_missing_folder_is_the_environments_fault(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentFailed), held(tmp_path / "no" / "seen.json", begin=True):
        pass


def test_who_waits_too_long_is_told(tmp_path: Path) -> None:
    path = tmp_path / "seen.json"
    enter(path, policy("a", 1), begin=True)
    with held(path), pytest.raises(EnvironmentFailed, match="another process holds"), held(path, wait_s=0.05):
        pass
    with held(path, wait_s=0.05):
        pass


PROGRAM = """
import sys, time
from dataclasses import replace
from pathlib import Path
from govern.compile.seen_file import held
from govern.compile.sources import one_policy
from govern.compile.versions import Ledger, admit
folder, number = Path(sys.argv[1]), int(sys.argv[2])
policy = one_policy(Path(sys.argv[3]))
(folder / f"ready{number}").touch()
while not (folder / "go").exists():
    time.sleep(0.001)
won = []
for turn in range(15):
    mine = [("shared", turn, number), (f"own{number}", turn, number)]
    for agent, version, content in mine:
        with held(folder / "seen.json") as ledger:
            found = admit(ledger.ledger, replace(policy, agent=agent, version=version, digest=f"sha256:{content:064x}"))
            if isinstance(found, Ledger):
                ledger.keep(found)
                won.append(f"{agent} {version}")
print("\\n".join(won))
"""


def test_processes_that_race_lose_nothing(tmp_path: Path) -> None:
    """Four at once: each version of the shared agent has one policy and one winner, and nobody's own is lost."""
    path, ready = tmp_path / "seen.json", [tmp_path / f"ready{number}" for number in range(4)]
    with held(path, begin=True) as ledger:
        ledger.keep(Ledger())
    running = [
        subprocess.Popen(
            [sys.executable, "-c", PROGRAM, str(tmp_path), str(number), str(SUPPORT)],
            stdout=subprocess.PIPE, text=True, cwd=ROOT, env=dict(os.environ),
        )
        for number in range(4)
    ]  # fmt: skip
    until = time.monotonic() + 60
    while not all(each.exists() for each in ready) and time.monotonic() < until:
        time.sleep(0.01)
    (tmp_path / "go").touch()
    won = [each.communicate(timeout=120)[0].split("\n")[:-1] for each in running]
    assert [0] * 4 == [each.returncode for each in running]
    with held(path) as ledger:
        seen = ledger.ledger.seen
    for number in range(4):
        assert dict.fromkeys(range(15), f"sha256:{number:064x}") == seen[f"own{number}"]
        mine = {int(line.split()[1]) for line in won[number] if line.startswith("shared")}
        assert mine == {turn for turn, content in seen["shared"].items() if content == f"sha256:{number:064x}"}
    assert 14 == max(seen["shared"])
