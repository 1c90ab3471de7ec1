"""Everything that reads a store reads the journal too, each event once; what may be missing is said, never left out."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.audit.sealing_cases import KEY, begun, files, imported, write

from govern.audit import import_mark, read, sealing, snapshot, store
from govern.errors import EvidenceError
from govern.events.model import Event
from govern.ingest import Summary
from govern.ingest import read as read_logs
from govern.ingest.importing import import_logs
from govern.ingest.paths import Store, expand
from govern.ingest.source import Refusal
from govern.replay import bulk, stores, typed

LOG = '{"role": "user", "content": "hello"}\n'


def ids(found: Any) -> list[str]:
    return sorted(event.event_id for event in found if isinstance(event, Event))


def by_events(folder: Path) -> list[str]:
    return ids(read.read_events(folder))


def by_sql(folder: Path) -> list[str]:
    return sorted(row[0] for row in read.open_events(folder).execute("SELECT event_id FROM events").fetchall())


def by_ingest(folder: Path) -> list[str]:
    return ids(read_logs([str(folder)]))


def by_parent_folder(folder: Path) -> list[str]:
    return ids(read_logs([str(folder.parent)]))


def by_replay_parts(folder: Path) -> list[str]:
    (found,) = expand([str(folder)])
    con = read.open_parts(stores.parts_of([found]))
    assert bulk.counts(con)["events"] == len(by_sql(folder))
    return sorted(row[0] for row in con.execute("SELECT event_id FROM events").fetchall())


READERS = [by_events, by_sql, by_ingest, by_parent_folder, by_replay_parts]


@pytest.mark.parametrize("reader", READERS)
def test_journal_parts_and_sealed_files_are_read(tmp_path: Path, reader: Callable[[Path], list[str]]) -> None:
    """Of a store with a live writer, sealed files and imported parts: all events, each once."""
    folder = begun(tmp_path / "audit")
    with write(folder, events=7, segment=3) as log:
        sealing.seal(folder, KEY)
        imported(folder)
        more = log.append("prompt", trace_id="late", content="x")
        found = reader(folder)
        assert 7 + 1 + 6 == len(found) == len(set(found))
        assert more.event_id in found


def test_a_store_of_nothing_but_a_journal_is_a_store(tmp_path: Path) -> None:
    """A writer's first events are read before anything is sealed, and no file of the store is taken for a log."""
    folder = begun(tmp_path / "audit")
    with write(folder, events=3):
        (found,) = expand([str(tmp_path)])
        assert isinstance(found, Store)
        assert 3 == len(by_ingest(folder))


def test_an_import_sees_what_is_in_the_journal(tmp_path: Path) -> None:
    """An event that the store has is not written again, wherever it stands; another content under its id is told."""
    folder = begun(tmp_path)
    with write(folder, events=2) as log:
        one = log.append("prompt", trace_id="t", content="said")
        again = store.write([one], folder, durable=False)
        assert (0, 1, []) == (again.events, again.present, again.conflicts)
        other = replace(one, content="other")
        assert [one.event_id] == store.write([other], folder, durable=False).conflicts


def test_a_file_that_the_log_names_is_missing(tmp_path: Path) -> None:
    """No reader goes on without it: it says which one."""
    folder = begun(tmp_path / "audit")
    with write(folder, events=4, segment=2):
        pass
    done = sealing.seal(folder, KEY)
    gone = folder / done.files[0].path
    gone.unlink()
    for reader in (by_events, by_sql):
        with pytest.raises(EvidenceError, match="a sealed file that the log names is not there") as caught:
            reader(folder)
        assert str(gone) == caught.value.where
    (refusal,) = [found for found in read_logs([str(folder)]) if isinstance(found, Refusal)]
    assert (str(gone), None) == (refusal.file, refusal.rows)


def test_sealed_files_without_their_log(tmp_path: Path) -> None:
    """Whoever takes the log away does not turn evidence into plain events."""
    folder = begun(tmp_path / "audit")
    with write(folder, events=4):
        pass
    sealing.seal(folder, KEY)
    for batch in (folder / "log").glob("*.json"):
        batch.unlink()
    with pytest.raises(EvidenceError, match="a sealed file, and the store has no log"):
        by_sql(folder)
    shutil.rmtree(folder / "log")
    with pytest.raises(EvidenceError, match="a sealed file, and the store has no log"):
        by_events(folder)
    assert [None] == [found.rows for found in read_logs([str(folder)]) if isinstance(found, Refusal)]


def test_a_sealed_file_that_no_record_names_does_not_count(tmp_path: Path) -> None:
    folder = begun(tmp_path / "audit")
    with write(folder, events=4):
        pass
    done = sealing.seal(folder, KEY)
    (folder / done.files[0].path).with_name(f"seal-{'0' * 32}.parquet").write_bytes(
        (folder / done.files[0].path).read_bytes()
    )
    assert 4 == len(by_events(folder))


def test_a_line_that_is_no_event(tmp_path: Path) -> None:
    """A journal whose chain follows, and that holds what is no event, is named with its line by every bulk reader."""
    from govern.audit import canon, journal

    folder = begun(tmp_path / "audit")
    log = write(folder, events=2)
    (path,) = folder.glob("journal/*/*.jsonl")
    segment = journal.read_segment(path)
    unknown = canon.text(replace(canon.event(segment.rows[0][0]), wseq=2)).replace('"prompt"', '"no such type"')
    for odd in (b'{"v":1}', unknown.encode(), b"[]"):
        chain = journal.next_chain(segment.chain, canon.leaf(odd))
        path.write_bytes(path.read_bytes()[: segment.size] + journal.line(chain, odd))
        with pytest.raises(EvidenceError, match="no event") as caught:
            by_sql(folder)
        assert f"{path}:4" == caught.value.where
    other = segment.rows[0][0]  # an event of another place
    path.write_bytes(
        path.read_bytes()[: segment.size] + journal.line(journal.next_chain(segment.chain, canon.leaf(other)), other)
    )
    with pytest.raises(EvidenceError, match=r"event 0 of .*, where 2 of"):
        by_sql(folder)
    log._let_go()


def test_the_temporary_file_of_the_journal_goes_with_its_readers(tmp_path: Path) -> None:
    folder = begun(tmp_path)
    with write(folder, events=2):
        found = read.files(folder)
        spool = found.paths[-1]
        assert (2, True) == (found.journal, spool.is_file())
        del found
        assert not spool.exists()


def test_typed_columns_are_of_files_only(tmp_path: Path) -> None:
    """While a part is in the journal none are made by an import, and those of before are not taken for all of it."""
    folder = begun(tmp_path)
    imported(folder)
    assert typed.make(folder) is not None
    with write(folder, events=2):
        assert typed.after_import(folder, 6, asked=True) is None


SLOW_IMPORT = """
import sys, time
from pathlib import Path
from govern.audit import store
from govern.ingest import importing
real = store.write
def slow(events, folder, **more):
    def some():
        for number, event in enumerate(events):
            yield event
            if number == 1:
                print("begun", flush=True)
                time.sleep(60)
    return real(some(), folder, **more)
importing.store.write = slow
importing.import_logs([sys.argv[1]], sys.argv[2])
"""


def test_an_interrupted_import_is_told_until_it_is_repeated(tmp_path: Path) -> None:
    """While it runs and after it was killed, readers say that events may be missing; the same import, done, ends it."""
    logs = tmp_path / "logs.jsonl"
    logs.write_text("".join(json.dumps(event) + "\n" for event in _canonical(5)))
    folder = tmp_path / "audit"
    imported(folder)
    child = subprocess.Popen(
        [sys.executable, "-c", SLOW_IMPORT, str(logs), str(folder)], stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    assert "begun" in child.stdout.readline()
    (running,) = import_mark.unfinished(folder)
    assert running.running
    assert "are being imported now" in running.told
    child.send_signal(signal.SIGKILL)
    child.communicate()
    (mark,) = import_mark.unfinished(folder)
    assert (False, (str(logs),)) == (mark.running, mark.logs)
    (found,) = expand([str(folder)])
    assert isinstance(found, Store)
    assert (mark.told,) == found.lacks
    refusals = [each for each in read_logs([str(folder)]) if isinstance(each, Refusal)]
    assert [(mark.told, None)] == [(each.reason, each.rows) for each in refusals]
    summary = Summary()
    stores.state(summary, [found], {"events": 6})
    assert (1, 1) == (summary.whole, summary.totals.refused)
    import_logs([str(tmp_path / "other.jsonl")], str(folder))
    assert [mark] == import_mark.unfinished(folder), "another import does not end it"
    import_logs([os.path.relpath(logs)], str(folder))
    assert [] == import_mark.unfinished(folder)
    assert 6 + 5 == len(by_events(folder))


def _canonical(count: int) -> list[dict[str, Any]]:
    return [
        {"event_id": f"c{number}", "trace_id": "c", "type": "prompt", "writer_id": "w", "wseq": number, "content": "x"}
        for number in range(count)
    ]


def test_an_import_that_never_began_is_told_too(tmp_path: Path) -> None:
    """A folder with a mark and no events is no empty log."""
    folder = tmp_path / "audit"
    with pytest.raises(KeyboardInterrupt), import_mark.importing(folder, ["a.jsonl"], None, None):
        raise KeyboardInterrupt
    (refusal,) = expand([str(folder)])
    assert isinstance(refusal, Refusal)
    assert "was interrupted" in refusal.reason


def test_a_usage_error_leaves_no_mark(tmp_path: Path) -> None:
    with pytest.raises(Exception, match="no such format"):
        import_logs(["x"], str(tmp_path / "audit"), format="no such format")
    assert [] == files(tmp_path)


def test_a_store_read_while_its_log_is_held(tmp_path: Path) -> None:
    """Many readers hold a store at once, and none waits for another."""
    folder = begun(tmp_path)
    imported(folder)
    some = [snapshot.take(folder) for _ in range(3)]
    began = time.monotonic()
    assert 6 == len(by_events(folder))
    assert time.monotonic() - began < 30
    with snapshot.alone(folder) as nobody:
        assert not nobody
    del some
    with snapshot.alone(folder) as nobody:
        assert nobody
