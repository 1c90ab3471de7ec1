"""Proofs of events, records and older checkpoints: they hold against a trusted key, and for nothing else."""

from __future__ import annotations

import copy
import json
import random
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from govern.audit import canon, checkpoint, compaction, log_keys, merkle, proofs, proving, records, sealing, store_log
from govern.audit.audit_log import AuditLog
from govern.audit.checkpoint import Checkpoint
from govern.audit.records import Store, Unhold
from govern.audit.store_log import Batch, Entry, StoreLog
from govern.errors import EvidenceError
from govern.signing import keys

KEY = keys.of_seed(bytes(range(32)))
NEXT = keys.of_seed(bytes(range(1, 33)))
OTHER = keys.of_seed(bytes(range(2, 34)))
TRACES = ("one", "two", "three")


def write(store: Path, name: str, count: int, key: keys.PrivateKey = KEY) -> list[str]:
    """Events of three traces by one writer; their ids."""
    with AuditLog(store, name, key) as log:
        return [
            log.append("prompt", trace_id=TRACES[each % 3], content=f"{name} {each} é", durable=False).event_id
            for each in range(count)
        ]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of two sealed files, a rotation of its key between them, and events that are not sealed yet."""
    store = tmp_path_factory.mktemp("proofs") / "store"
    store_log.init(store, KEY, "audit.example.org/desk")
    write(store, "desk", 30)
    sealing.seal(store, KEY)
    (store.parent / "old.txt").write_text(store_log.read(store).checkpoint)
    write(store, "till", 7)
    sealing.seal(store, KEY)
    log = store_log.read(store)
    store_log.append(store, log, log_keys.rotation(log.store.id, log.size, KEY, NEXT, 5), NEXT)
    return store


@pytest.fixture
def store(made: Path, tmp_path: Path) -> Path:
    """A copy that a test may change."""
    return Path(shutil.copytree(made, tmp_path / "store"))


def document(store: Path, **asked: Any) -> dict[str, Any]:
    log = store_log.read(store)
    found = proving.locate(store, log, **asked)
    return proofs.document(log, rows=found.rows, trees=found.trees)


def test_a_trace_is_proven(made: Path) -> None:
    """All its events are there, of every file, byte for byte, under the newest checkpoint."""
    proof = document(made, trace_ids=["two"])
    said = proofs.check(proof, [KEY.public])
    assert (store_log.read(made).size, "audit.example.org/desk") == (said.size, said.origin)
    events = [canon.event(each["canon"]) for each in proof["events"]]
    assert {"two"} == {each.trace_id for each in events}
    assert 12 == len(events)
    assert 2 == len({each["file"] for each in proof["events"]})
    kinds = [json.loads(each["text"])["kind"] for each in proof["records"]]
    assert {"store", "file", "key"} == set(kinds)
    assert proof == json.loads(json.dumps(proof))


def test_an_event_is_proven(made: Path) -> None:
    """By its id alone, and several at once in one document."""
    log = store_log.read(made)
    ids = [canon.event(row.canon).event_id for row in proving.locate(made, log, trace_ids=["one"]).rows]
    proof = document(made, event_ids=[ids[0], ids[-1]])
    assert {ids[0], ids[-1]} == {canon.event(each["canon"]).event_id for each in proof["events"]}


def test_who_trusts_any_key_of_the_log_can_check(made: Path) -> None:
    """The first key leads to the newer one, and back; another key leads nowhere."""
    proof = document(made, trace_ids=["two"])
    for key in (KEY, NEXT):
        proofs.check(proof, [key.public])
    for trusted in ([OTHER.public], []):
        with pytest.raises(EvidenceError, match="never had"):
            proofs.check(proof, trusted)


def test_a_proof_survives_the_growth_of_the_log(store: Path) -> None:
    """An old document holds as it did; a new one is under the newer checkpoint."""
    before = document(store, trace_ids=["one"])
    log = store_log.read(store)
    store_log.append(store, log, [Unhold(id=str(each), reason="", by="", at_ns=1) for each in range(20)], NEXT)
    after = document(store, trace_ids=["one"])
    assert proofs.check(before, [KEY.public]).size + 20 == proofs.check(after, [KEY.public]).size
    assert before["events"] == after["events"]


def test_an_old_checkpoint_is_proven(made: Path) -> None:
    """The log grew out of it; without the store anybody can check."""
    log = store_log.read(made)
    old = checkpoint.read((made.parent / "old.txt").read_bytes(), "old.txt")
    proof = proofs.document(log, older=[old])
    said = proofs.check(proof, [KEY.public])
    assert old.text == proof["consistency"][0]["checkpoint"]
    path = [bytes.fromhex(each) for each in proof["consistency"][0]["path"]]
    merkle.verify_consistency(old.checkpoint.size, said.size, path, old.checkpoint.root, said.root)


def test_a_log_that_did_not_grow_out_of_it(made: Path, tmp_path: Path) -> None:
    """A shorter one, another past, another log: there is no proof, and why is said."""
    log = store_log.read(made)
    newest = checkpoint.read(log.checkpoint, "held.txt")
    for size, words in ((2, "its end was cut"), (log.size + 1, "its past was written again")):
        other = tmp_path / str(size)
        begun = store_log.init(other, NEXT, "audit.example.org/desk")
        more = [Unhold(id=str(each), reason="", by="", at_ns=1) for each in range(size - 1)]
        with pytest.raises(EvidenceError, match=words):
            proofs.document(store_log.append(other, begun, more, NEXT), older=[newest])
    till = store_log.init(tmp_path / "till", NEXT, "audit.example.org/till")
    with pytest.raises(EvidenceError, match="not of"):
        proofs.document(till, older=[newest])
    unknown = store_log.init(tmp_path / "unknown", OTHER, "audit.example.org/desk")
    with pytest.raises(EvidenceError, match="none of the known keys"):
        proofs.document(unknown, older=[newest])


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The ways to all texts and numbers of a document."""
    if isinstance(value, dict):
        for name, item in value.items():
            yield from leaves(item, (*path, name))
    elif isinstance(value, list):
        for at, item in enumerate(value):
            yield from leaves(item, (*path, at))
    else:
        yield path


def changed(proof: dict[str, Any], path: tuple[Any, ...], change: Callable[[Any], Any]) -> dict[str, Any]:
    made = copy.deepcopy(proof)
    at = made
    for step in path[:-1]:
        at = at[step]
    at[path[-1]] = change(at[path[-1]])
    return made


def test_whatever_is_changed_in_a_proof_breaks_it(made: Path) -> None:
    """Each text and number of the document, in a random place; each part left out, doubled, swapped."""
    log = store_log.read(made)
    old = checkpoint.read((made.parent / "old.txt").read_bytes())
    found = proving.locate(made, log, trace_ids=["two"])
    proof = proofs.document(log, rows=found.rows[:3], trees=found.trees, older=[old])
    random_ = random.Random(7)

    def other(value: Any) -> Any:
        if isinstance(value, int):
            return value + random_.choice([-1, 1])
        at = random_.randrange(len(value))
        return value[:at] + chr(ord(value[at]) ^ 1) + value[at + 1 :]

    tried = 0
    for path in leaves(proof):
        for _ in range(4):
            tried += 1
            with pytest.raises(EvidenceError):
                proofs.check(changed(proof, path, other), [KEY.public])
    assert tried > 100
    for path in [("events", 0, "path"), ("records", 1, "path"), ("consistency", 0, "path")]:
        for change in (lambda nodes: nodes[:-1], lambda nodes: [*nodes, nodes[0]], lambda nodes: []):
            with pytest.raises(EvidenceError):
                proofs.check(changed(proof, path, change), [KEY.public])
    for name in proof:
        with pytest.raises(EvidenceError):
            proofs.check({each: value for each, value in proof.items() if each != name}, [KEY.public])
    for wrong in ({}, [], None, {"schema": proofs.SCHEMA}):
        with pytest.raises(EvidenceError):
            proofs.check(wrong, [KEY.public])  # type: ignore[arg-type]


def made_up(added: list[Any], signer: keys.PrivateKey, origin: str = "audit.example.org/desk") -> StoreLog:
    """A log that nobody would append: its records under a checkpoint by any key, of any origin."""
    first = Store(id="ab" * 16, origin="audit.example.org/desk", key=log_keys.text(KEY.public), at_ns=1)
    entries = tuple(Entry(at, record, records.text(record)) for at, record in enumerate([first, *added]))
    root = merkle.root([entry.leaf for entry in entries])
    signed = checkpoint.sign(Checkpoint(origin, len(entries), root), signer)
    keys_ = log_keys.over(entry.record for entry in entries)
    return StoreLog(Path("none"), entries, (Batch(Path("none"), 0, len(entries), signed),), keys_)


def test_keys_that_did_not_follow_prove_nothing() -> None:
    """A rotation that the old key did not sign, a checkpoint by the retired key or of another log."""
    rotation = [*log_keys.rotation("ab" * 16, 1, KEY, NEXT, 5)]
    proofs.document(made_up([], KEY))
    proofs.document(made_up(rotation, NEXT))
    for log, words in (
        (made_up([replace(rotation[0], envelope=None), rotation[1]], NEXT), "rotation"),
        (made_up(rotation, KEY), "none of the known keys"),
        (made_up([], KEY, "audit.example.org/till"), "another log"),
    ):
        with pytest.raises(EvidenceError, match=words):
            proofs.document(log)
    proof = proofs.document(made_up([Unhold(id="", reason="", by="", at_ns=1)], KEY))
    first = made_up([], KEY, "audit.example.org/till").checkpoint
    proof["consistency"] = [{"checkpoint": first, "path": [merkle.leaf(proof["records"][0]["text"].encode()).hex()]}]
    with pytest.raises(EvidenceError, match="another log"):
        proofs.check(proof, [KEY.public])


def test_events_that_are_not_sealed_are_named(store: Path) -> None:
    """They have no proof yet; those of the same trace that are sealed have theirs."""
    ids = write(store, "late", 3, NEXT)
    log = store_log.read(store)
    found = proving.locate(store, log, trace_ids=["two"])
    assert ([ids[1]], 12) == (list(found.unsealed), len(found.rows))
    alone = proving.locate(store, log, event_ids=[ids[0]])
    assert ([ids[0]], ()) == (list(alone.unsealed), alone.rows)


def test_no_such_event(made: Path) -> None:
    """Is said, and no empty proof is given; a name is a value and never a part of a query."""
    for asked in ({"trace_ids": ["' OR true --"]}, {"event_ids": ["nothing"]}):
        with pytest.raises(EvidenceError, match="no event of"):
            document(made, **asked)


def test_a_compacted_file_keeps_its_proofs(store: Path) -> None:
    """The rows moved to another file: the same root, the same rows, the same paths."""
    before = document(store, trace_ids=["two"])
    compaction.compact(store, NEXT)
    assert any(isinstance(entry.record, records.Compaction) for entry in store_log.read(store).files())
    after = document(store, trace_ids=["two"])
    assert before["events"] == after["events"]
    proofs.check(after, [KEY.public])


def test_a_changed_file_gives_no_proof(store: Path) -> None:
    """A row that is not what was sealed, or leaves that do not lead to the root: never handed out."""
    log = store_log.read(store)
    found = proving.locate(store, log, trace_ids=["two"])
    row = found.rows[0]
    forged = proofs.Row(row.file, row.row, row.canon.replace("é", "è"))
    with pytest.raises(EvidenceError, match="not what was sealed"):
        proofs.document(log, rows=[forged], trees=found.trees)
    tree = merkle.tree([merkle.leaf(b"x"), *found.trees[row.file].levels[0][1:]])
    with pytest.raises(EvidenceError, match="do not lead to the root"):
        proofs.document(log, rows=[row], trees={row.file: tree})


def test_a_file_that_is_gone(store: Path) -> None:
    """Is named."""
    log = store_log.read(store)
    path = store / log.files()[0].record.path  # type: ignore[union-attr]
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(EvidenceError) as caught:
        proving.locate(store, log, trace_ids=["two"])
    assert str(path) == caught.value.where
