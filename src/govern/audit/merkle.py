"""Merkle trees of RFC 6962: roots, proofs that a leaf is in a tree, proofs that one tree begins another.

SHA-256; a leaf's hash is made by who knows its bytes (`canon.leaf`), a node is SHA-256(0x01 ‖ left ‖ right). Of an odd
level the last node goes up as it is: that gives the tree of RFC 6962, section 2.1, whose left part is the largest power
of two. Proofs and their checks are those of RFC 9162, sections 2.1.3 and 2.1.4; checks are given for subtrees too, as
draft-ietf-plants-merkle-tree-certs defines them, of which a whole tree is the case that starts at 0.

Pure: nothing is read or signed here (`store_log`, `checkpoint`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

EMPTY_ROOT: Final = hashlib.sha256(b"").digest()
HASH_BYTES: Final = 32


class Broken(ValueError):
    """A proof that proves nothing: what was claimed does not follow from it."""


def leaf(data: bytes) -> bytes:
    """The hash of a leaf: SHA-256(0x00 ‖ data)."""
    return hashlib.sha256(b"\x00" + data).digest()


def node(left: bytes, right: bytes) -> bytes:
    """The hash of two nodes beside each other: SHA-256(0x01 ‖ left ‖ right)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def _above(level: Sequence[bytes]) -> list[bytes]:
    """The level above; `node` written out, because a million calls of it cost as much as the hashing."""
    sha256 = hashlib.sha256
    pairs = iter(level)
    above = [sha256(b"\x01" + left + right).digest() for left, right in zip(pairs, pairs, strict=False)]
    if len(level) % 2:
        above.append(level[-1])
    return above


def root(leaves: Sequence[bytes]) -> bytes:
    """The root of a tree over these leaves' hashes, in this order; `EMPTY_ROOT` of none."""
    if not leaves:
        return EMPTY_ROOT
    level = leaves
    while len(level) > 1:
        level = _above(level)
    return level[0]


@dataclass(frozen=True, slots=True)
class Tree:
    """All nodes of one tree, for many proofs of it.

    Args:
        levels: the leaves' hashes, then each level above, up to the root alone; empty of no leaves.
    """

    levels: tuple[Sequence[bytes], ...]

    @property
    def size(self) -> int:
        return len(self.levels[0]) if self.levels else 0

    @property
    def root(self) -> bytes:
        return self.levels[-1][0] if self.levels else EMPTY_ROOT

    def inclusion(self, index: int) -> list[bytes]:
        """The proof that the leaf at this index is in the tree: the nodes beside its path, from below.

        Raises:
            IndexError: the tree has no such leaf.
        """
        if not 0 <= index < self.size:
            raise IndexError(f"no leaf {index} in a tree of {self.size}")
        proof: list[bytes] = []
        for level in self.levels[:-1]:
            if (beside := index ^ 1) < len(level):
                proof.append(level[beside])
            index >>= 1
        return proof

    def consistency(self, old_size: int) -> list[bytes]:
        """The proof that the tree begins with the tree of its first `old_size` leaves; empty if that is all of it.

        Raises:
            IndexError: `old_size` is not between 1 and the size: of the empty tree nothing can be proven.
        """
        if not 1 <= old_size <= self.size:
            raise IndexError(f"no first {old_size} leaves in a tree of {self.size}")
        if old_size == self.size:
            return []
        old, last, height = old_size - 1, self.size - 1, 0
        while old & 1:  # the old tree's last complete part is a node of this one
            old, last, height = old >> 1, last >> 1, height + 1
        proof = [self.levels[height][old]] if old else []
        while last:
            if old & 1:
                proof.append(self.levels[height][old - 1])
            elif old < last:
                proof.append(self.levels[height][old + 1])
            old, last, height = old >> 1, last >> 1, height + 1
        return proof


def tree(leaves: Sequence[bytes]) -> Tree:
    """The tree over these leaves' hashes, in this order."""
    if not leaves:
        return Tree(())
    levels: list[Sequence[bytes]] = [leaves]
    while len(levels[-1]) > 1:
        levels.append(_above(levels[-1]))
    return Tree(tuple(levels))


def inclusion(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """As `Tree.inclusion`, for a single proof."""
    return tree(leaves).inclusion(index)


def consistency(leaves: Sequence[bytes], old_size: int) -> list[bytes]:
    """As `Tree.consistency`, for a single proof."""
    return tree(leaves).consistency(old_size)


class Growing:
    """A tree that only grows, as the roots of its complete subtrees: its root at every size costs no second pass."""

    __slots__ = ("_peaks", "size")

    def __init__(self) -> None:
        self._peaks: list[tuple[int, bytes]] = []  # height and root; the highest, which is the leftmost, first
        self.size = 0

    def add(self, leaf: bytes) -> None:
        """Appends a leaf's hash."""
        height, made = 0, leaf
        while self._peaks and self._peaks[-1][0] == height:
            made = node(self._peaks.pop()[1], made)
            height += 1
        self._peaks.append((height, made))
        self.size += 1

    @property
    def root(self) -> bytes:
        if not self._peaks:
            return EMPTY_ROOT
        made = self._peaks[-1][1]
        for _, peak in reversed(self._peaks[:-1]):
            made = node(peak, made)
        return made


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> None:
    """Checks that the leaf with this hash stands at `index` in the tree of `size` leaves with this root.

    Raises:
        Broken: it does not follow from the proof.
    """
    verify_subtree_inclusion(leaf, index, 0, size, proof, root)


def verify_subtree_inclusion(
    leaf: bytes, index: int, start: int, end: int, proof: Sequence[bytes], root: bytes
) -> None:
    """Checks that the leaf stands at `index` in the subtree of the leaves from `start` to before `end`.

    Raises:
        Broken: it does not follow from the proof, or no tree has such a subtree.
    """
    _subtree(start, end)
    if not start <= index < end:
        raise Broken(f"index {index} is not in a tree of the leaves {start} to {end}")
    _nodes([leaf, *proof])
    place, last, made = index - start, end - start - 1, leaf
    for beside in proof:
        if not last:
            raise Broken("the proof is too long")
        if place & 1 or place == last:
            made = node(beside, made)
            while place and not place & 1:  # went up alone, so far
                place, last = place >> 1, last >> 1
        else:
            made = node(made, beside)
        place, last = place >> 1, last >> 1
    if last:
        raise Broken("the proof is too short")
    if made != root:
        raise Broken("the proof leads to another root")


def verify_consistency(old_size: int, size: int, proof: Sequence[bytes], old_root: bytes, root: bytes) -> None:
    """Checks that the tree of `size` leaves with `root` begins with the tree of `old_size` leaves with `old_root`.

    Raises:
        Broken: it does not follow from the proof; also for an old size of 0, of which nothing follows.
    """
    if old_size < 1:
        raise Broken("from an empty tree nothing follows")
    verify_subtree_consistency(0, old_size, size, proof, old_root, root)


def verify_subtree_consistency(
    start: int, end: int, size: int, proof: Sequence[bytes], part: bytes, root: bytes
) -> None:
    """Checks that the leaves from `start` to before `end` of the tree with `root` make the subtree with root `part`.

    Raises:
        Broken: it does not follow from the proof, or no tree has such a subtree. An empty subtree has `EMPTY_ROOT`, and
            nothing is said of the tree.
    """
    _subtree(start, end)
    if end > size:
        raise Broken(f"a tree of {size} leaves has no subtree that ends at {end}")
    _nodes(proof)
    if start == end:
        if proof or part != EMPTY_ROOT:
            raise Broken("an empty subtree has the root of no leaves and an empty proof")
        return
    first, old, last = start, end - 1, size - 1
    if old == last:  # the subtree's right edge is the tree's: both go up until the subtree is one node
        while first != old:
            first, old, last = first >> 1, old >> 1, last >> 1
    else:
        while first != old and old & 1:
            first, old, last = first >> 1, old >> 1, last >> 1
    rest = list(proof)
    if first == old:
        made_part = made_root = part
    else:
        if not rest:
            raise Broken("the proof is too short")
        made_part = made_root = rest.pop(0)
    for beside in rest:
        if not last:
            raise Broken("the proof is too long")
        if old & 1 or old == last:
            if first < old:
                made_part = node(beside, made_part)
            made_root = node(beside, made_root)
            while old and not old & 1:
                first, old, last = first >> 1, old >> 1, last >> 1
        else:
            made_root = node(made_root, beside)
        first, old, last = first >> 1, old >> 1, last >> 1
    if last:
        raise Broken("the proof is too short")
    if made_part != part:
        raise Broken("the proof leads to another old root")
    if made_root != root:
        raise Broken("the proof leads to another root")


def _subtree(start: int, end: int) -> None:
    """Refuses what is no subtree: its start is a multiple of the power of two that its leaves fit in."""
    if not 0 <= start <= end:
        raise Broken(f"no tree has the leaves {start} to {end}")
    fits = 1 << max(end - start - 1, 0).bit_length()
    if start % fits:
        raise Broken(f"no tree has a subtree of the leaves {start} to {end}")


def _nodes(proof: Sequence[bytes]) -> None:
    for each in proof:
        if len(each) != HASH_BYTES:
            raise Broken(f"a hash of {len(each)} bytes, all have {HASH_BYTES}")
