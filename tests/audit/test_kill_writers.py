"""No acknowledged event is lost and none is there twice, whenever writers and sealers are killed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from govern.audit import canon, journal, store_log, writers
from govern.audit.audit_log import AuditLog
from govern.audit.read import read_events
from govern.audit.sealing import seal
from govern.audit.verify import verify
from govern.audit.verifying.contract import Status
from govern.signing import key_files

KILLS = int(os.environ.get("GOVERN_KILLS", "24"))
SEED = int(os.environ.get("GOVERN_KILLS_SEED", "7"))


def killed(folder: Path, *options: str) -> dict[str, Any]:
    """What `killing.py` did in a new store."""
    key, path, _ = key_files.write_new(str(folder / "log"))
    store_log.init(folder / "store", key)
    command = [sys.executable, str(Path(__file__).parent / "killing.py"), str(folder / "store"), str(path)]
    ran = subprocess.run([*command, str(KILLS), str(SEED), *options], capture_output=True, check=False, text=True)
    assert 0 == ran.returncode, ran.stderr[-2000:]
    found: dict[str, Any] = json.loads(ran.stdout)
    assert KILLS <= found["kills"]
    assert found["acknowledged"]
    return found


def test_every_acknowledged_event_is_in_the_journal_once(tmp_path: Path) -> None:
    """Of eight writers with three threads each; the tail of a killed one is whole or torn, never damaged."""
    found = killed(tmp_path)
    store = tmp_path / "store"
    ids: Counter[str] = Counter()
    states: Counter[str] = Counter()
    for paths in journal.segments(store).values():
        following = None
        for path in paths:
            segment = journal.read_segment(path)
            assert following in (None, (segment.first, segment.head))
            events = [canon.event(text) for text, _ in segment.rows]
            assert list(range(segment.first, segment.next)) == [each.wseq for each in events]
            ids.update(each.event_id for each in events)
            states[segment.state] += 1
            assert "whole" == segment.state or path == paths[-1]
            following = (segment.next, segment.chain)
    assert set() == set(found["acknowledged"]) - set(ids)
    assert {1} == set(ids.values())
    assert {"whole", "torn"} >= set(states)
    assert not any(writers.alive(store, writer) for writer in writers.registered(store))
    # What they left behind hinders nobody.
    key = key_files.read_private(str(tmp_path / "log.key"))
    with AuditLog(store, "writer-0", key) as log:
        log.append("prompt", trace_id="after")


def test_every_acknowledged_event_is_read_once_while_all_is_sealed(tmp_path: Path) -> None:
    """The sealer works at the same time and is killed too; afterwards a seal leaves the journal empty."""
    found = killed(tmp_path, "sealing")
    store, key = tmp_path / "store", key_files.read_private(str(tmp_path / "log.key"))
    before = Counter(event.event_id for event in read_events(store))
    assert set() == set(found["acknowledged"]) - set(before)
    assert {1} == set(before.values())
    (store / "log" / "lease.json").unlink(missing_ok=True)  # of the sealer that was killed last
    done = seal(store, key, everything=True)
    assert [] == done.problems
    assert {} == journal.segments(store)
    judged = verify(store, keys=[key.public], processes=1)
    assert ((), Status.UNANCHORED) == (judged.findings, judged.status)
    assert before == Counter(event.event_id for event in read_events(store))


@pytest.mark.skipif(sys.platform != "linux", reason="asks /proc")
def test_a_writer_is_dead_once_its_process_is(tmp_path: Path) -> None:
    """Also where it left a child behind: the lock does not pass on."""
    key, path, _ = key_files.write_new(str(tmp_path / "log"))
    store_log.init(tmp_path / "store", key)
    code = (
        "import os, sys, time\n"
        "from govern.audit.audit_log import AuditLog\n"
        "from govern.signing.key_files import read_private\n"
        "log = AuditLog(sys.argv[1], 'parent', read_private(sys.argv[2]))\n"
        "if not os.fork(): print(os.getpid(), flush=True)\n"
        "time.sleep(60)\n"
    )
    ran = subprocess.Popen([sys.executable, "-c", code, str(tmp_path / "store"), str(path)], stdout=subprocess.PIPE)
    assert ran.stdout is not None
    child = int(ran.stdout.readline())
    ran.stdout.close()
    ran.kill()
    ran.wait()
    try:
        (writer,) = writers.registered(tmp_path / "store")
        assert Path(f"/proc/{child}").exists()
        assert not writers.alive(tmp_path / "store", writer)
    finally:
        os.kill(child, 9)
