"""Sealing, compaction and retention killed before each of their steps: every event once, for every reader, always."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.audit.sealing_cases import DAY, KEY, begun, crash, files, imported, judged, write

from govern.audit import compaction, leftovers, read, retention, sealing, store_log
from govern.events.model import Event

ROOT = Path(__file__).parents[2]


def kills(store: Path, copies: Path, operation: str) -> list[Path]:
    """The copies of a store on which an operation was killed, one for each step, and the one where it was not."""
    command = [sys.executable, "-m", "tests.audit.killing_sealers", str(store), str(copies), operation]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert 0 == done.returncode, done.stderr
    return sorted(copies.iterdir(), key=lambda path: int(path.name))


def begin_again(copy: Path) -> None:
    """A lease of a killed process is waited for; here its time is over."""
    (copy / "log" / "lease.json").unlink(missing_ok=True)


def test_sealing_killed_at_any_step(tmp_path: Path) -> None:
    """Readers see each event once after the kill; the next seal ends what was begun, and nothing lies about."""
    store = begun(tmp_path / "store")
    crash(write(store, "gone", 3, segment=2), b"0" * 10)
    imported(store, events=2)
    before = list(read.read_events(store))
    assert 5 == len(before)
    copies = kills(store, tmp_path / "copies", "seal")
    assert len(copies) > 25
    for copy in copies:
        assert before == list(read.read_events(copy)), copy.name
        begin_again(copy)
        done = sealing.seal(copy, KEY)
        assert [] == done.problems, copy.name
        assert before == list(read.read_events(copy)), copy.name
        with write(copy, "later", 1):
            pass
        sealing.seal(copy, KEY)
        assert 5 == len(files(copy)), "what could belong to a sealer at work went with this seal"
        found = judged(copy)
        assert ((), 6) == (found.findings, found.events), copy.name


def test_compaction_killed_at_any_step(tmp_path: Path) -> None:
    """The same of compaction: the small files count until the large one does, and never both."""
    store = begun(tmp_path / "store")
    with write(store, events=6, segment=3):
        pass
    sealing.seal(store, KEY)
    before = list(read.read_events(store))
    copies = kills(store, tmp_path / "copies", "compact")
    assert len(copies) > 10
    for copy in copies:
        assert before == list(read.read_events(copy)), copy.name
        assert () == judged(copy).findings or _only_strays(copy), copy.name
        begin_again(copy)
        compaction.compact(copy, KEY)
        with write(copy, "later", 1):
            pass
        sealing.seal(copy, KEY)
        assert 7 == len(list(read.read_events(copy))), copy.name
        assert () == judged(copy).findings, copy.name
        assert 2 == len(files(copy)), copy.name


def _only_strays(copy: Path) -> bool:
    """Whether all that is odd are files that no record names: `verify` calls them extra until the next seal."""
    strays = leftovers.look(copy, store_log.read(copy)).strays
    names = {path.relative_to(copy).as_posix() for path in strays}
    return {found.file for found in judged(copy).findings} <= names


def test_retention_killed_at_any_step(tmp_path: Path) -> None:
    """Nothing is gone before the tombstone stands, and all of it goes with the next run: never a gap without a word."""
    store = begun(tmp_path / "store")
    old = _old(store)
    with write(store, events=3):
        pass
    sealing.seal(store, KEY)
    kept = [event for event in read.read_events(store) if event.event_id not in old]
    for copy in kills(store, tmp_path / "copies", "retain"):
        found = {event.event_id for event in read.read_events(copy)}
        assert found - old == {event.event_id for event in kept}
        assert found & old in (old, set()), copy.name
        assert () == judged(copy).findings or _only_waiting(copy), copy.name
        begin_again(copy)
        retention.retain(copy, KEY, before_ns=19_000 * DAY, rule="old", by="test")
        sealing.seal(copy, KEY)
        assert kept == list(read.read_events(copy)), copy.name
        assert () == judged(copy).findings, copy.name
        assert 1 == len(files(copy)), copy.name


def _old(store: Path) -> set[str]:
    from govern.audit.store import write as write_parts
    from govern.events.model import EventType

    made = [
        Event(event_id=f"o{number}", trace_id="o", type=EventType.PROMPT, writer_id="import:o", wseq=number,
              ts_ns=18_000 * DAY + number % 2 * DAY)
        for number in range(4)
    ]  # fmt: skip
    write_parts(made, store, durable=False)
    return {event.event_id for event in made}


def _only_waiting(copy: Path) -> bool:
    """Whether all that is odd are files that the tombstone says are gone: they wait for the next run."""
    names = {path.relative_to(copy).as_posix() for path in leftovers.look(copy, store_log.read(copy)).gone}
    return {found.file for found in judged(copy).findings} <= names
