"""Sinks: a checkpoint is held elsewhere byte for byte, or it is said why not; what is held is never lost for less."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from base64 import b64decode
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import typer
from tests.audit import tsa
from typer.testing import CliRunner

from govern.audit import checkpoint, store_log
from govern.audit.anchors import http, names, rfc3161, sinks
from govern.audit.anchors import receipts as receipts_module
from govern.audit.anchors.contract import Given
from govern.audit.records import Unhold
from govern.cli.audit_checkpoint import checkpoint as checkpoint_command
from govern.errors import EnvironmentFailed, EvidenceError, UsageError
from govern.signing import keys

KEY = keys.of_seed(bytes(range(32)))
OTHER = keys.of_seed(bytes(range(1, 33)))
ORIGIN = "audit.example.org/desk"
with_openssl = pytest.mark.skipif(tsa.OPENSSL is None, reason="no openssl here")
with_git = pytest.mark.skipif(shutil.which("git") is None, reason="no git here")


def grow(store: Path, count: int = 1) -> Given:
    """The store with so many records more, and what is to be anchored then."""
    log = store_log.read(store) if store_log.exists(store) else store_log.init(store, KEY, ORIGIN)
    for _ in range(count):
        log = store_log.append(store, log, [Unhold(id=str(log.size), reason="", by="", at_ns=1)], KEY)
    return sinks.given(store)


@pytest.fixture
def store(tmp_path: Path) -> Path:
    grow(tmp_path / "store", 2)
    return tmp_path / "store"


def receipts(store: Path) -> list[dict[str, Any]]:
    return [json.loads(path.read_bytes()) for path in sorted((store / "anchors").glob("*.json"))]


def rewritten(store: Path, size: int) -> Given:
    """The store after its log was written again by who has its key: another past, as many records."""
    shutil.rmtree(store / "log")
    log = store_log.init(store, KEY, ORIGIN)
    for at in range(1, size):
        log = store_log.append(store, log, [Unhold(id=str(at), reason="other", by="", at_ns=1)], KEY)
    return sinks.given(store)


def cut(store: Path) -> Given:
    """The store without the last batch of its log."""
    max((store / "log").iterdir()).unlink()
    return sinks.given(store)


# --- which sink, and what is given ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("to", "kind", "target"),
    [
        ("file:a:b", "file", "a:b"),
        ("git:.", "git", "."),
        ("https://example.org/x", "webhook", "https://example.org/x"),
        ("http://localhost:8/x", "webhook", "http://localhost:8/x"),
        ("rfc3161:https://example.org/tsa", "rfc3161", "https://example.org/tsa"),
    ],
)
def test_which_sink(to: str, kind: str, target: str) -> None:
    """The part before the first colon says it; a URL is a web hook."""
    assert (kind, target) == sinks.sink(to)[::2]


@pytest.mark.parametrize("to", ["", "held.txt", "ftp://example.org", "FILE:x", "mail:me"])
def test_no_such_sink(to: str) -> None:
    """Is a mistake on the command line, with what there is."""
    with pytest.raises(UsageError, match="names no sink") as caught:
        sinks.sink(to)
    assert "rfc3161:URL" in caught.value.hint


def test_what_is_given_is_the_newest_checkpoint(store: Path) -> None:
    """Read, and signed by the log's key."""
    given = grow(store, 1)
    assert store_log.read(store).checkpoint == given.signed.text
    assert 4 == given.signed.checkpoint.size


def test_a_store_without_a_log_has_nothing_to_hold(tmp_path: Path) -> None:
    """And says how to begin one."""
    with pytest.raises(EvidenceError, match="no log") as caught:
        sinks.given(tmp_path)
    assert "govern audit init" in caught.value.hint


def test_a_checkpoint_by_another_key_is_not_held(store: Path) -> None:
    """Nobody anchors for an attacker."""
    last = max((store / "log").iterdir())
    document = json.loads(last.read_bytes())
    document["checkpoint"] = checkpoint.sign(checkpoint.read(document["checkpoint"]).checkpoint, OTHER)
    last.write_text(json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False) + "\n")
    with pytest.raises(EvidenceError, match="none of the known keys"):
        sinks.given(store)


# --- a file ---------------------------------------------------------------------------------------------------------


def test_a_file_holds_the_note(store: Path, tmp_path: Path) -> None:
    """Byte for byte; a newer one takes its place; the store keeps a receipt of each."""
    held = tmp_path / "held.txt"
    for size in (3, 4, 4, 6):
        given = grow(store, size - store_log.read(store).size)
        sinks.hold(f"file:{held}", given)
        assert given.signed.text.encode() == held.read_bytes()
    found = receipts(store)
    assert [3, 4, 6] == [each["size"] for each in found]
    assert given.signed.text == found[-1]["checkpoint"]
    assert ("file", f"file:{held}", "govern/anchor/v1") == tuple(found[-1][name] for name in ("kind", "to", "schema"))
    assert {"held.txt", "store"} == {path.name for path in tmp_path.iterdir()}


def test_a_folder_holds_all_of_them(store: Path, tmp_path: Path) -> None:
    """One file for each size, named by origin and size."""
    (tmp_path / "held").mkdir()
    for count in (0, 2):
        sinks.hold(f"file:{tmp_path / 'held'}", grow(store, count))
    expected = [f"audit.example.org%2Fdesk-{size:012d}.txt" for size in (3, 5)]
    assert expected == sorted(path.name for path in (tmp_path / "held").iterdir())


def test_a_file_is_not_lost_for_less(store: Path, tmp_path: Path) -> None:
    """A cut log, another past, another log, or what is no checkpoint: refused, and what is held stays."""
    held = tmp_path / "held.txt"
    sinks.hold(f"file:{held}", grow(store, 1))
    kept = held.read_bytes()
    for change, words in (
        (cut, "its end was cut"),
        (lambda store: rewritten(store, 4), "another past"),
        (lambda store: rewritten(store, 6), "another past"),
    ):
        given = change(store)
        with pytest.raises(EvidenceError, match=words):
            sinks.hold(f"file:{held}", given)
        assert kept == held.read_bytes()
    other = tmp_path / "other"
    store_log.init(other, KEY, "audit.example.org/till")
    with pytest.raises(EvidenceError, match="another log"):
        sinks.hold(f"file:{held}", sinks.given(other))
    assert kept == held.read_bytes()
    held.write_text("my notes\n")
    with pytest.raises(EvidenceError, match="no signed note"):
        sinks.hold(f"file:{held}", grow(other, 1))
    assert "my notes\n" == held.read_text()
    assert 1 == len(receipts(store))


def test_a_newer_one_is_kept(store: Path, tmp_path: Path) -> None:
    """Where somebody else was quicker, with a checkpoint that the log grew out of too."""
    held = tmp_path / "held.txt"
    late = sinks.given(store)
    newer = grow(store, 2)
    sinks.hold(f"file:{held}", newer)
    assert "newer one already" in sinks.hold(f"file:{held}", late).words
    assert newer.signed.text == held.read_text()


def test_a_file_inside_the_store_is_no_anchor(store: Path) -> None:
    """Also not by another way there."""
    given = sinks.given(store)
    (store.parent / "link").symlink_to(store)
    for path in (store / "held.txt", store / "log" / ".." / "x", store.parent / "link" / "held.txt", store):
        with pytest.raises(UsageError, match="inside the store"):
            sinks.hold(f"file:{path}", given)
    with pytest.raises(UsageError, match="no file is named"):
        sinks.hold("file:", given)
    os.mkfifo(store.parent / "pipe")
    with pytest.raises(UsageError, match="no regular file"):
        sinks.hold(f"file:{store.parent / 'pipe'}", given)


@pytest.mark.parametrize("place", ["none/held.txt", "a-file/held.txt"])
def test_a_file_that_cannot_be_written(store: Path, tmp_path: Path, place: str) -> None:
    """Is an error of the machine, and no receipt is kept."""
    (tmp_path / "a-file").write_text("")
    with pytest.raises(EnvironmentFailed, match="cannot be held"):
        sinks.hold(f"file:{tmp_path / place}", sinks.given(store))
    assert [] == receipts(store)


def test_a_receipt_that_cannot_be_kept(store: Path, tmp_path: Path) -> None:
    """Is a warning: the checkpoint is held, as where the store is read-only. But not of a time stamp: it is lost."""
    (store / "anchors").write_text("in the way")
    held = sinks.hold(f"file:{tmp_path / 'held.txt'}", sinks.given(store))
    assert "is held, and its receipt cannot be kept" in held.warning
    assert (tmp_path / "held.txt").exists()
    app = typer.Typer()
    app.command()(checkpoint_command)
    done = CliRunner().invoke(app, ["--audit", str(store), "--to", f"file:{tmp_path / 'held2.txt'}"])
    assert (0, "✓", "warning: ") == (done.exit_code, done.stdout[:1], done.stderr[:9])
    assert "its receipt cannot be kept" in done.stderr


def test_the_receipt_of_a_time_stamp_that_cannot_be_kept(
    store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Is a failure: the token stands nowhere else."""
    (store / "anchors").write_text("in the way")
    monkeypatch.setitem(sinks.SINKS, "rfc3161", sinks.SINKS["file"])
    with pytest.raises(EnvironmentFailed, match="its receipt cannot be kept"):
        sinks.hold(f"rfc3161:{tmp_path / 'held.txt'}", sinks.given(store))


# --- a git tag ------------------------------------------------------------------------------------------------------


def git(repository: Path, *arguments: str) -> bytes:
    done = subprocess.run(["git", "-C", str(repository), *arguments], capture_output=True, check=False)
    assert 0 == done.returncode, done.stderr.decode()
    return done.stdout


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty repository, with no configuration of the user or the system."""
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_SYSTEM", os.devnull)
    for name in ("GIT_COMMITTER_EMAIL", "GIT_COMMITTER_NAME", "EMAIL", "GIT_DIR"):
        monkeypatch.delenv(name, raising=False)
    made = tmp_path / "repo; touch pwned"
    made.mkdir()
    git(made, "init", "--quiet")
    return made


@with_git
def test_a_tag_holds_the_note(store: Path, repository: Path) -> None:
    """An annotated tag on a blob that gives the note's bytes back; a second time there is nothing to do."""
    given = sinks.given(store)
    held = sinks.hold(f"git:{repository}", given)
    tag = "govern-audit/audit.example.org%2Fdesk/3"
    assert f"{tag}\n".encode() == git(repository, "tag", "--list")
    assert b"tag\n" == git(repository, "cat-file", "-t", f"refs/tags/{tag}")
    assert given.signed.text.encode() == git(repository, "cat-file", "blob", tag + "^{}")
    assert given.signed.text.encode() in git(repository, "cat-file", "tag", tag)
    assert tag in held.words
    before = git(repository, "rev-parse", tag)
    assert "is there already" in sinks.hold(f"git:{repository}", given).words
    assert before == git(repository, "rev-parse", tag)
    assert not (repository.parent / "pwned").exists()
    assert tag == receipts(store)[0]["more"]["tag"]


@with_git
def test_a_hooks_environment_does_not_lead_elsewhere(
    store: Path, repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Inside another repository's hook the tag is made where it was said."""
    git(tmp_path, "init", "--quiet", "--bare", "other.git")
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "other.git"))
    sinks.hold(f"git:{repository}", sinks.given(store))
    monkeypatch.delenv("GIT_DIR")
    assert b"" == git(tmp_path / "other.git", "tag", "--list")
    assert b"" != git(repository, "tag", "--list")


@with_git
def test_another_past_meets_its_tag(store: Path, repository: Path) -> None:
    """A log that was written again has another note of the same size: refused, and the tag stays."""
    given = sinks.given(store)
    sinks.hold(f"git:{repository}", given)
    with pytest.raises(EvidenceError, match="another checkpoint of this size"):
        sinks.hold(f"git:{repository}", rewritten(store, 3))
    assert given.signed.text.encode() == git(
        repository, "cat-file", "blob", "govern-audit/audit.example.org%2Fdesk/3^{}"
    )


@with_git
def test_what_is_no_repository(store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder without one, or no folder; and a machine without git."""
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    (tmp_path / "plain").mkdir()
    given = sinks.given(store)
    with pytest.raises(EnvironmentFailed, match="not a git repository"):
        sinks.hold(f"git:{tmp_path / 'plain'}", given)
    with pytest.raises(UsageError, match="no folder"):
        sinks.hold(f"git:{tmp_path / 'none'}", given)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EnvironmentFailed, match="git is not installed"):
        sinks.hold(f"git:{tmp_path / 'plain'}", given)


@with_git
def test_git_fails(store: Path, repository: Path) -> None:
    """What git says of it is told."""
    shutil.rmtree(repository / ".git" / "objects")
    (repository / ".git" / "objects").write_text("")
    with pytest.raises(EnvironmentFailed, match="git "):
        sinks.hold(f"git:{repository}", sinks.given(store))


@pytest.mark.parametrize(
    ("origin", "name"),
    [
        ("audit.example.org/desk", "audit.example.org%2Fdesk"),
        ("a..b", "a%2E%2Eb"),
        (".a", "%2Ea"),
        ("a.lock", "a%2Elock"),
        ("a%2Fb", "a%252Fb"),
        ("ä~^:?*[\\", "%C3%A4%7E%5E%3A%3F%2A%5B%5C"),
    ],
)
def test_names_of_origins(origin: str, name: str) -> None:
    """Are names that git and file systems take, and no two origins have the same."""
    assert name == names.of_origin(origin)


# --- a web hook -----------------------------------------------------------------------------------------------------


def test_a_hook_gets_the_note(store: Path) -> None:
    """One POST of the note's bytes; the status is kept, the answer as a digest."""
    given = sinks.given(store)
    with tsa.served(lambda body: (202, "text/plain", b"thanks")) as server:
        sinks.hold(f"{server.url}/hook?for=desk", given)
    assert [given.signed.text.encode()] == server.bodies
    assert "text/plain; charset=utf-8" == server.headers[0]["Content-Type"]
    more = receipts(store)[0]["more"]
    assert (202, 71) == (more["status"], len(more["answer"]))


@pytest.mark.parametrize(("status", "words"), [(302, "redirects are not followed"), (404, "answers 404"), (500, "500")])
def test_a_hook_that_does_not_take_it(store: Path, status: int, words: str) -> None:
    """A redirect is not followed; no receipt is kept."""
    with tsa.served(lambda body: (status, "text/plain", b"")) as server, pytest.raises(EnvironmentFailed, match=words):
        sinks.hold(server.url, sinks.given(store))
    assert 1 == len(server.bodies)
    assert [] == receipts(store)


def test_nobody_answers(store: Path) -> None:
    """A port where nobody listens is an error of the machine that names the sink."""
    with tsa.served(lambda body: (200, "", b"")) as server:
        url = server.url
    with pytest.raises(EnvironmentFailed, match="did not take it") as caught:
        sinks.hold(url, sinks.given(store))
    assert url == caught.value.where


@pytest.mark.parametrize("url", ["https://a..b/", f"https://{'a' * 64}.invalid/", "https://[::1]:1/"])
def test_where_nobody_can_be(store: Path, url: str) -> None:
    """A host that cannot have a name is told as one that does not answer."""
    with pytest.raises(EnvironmentFailed, match="did not take it"):
        sinks.hold(url, sinks.given(store))


def test_who_answers_too_slowly(store: Path) -> None:
    """Is given up on after the time given."""
    import time

    def slow(_: bytes) -> tuple[int, str, bytes]:
        time.sleep(0.6)
        return 200, "text/plain", b""

    with tsa.served(slow) as server, pytest.raises(EnvironmentFailed, match="timed out"):
        sinks.hold(server.url, Given(store, sinks.given(store).signed, timeout_s=0.2))


def test_who_answers_too_much(store: Path) -> None:
    """Is not read to the end."""
    with tsa.served(lambda body: (200, "text/plain", bytes(http.MAX_ANSWER + 1))) as server:  # noqa: SIM117
        with pytest.raises(EnvironmentFailed, match="more than"):
            sinks.hold(server.url, sinks.given(store))


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://example.org/hook", "is not https"),
        ("http://127.0.0.1.example.org/", "is not https"),
        ("https://me:secret@example.org/", "has a name or password"),
        ("https:///x", "no URL"),
        ("https://example.org:port/", "no URL"),
        ("https://example.org/a b", "no URL"),
        ("https://example.org/\r\nX: y", "no URL"),
        ("https://[", "no URL"),
    ],
)
def test_where_nothing_is_sent(store: Path, url: str, words: str) -> None:
    """Without https only to this machine; no passwords, which a receipt would keep; and nothing that is no URL."""
    with pytest.raises(UsageError, match=words) as caught:
        sinks.hold(url, sinks.given(store))
    assert "secret" not in str(caught.value)


# --- a time stamp ---------------------------------------------------------------------------------------------------

REPLY = "application/timestamp-reply"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tsa.authority(tmp_path_factory.mktemp("tsa") / "good")


@with_openssl
def test_a_time_stamp(store: Path, authority: Path, tmp_path: Path) -> None:
    """The token of a real authority is over the note, and openssl agrees."""
    given = sinks.given(store, ca=str(authority / "root.crt"))
    with tsa.served(lambda body: (200, REPLY, tsa.stamped(authority, body))) as server:
        held = sinks.hold(f"rfc3161:{server.url}", given)
    assert "stamped at 20" in held.words
    assert "not checked" not in held.words
    assert "application/timestamp-query" == server.headers[0]["Content-Type"]
    (receipt,) = receipts(store)
    reply = b64decode(receipt["more"]["reply"])
    assert receipt["more"]["time"] == rfc3161.check(reply, given.signed.text.encode(), given.ca, where="it").isoformat()
    (tmp_path / "note").write_bytes(receipt["checkpoint"].encode())
    (tmp_path / "reply").write_bytes(reply)
    said = tsa.openssl(tmp_path, "ts", "-verify", "-data", "note", "-in", "reply", "-CAfile", str(given.ca))
    assert b"Verification: OK" in said


@with_openssl
def test_without_authorities_it_is_said(store: Path, authority: Path) -> None:
    """That nobody's signature was checked."""
    with tsa.served(lambda body: (200, REPLY, tsa.stamped(authority, body))) as server:
        assert "were not checked" in sinks.hold(f"rfc3161:{server.url}", sinks.given(store)).words


@with_openssl
def test_an_authority_that_nobody_trusts(store: Path, authority: Path, tmp_path: Path) -> None:
    """Its stamp is refused, and so is one by a key that is not for time stamps."""
    other = tsa.authority(tmp_path / "other")
    with tsa.served(lambda body: (200, REPLY, tsa.stamped(authority, body))) as server:  # noqa: SIM117
        with pytest.raises(EnvironmentFailed, match="not by who is trusted"):
            sinks.hold(f"rfc3161:{server.url}", sinks.given(store, ca=str(other / "root.crt")))
    assert [] == receipts(store)


@with_openssl
def test_a_stamp_of_something_else(store: Path, authority: Path) -> None:
    """An old reply, replayed: of another note, or of this note to another request."""
    given = sinks.given(store, ca=str(authority / "root.crt"))
    replies: list[bytes] = []

    def first(body: bytes) -> tuple[int, str, bytes]:
        replies.append(tsa.stamped(authority, body))
        return 200, REPLY, replies[0]

    with tsa.served(first) as server:
        sinks.hold(f"rfc3161:{server.url}", given)
        with pytest.raises(EnvironmentFailed, match="nonce differs"):
            sinks.hold(f"rfc3161:{server.url}", given)
        with pytest.raises(EnvironmentFailed, match="something else"):
            sinks.hold(f"rfc3161:{server.url}", grow(store, 1))
    note = given.signed.text.encode()
    rfc3161.check(replies[0], note, given.ca, where="it")
    with pytest.raises(EvidenceError, match="something else"):
        rfc3161.check(replies[0], note + b" ", given.ca, where="it")


@with_openssl
def test_every_part_of_a_token_is_signed(store: Path, authority: Path) -> None:
    """A byte changed in a kept reply: refused, but for the few that say nothing."""
    given = sinks.given(store, ca=str(authority / "root.crt"))
    with tsa.served(lambda body: (200, REPLY, tsa.stamped(authority, body))) as server:
        sinks.hold(f"rfc3161:{server.url}", given)
    (receipt,) = receipts(store)
    reply, note = b64decode(receipt["more"]["reply"]), given.signed.text.encode()
    at = rfc3161.check(reply, note, given.ca, where="it")
    refused = 0
    places = range(0, len(reply), 13)
    for place in places:
        changed = reply[:place] + bytes([reply[place] ^ 1]) + reply[place + 1 :]
        try:
            assert at == rfc3161.check(changed, note, given.ca, where="it")
        except EvidenceError:
            refused += 1
    assert refused > len(places) * 0.9


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ((500, REPLY, b""), "answers 500"),
        ((200, "text/html", b"<html>"), "no time stamp"),
        ((200, REPLY, b""), "is no time stamp"),
        ((200, REPLY, b"\x30\x05\x30\x03\x02\x01\x02"), "status 2"),
        ((200, REPLY, b"\x30\x05\x30\x03\x02\x01\x00"), "is no time stamp"),
    ],
)
def test_what_is_no_time_stamp(store: Path, answer: tuple[int, str, bytes], words: str) -> None:
    """A page, nothing, a rejection, a grant without a token: said, and no receipt is kept."""
    with tsa.served(lambda body: answer) as server, pytest.raises(EnvironmentFailed, match=words):
        sinks.hold(f"rfc3161:{server.url}", sinks.given(store))
    assert [] == receipts(store)


@with_openssl
def test_files_of_authorities(store: Path, authority: Path, tmp_path: Path) -> None:
    """One that is not there, holds none, or no root, is an error of the machine."""
    (tmp_path / "empty.pem").write_text("")
    for path, words in (
        (tmp_path / "none.pem", "cannot be read"),
        (tmp_path / "empty.pem", "holds no"),
        (authority / "tsa.crt", "no root"),
    ):
        with tsa.served(lambda body: (200, REPLY, tsa.stamped(authority, body))) as server:  # noqa: SIM117
            with pytest.raises(EnvironmentFailed, match=words):
                sinks.hold(f"rfc3161:{server.url}", sinks.given(store, ca=str(path)))


def test_without_the_library(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is said which extra is missing; nothing is sent."""
    monkeypatch.setitem(__import__("sys").modules, "rfc3161_client", None)
    with pytest.raises(EnvironmentFailed, match="rfc3161-client") as caught:
        sinks.hold("rfc3161:https://example.invalid/", sinks.given(store))
    assert "govern[anchor]" in caught.value.hint


# --- receipts -------------------------------------------------------------------------------------------------------


def kept(store: Path) -> tuple[Path, bytes]:
    (path,) = (store / "anchors").iterdir()
    return path, path.read_bytes()


@with_openssl
def test_a_kept_time_stamp_is_checked_again(store: Path, authority: Path) -> None:
    """After the log grew: the time, and that it was by who is trusted, which nobody is without being named."""
    with tsa.served(lambda body: (200, REPLY, tsa.stamped(authority, body))) as server:
        sinks.hold(f"rfc3161:{server.url}", sinks.given(store))
    grow(store, 3)
    _, raw = kept(store)
    receipt = receipts_module.read(raw, "it")
    good = receipts_module.check(receipt, store, str(authority / "root.crt"), "it")
    assert (3, True, receipt.more["time"]) == (good.size, good.trusted, good.time.isoformat() if good.time else None)
    assert not receipts_module.check(receipt, store, None, "it").trusted
    bare = replace(receipt, more={**receipt.more, "reply": "?"})
    other = replace(receipt, checkpoint=grow(store, 0).signed.text, size=6)
    for wrong, words in ((bare, "no time stamp"), (other, "something else"), (replace(receipt, size=4), "says 4")):
        with pytest.raises(EvidenceError, match=words):
            receipts_module.check(wrong, store, str(authority / "root.crt"), "it")


def test_a_receipt_of_another_past(store: Path, tmp_path: Path) -> None:
    """The log did not grow out of its checkpoint, or no key of the log signed it."""
    sinks.hold(f"file:{tmp_path / 'held.txt'}", sinks.given(store))
    receipt = receipts_module.read(kept(store)[1], "it")
    assert (3, None) == (lambda found: (found.size, found.time))(receipts_module.check(receipt, store, None, "it"))
    forged = checkpoint.sign(checkpoint.read(receipt.checkpoint).checkpoint, OTHER)
    with pytest.raises(EvidenceError, match="none of the known keys"):
        receipts_module.check(replace(receipt, checkpoint=forged), store, None, "it")
    cut(store)
    with pytest.raises(EvidenceError, match="its end was cut"):
        receipts_module.check(receipt, store, None, "it")
    rewritten(store, 4)
    with pytest.raises(EvidenceError, match="another past"):
        receipts_module.check(receipt, store, None, "it")


@pytest.mark.parametrize(
    "change",
    [
        lambda data: None,
        lambda data: [],
        lambda data: {**data, "schema": "govern/anchor/v2"},
        lambda data: {**data, "size": "3"},
        lambda data: {**data, "size": True},
        lambda data: {**data, "more": None},
        lambda data: {**data, "extra": 1},
        lambda data: {name: value for name, value in data.items() if name != "to"},
    ],
)
def test_what_is_no_receipt(store: Path, tmp_path: Path, change: Any) -> None:
    """Is said to be none."""
    sinks.hold(f"file:{tmp_path / 'held.txt'}", sinks.given(store))
    data = json.loads(kept(store)[1])
    with pytest.raises(EvidenceError, match="is no receipt"):
        receipts_module.read(json.dumps(change(data)).encode(), "it")
    with pytest.raises(EvidenceError, match="is no receipt"):
        receipts_module.read(b"{", "it")
