"""What is known of the record itself: whether somebody verified the store that a chain was read from, and how it ended.

Leaves out verifying (`govern.audit`): the command that verified fills this.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from govern.audit.verifying.contract import Finding, Status, Verified
from govern.reconstruct.words import moment
from govern.report.chain_words import Tone


@dataclass(frozen=True, slots=True)
class Record:
    """The state of the store, as every output of a chain shows it.

    Args:
        status: of `govern audit verify`; None where nothing was verified.
        said: in words, for the head of a report.
        findings: what was found, one line each.
    """

    status: str | None
    said: str
    findings: tuple[str, ...] = ()

    @property
    def tone(self) -> Tone:
        match self.status:
            case "ok":
                return Tone.GOOD
            case "tampered":
                return Tone.BAD
            case None:
                return Tone.PLAIN
            case _:
                return Tone.ASKS


NOT_VERIFIED: Final = Record(None, "record not verified here")
_SAID: Final = {
    Status.OK: "record verified and anchored",
    Status.UNANCHORED: "record verified, not anchored: a cut tail cannot be seen",
    Status.INCOMPLETE: "record verified in part: not all of it is sealed",
    Status.UNVERIFIABLE: "record cannot be verified",
    Status.TAMPERED: "record FAILED verification",
}


def record_of(verified: Verified) -> Record:
    """The state that a verification ended in, in words for the head of a report."""
    status = verified.status
    said = _SAID[status]
    if verified.findings:
        count = len(verified.findings)
        said += f", {count} finding{'' if count == 1 else 's'}"
    if status is Status.OK and verified.anchor is not None:
        until = f" up to {moment(verified.anchor.until_ns)}" if verified.anchor.until_ns is not None else ""
        said += f"{until}: {verified.anchored:,} of {verified.events:,} events"
        if verified.self_consistent:
            said += f", {verified.self_consistent:,} later ones only agree with themselves"
    return Record(str(status), said, tuple(_line(finding) for finding in verified.findings))


def _line(finding: Finding) -> str:
    place = finding.file or "the store"
    if finding.row is not None:
        place += f", row {finding.row:,}"
    return f"{finding.kind}: {place}: {finding.detail}"
