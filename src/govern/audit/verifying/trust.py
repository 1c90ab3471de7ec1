"""Whose signatures count, and from when on: the keys of a store, followed through its log, and every checkpoint.

A rotation is signed by the old and the new key, so a key that somebody trusts leads to all others, forwards and
backwards. Without such a key all of this says only that one key signed everything.

Leaves out checkpoints that are held elsewhere (`anchors`).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from govern.audit import checkpoint, log_keys, records
from govern.audit.log_keys import Keys
from govern.audit.verifying.book import Batch, Book
from govern.audit.verifying.contract import Finding, Head, Kind
from govern.errors import EvidenceError
from govern.signing.keys import PublicKey

_SHOWN: Final = 3


@dataclass(slots=True)
class Trust:
    """The keys of a store.

    Args:
        store: its id, None where the first record is not there.
        origin: the name of its checkpoints.
        keys: after the last record.
        findings: checkpoints and rotations that do not hold, and keys that nobody outside vouches for.
        good: checkpoints whose signature and root are good.
        head: the newest of them.
    """

    store: str | None = None
    origin: str = ""
    keys: Keys | None = None
    findings: list[Finding] = field(default_factory=list)
    good: int = 0
    head: Head | None = None
    _history: list[tuple[int, Keys]] = field(default_factory=list)

    @property
    def ever(self) -> tuple[PublicKey, ...]:
        """All keys that ever signed for the log."""
        return self.keys.ever if self.keys is not None else ()

    def may_write(self, index: int | None) -> tuple[PublicKey, ...]:
        """The keys that may sign for a writer whose record has this index; None for now."""
        place = len(self._history) if index is None else bisect_right(self._history, index, key=lambda at: at[0])
        return self._history[place - 1][1].admitted if place else ()


def follow(book: Book, given: Sequence[PublicKey]) -> Trust:
    """Follows the keys from the first record to the last, and checks every checkpoint on the way.

    Args:
        given: keys that somebody outside trusts; one of them must have signed for the log at some time.
    """
    made = Trust()
    wrong = 0
    for batch in book.batches:
        for index in range(batch.first, batch.end):
            _record(index, book.entries.get(index), batch, made)
        found = _checkpoint(batch, book, made)
        if found is None:
            continue
        wrong += 1
        if wrong <= _SHOWN:
            made.findings.append(found)
    if wrong > _SHOWN:
        what = f"{wrong - _SHOWN:,} more checkpoints after these do not hold either"
        made.findings.append(Finding(Kind.SIGNATURE, "log", what))
    if given and made.keys is not None and not set(given) & set(made.ever):
        names = ", ".join(f"`{key.keyid}`" for key in given)
        what = f"{names} never signed for this log: its keys are {', '.join(f'`{key.keyid}`' for key in made.ever)}"
        made.findings.append(Finding(Kind.UNKNOWN_KEY, "log", what))
    return made


def _record(index: int, record: records.Record | None, batch: Batch, made: Trust) -> None:
    try:
        match record:
            case records.Store():
                if made.keys is not None or index:
                    raise EvidenceError("a second `store` record")
                made.keys, made.store, made.origin = log_keys.first(record), record.id, record.origin
            case records.Key():
                if made.keys is None:
                    return
                if record.role == "log" and record.action == "add":
                    log_keys.check_rotation(record, index, made.store or "", made.keys.log)
                made.keys = log_keys.after(made.keys, record)
            case _:
                return
    except EvidenceError as error:
        made.findings.append(Finding(Kind.SIGNATURE, batch.path, f"record {index:,}: {error.message}", index))
        return
    made._history.append((index, made.keys))


def _checkpoint(batch: Batch, book: Book, made: Trust) -> Finding | None:
    if made.keys is None:
        return Finding(Kind.SIGNATURE, batch.path, "the record that names the store's key is not there")
    try:
        signed = checkpoint.read(batch.checkpoint)
    except EvidenceError as error:
        return Finding(Kind.DAMAGED, batch.path, f"its checkpoint is none: {error.message}")
    said = signed.checkpoint
    if said.origin != made.origin:
        what = f"its checkpoint is of `{said.origin[:80]}`, and this log is `{made.origin[:80]}`"
        return Finding(Kind.SIGNATURE, batch.path, what)
    try:
        checkpoint.verified(signed, [made.keys.log])
    except EvidenceError as error:
        return Finding(Kind.SIGNATURE, batch.path, f"its checkpoint: {error.message}")
    what = f"record {batch.first:,} to {batch.end - 1:,}" if batch.size > 1 else f"record {batch.first:,}"
    if said.size != batch.end:
        return Finding(Kind.EDITED, batch.path, f"its checkpoint is over {said.size:,} records, and {what} end it")
    if batch.root is None:  # what is not there was named
        return None
    if said.root != batch.root:
        words = f"its checkpoint signs another root: {what} or one before is not what was signed"
        return Finding(Kind.EDITED, batch.path, words)
    made.good += 1
    newest = book.entries.get(batch.end - 1)
    made.head = Head(said.origin, said.size, said.root.hex(), None if newest is None else newest.at_ns)
    return None
