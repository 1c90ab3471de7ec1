"""Envelopes: as the standard says, the same bytes each time, and no byte of a signed bundle can be changed.

Leaves out key files (`test_key_files`) and the steps of verifying (`test_verify`).
"""

from __future__ import annotations

import base64
import json
import random
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from govern.compile.bundle import MAX_BYTES, MAX_FILE, PAYLOAD_TYPE, Bundle, signed
from govern.compile.reading import looks_like_bundle, opened, read
from govern.compile.schema_file import envelope_schema
from govern.compile.sources import one_policy, policies
from govern.compile.verify import verify
from govern.errors import AuthorError, EvidenceError, UsageError
from govern.events.canonical import MAX_BYTES as MAX_JSON
from govern.events.canonical import text_of
from govern.signing import dsse
from govern.signing.dsse import Envelope, Signature, State, check, pae, verified
from govern.signing.keys import PublicKey

from .making import NOW, RFC_8032, ROOT, SUPPORT, A, B, C, compiled, put, resealed, small

KEYS = (A.public, B.public)


@pytest.fixture
def bundle(tmp_path: Path) -> Bundle:
    return small(tmp_path, A)


def passes(raw: bytes, *keys: PublicKey, threshold: int = 1) -> bool:
    return verify(raw, "a.bundle", keys, threshold, NOW).ok


def refused(raw: bytes) -> str:
    with pytest.raises(AuthorError) as caught:
        dsse.read(raw, "a.bundle")
    assert "a.bundle" == caught.value.where
    return caught.value.message


# --- as the standard says -----------------------------------------------------------------------------------


def test_what_is_signed_is_the_standards() -> None:
    """The test vector of `protocol.md`; lengths are of bytes, not of characters; an empty payload has a length."""
    assert b"DSSEv1 29 http://example.com/HelloWorld 11 hello world" == pae(
        "http://example.com/HelloWorld", b"hello world"
    )
    assert b"DSSEv1 29 application/vnd.ex\xc3\xa4mple+json 0 " == pae("application/vnd.exämple+json", b"")


def test_keys_are_those_of_the_algorithm() -> None:
    """RFC 8032: the public key of a seed, and the signature of the second test's message."""
    assert [public for _, public in RFC_8032] == [key.public.raw.hex() for key in (A, B, C)]
    expected = (
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
        "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
    )
    assert expected == B.sign(b"\x72").hex()


@pytest.mark.parametrize(
    ("payload_type", "payload", "sigs", "threshold", "good"),
    [
        (
            "application/vnd.in-toto+json",
            b'{"_type":"https://in-toto.io/Statement/v1"}',
            ["2WAfaHm5jluo0w+0rk8uVkluELJYWjSmU9x7EUzx+AyteDGJ4/nqyJXfmAUVFIAoQafWm7AxBZNw5M9ixNHiCA=="],
            1,
            True,
        ),
        (
            "application/vnd.example.other+json",
            b'{"_type":"https://in-toto.io/Statement/v1"}',
            ["2WAfaHm5jluo0w+0rk8uVkluELJYWjSmU9x7EUzx+AyteDGJ4/nqyJXfmAUVFIAoQafWm7AxBZNw5M9ixNHiCA=="],
            1,
            False,
        ),
        (
            "application/vnd.in-toto+json",
            b"",
            ["gSggCAaTLTYyRH6FIDBem6meyIynsYy8RTHVzwx9tnTb7Bg/1jMWnuVgI/gffqmbsC2VX5/jHfkkDqsj7CDbDg=="],
            1,
            True,
        ),
        (
            "application/vnd.in-toto+json",
            b'{"_type":"https://in-toto.io/Statement/v1"}',
            [
                "2WAfaHm5jluo0w+0rk8uVkluELJYWjSmU9x7EUzx+AyteDGJ4/nqyJXfmAUVFIAoQafWm7AxBZNw5M9ixNHiCA==",
                "c1+67/aT0yqEpwx8PsVY3MLHsj9D0CZ014/Fv/QlG59P+9CobUZ7xECJ/V3USG0Ob9CiE5LjReEZUzNF2l7eBw==",
            ],
            2,
            True,
        ),
        (
            "application/vnd.in-toto+json",
            b'{"_type":"https://in-toto.io/Statement/v1"}',
            ["2WAfaHm5jluo0w+0rk8uVkluELJYWjSmU9x7EUzx+AyteDGJ4/nqyJXfmAUVFIAoQafWm7AxBZNw5M9ixNHiCA=="],
            2,
            False,
        ),
    ],
)
def test_published_vectors(payload_type: str, payload: bytes, sigs: list[str], threshold: int, good: bool) -> None:
    """Facts of `testvectors/vectors.json`, whose keys are those of RFC 8032."""
    found = tuple(Signature(key.keyid, base64.b64decode(sig)) for key, sig in zip(KEYS, sigs, strict=False))
    envelope = Envelope(payload, payload_type, tuple(sorted(found, key=lambda each: each.keyid)))
    if good:
        assert len(sigs) == sum(each.state is State.VERIFIED for each in verified(envelope, KEYS, threshold, "x"))
        assert envelope == dsse.signed(Envelope(payload, payload_type, ()), [A, B][: len(sigs)])
    else:
        with pytest.raises(AuthorError):
            verified(envelope, KEYS, threshold, "x")


def test_another_program_can_read_it(bundle: Bundle) -> None:
    """Nothing but JSON, base64 and Ed25519, as the standard words it."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    document = json.loads(bundle.file_text)
    payload = base64.b64decode(document["payload"])
    kind = document["payloadType"].encode()
    message = b" ".join([b"DSSEv1", str(len(kind)).encode(), kind, str(len(payload)).encode(), payload])
    Ed25519PublicKey.from_public_bytes(A.public.raw).verify(base64.b64decode(document["signatures"][0]["sig"]), message)
    assert bundle.text.encode() == payload
    jsonschema.Draft202012Validator(envelope_schema()).validate(document)


# --- deterministic, and read wherever a bundle is -------------------------------------------------------------


def test_the_same_keys_give_the_same_bytes(tmp_path: Path) -> None:
    """In any order, at once or one after the other."""
    plain = small(tmp_path)
    at_once = signed(plain, (A, B, C)).file_text
    assert at_once == signed(plain, (C, A, B)).file_text == signed(signed(signed(plain, (B,)), (C,)), (A,)).file_text
    assert plain.digest == signed(plain, (A,)).digest


def test_a_key_signs_once(bundle: Bundle) -> None:
    with pytest.raises(UsageError, match="already"):
        signed(bundle, (A,))


def test_a_signed_bundle_is_read_wherever_a_bundle_is(tmp_path: Path) -> None:
    """Alone, in a folder, as it was made; it decides as the unsigned one."""
    made = signed(compiled(SUPPORT), (A, B))
    path = put(tmp_path, made)
    assert looks_like_bundle(path)
    assert made == read(path)
    assert made.policy == one_policy(path)
    assert {made.policy.agent: made.policy} == policies(str(tmp_path))


# --- tampering ----------------------------------------------------------------------------------------------


def test_any_changed_byte_of_a_signed_bundle_is_refused(bundle: Bundle) -> None:
    """Every place of the file: a flipped bit, a flipped case, and for a thousand places whatever byte."""
    raw = bundle.file_text.encode()
    assert passes(raw, A.public)
    draw = random.Random(1971)
    tried = 0
    for place in range(len(raw)):
        others = {raw[place] ^ 1, raw[place] ^ 0x20}
        if place % max(1, len(raw) // 1000) == 0:
            others |= {0, 0x20, 0x22, draw.randrange(256)}
        for byte in others - {raw[place]}:
            changed = raw[:place] + bytes([byte]) + raw[place + 1 :]
            assert not passes(changed, A.public), (place, byte)
            tried += 1
    assert tried >= 2 * len(raw)


def test_any_dropped_or_doubled_byte_is_refused(bundle: Bundle) -> None:
    raw = bundle.file_text.encode()
    for place in [*range(60), *random.Random(2).sample(range(len(raw)), 300), *range(len(raw) - 250, len(raw))]:
        assert not passes(raw[:place] + raw[place + 1 :], A.public)
        assert not passes(raw[: place + 1] + raw[place:], A.public)


@pytest.mark.parametrize("length", [0, 1, 12, 100, 1000, -90, -2, -1])
def test_a_truncated_envelope_is_refused(length: int, bundle: Bundle) -> None:
    assert not passes(bundle.file_text.encode()[:length], A.public)


def enveloped(document: Any) -> bytes:
    return (text_of(document) + "\n").encode()


FORGERIES: dict[str, Callable[[dict[str, Any]], None]] = {
    "an unknown member": lambda d: d.update(more=1),
    "no payload": lambda d: d.pop("payload"),
    "no type": lambda d: d.pop("payloadType"),
    "no signatures": lambda d: d.pop("signatures"),
    "an empty list of signatures": lambda d: d.update(signatures=[]),
    "signatures that are no list": lambda d: d.update(signatures={}),
    "a signature that is no object": lambda d: d.update(signatures=["x"]),
    "no key id": lambda d: d["signatures"][0].pop("keyid"),
    "a key id that is none": lambda d: d["signatures"][0].update(keyid="release"),
    "a key id that is no text": lambda d: d["signatures"][0].update(keyid=1),
    "another key's id": lambda d: d["signatures"][0].update(keyid=B.public.keyid),
    "no sig": lambda d: d["signatures"][0].pop("sig"),
    "a sig that is no text": lambda d: d["signatures"][0].update(sig=None),
    "an empty sig": lambda d: d["signatures"][0].update(sig=""),
    "a sig of zeros": lambda d: d["signatures"][0].update(sig=base64.b64encode(bytes(64)).decode()),
    "a sig too long": lambda d: d["signatures"][0].update(sig=base64.b64encode(bytes(65)).decode()),
    "an unknown member of a signature": lambda d: d["signatures"][0].update(cert="x"),
    "the same signature twice": lambda d: d["signatures"].append(d["signatures"][0]),
    "more signatures than are read": lambda d: d.update(
        signatures=[{"keyid": f"sha256:{number:064x}", "sig": "AAAA"} for number in range(33)]
    ),
    "a payload that is no text": lambda d: d.update(payload=["x"]),
    "an empty payload": lambda d: d.update(payload=""),
    "white space in the payload": lambda d: d.update(payload=d["payload"][:8] + "\n" + d["payload"][8:]),
    "white space after the payload": lambda d: d.update(payload=d["payload"] + " "),
    "a payload without its padding": lambda d: d.update(payload=base64.b64encode(b"ab").decode().rstrip("=")),
    "stray bits in the padding": lambda d: d.update(payload="YWJ="),
    "letters that are no ASCII": lambda d: d.update(payload="YWJj€"),
    "the other alphabet": lambda d: d.update(payload=base64.urlsafe_b64encode(b"\xfb\xff\xbe").decode()),
    "another type": lambda d: d.update(payloadType="application/json"),
    "the type in other letters": lambda d: d.update(payloadType=PAYLOAD_TYPE.upper()),
    "a type that is no text": lambda d: d.update(payloadType=None),
}


@pytest.mark.parametrize("forgery", FORGERIES)
def test_a_forged_envelope_is_refused(forgery: str, bundle: Bundle) -> None:
    """By who verifies it with the key; nearly all of it by who only reads it, too."""
    document = json.loads(bundle.file_text)
    FORGERIES[forgery](document)
    raw = enveloped(document)
    assert raw != bundle.file_text.encode()
    assert not passes(raw, A.public)
    assert not passes(raw, *KEYS)


def test_other_layouts_of_the_same_envelope_are_refused(bundle: Bundle) -> None:
    """Pretty-printed, in another order, with a key twice, with white space, with a BOM: told as an envelope."""
    raw = bundle.file_text.encode()
    document = json.loads(raw)
    layouts = [
        json.dumps(document, indent=2).encode(),
        json.dumps(dict(reversed(document.items())), separators=(",", ":")).encode() + b"\n",
        raw.replace(b'{"payload":', b'{"payload":"","payload":', 1),
        raw.replace(b'"keyid":', b'"keyid":"","keyid":', 1),
        raw.replace(b'"keyid":', b'"KeyId":"","keyid":', 1),
        raw[:-1],
        raw + b"\n",
        b" " + raw,
        raw[:-1] + b"\r\n",
        b"\xef\xbb\xbf" + raw,
    ]
    for layout in layouts:
        assert layout != raw
        assert "envelope" in refused(layout)
        assert not passes(layout, A.public)


def test_what_is_in_an_envelope_is_read_as_a_bundle_is(bundle: Bundle) -> None:
    """Whoever signed it: a forged bundle, no bundle, an envelope in an envelope."""
    forged = json.loads(bundle.text)
    forged["policy"]["tools"]["read"]["tier"] = "reversible"
    for payload in (resealed(forged), b"{}\n", bundle.file_text.encode(), bundle.text.encode()[:-1]):
        made = dsse.signed(Envelope(payload, PAYLOAD_TYPE, ()), [A])
        assert {State.VERIFIED} == {each.state for each in check(made, [A.public])}
        found = verify(dsse.text(made).encode(), "x", [A.public], 1, NOW)
        assert (False, None, "pass") == (found.ok, found.bundle, found.steps[1].outcome)


def test_a_signature_over_another_type_says_nothing(tmp_path: Path) -> None:
    plain = small(tmp_path).text.encode()
    other = dsse.signed(Envelope(plain, "application/vnd.other+json", ()), [A])
    moved = replace(other, payload_type=PAYLOAD_TYPE)
    assert not passes(dsse.text(moved).encode(), A.public)
    assert not passes(dsse.text(other).encode(), A.public)


# --- whose signature ----------------------------------------------------------------------------------------


def test_a_wrong_key_is_refused(bundle: Bundle) -> None:
    raw = bundle.file_text.encode()
    assert passes(raw, A.public)
    assert passes(raw, B.public, A.public)
    assert not passes(raw, B.public)
    assert not passes(raw, B.public, C.public)


def test_an_unsigned_bundle_is_refused_where_a_key_is_asked_for(tmp_path: Path) -> None:
    found = verify(small(tmp_path).text.encode(), "x", [A.public], 1, NOW)
    assert ("fail", "the bundle is not signed") == (found.steps[0].outcome, found.steps[0].detail)
    assert not found.ok


def test_no_key_is_an_error_and_never_a_pass(bundle: Bundle) -> None:
    for call in (lambda: passes(bundle.file_text.encode()), lambda: verified(bundle.envelope, [], 1, "x")):  # type: ignore[arg-type]
        with pytest.raises(UsageError, match="no key"):
            call()


@pytest.mark.parametrize("threshold", [-1, 0, 3])
def test_a_threshold_that_says_nothing_is_an_error(threshold: int, bundle: Bundle) -> None:
    """The same key given twice is one key."""
    with pytest.raises(UsageError, match="threshold"):
        passes(bundle.file_text.encode(), A.public, B.public, A.public, threshold=threshold)


def test_a_threshold_counts_different_keys(tmp_path: Path) -> None:
    one, two = (small(tmp_path, *keys).file_text.encode() for keys in ((A,), (A, B)))
    assert passes(two, *KEYS, threshold=2)
    assert passes(two, *KEYS, C.public, threshold=2)
    assert not passes(one, *KEYS, threshold=2)
    assert not passes(two, A.public, C.public, threshold=2)


def test_signatures_by_other_keys_do_not_matter(tmp_path: Path) -> None:
    """Good or bad, whatever key id they carry, unless it is that of a key given."""
    made = small(tmp_path, A)
    assert made.envelope is not None
    for other in (
        C.sign(pae(PAYLOAD_TYPE, made.text.encode())),
        bytes(64),
        b"",
    ):
        both = sorted([*made.envelope.signatures, Signature(C.public.keyid, other)], key=lambda each: each.keyid)
        envelope = replace(made.envelope, signatures=tuple(both))
        raw = dsse.text(envelope).encode()
        assert passes(raw, A.public)
        good = {State.VERIFIED} if other and any(other) else {State.VERIFIED, State.REFUSED}
        assert good == {each.state for each in check(envelope, [A.public, C.public])}
        assert passes(raw, A.public, C.public) is (good == {State.VERIFIED})


def test_a_key_id_makes_nothing_good(tmp_path: Path) -> None:
    """A signature by another key under the id of the trusted one."""
    plain = small(tmp_path).text.encode()
    forged = Envelope(plain, PAYLOAD_TYPE, (Signature(A.public.keyid, C.sign(pae(PAYLOAD_TYPE, plain))),))
    assert not passes(dsse.text(forged).encode(), A.public)
    assert [State.REFUSED] == [each.state for each in check(forged, [A.public])]
    assert [State.REFUSED] == [each.state for each in check(forged, [A.public, C.public])]
    assert [State.UNKNOWN_KEY] == [each.state for each in check(forged, [B.public])]
    assert [State.NOT_CHECKED] == [each.state for each in check(forged, [])]


# --- size ---------------------------------------------------------------------------------------------------


def test_a_huge_file_is_refused_and_not_read_whole(tmp_path: Path) -> None:
    """A sparse file of 64 GB; a device that never ends."""
    path = tmp_path / "a.bundle"
    with path.open("wb") as file:
        file.write(b'{"payload":"')
        file.truncate(64 * 2**30)
    for each in (path, Path("/dev/zero")):
        with pytest.raises((AuthorError, EvidenceError), match="larger than a bundle may be"):
            read(each)


def test_what_may_be_written_can_be_read() -> None:
    """The largest bundle with the most signatures fits into an envelope, and that into what JSON is read of."""
    signatures = dsse.MAX_SIGNATURES * (64 + 100 + 64)
    assert 4 * (MAX_BYTES // 3 + 1) + signatures + 200 < MAX_FILE < MAX_JSON


def test_deep_nesting_is_refused() -> None:
    for raw in (b'{"payload":' + b"[" * 200_000, b'{"payload":' + b'{"a":' * 100_000, b'{"charter":' + b"[" * 200_000):
        assert not passes(raw, A.public)


def test_an_empty_file_is_refused() -> None:
    with pytest.raises(AuthorError, match="empty"):
        opened(b"", "x")


# --- libraries ----------------------------------------------------------------------------------------------


def test_what_signs_is_not_loaded_where_nobody_signs() -> None:
    """Help, lint, a decision by charter or bundle."""
    program = (
        "import sys\n"
        "from govern.cli import app\n"
        "charter = 'samples/support/charter.yaml'\n"
        "decide = ['decide', '--policy', charter, '--tool', 'x', '--args', '{}']\n"
        "for arguments in (['--help'], ['lint', charter], ['compile', '-o', '-', charter], decide):\n"
        "    sys.argv = ['govern', *arguments]\n"
        "    try:\n        app.main()\n    except SystemExit:\n        pass\n"
        "sys.stderr.write(str('cryptography' in sys.modules))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT, check=False)
    assert "False" == done.stderr
