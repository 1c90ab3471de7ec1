"""Logs and proofs as forgers make them, also those who have the log's key: what each check of the verifier is for."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.evidence.forging import relisted
from tests.evidence.stores import KEY, NOW, STRANGER, TRACE, package, store

from govern.audit import checkpoint, log_keys, merkle, proofs, records, redaction, sealing, store_log, writers
from govern.audit.audit_log import AuditLog
from govern.audit.checkpoint import Checkpoint
from govern.audit.records import End, File, Key, Record, Writer
from govern.audit.redaction import Redaction
from govern.events.canonical import text_of
from govern.evidence import verify_evidence
from govern.evidence.package import line, packed
from govern.evidence.verify_evidence import BAD, Case, Wrong, unpacked
from govern.signing import dsse, keys
from govern.signing.keys import PrivateKey

THIRD = keys.of_seed(b"\x09" * 32)


def envelope(kind: str, statement: dict[str, Any], *by: PrivateKey) -> str:
    return dsse.text(dsse.signed(dsse.Envelope(text_of(statement).encode(), kind, ()), list(by)))


def outcome(files: dict[str, bytes], step: str, key: PrivateKey = KEY) -> tuple[str, str]:
    """What a step says of the package with a manifest that agrees."""
    case = Case(relisted(files), [key.public.raw])
    return next((state, said) for state, name, said in case.steps if name == step)


def changed(files: dict[str, bytes], change: Callable[[dict[str, Any]], object]) -> dict[str, bytes]:
    document = json.loads(files["proofs.json"])
    change(document)
    return {**files, "proofs.json": line(document)}


def with_log(files: dict[str, bytes], folder: Path, *more: Record, key: PrivateKey = KEY) -> dict[str, bytes]:
    """The package with a log that goes on with these records, all of them shown, under a checkpoint by this key."""
    log = store_log.read(folder)
    texts = [entry.text for entry in log.entries] + [records.text(each) for each in more]
    tree = merkle.tree([merkle.leaf(text.encode()) for text in texts])
    shown = [
        {"index": index, "text": text, "path": proofs.hexes(tree.inclusion(index))} for index, text in enumerate(texts)
    ]
    note = checkpoint.sign(Checkpoint(log.origin, tree.size, tree.root), key)
    made = {**files, "checkpoint.txt": note.encode()}
    return changed(made, lambda document: document.update(records=shown, consistency=[]))


@pytest.fixture
def audit(tmp_path: Path) -> Path:
    return store(tmp_path / "audit")


def test_the_log_as_it_is(audit: Path) -> None:
    """With all its records, it verifies."""
    assert ["ok", "ok"] == [
        outcome(with_log(unpacked(package(audit).raw), audit), step)[0] for step in ("log", "writers")
    ]


@pytest.mark.parametrize("by", [(STRANGER, THIRD), (STRANGER,), (THIRD,)], ids=["without-it", "old-alone", "new-alone"])
def test_a_log_that_claims_a_key_it_never_had(tmp_path: Path, by: tuple[PrivateKey, ...]) -> None:
    """A stranger's own log names the trusted key in a rotation that this key never signed, and rotates on to his own:
    whoever trusts that key must not be satisfied."""
    folder = tmp_path / "audit"
    store_log.init(folder, STRANGER, "test/desk")
    with AuditLog(folder, "desk", STRANGER) as log:
        log.append("prompt", trace_id=TRACE, ts_ns=NOW, content="x")
    sealing.seal(folder, STRANGER, now_ns=NOW)
    files = unpacked(package(folder, key=STRANGER).raw)
    said = store_log.read(folder)
    forged: list[Record] = []
    for number, (old, new) in enumerate(((STRANGER, KEY), (KEY, THIRD))):
        statement = {
            "schema": log_keys.SCHEMA, "store": said.store.id, "index": said.size + number, "role": "log",
            "old": log_keys.text(old.public), "key": log_keys.text(new.public), "at_ns": NOW,
        }  # fmt: skip
        text = envelope(log_keys.PAYLOAD, statement, *by)
        forged.append(Key(role="log", action="add", key=log_keys.text(new.public), envelope=text, at_ns=NOW))
    forged_files = with_log(files, folder, *forged, key=THIRD)
    assert ("FAILED", "a new key that the old one did not sign") == outcome(forged_files, "log")


def test_a_rotation_that_was_signed_for_something_else(audit: Path) -> None:
    """Both keys signed, but for another record, another store or another key."""
    log = store_log.read(audit)
    files = unpacked(package(audit).raw)
    good = {"schema": log_keys.SCHEMA, "store": log.store.id, "index": log.size, "role": "log", "at_ns": NOW}
    good |= {"old": log_keys.text(KEY.public), "key": log_keys.text(THIRD.public)}
    for change in ({}, {"index": 1}, {"store": "0" * 32}, {"key": log_keys.text(STRANGER.public)}):
        text = envelope(log_keys.PAYLOAD, {**good, **change}, KEY, THIRD)
        record = Key(role="log", action="add", key=log_keys.text(THIRD.public), envelope=text, at_ns=NOW)
        expected = "FAILED" if change else "ok"
        assert expected == outcome(with_log(files, audit, record, key=THIRD), "log")[0]


@pytest.mark.parametrize("change", [{"store": "0" * 32}, {"origin": "another/log"}])
def test_a_manifest_of_another_store(audit: Path, change: dict[str, str]) -> None:
    """It names another store or another log than the proofs are of."""
    files = unpacked(package(audit).raw)
    manifest = {**json.loads(files["manifest.json"]), **change}
    assert "FAILED" == outcome({**files, "manifest.json": line(manifest)}, "log")[0]


def swap(document: dict[str, Any], name: str) -> None:
    document[name][-1], document[name][-2] = document[name][-2], document[name][-1]


def test_a_package_of_another_version(audit: Path) -> None:
    """A form that this verifier does not know is not judged as one that it knows."""
    files = unpacked(package(audit).raw)
    manifest = {**json.loads(files["manifest.json"]), "schema": "govern/evidence/v2"}
    case = Case(packed({**files, "manifest.json": line(manifest)}))
    assert ("FAILED", "package", "unknown schema `govern/evidence/v2`") == case.steps[0]


@pytest.mark.parametrize(
    ("step", "change"),
    [
        ("log", lambda document: swap(document, "records")),
        ("log", lambda document: document["records"].append(document["records"][-1])),
        ("log", lambda document: document["records"].pop(0)),
        ("log", lambda document: document["records"][1].update(more=1)),
        ("log", lambda document: document.update(more=1)),
        ("events", lambda document: swap(document, "events")),
        ("events", lambda document: document["events"].append(document["events"][-1])),
        ("events", lambda document: document["events"].pop()),
        ("events", lambda document: document["events"][0].update(more=1)),
        ("events", lambda document: document["events"][0].update(file=0)),
        ("events", lambda document: document["events"][0].update(row=-1)),
        ("events", lambda document: document["unsealed"].append({"more": 1})),
        ("events", lambda document: document["unsealed"].append({"leaf": "00"})),
    ],
)
def test_proofs_out_of_their_form(audit: Path, step: str, change: Callable[[dict[str, Any]], object]) -> None:
    """Another order, twice, one less, one member more: refused by the step that reads them."""
    assert "FAILED" == outcome(changed(with_log(unpacked(package(audit).raw), audit), change), step)[0]


def test_a_writer_that_nobody_admitted(audit: Path) -> None:
    """The log has a writer's start, or end, that a key signed which it does not admit, or of another writer."""
    log = store_log.read(audit)
    files = unpacked(package(audit).raw)
    for by, named, expected in ((KEY, "w-1", "ok"), (STRANGER, "w-1", "FAILED"), (KEY, "w-2", "FAILED")):
        statement = {"schema": writers.START, "store": log.store.id, "writer": named}
        start = Writer(writer="w-1", envelope=envelope(writers.START_TYPE, statement, by), at_ns=NOW)
        assert expected == outcome(with_log(files, audit, start), "writers")[0]
        text = envelope(writers.END_TYPE, {**statement, "schema": writers.END}, by)
        end = End(writer="w-1", events=1, chain="0" * 64, crashed=False, torn=None, envelope=text, at_ns=NOW)
        assert expected == outcome(with_log(files, audit, end), "writers")[0]


@pytest.mark.parametrize("change", [{"writer": "nobody"}, {"first": 9, "last": 9}, {"first": 0, "last": 4}])
def test_a_file_of_another_writer(audit: Path, change: dict[str, Any]) -> None:
    """Whoever has the log's key records a file again, as another writer's or of other numbers: its events tell."""
    log = store_log.read(audit)
    record = next(entry.record for entry in log.entries if isinstance(entry.record, File))
    files = with_log(unpacked(package(audit).raw), audit, replace(record, **change))

    def move(document: dict[str, Any]) -> None:
        for each in document["events"]:
            each["file"] = log.size

    state, said = outcome(changed(files, move), "events")
    assert ("FAILED", True) == (state, said.endswith("is of another writer"))
    if "writer" in change:
        assert ("FAILED", "a file is of a writer that is not registered") == outcome(files, "writers")


def test_an_anchor_of_another_log(audit: Path, tmp_path: Path) -> None:
    """A checkpoint by the same key, of a log with another name."""
    other = store_log.init(tmp_path / "other", KEY, "another/log")
    case = Case(package(audit).raw, [KEY.public.raw], [other.checkpoint])
    assert ("FAILED", "anchored", "the checkpoint given is of another log") in case.steps


def test_an_envelope_of_another_type() -> None:
    """A signature over one kind of statement says nothing of another; nor does an envelope without any."""
    text = envelope("one", {"a": 1}, KEY)
    assert [KEY.public.raw] == verify_evidence.opened(text, "one", [KEY.public.raw])[1]
    assert [] == verify_evidence.opened(text, "one", [STRANGER.public.raw])[1]
    none = {"payload": b64encode(b"{}").decode(), "payloadType": "one", "signatures": []}
    for each, kind in ((text, "two"), (text_of(none) + "\n", "one")):
        with pytest.raises((Wrong, *BAD)):
            verify_evidence.opened(each, kind, [KEY.public.raw])


def test_a_redaction_that_nobody_signed(tmp_path: Path) -> None:
    """Any writer can write such an event: it redacts nothing, and stops nothing."""
    from tests.evidence.test_export import committing

    folder = committing(tmp_path / "audit")
    (value,) = redaction.of_trace(folder, TRACE)
    id = store_log.read(folder).store.id
    forged = redaction.signed(Redaction(id, (value.commitment,), "no reason", "nobody", NOW), STRANGER)
    with AuditLog(folder, "desk", KEY) as log:
        for content in (forged, "no envelope"):
            log._append_own([{"type": "redaction", "trace_id": TRACE, "ts_ns": NOW, "content": content}])
    sealing.seal(folder, KEY, now_ns=NOW)
    for path in folder.glob("values/*/*.jsonl"):
        path.write_bytes(b"")
    made = package(folder, reveal=True)
    assert {"committed": 1, "revealed": 0, "redacted": 0, "missing": 1} == made.manifest["values"]
    case = Case(made.raw, [KEY.public.raw])
    assert "open" == next(state for state, name, _ in case.steps if name == "values")


def test_older_checkpoints_that_are_none_of_this_log(audit: Path) -> None:
    """One of a log with another name, over the same records; one with a member more."""
    files = unpacked(package(audit).raw)
    log = store_log.read(audit)
    root = merkle.root(log.leaves)
    same, other = (checkpoint.sign(Checkpoint(name, log.size, root), KEY) for name in (log.origin, "another/log"))
    for entry, expected in (
        ({"checkpoint": same, "path": []}, "open"),
        ({"checkpoint": other, "path": []}, "FAILED"),
        ({"checkpoint": same, "path": [], "more": 1}, "FAILED"),
    ):
        forged = changed(files, lambda document, entry=entry: document.update(consistency=[entry]))  # type: ignore[misc]
        assert expected == outcome(forged, "anchored")[0]
