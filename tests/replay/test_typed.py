"""Typed columns beside a store: made once, read by every replay of it without an option, never believed too long."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
from tests.conformance.policies import AGENT, policy
from tests.conformance.test_policies import events

from govern.audit import store
from govern.ingest.paths import Store, expand
from govern.replay import bulk, typed
from govern.replay.groups import Policies
from govern.replay.run import EngineChoice, Run, run

from .parts_cases import shown


def stored(folder: Path, seed: int, start: int = 0) -> None:
    store.write(iter(list(events(random.Random(seed), 200))[start:]), folder)


def used(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Whether each replay from now on had typed columns."""
    found: list[bool] = []
    honest = bulk.replay

    def looked(*arguments: Any, **named: Any) -> Any:
        found.append(named["sidecar"] is not None)
        return honest(*arguments, **named)

    monkeypatch.setattr(bulk, "replay", looked)
    return found


def replayed(folder: Path, judges: Policies, part_events: int = 10**9) -> Run:
    return run([str(folder)], judges, engine=EngineChoice.SQL, part_events=part_events)


def test_a_replay_reads_them_while_they_are_valid(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same report with and without; a store that grew has none until they are made again, and has one then."""
    judges = Policies({AGENT: policy(random.Random(1))})
    stored(tmp_path, 1, 100)
    plain = replayed(tmp_path, judges)
    had = used(monkeypatch)
    typed.make(tmp_path)
    again = replayed(tmp_path, judges, 10)
    assert shown(plain.replayed, judges) == shown(again.replayed, judges)
    assert plain.summary.totals == again.summary.totals
    stored(tmp_path, 1)
    replayed(tmp_path, judges)
    typed.make(tmp_path)
    replayed(tmp_path, judges)
    assert [True, False, True] == had
    assert 1 == len(list((tmp_path / typed.FOLDER).iterdir()))


@pytest.mark.parametrize("damage", ["cut", "empty", "text", "byte"])
def test_a_damaged_one_is_ignored(damage: str, tmp_path: Path) -> None:
    """The report is the same, and no error."""
    judges = Policies({AGENT: policy(random.Random(2))})
    stored(tmp_path, 2)
    plain = replayed(tmp_path, judges)
    file = typed.make(tmp_path).file
    whole = file.read_bytes()
    spoilt = {"cut": whole[: len(whole) // 2], "empty": b"", "text": b"x" * 100}.get(damage)
    if spoilt is None:
        middle = bytearray(whole)
        for place in range(4096, len(whole), 997):
            middle[place] ^= 0xFF
        spoilt = bytes(middle)
    file.write_bytes(spoilt)
    assert shown(plain.replayed, judges) == shown(replayed(tmp_path, judges).replayed, judges)


def test_they_are_no_logs(tmp_path: Path) -> None:
    """The folder of a store with typed columns is the store; anything else beside them is a file like any other."""
    stored(tmp_path, 3)
    typed.make(tmp_path)
    (one,) = expand([str(tmp_path)])
    assert isinstance(one, Store)
    (tmp_path / typed.FOLDER / "notes.txt").write_text("x", "utf-8")
    assert 3 == len(list(expand([str(tmp_path)])))


@pytest.mark.parametrize(
    ("new", "asked", "made"),
    [
        (0, None, False),
        (100, None, False),
        (200, None, True),
        (2_000, None, True),
        (2_000, False, False),
        (0, True, True),
    ],
)
def test_when_an_import_makes_them(
    new: int, asked: bool | None, made: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where it is asked for; else of a large store, of which much is new."""
    stored(tmp_path, 4)
    monkeypatch.setattr(typed, "LARGE", 400)
    monkeypatch.setattr(typed, "SHARE", 2)
    assert made is (typed.after_import(tmp_path, new, asked=asked) is not None)
    assert made is (tmp_path / typed.FOLDER).is_dir()
