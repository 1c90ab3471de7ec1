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
        doubled: findings among the ids of all events.
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
    doubled: Sequence[Finding]
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
            parts=self.inventory.parts,
            redacted=self._values_counted()[1],
            unended=len(self.statements.unended),
            running=len(self.statements.running),
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
        wrong = [each for each in found if each.kind is not Kind.UNSEALED]
        said = f"{counted(roots, 'root')} of {counted(len(self.files), 'file')}, {_faults(wrong)}"
        if waiting := len(found) - len(wrong):
            parts = f"{counted(waiting, 'part')} not sealed yet ({counted(self.inventory.plain, 'imported event')})"
            said = f"{said}; {parts}" if self.files or wrong else parts
        return Step("files", said, found, bool(self.files or found))

    def _sequence(self) -> Step:
        found = (*_all(file.sequence for file in self.files), *self.joined.sequence, *self.doubled)
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
        if running := len(self.statements.running):
            said += f"; {counted(running, 'writer')} running"
        if unended := len(self.statements.unended):
            said += f"; {no_end(unended)}"
        return Step("writers", said, found, bool(self.statements.writers or found))

    def _values(self) -> Step:
        named, redacted, missing = self._values_counted()
        found = (*self.values, *self.redacted.findings)
        there = named - redacted - missing
        said = f"{named:,} sensitive: {there:,} there, {redacted:,} redacted, {missing:,} missing"
        return Step("values", said, found, bool(named or found))

    def _values_counted(self) -> tuple[int, int, int]:
        """Sensitive values that events name; of these, those redacted and those missing."""
        promises = [*(each.promises for each in self.files), *(each.promises for each in self.segments)]
        gone = sum(len(each.unopened) for each in promises)
        missing = sum(each.kind is Kind.MISSING for each in self.values)
        return sum(each.named for each in promises), gone - missing, missing

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


def no_end(number: int) -> str:
    """What writers without an end mean."""
    has, it = ("has", "it") if number == 1 else ("have", "they")
    return f"{counted(number, 'writer')} {has} no end (crashed, or cut): what {it} wrote last may be missing"


def counted(number: int, one: str, many: str = "") -> str:
    """A number with its noun."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def _faults(found: Sequence[Finding]) -> str:
    return "nothing wrong" if not found else f"{len(found):,} wrong"


def _all(found: Iterable[Sequence[Finding]]) -> tuple[Finding, ...]:
    return tuple(each for some in found for each in some)
