"""The store log: append is compare-and-set, a batch is whole or not there, reading names what does not hold."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from govern.audit import checkpoint, log_keys, merkle, records, store_log
from govern.audit.checkpoint import Checkpoint
from govern.audit.records import Compaction, File, Record, Retention, Unhold
from govern.audit.store_log import Lost, StoreLog
from govern.errors import EnvironmentFailed, EvidenceError, UsageError
from govern.events.canonical import text_of
from govern.signing import keys
from govern.signing.keys import PrivateKey

KEY = keys.of_seed(bytes(range(32)))
OTHER = keys.of_seed(bytes(range(1, 33)))
THIRD = keys.of_seed(bytes(range(2, 34)))
PROCESSES = int(os.environ.get("GOVERN_LOG_PROCESSES", "4"))
APPENDS = int(os.environ.get("GOVERN_LOG_APPENDS", "8"))


def unhold(name: str) -> Unhold:
    return Unhold(id=name, reason="", by="", at_ns=time.time_ns())


UNHOLD = records.to_json(Unhold(id="a", reason="", by="", at_ns=1))


def file(path: str) -> File:
    return File(
        path=path, rows=1, bytes=1, digest="", root="", from_ns=None, to_ns=None, writer=None, first=None, last=None,
        before=None, after=None, previous=None, at_ns=1,
    )  # fmt: skip


def compaction(path: str, files: list[int]) -> Compaction:
    return Compaction(path=path, rows=1, bytes=1, digest="", files=files, at_ns=1)


def grown(folder: Path, *batches: list[Record], key: PrivateKey = KEY) -> StoreLog:
    log = store_log.init(folder, key, "audit.example.org/desk")
    for batch in batches:
        log = store_log.append(folder, log, batch, key)
    return log


def whole(folder: Path) -> StoreLog:
    """Reads a log and checks by itself, plainly, that every batch's checkpoint is over all records so far."""
    log = store_log.read(folder)
    for batch in log.batches:
        said = checkpoint.verified(checkpoint.read(batch.checkpoint), [KEY.public, OTHER.public])
        leaves = [merkle.leaf(entry.text.encode()) for entry in log.entries[: batch.end]]
        assert Checkpoint(log.origin, batch.end, merkle.root(leaves)) == said
    assert log.size == (log.batches[-1].end if log.batches else 0)
    return log


# --- beginning and appending ----------------------------------------------------------------------------------------


def test_a_store_without_a_log(tmp_path: Path) -> None:
    """Is read as an empty log: everything works on it, and nothing can be verified."""
    for folder in (tmp_path, tmp_path / "nothing"):
        assert not store_log.exists(folder)
        log = store_log.read(folder)
        assert (0, (), None) == (log.size, log.files(), log.keys)
        with pytest.raises(EvidenceError, match="no log"):
            _ = log.store


def test_init(tmp_path: Path) -> None:
    """The first record says the store's id, its origin and its key, under a checkpoint of size 1."""
    (tmp_path / "events").mkdir()
    log = store_log.init(tmp_path, KEY, "audit.example.org/desk")
    assert log == whole(tmp_path)
    assert ("audit.example.org/desk", log_keys.text(KEY.public)) == (log.store.origin, log.store.key)
    assert 32 == len(log.store.id)
    assert log.checkpoint.startswith("audit.example.org/desk\n1\n")
    assert store_log.exists(tmp_path)
    assert ["000000000000.json"] == [path.name for path in (tmp_path / "log").iterdir()]


def test_init_makes_the_folder_and_a_name(tmp_path: Path) -> None:
    """Without an origin the log is called by the store's id, which nobody else has."""
    log = store_log.init(tmp_path / "a" / "b", KEY)
    assert f"govern-audit/{log.store.id}" == whole(tmp_path / "a" / "b").origin


def test_a_log_is_begun_once(tmp_path: Path) -> None:
    """A second beginning is refused and changes nothing."""
    log = store_log.init(tmp_path, KEY)
    with pytest.raises(UsageError, match="has a log already"):
        store_log.init(tmp_path, OTHER)
    assert log == whole(tmp_path)


def test_an_origin_that_cannot_name_a_key(tmp_path: Path) -> None:
    """Is refused before anything is made."""
    with pytest.raises(UsageError, match="cannot name a key"):
        store_log.init(tmp_path / "new", KEY, "my store")
    assert not (tmp_path / "new").exists()


def test_appending(tmp_path: Path) -> None:
    """Batches of any size are read as they were appended, and each is named by its first record."""
    log = grown(tmp_path, [unhold("a"), unhold("b")], [unhold("c")], [unhold(str(each)) for each in range(40)])
    assert log == whole(tmp_path)
    assert [0, 1, 3, 4] == [batch.first for batch in log.batches]
    assert list(range(44)) == [entry.index for entry in log.entries]
    assert [merkle.leaf(entry.text.encode()) for entry in log.entries] == log.leaves


def test_the_bytes_of_a_batch(tmp_path: Path) -> None:
    """Canonical JSON of the signed note and the records, and a line feed."""
    log = grown(tmp_path, [unhold("ä")])
    raw = (tmp_path / "log" / "000000000001.json").read_bytes()
    document = json.loads(raw)
    assert text_of(document).encode() + b"\n" == raw
    assert {"checkpoint", "records"} == set(document)
    assert log.checkpoint == document["checkpoint"]
    assert [records.to_json(log.entries[1].record)] == document["records"]


def test_an_empty_batch_is_a_mistake(tmp_path: Path) -> None:
    """Of ours, and not of the user."""
    log = store_log.init(tmp_path, KEY)
    with pytest.raises(ValueError, match="at least one"):
        store_log.append(tmp_path, log, [], KEY)


def test_another_key_appends_nothing(tmp_path: Path) -> None:
    """Whose key is not the log's is told so, and whose it is."""
    log = store_log.init(tmp_path, KEY)
    with pytest.raises(UsageError, match="not the key of this log") as caught:
        store_log.append(tmp_path, log, [unhold("a")], OTHER)
    assert KEY.public.keyid in caught.value.hint
    assert log == whole(tmp_path)


def test_records_that_cannot_follow(tmp_path: Path) -> None:
    """A second beginning, or a rotation to a key that the log had, is not appended."""
    log = store_log.init(tmp_path, KEY)
    for record in (log.store, records.Key(role="log", action="add", key=log.store.key, envelope=None, at_ns=1)):
        with pytest.raises((EvidenceError, UsageError)):
            store_log.append(tmp_path, log, [record], KEY)
    with pytest.raises(EvidenceError):
        store_log.append(tmp_path / "new", StoreLog(tmp_path / "new"), [unhold("a")], KEY)
    assert log == whole(tmp_path)


def test_nobody_signs_a_past_that_its_key_did_not_sign(tmp_path: Path) -> None:
    """Who appends checks the newest checkpoint: an attacker's records are not signed by the next honest seal."""
    log = grown(tmp_path, [unhold("a")])
    text = records.text(unhold("forged"))
    leaves = [*log.leaves, merkle.leaf(text.encode())]
    forged = checkpoint.sign(Checkpoint(log.origin, 3, merkle.root(leaves)), OTHER)
    document = {"checkpoint": forged, "records": [json.loads(text)]}
    (tmp_path / "log" / "000000000002.json").write_text(text_of(document) + "\n")
    read = store_log.read(tmp_path)  # its roots hold
    with pytest.raises(EvidenceError, match="none of the known keys"):
        store_log.append(tmp_path, read, [unhold("honest")], KEY)


def test_rotation(tmp_path: Path) -> None:
    """The new key signs from the batch of its rotation on; the old one signs nothing any more."""
    log = grown(tmp_path, [unhold("a")])
    rotation = log_keys.rotation(log.store.id, log.size, KEY, OTHER, 5)
    with pytest.raises(UsageError, match="not the key of this log"):
        store_log.append(tmp_path, log, rotation, KEY)
    log = store_log.append(tmp_path, log, rotation, OTHER)
    with pytest.raises(UsageError, match="not the key of this log"):
        store_log.append(tmp_path, log, [unhold("b")], KEY)
    log = store_log.append(tmp_path, log, [unhold("b")], OTHER)
    assert log == whole(tmp_path)
    with pytest.raises(EvidenceError, match="rotation"):
        store_log.append(tmp_path, log, [replace(rotation[0], key=log_keys.text(THIRD.public))], THIRD)
    assert log == whole(tmp_path)
    signers = [[key for key in (KEY, OTHER) if _signed_by(batch.checkpoint, key)] for batch in log.batches]
    assert [[KEY], [KEY], [OTHER], [OTHER]] == signers


def _signed_by(text: str, key: PrivateKey) -> bool:
    try:
        checkpoint.verified(checkpoint.read(text), [key.public])
    except EvidenceError:
        return False
    return True


# --- races ----------------------------------------------------------------------------------------------------------


def test_who_read_before_somebody_else_appended_is_late(tmp_path: Path) -> None:
    """Nothing of the late one is there, and the log of the first one stays."""
    log = store_log.init(tmp_path, KEY)
    first = store_log.append(tmp_path, log, [unhold("first")], KEY)
    with pytest.raises(Lost, match="meanwhile"):
        store_log.append(tmp_path, log, [unhold("late"), unhold("later")], KEY)
    assert first == whole(tmp_path)
    assert 2 == len(list((tmp_path / "log").iterdir()))


RACER = """
import sys, time
from govern.audit import store_log
from govern.audit.records import Unhold
from govern.signing import keys

folder, name, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
key = keys.of_seed(bytes(range(32)))
print("ready", flush=True)
sys.stdin.readline()
for each in range(count):
    while True:
        log = store_log.read(folder)
        ids = [f"{name}-{each}-{part}" for part in range(1 + each % 3)]
        try:
            store_log.append(folder, log, [Unhold(id=id, reason="", by="", at_ns=time.time_ns()) for id in ids], key)
            break
        except store_log.Lost:
            lost = True
"""


def test_many_processes_append(tmp_path: Path) -> None:
    """Each appends until it was first: no record is lost, none is double, each one's stand in its order."""
    store_log.init(tmp_path, KEY)
    racers = [
        subprocess.Popen(
            [sys.executable, "-c", RACER, str(tmp_path), f"p{each}", str(APPENDS)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        for each in range(PROCESSES)
    ]
    for racer in racers:
        assert racer.stdout is not None
        assert b"ready\n" == racer.stdout.readline()
    for racer in racers:
        assert racer.stdin is not None
        racer.stdin.write(b"go\n")
        racer.stdin.flush()
    for racer in racers:
        racer.communicate(timeout=120)
    assert [0] * PROCESSES == [racer.returncode for racer in racers]
    log = whole(tmp_path)
    found = [entry.record.id for entry in log.entries[1:] if isinstance(entry.record, Unhold)]
    expected = {
        f"p{racer}-{each}-{part}"
        for racer in range(PROCESSES)
        for each in range(APPENDS)
        for part in range(1 + each % 3)
    }
    assert len(expected) == len(found) == log.size - 1
    assert expected == set(found)
    for racer in range(PROCESSES):
        mine = [name for name in found if name.startswith(f"p{racer}-")]
        assert mine == sorted(mine, key=lambda name: [int(part) for part in name.split("-")[1:]])


# --- crashes --------------------------------------------------------------------------------------------------------


class Crash(BaseException):
    """As if the process were killed: nothing that follows is run, no file is put in order."""


@pytest.mark.parametrize("step", range(1, 12))
def test_a_crash_at_every_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: int) -> None:
    """Wherever an append dies, the log is whole: with the batch or without it; and the next append works."""
    before = grown(tmp_path, [unhold("a")])
    seen = 0

    def dying(call: Callable[..., Any]) -> Callable[..., Any]:
        def run(*arguments: Any, **named: Any) -> Any:
            nonlocal seen
            seen += 1
            if seen >= step:
                raise Crash
            return call(*arguments, **named)

        return run

    with monkeypatch.context() as patched:
        for name in ("open", "fsync", "link", "unlink"):
            patched.setattr(os, name, dying(getattr(os, name)))
        patched.setattr(Path, "open", dying(Path.open))
        patched.setattr(Path, "unlink", dying(Path.unlink))
        try:
            store_log.append(tmp_path, before, [unhold("b")], KEY)
            died = False
        except Crash:
            died = True
    assert died == (seen >= step)
    log = whole(tmp_path)
    assert log.size in (2, 3)
    assert died or log.size == 3
    again = store_log.append(tmp_path, log, [unhold("c")], KEY)
    assert again == whole(tmp_path)


def test_a_batch_half_written_counts_for_nothing(tmp_path: Path) -> None:
    """What a crash leaves beside a batch's place is not read."""
    log = grown(tmp_path, [unhold("a")])
    (tmp_path / "log" / ".000000000002.json.77.abc.tmp").write_bytes(b'{"checkpoint":"half')
    assert log == whole(tmp_path)


def test_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Is said, and leaves the log as it was with nothing beside it."""
    log = grown(tmp_path, [unhold("a")])

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(EnvironmentFailed, match="no space left"):
            store_log.append(tmp_path, log, [unhold("b")], KEY)
    assert log == whole(tmp_path)
    assert 2 == len(list((tmp_path / "log").iterdir()))


def test_a_file_system_without_hard_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Cannot keep two sealers apart, so nothing is appended there."""
    log = grown(tmp_path)

    def none(source: Any, target: Any) -> None:
        raise OSError(errno.EPERM, "Operation not permitted", str(source), None, str(target))

    monkeypatch.setattr(os, "link", none)
    with pytest.raises(EnvironmentFailed, match="no hard links"):
        store_log.append(tmp_path, log, [unhold("b")], KEY)
    assert log == whole(tmp_path)


# --- reading --------------------------------------------------------------------------------------------------------


def edit(number: int, change: Callable[[dict[str, Any]], Any]) -> Callable[[Path], None]:
    """Damage: a batch's document changed in place, or another one, written as the log writes."""

    def damage(folder: Path) -> None:
        path = folder / "log" / f"{number:012d}.json"
        document = json.loads(path.read_bytes())
        other = change(document)
        path.write_text(text_of(other if isinstance(other, dict) and "checkpoint" in other else document) + "\n")

    return damage


def raw(number: int, data: bytes | None) -> Callable[[Path], None]:
    """Damage: a batch's bytes; None for none."""

    def damage(folder: Path) -> None:
        path = folder / "log" / f"{number:012d}.json"
        path.unlink(missing_ok=True)
        if data is not None:
            path.write_bytes(data)

    return damage


@pytest.mark.parametrize(
    ("damage", "where", "words"),
    [
        (raw(1, None), "000000000003.json", "begins at record 3"),
        (raw(0, None), "000000000001.json", "begins at record 1"),
        (raw(1, b""), "000000000001.json", "syntax"),
        (raw(1, b"{}\n"), "000000000001.json", "members"),
        (raw(2, b"{}\n"), "000000000002.json", "begins at record 2, and the log before it has 4"),
        (raw(1, b'{"checkpoint":"a","checkpoint":"a","records":[]}\n'), "000000000001.json", "duplicate_key"),
        (edit(1, lambda d: {**d, "records": []}), "000000000001.json", "at least one"),
        (edit(1, lambda d: {**d, "records": 5}), "000000000001.json", "at least one"),
        (edit(1, lambda d: {**d, "checkpoint": 5}), "000000000001.json", "at least one"),
        (edit(1, lambda d: {**d, "checkpoint": "x"}), "000000000001.json", "no signed note"),
        (edit(1, lambda d: d["records"][1].update(id="z")), "000000000001.json", "not over the 3"),
        (edit(1, lambda d: d["records"].reverse()), "000000000001.json", "not over the 3"),
        (edit(1, lambda d: d["records"].pop()), "000000000001.json", "not over the 2"),
        (edit(1, lambda d: d["records"][1].update(kind="zap")), "000000000001.json: record 2", "its kind"),
        (edit(1, lambda d: d["records"][1].pop("by")), "000000000001.json: record 2", "`by`"),
        (edit(0, lambda d: {**d, "records": d["records"] * 2}), "000000000000.json: record 1", "no other"),
        (edit(0, lambda d: {**d, "records": [UNHOLD]}), "000000000000.json: record 0", "`store`"),
        (edit(0, lambda d: d["records"][0].update(key="AAAA")), "000000000000.json: record 0", "Ed25519"),
        (edit(0, lambda d: d["records"][0].update(origin="mine")), "000000000000.json", "not over the 1"),
    ],
)
def test_what_does_not_hold_is_named(tmp_path: Path, damage: Callable[[Path], Any], where: str, words: str) -> None:
    """File, record where there is one, and what is wrong."""
    grown(tmp_path, [unhold("a"), unhold("b")], [unhold("c")])
    damage(tmp_path)
    with pytest.raises(EvidenceError, match=words) as caught:
        store_log.read(tmp_path)
    assert caught.value.where.endswith(where)


@pytest.mark.parametrize(
    "change",
    [lambda raw: raw + b"\n", lambda raw: raw[:-1], lambda raw: raw.replace(b",", b", ", 1), lambda raw: b" " + raw],
)
def test_the_same_said_otherwise_is_a_change(tmp_path: Path, change: Callable[[bytes], bytes]) -> None:
    """The bytes of a batch are canonical: white space is found too."""
    grown(tmp_path, [unhold("a")])
    path = tmp_path / "log" / "000000000001.json"
    path.write_bytes(change(path.read_bytes()))
    with pytest.raises(EvidenceError, match="a byte was changed"):
        store_log.read(tmp_path)


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_every_changed_byte_is_found(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    """A byte changed anywhere in the log is an error when it is read, or its signature is not good any more."""
    folder = tmp_path_factory.mktemp("log")
    grown(folder, [unhold("a"), unhold("b")])
    path = folder / "log" / data.draw(st.sampled_from(["000000000000.json", "000000000001.json"]))
    content = bytearray(path.read_bytes())
    content[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(st.integers(1, 255))
    path.write_bytes(content)
    with pytest.raises(EvidenceError):
        whole(folder)


def test_batches_that_come_while_the_log_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A listing can show a batch and not the one before it, where both are new: that is no hole."""
    log = grown(tmp_path, [unhold("a")])
    listed = store_log._names

    def late(folder: Path) -> set[str]:
        nonlocal log
        if log.size > 2:
            return listed(folder)
        log = store_log.append(tmp_path, log, [unhold("b")], KEY)
        log = store_log.append(tmp_path, log, [unhold("c")], KEY)
        return listed(folder) - {"000000000002.json"}

    monkeypatch.setattr(store_log, "_names", late)
    read = store_log.read(tmp_path)
    assert log == read
    assert 4 == read.size


def test_other_files_in_the_folder_are_no_batches(tmp_path: Path) -> None:
    """A lease, or what somebody else put there, is not read."""
    log = grown(tmp_path, [unhold("a")])
    for name in ("lease.json", "0.json", "README", "0000000000009.json", "000000000009.json.bak"):
        (tmp_path / "log" / name).write_text("?")
    assert log == whole(tmp_path)


def test_a_batch_that_cannot_be_read(tmp_path: Path) -> None:
    """A folder in the place of a batch is an error of the machine, named."""
    grown(tmp_path)
    (tmp_path / "log" / "000000000001.json").mkdir()
    with pytest.raises(EnvironmentFailed, match="cannot be read") as caught:
        store_log.read(tmp_path)
    assert caught.value.where.endswith("000000000001.json")


# --- which files are to be there ------------------------------------------------------------------------------------


def test_live_files(tmp_path: Path) -> None:
    """Compacted and deleted ones are not; a compaction that was compacted again neither."""
    log = grown(tmp_path, [file("a"), file("b")], [file("c"), file("d")])

    def live(log: StoreLog) -> list[str]:
        return [entry.record.path for entry in log.files() if isinstance(entry.record, (File, Compaction))]

    assert ["a", "b", "c", "d"] == live(log)
    log = store_log.append(tmp_path, log, [compaction("ab", [1, 2])], KEY)
    assert ["c", "d", "ab"] == live(log)
    log = store_log.append(tmp_path, log, [Retention(rule="", by="", files=[4], at_ns=1)], KEY)
    assert ["c", "ab"] == live(log)
    log = store_log.append(tmp_path, log, [compaction("abc", [1, 2, 3])], KEY)
    assert ["abc"] == live(log)
    log = store_log.append(tmp_path, log, [Retention(rule="", by="", files=[7], at_ns=1), file("e")], KEY)
    assert ["e"] == live(log)
