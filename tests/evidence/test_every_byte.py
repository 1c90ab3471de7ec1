"""After any byte is changed the package does not verify, whoever changes what belongs to it too."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from tests.evidence.forging import relisted
from tests.evidence.stores import KEY, STRANGER, kept, package, store

from govern.evidence.package import packed
from govern.evidence.verify_evidence import Case, unpacked

STEP = int(os.environ.get("GOVERN_EVERY_BYTE", "7"))
"""Every so many bytes of a member are changed where the zip is made again; 1 takes a minute."""
PROVEN = ("checkpoint.txt", "events.jsonl", "proofs.json")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, str]:
    """A package without a page, and the checkpoint that its reader keeps."""
    folder = store(tmp_path_factory.mktemp("every") / "audit")
    return package(folder).raw, kept(folder)


def code(raw: bytes, anchor: str) -> int:
    return Case(raw, [KEY.public.raw], [anchor]).verdict()[0]


def test_the_whole_package_verifies(made: tuple[bytes, str]) -> None:
    """Untouched, with the log's key and a checkpoint kept elsewhere, all of it holds."""
    assert 0 == code(*made)


def test_no_byte_of_the_file_can_change(made: tuple[bytes, str]) -> None:
    """One bit of any byte of the zip, be it of a member or of the zip's own tables: not verified."""
    raw, anchor = made
    changed = bytearray(raw)
    for place in range(len(raw)):
        changed[place] ^= 1 << (place % 8)
        case = Case(bytes(changed), [KEY.public.raw], [anchor])
        assert 1 == case.verdict()[0], place
        changed[place] = raw[place]


def test_nothing_can_be_added_or_cut(made: tuple[bytes, str]) -> None:
    """Bytes before, behind and between, and every shorter file."""
    raw, anchor = made
    assert [1, 1, 1] == [code(each, anchor) for each in (raw + b"\0", b"\0" + raw, raw[:100] + b"\0" + raw[100:])]
    assert {1} == {code(raw[:size], anchor) for size in range(0, len(raw), 97)}


def test_no_byte_of_a_member_can_change_with_its_checksum(made: tuple[bytes, str]) -> None:
    """The zip is made again around the changed member: then its digest in the manifest says so."""
    raw, anchor = made
    files = unpacked(raw)
    for name, data in files.items():
        for place in range(0, len(data), STEP):
            changed = data[:place] + bytes([data[place] ^ (1 << (place % 7))]) + data[place + 1 :]
            assert 1 == code(packed({**files, name: changed}), anchor), (name, place)


@pytest.mark.parametrize("name", PROVEN)
def test_what_the_log_proves_needs_no_signature(made: tuple[bytes, str], name: str) -> None:
    """Events, proofs and checkpoint are changed and the manifest is made again, unsigned: the trees still say so."""
    raw, anchor = made
    files = unpacked(raw)
    data = files[name]
    for place in range(len(data)):
        changed = data[:place] + bytes([data[place] ^ (1 << (place % 7))]) + data[place + 1 :]
        assert 1 == code(relisted({**files, name: changed}), anchor), place


@pytest.mark.parametrize("name", ["gaps.json", "custody.jsonl", "README.txt", "verify_evidence.py", "log.pub"])
def test_what_no_tree_holds_hangs_on_the_signature(made: tuple[bytes, str], name: str) -> None:
    """The manifest is made again: without a signature, or with a stranger's, these are not proven, and it is said."""
    raw, anchor = made
    files = unpacked(raw)
    changed = {**files, name: files[name] + b" "}
    for forged in (relisted(changed), relisted(changed, STRANGER)):
        case = Case(forged, [KEY.public.raw], [anchor])
        assert (3, "VERIFIED IN PART, not proven: signature") == case.verdict()
    assert 1 == code(packed({**unpacked(relisted(changed)), "signature.json": files["signature.json"]}), anchor)


def test_a_file_is_missing_or_more(made: tuple[bytes, str]) -> None:
    """A member that is gone, one that the manifest does not list, two in another order."""
    raw, anchor = made
    files = unpacked(raw)
    for name in files:
        fewer = {other: data for other, data in files.items() if other != name}
        expected = 3 if name == "signature.json" else 1
        assert expected == code(packed(fewer), anchor), name
    assert 1 == code(packed({**files, "more.txt": b""}), anchor)
    assert 1 == code(packed({**files, "json.py": b""}), anchor)


def test_an_event_is_left_out_with_its_proof(made: tuple[bytes, str]) -> None:
    """A row between two that are shown: files are sorted by trace, so it belonged to the trace."""
    raw, anchor = made
    files = unpacked(raw)
    proofs = json.loads(files["proofs.json"])
    lines = files["events.jsonl"].splitlines(keepends=True)
    del proofs["events"][2], lines[2]
    text = (json.dumps(proofs, sort_keys=True, separators=(",", ":"), ensure_ascii=False) + "\n").encode()
    case = Case(relisted({**files, "proofs.json": text, "events.jsonl": b"".join(lines)}), [KEY.public.raw], [anchor])
    assert (1, "NOT VERIFIED: complete") == case.verdict()
    assert "row 7 of file 2 was left out" in case.steps[-1][2]


def test_the_package_is_the_same_bytes_each_time(tmp_path: Path) -> None:
    """The same case and custody give the same file."""
    folder = store(tmp_path / "audit")
    assert package(folder).raw == package(folder).raw
