"""Importing: logs into a store, once, and out of it again as the same events."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import zstandard

from govern.audit import read as audit
from govern.audit import store
from govern.ingest import Summary, read
from govern.ingest.adapters.canonical import row_of
from govern.ingest.importing import import_logs

HERE = Path(__file__).parent
LOGS = [str(HERE / name) for name in ("agentdojo/ids-that-come-again", "taubench/ids-that-come-again")]


def inputs(*folders: str) -> list[str]:
    return [str(path) for folder in folders for path in Path(folder).glob("in.*")]


def snapshot(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_importing_twice_changes_nothing(tmp_path: Path) -> None:
    """The folder is the same to the byte, also when the log comes packed, and when it is read from itself."""
    logs = inputs(*LOGS)
    first = import_logs(logs, str(tmp_path / "store"))
    before = snapshot(tmp_path)
    again = import_logs(logs, str(tmp_path / "store"))
    assert (first.written, 0, first.written) == (24, again.written, again.present)
    packed = tmp_path.with_suffix(".zst")
    packed.write_bytes(zstandard.compress(Path(logs[0]).read_bytes()))
    assert (0, 12) == ((done := import_logs([str(packed)], str(tmp_path / "store"))).written, done.present)
    itself = import_logs([str(tmp_path / "store")], str(tmp_path / "store"))
    assert (0, 24) == (itself.written, itself.present)
    assert before == snapshot(tmp_path)


def test_two_stores_of_the_same_logs_are_equal(tmp_path: Path) -> None:
    """The same logs give the same files anywhere."""
    for name in ("one", "two"):
        import_logs(inputs(*LOGS), str(tmp_path / name))
    one, two = (list(snapshot(tmp_path / name).values()) for name in ("one", "two"))
    assert one == two


def test_a_store_reads_as_its_logs_do(tmp_path: Path) -> None:
    """Events from the store equal the events from the logs, and so do the counts."""
    logs = inputs(*LOGS)
    import_logs(logs, str(tmp_path))
    direct, stored = Summary(), Summary()
    from_logs = list(direct.events(read(logs)))
    from_store = list(stored.events(read([str(tmp_path)])))
    assert sorted(from_logs, key=store.order) == from_store
    assert [direct.totals.calls, direct.totals.results, direct.totals.errors, direct.totals.unanswered] == [
        stored.totals.calls,
        stored.totals.results,
        stored.totals.errors,
        stored.totals.unanswered,
    ]
    assert [str(tmp_path)] == [file.path for file in stored.files]


def test_store_and_logs_together_count_once(tmp_path: Path) -> None:
    """A log beside the store that it was imported into doubles nothing."""
    logs = inputs(*LOGS)
    import_logs(logs, str(tmp_path))
    for paths in ([str(tmp_path), *logs], [*logs, str(tmp_path)]):
        summary = Summary()
        assert 24 == len(list(summary.events(read(paths))))
        assert (3, 0) == (summary.totals.runs, summary.refused)


def test_canonical_rows_are_a_round_trip(tmp_path: Path) -> None:
    """Events written as canonical rows and read again are equal, whatever log they came from."""
    events = list(Summary().events(read([str(HERE / "agentdojo"), str(HERE / "taubench")])))
    rows = tmp_path / "rows.jsonl"
    rows.write_text("".join(json.dumps(row_of(event)) + "\n" for event in events))
    summary = Summary()
    assert events == list(summary.events(read([str(rows)])))
    assert 0 == summary.refused


def test_one_damaged_part_leaves_the_others(tmp_path: Path) -> None:
    """Of a store with a damaged part the other parts are read, and the part is refused by name."""
    log = tmp_path / "log"
    rows = [
        {"event_id": f"e{n}", "trace_id": "t", "type": "prompt", "ts": f"2026-11-1{n}T00:00:00Z"} for n in (1, 2, 3)
    ]
    log.write_text("".join(json.dumps(row) + "\n" for row in rows))
    import_logs([str(log)], str(tmp_path / "store"))
    parts = store.parts(tmp_path / "store")
    parts[1].write_bytes(parts[1].read_bytes()[:-20])
    summary = Summary()
    events = list(summary.events(read([str(tmp_path / "store")])))
    assert ["e1", "e3"] == [event.event_id for event in events]
    assert (1, 1) == (summary.refused, summary.whole)
    assert str(parts[1]) in summary.refusals[0].reason


def test_one_part_alone(tmp_path: Path) -> None:
    """A Parquet file is recognised by its content, and so is one that holds something else."""
    import_logs(inputs(*LOGS), str(tmp_path / "store"))
    (part,) = store.parts(tmp_path / "store")
    other = tmp_path / "renamed.txt"
    other.write_bytes(part.read_bytes())
    assert 24 == len(list(Summary().events(read([str(other)]))))


def test_conflict_with_the_store_is_refused(tmp_path: Path) -> None:
    """An event whose id the store has with other content is a refusal of the import."""
    log = tmp_path / "log"
    for content in ("first", "second"):
        row = {"event_id": "e1", "trace_id": "t", "type": "prompt", "content": content}
        log.write_text(json.dumps(row))
        done = import_logs([str(log)], str(tmp_path / "store"))
    assert ["the store has other content under the event id `e1`; the new one was not written"] == [
        refusal.reason for refusal in done.summary.refusals
    ]
    assert ["first"] == [event.content for event in audit.read_events(tmp_path / "store")]


@pytest.mark.parametrize("case", sorted(path.parent.name for path in (HERE / "agentdojo").glob("*/in.*")))
def test_every_case_can_be_stored(case: str, tmp_path: Path) -> None:
    """Whatever an adapter makes of a hostile log fits the store."""
    paths = inputs(str(HERE / "agentdojo" / case))
    done = import_logs(paths, str(tmp_path))
    assert done.written == done.summary.totals.events
    if done.written:
        events = sorted(Summary().events(read(paths)), key=store.order)
        assert events == list(audit.read_events(tmp_path))
