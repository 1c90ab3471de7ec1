"""Signed notes: the published examples, and everything that the specification refuses."""

from __future__ import annotations

from base64 import b64decode, b64encode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from govern.audit import note
from govern.errors import EvidenceError, GovernError, UsageError
from govern.signing import keys

# golang.org/x/mod, sumdb/note, package documentation and tests: a published private key, its note and its public key.
PETER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
PETERS_SEED = b64decode("AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz")[1:]
PETERS_TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
PETERS_NOTE = (
    f"{PETERS_TEXT}\n— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6"
    "KE6RyyBwJnAM=\n"
)
# c2sp.org/signed-note: the example of the specification, whose key is not published.
SALVATORE = (
    "Ognuno sta solo sul cuor della terra\ntrafitto da un raggio di sole:\n\ned è subito sera.\n\n"
    "— quasimodo.example/salvatore NnugSzTjtVAewIS+Z/iJhUPeFDkO/5QQ2i5ddnGITLlC+EhfLW9oJKONrMouFSQU0xMcXxj99ihAQwaqP3"
    "ZekRwNtIc=\n"
)
KEY = keys.of_seed(bytes(range(32)))
OTHER = keys.of_seed(bytes(range(1, 33)))


def test_the_published_note_is_made_and_read() -> None:
    """The published key signs the published bytes, and its verifier key verifies them."""
    key = keys.of_seed(PETERS_SEED)
    verifier = note.verifier(PETER)
    assert PETERS_NOTE == note.sign(PETERS_TEXT, "PeterNeumann", key)
    assert (verifier,) == note.verified(note.read(PETERS_NOTE), [verifier])
    assert PETER == verifier.text == note.Verifier("PeterNeumann", key.public).text
    assert "c74f20a3" == verifier.key_id.hex()


def test_the_specifications_example_is_read() -> None:
    """The text ends at the last empty line, and may have empty lines itself."""
    found = note.read(SALVATORE)
    assert found.text.endswith("raggio di sole:\n\ned è subito sera.\n")
    assert ["quasimodo.example/salvatore"] == [each.name for each in found.signatures]
    assert ("367ba04b", 64) == (found.signatures[0].key_id.hex(), len(found.signatures[0].sig))
    assert SALVATORE == found.whole


@given(st.text(st.characters(codec="utf-8", min_codepoint=32), max_size=200), st.integers(1, 20))
@settings(max_examples=80, deadline=None)
def test_what_is_signed_is_read_again(text: str, count: int) -> None:
    """Any text without control characters, under as many signatures, is read as it was signed."""
    signed = note.sign(text + "\n", "one", KEY)
    lines = "".join(signed.split("\n")[-2] + "\n" for _ in range(count))
    whole = signed[: signed.rfind("— ")] + lines
    found = note.read(whole)
    assert text + "\n" == found.text
    assert count == len(found.signatures)
    assert whole == found.whole
    note.verified(found, [note.Verifier("one", KEY.public)])


def line(name: str, blob: bytes) -> str:
    return f"— {name} {b64encode(blob).decode()}\n"


NARROW = "a\u00a0b"
GOOD = line("one", note.key_id("one", KEY.public) + bytes(64))


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"", "line feed"),
        (b"text\n", "empty line"),
        (f"text\n{GOOD}".encode(), "empty line"),
        (f"text\n\n{GOOD}".rstrip("\n").encode(), "line feed"),
        (b"text\n\n", "0 signatures"),
        (f"text\n\n{GOOD}\n".encode(), "0 signatures"),
        (f"text\n\n{GOOD}".encode().replace(b"text", b"te\xffxt"), "UTF-8"),
        (f"te\txt\n\n{GOOD}".encode(), "U+0009"),
        (f"text\r\n\n{GOOD}".encode(), "U+000D"),
        (f"te\0xt\n\n{GOOD}".encode(), "U+0000"),
        (f"text\n\n{GOOD}".replace("—", "--").encode(), "NAME BASE64"),
        (f"text\n\n{GOOD}".replace("— ", "—").encode(), "NAME BASE64"),
        (f"text\n\n{line('', bytes(68))}".encode(), "NAME BASE64"),
        (f"text\n\n{line('a+b', bytes(68))}".encode(), "NAME BASE64"),
        (f"text\n\n{line(NARROW, bytes(68))}".encode(), "NAME BASE64"),
        (f"text\n\n{line('one', bytes(4))}".encode(), "NAME BASE64"),
        (b"text\n\n\xe2\x80\x94 one AAAA AAAA\n", "NAME BASE64"),
        (b"text\n\n\xe2\x80\x94 one A\n", "NAME BASE64"),
        (b"text\n\n\xe2\x80\x94 one AAAAAAB=\n", "NAME BASE64"),
        (f"text\n\n{GOOD * 101}".encode(), "101 signatures"),
        (("x" * 1_000_000 + f"\n\n{GOOD}").encode(), "bytes"),
        ("text\ud800\n\n" + GOOD, "UTF-8"),
    ],
)
def test_what_is_no_note(raw: bytes | str, words: str) -> None:
    """What the specification refuses is refused, and so is a second way to write the same signature."""
    with pytest.raises(EvidenceError, match=words.replace("+", r"\+")):
        note.read(raw)


def test_signatures_by_unknown_keys_say_nothing() -> None:
    """Of another name, another id or an unknown type, they neither help nor harm."""
    signed = note.sign("text\n", "one", KEY)
    mine = note.Verifier("one", KEY.public)
    strange = (
        line("two", mine.key_id + bytes(64))
        + line("one", note.key_id("one", OTHER.public) + bytes(64))
        + line("witness.example", b"\xff\xff\xff\xff" + bytes(5_000))
    )
    assert (mine,) == note.verified(note.read(signed + strange), [mine])
    assert (mine,) == note.verified(
        note.read(signed[: signed.rfind("— ")] + strange + signed[signed.rfind("— ") :]), [mine]
    )
    with pytest.raises(EvidenceError, match="none of the known keys"):
        note.verified(note.read("text\n\n" + strange), [mine])
    with pytest.raises(EvidenceError, match="none of the known keys"):
        note.verified(note.read(signed), [])


def test_a_known_keys_bad_signature_spoils_the_note() -> None:
    """Also where another known key's is good."""
    signed = note.sign("text\n", "one", KEY)
    other = note.Verifier("two", OTHER.public)
    with pytest.raises(EvidenceError, match="`two` is not good"):
        note.verified(
            note.read(signed + line("two", other.key_id + bytes(64))), [note.Verifier("one", KEY.public), other]
        )


@given(st.data())
@settings(max_examples=100, deadline=None)
def test_every_changed_byte_is_found(data: st.DataObject) -> None:
    """A note with one byte changed is none, or not signed by its key any more."""
    raw = note.sign("a log\n12\ntext\n", "one", KEY).encode()
    at = data.draw(st.integers(0, len(raw) - 1))
    changed = bytes(byte ^ (data.draw(st.integers(1, 255)) if place == at else 0) for place, byte in enumerate(raw))
    with pytest.raises(GovernError):
        note.verified(note.read(changed), [note.Verifier("one", KEY.public)])


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\u2003b", "a\nb", "a\u200bb"])
def test_what_cannot_name_a_key(name: str) -> None:
    """No spaces of any kind, no plus, nothing invisible, not empty."""
    with pytest.raises(UsageError, match="cannot name a key"):
        note.sign("text\n", name, KEY)


@pytest.mark.parametrize("text", ["", "text", "te\x07xt\n"])
def test_what_cannot_be_signed(text: str) -> None:
    """A text that could not be read again is not signed."""
    with pytest.raises(EvidenceError):
        note.sign(text, "one", KEY)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "PeterNeumann",
        PETER.replace("c74f20a3", "c74f20a4"),
        PETER.replace("Peter", "Paul"),
        PETER[:-4],
        PETER.replace("+AR", "+BB"),
    ],
)
def test_what_is_no_verifier_key(text: str) -> None:
    """A verifier key whose id does not follow from it, or of another type, is refused."""
    with pytest.raises(UsageError):
        note.verifier(text)
