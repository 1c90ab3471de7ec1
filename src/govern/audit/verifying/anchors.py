"""Checkpoints that were held elsewhere: the log must have grown out of each.

They are what finds a cut tail, and a past written again with a stolen key. Leaves out where they were held.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from govern.audit import checkpoint
from govern.audit.checkpoint import Signed
from govern.audit.verifying.book import Book
from govern.audit.verifying.contract import Anchored, Finding, Kind
from govern.audit.verifying.trust import Trust
from govern.errors import EvidenceError
from govern.signing.keys import PublicKey


@dataclass(slots=True)
class Compared:
    """What the checkpoints from outside say; `best` is the newest that the log grew out of."""

    findings: list[Finding] = field(default_factory=list)
    best: Anchored | None = None
    good: int = 0


def compare(since: Sequence[Signed], book: Book, trust: Trust, given: Sequence[PublicKey] = ()) -> Compared:
    """Compares each with the log.

    Args:
        given: keys from outside; what they signed counts also where the store no longer names them.
    """
    done = Compared()
    for each in since:
        if (found := _fault(each, book, trust, given)) is not None:
            done.findings.append(found)
            continue
        done.good += 1
        size = each.checkpoint.size
        if size and (done.best is None or size > done.best.size):
            newest = book.entries.get(size - 1)
            done.best = Anchored(size, None if newest is None else newest.at_ns)
    return done


def _fault(given: Signed, book: Book, trust: Trust, keys: Sequence[PublicKey]) -> Finding | None:
    said, name = given.checkpoint, f"checkpoint `{given.where}`"
    if not book.exists:
        return Finding(Kind.MISSING, "log", f"{name} was taken of a log, and there is none")
    if said.origin != trust.origin:
        return Finding(Kind.FOREIGN, "log", f"{name} is of `{said.origin}`, and this store is `{trust.origin}`")
    root = book.root(said.size) if said.size <= book.size else None
    try:
        checkpoint.verified(given, [*trust.ever, *(key for key in keys if key not in trust.ever)])
    except EvidenceError as error:
        # It speaks against the file that was given, not yet against the log.
        return Finding(Kind.CHECKPOINT, "", f"{name}, {said.size:,} records: {error.message}")
    if said.size > book.size:
        what = f"{name} was taken when the log had {said.size:,} records, and it has {book.size:,}: the end was cut"
        return Finding(Kind.CUT, "log", what)
    if root is None:
        what = f"{name}, {said.size:,} records: its root cannot be computed again, for records are not there"
        return Finding(Kind.MISSING, "log", what)
    if root != said.root:
        what = f"{name} says another root over the first {said.size:,} records: the past was written again"
        return Finding(Kind.REWRITTEN, "log", what)
    return None
