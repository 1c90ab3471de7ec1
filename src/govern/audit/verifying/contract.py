"""What a verification says: findings by kind, numbered steps, and one status.

Leaves out how it is found and how it is shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Status(StrEnum):
    """The whole answer, worst last in the order of declaration."""

    OK = "ok"
    UNANCHORED = "unanchored"
    INCOMPLETE = "incomplete"
    UNVERIFIABLE = "unverifiable"
    TAMPERED = "tampered"


class Kind(StrEnum):
    """What is wrong with something. Damage by a bad disk and by a hand look alike: both are named."""

    EDITED = "edited"
    REORDERED = "reordered"
    MISSING = "missing"
    EXTRA = "extra"
    CUT = "cut"
    COLUMN = "column"
    SIGNATURE = "signature"
    REWRITTEN = "rewritten"
    HELD = "held"
    DAMAGED = "damaged"
    DOUBLED = "doubled"
    UNSEALED = "unsealed"
    UNERASED = "unerased"
    UNFINISHED = "unfinished"
    FOREIGN = "foreign"
    CHECKPOINT = "checkpoint"
    UNKNOWN_KEY = "unknown-key"
    NO_LOG = "no-log"

    @property
    def meaning(self) -> str:
        return _MEANINGS[self]

    @property
    def status(self) -> Status:
        """The least that the store is called when such a finding was made."""
        match self:
            case Kind.UNSEALED | Kind.UNERASED | Kind.UNFINISHED:
                return Status.INCOMPLETE
            case Kind.FOREIGN | Kind.CHECKPOINT | Kind.UNKNOWN_KEY | Kind.NO_LOG:
                return Status.UNVERIFIABLE
            case _:
                return Status.TAMPERED


_MEANINGS = {
    Kind.EDITED: "bytes are not those that were recorded",
    Kind.REORDERED: "all rows are there, in another order",
    Kind.MISSING: "something that was recorded is not there",
    Kind.EXTRA: "something is there that nobody recorded",
    Kind.CUT: "the end was taken away",
    Kind.COLUMN: "a column says something else than the bytes that are hashed",
    Kind.SIGNATURE: "a signature is not good, or by a key that may not sign this",
    Kind.REWRITTEN: "a checkpoint that is held elsewhere says another past",
    Kind.HELD: "something was deleted that a hold protects",
    Kind.DAMAGED: "it cannot be read as what it should be",
    Kind.DOUBLED: "two events with one id say different things, so that readers could be shown either",
    Kind.UNSEALED: "imported events that no record protects yet",
    Kind.UNERASED: "a value that a redaction names is still there",
    Kind.UNFINISHED: "an import was interrupted, so logs are there in part only",
    Kind.FOREIGN: "it belongs to another store",
    Kind.CHECKPOINT: "a checkpoint from outside that no key of this store signed as it stands: it proves nothing",
    Kind.UNKNOWN_KEY: "no given key has ever signed for this store",
    Kind.NO_LOG: "there is no store log, so nothing can be proven",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it was recorded.

    Args:
        kind: what sort of thing.
        file: the path below the store; empty where the store as a whole is meant.
        detail: what was expected and found, in words.
        row: of the file, counted from 0 (of a journal: its line, counted from 1), where one is known.
        event_id: of that row, where it can be read.
    """

    kind: Kind
    file: str
    detail: str
    row: int | None = None
    event_id: str | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One numbered step.

    Args:
        name: one word.
        said: what was computed again, with counts.
        findings: in the order in which they were made.
        ran: whether there was anything to do.
    """

    name: str
    said: str
    findings: tuple[Finding, ...] = ()
    ran: bool = True


@dataclass(frozen=True, slots=True)
class Head:
    """The newest checkpoint whose root was computed again.

    Args:
        size: records of the log.
        root: their Merkle root, hex.
        at_ns: when its last record was written, UTC nanoseconds since 1970.
    """

    origin: str
    size: int
    root: str
    at_ns: int | None


@dataclass(frozen=True, slots=True)
class Anchored:
    """What a checkpoint that is held elsewhere covers, and that the store agrees with.

    Args:
        size: records of the log up to it.
        until_ns: when the last of these records was written, UTC nanoseconds since 1970.
    """

    size: int
    until_ns: int | None


@dataclass(frozen=True, slots=True)
class Verified:
    """The whole answer.

    Args:
        steps: in order; their findings are all there are.
        events: that were hashed again: sealed ones and those of the journal.
        anchored: of these, events that a checkpoint held elsewhere covers.
        unsealed: of these, events of the journal that no record covers yet.
        plain: imported events that were not hashed: they are not sealed.
        unread: events of files that are not there or cannot be read.
        retired: events that a tombstone says were deleted.
        trusted: key ids that were given; empty where the store's own key was taken.
        keyid: of the key that signs for the store now; None where there is no log.
        notes: what is no fault, and what a reader should know.
        parts: files of imported events that are not sealed.
        redacted: sensitive values that are not there by right.
        unended: writers that did not say that they ended, and are not running: what they wrote last may be missing.
        running: writers that are at work.
    """

    steps: tuple[Step, ...]
    events: int
    anchored: int
    unsealed: int
    plain: int
    unread: int
    retired: int
    head: Head | None
    anchor: Anchored | None
    trusted: tuple[str, ...]
    keyid: str | None
    notes: tuple[str, ...] = ()
    parts: int = 0
    redacted: int = 0
    unended: int = 0
    running: int = 0

    @property
    def findings(self) -> tuple[Finding, ...]:
        return tuple(found for step in self.steps for found in step.findings)

    @property
    def self_consistent(self) -> int:
        """Events that agree with all that the store says of them, and with nothing outside."""
        return self.events - self.anchored

    @property
    def status(self) -> Status:
        return status(self.findings, anchored=self.anchor is not None)


def status(findings: Sequence[Finding], *, anchored: bool) -> Status:
    """The worst that any finding makes of a store; without one, whether something outside vouches for it."""
    order = list(Status)
    least = Status.OK if anchored else Status.UNANCHORED
    return max((least, *(found.kind.status for found in findings)), key=order.index)
