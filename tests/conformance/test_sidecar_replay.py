"""A replay over a sidecar is the replay of the log: groups, runs and errors, and the verdict on every call."""

from __future__ import annotations

import random
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from govern.audit import store
from govern.replay.groups import Policies, Replayed
from govern.replay.run import EngineChoice, Run, run

from .policies import AGENT, policy
from .test_policies import events


def shown(found: Replayed) -> tuple[object, ...]:
    groups = {
        key: (seen.calls, seen.first_ns, seen.last_ns, seen.samples)
        for key, seen in sorted(found.groups.items(), key=str)
    }
    return groups, found.runs, found.errors


def replays(folder: Path, judges: Policies, name: str | None, verdicts: str) -> Run:
    return run(
        [str(folder / "store")], judges, engine=EngineChoice.SQL, agent=name, sidecar=folder / "side",
        verdicts=folder / verdicts,
    )  # fmt: skip


@pytest.mark.parametrize("seed", range(4))
def test_the_same_with_a_sidecar(seed: int, tmp_path: Path) -> None:
    """Made by the first replay, read by the second, for another policy too, with the nameless calls named or not."""
    rng = random.Random(seed)
    store.write(iter(list(events(rng, 300))), tmp_path / "store")
    for round_, name in enumerate((None, AGENT)):
        judges = Policies({AGENT: policy(rng), "b": policy(rng)})
        plain = run([str(tmp_path / "store")], judges, engine=EngineChoice.SQL, agent=name, verdicts=tmp_path / "plain")
        expected = sorted(pq.read_table(tmp_path / "plain").to_pylist(), key=lambda row: row["event_id"])
        for again in range(2):
            made = replays(tmp_path, judges, name, f"side-{round_}-{again}")
            assert shown(plain.replayed) == shown(made.replayed)
            rows = pq.read_table(tmp_path / f"side-{round_}-{again}").to_pylist()
            assert expected == sorted(rows, key=lambda row: row["event_id"])
    assert 1 == len(list((tmp_path / "side").iterdir()))


def test_a_damaged_sidecar_is_made_again(tmp_path: Path) -> None:
    """Wherever a byte of it was changed, the replay says the same."""
    rng = random.Random(9)
    judges = Policies({AGENT: policy(rng)})
    store.write(iter(list(events(rng, 300))), tmp_path / "store")
    logs = [str(tmp_path / "store")]
    plain = run(logs, judges, engine=EngineChoice.SQL)
    run(logs, judges, engine=EngineChoice.SQL, sidecar=tmp_path / "side")
    file = next((tmp_path / "side").iterdir())
    for _ in range(12):
        if not file.exists():
            run(logs, judges, engine=EngineChoice.SQL, sidecar=tmp_path / "side")
        whole = bytearray(file.read_bytes())
        whole[rng.randrange(len(whole))] ^= 0xFF
        file.write_bytes(whole)
        found = replays(tmp_path, judges, None, "verdicts")
        assert shown(plain.replayed) == shown(found.replayed)
        assert (
            sum(seen.calls for seen in plain.replayed.groups.values())
            == pq.read_metadata(tmp_path / "verdicts").num_rows
        )
