"""The sealer's lease: one holder at a time, as long as clocks are right; stale ones are taken over."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from govern.audit import lease
from govern.audit.lease import Held
from govern.errors import EnvironmentFailed

S = 1_000_000_000


class Clock:
    """A clock that a test sets, in seconds."""

    def __init__(self, now: float = 1_000) -> None:
        self.now = now

    def __call__(self) -> int:
        return int(self.now * S)


@pytest.fixture
def store(tmp_path: Path) -> Path:
    (tmp_path / "log").mkdir()
    return tmp_path


def written(store: Path) -> dict[str, object]:
    found: dict[str, object] = json.loads((store / "log" / "lease.json").read_bytes())
    return found


def test_a_lease_is_held_and_given_back(store: Path) -> None:
    """While it is held it says by whom and until when; after that it is gone, with nothing left beside it."""
    with lease.held(store, "host 1", 60, clock=Clock()) as mine:
        assert {"holder": "host 1", "token": mine.token, "expires_ns": 1_060 * S} == written(store)
        assert mine.mine
    assert [] == list((store / "log").iterdir())


def test_a_second_one_waits(store: Path) -> None:
    """Who comes second is told who holds it and how long."""
    clock = Clock()
    with lease.held(store, "host 1", 60, clock=clock):
        clock.now += 59
        with pytest.raises(Held, match=r"`host 1`.* 1 s"), lease.held(store, "host 2", 60, clock=clock):
            raise AssertionError("it was held twice")
    with lease.held(store, "host 2", 60, clock=clock):
        assert "host 2" == written(store)["holder"]


def test_a_stale_one_is_taken_over(store: Path) -> None:
    """An expired lease is the next one's; the old holder sees that, and does not take the new one's away."""
    clock = Clock()
    with lease.held(store, "host 1", 60, clock=clock) as first:
        clock.now += 60
        with lease.held(store, "host 2", 60, clock=clock) as second:
            assert (False, True) == (first.mine, second.mine)
            with pytest.raises(Held, match="taken over"):
                first.renew()
            first.release()
            assert "host 2" == written(store)["holder"]


def test_two_take_over_at_once(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of two that find the same stale lease the last one has it; the other sees that."""
    (store / "log" / "lease.json").write_text("{}")
    put = lease._put

    def late(mine: lease.Lease, *, replacing: bool) -> bool:
        done = put(mine, replacing=replacing)
        if replacing:
            (store / "log" / "lease.json").write_text('{"holder":"host 2","token":"t","expires_ns":1}')
        return done

    monkeypatch.setattr(lease, "_put", late)
    with pytest.raises(Held, match="somebody else just took"), lease.held(store, "host 1", 60):
        raise AssertionError
    assert "host 2" == written(store)["holder"]


def test_a_lease_is_renewed(store: Path) -> None:
    """From the moment of renewal, for the same time again."""
    clock = Clock()
    with lease.held(store, "host 1", 60, clock=clock) as mine:
        clock.now += 50
        mine.renew()
        assert 1_110 * S == written(store)["expires_ns"]


@pytest.mark.parametrize(
    "content",
    [b"", b"?", b"[]", b"{}", b'{"expires_ns":"x"}', b'{"expires_ns":true}', b'{"expires_ns":99999999999999999999}'],
)
def test_a_lease_that_says_nothing_is_stale(store: Path, content: bytes) -> None:
    """A damaged one, or one that ends later than any does, keeps nobody out."""
    (store / "log" / "lease.json").write_bytes(content)
    with lease.held(store, "host 1", 60, clock=Clock()) as mine:
        assert mine.mine


def test_an_error_gives_it_back(store: Path) -> None:
    """Whatever ends the work."""
    with pytest.raises(KeyError), lease.held(store, "host 1", 60):
        raise KeyError
    assert [] == list((store / "log").iterdir())


def test_of_many_at_once_one_holds_it(store: Path) -> None:
    """Threads that try together: never two inside."""
    inside, most, got = 0, 0, 0
    lock, start = threading.Lock(), threading.Barrier(8)

    def work(name: str) -> None:
        nonlocal inside, most, got
        start.wait()
        for _ in range(20):
            try:
                with lease.held(store, name, 60):
                    with lock:
                        inside += 1
                        most, got = max(most, inside), got + 1
                    with lock:
                        inside -= 1
            except Held:
                continue

    threads = [threading.Thread(target=work, args=(f"t{each}",)) for each in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 1 == most
    assert got > 0


def test_a_store_that_cannot_be_written(tmp_path: Path) -> None:
    """Is an error of the machine."""
    with pytest.raises(EnvironmentFailed, match="cannot be written"), lease.held(tmp_path / "none", "host 1"):
        raise AssertionError


def test_one_of_a_killed_process_of_this_host_is_taken_over(store: Path) -> None:
    """At once; that of a living process, of another host, or of words that name no process, is waited for."""
    clock = Clock()
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    here = os.uname().nodename
    kept = [lease.this_process(), f"{here} process 1", f"not-{here} process {gone.pid}", f"{here} process x", here]
    for holder in kept:
        with (
            lease.held(store, holder, 60, clock=clock),
            pytest.raises(Held, match="is sealing"),
            lease.held(store, "next", 60, clock=clock),
        ):
            raise AssertionError(holder)
    with (
        lease.held(store, f"{here} process {gone.pid}", 60, clock=clock) as killed,
        lease.held(store, lease.this_process(), 60, clock=clock) as mine,
    ):
        assert (False, True) == (killed.mine, mine.mine)
