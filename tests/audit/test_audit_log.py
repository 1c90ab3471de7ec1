"""The journal's writer: whole chains from many threads, segments that end, clear errors, no empty promise."""

from __future__ import annotations

import errno
import json
import os
import shutil
import stat
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from govern.audit import canon, journal, log_keys, open_segment, store_log, writers
from govern.audit.audit_log import AuditLog
from govern.audit.drafting import event_id
from govern.audit.records import Key
from govern.errors import EnvironmentFailed, EvidenceError, UsageError
from govern.events.model import ActorKind, Event, EventType
from govern.signing import key_files
from govern.signing.keys import of_seed

KEY = of_seed(b"\x01" * 32)
OTHER = of_seed(b"\x02" * 32, "other.key")
DAY = 86_400 * 10**9
NOON = 1_795_000_000 * 10**9 // DAY * DAY + DAY // 2


@pytest.fixture
def store(tmp_path: Path) -> Path:
    store_log.init(tmp_path / "store", KEY)
    return tmp_path / "store"


def events(store: Path, writer: str) -> list[Event]:
    """All events of a writer's journal, whose chain is followed over its segments."""
    found: list[Event] = []
    chain = journal.first_chain(writers.start_path(store, writer).read_bytes())
    for path in journal.segments(store).get(writer, []):
        segment = journal.read_segment(path)
        assert (chain, len(found)) == (segment.head, segment.first)
        assert segment.problem is None
        found += [canon.event(text) for text, _ in segment.rows]
        chain = segment.chain
    return found


class Clock:
    """A clock that says what it is told to."""

    def __init__(self, now: int) -> None:
        self.now = now

    def __call__(self) -> int:
        return self.now


def test_an_event_is_filled_in_and_kept(store: Path) -> None:
    """What was not said: id, times, digest of the arguments; what is given is kept as it is."""
    with AuditLog(store, "desk", KEY, clock=Clock(NOON)) as log:
        made = log.append(
            "tool_call", trace_id="t", tool="refund", args={"b": 1.0, "a": "é"}, actor_kind="agent", rules=["r"]
        )
        own = log.append("prompt", trace_id="t", ts_ns=5, content="hé\n")
    assert [made, own] == events(store, log.writer_id)
    assert (NOON, NOON, 0, '{"a":"é","b":1}') == (made.ts_ns, made.recorded_ns, made.wseq, made.args)
    assert (EventType.TOOL_CALL, ActorKind.AGENT, ("r",)) == (made.type, made.actor_kind, made.rules)
    assert made.args_digest is not None
    assert made.args_digest.startswith("sha256:")
    assert (5, NOON, 1) == (own.ts_ns, own.recorded_ns, own.wseq)


def test_an_event_id_is_a_uuid_of_version_7() -> None:
    """RFC 9562: milliseconds first, then version, variant and chance."""
    made = event_id(0x017F22E279B0 * 10**6)
    assert "017f22e2-79b0-7" == made[:15]
    assert made[19] in "89ab"
    assert 36 == len(made)
    assert 1_000 == len({event_id(NOON) for _ in range(1_000)})


def test_start_and_end_are_signed(store: Path) -> None:
    """And say who wrote, after whom, and how much."""
    with AuditLog(store, "desk", KEY) as first:
        first.append("prompt", trace_id="t")
    with AuditLog(store, "desk", KEY) as second:
        pass
    path = writers.start_path(store, second.writer_id)
    start = writers.read_start(path.read_bytes(), [KEY.public], str(path))
    assert (first.writer_id, "desk", os.getpid()) == (start.previous, start.name, start.pid)
    path = writers.end_path(store, first.writer_id)
    end = writers.read_end(path.read_bytes(), [KEY.public], str(path))
    (segment,) = journal.segments(store)[first.writer_id]
    assert (1, journal.read_segment(segment).chain.hex()) == (end.events, end.chain)
    with pytest.raises(EvidenceError, match="none of the given keys signed it"):
        writers.read_end(path.read_bytes(), [OTHER.public], str(path))
    with pytest.raises(EvidenceError, match="of type"):
        writers.read_start(path.read_bytes(), [KEY.public], str(path))


def test_a_writer_is_alive_until_it_closes(store: Path) -> None:
    """Its lock says so."""
    with AuditLog(store, "desk", KEY) as log:
        assert writers.alive(store, log.writer_id)
    assert not writers.alive(store, log.writer_id)
    assert not writers.alive(store, "desk-00000000000000000000")


def test_the_last_writer_of_a_name_is_not_that_of_a_longer_one(store: Path) -> None:
    """`a` and `a-b` are two names."""
    with AuditLog(store, "a", KEY) as short, AuditLog(store, "a-b", KEY) as long:
        assert (short.writer_id, long.writer_id) == (writers.last_of(store, "a"), writers.last_of(store, "a-b"))
        assert writers.last_of(store, "b") is None


def test_threads_share_one_chain_and_their_flushes(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every event once, each thread's in its order; far fewer flushes than events."""
    flushes: list[int] = []
    real = os.fsync

    def slow(handle: int) -> None:
        flushes.append(handle)
        time.sleep(0.002)
        real(handle)

    with AuditLog(store, "desk", KEY, segment_events=100) as log:
        log.append("session_start", trace_id="begin")
        monkeypatch.setattr(open_segment.os, "fsync", slow)

        def work(name: str) -> None:
            for number in range(20):
                log.append("prompt", trace_id=name, content=str(number), durable=number % 5 != 0)

        threads = [threading.Thread(target=work, args=(f"t{number}",)) for number in range(32)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        monkeypatch.undo()
    found = events(store, log.writer_id)[1:]
    assert 640 == len(found) == len({each.event_id for each in found})
    for number in range(32):
        assert [str(each) for each in range(20)] == [each.content for each in found if each.trace_id == f"t{number}"]
    assert len(flushes) < 320
    assert 7 == len(journal.segments(store)[log.writer_id])


def test_an_acknowledged_event_was_flushed(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After the write, before the return; one that is not durable is written and not flushed."""
    seen: list[str] = []
    write, fsync = os.write, os.fsync
    with AuditLog(store, "desk", KEY) as log:
        log.append("prompt", trace_id="t")

        def spied_write(handle: int, data: bytes) -> int:
            seen.append("write")
            return write(handle, data)

        def spied_fsync(handle: int) -> None:
            seen.append("fsync")
            fsync(handle)

        monkeypatch.setattr(open_segment.os, "write", spied_write)
        monkeypatch.setattr(open_segment.os, "fsync", spied_fsync)
        log.append("prompt", trace_id="t", durable=False)
        assert ["write"] == seen
        assert 2 == len(events(store, log.writer_id))
        log.append("prompt", trace_id="t")
        assert ["write", "write", "fsync"] == seen
        log.append("prompt", trace_id="t", durable=False)
        log.flush()
        assert ["write", "write", "fsync", "write", "fsync"] == seen
        monkeypatch.undo()


@pytest.mark.parametrize(
    ("most", "segments"),
    [({"segment_events": 2}, [0, 2, 4]), ({"segment_bytes": 1}, [0, 1, 2, 3, 4]), ({}, [0])],
)
def test_a_segment_ends_with_its_events_or_bytes(store: Path, most: dict[str, Any], segments: list[int]) -> None:
    """The next event begins another one, chained to it."""
    with AuditLog(store, "desk", KEY, **most) as log:
        for _ in range(5):
            log.append("prompt", trace_id="t")
    assert [journal.name(each) for each in segments] == [each.name for each in journal.segments(store)[log.writer_id]]
    assert 5 == len(events(store, log.writer_id))


def test_a_segment_ends_with_its_hour_and_with_the_day(store: Path) -> None:
    """By the writer's clock."""
    clock = Clock(NOON)
    with AuditLog(store, "desk", KEY, clock=clock) as log:
        for step in (0, 3_599 * 10**9, 10**9, DAY // 2 - 3_601 * 10**9, 2 * 10**9):
            clock.now += step
            log.append("prompt", trace_id="t")
    # At 0 and 3,599 s one; at the hour another; one second before midnight; one after it.
    assert [0, 2, 3, 4] == [int(each.stem) for each in journal.segments(store)[log.writer_id]]


def test_a_segment_can_be_ended_by_hand(store: Path) -> None:
    """So that a sealer can take it; ending twice makes no empty one."""
    with AuditLog(store, "desk", KEY) as log:
        log.roll()
        log.append("prompt", trace_id="t")
        log.roll()
        log.roll()
        log.append("prompt", trace_id="t")
    assert [0, 1] == [int(each.stem) for each in journal.segments(store)[log.writer_id]]


def test_a_clock_that_is_set_back_is_believed_and_counted(store: Path) -> None:
    """No time is invented and no event moved."""
    clock = Clock(NOON)
    with AuditLog(store, "desk", KEY, clock=clock) as log:
        for now in (NOON, NOON - 10**9, NOON, NOON - 40 * DAY):
            clock.now = now
            log.append("prompt", trace_id="t")
        assert 2 == log.set_back
    found = events(store, log.writer_id)
    assert [NOON, NOON - 10**9, NOON, NOON - 40 * DAY] == [each.recorded_ns for each in found]
    assert [0, 1, 2, 3] == [each.wseq for each in found]


def test_a_batch_is_taken_whole_or_not_at_all(store: Path) -> None:
    """Where one event of it is refused, none is there."""
    with AuditLog(store, "desk", KEY) as log:
        with pytest.raises(UsageError, match="no column"):
            log.append_all([{"type": "prompt", "trace_id": "t"}, {"type": "prompt", "trace_id": "t", "tol": "x"}])
        with pytest.raises(EvidenceError, match="surrogate"):
            log.append_all([{"type": "prompt", "trace_id": "t"}, {"type": "prompt", "trace_id": "\ud800"}])
        made = log.append_all([{"type": "prompt", "trace_id": "t"}] * 3)
    assert made == events(store, log.writer_id)


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"type": "prompt"}, "without `trace_id`"),
        ({"type": "prompt", "trace_id": ""}, "without `trace_id`"),
        ({"trace_id": "t"}, "without `type`"),
        ({"type": "tool_cal", "trace_id": "t"}, "did you mean `tool_call`"),
        ({"type": "prompt", "trace_id": "t", "conten": "x"}, "did you mean `content`"),
        ({"type": "prompt", "trace_id": "t", "wseq": 1}, "for the journal to say"),
        ({"type": "prompt", "trace_id": "t", "recorded_ns": 1}, "for the journal to say"),
        ({"type": "prompt", "trace_id": "t", "event_id": "mine"}, "`event_id` is for the journal to say"),
        ({"type": "redaction", "trace_id": "t", "content": "x"}, "`govern audit redact`"),
        ({"type": "prompt", "trace_id": "t", "ts_ns": -1}, "before 1970"),
        ({"type": "prompt", "trace_id": "t", "attempt": True}, "whole number"),
        ({"type": "prompt", "trace_id": "t", "ts_ns": 2**63}, "whole number"),
        ({"type": "prompt", "trace_id": "t", "rules": "r"}, "list of texts"),
        ({"type": "prompt", "trace_id": "t", "content": b"x"}, "a text"),
    ],
)
def test_what_is_no_event_is_refused(store: Path, columns: dict[str, Any], message: str) -> None:
    """With the word that is wrong, and nothing is written."""
    with AuditLog(store, "desk", KEY) as log:
        with pytest.raises(UsageError) as refused:
            log.append_all([columns])
        assert message in str(refused.value)
    assert [] == events(store, log.writer_id)


def test_the_store_itself_says_redactions_and_chooses_ids(store: Path) -> None:
    """By a way of its own; times are as plausible there as elsewhere, and 1970 itself is a time."""
    with AuditLog(store, "desk", KEY) as log:
        log._append_own([{"type": "redaction", "trace_id": "t", "event_id": "mine", "ts_ns": 0}])
        with pytest.raises(UsageError, match="before 1970"):
            log._append_own([{"type": "redaction", "trace_id": "t", "ts_ns": -1}])
    assert [("mine", EventType.REDACTION, 0)] == [(e.event_id, e.type, e.ts_ns) for e in events(store, log.writer_id)]


@pytest.mark.parametrize(
    ("args", "reason", "content"),
    [
        ('{"a":1,"a":2}', "duplicate_key", '{"a":1,"a":2}'),
        ("[1]", "not_object", "[1]"),
        ("{", "syntax", "{"),
        ({"a": float("nan")}, "number", "{'a': nan}"),
        ({"a": "\ud800"}, "surrogate", "{'a': '\\ud800'}"),
    ],
)
def test_arguments_without_one_meaning_make_an_event_all_the_same(
    store: Path, args: Any, reason: str, content: str
) -> None:
    """An agent cannot drop its own calls from the record."""
    with AuditLog(store, "desk", KEY) as log:
        log.append("tool_call", trace_id="t", tool="x", args=args)
    (event,) = events(store, log.writer_id)
    assert (None, None, content) == (event.args, event.args_digest, event.content)
    assert event.args_error is not None
    assert reason == event.args_error.partition(":")[0]


@pytest.mark.parametrize("failing", ["write", "fsync"])
@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO])
def test_after_a_failed_write_or_flush_nothing_is_taken(
    store: Path, monkeypatch: pytest.MonkeyPatch, failing: str, code: int
) -> None:
    """What was acknowledged is there, the writer counts as crashed, a new one goes on."""
    log = AuditLog(store, "desk", KEY)
    kept = [log.append("prompt", trace_id="t", content=str(number)) for number in range(3)]
    write = os.write

    def fails(handle: int, data: bytes = b"") -> int:
        if data:
            write(handle, data[: len(data) // 2])
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(open_segment.os, failing, fails)
    with pytest.raises(EnvironmentFailed, match="the journal cannot be written") as failed:
        log.append("prompt", trace_id="t", content="lost")
    assert os.strerror(code).lower() in failed.value.message
    monkeypatch.undo()  # whatever the disk does now: what it did not take once is not known
    for use in (lambda: log.append("prompt", trace_id="t"), log.flush, log.roll):
        with pytest.raises(EnvironmentFailed, match="the journal cannot be written"):
            use()
    log.close()
    assert not writers.end_path(store, log.writer_id).exists()
    assert not writers.alive(store, log.writer_id)
    (path,) = journal.segments(store)[log.writer_id]
    segment = journal.read_segment(path)
    assert kept == [canon.event(text) for text, _ in segment.rows][:3]
    assert ("torn" if failing == "write" else "whole") == segment.state
    with AuditLog(store, "desk", KEY) as again:
        again.append("prompt", trace_id="t")
    assert 1 == len(events(store, again.writer_id))


def test_all_who_wait_for_a_flush_that_fails_are_told(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """None of them is acknowledged, none of them waits for ever."""
    log = AuditLog(store, "desk", KEY)
    log.append("prompt", trace_id="t")
    told: list[str] = []

    def fails(handle: int) -> None:
        time.sleep(0.05)
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    def work() -> None:
        try:
            log.append("prompt", trace_id="t")
            told.append("acknowledged")
        except EnvironmentFailed:
            told.append("failed")

    monkeypatch.setattr(open_segment.os, "fsync", fails)
    threads = [threading.Thread(target=work) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    monkeypatch.undo()
    assert ["failed"] * 12 == told
    log.close()


def test_what_was_written_for_another_is_not_flushed(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An append that does not wait writes also what others wait for; when their flush fails, they are told."""
    log = AuditLog(store, "desk", KEY)
    log.append("prompt", trace_id="t")
    told: list[str] = []
    flushes: list[int] = []

    def fails(handle: int) -> None:
        flushes.append(handle)
        time.sleep(0.1)
        if len(flushes) > 1:
            raise OSError(errno.EIO, os.strerror(errno.EIO))

    def work(durable: bool) -> None:
        try:
            log.append("prompt", trace_id="t", durable=durable)
            told.append("acknowledged" if durable else "written")
        except EnvironmentFailed:
            told.append("failed")

    monkeypatch.setattr(open_segment.os, "fsync", fails)
    threads = [threading.Thread(target=work, args=(durable,)) for durable in (True, False, *[True] * 6)]
    for thread in threads:
        thread.start()
        time.sleep(0.01)
    for thread in threads:
        thread.join(10)
    monkeypatch.undo()
    assert (8, 1) == (len(told), told.count("acknowledged"))
    assert told.count("failed") >= 6
    log.close()


def test_a_signal_in_a_flush_leaves_nobody_waiting(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C in one thread: the log takes nothing more, and says so to the others."""
    log = AuditLog(store, "desk", KEY)
    log.append("prompt", trace_id="t")

    def interrupted(handle: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(open_segment.os, "fsync", interrupted)
    with pytest.raises(KeyboardInterrupt):
        log.append("prompt", trace_id="t")
    monkeypatch.undo()
    with pytest.raises(EnvironmentFailed, match="broken off"):
        log.append("prompt", trace_id="t")
    log.close()


CHILD = """
import os, resource, sys
from govern.audit.audit_log import AuditLog
from govern.errors import GovernError
from govern.signing.key_files import read_private
key = read_private(sys.argv[2])
{before}
made = 0
try:
    with AuditLog(sys.argv[1], "desk", key) as log:
        for _ in range(1000):
            log.append("prompt", trace_id="t", content="x" * 500)
            made += 1
except GovernError as error:
    print(made, int(error.exit_code), error.message)
"""


@pytest.fixture
def public(tmp_path: Path) -> Iterator[tuple[Path, Path]]:
    """A store and a key that every user of the machine can read."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    key, path, _ = key_files.write_new(str(folder / "log"))
    path.chmod(0o644)
    store_log.init(folder / "store", key)
    yield folder / "store", path
    shutil.rmtree(folder)


def child(store: Path, key: Path, before: str) -> list[str]:
    """What a process said that did `before`, as far as it wrote: events, exit code, message."""
    command = [sys.executable, "-c", CHILD.format(before=before), str(store), str(key)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert 0 == ran.returncode, ran.stderr
    return ran.stdout.strip().split(" ", 2)


def test_a_full_disk_is_said_and_what_was_acknowledged_stays(public: tuple[Path, Path]) -> None:
    """By a limit on the size of files, which the system answers as it does a full disk: with a part of the write."""
    store, key = public
    made, code, message = child(store, key, "resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))")
    assert ("4", "the journal cannot be written: file too large") == (code, message)
    (paths,) = journal.segments(store).values()
    segment = journal.read_segment(paths[0])
    assert int(made) == len(segment.rows) > 10
    assert "torn" == segment.state


def test_a_folder_that_cannot_be_written_is_said(public: tuple[Path, Path]) -> None:
    """Before anything is taken."""
    store, key = public
    for path in (store, store / "log"):
        path.chmod(0o555)
    nobody = "os.geteuid() == 0 and os.setuid(65534)"
    made, code, message = child(store, key, nobody)
    store.chmod(stat.S_IRWXU)
    assert ("0", "4", "the writer cannot be registered: permission denied") == (made, code, message)


def test_a_forked_child_is_refused(store: Path) -> None:
    """It would write into its parent's segment; the parent goes on."""
    with AuditLog(store, "desk", KEY) as log:
        log.append("prompt", trace_id="t", content="parent")
        reads, writes = os.pipe()
        pid = os.fork()
        if not pid:
            said = "nothing"
            try:
                log.close()
                log.append("prompt", trace_id="t", content="child")
            except EnvironmentFailed as error:
                said = error.message
            with AuditLog(store, "desk", KEY) as own:
                own.append("prompt", trace_id="t", content="own")
            os.write(writes, json.dumps([said, own.writer_id]).encode())
            os._exit(0)
        os.waitpid(pid, 0)
        said, own_id = json.loads(os.read(reads, 10_000))
        os.close(reads)
        os.close(writes)
        assert writers.alive(store, log.writer_id)
        log.append("prompt", trace_id="t", content="parent again")
    assert "this process was forked from the one that writes" == said
    assert ["parent", "parent again"] == [each.content for each in events(store, log.writer_id)]
    assert ["own"] == [each.content for each in events(store, own_id)]


def test_a_closed_log_takes_nothing(store: Path) -> None:
    """And closing it again does nothing."""
    log = AuditLog(store, "desk", KEY)
    log.close()
    log.close()
    with pytest.raises(EnvironmentFailed, match="is closed"):
        log.append("prompt", trace_id="t")


def test_a_store_must_be_begun(tmp_path: Path) -> None:
    """No folder, or one without a log: the hint says how to begin it."""
    with pytest.raises(EnvironmentFailed, match="no such store") as missing:
        AuditLog(tmp_path / "none", "desk", KEY)
    assert "govern audit init" in missing.value.hint
    with pytest.raises(EnvironmentFailed, match="has no log"):
        AuditLog(tmp_path, "desk", KEY)
    assert [] == list(tmp_path.iterdir())


def test_a_key_must_be_admitted(store: Path) -> None:
    """By the store's log; once it is, it signs; once it is retired, it does not."""
    with pytest.raises(EnvironmentFailed, match="does not admit key") as refused:
        AuditLog(store, "desk", OTHER)
    assert ("other.key", True) == (refused.value.where, "govern audit key add" in refused.value.hint)
    assert [] == writers.registered(store)
    text = log_keys.text(OTHER.public)
    for action, admitted in (("add", True), ("retire", False)):
        record = Key(role="writer", action=action, key=text, envelope=None, at_ns=1)
        store_log.append(store, store_log.read(store), [record], KEY)
        if admitted:
            AuditLog(store, "desk", OTHER).close()
        else:
            with pytest.raises(EnvironmentFailed, match="does not admit key"):
                AuditLog(store, "desk", OTHER)


@pytest.mark.parametrize("name", ["", "../x", "a/b", ".x", "-x", "a b", "x" * 65, "é"])
def test_a_name_is_plain(store: Path, name: str) -> None:
    """It becomes part of file names."""
    with pytest.raises(UsageError, match="no name of a writer"):
        AuditLog(store, name, KEY)


def test_two_stores_that_were_mixed_do_not_grow_together(store: Path, tmp_path: Path) -> None:
    """The writers of one store with the log of another."""
    other = tmp_path / "other"
    store_log.init(other, KEY)
    AuditLog(other, "desk", KEY).close()
    shutil.copytree(other / "writers", store / "writers")
    with pytest.raises(EvidenceError, match="two stores are mixed"):
        AuditLog(store, "desk", KEY)


def test_an_event_that_is_too_large_is_refused(store: Path) -> None:
    """And the log goes on."""
    with AuditLog(store, "desk", KEY) as log:
        with pytest.raises(EvidenceError, match="bytes, at most"):
            log.append("prompt", trace_id="t", content="x" * (16 * 1024 * 1024))
        log.append("prompt", trace_id="t")
    assert 1 == len(events(store, log.writer_id))
