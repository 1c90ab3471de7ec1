"""Compaction: the same events in fewer files, and every root and proof that was ever handed out still holds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from tests.audit.sealing_cases import KEY, begun, files, imported, judged, write

from govern.audit import compaction, holds, merkle, read, sealed, sealing, snapshot, store_log
from govern.audit.records import Compaction, File
from govern.audit.store_log import StoreLog
from govern.errors import EvidenceError, UsageError


def filled(folder: Path, writers: int = 4) -> Path:
    begun(folder)
    for number in range(writers):
        with write(folder, f"w{number}", 5 + number, segment=3):
            pass
    imported(folder)
    imported(folder, "2")
    sealing.seal(folder, KEY)
    return folder


def roots(folder: Path) -> dict[int, str]:
    """The root of every file that was ever recorded, computed from the rows that are there now."""
    log = store_log.read(folder)
    found: dict[int, list[tuple[int, bytes]]] = {}
    for entry in log.files():
        table = pq.read_table(folder / snapshot.path_of(entry))
        leaves = table.column("leaf").to_pylist()
        if isinstance(entry.record, File):
            found[entry.index] = list(enumerate(leaves))
            continue
        for file, row, leaf in zip(table["file"].to_pylist(), table["row"].to_pylist(), leaves, strict=True):
            found.setdefault(file, []).append((row, leaf))
    return {index: merkle.root([leaf for _, leaf in sorted(rows)]).hex() for index, rows in found.items()}


def recorded(folder: Path) -> dict[int, str]:
    return {
        entry.index: entry.record.root for entry in store_log.read(folder).entries if isinstance(entry.record, File)
    }


def test_old_roots_stand(tmp_path: Path) -> None:
    """Of files, of compacted files, and of those compacted again; the events are the same all the while."""
    folder = filled(tmp_path)
    before, old = list(read.read_events(folder)), recorded(folder)
    names = files(folder)
    first = compaction.compact(folder, KEY, rows=15)
    assert first.replaced > len(first.made) > 1
    for rows in (40, 1_000):
        assert before == list(read.read_events(folder))
        assert old == recorded(folder) == roots(folder)
        found = judged(folder)
        assert ((), len(before)) == (found.findings, found.events)
        assert max(each.rows for each in first.made) <= 15
        with write(folder, "again", 2):
            pass
        sealing.seal(folder, KEY)
        before, old = list(read.read_events(folder)), recorded(folder)
        compaction.compact(folder, KEY, rows=rows)
    assert before == list(read.read_events(folder))
    assert old == roots(folder)
    assert () == judged(folder).findings
    assert 4 == len(files(folder)) < len(names), "one file for each day, and one for no day"


def test_rows_keep_their_bytes_and_their_order(tmp_path: Path) -> None:
    """Every row is there with its `canon` and `leaf`; the file is in the total order."""
    folder = filled(tmp_path)
    wanted = {
        (canon, leaf)
        for path in snapshot.take(folder).files
        for canon, leaf in zip(*pq.read_table(path, columns=["canon", "leaf"]).to_pydict().values(), strict=True)
    }
    compaction.compact(folder, KEY)
    found = set()
    for path in snapshot.take(folder).files:
        table = pq.read_table(path)
        found |= set(zip(table["canon"].to_pylist(), table["leaf"].to_pylist(), strict=True))
        if table.schema.names == sealed.COMPACTED.names:
            order = list(zip(table["trace_id"].to_pylist(), table["ts_ns"].to_pylist(), strict=True))
            assert order == sorted(order, key=lambda each: (each[0], each[1] is None, each[1] or 0))
    assert wanted == found


def test_nothing_to_do(tmp_path: Path) -> None:
    """Files that are large enough, or alone in their day, are left as they are; nothing is recorded."""
    folder = filled(tmp_path, 1)
    compaction.compact(folder, KEY)
    size = store_log.read(folder).size
    assert [] == compaction.compact(folder, KEY).made
    assert [] == compaction.compact(folder, KEY, rows=2).made
    assert size == store_log.read(folder).size


def test_a_damaged_file_is_named_and_its_day_left(tmp_path: Path) -> None:
    folder = filled(tmp_path)
    live = store_log.read(folder).files()
    entry = next(each for each in live if isinstance(each.record, File) and each.record.writer is not None)
    path = folder / snapshot.path_of(entry)
    path.write_bytes(path.read_bytes()[:-9])
    done = compaction.compact(folder, KEY)
    assert [str(path)] == [problem.where for problem in done.problems]
    assert path.is_file()
    assert all(path.parent.name not in each.path for each in done.made)


def test_a_file_with_more_rows_than_recorded_is_not_taken(tmp_path: Path) -> None:
    """Compaction gives no seal to rows that were put in."""
    folder = begun(tmp_path)
    for name in ("a", "b"):
        with write(folder, name, 3):
            pass
    sealing.seal(folder, KEY)
    path = snapshot.take(folder).files[0]
    table = pq.read_table(path)
    pq.write_table(table.take([0, 1, 2, 2]), path)
    done = compaction.compact(folder, KEY)
    assert ["files have other numbers of rows than their records say"] == [each.message for each in done.problems]
    assert [] == done.made
    assert not any(isinstance(entry.record, Compaction) for entry in store_log.read(folder).entries)


def test_what_is_needed(tmp_path: Path) -> None:
    imported(tmp_path)
    with pytest.raises(EvidenceError, match="the store has no log"):
        compaction.compact(tmp_path, KEY)
    begun(tmp_path)
    with pytest.raises(UsageError, match="a file has 2 to"):
        compaction.compact(tmp_path, KEY, rows=1)


def test_who_loses_the_race_writes_its_file_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A sealer that was first may have removed what no record named: the file is made anew, and is there."""
    folder = begun(tmp_path)
    with write(folder, events=4, segment=2):
        pass
    sealing.seal(folder, KEY)
    before = list(read.read_events(folder))
    real = store_log.append

    def append(*given: Any) -> StoreLog:
        monkeypatch.setattr(store_log, "append", real)
        for path in folder.glob("events/*/*.parquet"):
            if path not in snapshot.take(folder).files:
                path.unlink()
        holds.add(folder, KEY, id="first", reason="r", by="b")
        return real(*given)

    monkeypatch.setattr(store_log, "append", append)
    assert 1 == len(compaction.compact(folder, KEY).made)
    assert before == list(read.read_events(folder))
    assert () == judged(folder).findings
