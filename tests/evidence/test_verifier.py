"""The verifier in a package: another hand's reading of the formats, on a machine that has no govern."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import tarfile
import venv
import zipfile
from base64 import b64decode, b64encode
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.evidence.stores import KEY, STRANGER, kept, package, store

from govern.audit import merkle, note
from govern.evidence import verify_evidence
from govern.evidence.verify_evidence import BAD, Wrong, root_of, roots_of
from govern.signing.key_files import pem

VERIFIER = Path(verify_evidence.__file__)


def refused(check: object, *arguments: object) -> bool:
    try:
        return not check(*arguments)  # type: ignore[operator]
    except (Wrong, *BAD):
        return True


def is_in(leaf: bytes, index: int, size: int, path: list[bytes], root: bytes) -> bool:
    return root_of(leaf, index, size, path) == root


def follows(old: int, size: int, path: list[bytes], old_root: bytes, root: bytes) -> bool:
    return roots_of(old, size, path, old_root) == (old_root, root)


@given(st.integers(1, 70), st.data())
@settings(max_examples=150, deadline=None)
def test_paths_of_the_store_lead_to_its_roots(size: int, data: st.DataObject) -> None:
    """What `audit.merkle` makes, this accepts; at another place, cut, longer or changed it does not."""
    leaves = [merkle.leaf(bytes([number])) for number in range(size)]
    root = merkle.root(leaves)
    index, other = data.draw(st.integers(0, size - 1)), data.draw(st.integers(0, size + 1))
    path = merkle.inclusion(leaves, index)
    assert is_in(leaves[index], index, size, path, root)
    assert other == index or refused(is_in, leaves[index], other, size, path, root)
    assert refused(is_in, leaves[index], index, size, [*path, root], root)
    assert not path or refused(is_in, leaves[index], index, size, path[1:], root)
    old = data.draw(st.integers(1, size))
    path, old_root = merkle.consistency(leaves, old), merkle.root(leaves[:old])
    assert follows(old, size, path, old_root, root)
    assert refused(follows, old, size, path, merkle.leaf(b"other"), root)
    assert refused(follows, old, size, [*path, root], old_root, root)
    assert not path or refused(follows, old, size, path[:-1], old_root, root)


@pytest.mark.corpus
def test_published_proofs() -> None:
    """Of the published inclusion and consistency proofs, good and broken, each is judged as it should be."""
    corpus = Path(os.environ.get("GOVERN_CORPUS", Path(__file__).parents[2].parent / "shared" / "corpus"))
    archive = corpus / "suites" / "merkle_rfc6962.tar.zst"
    if not archive.is_file():
        pytest.skip(f"no corpus at {corpus} (GOVERN_CORPUS)")
    judged = wrong = 0
    plain = zstandard.ZstdDecompressor().stream_reader(io.BytesIO(archive.read_bytes())).read()
    with tarfile.open(fileobj=io.BytesIO(plain)) as tar:
        for member in tar:
            kind = next((part for part in ("inclusion", "consistency") if f"/{part}/" in f"/{member.name}"), None)
            file = tar.extractfile(member) if member.name.endswith(".json") and kind else None
            if file is None:
                continue
            said = json.load(file)
            path = [b64decode(each) for each in said["proof"] or []]
            if kind == "inclusion":
                leaf, root = b64decode(said["leafHash"] or ""), b64decode(said["root"] or "")
                if {len(leaf), len(root), *map(len, path)} != {32}:
                    continue  # hashes of other lengths cannot stand in a package: `hashed` refuses them
                bad = refused(is_in, leaf, said["leafIdx"], said["treeSize"], path, root)
            else:
                roots = b64decode(said["root1"] or ""), b64decode(said["root2"] or "")
                if {*map(len, roots), *map(len, path)} != {32} or not said["size1"]:
                    continue  # nothing is consistent with an empty log here
                bad = refused(follows, said["size1"], said["size2"], path, *roots)
            judged += 1
            wrong += bad != said["wantErr"]
    assert (0, 139) == (wrong, judged)


@pytest.mark.parametrize(
    ("check", "text"),
    [
        (verify_evidence.read, '{"a":1,"a":2}'),
        (verify_evidence.document, b'{"b":1,"a":2}\n'),
        (verify_evidence.document, b'{"a":1}'),
        (verify_evidence.of_base64, "AB=="),
        (verify_evidence.of_base64, "AA==\n"),
        (verify_evidence.hashed, "AB" * 32),
        (verify_evidence.hashed, "ab" * 31),
        (verify_evidence.key_of, bytes(44)),
        (verify_evidence.key_of, verify_evidence.SPKI + bytes(31)),
        (verify_evidence.unpacked, verify_evidence.packed([(b"b", b""), (b"a", b"")])),
        (verify_evidence.unpacked, verify_evidence.packed([(b"a", b""), (b"a", b"")])),
    ],
)
def test_each_thing_has_one_form(check: Callable[[Any], object], text: object) -> None:
    """Another way to write the same, or two ways to read it, is refused."""
    with pytest.raises((Wrong, *BAD)):
        check(text)


def test_checkpoints_as_they_are_signed() -> None:
    """Those of C2SP are read, also beside signatures of others; another number, name, key or a cut one is refused."""
    root = b64encode(b"r" * 32).decode()
    body = f"test/desk\n4\n{root}\n"
    text, keys = note.sign(body, "test/desk", KEY), [KEY.public.raw]
    assert ("test/desk", 4, b"r" * 32) == verify_evidence.checkpoint(text, keys)
    others = text + note.sign(body, "witness.example", STRANGER).splitlines(keepends=True)[-1]
    assert ("test/desk", 4, b"r" * 32) == verify_evidence.checkpoint(others, keys)
    bad = [
        note.sign(body.replace("4", "04"), "test/desk", KEY),
        note.sign(body.replace("4", "+4"), "test/desk", KEY),
        note.sign(body + "more\n", "test/desk", KEY),
        note.sign(body.replace(root, root[:-8]), "test/desk", KEY),
        note.sign(body, "witness.example", KEY),
        note.sign(body, "test/desk", STRANGER),
        text.replace("\n4\n", "\n5\n"),
        text.replace("\u2014 ", "- "),
        text.rstrip("\n"),
        body,
        "",
    ]
    for each in bad:
        with pytest.raises((Wrong, *BAD)):
            verify_evidence.checkpoint(each, keys)


def run(python: str | Path, verifier: Path, *arguments: str | Path) -> tuple[int, str]:
    done = subprocess.run(
        [str(python), "-I", str(verifier), *map(str, arguments)], capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout + done.stderr


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A package, the verifier out of it, the log's public key, and a checkpoint that was kept."""
    folder = tmp_path_factory.mktemp("case")
    audit = store(folder / "audit")
    raw = package(audit).raw
    (folder / "case.zip").write_bytes(raw)
    (folder / "kept.txt").write_text(kept(audit))
    (folder / "log.pub").write_text(pem("PUBLIC KEY", KEY.public.der))
    (folder / "other.pub").write_text(pem("PUBLIC KEY", STRANGER.public.der))
    (folder / "verify_evidence.py").write_bytes(verify_evidence.unpacked(raw)["verify_evidence.py"])
    return folder


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Python that has `cryptography` (with what that needs) and nothing else: no govern, nothing of its libraries."""
    folder = tmp_path_factory.mktemp("alone")
    venv.create(folder, with_pip=False)
    python = folder / "bin" / "python"
    done = subprocess.run(
        [str(python), "-c", "import site; print(site.getsitepackages()[0])"], capture_output=True, text=True, check=True
    )
    import cryptography

    installed = Path(cryptography.__file__).parents[1]
    for name in ("cryptography", "cffi", "_cffi_backend", "pycparser"):
        for found in installed.glob(f"{name}*"):
            if not found.name.endswith(".dist-info"):
                (Path(done.stdout.strip()) / found.name).symlink_to(found)
    return python


def test_it_runs_where_there_is_no_govern(case: Path, alone: Path) -> None:
    """In a fresh environment with `cryptography` alone, the verifier out of the package verifies the package."""
    missing = subprocess.run([str(alone), "-I", "-c", "import govern"], capture_output=True, text=True, check=False)
    assert "No module named 'govern'" in missing.stderr
    here = case / "verify_evidence.py"
    code, said = run(alone, here, case / "case.zip", "--key", case / "log.pub", "--since", case / "kept.txt")
    assert (0, "VERIFIED") == (code, said.splitlines()[-1])
    assert "the verifier in it is this one" in said
    raw = bytearray((case / "case.zip").read_bytes())
    raw[len(raw) // 2] ^= 1
    (case / "changed.zip").write_bytes(raw)
    code, said = run(alone, here, case / "changed.zip", "--key", case / "log.pub", "--since", case / "kept.txt")
    assert (1, True) == (code, said.splitlines()[-1].startswith("NOT VERIFIED: package"))


def test_what_it_says_without_a_key_or_an_anchor(case: Path) -> None:
    """Neither is assumed: without them it says what that means, and the exit code is 3."""
    run_it = lambda *more: run(sys.executable, VERIFIER, case / "case.zip", *more)  # noqa: E731
    code, said = run_it()
    assert (3, "VERIFIED IN PART, not proven: log, anchored") == (code, said.splitlines()[-1])
    assert "by a key that the package itself says" in said
    assert "whoever holds the log's key could have made another log" in said
    assert 3 == run_it("--key", case / "log.pub")[0]
    code, said = run_it("--key", case / "log.pub", "--allow-unanchored")
    assert (0, "VERIFIED, 5 events unanchored") == (code, said.splitlines()[-1])
    assert 3 == run_it("--allow-unanchored")[0]
    code, said = run_it("--key", case / "other.pub")
    assert (1, "NOT VERIFIED: log") == (code, said.splitlines()[-1])


def test_what_it_cannot_read(case: Path, tmp_path: Path) -> None:
    """A missing file, a key that is none: exit code 4 and one line, no traceback. Something else than a package: 1."""
    (tmp_path / "no.zip").write_bytes(b"")
    assert 4 == run(sys.executable, VERIFIER, tmp_path / "none.zip")[0]
    code, said = run(sys.executable, VERIFIER, case / "case.zip", "--key", case / "kept.txt")
    assert (4, 1) == (code, len(said.splitlines()))
    code, said = run(sys.executable, VERIFIER, tmp_path / "no.zip")
    last = "NOT VERIFIED: package"
    assert (
        1,
        ["1 package    FAILED  no zip as export writes it: another file, or a byte of it was changed", last],
    ) == (code, said.splitlines())
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as other:
        other.writestr("manifest.json", "{}")
    code, said = run(sys.executable, VERIFIER, tmp_path / "other.zip")
    assert (1, 2, last) == (code, len(said.splitlines()), said.splitlines()[-1])
    assert "Error" not in said


def test_it_can_be_read_in_one_sitting() -> None:
    """One file that imports nothing of govern, short enough for somebody who does not trust it."""
    text = VERIFIER.read_text()
    code = [line for line in text.splitlines() if line.strip()]
    assert "import govern" not in text
    assert "from govern" not in text
    assert len(code) < 380
