"""Trees and proofs against the published vectors, the RFC's known answers and a plainly recursive reading of it."""

from __future__ import annotations

import hashlib
import io
import json
import os
import tarfile
from base64 import b64decode
from pathlib import Path
from typing import Any

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from govern.audit import merkle
from govern.audit.merkle import Broken

# RFC 6962 leaves of the reference implementations' tests (certificate-transparency: merkletree/merkle_tree_test.cc).
LEAVES = [bytes.fromhex(text) for text in ("", "00", "10", "2021", "3031", "40414243")] + [
    bytes.fromhex("5051525354555657"),
    bytes.fromhex("606162636465666768696a6b6c6d6e6f"),
]
ROOTS = (
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)


def corpus() -> Path:
    return Path(os.environ.get("GOVERN_CORPUS", Path(__file__).parents[2].parent / "shared" / "corpus"))


# --- the RFC, read literally -------------------------------------------------------------------------------------


def sha(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def split(n: int) -> int:
    """The largest power of two smaller than n."""
    k = 1
    while k * 2 < n:
        k *= 2
    return k


def mth(leaves: list[bytes]) -> bytes:
    if not leaves:
        return sha(b"")
    if len(leaves) == 1:
        return leaves[0]
    k = split(len(leaves))
    return sha(b"\x01" + mth(leaves[:k]) + mth(leaves[k:]))


def path(m: int, leaves: list[bytes]) -> list[bytes]:
    if len(leaves) == 1:
        return []
    k = split(len(leaves))
    return [*path(m, leaves[:k]), mth(leaves[k:])] if m < k else [*path(m - k, leaves[k:]), mth(leaves[:k])]


def subproof(m: int, leaves: list[bytes], complete: bool) -> list[bytes]:
    if m == len(leaves):
        return [] if complete else [mth(leaves)]
    k = split(len(leaves))
    if m <= k:
        return [*subproof(m, leaves[:k], complete), mth(leaves[k:])]
    return [*subproof(m - k, leaves[k:], False), mth(leaves[:k])]


def some(size: int) -> list[bytes]:
    return [sha(b"\x00" + index.to_bytes(4, "big")) for index in range(size)]


# --- known answers ------------------------------------------------------------------------------------------------


def test_the_empty_tree() -> None:
    """The root of no leaves is the hash of nothing."""
    assert "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" == merkle.root([]).hex()
    assert merkle.EMPTY_ROOT == merkle.tree([]).root == merkle.Growing().root


@pytest.mark.parametrize("size", range(1, 9))
def test_known_roots(size: int) -> None:
    """The eight trees of the reference implementation have its roots."""
    leaves = [merkle.leaf(data) for data in LEAVES[:size]]
    assert ROOTS[size - 1] == merkle.root(leaves).hex()
    assert ROOTS[size - 1] == merkle.tree(leaves).root.hex()


def test_every_tree_to_70_as_the_rfc_says() -> None:
    """Roots and all inclusion and consistency proofs are those of the RFC's recursive definitions."""
    for size in range(1, 71):
        leaves = some(size)
        tree = merkle.tree(leaves)
        grown = merkle.Growing()
        for leaf in leaves:
            grown.add(leaf)
        assert mth(leaves) == tree.root == merkle.root(leaves) == grown.root
        assert size == tree.size == grown.size
        for index in range(size):
            assert path(index, leaves) == tree.inclusion(index)
            merkle.verify_inclusion(leaves[index], index, size, path(index, leaves), mth(leaves))
        for old in range(1, size + 1):
            assert subproof(old, leaves, True) == tree.consistency(old)
            merkle.verify_consistency(old, size, subproof(old, leaves, True), mth(leaves[:old]), mth(leaves))


# --- properties ---------------------------------------------------------------------------------------------------

trees = st.integers(1, 600)


@given(trees, st.data())
@settings(max_examples=60, deadline=None)
def test_a_changed_inclusion_is_refused(size: int, data: st.DataObject) -> None:
    """One bit of leaf, proof or root, a node more or less, another index or size: nothing of it is proven."""
    leaves = some(size)
    index = data.draw(st.integers(0, size - 1))
    proof, root = merkle.inclusion(leaves, index), merkle.root(leaves)
    assert path(index, leaves) == proof
    merkle.verify_inclusion(leaves[index], index, size, proof, root)
    others: list[tuple[bytes, int, list[bytes], bytes]] = [
        (_flipped(leaves[index], data), index, proof, root),
        (leaves[index], index, proof, _flipped(root, data)),
        (leaves[index], index, [*proof, root], root),
        (leaves[index], index, [root, *proof], root),
    ]
    if proof:
        at = data.draw(st.integers(0, len(proof) - 1))
        others.append((leaves[index], index, [*proof[:at], _flipped(proof[at], data), *proof[at + 1 :]], root))
        others.append((leaves[index], index, proof[:at] + proof[at + 1 :], root))
        others.append((leaves[index], (index + data.draw(st.integers(1, size - 1))) % size, proof, root))
    for changed in others:
        with pytest.raises(Broken):
            merkle.verify_inclusion(changed[0], changed[1], size, changed[2], changed[3])
    with pytest.raises(Broken):
        merkle.verify_inclusion(leaves[index], size, size, proof, root)
    with pytest.raises(Broken):
        merkle.verify_inclusion(leaves[index], -1, size, proof, root)


@given(trees, st.data())
@settings(max_examples=60, deadline=None)
def test_a_changed_consistency_is_refused(size: int, data: st.DataObject) -> None:
    """One bit of a root or of the proof, a node more or less: the one tree is not shown to begin the other."""
    leaves = some(size)
    old = data.draw(st.integers(1, size))
    proof, old_root, root = merkle.consistency(leaves, old), merkle.root(leaves[:old]), merkle.root(leaves)
    merkle.verify_consistency(old, size, proof, old_root, root)
    others = [
        (proof, _flipped(old_root, data), root),
        (proof, old_root, _flipped(root, data)),
        ([*proof, root], old_root, root),
        ([root, *proof], old_root, root),
    ]
    if proof:
        at = data.draw(st.integers(0, len(proof) - 1))
        others.append(([*proof[:at], _flipped(proof[at], data), *proof[at + 1 :]], old_root, root))
        others.append((proof[:at] + proof[at + 1 :], old_root, root))
    for changed in others:
        with pytest.raises(Broken):
            merkle.verify_consistency(old, size, *changed)


@given(trees, st.data())
@settings(max_examples=60, deadline=None)
def test_another_tree_is_not_begun(size: int, data: st.DataObject) -> None:
    """Whichever early leaf differs, no proof of the tree shows that it begins with the other one."""
    leaves = some(size)
    old = data.draw(st.integers(1, size))
    at = data.draw(st.integers(0, old - 1))
    other = merkle.root([*leaves[:at], _flipped(leaves[at], data), *leaves[at + 1 : old]])
    with pytest.raises(Broken):
        merkle.verify_consistency(old, size, merkle.consistency(leaves, old), other, merkle.root(leaves))


def _flipped(data: bytes, draw: st.DataObject) -> bytes:
    bit = draw.draw(st.integers(0, len(data) * 8 - 1))
    return bytes(byte ^ (1 << bit % 8 if place == bit // 8 else 0) for place, byte in enumerate(data))


@pytest.mark.parametrize(("old", "size"), [(0, 3), (-1, 3), (4, 3)])
def test_no_such_old_tree(old: int, size: int) -> None:
    """Nothing is proven from the empty tree or from a larger one."""
    with pytest.raises(Broken):
        merkle.verify_consistency(old, size, [], merkle.EMPTY_ROOT, merkle.root(some(size)))
    with pytest.raises(IndexError):
        merkle.consistency(some(size), old)


def test_no_such_leaf() -> None:
    """There is no proof of a leaf that the tree does not have."""
    for index in (-1, 3):
        with pytest.raises(IndexError):
            merkle.inclusion(some(3), index)


def test_a_node_of_another_length_is_no_node() -> None:
    """Two short nodes that together are as long as two whole ones prove nothing."""
    leaves = some(2)
    with pytest.raises(Broken, match="bytes"):
        merkle.verify_inclusion(leaves[0], 0, 2, [leaves[1] + b"\x00"], merkle.root(leaves))


def test_a_longer_proof_with_its_own_root() -> None:
    """Nodes above the root prove nothing, also where they lead to the root that is claimed."""
    leaves = some(2)
    below, beside = merkle.root(leaves), merkle.leaf(b"x")
    for root in (merkle.node(below, beside), merkle.node(beside, below)):
        with pytest.raises(Broken, match="too long"):
            merkle.verify_inclusion(leaves[0], 0, 2, [leaves[1], beside], root)
        with pytest.raises(Broken, match="too long"):
            merkle.verify_inclusion(leaves[0], 0, 1, [leaves[1]], merkle.node(leaves[0], leaves[1]))
        with pytest.raises(Broken, match="too long"):
            merkle.verify_consistency(1, 2, [leaves[1], beside], leaves[0], root)


def test_a_subtree_that_no_tree_has() -> None:
    """Leaves that do not begin where such a subtree does: also with a root that would fit."""
    leaves = some(2)
    with pytest.raises(Broken, match="no tree has"):
        merkle.verify_subtree_inclusion(leaves[0], 1, 1, 3, [leaves[1]], merkle.root(leaves))
    merkle.verify_subtree_inclusion(leaves[0], 2, 2, 4, [leaves[1]], merkle.root(leaves))


# --- published vectors --------------------------------------------------------------------------------------------


def _vectors() -> list[tuple[str, dict[str, Any]]]:
    archive = corpus() / "suites" / "merkle_rfc6962.tar.zst"
    if not archive.exists():
        pytest.skip(f"no corpus: {archive.name} is not there")
    raw = zstandard.ZstdDecompressor().stream_reader(io.BytesIO(archive.read_bytes())).read()
    with tarfile.open(fileobj=io.BytesIO(raw)) as tar:
        return [
            (member.name.removeprefix("testdata/"), json.load(file))
            for member in tar
            if member.name.endswith(".json") and (file := tar.extractfile(member)) is not None
        ]


def _judge(kind: str, vector: dict[str, Any]) -> None:
    proof = [b64decode(each) for each in vector["proof"] or ()]
    part = {name: b64decode(vector[name] or "") for name in ("root", "leafHash", "root1", "root2") if name in vector}
    match kind:
        case "inclusion":
            merkle.verify_inclusion(part["leafHash"], vector["leafIdx"], vector["treeSize"], proof, part["root"])
        case "subtreeinclusion":
            merkle.verify_subtree_inclusion(
                part["leafHash"], vector["leafIdx"], vector["start"], vector["end"], proof, part["root"]
            )
        case "consistency":
            merkle.verify_consistency(vector["size1"], vector["size2"], proof, part["root1"], part["root2"])
        case "subtreeconsistency":
            merkle.verify_subtree_consistency(
                vector["start"], vector["end"], vector["size"], proof, part["root1"], part["root2"]
            )
        case _:
            raise AssertionError(kind)


@pytest.mark.corpus
def test_all_518_published_proofs() -> None:
    """Of the published proofs the 36 good ones are accepted and the 482 broken ones refused."""
    counts = {True: 0, False: 0}
    wrong: list[str] = []
    for name, vector in _vectors():
        try:
            _judge(name.split("/")[0], vector)
            refused = False
        except Broken:
            refused = True
        counts[refused] += 1
        if refused != vector["wantErr"]:
            wrong.append(name)
    assert [] == wrong
    assert {True: 482, False: 36} == counts
