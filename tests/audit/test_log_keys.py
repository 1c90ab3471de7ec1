"""The keys of a store: who signs its log, by what right, and who may sign for writers."""

from __future__ import annotations

from dataclasses import replace

import pytest

from govern.audit import log_keys
from govern.audit.records import Key, Store, Unhold
from govern.errors import EvidenceError
from govern.signing import dsse, keys

A, B, C = (keys.of_seed(bytes([each]) * 32) for each in (1, 2, 3))
STORE = Store(id="ab" * 16, origin="o", key=log_keys.text(A.public), at_ns=1)
OTHER = Unhold(id="x", reason="", by="", at_ns=2)


def plain(role: str, action: str, key: keys.PrivateKey) -> Key:
    return Key(role=role, action=action, key=log_keys.text(key.public), envelope=None, at_ns=2)


def test_a_key_is_written_in_one_way() -> None:
    """Base64 of the SubjectPublicKeyInfo; nothing else is read."""
    text = log_keys.text(A.public)
    assert A.public == log_keys.of_text(text)
    for wrong in ("", text[:-1], text + "\n", text.replace("MCow", "MCox"), "AAAA", "ä"):
        with pytest.raises(EvidenceError, match="no Ed25519 key"):
            log_keys.of_text(wrong)


def test_the_life_of_keys() -> None:
    """A rotation replaces the log's key; writers' keys come and go; what the log's key was is remembered."""
    added, retired = log_keys.rotation(STORE.id, 3, A, B, 5)
    states = [STORE, plain("writer", "add", C), OTHER, added, retired, plain("writer", "retire", C)]
    found = [log_keys.over(states[:count]) for count in range(len(states) + 1)]
    assert found[0] is None
    assert [A.public, A.public, A.public, B.public, B.public, B.public] == [each.log for each in found[1:] if each]
    assert found[3] is not None
    assert (A.public, C.public) == found[3].admitted
    assert found[-1] is not None
    assert ((A.public, B.public), (B.public,)) == (found[-1].ever, found[-1].admitted)


@pytest.mark.parametrize(
    "records",
    [
        [OTHER],
        [STORE, plain("writer", "add", A)],
        [STORE, plain("writer", "add", B), plain("writer", "add", B)],
        [STORE, plain("writer", "retire", B)],
        [STORE, plain("log", "retire", A)],
        [STORE, plain("log", "retire", B)],
        [STORE, plain("log", "add", A)],
        [STORE, plain("log", "add", B), plain("log", "add", A)],
        [STORE, plain("agent", "add", B)],
        [STORE, plain("log", "steal", B)],
    ],
)
def test_what_cannot_follow(records: list[Store | Key | Unhold]) -> None:
    """A key that is there is not added, one that is not there is not retired, a retired log key never comes back."""
    with pytest.raises(EvidenceError):
        log_keys.over(records)


def test_a_rotation_is_signed_by_both() -> None:
    """And for this store, this place in its log, this old and this new key, and nothing else."""
    added, _ = log_keys.rotation(STORE.id, 3, A, B, 5)
    log_keys.check_rotation(added, 3, STORE.id, A.public)
    for record, index, store, old in (
        (added, 4, STORE.id, A),
        (added, 3, "cd" * 16, A),
        (added, 3, STORE.id, C),
        (replace(added, at_ns=6), 3, STORE.id, A),
        (replace(added, key=log_keys.text(C.public)), 3, STORE.id, A),
        (replace(added, role="writer"), 3, STORE.id, A),
        (replace(added, envelope=None), 3, STORE.id, A),
        (replace(added, envelope=str(added.envelope) + " "), 3, STORE.id, A),
    ):
        with pytest.raises(EvidenceError, match="rotation"):
            log_keys.check_rotation(record, index, store, old.public)


@pytest.mark.parametrize("signers", [[A], [B], [B, C]])
def test_a_rotation_without_one_of_both(signers: list[keys.PrivateKey]) -> None:
    """Is none: neither does the old key give the log away alone, nor does a new one take it."""
    added, _ = log_keys.rotation(STORE.id, 3, A, B, 5)
    whole = dsse.read(str(added.envelope).encode(), "")
    envelope = dsse.signed(dsse.Envelope(whole.payload, whole.payload_type, ()), signers)
    with pytest.raises(EvidenceError, match="rotation"):
        log_keys.check_rotation(replace(added, envelope=dsse.text(envelope)), 3, STORE.id, A.public)


def test_a_rotation_signed_as_something_else() -> None:
    """The type of what was signed counts."""
    added, _ = log_keys.rotation(STORE.id, 3, A, B, 5)
    payload = dsse.read(str(added.envelope).encode(), "").payload
    envelope = dsse.text(dsse.signed(dsse.Envelope(payload, "application/json", ()), [A, B]))
    with pytest.raises(EvidenceError, match="something else"):
        log_keys.check_rotation(replace(added, envelope=envelope), 3, STORE.id, A.public)
