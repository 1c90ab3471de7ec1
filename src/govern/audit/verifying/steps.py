"""The numbered steps and the whole answer, out of what every part found. Leaves out finding it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from govern.audit.verifying.anchors import Compared
from govern.audit.verifying.book import Book
from govern.audit.verifying.contract import Finding, Kind, Step, Verified
from govern.audit.verifying.files import Judged
from govern.audit.verifying.inventory import Inventory
from govern.audit.verifying.journal import Judged as Segment
from govern.audit.verifying.redactions import Redacted
from govern.audit.verifying.retention import Kept
from govern.audit.verifying.sequence import Joined
from govern.audit.verifying.statements import Gathered
from govern.audit.verifying.trust import Trust
from govern.signing.keys import PublicKey


@dataclass(frozen=True, slots=True)
class Outcome:
    """What every part found; the parts say what their members mean.

    Args:
        values: findings among the sensitive values.
        outside: how many checkpoints from outside were given.
        given: keys from outside.
    """

    root: Path
    book: Book
    trust: Trust
    kept: Kept
    statements: Gathered
    inventory: Inventory
    files: Sequence[Judged]
    segments: Sequence[Segment]
    joined: Joined
    redacted: Redacted
    values: Sequence[Finding]
    compared: Compared
    outside: int
    given: Sequence[PublicKey]

    def verified(self) -> Verified:
        """The whole answer."""
        steps = (
            self._leaves(), self._columns(), self._files(), self._sequence(), self._journal(), self._writers(),
            self._values(), self._retention(), self._checkpoints(), self._anchor(),
        )  # fmt: skip
        faulty = {found.file for step in steps for found in step.findings}
        best = self.compared.best
        anchored = 0
        for job, file in zip(self.inventory.files, self.files, strict=True):
            if best is not None and job.path not in faulty and file.hashed == job.rows:
                anchored += sum(each.rows for each in job.recorded if each.index < best.size)
        return Verified(
            steps=steps,
            events=self._hashed,
            anchored=anchored,
            unsealed=self.joined.unsealed,
            plain=self.inventory.plain,
            unread=sum(job.rows for job, file in zip(self.inventory.files, self.files, strict=True) if not file.hashed),
            retired=self.kept.retired,
            head=self.trust.head,
            anchor=best,
            trusted=tuple(key.keyid for key in self.given),
            keyid=None if self.trust.keys is None else self.trust.keys.log.keyid,
            notes=(*self.book.notes, *self.inventory.notes, *self.joined.notes),
        )

    @property
    def _hashed(self) -> int:
        return sum(file.hashed for file in self.files) + self.joined.unsealed

    def _leaves(self) -> Step:
        found = _all(file.leaves for file in self.files)
        return Step("leaves", f"{counted(self._hashed, 'event')} hashed, {len(found):,} differ", found)

    def _columns(self) -> Step:
        found = _all(file.columns for file in self.files)
        return Step("columns", f"{len(found):,} differ from the hashed bytes", found, bool(self.files))

    def _files(self) -> Step:
        found = (*_all(file.files for file in self.files), *self.inventory.findings)
        roots = sum(len(job.recorded) for job in self.inventory.files)
        said = f"{counted(roots, 'root')} of {counted(len(self.files), 'file')}, {_faults(found)}"
        if self.inventory.parts:
            said += f"; {counted(self.inventory.plain, 'imported event')} not sealed"
        return Step("files", said, found, bool(self.files or found))

    def _sequence(self) -> Step:
        found = (*_all(file.sequence for file in self.files), *self.joined.sequence)
        said = f"{counted(self.joined.writers, 'writer')}, {'no gap' if not found else _faults(found)}"
        return Step("sequence", said, found, bool(self.joined.writers or found))

    def _journal(self) -> Step:
        found = tuple(self.joined.journal)
        said = f"{counted(self.joined.unsealed, 'event')} not sealed yet, {_faults(found)}"
        return Step("journal", said, found, bool(self.joined.segments or found))

    def _writers(self) -> Step:
        found = (*self.statements.findings, *self.joined.ends)
        signed = counted(self.statements.signatures, "signed start or end", "signed starts and ends")
        said = f"{signed}, {_faults(found)}"
        return Step("writers", said, found, bool(self.statements.writers or found))

    def _values(self) -> Step:
        promises = [*(each.promises for each in self.files), *(each.promises for each in self.segments)]
        named = sum(each.named for each in promises)
        gone = sum(len(each.unopened) for each in promises)
        found = (*self.values, *self.redacted.findings)
        missing = sum(each.kind is Kind.MISSING for each in self.values)
        said = f"{named:,} sensitive: {named - gone:,} there, {gone - missing:,} redacted, {missing:,} missing"
        return Step("values", said, found, bool(named or found))

    def _retention(self) -> Step:
        kept = self.kept
        said = (
            f"{counted(kept.tombstones, 'tombstone')} ({counted(kept.retired, 'event')} deleted), "
            f"{counted(kept.compactions, 'compaction')}, {counted(kept.holds, 'hold')} in force, "
            f"{_faults(kept.findings)}"
        )
        ran = bool(kept.tombstones or kept.compactions or kept.holds or kept.findings)
        return Step("retention", said, tuple(kept.findings), ran)

    def _checkpoints(self) -> Step:
        found = (*self.book.findings, *self.trust.findings)
        if not self.book.exists:
            what = "the store has no log, so nothing in it can be verified"
            return Step("checkpoints", "no log", (*found, Finding(Kind.NO_LOG, "log", what)))
        total = len(self.book.batches)
        said = (
            f"{self.trust.good:,} of {total:,} signed, and each root computed again"
            if found
            else (f"{total:,} signed, consistent")
        )
        return Step("checkpoints", said, found)

    def _anchor(self) -> Step:
        found = tuple(self.compared.findings)
        if not self.outside:
            return Step("anchor", "no checkpoint from outside to compare with (--since)", (), False)
        said = f"{self.compared.good:,} of {counted(self.outside, 'checkpoint')} from outside consistent"
        return Step("anchor", said, found)


def counted(number: int, one: str, many: str = "") -> str:
    """A number with its noun."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def _faults(found: Sequence[Finding]) -> str:
    return "nothing wrong" if not found else f"{len(found):,} wrong"


def _all(found: Iterable[Sequence[Finding]]) -> tuple[Finding, ...]:
    return tuple(each for some in found for each in some)
