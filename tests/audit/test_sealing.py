"""Sealing: every event once, before, meanwhile and afterwards; what does not follow is left and said."""

from __future__ import annotations

import hashlib
import shutil
import threading
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from tests.audit.sealing_cases import DAY, KEY, begun, crash, files, imported, judged, write

from govern.audit import canon, journal, lease, merkle, read, sealing, snapshot, store, store_log
from govern.audit.records import End, File, Record, Writer
from govern.audit.store_log import StoreLog
from govern.audit.verifying.contract import Status
from govern.errors import EvidenceError, UsageError
from govern.events.model import Event, EventType
from govern.signing import keys
from govern.signing.keys import PrivateKey

OTHER = keys.of_seed(b"o" * 32, "other.key")


def records(folder: Path) -> list[Record]:
    return [entry.record for entry in store_log.read(folder).entries]


def test_events_are_the_same_before_and_after(tmp_path: Path) -> None:
    """Journal and imported parts are read as they were written; sealed, they are read the same, and verify."""
    begun(tmp_path)
    with write(tmp_path, events=30, segment=8), write(tmp_path, "other", 5):
        made = imported(tmp_path)
        before = list(read.read_events(tmp_path))
        assert sorted(before, key=store.order) == before
        assert 30 + 5 + len(made) == len(before)
    done = sealing.seal(tmp_path, KEY)
    assert (41, 3, 2, []) == (done.events, done.parts, done.writers, done.problems)
    assert before == list(read.read_events(tmp_path))
    assert [] == [name for name in files(tmp_path) if "seal-" not in name]
    found = judged(tmp_path, [done.checkpoint])
    assert (Status.OK, (), 41) == (found.status, found.findings, found.events)


def test_a_file_says_what_its_record_says(tmp_path: Path) -> None:
    """Rows in the total order, the exact bytes, their leaves, the root, the range; a name made of its digest."""
    begun(tmp_path)
    with write(tmp_path, events=9):
        pass
    before = list(read.read_events(tmp_path))
    sealing.seal(tmp_path, KEY)
    (record,) = [each for each in records(tmp_path) if isinstance(each, File)]
    path = tmp_path / record.path
    table = pq.read_table(path)
    texts = table.column("canon").to_pylist()
    assert [canon.text(event) for event in before] == texts
    assert [canon.leaf(text.encode()) for text in texts] == table.column("leaf").to_pylist()
    assert merkle.root(table.column("leaf").to_pylist()).hex() == record.root
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    assert (f"sha256:{digest}", f"seal-{digest[:32]}.parquet") == (record.digest, path.name)
    assert (path.stat().st_size, 9, 0, 8) == (record.bytes, record.rows, record.first, record.last)
    times = [event.ts_ns for event in before if event.ts_ns is not None]
    assert (min(times), max(times)) == (record.from_ns, record.to_ns)
    assert store.day_of(min(event.recorded_ns or 0 for event in before)) == path.parent.name.removeprefix("dt=")


def test_records_follow_each_other(tmp_path: Path) -> None:
    """A writer's start, its files each behind the one before, its end: numbers and chain without a break."""
    begun(tmp_path)
    with write(tmp_path, events=10, segment=4):
        sealing.seal(tmp_path, KEY)
    sealing.seal(tmp_path, KEY)
    found = records(tmp_path)
    kinds = [type(each).__name__ for each in found]
    assert ["Store", "Writer", "File", "File", "File", "End"] == kinds
    own = [(place, each) for place, each in enumerate(found) if isinstance(each, File)]
    start = next(each for each in found if isinstance(each, Writer))
    assert [(0, 3), (4, 7), (8, 9)] == [(each.first, each.last) for _, each in own]
    assert [None, own[0][0], own[1][0]] == [each.previous for _, each in own]
    chain = [journal.first_chain(start.envelope.encode()).hex(), *(each.after for _, each in own)]
    assert chain[:-1] == [each.before for _, each in own]
    end = found[-1]
    assert isinstance(end, End)
    assert (10, chain[-1], False, None) == (end.events, end.chain, end.crashed, end.torn)


def test_the_open_segment_of_a_live_writer_is_left_alone(tmp_path: Path) -> None:
    """Whatever is asked: its bytes stay as they are, and it is said how much is in it."""
    begun(tmp_path)
    with write(tmp_path, events=10, segment=4) as log:
        last = sorted(tmp_path.glob("journal/*/*.jsonl"))[-1]
        before = last.read_bytes()
        done = sealing.seal(tmp_path, KEY, everything=True)
        assert (8, {log.writer_id: 2}) == (done.events, done.open)
        assert [log.writer_id] == [problem.where for problem in done.problems]
        assert before == last.read_bytes()
        assert 10 == len(list(read.read_events(tmp_path)))
        log.append("prompt", trace_id="t", content="goes on")
    assert 3 == sealing.seal(tmp_path, KEY).events
    assert 11 == len(list(read.read_events(tmp_path)))


def test_a_writer_that_is_gone_is_ended(tmp_path: Path) -> None:
    """A kill leaves a torn line: it is dropped, its size and digest are recorded, and the end is said to be a crash."""
    begun(tmp_path)
    torn = b"ab" * 20
    crash(write(tmp_path, events=3), torn)
    assert 3 == len(list(read.read_events(tmp_path)))
    done = sealing.seal(tmp_path, KEY)
    assert [(3, True, 40)] == [(each.events, each.crashed, each.torn) for each in done.ended]
    end = records(tmp_path)[-1]
    assert isinstance(end, End)
    assert {"bytes": 40, "digest": f"sha256:{hashlib.sha256(torn).hexdigest()}"} == end.torn
    assert end.envelope is None
    assert () == judged(tmp_path).findings
    assert [] == list(tmp_path.glob("journal/*"))


def test_a_writer_without_events_is_ended_too(tmp_path: Path) -> None:
    begun(tmp_path)
    with write(tmp_path, events=0):
        pass
    done = sealing.seal(tmp_path, KEY)
    assert (0, 1, [0]) == (done.events, done.writers, [each.events for each in done.ended])
    assert () == judged(tmp_path).findings
    assert 3 == sealing.seal(tmp_path, KEY).records, "nothing is recorded twice"


def edited(raw: bytes) -> bytes:
    return raw.replace(b"desk 1", b"desk 9", 1)


def without_a_line(raw: bytes) -> bytes:
    lines = raw.splitlines(keepends=True)
    return b"".join([*lines[:2], *lines[3:]])


@pytest.mark.parametrize("change", [edited, without_a_line])
def test_what_does_not_follow_is_not_sealed(tmp_path: Path, change: Any) -> None:
    """A changed segment, and all of its writer behind it, stay where they are and are named; others are sealed."""
    begun(tmp_path)
    with write(tmp_path, events=12, segment=4), write(tmp_path, "other", 5):
        pass
    middle = sorted(tmp_path.glob("journal/desk-*/*.jsonl"))[1]
    middle.write_bytes(change(middle.read_bytes().replace(b"desk 5", b"desk 1")))
    done = sealing.seal(tmp_path, KEY)
    assert [str(middle)] == [problem.where for problem in done.problems]
    assert 9 == done.events
    assert 2 == len(list(tmp_path.glob("journal/desk-*/*.jsonl")))
    assert 1 == len(done.ended), "the end of a writer whose journal is damaged is not vouched for"
    with pytest.raises(EvidenceError, match="the chain does not follow"):
        list(read.read_events(tmp_path))


def test_a_missing_segment_is_named(tmp_path: Path) -> None:
    begun(tmp_path)
    with write(tmp_path, events=12, segment=4):
        pass
    sorted(tmp_path.glob("journal/*/*.jsonl"))[1].unlink()
    done = sealing.seal(tmp_path, KEY)
    assert (4, ["begins with event 8, and 4 would follow: a segment is gone"]) == (
        done.events,
        [problem.message for problem in done.problems],
    )


def test_a_cut_journal_is_not_ended_as_whole(tmp_path: Path) -> None:
    """The writer signed how much it wrote: a journal with less is sealed as far as it goes, and said to be cut."""
    begun(tmp_path)
    with write(tmp_path, events=12, segment=4):
        pass
    sorted(tmp_path.glob("journal/*/*.jsonl"))[-1].unlink()
    done = sealing.seal(tmp_path, KEY)
    assert (8, []) == (done.events, done.ended)
    assert ["the writer signed 12 events, and its journal has 8, or others"] == [each.message for each in done.problems]


def test_a_writer_whose_key_is_not_admitted(tmp_path: Path) -> None:
    """A start that no admitted key signed, or that another store's log has: nothing of it is sealed."""
    begun(tmp_path / "one")
    store_log.init(tmp_path / "two", OTHER)
    with write(tmp_path / "one", events=3):
        pass
    for name in ("writers", "journal"):
        (tmp_path / "one" / name).rename(tmp_path / "two" / name)
    done = sealing.seal(tmp_path / "two", OTHER)
    assert (0, 1) == (done.events, len(done.problems))
    assert 1 == len(records(tmp_path / "two"))


def test_a_damaged_part_is_named_and_the_others_are_sealed(tmp_path: Path) -> None:
    begun(tmp_path)
    imported(tmp_path)
    bad = store.parts(tmp_path)[0]
    raw = bytearray(bad.read_bytes())
    raw[len(raw) // 3] ^= 0xFF
    bad.write_bytes(raw)
    done = sealing.seal(tmp_path, KEY)
    assert [str(bad)] == [problem.where for problem in done.problems]
    assert 2 == done.parts
    assert bad.is_file()


def test_the_key_and_the_log_are_needed(tmp_path: Path) -> None:
    """A plain store is not sealed, nor one whose log another key signs: nothing is touched."""
    imported(tmp_path)
    before = files(tmp_path)
    with pytest.raises(EvidenceError, match="the store has no log"):
        sealing.seal(tmp_path, KEY)
    begun(tmp_path)
    with pytest.raises(UsageError, match="is not the key of this log"):
        sealing.seal(tmp_path, OTHER)
    assert before == files(tmp_path)


def test_one_sealer_at_a_time(tmp_path: Path) -> None:
    begun(tmp_path)
    with lease.held(tmp_path, "somebody else"), pytest.raises(lease.Held, match="somebody else"):
        sealing.seal(tmp_path, KEY)


def test_who_loses_the_race_tries_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another sealer appends first: its files stand, those of the loser are removed, and nothing is sealed twice."""
    begun(tmp_path)
    with write(tmp_path, events=6):
        pass
    imported(tmp_path)
    before = list(read.read_events(tmp_path))
    real = store_log.append
    raced = []

    def append(folder: Path, log: StoreLog, added: Sequence[Record], key: PrivateKey) -> StoreLog:
        if not raced:
            raced.append(True)
            (tmp_path / "log" / lease.NAME).unlink()
            monkeypatch.setattr(store_log, "append", real)
            assert 12 == sealing.seal(tmp_path, KEY).events
        return real(folder, log, added, key)

    monkeypatch.setattr(store_log, "append", append)
    assert 0 == sealing.seal(tmp_path, KEY).events
    assert before == list(read.read_events(tmp_path))
    assert 4 == len(files(tmp_path))
    assert () == judged(tmp_path).findings


def test_leftovers_are_removed_by_the_next_seal(tmp_path: Path) -> None:
    """Files that no record names count for nobody, and go with the next seal that records anything."""
    begun(tmp_path)
    with write(tmp_path, events=3):
        pass
    (made,) = sealing.seal(tmp_path, KEY).files
    imported(tmp_path)
    stray = (tmp_path / made.path).with_name(f"seal-{'0' * 32}.parquet")
    stray.write_bytes((tmp_path / made.path).read_bytes())
    (stray.parent / ".seal-1.tmp").write_bytes(b"half")
    (tmp_path / "events" / f"sealing-{'1' * 32}.json").write_text('{"parts":{"events/dt=unknown/x":["events/y"]}}')
    before = list(read.read_events(tmp_path))
    done = sealing.seal(tmp_path, KEY)
    assert (3, []) == (len(done.removed), done.problems)
    assert before == list(read.read_events(tmp_path))
    assert all("seal-" in name for name in files(tmp_path))
    stray.write_bytes((tmp_path / made.path).read_bytes())
    assert [] == sealing.seal(tmp_path, KEY).removed, "it may still be recorded by whoever wrote it"


def test_events_that_stand_nowhere_else_are_no_leftovers(tmp_path: Path) -> None:
    """Where the end of the log is gone, the files that it named are left and said: sealing destroys no evidence."""
    begun(tmp_path)
    with write(tmp_path, events=3):
        pass
    (made,) = sealing.seal(tmp_path, KEY).files
    sorted((tmp_path / "log").glob("*.json"))[-1].unlink()
    imported(tmp_path)
    broken = (tmp_path / made.path).with_name(f"seal-{'0' * 32}.parquet")
    broken.write_bytes(b"PAR1 and nothing that can be read")
    done = sealing.seal(tmp_path, KEY)
    assert (tmp_path / made.path).is_file()
    said = {problem.where: problem.message for problem in done.problems}
    assert "3 of its events stand nowhere else" in said[str(tmp_path / made.path)]
    assert "cannot be read" in said[str(broken)]
    assert [] == done.removed


def test_nothing_is_deleted_under_a_reader(tmp_path: Path) -> None:
    """What somebody reads stays until nobody does; meanwhile each event is there once for those who come."""
    begun(tmp_path)
    with write(tmp_path, events=6, segment=2):
        pass
    imported(tmp_path)
    reader = snapshot.take(tmp_path)
    expected = [event.event_id for event in read.read_events(tmp_path)]
    done = sealing.seal(tmp_path, KEY)
    assert (12, 7) == (done.events, len(done.waiting))
    assert 12 == len(list(read.read_parts(read.files_of(reader).paths)))
    assert expected == [event.event_id for event in read.read_events(tmp_path)]
    assert 6 == sum(len(journal.read_segment(path).rows) for path in tmp_path.glob("journal/*/*.jsonl"))
    del reader
    assert 7 == len(sealing.seal(tmp_path, KEY).removed)
    assert all("seal-" in name for name in files(tmp_path))


def test_readers_and_a_sealer_at_once(tmp_path: Path) -> None:
    """While writers write and a sealer seals all the time, every read sees each acknowledged event exactly once."""
    begun(tmp_path)
    writer = write(tmp_path, events=0, segment=3)
    acknowledged = 0
    stop, wrong = threading.Event(), list[str]()

    def seal() -> None:
        while not stop.is_set():
            sealing.seal(tmp_path, KEY)

    sealer = threading.Thread(target=seal)
    sealer.start()
    try:
        for number in range(40):
            writer.append("prompt", trace_id=f"t{number % 3}", content=str(number))
            acknowledged = number + 1
            if number % 4 == 0:
                found = Counter(event.wseq for event in read.read_events(tmp_path))
                if found != Counter(range(acknowledged)):
                    wrong.append(f"after {acknowledged}: {found}")
    finally:
        stop.set()
        sealer.join()
        writer.close()
    assert [] == wrong
    sealing.seal(tmp_path, KEY)
    assert 40 == len(list(read.read_events(tmp_path)))
    assert () == judged(tmp_path).findings


def test_large_parts_become_several_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows over the most that a file has go to the next one; each has its own root."""
    begun(tmp_path)
    made = imported(tmp_path, events=40)
    monkeypatch.setattr(sealing._Work._written, "__defaults__", (7,))
    done = sealing.seal(tmp_path, KEY)
    assert [1, 5, 6, 7, 7, 7, 7] == sorted(each.rows for each in done.files)
    assert sorted(made, key=store.order) == list(read.read_events(tmp_path))
    assert () == judged(tmp_path).findings


def test_events_of_one_day_lie_under_it(tmp_path: Path) -> None:
    """A segment lies under the UTC day on which its first event was recorded."""
    begun(tmp_path)
    now = [20_000 * DAY - 5]
    from govern.audit.audit_log import AuditLog

    with AuditLog(tmp_path, "desk", KEY, clock=lambda: now[0]) as log:
        log.append("prompt", trace_id="t")
        now[0] += DAY
        log.append("prompt", trace_id="t")
    done = sealing.seal(tmp_path, KEY)
    assert ["events/dt=2024-10-03", "events/dt=2024-10-04"] == sorted(
        each.path.rsplit("/", 1)[0] for each in done.files
    )


def test_sealing_tells_how_far_it_is(tmp_path: Path) -> None:
    begun(tmp_path)
    with write(tmp_path, events=9, segment=3):
        pass
    told: list[tuple[int, int]] = []
    sealing.seal(tmp_path, KEY, watch=lambda done, of: told.append((done, of)))
    assert [3, 6, 9] == sorted({done for done, _ in told if done})


def test_a_changed_start_is_not_taken_for_the_recorded_one(tmp_path: Path) -> None:
    """The log has the start that was signed: another one under its name is named, and nothing more is sealed."""
    begun(tmp_path)
    log = write(tmp_path, events=2, segment=2)
    sealing.seal(tmp_path, KEY)
    log.append("prompt", trace_id="t")
    log.append("prompt", trace_id="t")
    log.append("prompt", trace_id="t")
    crash(log)
    other = begun(tmp_path / "other")
    with write(other, events=0) as second:
        start = (other / "writers" / f"{second.writer_id}.start.json").read_bytes()
    (tmp_path / "writers" / f"{log.writer_id}.start.json").write_bytes(start)
    done = sealing.seal(tmp_path, KEY)
    assert ["the writer's start is not the one that the log has"] == [each.message for each in done.problems]
    assert [] == done.ended


def test_same_event_in_two_readers_is_equal(tmp_path: Path) -> None:
    """What the bulk reader makes of a journal line is what `canon.event` makes of it."""
    begun(tmp_path)
    with write(tmp_path, events=0) as log:
        made = [
            log.append(
                "tool_call", trace_id="t\x00\u2028",
                content="\x1f\x7f\U0001f600\\u001f\"", args={"a": [1, {"b": 2**53}]},
                rules=["r\x01", ""], duration_ns=-(2**63), attempt=2**63 - 1,
            ),
            log.append("response", trace_id="t", content=""),
        ]  # fmt: skip
        assert sorted(made, key=store.order) == list(read.read_events(tmp_path))
    sealing.seal(tmp_path, KEY)
    assert sorted(made, key=store.order) == [replace(event) for event in read.read_events(tmp_path)]


def test_another_event_under_a_taken_id_is_not_sealed(tmp_path: Path) -> None:
    """An id that a sealed file, the journal or an earlier part has with other content: the part stays, and is named."""
    begun(tmp_path)
    writer = write(tmp_path, events=3)
    live = next(iter(read.read_events(tmp_path)))
    old = imported(tmp_path, "old", 1)[0]
    assert [] == sealing.seal(tmp_path, KEY).problems
    first = Event(event_id="new", trace_id="x", type=EventType.PROMPT, content="one", writer_id="import:1", wseq=0)
    for taken in (old, live, first):
        (tmp_path / "a").mkdir(exist_ok=True)
        other = [replace(taken, content="other", ts_ns=None), replace(first, event_id=f"{taken.event_id}-fine")]
        (part,) = store.write(other, tmp_path / "a").parts
        names = ["dt=zz", "dt=zz2"] if taken is first else ["dt=zz"]
        for name in names:
            place = tmp_path / "events" / name / part.name
            place.parent.mkdir(exist_ok=True)
            if name == "dt=zz" and taken is first:
                (good,) = store.write([first], tmp_path / "b").parts
                good.rename(place.parent / good.name)
            else:
                part.rename(place)
        done = sealing.seal(tmp_path, KEY)
        assert [str(place)] == [problem.where for problem in done.problems]
        assert f"another event under the id `{taken.event_id}`" in done.problems[0].message
        assert place.is_file()
        place.unlink()
        shutil.rmtree(tmp_path / "a")
    assert "new" in {event.event_id for event in read.read_events(tmp_path)}
    writer.close()


def test_the_same_event_is_not_sealed_twice(tmp_path: Path) -> None:
    """What says the same as an event that is sealed, or as one of another part, is left out; the rest is sealed."""
    begun(tmp_path)
    made = imported(tmp_path, "old", 2)
    sealing.seal(tmp_path, KEY)
    fresh = replace(made[0], event_id="fresh")
    for name, events in (("dt=a", [*made, fresh]), ("dt=b", [fresh]), ("dt=c", [replace(made[1], wseq=9)])):
        for part in store.write(events, tmp_path / name).parts:
            place = tmp_path / "events" / name / part.name
            place.parent.mkdir(exist_ok=True)
            part.rename(place)
    done = sealing.seal(tmp_path, KEY)
    assert ([], 1, 4) == (done.problems, done.events, done.doubled)
    assert sorted(["fresh", *(event.event_id for event in made)]) == sorted(
        event.event_id for event in read.read_events(tmp_path)
    )
    assert [] == list(tmp_path.glob("events/dt=*/part-*"))
    assert "unanchored" == judged(tmp_path).status
