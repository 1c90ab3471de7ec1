"""`govern audit init`, `key`, `checkpoint`, `proof`: what is printed, what is changed, exit codes."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from tests.cli.running import ROOT, Ran, govern

from govern.audit import checkpoint, log_keys, proofs, sealing, store_log
from govern.audit.audit_log import AuditLog
from govern.signing import key_files
from govern.signing.keys import PrivateKey

ORIGIN = "audit.example.org/desk"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two keys of logs and two of writers, in an empty folder; no defaults from outside."""
    monkeypatch.chdir(tmp_path)
    for name in ("GOVERN_AUDIT", "GOVERN_AUDIT_KEY"):
        monkeypatch.delenv(name, raising=False)
    for name in ("log", "next", "desk", "till"):
        key_files.write_new(name)
    return tmp_path


def key(name: str) -> PrivateKey:
    return key_files.read_private(f"{name}.key")


def audit(*arguments: str) -> Ran:
    return govern("audit", *arguments)


def begun() -> Ran:
    return audit("init", "store", "--sign", "log.key", "--origin", ORIGIN)


def test_init_says_what_to_keep() -> None:
    """The store's id, the public key in both forms, and the first checkpoint, which verifies."""
    done = begun()
    log = store_log.read("store")
    assert (0, "") == (done.exit_code, done.err)
    assert (f"store   {log.store.id} in store", f"origin  {ORIGIN}") == tuple(done.out.split("\n")[:2])
    assert Path("log.pub").read_text() in done.out
    assert f"{ORIGIN}+" in done.out
    assert done.out.endswith(log.checkpoint)
    assert key("log").public.keyid in done.out
    assert (1, log_keys.text(key("log").public)) == (log.size, log.store.key)


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("store", "--sign", "log.key"), 2, "has a log already"),
        (("other", "--sign", "log.key", "--origin", "my store"), 2, "cannot name a key"),
        (("other", "--sign", "none.key"), 4, "none.key"),
        (("other", "--sign", "log.pub"), 2, "is a public key"),
        (("other",), 2, "--sign"),
        (("log.key/x", "--sign", "log.key"), 4, "log.key"),
    ],
)
def test_init_refuses(arguments: tuple[str, ...], code: int, words: str) -> None:
    """And changes nothing."""
    begun()
    before = store_log.read("store")
    done = audit("init", *arguments)
    assert code == done.exit_code
    assert words in done.err
    assert before == store_log.read("store")
    assert not Path("other").exists()


def test_the_life_of_keys() -> None:
    """Writers' keys are admitted and retired, the log's is replaced; the list tells all of it in order."""
    begun()
    signed = ("--audit", "store", "--sign", "log.key")
    assert 0 == audit("key", "add", "desk.pub", *signed).exit_code
    assert 0 == audit("key", "add", "till.key", *signed).exit_code  # its public half
    assert 0 == audit("key", "retire", "desk.pub", *signed).exit_code
    rotated = audit("key", "rotate", "next.key", *signed)
    assert f"{key('next').public.keyid} signs the log now; {key('log').public.keyid} is retired\n" == rotated.out
    log = store_log.read("store")
    assert log.keys is not None
    assert (key("next").public, (key("till").public,)) == (log.keys.log, log.keys.writers)
    checkpoint.verified(checkpoint.read(log.checkpoint), [key("next").public])
    listed = audit("key", "list", "--audit", "store")
    assert 0 == listed.exit_code
    rows = [line.split() for line in listed.out.splitlines()]
    names = ("log", "desk", "till", "next")
    assert [key(name).public.keyid for name in names] == [row[1] for row in rows]
    assert ["log", "writer", "writer", "log"] == [row[0] for row in rows]
    assert [True, True, False, False] == ["retired" in row for row in rows]
    assert key("log").seed.hex() not in listed.out


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("add", "desk.pub", "--sign", "next.key"), 2, "not the key that signs this log"),
        (("add", "log.pub", "--sign", "log.key"), 2, "admitted already"),
        (("retire", "desk.pub", "--sign", "log.key"), 2, "not admitted"),
        (("retire", "log.pub", "--sign", "log.key"), 2, "govern audit key rotate"),
        (("rotate", "log.key", "--sign", "log.key"), 2, "or did before"),
        (("rotate", "desk.key", "--sign", "next.key"), 2, "not the key that signs this log"),
        (("rotate", "desk.pub", "--sign", "log.key"), 2, "is a public key"),
        (("add", "none.pub", "--sign", "log.key"), 4, "none.pub"),
    ],
)
def test_what_is_done_with_keys_and_refused(arguments: tuple[str, ...], code: int, words: str) -> None:
    """Changes nothing."""
    begun()
    done = audit("key", *arguments, "--audit", "store")
    assert code == done.exit_code
    assert words in done.err
    assert 1 == store_log.read("store").size


@pytest.mark.parametrize("command", [("rotate", "next.key"), ("retire", "desk.pub")])
def test_a_key_goes_once_the_log_has_every_writer(command: tuple[str, ...]) -> None:
    """A start that the log does not have yet would count as signed by a key that is gone: it is sealed first."""
    begun()
    signed = ("--audit", "store", "--sign", "log.key")
    assert 0 == audit("key", "add", "desk.pub", *signed).exit_code
    with AuditLog("store", "desk", key("desk")) as log:
        log.append("session_start", trace_id="t")
        refused = audit("key", *command, *signed)
        assert 2 == refused.exit_code
        assert "govern audit seal" in refused.err
        audit("seal", *signed)
        assert 0 == audit("key", *command, *signed).exit_code
    last = "next.key" if command[0] == "rotate" else "log.key"
    assert 0 == audit("seal", "--audit", "store", "--sign", last).exit_code
    Path("kept").write_text(store_log.read("store").checkpoint)
    done = audit("verify", "--audit", "store", "--key", "log.pub", "--since", "kept")
    assert 0 == done.exit_code, done.out


@pytest.mark.parametrize("command", [("key", "list"), ("key", "add", "desk.pub", "--sign", "log.key"), ("checkpoint",)])
def test_a_store_without_a_log(command: tuple[str, ...]) -> None:
    """There is nothing to judge, and how to begin is said."""
    done = audit(*command, "--audit", "nothing")
    assert 3 == done.exit_code
    assert "govern audit init" in done.err
    assert not Path("nothing").exists()


def test_no_store_is_named() -> None:
    """The command line is wrong."""
    for command in (("key", "list"), ("proof", "--trace-id", "x"), ("checkpoint", "--to", "file:x")):
        done = audit(*command)
        assert (2, True) == (done.exit_code, "--audit DIR" in done.err)


# --- checkpoints ----------------------------------------------------------------------------------------------------


def test_a_checkpoint_is_printed_as_it_is() -> None:
    """Its bytes and nothing else: what is redirected to a file is the signed note."""
    begun()
    done = audit("checkpoint", "--audit", "store")
    assert (0, store_log.read("store").checkpoint, "") == (done.exit_code, done.out, done.err)
    assert not Path("store", "anchors").exists()


def test_every_sink_is_tried() -> None:
    """Each is said; one that fails makes the exit code 4, and the others hold it."""
    begun()
    done = audit("checkpoint", "--audit", "store", "--to", "file:none/a.txt", "--to", "file:b.txt")
    assert 4 == done.exit_code
    assert "✗ file:none/a.txt" in done.err
    assert "✓ b.txt: 1 record\n" == done.out
    assert store_log.read("store").checkpoint == Path("b.txt").read_text()


def test_a_sink_that_holds_another_past() -> None:
    """Is no failure of the machine: it found something."""
    begun()
    assert 0 == audit("checkpoint", "--audit", "store", "--to", "file:held.txt").exit_code
    held = Path("held.txt").read_text()
    shutil.rmtree("store")
    begun()
    done = audit("checkpoint", "--audit", "store", "--to", "file:none/a.txt", "--to", "file:held.txt")
    assert 3 == done.exit_code
    assert "another past" in done.err
    assert held == Path("held.txt").read_text()


def test_a_wrong_sink_stops_before_anything_is_held() -> None:
    """A typo in one of several is found first."""
    begun()
    done = audit("checkpoint", "--audit", "store", "--to", "file:held.txt", "--to", "fiel:other.txt")
    assert (2, False) == (done.exit_code, Path("held.txt").exists())


def test_a_receipt_is_checked() -> None:
    """Without a time stamp it says what the log grew out of; another past is found."""
    begun()
    audit("checkpoint", "--audit", "store", "--to", "file:held.txt")
    (receipt,) = Path("store", "anchors").iterdir()
    done = audit("checkpoint", "--audit", "store", "--check", str(receipt))
    assert (0, "the log grew out of it: 1 record, sent to file:held.txt\n") == (done.exit_code, done.out)
    assert 2 == audit("checkpoint", "--audit", "store", "--check", str(receipt), "--to", "file:x").exit_code
    assert 3 == audit("checkpoint", "--audit", "store", "--check", "log.pub").exit_code
    shutil.rmtree("store/log")
    begun()
    assert 3 == audit("checkpoint", "--audit", "store", "--check", str(receipt)).exit_code


# --- proofs ---------------------------------------------------------------------------------------------------------


def filled() -> None:
    begun()
    with AuditLog("store", "desk", key("log")) as log:
        for each in range(9):
            log.append("prompt", trace_id=f"t{each % 2}", content=f"{each}")


def test_a_proof_is_printed() -> None:
    """A document of its published form that anybody with the public key can check."""
    filled()
    old = audit("checkpoint", "--audit", "store").out
    Path("old.txt").write_text(old)
    sealing.seal("store", key("log"))
    done = audit("proof", "--audit", "store", "--trace-id", "t1", "--consistency", "old.txt")
    assert (0, "") == (done.exit_code, done.err)
    proofs.check(done.json, [key("log").public])
    assert (4, [old], []) == (
        len(done.json["events"]),
        [each["checkpoint"] for each in done.json["consistency"]],
        done.json["unsealed"],
    )
    from jsonschema import Draft202012Validator

    schema = json.loads((ROOT / "schemas" / "audit-proof.v1.json").read_text())
    Draft202012Validator.check_schema(schema)
    Draft202012Validator(schema).validate(done.json)


def test_what_is_not_sealed_is_said() -> None:
    """The ids stand in the document, and the exit code says that not all is proven."""
    filled()
    done = audit("proof", "--audit", "store", "--trace-id", "t1")
    assert (3, 4, []) == (done.exit_code, len(done.json["unsealed"]), done.json["events"])
    assert "govern audit seal" in done.err


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        ((), 2, "what is to be proven"),
        (("--trace-id", "no-such-trace"), 3, "no-such-trace"),
        (("--consistency", "none.txt"), 3, "none.txt"),
        (("--consistency", "log.pub"), 3, "no signed note"),
    ],
)
def test_what_cannot_be_proven(arguments: tuple[str, ...], code: int, words: str) -> None:
    """Is said, and nothing is printed that looks like a proof."""
    filled()
    done = audit("proof", "--audit", "store", *arguments)
    assert (code, "") == (done.exit_code, done.out)
    assert words in done.err
