"""Which sensitive values were erased by right: the commitments that signed redactions name.

Leaves out erasing (`audit.redaction`) and opening what is there (`values`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from govern.audit import redaction
from govern.audit.verifying.contract import Finding, Kind
from govern.audit.verifying.trust import Trust
from govern.errors import EvidenceError


@dataclass(slots=True)
class Redacted:
    """The commitments that redactions name, and redactions that do not count."""

    commitments: set[str] = field(default_factory=set)
    events: int = 0
    findings: list[Finding] = field(default_factory=list)


def read(found: Iterable[tuple[str, int | None, str, str]], trust: Trust) -> Redacted:
    """Judges redaction events.

    Args:
        found: of each the path of its file, the index of its file record (None in the journal), its event id, and its
            content.
    """
    done = Redacted()
    for path, index, event_id, content in found:
        done.events += 1
        problem = _problem(content, index, trust, done)
        if problem is not None:
            done.findings.append(Finding(Kind.SIGNATURE, path, f"a redaction: {problem}", None, event_id))
    return done


def _problem(content: str, index: int | None, trust: Trust, done: Redacted) -> str | None:
    keys = trust.may_write(index)
    if not keys:
        return "no log says who may sign it"
    try:
        said = redaction.read(content, keys, "")
    except EvidenceError as error:
        return error.message
    if said.store != trust.store:
        return "its statement is for another store"
    done.commitments.update(said.commitments)
    return None
